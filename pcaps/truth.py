#!/usr/bin/env python3
"""Turns what `ss -tanoiHO` said at the two ends into NAME.ss.json.

    truth.py CAPTURE TAKEN CLIENT_SS SERVER_SS
"""

import json
import os
import re
import sys

RFC9293 = {
    "ESTAB": "ESTABLISHED",
    "SYN-SENT": "SYN_SENT",
    "SYN-RECV": "SYN_RECEIVED",
    "FIN-WAIT-1": "FIN_WAIT_1",
    "FIN-WAIT-2": "FIN_WAIT_2",
    "TIME-WAIT": "TIME_WAIT",
    "UNCONN": "CLOSED",
    "CLOSE-WAIT": "CLOSE_WAIT",
    "LAST-ACK": "LAST_ACK",
    "CLOSING": "CLOSING",
}


def address(text):
    ip, port = text.rsplit(":", 1)
    # A socket for both families says IPv4 addresses in the form of IPv6 (RFC 4291 section 2.5.5.2).
    ip = ip.strip("[]").split("%")[0].removeprefix("::ffff:")
    return {"ip": ip, "port": int(port)}


def number(pattern, text):
    found = re.search(pattern, text)
    return int(found[1]) if found else 0


def sockets(end, path):
    for line in open(path, encoding="ascii"):
        state, recv_q, send_q, local, peer, *rest = line.split()
        if state == "LISTEN":
            continue
        rest = " ".join(rest)
        timer = re.search(r"timer:\((\w+)", rest)
        yield {
            "end": end,
            "local": address(local),
            "peer": address(peer),
            "state": RFC9293[state],
            "recv_q": int(recv_q),
            "send_q": int(send_q),
            "notsent": number(r"\bnotsent:(\d+)", rest),
            "timer": timer[1] if timer else "",
            "retrans": number(r"\bretrans:\d+/(\d+)", rest),
        }


def main():
    capture, taken, client, server = sys.argv[1:]
    head = json.dumps({"capture": capture, "taken": taken, "kernel": "Linux " + os.uname().release})
    found = [*sockets("client", client), *sockets("server", server)]
    found.sort(key=lambda s: (s["end"], s["local"]["port"], s["peer"]["port"]))
    body = ",\n".join("  " + json.dumps(s) for s in found)
    print(head[:-1] + ', "sockets": [' + (f"\n{body}\n" if body else "") + "]}")


main()
