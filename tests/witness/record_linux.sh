#!/bin/bash
# Writes down what Linux's own tools print of some sockets in a namespace: linux-netstat.txt,
# linux-ss.txt, linux-ss-tanoi.txt. Wants root, iproute2 and net-tools: record_linux.sh
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ "${1:-}" = inside ] || exec unshare -n "$here/record_linux.sh" inside

ip link set lo up
for address in 2001:db8:85a3:8d3:1319:8a2e:370:7348/128 2001:db8::1/128; do
    ip address add "$address" dev lo nodad
done
for address in 192.0.2.100/32 198.51.100.123/32; do ip address add "$address" dev lo; done

python3 - "$here" <<'PYTHON'
import socket
import subprocess
import sys
import time


def pair(family, client, server, port):
    listener = socket.socket(family)
    listener.bind((server, port))
    listener.listen(5)
    end = socket.socket(family)
    end.bind((client, 0))
    end.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    end.connect((server, port))
    return listener, end, listener.accept()[0]


ipv6 = pair(socket.AF_INET6, "2001:db8:85a3:8d3:1319:8a2e:370:7348", "2001:db8::1", 5223)
half_closed = pair(socket.AF_INET, "192.0.2.100", "198.51.100.123", 5224)
half_closed[1].shutdown(socket.SHUT_WR)
both = socket.socket(socket.AF_INET6)
both.bind(("::", 5225))
both.listen(5)
mapped = socket.create_connection(("192.0.2.100", 5225)), both.accept()[0]
full = pair(socket.AF_INET, "192.0.2.100", "198.51.100.123", 5226)
full[1].setblocking(False)
try:
    while True:
        full[1].send(bytes(65536))
except BlockingIOError:
    pass
time.sleep(1.5)
for name, command in (("netstat", "netstat -tano"), ("ss", "ss -tanp"), ("ss-tanoi", "ss -tanoi")):
    said = subprocess.run(command.split(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    with open("%s/linux-%s.txt" % (sys.argv[1], name), "wb") as handle:
        handle.write(b"\n".join(line.rstrip() for line in said.stdout.splitlines()) + b"\n")
PYTHON
