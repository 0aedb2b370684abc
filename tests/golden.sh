#!/bin/sh
# Compares the reports of every sample capture with the expected ones in tests/golden, or writes
# those anew: golden.sh PROGRAM [--update]
#
# Options that a capture is to be read with stand beside it, in NAME.options, and a key log whose
# secrets it has not in itself, in NAME.keys. Versions, and the system's trust store, are taken out of
# the reports: all else must be the same, byte by byte.
set -eu
program=$1
update=${2:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
different=0

same_versions() {
    sed -E 's/"(version|libpcap|ndpi|openssl)":"[^"]*"/"\1":"VERSION"/g
        s/\{"store":"system"[^}]*\}/{"store":"system"}/'
}

# compare WHAT NAME: the two reports in $work with the expected ones
compare() {
    for file in "$2.json" "$2.txt"; do
        if [ "$update" = --update ]; then
            cp "$work/$file" "tests/golden/$file"
        elif ! diff -u "tests/golden/$file" "$work/$file" >"$work/diff"; then
            echo "$1: the report differs from tests/golden/$file:"
            head -n 20 "$work/diff"
            different=$((different + 1))
        fi
    done
}

for capture in pcaps/*.pcap pcaps/*.pcapng; do
    name=$(basename "$capture")
    keys=${capture%.*}.keys
    if [ -e "$keys" ]; then set -- --keylog "$keys"; else set --; fi
    # shellcheck disable=SC2046 # a list of words
    "$program" -q -v "$@" $(cat "${capture%.pcap*}.options" 2>/dev/null || true) \
        -o "json:$work/json" -o "text:$work/$name.txt" "$capture"
    same_versions <"$work/json" >"$work/$name.json"
    compare "$capture" "$name"
done
# What other witnesses say, with a capture and without.
while read -r name arguments; do
    # shellcheck disable=SC2086 # a list of words
    "$program" -q -o "json:$work/json" -o "text:$work/$name.txt" $arguments
    same_versions <"$work/json" >"$work/$name.json"
    compare "$arguments" "$name"
done <tests/witness/cases
if [ "$update" = --update ]; then
    for file in tests/golden/*; do # of captures that are no more
        [ -e "$work/$(basename "$file")" ] || rm "$file"
    done
fi
echo "$different reports differ"
[ "$different" = 0 ]
