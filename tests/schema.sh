#!/bin/sh
# Checks the JSON report of each capture against the project's schema: schema.sh PROGRAM CAPTURE...
set -u
program=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for capture in "$@"; do
    keys=${capture%.*}.keys
    [ -e "$keys" ] || keys=/dev/null
    "$program" -q --show-secrets --keylog "$keys" --pem -o "json:$work/${capture##*/}.json" "$capture"
done
echo "$# reports"
# One that was not written is missing here, and so is no valid one.
reports=
for capture in "$@"; do
    reports="$reports $work/${capture##*/}.json"
done
# shellcheck disable=SC2086 # a list of words
python3 tests/validate_schema.py report/flow-record.schema.json $reports
