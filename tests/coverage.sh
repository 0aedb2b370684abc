#!/bin/sh
# Replays the fuzzers' seeds and what fuzzing found (build/fuzz/corpus), then says how many lines of
# capture/ and dissect/ were reached by that and by the tests that have run before in a build with
# --coverage, file by file. Fails below 90 % of either folder: coverage.sh BUILD
set -eu
built=$1

for target in "$built"/tests/fuzz/fuzz_*; do
    case $target in *.o | *.d | *.gcno | *.gcda) continue ;; esac
    name=${target##*/fuzz_}
    find "tests/fuzz/seeds/$name" "build/fuzz/corpus/$name" -type f 2>/dev/null |
        xargs -r "$target" || echo "$name: a seed breaks it"
done

low=0
for folder in capture dissect; do
    for source in "$folder"/*.c; do
        # gcov names each file that the object was made of, headers as well.
        gcov -n -o "$built/$folder" "$built/${source%.c}.gcda" 2>/dev/null |
            awk -v file="$source" '
                $0 == "File '\''" file "'\''" { getline; sub(/.*:/, ""); sub(/% of/, ""); print file, $1, $2 }'
    done | awk -v folder="$folder" '
        { printf "%7.2f %% of %4d  %s\n", $2, $3, $1; lines += $3; reached += $2 * $3 / 100 }
        END { printf "%7.2f %% of %4d  %s/\n", 100 * reached / lines, lines, folder
              exit 100 * reached < 90 * lines }' || low=1
done
[ "$low" = 0 ] || { echo "less than 90 % of the lines were reached"; exit 1; }
