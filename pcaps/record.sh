#!/usr/bin/env bash
# Records the sample captures of this folder: real kernels in two or three network
# namespaces, OpenSSL at both ends, nftables as the firewall that forgets,
# tcpdump as the recorder, and what `ss` says at the end as the truth.
#
#     pcaps/record.sh [NAME...]      all captures, or the named ones
#     pcaps/record.sh --list         their names
#
# Needs root, Linux, iproute2, nftables, tcpdump, dumpcap and editcap, openssl,
# gnutls-bin, python3. Each scenario tells what the two ends, the firewall and the wire do;
# every step is bounded in time, and only processes started here are ended.

set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd) || exit 2
readonly client_ip=192.0.2.100 client_ip6=2001:db8::100
server_ip=192.0.2.1 # a scenario may choose $server_ip6 instead
readonly server_ip6=2001:db8::1
readonly port=5223
readonly at_once=12 # scenarios recorded side by side
readonly push_alpn=apns-security-v3,apns-pack-v1

die() {
    echo "record.sh: $*" >&2
    exit 2
}

# ---------------------------------------------------------------- certificates

# issue NAME SUBJECT ISSUER KEY-ALGORITHM EXTENSION...
issue() {
    local name=$1 subject=$2 issuer=$3 algorithm=$4 extension args=()
    shift 4
    for extension; do args+=(-addext "$extension"); done
    [ "$issuer" = self ] || args+=(-CA "$issuer.pem" -CAkey "$issuer.key")
    openssl req -x509 -new -newkey "$algorithm" -nodes "${digest:--sha256}" -days 825 -subj "$subject" -config minimal.cnf \
        "${args[@]}" -keyout "$name.key" -out "$name.pem" 2>>openssl.log
}

# make_certificates: root -> intermediate -> leaf (RSA and P-256), a client's certificate, and an oversized chain
make_certificates() {
    local org='/C=ZZ/ST=Example State/L=Example City/O=Example Push' names=DNS:courier.push.example i
    local ca=basicConstraints=critical,CA:true sign=keyUsage=critical,keyCertSign,cRLSign
    local leaf=basicConstraints=critical,CA:false
    printf '[req]\ndistinguished_name=dn\n[dn]\n' >minimal.cnf
    openssl genpkey -genparam -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out p256.param
    names+=',DNS:*.push.example,DNS:courier.sandbox.push.example'
    issue root "$org/CN=Example Push Root CA" self rsa:2048 "$ca" "$sign" &&
        issue intermediate "$org/CN=Example Push Server CA 1" root rsa:2048 "$ca" "$sign" &&
        issue rsa "$org/CN=courier.push.example" intermediate rsa:2048 "$leaf" "subjectAltName=$names" \
            keyUsage=critical,digitalSignature,keyEncipherment extendedKeyUsage=serverAuth &&
        issue p256 "$org/CN=courier.push.example" intermediate ec:p256.param "$leaf" "subjectAltName=$names" \
            keyUsage=critical,digitalSignature extendedKeyUsage=serverAuth &&
        issue device-ca "$org/CN=Example Push Device CA" self rsa:2048 "$ca" "$sign" &&
        issue device "$org/CN=00000000-0000-4000-8000-EXAMPLEDEVICE" device-ca rsa:2048 "$leaf" \
            keyUsage=critical,digitalSignature extendedKeyUsage=clientAuth || return
    for ((i = 1; i <= 150; i++)); do names+=",DNS:$i-courier.push.example"; done
    issue large "$org/CN=courier.push.example" intermediate rsa:4096 "$leaf" "subjectAltName=$names" \
        extendedKeyUsage=serverAuth || return
    for i in rsa p256; do cat $i.key $i.pem intermediate.pem >$i.chain; done
    cat large.key large.pem intermediate.pem root.pem >large.chain
    cat device.key device.pem device-ca.pem >device.chain
    make_faulty_certificates
}

# issue_for_days NAME FROM TO: a leaf by the intermediate for days of its own (YYMMDD)
issue_for_days() {
    printf '[ca]\ndefault_ca=x\n[x]\ndatabase=index\nnew_certs_dir=.\nrand_serial=yes\npolicy=p\ndefault_md=sha256\n[p]\ncommonName=supplied\n' >ca.cnf
    : >index && printf 'subjectAltName=DNS:courier.push.example\n' >san.cnf
    openssl req -new -newkey rsa:2048 -nodes -subj /CN=courier.push.example -config minimal.cnf -keyout "$1.key" \
        -out "$1.csr" 2>>openssl.log &&
        openssl ca -batch -notext -config ca.cnf -cert intermediate.pem -keyfile intermediate.key -extfile san.cnf \
            -startdate "${2}000000Z" -enddate "${3}000000Z" -in "$1.csr" -out "$1.pem" 2>>openssl.log
}

# make_faulty_certificates: a leaf with each fault, and a proxy's authority with a leaf for the same name
make_faulty_certificates() {
    local name=subjectAltName=DNS:courier.push.example subject=/CN=courier.push.example
    issue_for_days expired 250101 260101 && issue_for_days early 300101 310101 &&
        issue other-name /CN=other.push.example intermediate rsa:2048 subjectAltName=DNS:other.push.example &&
        issue self-signed $subject self rsa:2048 "$name" &&
        issue short-key $subject intermediate rsa:1024 "$name" &&
        digest=-sha1 issue weak-signature $subject intermediate rsa:2048 "$name" &&
        issue proxy-ca '/O=Example Interception/CN=Example Proxy CA' self rsa:2048 basicConstraints=critical,CA:true &&
        issue proxy $subject proxy-ca rsa:2048 "$name"
}

# ------------------------------------------------------------------ namespaces

in_client() { ip netns exec "$ns-c" "$@"; }
in_server() { ip netns exec "$ns-s" "$@"; }
in_path() { ip netns exec "$ns-p" "$@"; }

# configure NAMESPACE IFACE IP IP6 MAC
configure() {
    local n=$1 iface=$2
    ip netns exec "$n" "$python" "$here/wire.py" plain "$iface" &&
        ip -n "$n" link set "$iface" address "$5" && ip -n "$n" link set lo up && ip -n "$n" link set "$iface" up &&
        ip -n "$n" address add "$3/24" dev "$iface" && ip -n "$n" address add "$4/64" dev "$iface" nodad &&
        ip netns exec "$n" sysctl -q -w net.ipv4.tcp_congestion_control=reno net.ipv4.tcp_tw_reuse=1
}

# no_ipv6 NAMESPACE: a namespace that only relays must not speak by itself
no_ipv6() { ip netns exec "$1" sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1; }

add_firewall() {
    ip netns exec "$1" nft -f - <<'NFT'
table inet firewall {
    set forgotten { type inet_service; }
    chain input {
        type filter hook input priority filter; policy accept;
        tcp sport @forgotten drop
    }
}
NFT
}

set_up_ends() {
    configure "$ns-c" c0 $client_ip $client_ip6 02:00:00:00:00:64 &&
        configure "$ns-s" s0 192.0.2.1 $server_ip6 02:00:00:00:00:01 &&
        add_firewall "$ns-c" && add_firewall "$ns-s" || exit
}

