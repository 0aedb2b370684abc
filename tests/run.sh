#!/bin/sh
# Runs every test but the fuzzers on what was built in a folder, as many at once as there are cores,
# and those that watch the clock apart from them at the end: run.sh build
#
# Exit status 77 is a test that can't run here, and says why itself.
set -u

# run.sh --one build NAME COMMAND...: notes in build/tests.results what came of one test,
# and how many seconds it took.
if [ "$1" = --one ]; then
    built=$2 name=$3
    shift 3
    log=$built/$name.log
    begin=$(date +%s)
    "$@" >"$log" 2>&1
    status=$?
    case $status in
    0) result=passed ;;
    77) result=skipped; echo "SKIPPED $name: $(tail -n 1 "$log")" ;;
    *) result=failed; printf 'FAILED %s\n%s\n' "$name" "$(tail -n 60 "$log" | sed 's/^/    /')" ;;
    esac
    echo "$result $name $(($(date +%s) - begin))" >>"$built/tests.results"
    exit 0
fi

built=$1
program=$built/pushwatch
captures=$(echo pcaps/*.pcap pcaps/*.pcapng)
keyed=$(for keys in pcaps/*.keys; do echo "${keys%.keys}.pcap"; done | xargs)
: >"$built/tests.results"
: >"$built/tests.asked"

# at_once N: runs the tests of standard input, one a line: NAME COMMAND... (a blank at a line's end would
# join the next to it).
at_once() {
    tee -a "$built/tests.asked" | xargs -P "$1" -L 1 "$0" --one "$built"
}

units() {
    for unit in "$built"/tests/test_*; do
        case $unit in *.o | *.d | *.gcno | *.gcda | */test_live | */test_progress) continue ;; esac
        echo "${unit##*/} $unit"
    done
}

# What other programs say of a report, they say once: a sanitizer's build gives the same (golden.sh).
others="tshark python3 tests/tshark.py $program $captures
chains python3 tests/chains.py $program $captures"
! ldd "$program" 2>/dev/null | grep -q 'lib[a-z]*san\.' || others=

# The long ones first, so that no core waits at the end.
{
    cat <<END
threads tests/threads.sh $program
limits tests/limits.sh $program
schema tests/schema.sh $program $captures
ci_formats python3 tests/ci_formats.py $program $captures
$others
findings python3 tests/findings.py $program
share python3 tests/share.py $program
perturb python3 tests/perturb.py --seconds 20 $program $captures
perturb_keys python3 tests/perturb.py --seconds 10 $program $keyed
END
    units
    cat <<END
mistakes tests/mistakes.sh $program
golden tests/golden.sh $program
kernel_tables python3 tests/kernel_tables.py $program $captures
kernel_truth python3 tests/kernel_truth.py $program $captures
damaged tests/damaged.sh $program
part python3 tests/part.py $program
growing python3 tests/growing.py $program
exit_status tests/exit_status.sh $program
witness tests/witness.sh $program
manual tests/manual.sh $program
known tests/known.sh $program
checksums python3 tests/checksums.py $program
process python3 tests/process.py $program
END
} | at_once "$(nproc 2>/dev/null || sysctl -n hw.ncpu)"

at_once 1 <<END
test_live $built/tests/test_live
test_progress $built/tests/test_progress
END

# These mostly wait.
at_once 4 <<END
live tests/live.sh $program
keys tests/keys.sh $program
progress python3 tests/progress.py $program
pause python3 tests/pause.py $program
END

count() { grep -c "^$1 " "$built/tests.results"; }
passed=$(count passed) failed=$(count failed) skipped=$(count skipped)
asked=$(grep -c . "$built/tests.asked")
[ "$((passed + failed + skipped))" = "$asked" ] || { echo "not all of $asked tests ran"; failed=$((failed + 1)); }
# In CI nothing may be left out.
if [ -n "${CI:-}" ] && [ "$skipped" -gt 0 ]; then
    echo "in CI no test may be skipped"
    failed=$((failed + skipped))
fi
echo "$passed passed, $failed failed, $skipped skipped; longest:" \
    "$(sort -k 3 -nr "$built/tests.results" | head -n 5 | awk '{ printf "%s%s %s s", (NR > 1 ? ", " : ""), $2, $3 }')"
[ "$failed" = 0 ]
