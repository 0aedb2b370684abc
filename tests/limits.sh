#!/bin/sh
# Connections made to take memory stay within --max-memory, and are all reported; and what had to go
# is the same with any number of threads: limits.sh PROGRAM
set -eu
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0
wrong() {
    echo "wrong: $*"
    bad=$((bad + 1))
}
# A sanitizer's own memory is beside the point, and its time is long.
measured=true orders='first end'
ldd "$program" 2>/dev/null | grep -q 'lib[a-z]*san\.' && measured=false orders=first

# hold KIND COUNT MIB OPTION...
hold() {
    kind=$1 count=$2 limit=$3
    shift 3
    python3 tests/hostile.py "$kind" "$count" "$work/capture"
    for order in $orders; do
        for jobs in 1 64; do
            "$program" -v -j "$jobs" --max-memory "${limit}M" --order "$order" "$@" \
                -o "json:$work/$jobs" "$work/capture" 2>"$work/errors" ||
                wrong "$kind, -j $jobs, --order $order: $(cat "$work/errors")"
            cmp -s "$work/1" "$work/$jobs" || wrong "$kind, --order $order: -j $jobs differs from -j 1"
            peak=$(sed -n 's/.*peak memory \([0-9]*\).*/\1/p' "$work/errors")
            echo "$kind, -j $jobs, --order $order: $peak MiB"
            [ "$measured" = false ] || [ "$peak" -lt "$limit" ] ||
                wrong "$kind, -j $jobs, --order $order: $peak MiB"
        done
        # A connection that had to go is another one if it goes on.
        flows=$(grep -c '^{"type":"flow"' "$work/$jobs")
        [ "$flows" -gt "$count" ] || wrong "$kind, --order $order: $flows flows of $count"
        if [ "$order" = first ]; then
            grep -o '"first_frame":[0-9]*' "$work/$jobs" | cut -d: -f2 | sort -nc ||
                wrong "$kind: not in the order of first packets"
        fi
    done
}

hold syn 250000 64 --no-ndpi
hold pending 120000 64 --no-ndpi
hold partial 20000 64 --no-ndpi
hold hellos 20000 64 --no-ndpi
hold holes 5000 64 --no-ndpi
hold inflight 5000 64 --no-ndpi
hold certs 20000 64 --no-ndpi
hold large 5000 64 --no-ndpi
hold slow 10000 64
hold closed 50000 64 --no-ndpi
hold apart 30000 64 --no-ndpi
TMPDIR=/dev/null hold closed 50000 64 --no-ndpi
hold plain 20000 128
hold rising 160000 64 --no-ndpi
hold phases 380000 64 --no-ndpi
hold records 10000 64 --no-ndpi
hold series 60000 64 --no-ndpi

# Compressed, it is read by one thread for all, however many there are.
python3 tests/hostile.py partial 20000 "$work/capture"
gzip -1 "$work/capture"
for jobs in 1 7; do
    "$program" -q -j "$jobs" --max-memory 64M --no-ndpi -o "json:$work/$jobs" "$work/capture.gz"
done
cmp -s "$work/1" "$work/7" || wrong "partial, compressed: -j 7 differs from -j 1"
echo "$bad wrong"
[ "$bad" = 0 ]
