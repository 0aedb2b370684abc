#!/bin/sh
# Socket tables and logs from files as people have them: compressed, through a pipe, out of zgrep, in any
# order, dated by their own line, an option or the file; and what is said of them. witness.sh PROGRAM
set -u
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0
table=tests/witness/seed-netstat.txt log=tests/witness/seed-system.log older=tests/witness/seed-system.log.0

wrong() {
    echo "wrong: $*"
    bad=$((bad + 1))
}

# report ARGUMENTS...: JSON, without the names of files
report() { "$program" -q -o json "$@" | sed -E 's/"(file|table)":"[^"]*",?//g; s/The socket table .* lists//'; }

# Reports that must not differ but for the names of their files.
same() {
    cmp -s "$work/first" "$work/other" || wrong "$*: another report than from plain files"
}

says() {
    grep -qF -- "$2" "$work/$1" || wrong "$1 does not say: $2"
}

zone="--tz America/Los_Angeles"
# shellcheck disable=SC2086 # words, here and below
report $zone --netstat $table --syslog $log --syslog $older >"$work/first"
gzip -c $older >"$work/system.log.0.gz"
gzip -c $table >"$work/table.gz"
report $zone --netstat "$work/table.gz" --syslog $log --syslog "$work/system.log.0.gz" >"$work/other"
same "compressed by gzip"
report $zone --netstat - --syslog $log --syslog $older <$table >"$work/other"
same "through a pipe"
report --tz -07:00 --netstat $table --syslog $log --syslog $older >"$work/other"
same "the zone as an offset"
(cd tests/witness && zgrep -H apsd seed-system.log seed-system.log.0) >"$work/zgrep"
"$program" -q -o json $zone --netstat $table --syslog "$work/zgrep" >"$work/json"
says json '131 times from 2014-05-17 07:48:01'
says json 'every 1 h 30 min'

"$program" -q $zone --netstat $table --syslog $log >"$work/text"
says text 'What to capture next'
says text 'sudo tcpdump -i en0'
# The verdict, each kind of it, without a capture.
verdict() {
    "$program" -q -o json --netstat-at 2026-11-27T02:40:00Z "$@" | grep -o '"answer":"[a-z-]*"'
}
[ "$(verdict --netstat $table)" = '"answer":"pile-listed"' ] || wrong "the pile does not lead"
[ "$(verdict --syslog tests/witness/distrust.ndjson --netstat tests/witness/linux-ss.txt)" = \
    '"answer":"distrust-logged"' ] || wrong "the log's distrust does not lead"
[ "$(verdict --netstat tests/witness/linux-ss.txt)" = '"answer":"nothing-listed"' ] ||
    wrong "trouble in a quiet table"
for port in 1 2 3; do echo "CLOSE-WAIT 1 0 192.0.2.1:4000$port 192.0.2.2:5223"; done >"$work/leak"
[ "$(verdict --netstat "$work/leak")" = '"answer":"leak-listed"' ] || wrong "the leak does not lead"

# Where the year and the time come from.
grep -v ' 2014$' $table >"$work/dateless"
TZ=UTC touch -d '2013-06-01 12:00:00' "$work/dateless"
cp $log "$work/system.log"
TZ=UTC touch -d '2012-06-01 12:00:00' "$work/system.log"
"$program" -q -o json --netstat "$work/dateless" --syslog "$work/system.log" >"$work/json"
says json '"taken":"2013-06-01T12:00:00.000000Z","taken_by":"file"'
says json '"time":"2012-05-23T00:48:01.000000Z"'
"$program" -q -o json --netstat-at 2011-06-01T12:00:00+02:00 --netstat "$work/dateless" \
    --syslog "$work/system.log" >"$work/json"
says json '"taken":"2011-06-01T10:00:00.000000Z","taken_by":"option"'
says json '"time":"2011-05-23T00:48:01.000000Z"'
"$program" -q -o json --syslog "$work/system.log" pcaps/seed-fin-wait-1-143.pcap >"$work/json"
says json '"time":"2027-05-23T00:48:01.000000Z"' # the year closest to the capture's, November 2026

# Bad rows are named, and the rest is read.
{ cat $table; echo 'tcp4 0 0 10.0.1.3.52652 17.1.1.1.99999 FIN_WAIT_1'; } >"$work/table"
"$program" --netstat "$work/table" >"$work/text" 2>"$work/err" || wrong "a bad row is no failure"
says err 'table:405: not a row of netstat or ss'
says text '397 sockets'

# Each report is valid, and as wide as a terminal.
while read -r name arguments; do
    # shellcheck disable=SC2086
    "$program" -q -o "json:$work/json" -o "text:$work/text" $arguments || wrong "$name: status $?"
    python3 tests/validate_schema.py report/flow-record.schema.json <"$work/json" || wrong "$name: not valid"
    awk 'length > 80' "$work/text" | grep . && wrong "$name: wider than 80 columns"
done <tests/witness/cases

echo "$bad wrong"
[ "$bad" = 0 ]
