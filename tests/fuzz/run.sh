#!/bin/sh
# Replays each fuzz target's seeds and runs it for a while: run.sh SECONDS TARGET...
# A short run goes the same way each time, so that it fails for what was changed and not by chance.
# Seeds are in tests/fuzz/seeds/NAME; what is found new stays in build/fuzz/corpus/NAME.
set -u
seconds=$1
shift
bad=0
same=
[ "$seconds" -ge 60 ] || same=-seed=1
for target in "$@"; do
    name=${target##*/fuzz_}
    corpus=build/fuzz/corpus/$name
    seeds=tests/fuzz/seeds/$name
    mkdir -p "$corpus"
    [ -d "$seeds" ] || { echo "$name: no seeds in $seeds"; bad=$((bad + 1)); continue; }
    words=
    [ ! -f "tests/fuzz/dict/$name" ] || words=-dict=tests/fuzz/dict/$name
    # shellcheck disable=SC2086 # an option or none
    if "$target" $same $words -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="build/fuzz/$name-" "$corpus" "$seeds" >"build/fuzz/$name.log" 2>&1; then
        echo "fuzz $name: $(sed -n 's/stat::number_of_executed_units: *//p' "build/fuzz/$name.log") runs, nothing found"
    else
        echo "fuzz $name: FAILED"
        tail -n 40 "build/fuzz/$name.log"
        bad=$((bad + 1))
    fi
done
[ "$bad" = 0 ]
