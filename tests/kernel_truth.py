#!/usr/bin/env python3
"""Holds the state and the unacknowledged bytes that pushwatch reports for each end of a connection
against what the kernel's own socket table said when the recording ended (NAME.ss.json).

    kernel_truth.py PUSHWATCH CAPTURE...

What Linux counts otherwise is put right here and nowhere else: its Send-Q holds an unacknowledged
FIN or SYN as one byte and bytes that were never sent (`notsent`), and a socket that is gone is
CLOSED, or was in TIME_WAIT.
"""
import json
import os
import subprocess
import sys

GONE = {"CLOSED", "TIME_WAIT"}
# States in which Send-Q holds a SYN or FIN that was sent and not acknowledged.
HOLDS_ONE = {"SYN_SENT", "FIN_WAIT_1", "CLOSING", "LAST_ACK"}
# What the wire shows and one end never got, since its own firewall dropped it, or one between spoke to
# the other end alone: the kernel's word, and the wire's.
UNHEARD = {("reset-unheard.pcap", "client"): ("ESTABLISHED", "CLOSED"),
           ("idle-drop-reset.pcap", "server"): ("ESTABLISHED", "CLOSED")}


def flows_of(program, capture):
    run = subprocess.run([program, "-q", "--no-ndpi", "-o", "json", capture], check=False,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=60)
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    return [line for line in lines if line["type"] == "flow"]


def key_of(end, flow):
    other = "server" if end == "client" else "client"
    return (flow[end]["ip"], flow[end]["port"], flow[other]["ip"], flow[other]["port"])


def check(program, capture):
    """Yields (what, expected, got) for each end of each connection."""
    with open(os.path.splitext(capture)[0] + ".ss.json", encoding="utf-8") as handle:
        truth = json.load(handle)
    sockets = {(s["local"]["ip"], s["local"]["port"], s["peer"]["ip"], s["peer"]["port"]): s
               for s in truth["sockets"]}
    # Of connections that used the same ports one after the other the last one counts.
    ends = {}
    for flow in flows_of(program, capture):
        for end in ("client", "server"):
            ends[key_of(end, flow)] = (flow["n"], end, flow["tcp"][end])
    for key in sockets.keys() - ends.keys():
        yield "a socket that no flow is about", sockets[key]["state"], "nothing"
    for key, (number, end, got) in ends.items():
        socket = sockets.get(key)
        expected = socket["state"] if socket else "gone"
        unacked = 0
        if socket and socket["state"] not in GONE:
            not_sent = socket.get("notsent", 0)
            unacked = socket["send_q"] - not_sent
            # A FIN is the last byte: behind bytes not sent it was not sent either.
            unacked -= 1 if socket["state"] in HOLDS_ONE and unacked and not not_sent else 0
        state = "gone" if not socket and got["state"] in GONE else got["state"]
        if socket and socket["state"] == "TIME_WAIT" and got["state"] in GONE:
            state = "TIME_WAIT"
        unheard = UNHEARD.get((os.path.basename(capture), end))
        if unheard and (expected, state) == unheard:
            expected = state
        yield (f"flow {number}, {end}", f"{expected}, {unacked} bytes unacknowledged",
               f"{state}, {got['unacked']} bytes unacknowledged")


def main():
    program, captures = sys.argv[1], sys.argv[2:]
    passed = failed = 0
    for capture in captures:
        results = list(check(program, capture))
        if not results:
            results = [("the capture", "a flow", "none")]
        for what, expected, got in results:
            if expected == got:
                passed += 1
            else:
                failed += 1
                print(f"{capture}: {what}: the kernel says {expected}; pushwatch says {got}")
    print(f"kernel truth: {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
