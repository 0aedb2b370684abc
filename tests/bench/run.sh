#!/bin/sh
# Measures pushwatch against its yardsticks and its peers, in one run, on generated captures:
#
#     run.sh PUSHWATCH [quick|full]
#     run.sh --install              installs the peers with apt-get
#
# quick: small captures, three runs, in a minute; it shows that all works, and its ratios are rough.
# full: the sizes that docs/performance.md speaks of. The captures stay in $BENCH_DIR (build/bench)
# for the next time: about 7 GB, and as much memory as keeps them cached. $BENCH_SIZE is another
# factor for their size, $BENCH_RUNS another number of runs.
set -eu
here=$(dirname "$0")

if [ "${1:-}" = --install ]; then
    sudo=
    [ "$(id -u)" = 0 ] || sudo=sudo
    # shellcheck disable=SC2086 # empty or a word
    exec $sudo apt-get install -y --no-install-recommends \
        hyperfine time python3 tcpdump tshark libndpi-bin tcptrace
fi

pushwatch=${1:?usage: run.sh PUSHWATCH [quick|full]}
case ${2:-quick} in
quick) size=${BENCH_SIZE:-0.04} runs=${BENCH_RUNS:-3} many=0.02 checked=1 ;;
full) size=${BENCH_SIZE:-1} runs=${BENCH_RUNS:-5} many=$size checked=0.1 ;;
*) echo "run.sh: neither quick nor full: $2" >&2; exit 2 ;;
esac
dir=${BENCH_DIR:-build/bench}
tools=$dir/tools
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$tools"

for needed in hyperfine python3 /usr/bin/time; do
    command -v "$needed" >/dev/null && continue
    echo "run.sh: $needed is missing; run.sh --install gets it" >&2
    exit 1
done

have() { command -v "$1" >/dev/null; }
scale() { awk "BEGIN { printf \"%.6g\", $1 * $2 }"; }
# Whether pushwatch has an option.
offers() { "$pushwatch" --help | grep -q -e "$1"; }
for peer in tcpdump tshark ndpiReader tcptrace; do
    have $peer || echo "$peer is not here: left out (run.sh --install gets it)"
done

# build PROGRAM "MODULE..." LIBRARY...: from the sources beside this script, if they have changed.
build() {
    program=$1 modules=$2
    shift 2
    [ -e "$tools/$program" ] &&
        [ -z "$(find "$here" -name '*.[ch]' -newer "$tools/$program")" ] && return
    # shellcheck disable=SC2086 # a list of words
    (cd "$here" && cc -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -O2 -o "$work/$program" \
        "$program.c" $modules "$@") && mv "$work/$program" "$tools/$program"
}
build generate "certificates.c dialogue.c hello_marks.c sessions.c tally.c wire.c workload.c" \
    -lssl -lcrypto
build empty_pcap "" -lpcap
build raw_read ""

# capture WORKLOAD SIZE: sets $file to such a capture, made now unless it is there already.
capture() {
    file=$dir/$1-$2.pcap
    if [ ! -e "$file.json" ] || [ -n "$(find "$tools/generate" -newer "$file.json")" ]; then
        rm -f "$file.json"
        "$tools/generate" "$1" "$2" "$file" >"$work/json"
        mv "$work/json" "$file.json"
    fi
    cat "$file" >/dev/null # into the page cache
}

# The commands to be measured: add NAME COMMAND.
begin() { : >"$work/commands"; }
add() { printf '%s\n%s\n' "$1" "$2" >>"$work/commands"; }
# measure NAME: runs them, the result in $work/NAME.json
measure() {
    name=$1
    set --
    while read -r title && read -r command; do
        set -- "$@" -n "$title" "$command"
    done <"$work/commands"
    hyperfine --style none -N --warmup 1 --runs "$runs" --export-json "$work/$name.json" "$@" \
        >/dev/null 2>"$work/errors" </dev/null || { cat "$work/errors" >&2; exit 1; }
}

add_pushwatch() {
    if offers '^ *-j'; then
        add "pushwatch --no-ndpi -j 1" "$pushwatch -q -j 1 --no-ndpi -o json:/dev/null $1"
        add "pushwatch --no-ndpi -j 2" "$pushwatch -q -j 2 --no-ndpi -o json:/dev/null $1"
        add "pushwatch -j 1" "$pushwatch -q -j 1 -o json:/dev/null $1"
        add "pushwatch -j 2" "$pushwatch -q -j 2 -o json:/dev/null $1"
    else
        add "pushwatch --no-ndpi" "$pushwatch -q --no-ndpi -o json:/dev/null $1"
        add "pushwatch" "$pushwatch -q -o json:/dev/null $1"
    fi
}

