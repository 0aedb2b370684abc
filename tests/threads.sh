#!/bin/sh
# The reports are the same, byte by byte, with any number of threads: threads.sh PROGRAM [CAPTURE...]
# By default of every sample capture.
set -eu
program=$1
shift
[ $# -gt 0 ] || set -- pcaps/*.pcap pcaps/*.pcapng
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
different=0
# A sanitizer makes each run long.
all='1 2 7'
! ldd "$program" 2>/dev/null | grep -q 'lib[a-z]*san\.' || all='1 7'

for capture; do
    for jobs in $all; do
        mkdir -p "$work/$jobs"
        "$program" -q -v -j "$jobs" -o "json:$work/$jobs/json" -o "text:$work/$jobs/text" \
            "$capture" 2>"$work/$jobs/errors" && status=0 || status=$?
        echo "$status" >"$work/$jobs/status"
        diff -r "$work/1" "$work/$jobs" >"$work/diff" && continue
        echo "$capture: -j $jobs differs from -j 1:"
        head -n 20 "$work/diff"
        different=$((different + 1))
    done
done
echo "$# captures, $different runs differ"
[ "$different" = 0 ]
