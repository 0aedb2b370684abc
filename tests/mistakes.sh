#!/bin/sh
# What a newcomer gets wrong: each mistake has one clear line on standard error, nothing on standard
# output, and its exit status. mistakes.sh PROGRAM
set -u
program=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
bad=0
seed=$(realpath pcaps/seed-fin-wait-1-143.pcap)

# expect STATUS PATTERN COMMAND...
expect() {
    status=$1 pattern=$2
    shift 2
    "$@" >"$work/out" 2>"$work/err" </dev/null
    got=$?
    if [ "$got" != "$status" ] || [ "$(wc -l <"$work/err")" != 1 ] || [ -s "$work/out" ] ||
        ! grep -qE "^pushwatch: .*$pattern" "$work/err"; then
        echo "wrong: $*"
        echo "  status $got (expected $status), $(wc -c <"$work/out") bytes on standard output,"
        echo "  expected one line with '$pattern', got:"
        sed 's/^/  | /' "$work/err"
        bad=$((bad + 1))
    fi
}

printf '\377\330\377\340\0\20JFIF\0\1\1\1\0H\0H\0\0\377\333' >"$work/photo.jpg"
: >"$work/empty.pcap"
head -c 10 "$seed" >"$work/stump.pcap"
gzip -c "$work/photo.jpg" >"$work/packed.jpg.gz"
gzip -c "$seed" | gzip -c >"$work/twice.pcap.gz"

# What cannot be read: 3.
expect 3 'nowhere.pcap: No such file or directory' "$program" "$work/nowhere.pcap"
expect 3 'is a (folder|directory)' "$program" "$work"
expect 3 'not a capture.*JPEG' "$program" "$work/photo.jpg"
expect 3 'empty' "$program" "$work/empty.pcap"
expect 3 'stump.pcap' "$program" "$work/stump.pcap"
expect 3 'packed.jpg.gz .decompressed.: not a capture.*JPEG' "$program" "$work/packed.jpg.gz"
expect 3 'compressed twice' "$program" "$work/twice.pcap.gz"
expect 3 'no such interface' "$program" -i nosuchif0
expect 3 'empty|not a capture' "$program" - # standard input is /dev/null here

expect 3 'trust: .*nowhere.pem: No such file' "$program" --trust "$work/nowhere.pem" "$seed"
expect 3 'trust: .*photo.jpg: no certificate in it' "$program" --trust "$work/photo.jpg" "$seed"

printf 'hello\nworld\n' >"$work/hello.txt"
printf 'tcp4 0 0 10.0.1.3.52652 17.1.1.1.99999 FIN_WAIT_1\n' >"$work/port.txt"
printf 'tcp\0 0' >"$work/nul.txt"
xz=$(printf '\375\067\172\130')
printf '%s' "$xz and more" >"$work/log.xz"
for option in --netstat --syslog; do
    expect 3 'nowhere.txt: No such file or directory' "$program" $option "$work/nowhere.txt"
    expect 3 'is a folder' "$program" $option "$work"
    expect 3 'photo.jpg: not a text .a JPEG image' "$program" $option "$work/photo.jpg"
    expect 3 'nul.txt: not a text: a NUL at byte 3' "$program" $option "$work/nul.txt"
    expect 3 'log.xz: compressed with xz' "$program" $option "$work/log.xz"
    expect 3 'empty' "$program" $option "$work/empty.pcap"
    expect 3 'empty' "$program" $option - # standard input is /dev/null here
    expect 2 'needs a value' "$program" $option
    expect 2 'standard input' "$program" $option - -
done
expect 3 'hello.txt: no TCP socket in it' "$program" --netstat "$work/hello.txt"
expect 3 'port.txt:1: not a row of netstat' "$program" --netstat "$work/port.txt"
expect 3 'hello.txt:1: not a line of syslog' "$program" --syslog "$work/hello.txt"
table=tests/witness/linux-netstat.txt

