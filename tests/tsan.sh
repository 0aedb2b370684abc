#!/bin/sh
# Runs pushwatch, built with ThreadSanitizer, with four threads over every sample capture and two
# generated ones, and the tests of what threads share, and fails on any report of it:
# tsan.sh FOLDER TEST...
set -eu
built=$1
shift
program=$built/pushwatch
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TSAN_OPTIONS="log_path=$work/tsan exitcode=66"
runs=0 failed=0

# analyse CAPTURE OPTION...: 3 is a capture that is damaged, or was not read to its end. Begins with
# the words of $within.
within=
analyse() {
    capture=$1
    shift
    runs=$((runs + 1))
    # shellcheck disable=SC2086 # a command, or none
    $within "$program" -q -v -j 4 "$@" -o "json:$work/json" -o "text:$work/text" "$capture" \
        2>"$work/errors" && status=0 || status=$?
    if [ "$status" != 0 ] && [ "$status" != 3 ] || ls "$work"/tsan.* >/dev/null 2>&1; then
        failed=$((failed + 1))
        echo "$capture $*: ended with status $status"
        cat "$work/errors" "$work"/tsan.* 2>/dev/null | head -n 60
        rm -f "$work"/tsan.*
    fi
}

for capture in pcaps/*.pcap pcaps/*.pcapng; do
    analyse "$capture"
done
# Samples are short: here many flows begin, end and have to go at the same time.
if tests/bench/tools.sh "$built/bench" 2>"$work/errors"; then
    for workload in A C; do
        "$built/bench/generate" "$workload" 0.01 "$work/$workload.pcap" >"$work/tally"
        analyse "$work/$workload.pcap"
        analyse "$work/$workload.pcap" --filter tcp
        analyse "$work/$workload.pcap" --order end --max-flows 1000
    done
    # All threads hear of a signal.
    "$built/bench/generate" A 0.03 "$work/A.pcap" >"$work/tally"
    for seconds in 0.7 1 1.3; do
        within="timeout --preserve-status -s INT $seconds"
        analyse "$work/A.pcap"
    done
else
    echo "without generated captures:"
    cat "$work/errors"
fi
# What the captures show once in five runs, or in two hundred, if at all.
for test; do
    times=1
    [ "$test" != parsed_certs ] || times=8
    for _ in $(seq "$times"); do
        runs=$((runs + 1))
        "$built/tests/test_$test" >"$work/errors" 2>&1 && ! ls "$work"/tsan.* >/dev/null 2>&1 && continue
        failed=$((failed + 1))
        echo "test_$test:"
        cat "$work/errors" "$work"/tsan.* 2>/dev/null | head -n 60
        rm -f "$work"/tsan.*
    done
done
echo "$runs runs, $failed failed"
[ "$failed" = 0 ]
