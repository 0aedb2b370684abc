#!/bin/sh
# A capture that is cut or damaged: what precedes is reported, the place is named, status 3; pipes
# and several files give what one file gives. damaged.sh PROGRAM
set -u
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0
capture=pcaps/tls12.pcap

wrong() {
    echo "wrong: $*"
    bad=$((bad + 1))
}

# The flows of a report, without what depends on the file's name.
flows() {
    "$program" -q --no-ndpi -o json "$@" 2>"$work/err" | grep '"type":"flow"'
}

size=$(wc -c <"$capture")
head -c $((size - 7)) "$capture" >"$work/cut.pcap"
"$program" -q -o json "$work/cut.pcap" >"$work/out" 2>"$work/err"
[ $? = 3 ] || wrong "a truncated capture: not status 3"
grep -qE "^pushwatch: .*cut.pcap.*truncated.*byte [0-9]+" "$work/err" || wrong "no offset: $(cat "$work/err")"
grep -q '"type":"flow"' "$work/out" || wrong "a truncated capture: nothing reported"
[ "$(grep -c '"type":"summary"' "$work/out")" = 1 ] || wrong "a truncated capture: no summary"

# The length of the sixth record destroyed.
python3 - "$capture" "$work/broken.pcap" <<'END'
import struct, sys
data = bytearray(open(sys.argv[1], "rb").read())
at = 24
for _ in range(5):
    at += 16 + struct.unpack_from("<I", data, at + 8)[0]
struct.pack_into("<I", data, at + 8, 0x7fffffff)
open(sys.argv[2], "wb").write(data)
print(at)
END
"$program" -q -o json "$work/broken.pcap" >"$work/out" 2>"$work/err"
[ $? = 3 ] || wrong "a damaged capture: not status 3"
grep -qE "byte [0-9]+" "$work/err" || wrong "a damaged capture: no offset: $(cat "$work/err")"

# A link type that is not read (195: IEEE 802.15.4) is named, once.
{ head -c 20 "$capture"; printf '\303\0\0\0'; tail -c +25 "$capture"; } >"$work/wpan.pcap"
"$program" -o json "$work/wpan.pcap" >"$work/out" 2>"$work/err" || wrong "link type 195: not status 0"
[ "$(cat "$work/err")" = "pushwatch: packets of link type 195 (IEEE 802.15.4) are not read" ] ||
    wrong "link type 195: not named: $(cat "$work/err")"
grep -q '"unsupported-link-type":' "$work/out" || wrong "link type 195: not counted"

flows "$capture" >"$work/file"
cat "$capture" | flows - >"$work/pipe"
cmp -s "$work/file" "$work/pipe" || wrong "a pipe gives another report than the file"

# Cut into three files at packet boundaries, given in the wrong order.
python3 - "$capture" "$work/part" <<'END'
import struct, sys
data = open(sys.argv[1], "rb").read()
header, at, records = data[:24], 24, []
while at < len(data):
    size = 16 + struct.unpack_from("<I", data, at + 8)[0]
    records.append(data[at:at + size])
    at += size
third = len(records) // 3
for part in range(3):
    chosen = records[part * third:(part + 1) * third if part < 2 else None]
    open(f"{sys.argv[2]}{part}.pcap", "wb").write(header + b"".join(chosen))
END
flows "$work/part2.pcap" "$work/part0.pcap" "$work/part1.pcap" >"$work/parts"
cmp -s "$work/file" "$work/parts" || wrong "rotated files give another report than one"

# Compressed: the same report, by a file, by a pipe and among others; cut, what precedes the end.
for tool in gzip zstd lz4; do
    "$tool" -q -c <"$capture" >"$work/packed" 2>"$work/err" || { wrong "$tool: $(cat "$work/err")"; continue; }
    flows "$work/packed" >"$work/out"
    cmp -s "$work/file" "$work/out" || wrong "$tool: another report than the file"
    cat "$work/packed" | flows - >"$work/out"
    cmp -s "$work/file" "$work/out" || wrong "$tool: a pipe gives another report than the file"
    "$tool" -q -c <"$work/part1.pcap" >"$work/part1.packed"
    flows "$work/part2.pcap" "$work/part0.pcap" "$work/part1.packed" >"$work/out"
    cmp -s "$work/file" "$work/out" || wrong "$tool: among other files: another report"
    size=$(wc -c <"$work/packed")
    head -c $((size - 1)) "$work/packed" >"$work/cut"
    "$program" -q -o json "$work/cut" >"$work/out" 2>"$work/err"
    [ $? = 3 ] || wrong "$tool: cut: not status 3"
    grep -qE "^pushwatch: .*cut: truncated: the $tool data ends at byte $((size - 1))" "$work/err" ||
        wrong "$tool: cut: not said: $(cat "$work/err")"
    grep -q '"type":"flow"' "$work/out" || wrong "$tool: cut: nothing reported"
done

echo "$bad wrong"
[ "$bad" = 0 ]
