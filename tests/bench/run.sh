#!/bin/sh
# Measures pushwatch against its yardsticks and its peers, in one run, on generated captures, and
# holds the figures against their targets:
#
#     run.sh PUSHWATCH [quick|full]
#     run.sh --install              installs the peers with apt-get
#
# quick: small captures, three runs, in a minute or two; it shows that all works, and its figures
# are rough: what a program takes to start counts for much in them.
# full: the sizes that docs/performance.md speaks of. The captures stay in $BENCH_DIR (build/bench)
# for the next time: about 8 GB, and as much memory as keeps them cached. $BENCH_SIZE is another
# factor for their size, $BENCH_RUNS another number of runs.
set -eu
here=$(dirname "$0")

if [ "${1:-}" = --install ]; then
    sudo=
    [ "$(id -u)" = 0 ] || sudo=sudo
    # shellcheck disable=SC2086 # empty or a word
    exec $sudo apt-get install -y --no-install-recommends \
        hyperfine time python3 tcpdump tshark libndpi-bin tcptrace
fi

# many: the factor for C. syns, idles: how many of a kind weigh enough to be weighed. flooded: so many
# that the limit, in MiB, is reached. memory: MiB that are touched before each timed run (warm.c).
pushwatch=${1:?usage: run.sh PUSHWATCH [quick|full]}
mode=${2:-quick}
case $mode in
quick)
    size=${BENCH_SIZE:-0.04} runs=${BENCH_RUNS:-3} many=0.02 checked=1 syns=0.05 idles=0.01
    flooded=0.1 limit=96 memory=64
    ;;
full)
    size=${BENCH_SIZE:-1} runs=${BENCH_RUNS:-5} many=$size checked=0.1 syns=0.4 idles=0.05
    flooded=$size limit=256 memory=512
    ;;
*)
    echo "run.sh: neither quick nor full: $mode" >&2
    exit 2
    ;;
esac
dir=${BENCH_DIR:-build/bench}
tools=$dir/tools
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for needed in hyperfine python3 /usr/bin/time; do
    command -v "$needed" >/dev/null && continue
    echo "run.sh: $needed is missing; run.sh --install gets it" >&2
    exit 1
done

have() { command -v "$1" >/dev/null; }
scale() { awk "BEGIN { printf \"%.6g\", $1 * $2 }"; }
for peer in tcpdump tshark ndpiReader tcptrace; do
    have $peer || echo "$peer is not here: left out (run.sh --install gets it)"
done
"$here/tools.sh" "$tools"

# capture WORKLOAD SIZE: sets $file to such a capture, made now unless it is there already.
capture() {
    file=$dir/$1-$2.pcap
    if [ ! -e "$file.json" ] || [ -n "$(find "$tools/generate" -newer "$file.json")" ]; then
        rm -f "$file.json"
        "$tools/generate" "$1" "$2" "$file" >"$work/json"
        mv "$work/json" "$file.json"
    fi
    cat "$file" >/dev/null # into the page cache
}
# counted KEY: what the generator says of $file.
counted() { sed -E "s/.*\"$1\":([0-9]+).*/\1/" "$file.json"; }

# figure KEY VALUE: for verdict.py, which knows the keys.
figure() { printf '%s\t%s\n' "$1" "$2" >>"$work/figures"; }

# The commands to be measured: add NAME COMMAND.
begin() { : >"$work/commands"; }
add() { printf '%s\n%s\n' "$1" "$2" >>"$work/commands"; }
# measure NAME FILE...: runs each once, then each again: what disturbs the machine for a while disturbs
# all of them. Before each run memory and the files are touched. The results are in $work/NAME.
measure() {
    name=$1
    shift
    warm="$tools/warm $memory $*"
    set --
    while read -r title && read -r command; do
        set -- "$@" -n "$title" "$command"
    done <"$work/commands"
    mkdir "$work/$name"
    round=0
    while [ "$round" -lt "$runs" ]; do
        round=$((round + 1))
        hyperfine --style none -N --runs 1 --warmup $((round == 1)) --prepare "$warm" \
            --export-json "$work/$name/$round.json" "$@" >/dev/null 2>"$work/errors" </dev/null ||
            { cat "$work/errors" >&2; exit 1; }
    done
}

