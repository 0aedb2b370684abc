#!/bin/sh
# Runs every test but the fuzzers on what was built in a folder: run.sh build
set -u
built=$1
program=$built/pushwatch
passed=0 failed=0 skipped=0

# run NAME COMMAND...: exit status 77 is a test that can't run here, and says why itself.
run() {
    name=$1
    shift
    if "$@" >"$built/test.log" 2>&1; then
        passed=$((passed + 1))
        return
    elif [ $? = 77 ]; then
        skipped=$((skipped + 1))
        echo "SKIPPED $name: $(tail -n 1 "$built/test.log")"
        return
    fi
    failed=$((failed + 1))
    echo "FAILED $name"
    sed 's/^/    /' "$built/test.log" | tail -n 60
}

for unit in "$built"/tests/test_*; do
    case $unit in *.o | *.d | *.gcno | *.gcda) continue ;; esac
    run "${unit##*/}" "$unit"
done
captures=$(ls pcaps/*.pcap pcaps/*.pcapng)
run golden tests/golden.sh "$program"
run findings python3 tests/findings.py "$program"
# shellcheck disable=SC2086 # a list of words
run kernel_truth python3 tests/kernel_truth.py "$program" $captures
# shellcheck disable=SC2086
run chains python3 tests/chains.py "$program" $captures
# shellcheck disable=SC2086
run tshark python3 tests/tshark.py "$program" $captures
# shellcheck disable=SC2086
run kernel_tables python3 tests/kernel_tables.py "$program" $captures
run witness tests/witness.sh "$program"
# shellcheck disable=SC2086
run schema tests/schema.sh "$program" $captures
# shellcheck disable=SC2086
run ci_formats python3 tests/ci_formats.py "$program" $captures
run known tests/known.sh "$program"
run exit_status tests/exit_status.sh "$program"
run threads tests/threads.sh "$program"
# shellcheck disable=SC2086
run perturb python3 tests/perturb.py --seconds 20 "$program" $captures
keyed=$(for keys in pcaps/*.keys; do echo "${keys%.keys}.pcap"; done)
# shellcheck disable=SC2086
run perturb_keys python3 tests/perturb.py --seconds 10 "$program" $keyed
run mistakes tests/mistakes.sh "$program"
run damaged tests/damaged.sh "$program"
run live tests/live.sh "$program"
run keys tests/keys.sh "$program"
run limits tests/limits.sh "$program"
run manual tests/manual.sh "$program"
run progress python3 tests/progress.py "$program"
run checksums python3 tests/checksums.py "$program"
run process python3 tests/process.py "$program"
run pause python3 tests/pause.py "$program"

# In CI nothing may be left out.
if [ -n "${CI:-}" ] && [ "$skipped" -gt 0 ]; then
    echo "in CI no test may be skipped"
    failed=$((failed + skipped))
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
