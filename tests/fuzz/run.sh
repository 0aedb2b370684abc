#!/bin/sh
# Replays each fuzz target's seeds and runs it for a while, as many at once as there are cores:
#
#     run.sh SECONDS TARGET...
#
# A short run goes the same way each time, so that it fails for what was changed and not by chance.
# Seeds are in tests/fuzz/seeds/NAME; what is found new stays in build/fuzz/corpus/NAME.
set -u
seconds=${1:?usage: run.sh SECONDS TARGET...}
shift
[ "$#" -gt 0 ] || { echo "run.sh: no target" >&2; exit 2; }

# fuzz TARGET: says in a line what came of it, and more where it failed.
fuzz() {
    name=${1##*/fuzz_}
    corpus=build/fuzz/corpus/$name
    seeds=tests/fuzz/seeds/$name
    mkdir -p "$corpus"
    [ -d "$seeds" ] || { echo "fuzz $name: FAILED, no seeds in $seeds"; return 1; }
    same=
    [ "$seconds" -ge 60 ] || same=-seed=1
    words=
    [ ! -f "tests/fuzz/dict/$name" ] || words=-dict=tests/fuzz/dict/$name
    # shellcheck disable=SC2086 # an option or none
    if "$1" $same $words -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="build/fuzz/$name-" "$corpus" "$seeds" >"build/fuzz/$name.log" 2>&1; then
        echo "fuzz $name: $(sed -n 's/stat::number_of_executed_units: *//p' "build/fuzz/$name.log") runs, nothing found"
    else
        printf 'fuzz %s: FAILED\n%s\n' "$name" "$(tail -n 40 "build/fuzz/$name.log")"
        return 1
    fi
}

if [ "$#" = 1 ]; then
    fuzz "$1"
    exit
fi
printf '%s\n' "$@" | xargs -P "$(nproc 2>/dev/null || sysctl -n hw.ncpu)" -n 1 "$0" "$seconds"
