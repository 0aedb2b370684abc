#!/bin/sh
# The manual page is clean and knows every option that --help knows, and the README shows a report as
# it is. manual.sh PROGRAM
set -u
program=$1
bad=0
report=$(mktemp)
trap 'rm -f "$report"' EXIT
mandoc -T lint -W warning pushwatch.1 || bad=$((bad + 1))
for option in $("$program" --help | grep -oE -- '--[a-z][a-z-]+' | sort -u); do
    # mdoc writes a long option as `Fl -name`.
    grep -qE -- "Fl -${option#--}( |$)" pushwatch.1 ||
        { echo "pushwatch.1 does not explain $option"; bad=$((bad + 1)); }
done
# The README shows what the demo prints.
"$program" -q pcaps/seed-fin-wait-1-143.pcap >"$report"
awk '/^```$/ { inside = !inside; if (!inside) exit; next } inside' README.md |
    diff -u - "$report" || { echo "README.md shows another report"; bad=$((bad + 1)); }
echo "$bad wrong"
[ "$bad" = 0 ]
