#!/bin/sh
# Runs a program over a corpus of captures (score.py there says how) and asks for no crash, for every
# field to match but for those that corpus-exceptions.md explains, and for each chain to be judged as
# OpenSSL judges it. corpus.sh CORPUS PROGRAM
set -eu
corpus=$1
program=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$corpus/score.py" "$program" --out "$work/reports" -- --json "$work/score.json" \
    --zeek-conn "$corpus/zeek_conn.tsv" >"$work/log" 2>&1 || true
cat "$work/log"
# Captures whose secrets are known: expected-keylog names the files.
keyed() {
    python3 - "$corpus" "$work/keyed" <<'END'
import json, pathlib, sys
corpus, out = map(pathlib.Path, sys.argv[1:])
for expected in sorted((corpus / "expected-keylog").rglob("*.json")):
    inside = expected.relative_to(corpus / "expected-keylog").with_suffix("")
    report = out / inside.with_suffix(inside.suffix + ".ndjson")
    report.parent.mkdir(parents=True, exist_ok=True)
    print(json.load(open(expected))["keylog"], corpus / "captures" / inside, report, sep="\t")
END
}
keyed >"$work/keyed.tsv"
while IFS="$(printf '\t')" read -r keys capture report; do
    "$program" -q -p any --keylog "$corpus/$keys" -o "json:$report" "$capture"
done <"$work/keyed.tsv"
echo "with keys:"
"$corpus/compare.py" --keys -v --dir "$corpus/expected-keylog" "$work/keyed"
grep -q ', 0 broken;' "$work/log" || { echo "captures that broke the program"; exit 1; }
# A host that closes by FIN and then answers the rest with RST injects nothing.
benign=$(find "$corpus/captures" -name '*anyconnect-vpn.pcap')
"$program" -q -p any -o json "$benign" >"$work/benign"
grep -q '"reset":{' "$work/benign" || { echo "anyconnect-vpn: no reset was seen"; exit 1; }
! grep -q '"id":"reset-injected"' "$work/benign" || { echo "anyconnect-vpn: a reset is called injected"; exit 1; }
# Chains against OpenSSL's own word.
find "$corpus/captures" -type f -print0 | sort -z | xargs -0 python3 tests/chains.py "$program"
python3 - "$work/score.json" tests/corpus-exceptions.md <<'END'
import json, re, sys
score = json.load(open(sys.argv[1]))
explained = set()
for line in open(sys.argv[2]):
    cells = [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
    if line.startswith("| `") and len(cells) == 6:
        explained.add(tuple(cells[:3]))
# Flows are named "zeek A > B @time" or "#stream A > B @time".
found = {(m["capture"], re.sub(r"^(zeek|#\S+) | @.*$", "", m["flow"]), m["field"]): m
         for m in score["mismatches"] if m["field"] != "not_tls"}
for key in sorted(found.keys() - explained):
    print("unexplained:", *key, "expected", found[key]["expected"], "got", found[key]["got"])
for key in sorted(explained - found.keys()):
    print("explained, but it matches:", *key)
for name, field in sorted(score["fields"].items()):
    print(f"{name}: {field['matched']} of {field['total']}")
sys.exit(bool(found.keys() - explained))
END
