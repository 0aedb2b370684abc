#!/bin/sh
# The manual page is clean, knows every option that --help knows and every finding that --explain
# lists, and the README shows a report as it is. manual.sh PROGRAM [--update]
# --update writes the list of findings and the README's report anew.
set -u
program=$1
update=${2:-}
bad=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The page with the list of findings as the program has it.
"$program" --explain |
    awk '{ id = $1; severity = $2; $1 = $2 = ""; sub(/^ +/, "")
           printf ".It Cm %s Pq %s\n%s\n", id, severity, $0 }' >"$work/list"
awk -v list="$work/list" '
    /^\.\\" end$/ { print ".El"; inside = 0 }
    !inside
    /^\.\\" Written by .* begin$/ {
        inside = 1
        print ".Bl -tag -width Ds"
        while ((getline line < list) > 0) print line
    }' pushwatch.1 >"$work/pushwatch.1"

# The README with what the demo prints in its first block.
"$program" -q pcaps/seed-fin-wait-1-143.pcap >"$work/report"
awk -v report="$work/report" '
    /^```$/ && block < 2 { block++; inside = block == 1; print
        if (inside) while ((getline line < report) > 0) print line
        next }
    !inside' README.md >"$work/README.md"

if [ "$update" = --update ]; then
    cp "$work/pushwatch.1" pushwatch.1
    cp "$work/README.md" README.md
fi
for page in pushwatch.1 README.md; do
    diff -u "$page" "$work/$page" ||
        { echo "$page differs from what the program says: make golden writes it anew"; bad=$((bad + 1)); }
done
mandoc -T lint -W warning pushwatch.1 || bad=$((bad + 1))
for option in $("$program" --help | grep -oE -- '--[a-z][a-z-]+' | sort -u); do
    # mdoc writes a long option as `Fl -name`.
    grep -qE -- "Fl -${option#--}( |$)" pushwatch.1 ||
        { echo "pushwatch.1 does not explain $option"; bad=$((bad + 1)); }
done
echo "$bad wrong"
[ "$bad" = 0 ]