# What was typed wrong: 2.
printf '[a]\nname = x\nisuer = y\n' >"$work/wrong.policy"
expect 2 'wrong.policy: line 3: isuer: no such key' "$program" --policy "$work/wrong.policy" "$seed"
expect 2 'policy: .*nowhere.policy: No such file' "$program" --policy "$work/nowhere.policy" "$seed"
expect 2 "at: 'then' is not a time" "$program" --at then "$seed"
expect 2 "netstat-at: 'noon' is not a time" "$program" --netstat-at noon --netstat "$table"
expect 2 'netstat-at says when a table was printed' "$program" --netstat-at 2014-05-25T12:10:44Z "$seed"
expect 2 "tz: 'Europe/Nowhere' is no time zone" "$program" --tz Europe/Nowhere --netstat "$table"
expect 2 "tz: 'Europe' is no time zone" "$program" --tz Europe --netstat "$table"
expect 2 "tz: '../../etc/passwd' is no time zone" "$program" --tz ../../etc/passwd --netstat "$table"
expect 2 "tz: '.02:0' is no time zone" "$program" --tz +02:0 --netstat "$table"
expect 2 'netstat: no file is named' "$program" --netstat '' "$seed"
expect 2 "ports: '0' is not a port" "$program" --ports 0 "$seed"
expect 2 'ports' "$program" --ports 65536 "$seed"
expect 2 'ports' "$program" --ports 5223, "$seed"
expect 2 'ports' "$program" --ports '' "$seed"
expect 2 'ports' "$program" --ports apns "$seed"
expect 2 'filter' "$program" --filter 'tcp prot 5223' "$seed"
expect 2 'filter|expression|syntax' "$program" -i lo --filter 'tcp prot 5223'
expect 2 'no such option: --colour' "$program" --colour "$seed"
expect 2 'no such option: -x' "$program" -x "$seed"
expect 2 'option -p needs a value' "$program" -p
expect 2 'option --ports needs a value' "$program" --ports
expect 2 'no capture file' "$program"
expect 2 'not both' "$program" -i lo "$seed"
expect 2 "fail-on: 'bad' is neither" "$program" --fail-on reset,bad "$seed"
expect 2 'baseline: .*nowhere: No such file' "$program" --baseline "$work/nowhere" "$seed"
expect 2 'baseline: .*photo.jpg: line 1: not JSON' "$program" --baseline "$work/photo.jpg" "$seed"
expect 2 "'nothing' is not a finding; there are .*reset" "$program" --explain nothing
expect 2 "'yaml' is not a format" "$program" -o yaml "$seed"
expect 2 'No such file' "$program" -o "json:$work/no/such/folder" "$seed"
expect 2 'standard output' "$program" -o json -o text "$seed"
expect 2 'standard input' "$program" - -
expect 2 'count' "$program" --count 0 "$seed"
expect 2 'duration' "$program" --duration soon "$seed"
expect 2 'interval' "$program" --interval 5 "$seed"
expect 2 'snaplen' "$program" -i lo --snaplen 5
expect 2 "user.*nosuchuser|nosuchuser.*user" "$program" --user nosuchuser "$seed"

# A report is not written over an input, nor over another report.
cp "$seed" "$work/copy.pcap"
ln -s copy.pcap "$work/link"
expect 2 'is an input' "$program" -o "json:$work/copy.pcap" "$work/copy.pcap"
expect 2 'is an input' "$program" -o "json:$work/link" "$work/copy.pcap"
expect 2 'another output' "$program" -o "json:$work/report" -o "text:$work/report" "$seed"
cp "$table" "$work/table.txt"
cp tests/witness/seed-system.log "$work/system.log"
expect 2 'is an input' "$program" -o "json:$work/table.txt" --netstat "$work/table.txt"
expect 2 'is an input' "$program" -o "json:$work/system.log" --syslog "$work/system.log"
cmp -s "$seed" "$work/copy.pcap" || { echo "wrong: an input was written over"; bad=$((bad + 1)); }

