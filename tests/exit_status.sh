#!/bin/sh
# The table of exit statuses holds, and a baseline makes known findings count no more.
# exit_status.sh PROGRAM
set -u
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0
stuck=pcaps/seed-fin-wait-1-143.pcap healthy=pcaps/tls13.pcap pileup=pcaps/seed-pileup.pcap

# expect STATUS COMMAND...
expect() {
    status=$1
    shift
    "$@" >"$work/out" 2>"$work/err"
    got=$?
    [ "$got" = "$status" ] || { echo "$*: status $got, not $status"; cat "$work/err"; bad=$((bad + 1)); }
}

# contains PATTERN FILE
contains() {
    grep -q -- "$1" "$2" || { echo "no '$1' in:"; head -c 600 "$2"; bad=$((bad + 1)); }
}

# 0 and 1: what --fail-on names, and nothing else.
expect 0 "$program" -q $stuck
expect 0 "$program" -q --fail-on info $healthy
expect 1 "$program" -q --fail-on warning $stuck
expect 1 "$program" -q --fail-on notice $stuck
expect 0 "$program" -q --fail-on critical $stuck
expect 1 "$program" -q --fail-on critical $pileup
expect 1 "$program" -q --fail-on fin-unanswered $stuck
expect 0 "$program" -q --fail-on reset $stuck
expect 1 "$program" -q --fail-on reset,old-version $stuck
expect 1 "$program" -q --fail-on reset --fail-on critical,fin-unanswered $stuck
# The report is written all the same.
expect 1 "$program" -q -o json --fail-on warning $stuck
contains '"type":"summary"' "$work/out"

# 2: wrong usage.
expect 2 "$program" --fail-on bad $stuck
expect 2 "$program" --fail-on warning, $stuck
expect 2 "$program" --baseline "$work/nowhere" $stuck
expect 2 "$program" --explain nothing
contains 'fin-unanswered, ' "$work/err"
[ "$(wc -l <"$work/err")" = 1 ] || { echo "more than a line for a finding that is none"; bad=$((bad + 1)); }

# 3 goes before 1: what was not read may hold more.
head -c 2000 $stuck >"$work/cut.pcap"
expect 3 "$program" -q --fail-on info "$work/cut.pcap"
expect 3 "$program" -q --fail-on info "$work/nowhere.pcap"
expect 3 "$program" -q -o "junit:$work/junit" -o "sarif:$work/sarif" "$work/cut.pcap"
contains 'errors="1"' "$work/junit"
contains '"executionSuccessful":false' "$work/sarif"

# So does what a signal ended, while the threads share the reading: they do not read on to the end of
# a round. What follows each datagram's header is zero, and takes no room.
python3 - "$work/long.pcap" <<'END'
import struct, sys
size, ipv4, udp = 1 << 16, 0x0800, 17
with open(sys.argv[1], "wb") as out:
    out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, size, 1))
    for second in range(1 << 15):
        out.write(struct.pack("<IIII", second, 0, size, size))
        out.write(struct.pack(">12xHBxH4xBB", ipv4, 0x45, size - 14, 64, udp))
        out.seek(size - 24, 1)
    out.truncate()
END
"$program" -q -o "json:$work/out" "$work/long.pcap" 2>"$work/err" &
reader=$!
until [ "$(awk '/^rchar/ { print $2 }' /proc/$reader/io)" -gt 100000000 ] 2>/dev/null; do
    kill -0 $reader 2>/dev/null || break
done
kill -INT $reader
wait $reader
got=$?
[ "$got" = 3 ] || { echo "a capture whose reading was interrupted: status $got, not 3"; bad=$((bad + 1)); }
contains 'interrupted before the end of the input' "$work/err"
packets=$(grep -o '"packets":[0-9]*' "$work/out" | tail -n 1 | cut -d: -f2)
[ "$packets" -gt 0 ] && [ "$packets" -lt 20000 ] ||
    { echo "$packets packets were read of one that was interrupted"; bad=$((bad + 1)); }

# Without a capture the suite is not named as if there were several.
expect 0 "$program" -q -o "junit:$work/junit" --netstat tests/witness/seed-netstat.txt
contains 'testsuite name="socket tables and logs"' "$work/junit"

# 4: what cannot be written.
expect 4 "$program" -q --fail-on warning -o json:/dev/full $stuck

# A baseline: the same capture again has nothing new; another one has.
"$program" -q -o "json:$work/base" $stuck
expect 0 "$program" -q --fail-on info --baseline "$work/base" $stuck
contains '; 2 known from the baseline' "$work/out"
expect 0 "$program" -q -o json --fail-on info --baseline "$work/base" $stuck
contains '"known":true' "$work/out"
contains '"known_findings":2' "$work/out"
python3 tests/validate_schema.py report/flow-record.schema.json <"$work/out" || bad=$((bad + 1))
expect 0 "$program" -q -o "junit:$work/junit" -o "sarif:$work/sarif" --baseline "$work/base" $stuck
contains ' failures="0"' "$work/junit"
contains '"baselineState":"unchanged"' "$work/sarif"
expect 1 "$program" -q --fail-on critical --baseline "$work/base" $pileup
expect 0 "$program" -q --fail-on warning --baseline "$work/base" pcaps/seed-fin-wait-1-106.pcap
expect 1 "$program" -q --fail-on warning --baseline "$work/base" pcaps/seed-fin-wait-1-106-ipv6.pcap
"$program" -q -o "json:$work/base" $pileup
expect 0 "$program" -q --fail-on info --baseline "$work/base" $pileup
"$program" -q -o "json:$work/base" $healthy
expect 1 "$program" -q --fail-on warning --baseline "$work/base" $stuck
expect 2 "$program" -q --baseline $stuck $stuck
contains 'line 1: not JSON' "$work/err"
expect 2 "$program" -q -o "json:$work/base" --baseline "$work/base" $stuck

# --explain: all findings, each with its texts, in 80 columns.
expect 0 "$program" --explain
ids=$(cut -d' ' -f1 "$work/out")
# shellcheck disable=SC2086 # a list of words
expect 0 "$program" --explain $ids
[ "$(grep -cE "^[a-z-]+: [A-Z]" "$work/out")" = "$(echo "$ids" | wc -l)" ] ||
    { echo "--explain does not tell of each finding"; bad=$((bad + 1)); }
awk 'length > 80 { exit 1 }' "$work/out" || { echo "--explain is wider than 80 columns"; bad=$((bad + 1)); }

echo "$bad wrong"
[ "$bad" = 0 ]
