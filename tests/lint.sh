#!/bin/sh
# The rules between the folders and of the house, checked. lint.sh
set -u
bad=0
complain() {
    echo "lint: $*"
    bad=$((bad + 1))
}
sources=$(ls ./*.[ch] capture/*.[ch] dissect/*.[ch] report/*.[ch] report/judge/*.[ch])
tests=$(ls tests/*.[ch] tests/fuzz/*.c tests/bench/*.[ch])

# What takes the longest runs beside the rest.
deeper() {
    ! command -v cppcheck >/dev/null || cppcheck "$@"
}
deeper --quiet --std=c11 --enable=warning,portability --inline-suppr --error-exitcode=1 \
    --suppress=missingIncludeSystem --suppress=ctuuninitvar \
    -D__linux__ capture dissect report keys.c known_file.c main.c options.c outputs.c process.c progress.c &
deeper=$!

# shellcheck disable=SC2086 # lists of words, here and below
clang-format --dry-run -Werror $sources $tests || complain "make it clean: clang-format -i"

# What may include what.
grep -n '#include "\.\./\(dissect\|report\)' capture/*.[ch] && complain "capture/ stands alone"
grep -nE '#include "\.\./(report|capture/)' dissect/*.[ch] |
    grep -vE 'capture/(base|packet)\.h' && complain "dissect/ knows base.h and packet.h of capture/"
grep -nE '#include "(\.\./)+(capture|dissect)/' report/*.[ch] report/judge/*.[ch] |
    grep -vE 'capture/(base|facts)\.h|dissect/(sink|flow_record|tls_facts|cert|note|fingerprint|limits|witness)\.h|judge/(anchors|staple)\.c:.*asn1\.h' &&
    complain "report/ knows the facts alone"

# Each library has its rooms.
grep -ln '<pcap' $sources | grep -vE 'capture/(live|filter|interfaces)\.c' && complain "libpcap"
grep -ln '<ndpi' $sources | grep -v 'dissect/appid_ndpi\.c' && complain "nDPI"
grep -ln '<openssl' $sources |
    grep -vE 'dissect/(x509|fingerprint|asn1|ocsp|decrypt)\.[ch]|judge/(trust|anchors|pem|name_key|validate|staple|parsed_certs)\.[ch]' && complain "OpenSSL"

grep -ln '<ini\.h' $sources | grep -v 'report/judge/policy\.c' && complain "libinih"
grep -ln '<jansson' $sources | grep -vE 'report/(baseline|known_text)\.c|dissect/log_json\.c' && complain "libjansson"
grep -ln '<brotli' $sources | grep -v 'dissect/decompress\.c' && complain "libbrotli"
grep -ln '<lz4' $sources | grep -v 'capture/codec_lz4\.c' && complain "liblz4"
grep -ln '<zlib\|<zstd' $sources | grep -v 'capture/codec_\|dissect/decompress\.c' && complain "zlib, libzstd"

# Bad ideas.
grep -nE '\b(strcpy|strcat|sprintf|gets|strtok|alloca|atoi)\(' $sources && complain "unsafe functions"
grep -nE '[^x_](malloc|calloc|realloc|strdup)\(' $sources |
    grep -vE 'capture/base\.[ch]|ndpi_flow_malloc' && complain "allocation is base.c's"
grep -niE '\b(TODO|FIXME|XXX|HACK)\b' $sources $tests && complain "unfinished work"
grep -nE '[[:space:]]+$' $sources $tests && complain "blanks at a line's end"

# Every header compiles alone.
for header in $(ls ./*.h capture/*.h dissect/*.h report/*.h report/judge/*.h); do
    cc -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -fsyntax-only -x c "$header" || complain "$header does not stand alone"
done

# No writable globals outside main.c: a report must not depend on what ran before.
for object in $(find build/capture build/dissect build/report -name '*.o' 2>/dev/null); do
    size -A "$object" | awk '($1 == ".data" || $1 == ".bss") && $2 > 0 { exit 1 }' ||
        complain "$object has writable globals"
done

# One idea per file.
for source in $sources; do
    lines=$(wc -l <"$source")
    [ "$lines" -le 600 ] || complain "$source has $lines lines"
done

wait "$deeper" || complain "cppcheck"

[ "$bad" = 0 ] && echo "lint: clean"
[ "$bad" = 0 ]
