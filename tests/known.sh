#!/bin/sh
# Certificates of earlier runs: two runs with a rotation, a change of issuer, and the file itself.
# known.sh PROGRAM
set -u
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
known=$work/known
bad=0
faults=pcaps/certificate-faults.pcap

wrong() {
    echo "$*"
    bad=$((bad + 1))
}

# run STATUS ARGUMENTS...
run() {
    status=$1
    shift
    "$program" -q "$@" >"$work/out" 2>"$work/err"
    got=$?
    [ "$got" = "$status" ] || wrong "$*: status $got, not $status: $(cat "$work/err")"
}

# leaves REPORT: the finding of each connection that has it, a line each.
leaves() {
    python3 -c 'import json, sys
for line in open(sys.argv[1]):
    for finding in json.loads(line).get("findings", []) if "\"type\":\"flow\"" in line else []:
        if finding["id"] == "unrecognized-leaf":
            print(json.dumps(finding, separators=(",", ":")))' "$1"
}

# leaf SEVERITY: unrecognized-leaf was raised so in the JSON report; "none": not at all.
leaf() {
    severity=$(leaves "$work/out" | sed -n 's/.*"severity":"\([a-z]*\)".*/\1/p' | sort -u)
    [ "${severity:-none}" = "$1" ] || wrong "unrecognized-leaf: '$severity', not $1"
}

# The connections of the capture by their clients' ports, the first under the issuer as usual.
port() {
    "$program" -q -o json $faults | sed -n "s/^{\"type\":\"flow\",\"n\":$1,.*\"client\":{\"ip\":\"[^\"]*\",\"port\":\([0-9]*\)}.*/\1/p"
}
first="tcp port $(port 1)" second="tcp port $(port 8)"

run 2 --known "$known" $faults
grep -q 'No such file' "$work/err" || wrong "a missing file is not named"
run 2 --learn $faults
run 2 --learn=some --known "$known" $faults
run 0 --known "$known" --learn -o json -f "$first" $faults
leaf none
[ "$(wc -l <"$known")" = 2 ] || wrong "the first run did not learn a certificate"

# The same again: nothing to say, and the file stays as it is, with its mode.
cp "$known" "$work/before"
chmod 640 "$known"
[ "$(id -u)" != 0 ] || chown 1:2 "$known"
owner=$(stat -c %u:%g "$known")
ln -s known "$work/link"
run 0 --known "$work/link" --learn -o json -f "$first" $faults
leaf none
cmp -s "$known" "$work/before" || wrong "the same run changed the file"
[ "$(stat -c %a "$known")" = 640 ] || wrong "the mode was not kept"
[ "$(stat -c %u:%g "$known")" = "$owner" ] || wrong "the owner was not kept"
[ -L "$work/link" ] || wrong "the link was replaced"

# A rotation under the same issuer is told and learned; without --learn it is told again.
run 0 --known "$known" -o json --fail-on unrecognized-leaf -f "$first" $faults
run 1 --known "$known" -o json --fail-on unrecognized-leaf -f "$second" $faults
leaf info
leaves "$work/out" | grep '"what":"key"' | grep -q SHA-256 || wrong "no change of key"
python3 tests/validate_schema.py report/flow-record.schema.json <"$work/out" || bad=$((bad + 1))
run 0 --known "$known" --learn -o json -f "$second" $faults
leaf info
run 0 --known "$known" -o json -f "$second" $faults
leaf none
[ "$(wc -l <"$known")" = 3 ] || wrong "the rotation was not learned"

# Another issuer is a warning, side by side in 80 columns, and not learned unless asked for.
proxy=pcaps/intercepted.pcap
cp "$known" "$work/before"
run 0 --known "$known" --learn $proxy
grep -q '^  issuer  *CN=Example Push Server CA  *CN=Example Proxy CA' "$work/out" ||
    wrong "not side by side: $(grep -A12 changed "$work/out")"
awk 'length > 80 { exit 1 }' "$work/out" || wrong "the report is wider than 80 columns"
cmp -s "$known" "$work/before" || wrong "another issuer was learned"
run 0 --known "$known" --learn=all --policy pcaps/push.policy -o json $proxy
leaf warning
cmp -s "$known" "$work/before" || wrong "an unexpected issuer was learned"
run 0 --known "$known" --learn=all -o json $proxy
run 0 --known "$known" -o json $proxy
leaf none
[ "$(wc -l <"$known")" = 4 ] || wrong "--learn=all learned nothing"
# What is known silences no policy.
run 1 --known "$known" --policy pcaps/push.policy --fail-on unexpected-issuer $proxy

# The same name of an issuer and another key is another issuer.
run 0 --known "$work/before" -o json pcaps/tls12-stapled.pcap
leaf warning

# Threads make no difference, nor does a file that is none get replaced.
rm "$known"
run 0 --known "$known" --learn -j 1 $faults
cp "$known" "$work/before"
rm "$known"
run 0 --known "$known" --learn -j 4 $faults
cmp -s "$known" "$work/before" || wrong "threads make a difference"
run 2 --known $faults --learn $faults
run 2 --known "$known" -o "json:$known" $faults
echo '{"type":"meta"}' >"$work/other"
run 2 --known "$work/other" --learn $faults
[ "$(cat "$work/other")" = '{"type":"meta"}' ] || wrong "a file that is none was replaced"
run 2 --known /dev/null --learn $faults
run 2 --known - --learn $faults
run 2 --known - - <$faults
[ -z "$(find "$work" -name '*.new.*')" ] || wrong "a temporary file was left"

echo "$bad wrong"
[ "$bad" = 0 ]