# What pushwatch tells of a connection, as far as tshark has a field for it.
facts="-T fields"
for field in frame.time_epoch ip.src ipv6.src tcp.stream tcp.len tcp.flags tcp.analysis.flags \
    tls.record.version tls.handshake.version tls.handshake.extensions.supported_version \
    tls.handshake.ciphersuite tls.handshake.extensions_server_name \
    tls.handshake.extensions_alpn_str tls.handshake.ja3 tls.handshake.ja3s tls.alert_message.desc \
    x509sat.uTF8String x509sat.printableString x509af.serialNumber x509af.utcTime \
    x509ce.dNSName; do
    facts="$facts -e $field"
done

# compare WORKLOAD: all programs on it; tshark, which takes long, on a tenth.
compare() {
    capture "$1" "$(scale "$size" 0.1)"
    tenth=$file
    capture A 0.00003
    if have tshark; then
        begin
        add "tshark, a line for each packet" "tshark -n -r $tenth -d tcp.port==5223,tls"
        add "tshark, the facts" "tshark -n -r $tenth -d tcp.port==5223,tls $facts"
        add "tshark, start" "tshark -n -r $file -d tcp.port==5223,tls"
        measure "$1.tshark" "$tenth"
    fi
    capture "$1" "$size"
    begin
    add "libpcap, empty callback, BPF" "$tools/empty_pcap $file 'tcp port 5223'"
    add "libpcap, empty callback" "$tools/empty_pcap $file"
    add "read() and step" "$tools/raw_read $file"
    for how in "-j 1 --no-ndpi" "-j 1" "-j 2 --no-ndpi" "-j 2" ""; do
        add "pushwatch${how:+ $how}" "$pushwatch -q $how -o json:/dev/null $file"
    done
    have tcpdump && add "tcpdump -w /dev/null, BPF" "tcpdump -r $file -w /dev/null 'tcp port 5223'"
    have ndpiReader && add ndpiReader "ndpiReader -q -i $file"
    have tcptrace && add tcptrace "tcptrace -n $file"
    measure "$1" "$file"
    python3 "$here/table.py" "$1" "$work/figures" "$work/$1" "$file.json" "$work/$1.tshark" \
        "$tenth.json"
}

# peak COMMAND...: sets $kib to the most memory it had, $spent to its times.
peak() {
    /usr/bin/time -o "$work/time" -f '%M %e %U %S' "$@" >/dev/null 2>&1 </dev/null ||
        echo "    (ended with status $?)"
    spent=$(tail -n 1 "$work/time")
    kib=${spent%% *}
}
# show NAME COMMAND...: a line about it.
show() {
    title=$1
    shift
    peak "$@"
    echo "$spent" | awk -v title="$title" '{
        printf "%-34s %8.1f MiB %8.2f s %8.2f s CPU\n", title, $1 / 1024, $2, $3 + $4
    }'
}

remember() {
    printf '\n== C: open connections, four in five a lone SYN, the rest idle after a handshake\n'
    capture C "$(scale "$many" 2)"
    twice=$file
    capture C "$many"
    flows=$(counted flows)
    show "pushwatch --no-ndpi, $flows" "$pushwatch" -q --no-ndpi -o json:/dev/null "$file"
    show "pushwatch, $flows" "$pushwatch" -q -o json:/dev/null "$file"
    figure C/peak "$kib"
    show "pushwatch, twice as many" "$pushwatch" -q -o json:/dev/null "$twice"
    begin
    add "pushwatch" "$pushwatch -q -o json:/dev/null $file"
    add "pushwatch, twice as many" "$pushwatch -q -o json:/dev/null $twice"
    measure C "$file" "$twice"
    python3 "$here/table.py" C "$work/figures" "$work/C"
    # Peers need gigabytes for a million.
    free=$(awk '/^MemAvailable/ { print int($2 / 1048576) }' /proc/meminfo)
    if [ "$mode" = full ] && [ "$free" -lt 12 ]; then
        echo "ndpiReader and tcptrace: left out, $free GiB of memory are too few"
        return
    fi
    if have ndpiReader; then show "ndpiReader, $flows" ndpiReader -q -i "$file"; fi
    if have tcptrace; then show "tcptrace, $flows" tcptrace -n "$file"; fi
}

