#!/bin/bash
# A live run in a network namespace gives the same flows as the file that tcpdump records beside it;
# it gives up root, answers SIGUSR1, and survives its interface going away. live.sh PROGRAM
#
# Needs root and Linux namespaces; exit status 77 says that they are not there.
set -u
program=$(realpath "$1")
[ "$(uname)" = Linux ] || { echo "network namespaces are Linux's"; exit 77; }
[ "$(id -u)" = 0 ] || { echo "needs root for network namespaces (sudo make check)"; exit 77; }

client=pw-client-$$ server=pw-server-$$
if ! ip netns add "$client" 2>/dev/null; then
    echo "this machine allows no network namespaces"
    exit 77
fi
work=$(mktemp -d)
chmod 755 "$work"
pids=()
cleanup() {
    [ ${#pids[@]} -gt 0 ] && kill "${pids[@]}" 2>/dev/null
    ip netns del "$client" 2>/dev/null
    ip netns del "$server" 2>/dev/null
    rm -rf "$work"
}
trap cleanup EXIT
bad=0
wrong() {
    echo "wrong: $*"
    bad=$((bad + 1))
}

# waits for a pattern in a file, 5 s at most
await() {
    for _ in $(seq 50); do
        grep -q "$1" "$2" 2>/dev/null && return
        sleep 0.1
    done
    wrong "nothing like '$1' in $2:"
    cat "$2"
}

on() { # on NAMESPACE COMMAND...
    local where=$1
    shift
    nsenter --net="/run/netns/$where" "$@"
}

ip netns add "$server"
on "$client" ip link add c0 type veth peer name s0 netns "$server"
# Without duplicate address detection's chatter, so that only our packets are there.
on "$client" sh -c "echo 1 >/proc/sys/net/ipv6/conf/c0/disable_ipv6"
on "$server" sh -c "echo 1 >/proc/sys/net/ipv6/conf/s0/disable_ipv6"
on "$client" ip address add 192.0.2.100/24 dev c0
on "$server" ip address add 192.0.2.1/24 dev s0
on "$client" ip link set c0 up
on "$server" ip link set s0 up

openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" -days 2 \
    -subj "/CN=courier.push.example" -addext "subjectAltName=DNS:courier.push.example" 2>/dev/null
mkfifo "$work/nothing"
exec 9<>"$work/nothing" # input that never comes and never ends
nsenter --net="/run/netns/$server" openssl s_server -quiet -accept 5223 -key "$work/key.pem" -cert "$work/cert.pem" \
    -alpn apns-security-v3 >"$work/server.log" 2>&1 <&9 &
pids+=($!)
for _ in $(seq 50); do
    on "$server" ss -ltn 2>/dev/null | grep -q :5223 && break
    sleep 0.1
done

nsenter --net="/run/netns/$client" tcpdump -i c0 -U --immediate-mode --time-stamp-precision=nano -w "$work/beside.pcap" \
    2>"$work/tcpdump.log" &
recorder=$!
pids+=("$recorder")
nsenter --net="/run/netns/$client" "$program" -j 1 -i c0 -o "json:$work/live.json" -o text 2>"$work/live.err" >"$work/live.txt" &
watcher=$!
pids+=("$watcher")
await listening "$work/tcpdump.log"
await watching "$work/live.err"

# It must not be root any more.
uid=$(awk '/^Uid:/ { print $2, $3, $4 }' "/proc/$watcher/status")
case " $uid " in *" 0 "*) wrong "the watcher is still root (Uid: $uid)" ;; esac
[ "$(awk '/^CapEff:/ { print $2 }' "/proc/$watcher/status")" = 0000000000000000 ] ||
    wrong "the watcher still has capabilities"

talk() { # talk SECONDS OPTIONS...: a TLS session that says something, waits, and closes
    local wait=$1
    shift
    (echo hello; sleep "$wait") | on "$client" timeout 10 openssl s_client -quiet -no_ign_eof -verify_quiet \
        -connect 192.0.2.1:5223 -servername courier.push.example -alpn apns-security-v3 "$@" \
        >/dev/null 2>&1
}
talk 0.3 -tls1_2
talk 0.3 -tls1_3
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/other.key" -out "$work/other.pem" -days 2 \
    -subj "/CN=Another Root" 2>/dev/null
talk 0.3 -tls1_3 -CAfile "$work/other.pem" -verify_return_error # distrusts the server
on "$client" timeout 2 bash -c 'exec 3<>/dev/tcp/192.0.2.1/5224' 2>/dev/null # not watched
on "$server" nft 'add table ip forget; add chain ip forget input { type filter hook input priority 0; policy drop; }'
on "$client" timeout 3 bash -c 'exec 3<>/dev/tcp/192.0.2.1/5223' 2>/dev/null # unanswered SYN

kill -USR1 "$watcher"
sleep 2.5
grep -q '"final":false' "$work/live.json" || wrong "SIGUSR1 gave no snapshot"
kill -INT "$watcher"
wait "$watcher"
[ $? = 0 ] || wrong "the live run ended with status $?: $(cat "$work/live.err")"
kill -INT "$recorder"
wait "$recorder"

"$program" -q -o json "$work/beside.pcap" >"$work/file.json" || wrong "the file beside it can't be read"
python3 - "$work/live.json" "$work/file.json" <<'END' || wrong "live and file differ"
import datetime, json, sys

# What must differ: a file has no interface, no clock after its last packet, and an order. And the
# kernel stamps a packet for each of the two recorders, some hundred nanoseconds apart.
APART = 0.001

def seconds(value):
    if isinstance(value, str) and value.endswith("Z"):
        whole, _, part = value[:-1].partition(".")
        return datetime.datetime.fromisoformat(whole).timestamp() + float("0." + (part or "0"))
    return value if isinstance(value, float) else None

def flows(path):
    found = []
    for line in open(path):
        flow = json.loads(line)
        if flow["type"] == "flow" and flow["final"]:
            for key in ("n", "interface"):
                flow.pop(key, None)
            for key in ("idle_at_end", "stuck"):
                flow["tcp"].pop(key, None)
            flow["findings"] = [f["id"] for f in flow.get("findings", [])]
            found.append(flow)
    return sorted(found, key=lambda flow: flow["first_frame"])

live, file = flows(sys.argv[1]), flows(sys.argv[2])
print(len(live), "flows live,", len(file), "from the file")
def differences(one, other, path):
    if isinstance(one, dict) and isinstance(other, dict):
        for key in {**one, **other}:
            yield from differences(one.get(key), other.get(key), f"{path}.{key}")
    elif seconds(one) is not None and seconds(other) is not None:
        if abs(seconds(one) - seconds(other)) > APART:
            yield f"{path}: {one} live, {other} from the file"
    elif one != other:
        yield f"{path}: {one} live, {other} from the file"

different = len(live) != len(file) or len(live) < 4
for one, other in zip(live, file):
    for line in differences(one, other, f"flow at frame {one['first_frame']}"):
        print(line)
        different = True
sys.exit(different)
END
python3 tests/validate_schema.py report/flow-record.schema.json <"$work/live.json" ||
    wrong "the live report is not valid"
[ -s "$work/live.txt" ] || wrong "no text report"

# The interface goes away.
nsenter --net="/run/netns/$client" "$program" -i c0 -o json 2>"$work/gone.err" >"$work/gone.json" &
watcher=$!
pids+=("$watcher")
await watching "$work/gone.err"
on "$client" ip link del c0
for _ in $(seq 50); do
    kill -0 "$watcher" 2>/dev/null || break
    sleep 0.1
done
kill -0 "$watcher" 2>/dev/null && wrong "the interface went away and nobody noticed"
wait "$watcher"
[ $? = 3 ] || wrong "the interface went away: not status 3"
grep -q '^pushwatch: c0: .*went away' "$work/gone.err" || wrong "not reported: $(cat "$work/gone.err")"
grep -q '"type":"summary"' "$work/gone.json" || wrong "the interface went away: no summary"

echo "$bad wrong"
[ "$bad" = 0 ]
