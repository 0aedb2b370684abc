#!/bin/bash
# Key logs: as files with mistakes, that are not there, that come through pipes; and live, while the
# program that has the secrets writes them down. keys.sh PROGRAM
#
# Needs root and Linux namespaces; exit status 77 says that they are not there.
set -u
program=$(realpath "$1")
[ "$(uname)" = Linux ] || { echo "network namespaces are Linux's"; exit 77; }
[ "$(id -u)" = 0 ] || { echo "needs root for network namespaces (sudo make check)"; exit 77; }
space=pw-keys-$$
ip netns add "$space" 2>/dev/null || { echo "this machine allows no network namespaces"; exit 77; }
work=$(mktemp -d)
chmod 755 "$work"
pids=()
cleanup() {
    [ ${#pids[@]} -gt 0 ] && kill "${pids[@]}" 2>/dev/null
    ip netns del "$space" 2>/dev/null
    rm -rf "$work"
}
trap cleanup EXIT
bad=0
wrong() {
    echo "wrong: $*"
    bad=$((bad + 1))
}
on() { nsenter --net="/run/netns/$space" "$@"; }

# waits for a pattern in a file, ten seconds at most
await() {
    for _ in $(seq 100); do
        grep -q "$1" "$2" 2>/dev/null && return
        sleep 0.1
    done
    wrong "nothing like '$1' in $2:"
    cat "$2"
}

# via FILE: how the certificates of each flow of a report were had
via() { grep -o '"certificates_via":"[a-z-]*"' "$1" | cut -d'"' -f4 | sort | uniq -c | tr -s ' \n' ' '; }

# --- a live run, its key log not there yet
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" -days 2 \
    -subj "/CN=courier.push.example" 2>/dev/null
mkfifo "$work/nothing"
exec 9<>"$work/nothing" # input that never comes and never ends
on ip link set lo up
nsenter --net="/run/netns/$space" openssl s_server -quiet -accept 5223 -key "$work/key.pem" -cert "$work/cert.pem" >"$work/server.log" 2>&1 <&9 &
pids+=($!)
for _ in $(seq 50); do
    on ss -ltn 2>/dev/null | grep -q :5223 && break
    sleep 0.1
done
nsenter --net="/run/netns/$space" tcpdump -Z root -i lo -U --immediate-mode -w "$work/beside.pcap" 2>"$work/tcpdump.log" &
recorder=$!
nsenter --net="/run/netns/$space" "$program" -i lo --keylog "$work/keys" -o "json:$work/live.json" 2>"$work/live.err" &
watcher=$!
pids+=("$recorder" "$watcher")
await listening "$work/tcpdump.log"
await watching "$work/live.err"
talk() {
    (echo hello; sleep 0.5) | on timeout 10 openssl s_client -quiet -no_ign_eof -verify_quiet \
        -connect 127.0.0.1:5223 "$@" >/dev/null 2>&1
}
talk -tls1_3 -keylogfile "$work/keys"
sleep 2 # longer than it takes to look at the file again
cp "$work/keys" "$work/first"
: >"$work/keys" # begun anew
talk -tls1_2 -keylogfile "$work/keys"
talk -tls1_3 # whose secrets nobody tells
sleep 3 # longer than ended flows linger
kill -INT "$watcher"
wait "$watcher" || wrong "the live run ended with status $?: $(cat "$work/live.err")"
kill -INT "$recorder"
wait "$recorder"
[ "$(via "$work/live.json")" = " 1 encrypted 1 keylog 1 plain " ] ||
    wrong "live: certificates via$(via "$work/live.json")"
[ "$(grep -c '"decryption":{"status":"complete"' "$work/live.json")" = 2 ] ||
    wrong "live: $(grep -o '"decryption":{[^}]*}' "$work/live.json")"
[ "$(grep -o '"close_notify":{"client":"yes"' "$work/live.json" | wc -l)" = 2 ] || wrong "live: close_notify"

# --- files
cat "$work/first" "$work/keys" >"$work/all"
file() { # file NAME OPTIONS...: a report of the capture, and what was said beside it
    local name=$1
    shift
    "$program" -o "json:$work/$name.json" "$@" "$work/beside.pcap" 2>"$work/$name.err"
}
file all --keylog "$work/all" || wrong "status $?"
[ "$(via "$work/all.json")" = " 1 encrypted 1 keylog 1 plain " ] || wrong "file: via$(via "$work/all.json")"
[ -s "$work/all.err" ] && wrong "a good key log, and yet: $(cat "$work/all.err")"

# Lines with mistakes are named and counted; the others are used, also a last one without an end.
(printf 'nonsense\nCLIENT_RANDOM 00 11\n'; cat "$work/all") | head -c -1 >"$work/mistakes"
file mistakes --keylog "$work/mistakes" || wrong "status $?"
grep -q 'mistakes: 2 of .* the first is line 1' "$work/mistakes.err" || wrong "said: $(cat "$work/mistakes.err")"
[ "$(via "$work/mistakes.json")" = "$(via "$work/all.json")" ] || wrong "mistakes: via$(via "$work/mistakes.json")"
grep -q '"malformed":2,"first_malformed":1' "$work/mistakes.json" || wrong "mistakes are not counted"

# A file that is none, and one that is not there.
file none --keylog "$work/cert.pem" || wrong "status $?"
grep -q 'holds no TLS secrets' "$work/none.err" || wrong "said: $(cat "$work/none.err")"
file missing --keylog "$work/missing"
[ $? = 3 ] || wrong "a key log that is not there is not told by the status"
grep -q 'missing: No such file' "$work/missing.err" || wrong "said: $(cat "$work/missing.err")"

# Through pipes; secrets in the capture, before and behind what they open; and any number of threads.
file pipe --keylog <(cat "$work/all") || wrong "status $?"
[ "$(via "$work/pipe.json")" = "$(via "$work/all.json")" ] || wrong "pipe: via$(via "$work/pipe.json")"
"$program" -q -o json --keylog "$work/all" - <"$work/beside.pcap" >"$work/stdin.json" || wrong "status $?"
[ "$(via "$work/stdin.json")" = "$(via "$work/all.json")" ] || wrong "stdin: via$(via "$work/stdin.json")"
editcap --inject-secrets "tls,$work/all" -F pcapng "$work/beside.pcap" "$work/inside.pcapng" 2>/dev/null
for jobs in 1 3; do
    "$program" -q -j $jobs -o json "$work/inside.pcapng" >"$work/inside-$jobs.json" || wrong "status $?"
done
cmp "$work/inside-1.json" "$work/inside-3.json" || wrong "threads make a difference"
[ "$(via "$work/inside-1.json")" = "$(via "$work/all.json")" ] || wrong "inside: via$(via "$work/inside-1.json")"

# Secrets behind the first packets, right before a ClientHello: they open it, also where a pipe makes a
# pause there, and for any number of threads; compressed as well.
python3 - "$work/inside.pcapng" "$work/amid" <<'END'
import struct, sys
data = open(sys.argv[1], "rb").read()
blocks, at = [], 0
while at < len(data):
    kind, length = struct.unpack_from("<II", data, at)
    blocks.append((kind, data[at:at + length]))
    at += length
secrets = b"".join(block for kind, block in blocks if kind == 10)
rest = [block for kind, block in blocks if kind != 10]
hello = next(i for i, block in enumerate(rest) if b"\x16\x03\x01" in block and len(block) > 200)
open(sys.argv[2] + ".1", "wb").write(b"".join(rest[:hello]) + secrets)
open(sys.argv[2] + ".2", "wb").write(b"".join(rest[hello:]))
END
for jobs in 1 3; do
    cat "$work/amid".[12] | "$program" -q -j $jobs -o json - >"$work/amid-$jobs.json" || wrong "status $?"
    (cat "$work/amid.1"; sleep 0.7; cat "$work/amid.2") | "$program" -q -j $jobs -o json - >"$work/pause-$jobs.json" ||
        wrong "status $?"
    cmp "$work/amid-1.json" "$work/pause-$jobs.json" || wrong "a pause makes a difference ($jobs threads)"
    cmp "$work/amid-1.json" "$work/amid-$jobs.json" || wrong "threads make a difference in a pipe"
done
[ "$(via "$work/amid-1.json")" = "$(via "$work/all.json")" ] || wrong "amid: via$(via "$work/amid-1.json")"

# What was said is nowhere in a report.
echo hello | od -An -tx1 | tr -d " \n" | cut -c1-10 >"$work/hello"
grep -l "$(cat "$work/hello")" "$work"/*.json && wrong "what was said is in a report"
echo "$bad wrong"
[ "$bad" = 0 ]
