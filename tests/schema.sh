#!/bin/sh
# Checks the JSON report of each capture against the project's schema: schema.sh PROGRAM CAPTURE...
set -u
program=$1
shift
bad=0
for capture in "$@"; do
    keys=${capture%.*}.keys
    [ -e "$keys" ] || keys=/dev/null
    "$program" -q --show-secrets --keylog "$keys" --pem -o json "$capture" |
        python3 tests/validate_schema.py report/flow-record.schema.json ||
        { echo "$capture: its report is not valid"; bad=$((bad + 1)); }
done
echo "$# reports, $bad not valid"
[ "$bad" = 0 ]
