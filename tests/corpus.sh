#!/bin/sh
# Runs a program over a corpus of captures (score.py there says how) and asks for no crash and for
# the shares of fields that match. corpus.sh CORPUS PROGRAM
set -eu
corpus=$1
program=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$corpus/score.py" "$program" --out "$work/reports" -- --json "$work/score.json" \
    >"$work/log" 2>&1 || true
cat "$work/log"
grep -q ', 0 broken;' "$work/log" || { echo "captures that broke the program"; exit 1; }
python3 - "$work/score.json" <<'END'
import json, sys
LEAST = {"flow": 99.5, "orientation": 99.5, "version": 98, "sni": 98, "cipher": 98, "ja3": 98,
         "ja3s": 98, "ja4": 98, "alpn": 98, "server_certificates": 98, "client_certificates": 98}
fields = json.load(open(sys.argv[1]))["fields"]
bad = False
for name, least in LEAST.items():
    share = 100 * fields[name]["matched"] / fields[name]["total"]
    if share < least:
        print(f"{name}: {share:.2f} % matched, wanted {least}")
        bad = True
sys.exit(bad)
END
