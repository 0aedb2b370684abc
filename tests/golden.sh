#!/bin/sh
# Compares the reports of every sample capture with the expected ones in tests/golden, or writes
# those anew: golden.sh PROGRAM [--update]
#
# Versions are taken out of the reports: all else must be the same, byte by byte.
set -eu
program=$1
update=${2:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
different=0

same_versions() {
    sed -E 's/"(version|libpcap|ndpi|openssl)":"[^"]*"/"\1":"VERSION"/g'
}

for capture in pcaps/*.pcap pcaps/*.pcapng; do
    name=$(basename "$capture")
    "$program" -q -v -o "json:$work/json" -o "text:$work/$name.txt" "$capture"
    same_versions <"$work/json" >"$work/$name.json"
    for file in "$name.json" "$name.txt"; do
        if [ "$update" = --update ]; then
            cp "$work/$file" "tests/golden/$file"
        elif ! diff -u "tests/golden/$file" "$work/$file" >"$work/diff"; then
            echo "$capture: the report differs from tests/golden/$file:"
            head -n 20 "$work/diff"
            different=$((different + 1))
        fi
    done
done
if [ "$update" = --update ]; then
    for file in tests/golden/*; do # of captures that are no more
        [ -e "$work/$(basename "$file")" ] || rm "$file"
    done
fi
echo "$different reports differ"
[ "$different" = 0 ]