# weigh WORKLOAD SIZE NAME: what a connection costs, as the difference between a number of the same
# kind and twice as many. An empty run is no measure: it has not touched the buffers, the libraries
# and the allocator's reserves that the first connection already pays for. Twice as many fill the
# flow table, which grows by doubling, to the same degree.
weigh() {
    capture "$1" "$2"
    once=$(counted flows)
    peak "$pushwatch" -q -o json:/dev/null "$file"
    before=$kib
    capture "$1" "$(scale "$2" 2)"
    peak "$pushwatch" -q -o json:/dev/null "$file"
    bytes=$(((kib - before) * 1024 / ($(counted flows) - once)))
    figure "$1/bytes" "$bytes"
    echo "$3: $bytes bytes each ($once: $((before / 1024)) MiB, $(counted flows): $((kib / 1024)) MiB)"
}

# The connections among the SYNs are to be reported as a run that sees no others reports them: their
# clients' addresses are apart from the flood's. Of the report, some gigabytes, the rest is not kept.
flood() {
    capture F "$flooded"
    printf '\n== F: a flood of %s SYNs, --max-memory %sM\n' "$(counted unanswered)" "$limit"
    mkfifo "$work/report"
    LC_ALL=C grep -F -e '"tls":{' -e '{"type":"summary"' <"$work/report" >"$work/flood" &
    show "pushwatch" "$pushwatch" -q --max-memory "${limit}M" -o "json:$work/report" "$file"
    wait
    figure F/peak "$(awk "BEGIN { print $kib / 1024 / $limit }")"
    "$pushwatch" -q -f 'net 10.0.0.0/8 or ip6' -o "json:$work/alone" "$file"
    python3 "$here/whole.py" "$work/figures" "$work/flood" "$work/alone" "$file.json"
}

start() {
    capture A 0.00003
    begin
    add "pushwatch --version" "$pushwatch --version"
    add "pushwatch --no-ndpi, 30 KB" "$pushwatch -q --no-ndpi -o json:/dev/null $file"
    add "pushwatch, 30 KB" "$pushwatch -q -o json:/dev/null $file"
    runs=20
    measure start "$file"
    printf '\n== Start: %s bytes\n' "$(wc -c <"$file")"
    python3 "$here/table.py" start "$work/figures" "$work/start"
}

# hash JOBS: of the JSON report on $file.
hash() {
    { "$pushwatch" -q -j "$1" -o json "$file" || true; } 2>/dev/null | sha256sum
}
# The same report whatever the number of threads.
identical() {
    capture A "$size"
    different=0
    for file in pcaps/*.pcap pcaps/*.pcapng "$file"; do
        one=$(hash 1)
        for jobs in 2 7; do
            [ "$(hash $jobs)" = "$one" ] && continue
            echo "$file: -j $jobs writes another report than -j 1"
            different=$((different + 1))
        done
    done
    printf '\n== JSON of A with -j 1, 2, 7, SHA-256: %s\n' "${one%% *}"
    figure different "$different"
}

printf 'size %s, medians of %s runs, %s cores\n' "$size" "$runs" "$(nproc)"
# Fast and wrong would be no use: what is measured is also checked.
for workload in A B; do
    capture $workload "$(scale "$size" $checked)"
    python3 "$here/check.py" "$pushwatch" "$file" "$file.json"
done
compare A
compare B
remember
weigh S $syns "a lone SYN"
weigh I $idles "an idle connection"
flood
start
identical
printf '\n== Targets%s\n' "$([ "$mode" = full ] || echo ' (for the full size: those of a small one are rough)')"
python3 "$here/verdict.py" "$work/figures"