# wire_direct: client c0 -- s0 server
wire_direct() {
    ip netns add "$ns-c" && ip netns add "$ns-s" &&
        ip link add c0 netns "$ns-c" type veth peer name s0 netns "$ns-s" || exit
    set_up_ends
}

# wire_relayed OPTIONS...: client c0 -- pc (relay) ps -- s0 server
wire_relayed() {
    ip netns add "$ns-c" && ip netns add "$ns-s" && ip netns add "$ns-p" && no_ipv6 "$ns-p" &&
        ip link add c0 netns "$ns-c" type veth peer name pc netns "$ns-p" &&
        ip link add s0 netns "$ns-s" type veth peer name ps netns "$ns-p" || exit
    set_up_ends
    start_relay "$@" pc ps
}

# wire_tagged TAG...: client c0 -- pc (tagger) t0 -- t1 (tagger) ps -- s0 server, tagged frames between t0 and t1
wire_tagged() {
    local tag tags=()
    for tag; do tags+=(--tag "$tag"); done
    ip netns add "$ns-c" && ip netns add "$ns-s" && ip netns add "$ns-p" && no_ipv6 "$ns-p" &&
        ip link add c0 netns "$ns-c" type veth peer name pc netns "$ns-p" &&
        ip link add s0 netns "$ns-s" type veth peer name ps netns "$ns-p" &&
        ip link add t0 netns "$ns-p" type veth peer name t1 netns "$ns-p" || exit
    set_up_ends
    ip -n "$ns-p" link set t0 mtu 1508
    ip -n "$ns-p" link set t1 mtu 1508
    start_relay "${tags[@]}" pc t0
    start_relay "${tags[@]}" ps t1
}

# wire_tracked SECONDS VERDICT: client c0 -- pc (firewall) ps -- s0 server. The firewall, a router with proxy ARP, keeps
# track of connections; it forgets those that are idle for so long, and drops or rejects their packets from then on.
wire_tracked() {
    local iface
    ip netns add "$ns-c" && ip netns add "$ns-s" && ip netns add "$ns-p" && no_ipv6 "$ns-p" &&
        ip link add c0 netns "$ns-c" type veth peer name pc netns "$ns-p" &&
        ip link add s0 netns "$ns-s" type veth peer name ps netns "$ns-p" || exit
    set_up_ends
    for iface in pc ps; do
        in_path "$python" "$here/wire.py" plain $iface
        ip -n "$ns-p" link set $iface address 02:00:00:00:00:fe up &&
            in_path sysctl -q -w net.ipv4.conf.$iface.proxy_arp=1 net.ipv4.neigh.$iface.proxy_delay=0 || exit
    done
    ip -n "$ns-p" link set lo up && ip -n "$ns-p" route add $client_ip dev pc && ip -n "$ns-p" route add "$server_ip" dev ps &&
        in_path nft "table ip firewall { chain forward { type filter hook forward priority filter;
            ct state invalid $2; }; }" &&
        in_path sysctl -q -w net.ipv4.ip_forward=1 net.netfilter.nf_conntrack_tcp_loose=0 \
            net.netfilter.nf_conntrack_tcp_timeout_established="$1" || exit
}

# start_relay OPTIONS... LEFT RIGHT
start_relay() {
    local ready="$work/relay.${*: -1}" iface
    for iface in "${@: -2}"; do
        in_path "$python" "$here/wire.py" plain "$iface"
        ip -n "$ns-p" link set "$iface" up
    done
    in_path "$python" "$here/wire.py" relay "$@" >"$ready" 2>>"$work/log" &
    started+=($!)
    wait_for grep -q ready "$ready"
}

# wait_for COMMAND...: until it succeeds, at most ten seconds
wait_for() {
    local n
    for ((n = 0; n < 200; n++)); do
        "$@" 2>/dev/null && return
        sleep 0.05
    done
    echo "waited in vain for: $*" >>"$work/log"
    exit 1
}

# -------------------------------------------------------------------- firewall

# drop_at c|s RULE...: from now on the end drops what matches
drop_at() {
    local at=$1
    shift
    ip netns exec "$ns-$at" nft add rule inet firewall input "$@" drop || exit
}
# path_dies: the firewall in front of the server forgets everything
path_dies() { drop_at s tcp dport $port; }
# forget_flow PORT: ... or the one flow from that client port
forget_flow() { in_server nft add element inet firewall forgotten "{ $1 }" || exit; }
heal() { ip netns exec "$ns-$1" nft flush chain inet firewall input || exit; }

# ------------------------------------------------------------------------ ends

# start_end client|server NAMESPACE OPTIONS...
start_end() {
    local role=$1 namespace=$2
    shift 2
    mkfifo "$work/$role.in" "$work/$role.out" || exit
    # shellcheck disable=SC1083,SC2086,SC2093
    exec {to[$role]}<>"$work/$role.in" {from[$role]}<>"$work/$role.out"
    ip netns exec "$namespace" "$python" "$here/endpoint.py" "$role" "$@" \
        <"$work/$role.in" >"$work/$role.out" 2>>"$work/log" &
    pid[$role]=$!
    started+=($!)
}

client_of() { start_end client "$ns-c" "$@"; }
server_of() {
    start_end server "$ns-s" "$@"
    tell server listen "$server_ip" $port
}

# ask END COMMAND...: gives a command and does not wait; result END: waits for what became of it
ask() { printf '%s\n' "${*:2}" >&"${to[$1]}"; }
result() {
    read -r -t 30 answer <&"${from[$1]}" || answer="failed: no answer from the $1"
    echo "$1: $answer" >>"$work/log"
    [[ $answer = ok* ]]
}
tell() {
    ask "$@"
    result "$1" || exit
}
tell_in_vain() {
    ask "$@"
    ! result "$1" || exit
}