# Names and words that would speak to the terminal are escaped. The second is U+009B, a CSI.
escape=$(printf '\033]0;x') csi=$(printf '\302\2331m')
for what in "$work/no-$escape" "$work/no-$csi" "-$escape" "--no-$csi"; do
    "$program" "$what" >"$work/out" 2>"$work/err" && { echo "wrong: $what is fine"; bad=$((bad + 1)); }
    LC_ALL=C grep -q "$(printf '[\033\233]')" "$work/err" &&
        { echo "wrong: a control character on standard error"; bad=$((bad + 1)); }
done

# What can't be written is not done.
for option in --help --version --list-interfaces; do
    "$program" $option >/dev/full 2>"$work/err"
    [ $? = 4 ] || { echo "wrong: $option on a full disk: not status 4"; bad=$((bad + 1)); }
done
"$program" -q "$seed" >&- 2>"$work/err"
[ $? = 4 ] || { echo "wrong: standard output closed: not status 4"; bad=$((bad + 1)); }
# With standard error closed, its number must not go to a report that messages then end up in.
"$program" -o "json:$work/report" "$seed" "$work/nowhere.pcap" 2>&-
grep -q '^pushwatch:' "$work/report" && { echo "wrong: a message in the report"; bad=$((bad + 1)); }

# No permission, seen by somebody who is not root.
cp "$program" "$work/pushwatch"
cp "$seed" "$work/secret.pcap"
chmod 600 "$work/secret.pcap"
if [ "$(id -u)" = 0 ]; then
    as_nobody="setpriv --reuid=65534 --regid=65534 --clear-groups"
    expect 3 'secret.pcap: Permission denied' $as_nobody "$work/pushwatch" "$work/secret.pcap"
    expect 3 'permission.*sudo.*setcap' $as_nobody "$work/pushwatch" -i lo
else
    chmod 000 "$work/secret.pcap"
    expect 3 'secret.pcap: Permission denied' "$program" "$work/secret.pcap"
    expect 3 'permission.*sudo.*setcap' "$program" -i lo
fi

# No mistakes: a capture without packets, help, versions.
head -c 24 "$seed" >"$work/none.pcap"
good() {
    "$@" >"$work/out" 2>"$work/err" </dev/null || { echo "wrong: $* failed"; bad=$((bad + 1)); }
    [ -s "$work/err" ] && { echo "wrong: $* said:"; cat "$work/err"; bad=$((bad + 1)); }
}
good "$program" "$work/none.pcap"
grep -qi 'no packets\|0 packets' "$work/out" || { echo "an empty capture's report does not say so"; bad=$((bad + 1)); }
good "$program" --help
awk 'length > 80 { exit 1 }' "$work/out" || { echo "--help is wider than 80 columns"; bad=$((bad + 1)); }
good "$program" --version
for library in libpcap nDPI OpenSSL; do
    grep -q "$library.*[0-9]" "$work/out" || { echo "--version does not name $library"; bad=$((bad + 1)); }
done
good "$program" --list-interfaces
grep -qw lo "$work/out" || { echo "--list-interfaces does not show lo"; bad=$((bad + 1)); }

# One bad file among good ones: the rest is reported.
"$program" -q -o json "$work/nowhere.pcap" "$seed" >"$work/out" 2>"$work/err"
[ $? = 3 ] && grep -q '"type":"flow"' "$work/out" && grep -q 'nowhere.pcap' "$work/err" ||
    { echo "a missing file among others: the others are not reported"; bad=$((bad + 1)); }

# One bad table or log among good ones, too.
"$program" -q -o json --netstat "$work/nowhere.txt" --syslog "$work/nul.txt" "$seed" >"$work/out" 2>"$work/err"
[ $? = 3 ] && grep -q '"type":"flow"' "$work/out" && [ "$(wc -l <"$work/err")" = 2 ] ||
    { echo "a missing table: the capture is not reported"; bad=$((bad + 1)); }

echo "$bad mistakes without their line"
[ "$bad" = 0 ]