# compare WORKLOAD: all programs on it; tshark, which takes long, on a tenth.
compare() {
    capture "$1" "$(scale "$size" 0.1)"
    tenth=$file
    capture A 0.00003
    begin
    if have tshark; then
        add tshark "tshark -n -r $tenth -d tcp.port==5223,tls"
        add "tshark, start" "tshark -n -r $file -d tcp.port==5223,tls"
        measure tshark
    fi
    capture "$1" "$size"
    begin
    add "libpcap, empty callback, BPF" "$tools/empty_pcap $file 'tcp port 5223'"
    add "libpcap, empty callback" "$tools/empty_pcap $file"
    add "read() and step" "$tools/raw_read $file"
    add_pushwatch "$file"
    have tcpdump && add "tcpdump -w /dev/null, BPF" "tcpdump -r $file -w /dev/null 'tcp port 5223'"
    have ndpiReader && add ndpiReader "ndpiReader -q -i $file"
    have tcptrace && add tcptrace "tcptrace -n $file"
    measure compare
    python3 "$here/table.py" "$1" "$file.json" "$work/compare.json" "$tenth.json" \
        "$work/tshark.json"
}

# peak COMMAND...: sets $kib to the most memory it had, $spent to its times.
peak() {
    /usr/bin/time -o "$work/time" -f '%M %e %U %S' "$@" >/dev/null 2>&1 </dev/null ||
        echo "    (ended with status $?)"
    spent=$(tail -n 1 "$work/time")
    kib=${spent%% *}
}
# show NAME COMMAND...: a line about it.
show() {
    title=$1
    shift
    peak "$@"
    echo "$spent" | awk -v title="$title" '{
        printf "%-34s %8.1f MiB %8.2f s %8.2f s CPU\n", title, $1 / 1024, $2, $3 + $4
    }'
}
# counted KEY: what the generator says of $file.
counted() { sed -E "s/.*\"$1\":([0-9]+).*/\1/" "$file.json"; }

remember() {
    printf '\n== C: open connections, four in five a lone SYN, the rest idle after a handshake\n'
    for factor in 1 2; do
        capture C "$(scale "$many" $factor)"
        flows=$(counted flows)
        show "pushwatch --no-ndpi, $flows" "$pushwatch" -q --no-ndpi -o json:/dev/null "$file"
        show "pushwatch, $flows" "$pushwatch" -q -o json:/dev/null "$file"
    done
    capture C "$many"
    # Peers need gigabytes for a million.
    free=$(awk '/^MemAvailable/ { print int($2 / 1048576) }' /proc/meminfo)
    if [ "$free" -lt 12 ]; then
        echo "ndpiReader and tcptrace: left out, $free GiB of memory are too few"
        return
    fi
    flows=$(counted flows)
    if have ndpiReader; then show "ndpiReader, $flows" ndpiReader -q -i "$file"; fi
    if have tcptrace; then show "tcptrace, $flows" tcptrace -n "$file"; fi
}

# What a connection costs: lone SYNs alone, then the connections of C, beyond an empty run.
weigh() {
    capture A 0.00003
    peak "$pushwatch" -q --no-ndpi -o json:/dev/null "$file"
    empty=$kib
    capture F "$(scale "$many" 0.08)"
    syns=$(counted unanswered)
    peak "$pushwatch" -q --no-ndpi -o json:/dev/null "$file"
    flood=$kib
    capture C "$many"
    peak "$pushwatch" -q --no-ndpi -o json:/dev/null "$file"
    awk -v empty="$empty" -v flood="$flood" -v both="$kib" -v syns="$syns" \
        -v idle="$(counted open)" -v lone="$(counted unanswered)" 'BEGIN {
            syn = (flood - empty) * 1024 / syns
            printf "a lone SYN costs %.0f bytes, an idle connection after its handshake %.0f\n",
                syn, ((both - empty) * 1024 - syn * lone) / idle
        }'
}

flood() {
    capture F "$many"
    printf '\n== F: a flood of %s SYNs\n' "$(counted unanswered)"
    set -- "$pushwatch" -q --no-ndpi
    if offers --max-memory; then
        set -- "$@" --max-memory 256M
    fi
    show "pushwatch" "$@" -o "json:$work/flood" "$file"
    tail -n 1 "$work/flood" | grep -o '"flows_evicted":[^,]*'
    echo "TLS connections reported: $(grep -c '"tls":{' "$work/flood") of $(counted tls_flows)"
    rm "$work/flood"
}

start() {
    capture A 0.00003
    begin
    add "pushwatch --version" "$pushwatch --version"
    add "pushwatch --no-ndpi, 30 KB" "$pushwatch -q --no-ndpi -o json:/dev/null $file"
    add "pushwatch, 30 KB" "$pushwatch -q -o json:/dev/null $file"
    runs=20 measure start
    printf '\n== Start\n'
    python3 "$here/table.py" "$work/start.json"
}

printf 'size %s, medians of %s runs, %s cores\n' "$size" "$runs" "$(nproc)"
# Fast and wrong would be no use: what is measured is also checked.
capture A "$(scale "$size" $checked)"
python3 "$here/check.py" "$pushwatch" "$file" "$file.json"
capture B "$(scale "$size" $checked)"
python3 "$here/check.py" "$pushwatch" "$file" "$file.json"
compare A
compare B
remember
weigh
flood
start