# meet [CLIENT-PORT]: TCP connection and TLS handshake; sets $client_port
meet() {
    meet_tcp "$@"
    ask server handshake
    ask client handshake
    result client || exit
    result server || exit
}
meet_tcp() {
    ask server accept
    tell client connect "$server_ip" $port "${1:-0}"
    client_port=${answer#ok }
    result server || exit
}

# say CLIENT|SERVER SIZE: a message that arrives
say() {
    local other=server
    [ "$1" = client ] || other=client
    tell "$1" send "$2"
    tell "$other" receive "$2"
}
# say_command CLIENT|SERVER COMMAND [FIELD VALUE]...: a command of APNs, all in hex
say_command() {
    local other=server fields='' command=$2
    [ "$1" = client ] || other=client
    local end=$1
    shift 2
    while (($# > 0)); do
        fields+=$1$(printf %04x $((${#2} / 2)))$2
        shift 2
    done
    tell "$end" say "$command$(printf %08x $((${#fields} / 2)))$fields"
    tell "$other" receive $((5 + ${#fields} / 2))
}
exchange() {
    say client 37
    say server 21
    say client 120
    say server 64
}

# close_orderly FIRST SECOND: close_notify and FIN from either end, one after the other
close_orderly() {
    tell "$1" notify
    tell "$1" shutdown
    tell "$2" drain
    tell "$2" notify
    tell "$2" shutdown
    tell "$1" drain
    tell "$1" close
    tell "$2" close
}

kill_end() {
    kill -KILL "${pid[$1]}"
    wait "${pid[$1]}" 2>/dev/null
}

# pause SECONDS: as sleep, but a signal ends it
pause() {
    sleep "$1" &
    started+=($!)
    wait $!
}

# tls10: as an old client speaks it: AES-CBC with SHA-1
readonly tls10=(--tls 1.0 --ciphers AES128-SHA:@SECLEVEL=0)
# pair SERVER-CERTIFICATE OPTIONS...: both ends with the same options, the client trusting the root
pair() {
    local cert=$1
    shift
    server_of "$@" --cert "$certs/$cert.chain"
    client_of "$@" --ca "$certs/root.pem"
}

# ------------------------------------------------------------------- recording

# record [any|trunk|server] [TCPDUMP-OPTIONS...]: on the client's interface, unless another is named
record() {
    local where=$ns-c args=(-i c0) filter=(tcp)
    case ${1:-} in
    any) args=(-i any) filter=() && shift ;;
    trunk) where=$ns-p args=(-i t0) filter=() && shift ;;
    server) where=$ns-s args=(-i s0) && shift ;;
    esac
    ip netns exec "$where" tcpdump -Z root -U --immediate-mode "${args[@]}" "$@" -w "$work/capture" "${filter[@]}" \
        2>"$work/tcpdump" &
    recorder=$!
    started+=("$recorder")
    wait_for grep -q 'listening on' "$work/tcpdump"
}

# record_pcapng: dumpcap writes the interface's name, and nanoseconds
record_pcapng() {
    suffix=pcapng
    in_client dumpcap -q -i c0 -f tcp -w "$work/capture" --capture-comment "Made-up names and addresses" \
        >"$work/tcpdump" 2>&1 &
    recorder=$!
    started+=("$recorder")
    wait_for grep -q '^File:' "$work/tcpdump"
    sleep 0.5
}

# snapshot: what the two kernels say now
snapshot() {
    in_client ss -tanoiHO >"$work/client.ss" &
    local other=$!
    in_server ss -tanoiHO >"$work/server.ss"
    wait $other
    if [ "$listed" ]; then
        { date -u +%Y-%m-%dT%H:%M:%S.%6NZ && in_client ss -tanoi; } >"$work/listed" || exit
    fi
    taken=$(date -u +%Y-%m-%dT%H:%M:%S.%6NZ)
}

gone() { ! kill -0 "$1"; }

stop_recorder() {
    sleep 0.1
    kill "$recorder"
    wait_for gone "$recorder"
    [ -s "$work/capture" ] || exit
}

# add_secrets: puts the secrets of the sessions into the capture, where a client was told to write them down;
# those that are to lie beside it are in a file called keys
add_secrets() {
    [ ! -e "$work/keys" ] || install -m 644 "$work/keys" "$here/$name.keys" || return
    [ -e "$work/keylog" ] || return 0
    editcap --inject-secrets "tls,$work/keylog" "$work/capture" "$work/with-secrets" 2>>"$work/log" &&
        mv "$work/with-secrets" "$work/capture"
}

save() {
    local base=$here/$name
    add_secrets || exit
    "$python" "$here/truth.py" "$name.$suffix" "$taken" "$work/client.ss" "$work/server.ss" >"$work/truth" || exit
    chmod 644 "$work/capture" "$work/truth"
    [ ! -e "$work/options" ] || { mv "$work/options" "$base.options" && mv "$work/trust" "$base.trust.pem"; } || exit
    mv "$work/capture" "$base.$suffix" && mv "$work/truth" "$base.ss.json" || exit
    [ ! "$listed" ] || sed 's/ *$//' "$work/listed" >"$base.client.txt"
}

# ------------------------------------------------------------- scenarios: ends

scenario_graceful_by_client() {
    wire_direct
    pair rsa --tls 1.2
    record
    meet
    exchange
    close_orderly client server
}

scenario_graceful_by_client_ipv6() {
    server_ip=$server_ip6
    scenario_graceful_by_client
}

scenario_graceful_by_server() {
    wire_direct
    pair rsa --tls 1.2
    record
    meet
    exchange
    close_orderly server client
}

scenario_graceful_by_server_ipv6() {
    server_ip=$server_ip6
    scenario_graceful_by_server
}

# The delay of the wire lets each end send its FIN before it sees the other's.
scenario_graceful_by_both() {
    wire_relayed --delay 150
    pair rsa --tls 1.2
    record
    meet
    exchange
    ask client notify
    ask server notify
    ask client shutdown
    ask server shutdown
    result client && result server && result client && result server || exit
    tell client drain
    tell server drain
    tell client close
    tell server close
}

# The client's FINs are lost, its ACK of the server's FIN is not.
scenario_closing() {
    wire_direct
    pair rsa --tls 1.2
    record
    meet
    exchange
    drop_at s tcp flags '&' fin == fin
    tell client shutdown
    pause 0.5
    tell server shutdown
    pause 4
}

scenario_last_ack() {
    wire_direct
    pair rsa --tls 1.2
    record
    meet
    exchange
    tell server shutdown
    tell client drain
    drop_at s tcp flags '&' fin == fin
    tell client shutdown
    pause 4
}

scenario_half_closed() {
    wire_direct
    pair rsa --tls 1.2
    record
    meet
    exchange
    tell client notify
    tell client shutdown
    pause 2
}

# The client is gone when the server's close_notify arrives: harmless, and yet a RST.
scenario_reset_after_fin() {
    wire_direct
    pair rsa --tls 1.2
    record
    meet
    exchange
    tell client notify
    tell client close
    tell server drain
    tell server notify
    tell server close
}

scenario_reset_by_client() {
    wire_direct
    pair rsa --tls 1.2
    record
    meet
    exchange
    tell client reset
}

# Killed with data unread.
scenario_reset_by_server() {
    wire_direct
    pair rsa --tls 1.2
    record
    meet
    exchange
    tell client send 200
    pause 0.3
    kill_end server
}

# The server resets, and the client's own firewall drops that: its kernel goes on listing the socket.
scenario_reset_unheard() {
    wire_direct
    pair rsa --tls 1.2
    listed=yes
    record
    meet
    exchange
    drop_at c tcp sport $port
    tell server reset
    pause 0.5
}

# Someone between the ends answers the ClientHello with a RST to either.
scenario_reset_injected() {
    wire_relayed --forge-reset
    pair rsa --tls 1.2
    record
    meet_tcp
    ask server handshake
    tell_in_vain client handshake
    ! result server
}

scenario_refused() {
    wire_direct
    client_of
    record
    tell_in_vain client connect "$server_ip" $port
}

scenario_unanswered_syn() {
    wire_direct
    pair rsa --tls 1.2
    path_dies
    record
    ask client connect "$server_ip" $port
    pause 12
}

# The server's SYN-ACKs do not come back to the client.
scenario_syn_ack_unanswered() {
    wire_direct
    pair rsa --tls 1.2
    drop_at c tcp sport $port
    record
    ask client connect "$server_ip" $port
    pause 8
}

scenario_simultaneous_open() {
    wire_relayed --delay 300
    client_of --tls none
    start_end server "$ns-s" --tls none
    record
    ask client connect "$server_ip" $port 40000
    ask server connect $client_ip 40000 $port
    result client && result server || exit
    exchange
}

# ------------------------------------------------------------- scenarios: open

scenario_idle_open() {
    wire_direct
    pair rsa --tls 1.2
    record
    meet
    exchange
    pause 5
}

# The path forgets the flow, the client speaks into the void.
scenario_silent_peer() {
    wire_direct
    pair rsa --tls 1.2
    record
    meet
    exchange
    path_dies
    tell client send 40
    pause 14
}

# The client's own firewall drops what comes back: the recorder has the acknowledgments, the client has not.
scenario_answers_lost() {
    wire_direct
    pair rsa --tls 1.2
    record
    meet
    exchange
    drop_at c tcp sport $port
    tell client 'send 40; notify; close'
    pause 8
}

# The same the other way: a push for a client that is gone.
scenario_push_unanswered() {
    wire_direct
    pair p256 --tls 1.3
    record
    meet
    exchange
    drop_at c tcp sport $port
    tell server send 600
    pause 8
}

# Two keep-alives are answered, then the path is dead.
scenario_keepalive_unanswered() {
    wire_direct
    pair rsa --tls 1.2
    record
    meet
    exchange
    tell client keepalive 2 2 30
    pause 5
    path_dies
    pause 10
}

# idle_drop VERDICT [WHERE]: a firewall forgets what is idle for a minute.
idle_drop() {
    wire_tracked 60 "$1"
    pair p256 --tls 1.3
    record "${@:2}"
    meet
    exchange
    pause 66
}

# The client speaks into the void.
scenario_idle_drop() {
    idle_drop drop
    tell client send 40
    pause 15
}

# A push for a client that waits for it behind the firewall; recorded at the server.
scenario_idle_drop_push() {
    idle_drop drop server
    tell server send 600
    pause 15
}

# The firewall answers in the server's name, and tells the server nothing.
scenario_idle_drop_reset() {
    idle_drop 'reject with tcp reset'
    tell client send 40
    pause 1
}

# The server's own timer: it resets what was idle for too long.
scenario_idle_reset() {
    wire_direct
    pair p256 --tls 1.3
    record
    meet
    exchange
    pause 65
    tell server reset
}

# The server's program stops reading; its kernel goes on answering.
scenario_window_closed() {
    wire_direct
    server_of --tls 1.2 --cert "$certs/rsa.chain" --rcvbuf 4096
    client_of --tls 1.2 --ca "$certs/root.pem" --sndbuf 8192
    record
    meet
    exchange
    kill -STOP "${pid[server]}"
    tell client fill
    pause 14
}

# Large packets are lost, small ones pass: the server, alive, acknowledges again and again what came before the hole.
scenario_mtu_black_hole() {
    wire_direct
    pair rsa --tls 1.2
    record
    meet
    exchange
    tell server keepalive 2 2 30
    drop_at s tcp dport $port meta length '>' 1000
    tell client 'send 1200; notify; close'
    pause 9
}

# ------------------------------------------------------------- scenarios: seed

# seed COMMANDS: an idle TLS 1.0 session; the firewall forgets it; the client speaks and closes. It closes at once, as
# Linux sends no FIN behind data that is already being retransmitted.
seed() {
    wire_direct
    pair rsa "${tls10[@]}"
    record
    meet
    exchange
    pause 3
    path_dies
    ask client "$1"
    pause 45
}

# The process dies: a FIN without close_notify.
scenario_seed_fin_wait_1_106() { seed 'send 40; die'; }

# Closed properly: close_notify and FIN.
scenario_seed_fin_wait_1_143() { seed 'send 40; notify; close'; }

scenario_seed_fin_wait_1_106_ipv6() {
    server_ip=$server_ip6
    scenario_seed_fin_wait_1_106
}

scenario_seed_fin_wait_1_143_ipv6() {
    server_ip=$server_ip6
    scenario_seed_fin_wait_1_143
}

# Thirty-six connections, each forgotten while the next is made: 24 closed with close_notify, 12 without.
scenario_seed_pileup() {
    local i
    wire_direct
    pair rsa "${tls10[@]}"
    record
    for ((i = 1; i <= 36; i++)); do
        meet
        pause 0.2
        forget_flow "$client_port"
        if ((i % 3)); then tell client 'send 40; notify; close'; else tell client 'send 40; close'; fi
        pause 0.2
    done
    pause 8
}

# ----------------------------------------------------------- scenarios: rhythm

# A client that asks each five seconds whether there is something new.
scenario_periodic() {
    local i
    wire_direct
    pair p256 --tls 1.3
    record
    for ((i = 1; i <= 14; i++)); do
        ask server 'accept; handshake; receive 37; send 64; drain; notify; shutdown; close'
        tell client "connect $server_ip $port; handshake; send 37; receive 64; notify; shutdown; drain; close"
        result server || exit
        pause 5
    done
}

# A client that tries again each five seconds, while nothing listens.
scenario_periodic_refused() {
    local i
    wire_direct
    client_of
    record
    for ((i = 1; i <= 14; i++)); do
        tell_in_vain client connect "$server_ip" $port
        pause 5
    done
}

# Each six seconds a request that the server answers with a reset; at other times others, which succeed.
scenario_periodic_failures() {
    local waits
    wire_direct
    pair p256 --tls 1.3
    record
    for waits in '1 5' '4 2' '2.5 3.5' '5 1' '0.5 5.5' '3.5 2.5' '4.5 1.5' '2 4' '1.5 4.5' '3 3' '5.5 0.5' '1.2 4.8'; do
        ask server 'accept; handshake; receive 37; reset'
        tell client "connect $server_ip $port; handshake; send 37"
        result server || exit
        pause "${waits% *}"
        ask server 'accept; handshake; receive 37; send 64; drain; notify; shutdown; close'
        tell client "connect $server_ip $port; handshake; send 37; receive 64; notify; shutdown; drain; close"
        result server || exit
        pause "${waits#* }"
    done
}

# The server throws the client out after its first message, and the client comes again at once, over a way of 20 ms.
scenario_reconnect_storm() {
    local i
    wire_relayed --delay 20
    pair p256 --tls 1.3
    record
    for ((i = 1; i <= 15; i++)); do
        ask server 'accept; handshake; receive 40; notify; shutdown; drain; close'
        tell client "connect $server_ip $port; handshake; send 40; drain; close"
        result server || exit
    done
}

# The client does not trust the server, says so, and tries again and again, at once.
scenario_reconnect_storm_distrust() {
    local i
    wire_relayed --delay 20
    server_of --tls 1.2 --cert "$certs/p256.chain"
    client_of --tls 1.2 --ca "$certs/device-ca.pem"
    record
    for ((i = 1; i <= 15; i++)); do
        ask server accept
        ask server handshake
        tell client connect "$server_ip" $port
        tell_in_vain client handshake
        tell client close
        result server || exit
        ! result server || exit
        tell server close
    done
}

# The recorder begins after the handshake.
scenario_midstream() {
    wire_direct
    pair rsa "${tls10[@]}"
    meet
    exchange
    pause 0.5
    record
    exchange
    pause 1
    path_dies
    tell client 'send 40; notify; close'
    pause 10
}

# -------------------------------------------------------------- scenarios: TLS

# session CERTIFICATE OPTIONS...: a whole connection with these options at both ends
session() {
    wire_direct
    pair "$@"
    record
    meet
    exchange
    close_orderly client server
}

scenario_tls10() { session rsa "${tls10[@]}"; }
scenario_tls11() { session rsa --tls 1.1 --ciphers ECDHE-RSA-AES256-SHA:@SECLEVEL=0; }
scenario_tls12() { session rsa --tls 1.2 --alpn $push_alpn; }
scenario_tls12_ipv6() {
    server_ip=$server_ip6
    session p256 --tls 1.2 --alpn $push_alpn
}
scenario_tls13() { session p256 --tls 1.3 --alpn $push_alpn; }
scenario_tls13_ipv6() {
    server_ip=$server_ip6
    session rsa --tls 1.3 --alpn $push_alpn
}

# with_client_certificate OPTIONS...
with_client_certificate() {
    wire_direct
    server_of "$@" --cert "$certs/rsa.chain" --ca "$certs/device-ca.pem"
    client_of "$@" --ca "$certs/root.pem" --cert "$certs/device.chain"
    record
    meet
    exchange
    close_orderly client server
}

scenario_tls12_client_certificate() { with_client_certificate --tls 1.2; }
scenario_tls13_client_certificate() { with_client_certificate --tls 1.3; }
scenario_tls10_client_certificate() { with_client_certificate "${tls10[@]}"; }

# resumed OPTIONS...: two connections, the second on the session of the first
resumed() {
    wire_direct
    pair rsa "$@"
    record
    meet
    exchange
    tell client keep-session
    close_orderly client server
    pause 0.3
    meet
    tell client resumed
    exchange
    close_orderly client server
}

scenario_tls12_resumed() { resumed --tls 1.2; }
scenario_tls12_resumed_session_id() { resumed --tls 1.2 --no-tickets; }
scenario_tls13_resumed() { resumed --tls 1.3; }

# With the session's secrets in a block of the capture.
scenario_tls13_secrets() {
    wire_direct
    server_of --tls 1.3 --cert "$certs/rsa.chain" --ca "$certs/device-ca.pem"
    client_of --tls 1.3 --ca "$certs/root.pem" --cert "$certs/device.chain" --keylog "$work/keylog"
    record_pcapng
    meet
    exchange
    close_orderly client server
}

# The server takes P-384 only, for which the client sent no key share.
scenario_tls13_hello_retry() {
    wire_direct
    server_of --tls 1.3 --cert "$certs/p256.chain" --group secp384r1
    client_of --tls 1.3 --ca "$certs/root.pem"
    record
    meet
    exchange
    close_orderly client server
}

# rejected OPTIONS...: the client trusts another root
rejected() {
    wire_direct
    server_of "$@" --cert "$certs/rsa.chain"
    client_of "$@" --ca "$certs/device-ca.pem"
    record
    meet_tcp
    ask server handshake
    tell_in_vain client handshake
    tell client shutdown
    ! result server || exit
    tell server close
    tell client drain
    tell client close
}

scenario_rejected_certificate_tls12() { rejected --tls 1.2; }
scenario_rejected_certificate_tls13() { rejected --tls 1.3; }

# The client reads the server's Certificate and closes without a word.
certificate_dropped() {
    wire_direct
    pair rsa --tls 1.2
    record
    meet_tcp
    ask server handshake
    tell client hello
}

scenario_certificate_dropped_silently() {
    certificate_dropped
    tell client sip 0.3
    tell client shutdown
    ! result server || exit
    tell server close
    tell client drain
    tell client close
}

# ... with the Certificate unread in its kernel: a RST instead of the FIN.
scenario_certificate_dropped_reset() {
    certificate_dropped
    pause 0.3
    tell client close
    ! result server || exit
    tell server close
}

scenario_not_tls() {
    wire_direct
    pair rsa --tls none
    record
    meet
    tell client stream
    tell server receive 100
    tell server stream
    tell client receive 100
    pause 0.5
    tell server shutdown
    tell client sip 0.3
    tell server sip 0.3
    tell client shutdown
    tell server drain
}

# Protocols that begin TLS within a dialogue in clear. The client is OpenSSL's own, so that what it says is not ours;
# the server says what is needed.

# s_client OPTIONS...: starts it; the server has accepted it then
s_client() {
    mkfifo "$work/typed" || exit
    exec {typed}<>"$work/typed"
    ask server accept
    in_client openssl s_client -servername courier.push.example -CAfile "$certs/root.pem" "$@" \
        <"$work/typed" >"$work/s_client.log" 2>&1 &
    started+=($!)
    result server || exit
}

# as_hex TEXT: with the escapes of printf
# shellcheck disable=SC2059
as_hex() { printf "$1" | od -An -v -tx1 | tr -d ' \n'; }
# server_says TEXT; server_hears TEXT, the end of what it waits for
server_says() { tell server hex "$(as_hex "$1")"; }
server_hears() { tell server until "$(as_hex "$1")"; }

# then_tls: the handshake, some data, and s_client told to quit
then_tls() {
    tell server handshake
    tell server send 64
    pause 0.5
    printf 'Q\n' >&"$typed"
    tell server drain
    tell server notify
    tell server shutdown
    tell server close
}

# starttls PROTOCOL: as s_client names it
starttls() {
    wire_direct
    server_of --cert "$certs/rsa.chain"
    record
    s_client -connect "$server_ip:$port" -starttls "$1"
}

scenario_starttls_xmpp() {
    local stream="<?xml version='1.0'?><stream:stream from='push.example' id='1' version='1.0' xmlns='jabber:client'"
    starttls xmpp
    server_hears "version='1.0'>"
    server_says "$stream xmlns:stream='http://etherx.jabber.org/streams'>"
    server_says "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>"
    server_hears '/>'
    server_says "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
    then_tls
}

scenario_starttls_smtp() {
    starttls smtp
    server_says '220 mail.push.example ESMTP ready\r\n'
    server_hears '\r\n'
    server_says '250-mail.push.example\r\n250-8BITMIME\r\n250 STARTTLS\r\n'
    server_hears 'STARTTLS\r\n'
    server_says '220 Go ahead\r\n'
    then_tls
}

scenario_starttls_imap() {
    starttls imap
    server_says '* OK mail.push.example IMAP4rev1 ready\r\n'
    server_hears 'CAPABILITY\r\n'
    server_says '* CAPABILITY IMAP4rev1 STARTTLS\r\n. OK done\r\n'
    server_hears 'STARTTLS\r\n'
    server_says '. OK Begin TLS negotiation now\r\n'
    then_tls
}

scenario_starttls_pop3() {
    starttls pop3
    server_says '+OK mail.push.example ready\r\n'
    server_hears 'STLS\r\n'
    server_says '+OK Begin TLS negotiation\r\n'
    then_tls
}

scenario_starttls_ftp() {
    starttls ftp
    server_says '220 files.push.example ready\r\n'
    server_hears 'AUTH TLS\r\n'
    server_says '234 Go ahead\r\n'
    then_tls
}

scenario_starttls_nntp() {
    starttls nntp
    server_says '200 news.push.example ready\r\n'
    server_hears 'CAPABILITIES\r\n'
    server_says '101 Capability list:\r\nVERSION 2\r\nREADER\r\nSTARTTLS\r\n.\r\n'
    server_hears 'STARTTLS\r\n'
    server_says '382 Continue with TLS negotiation\r\n'
    then_tls
}

scenario_starttls_sieve() {
    starttls sieve
    server_says '"IMPLEMENTATION" "Example"\r\n"SIEVE" "fileinto"\r\n"STARTTLS"\r\nOK\r\n'
    server_hears 'STARTTLS\r\n'
    server_says 'OK "Begin TLS negotiation now."\r\n'
    then_tls
}

scenario_starttls_ldap() {
    starttls ldap
    server_hears 1.3.6.1.4.1.1466.20037
    server_says '\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00'
    then_tls
}

scenario_starttls_postgresql() {
    starttls postgres
    server_hears '\x04\xd2\x16\x2f'
    server_says S
    then_tls
}

scenario_starttls_mysql() {
    local salt=AbCdEfGhIjKlMnOpQrSt name=caching_sha2_password
    starttls mysql
    server_says "\\x4a\\0\\0\\0\\x0a8.0.36\\0\\x08\\0\\0\\0${salt:0:8}\\0\\xff\\xff\\xff\\x02\\0\\xff\\xdf\\x15\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0${salt:8}\\0$name\\0"
    tell server receive 36
    then_tls
}

# Through a proxy that first wants to know who is there; then as usual.
scenario_http_connect() {
    wire_direct
    server_of --cert "$certs/rsa.chain"
    client_of --ca "$certs/root.pem"
    record
    meet_tcp
    tell client hex "$(as_hex 'CONNECT courier.push.example:5223 HTTP/1.1\r\nHost: courier.push.example:5223\r\n\r\n')"
    server_hears '\r\n\r\n'
    server_says 'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="proxy"\r\nContent-Length: 14\r\n\r\nWho is there?\r\n'
    tell client until "$(as_hex 'Who is there?\r\n')"
    tell client hex "$(as_hex 'CONNECT courier.push.example:5223 HTTP/1.1\r\nHost: courier.push.example:5223\r\nProxy-Authorization: Basic bWU6bWU=\r\n\r\n')"
    server_hears '\r\n\r\n'
    server_says 'HTTP/1.1 200 Connection established\r\n\r\n'
    tell client until "$(as_hex '\r\n\r\n')"
    ask server handshake
    ask client handshake
    result client || exit
    result server || exit
    exchange
    close_orderly client server
}

# SOCKS 5 with a password to the push server, where losses and reordering cut the dialogue.
scenario_socks5_lossy() {
    wire_relayed --delay 5 --drop-every 5 --swap-every 3
    server_of --cert "$certs/rsa.chain"
    client_of --ca "$certs/root.pem"
    record
    meet_tcp
    tell client hex 050102
    tell server receive 3
    tell server hex 0502
    tell client receive 2
    tell client hex "$(as_hex '\x01\x02me\x06secret')"
    tell server receive 11
    tell server hex 0100
    tell client receive 2
    tell client hex "$(as_hex '\x05\x01\x00\x03\x14courier.push.example\x14\x67')"
    tell server receive 27
    tell server hex 05000001c00002640000
    tell client receive 10
    ask server handshake
    ask client handshake
    result client || exit
    result server || exit
    exchange
    close_orderly client server
    pause 2
}

# A load balancer's header before the ClientHello.
scenario_proxy_protocol() {
    wire_direct
    server_of --cert "$certs/rsa.chain"
    client_of --ca "$certs/root.pem"
    record
    meet_tcp
    tell client hex "$(as_hex 'PROXY TCP4 198.51.100.7 192.0.2.1 50000 5223\r\n')"
    server_hears '\r\n'
    ask server handshake
    ask client handshake
    result client || exit
    result server || exit
    exchange
    close_orderly client server
}

# A binary protocol whose first byte is that of a TLS handshake record.
scenario_not_tls_lookalike() {
    wire_direct
    pair rsa --tls none
    record
    meet
    tell client hex 160000001c000100000000070000002a48656c6c6f2c20776f726c6400ff00
    tell server hex 160000000c00010000000007
    tell server sip 0.3
    tell client sip 0.3
}

# -------------------------------------------------- scenarios: path and capture

# Loss and reordering on the way, small segments.
scenario_lossy_handshake() {
    wire_relayed --delay 5 --drop-every 5 --swap-every 3
    ip -n "$ns-c" route replace 192.0.2.0/24 dev c0 src $client_ip advmss 536 || exit
    pair rsa --tls 1.2
    record
    meet
    exchange
    close_orderly client server
    pause 2
}

scenario_large_chain() {
    wire_direct
    ip -n "$ns-c" route replace 192.0.2.0/24 dev c0 src $client_ip advmss 536 || exit
    pair large --tls 1.2
    record
    meet
    exchange
    close_orderly client server
}

# One 4-tuple three times: closed by the server (TIME_WAIT there, reused), reset by the client, left open.
scenario_port_reused() {
    wire_direct
    pair rsa --tls 1.2
    record
    meet 40000
    exchange
    close_orderly server client
    pause 1.5
    meet 40000
    exchange
    tell client reset
    tell server close
    pause 0.5
    meet 40000
    exchange
}

# The client forgets a connection without a word and takes its port again: the server still has the old one.
scenario_port_reused_while_open() {
    wire_direct
    pair rsa --tls 1.2
    record
    meet 40000
    exchange
    in_client nft 'add chain inet firewall output { type filter hook output priority filter; }' || exit
    in_client nft add rule inet firewall output tcp flags '&' rst == rst drop || exit
    tell client reset
    in_client nft flush chain inet firewall output || exit
    pause 0.5
    meet 40000
    exchange
}

# The ClientHello travels in the SYN of the second connection.
scenario_fast_open() {
    wire_direct
    in_server sysctl -q -w net.ipv4.tcp_fastopen=3
    in_client sysctl -q -w net.ipv4.tcp_fastopen=3
    pair rsa --tls 1.2 --fast-open
    record
    fast_open_session
    fast_open_session
}
fast_open_session() {
    ask server accept
    ask server handshake
    tell client connect "$server_ip" $port
    tell client hello
    tell client finish-hello
    result server && result server || exit
    tell server send 64
    tell client shutdown
    tell server drain
    tell server close
    tell client drain
    tell client close
}

scenario_vlan_tagged() {
    wire_tagged 8100:7
    pair rsa --tls 1.2
    record trunk
    meet
    exchange
    close_orderly client server
}

scenario_vlan_stacked_ipv6() {
    server_ip=$server_ip6
    wire_tagged 88a8:42 8100:7
    pair rsa --tls 1.2
    record trunk
    meet
    exchange
    close_orderly client server
}

# on_any OPTIONS...: recorded on all interfaces of the client
on_any() {
    wire_direct
    pair rsa --tls 1.2
    record any "$@"
    meet
    exchange
    close_orderly client server
}

scenario_any_interface() { on_any; }
scenario_any_interface_sll() { on_any -y LINUX_SLL; }

scenario_snaplen_short() {
    wire_direct
    pair rsa --tls 1.2
    record -s 96
    meet
    exchange
    close_orderly client server
}

scenario_nanoseconds() {
    wire_direct
    pair p256 --tls 1.2
    record --time-stamp-precision=nano
    meet
    exchange
    close_orderly client server
}

scenario_pcapng() {
    wire_direct
    pair rsa --tls 1.2
    record_pcapng
    meet
    exchange
    close_orderly client server
}

# ---------------------------------------- scenarios: other programs at both ends

listening() { in_server ss -tlnH "sport = :$port" | grep -q .; }

# serve COMMAND...: a program that listens at the server's end, and waits for input that does not come
serve() {
    mkfifo "$work/silence" && exec {silence}<>"$work/silence" || exit
    in_server "$@" >>"$work/log" 2>&1 <"$work/silence" &
    started+=($!)
    wait_for listening
}

# lines LINE...: what a program at the client's end is given to read, line by line, each taking effect before the next
lines() {
    local line
    for line; do
        sleep 0.4
        printf %b "$line"
    done
    sleep 0.4
}

# converse COMMAND...: a program at the client's end that reads lines, to its end
converse() { in_client timeout 20 "$@" >>"$work/log" 2>&1; }

s_server() {
    serve openssl s_server -accept $port -key "$certs/rsa.key" -cert "$certs/rsa.pem" \
        -cert_chain "$certs/intermediate.pem" "$@"
}
s_client() {
    converse openssl s_client -connect $server_ip:$port -servername courier.push.example -CAfile "$certs/root.pem" "$@"
}

# shows NAME CHAIN...: a server with that certificate and what else it sends, and a client that takes anything
shows() {
    local cert=$certs/$1 server
    shift
    (cd "$certs" && cat /dev/null "$@") >"$work/above"
    [ -p "$work/silence" ] || mkfifo "$work/silence"
    in_server openssl s_server -naccept 1 -accept $port -key "$cert.key" -cert "$cert.pem" -tls1_2 \
        -cipher ALL:@SECLEVEL=0 $([ $# = 0 ] || echo -cert_chain "$work/above") >>"$work/log" 2>&1 <>"$work/silence" &
    server=$!
    started+=("$server")
    wait_for listening
    lines 'hello\n' 'Q\n' | s_client -tls1_2 -cipher ALL:@SECLEVEL=0
    wait_for gone "$server"
}

# read_with OPTION...: what the capture is to be read with; trusting the root
read_with() {
    cp "$certs/root.pem" "$work/trust"
    echo "--trust pcaps/$name.trust.pem $*" >"$work/options"
}

# A connection for each fault of a certificate or chain, and a good one.
scenario_certificate_faults() {
    local fault
    wire_direct
    record
    shows rsa intermediate.pem
    shows rsa
    shows rsa root.pem intermediate.pem
    for fault in expired early other-name short-key weak-signature; do shows $fault intermediate.pem; done
    shows self-signed
    read_with
}

# A proxy that shows a certificate of its own making for the same name: a client that trusts it, and one that does
# not and closes without a word.
scenario_intercepted() {
    wire_direct
    serve openssl s_server -accept $port -key "$certs/proxy.key" -cert "$certs/proxy.pem" -tls1_2 \
        -cert_chain "$certs/proxy-ca.pem"
    client_of --tls 1.2 --ca "$certs/root.pem"
    record
    lines 'hello\n' 'Q\n' | s_client -tls1_2 -CAfile "$certs/proxy-ca.pem" -verify_return_error
    tell client connect $server_ip $port 0
    tell client hello
    tell client sip 0.3
    tell client shutdown
    tell client drain
    tell client close
    read_with --policy pcaps/push.policy
}

# staple STATUS: what the leaf's issuer says of it, by an index in the form of `openssl ca`
staple() {
    local serial=$(openssl x509 -in "$certs/rsa.pem" -noout -serial)
    printf '%s\t280101000000Z\t%s\t%s\tunknown\t/CN=courier.push.example\n' "${1%% *}" "${1#* }" "${serial#serial=}" \
        >"$work/index"
    cd "$work" && openssl ocsp -issuer "$certs/intermediate.pem" -cert "$certs/rsa.pem" -no_nonce -reqout request \
        >>"$work/log" 2>&1 &&
        openssl ocsp -index index -CA "$certs/intermediate.pem" -rsigner "$certs/intermediate.pem" \
            -rkey "$certs/intermediate.key" -reqin request -ndays 7 -respout staple >>"$work/log" 2>&1 || exit
}

scenario_tls12_stapled() {
    wire_direct
    staple 'V '
    s_server -tls1_2 -status_file "$work/staple"
    record
    lines 'hello\n' 'Q\n' | s_client -tls1_2 -status
}

scenario_tls12_stapled_revoked() {
    wire_direct
    staple 'R 261101000000Z,keyCompromise'
    s_server -tls1_2 -status_file "$work/staple"
    record
    lines 'hello\n' 'Q\n' | s_client -tls1_2 -status
}

# The client asks for a new handshake twice: before any data, and between data.
scenario_tls12_renegotiated() {
    wire_direct
    s_server -tls1_2 -client_renegotiation
    record
    lines 'R\n' 'hello\n' 'R\n' 'hello\n' 'Q\n' | s_client -tls1_2
}

scenario_tls13_early_data() {
    wire_direct
    s_server -tls1_3 -early_data -max_early_data 4096
    echo early >"$work/early"
    record
    lines 'hello\n' 'Q\n' | s_client -tls1_3 -sess_out "$work/session"
    lines 'hello\n' 'Q\n' | s_client -tls1_3 -sess_in "$work/session" -early_data "$work/early"
}

# A suite of each kind, one after the other; with CBC, MAC and encryption in either order.
scenario_tls12_keys() {
    local suite
    wire_direct
    s_server -tls1_2 -cipher ALL:@SECLEVEL=0
    record
    for suite in ECDHE-RSA-AES128-GCM-SHA256 ECDHE-RSA-AES256-GCM-SHA384 ECDHE-RSA-CHACHA20-POLY1305 AES128-CCM \
        AES256-CCM8 ECDHE-RSA-AES128-SHA AES256-SHA256 'ECDHE-RSA-AES256-SHA384 -no_etm'; do
        # shellcheck disable=SC2086 # a suite, and maybe an option
        lines 'hello\n' 'Q\n' | s_client -tls1_2 -keylogfile "$work/keys" -cipher $suite
    done
}

# Each suite of TLS 1.3; new keys twice, for which the client asks, then a session that begins with data.
scenario_tls13_keys() {
    local suite suites=TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256
    suites+=:TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256
    wire_direct
    s_server -tls1_3 -early_data -max_early_data 4096 -ciphersuites "$suites"
    echo early >"$work/early"
    record
    for suite in ${suites//:/ }; do
        lines 'hello\n' 'Q\n' | s_client -tls1_3 -keylogfile "$work/keys" -ciphersuites "$suite"
    done
    lines 'hello\n' 'K\n' 'hello\n' 'k\n' 'hello\n' 'Q\n' |
        s_client -tls1_3 -keylogfile "$work/keys" -sess_out "$work/session"
    lines 'hello\n' 'Q\n' |
        s_client -tls1_3 -keylogfile "$work/keys" -sess_in "$work/session" -early_data "$work/early"
}

# The server does not trust the client's certificate, and says so under encryption.
scenario_tls13_client_refused() {
    wire_direct
    server_of --tls 1.3 --cert "$certs/rsa.chain" --ca "$certs/root.pem"
    client_of --tls 1.3 --ca "$certs/root.pem" --cert "$certs/device.chain" --keylog "$work/keys"
    record
    meet_tcp
    ask server handshake
    ask client handshake
    ! result server || exit
    result client
    tell_in_vain client receive 1
}

# What a device and a courier say: Connect and its answer, topics, a push, keep-alives.
scenario_apns_stream() {
    local token=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    wire_direct
    server_of --tls 1.3 --cert "$certs/p256.chain" --alpn apns-security-v3
    client_of --tls 1.3 --ca "$certs/root.pem" --alpn $push_alpn --keylog "$work/keylog"
    record_pcapng
    meet
    say_command client 07 01 $token 02 01 05 00000001
    say_command server 08 01 00 03 $token 04 1000
    say_command client 09 01 $token 02 6578616d706c65
    say_command server 0a 01 $token 02 6578616d706c65 03 7b22617073223a7b7d7d 04 00000001
    say_command client 0b 04 00000001 08 00
    for interval in 000a 000f; do
        pause 0.2
        say_command client 0c 05 $interval
        say_command server 0d
    done
    close_orderly client server
}

gnutls_server() { serve gnutls-serv --echo --port $port --x509certfile "$work/chain" --x509keyfile "$certs/rsa.key" "$@"; }
gnutls_client() {
    converse gnutls-cli --port $port --x509cafile "$certs/root.pem" --verify-hostname courier.push.example \
        --sni-hostname courier.push.example "$@" $server_ip
}

# Neither end shows a certificate.
scenario_tls12_raw_public_keys() {
    local priority=NORMAL:-VERS-ALL:+VERS-TLS1.2:-CTYPE-ALL:+CTYPE-CLI-RAWPK:+CTYPE-SRV-RAWPK end
    wire_direct
    for end in p256 rsa; do openssl pkey -in "$certs/$end.key" -pubout -out "$work/$end.pub" 2>>"$work/log"; done
    serve gnutls-serv --echo --port $port --rawpkfile "$work/p256.pub" --rawpkkeyfile "$certs/p256.key" \
        --priority "$priority" --require-client-cert
    record
    lines 'hello\n' 'hello\n' | converse gnutls-cli --insecure --port $port --rawpkfile "$work/rsa.pub" \
        --rawpkkeyfile "$certs/rsa.key" --priority "$priority" --sni-hostname courier.push.example $server_ip
}

# With the secrets of the session, as all of it is encrypted.
scenario_tls13_stapled() {
    wire_direct
    staple 'V '
    cat "$certs/rsa.pem" "$certs/intermediate.pem" >"$work/chain"
    gnutls_server --ocsp-response "$work/staple" --priority NORMAL:-VERS-ALL:+VERS-TLS1.3
    record_pcapng
    lines 'hello\n' 'hello\n' | SSLKEYLOGFILE="$work/keylog" gnutls_client --priority NORMAL:-VERS-ALL:+VERS-TLS1.3
}

# Ciphers that OpenSSL no longer offers.
scenario_tls12_3des() {
    local priority=NORMAL:-VERS-ALL:-CIPHER-ALL:+3DES-CBC version
    wire_direct
    cat "$certs/rsa.pem" "$certs/intermediate.pem" >"$work/chain"
    gnutls_server --priority "$priority:+VERS-TLS1.2:+VERS-TLS1.0"
    record
    for version in 1.2 1.0; do
        lines 'hello\n' 'hello\n' | SSLKEYLOGFILE="$work/keys" gnutls_client --priority "$priority:+VERS-TLS$version"
    done
}

# ------------------------------------------------------------------------- run

names() { declare -F | sed -n 's/^declare -f scenario_//p' | tr _ - | sort; }

# clean_up: ends what this scenario started, takes its namespaces away
clean_up() {
    local p n
    for p in "${started[@]}"; do kill -CONT "$p" && kill -KILL "$p" && wait "$p"; done 2>/dev/null
    for n in c s p; do ip netns delete "$ns-$n" 2>/dev/null; done
}

# run NAME, in the background: a shell of its own
run() {
    name=$1 ns=pushwatch-$$-$1 work=$top/$1 certs=$top/certificates suffix=pcap recorder='' taken='' listed='' answer=''
    started=() client_port=''
    declare -A to from pid
    mkdir "$work" && : >"$work/log" || exit
    trap clean_up EXIT
    trap 'exit 1' INT TERM
    "scenario_${name//-/_}"
    pause 0.6 # for the last delayed ACK
    snapshot
    stop_recorder
    save
    touch "$work/done"
}

# run_all NAME...: side by side
run_all() {
    local n
    for n; do
        while (($(jobs -rp | wc -l) >= at_once)); do wait -n; done
        run "$n" &
    done
    wait
}

report() {
    local n failed=0
    for n; do
        [ -e "$top/$n/done" ] && continue
        failed=1
        echo "record.sh: $n was not recorded" >&2
        tail -n 5 "$top/$n/log" >&2
    done
    return $failed
}

check_names() {
    local n
    for n; do declare -F "scenario_${n//-/_}" >/dev/null || die "no capture is called $n (--list names them)"; done
}

check_tools() {
    local tool
    [ "$(id -u)" = 0 ] || die "needs root, for namespaces and for the recorder"
    for tool in ip nft ss tcpdump dumpcap editcap openssl gnutls-cli python3; do
        command -v "$tool" >/dev/null || die "needs $tool"
    done
}

main() {
    local wanted=("$@")
    [ "${1:-}" != --list ] || { names && exit; }
    check_names "$@"
    check_tools
    [ $# != 0 ] || mapfile -t wanted < <(names)
    python=$(python3 -c 'import sys; print(sys.executable)') || exit # python3 may be a slow wrapper
    top=$(mktemp -d -t pushwatch.XXXXXX) || exit
    trap 'kill $(jobs -p) 2>/dev/null; wait; rm -rf "$top"' EXIT
    trap 'exit 1' INT TERM
    mkdir "$top/certificates"
    (cd "$top/certificates" && make_certificates) || die "openssl made no certificates"
    run_all "${wanted[@]}"
    report "${wanted[@]}"
}

main "$@"
