#!/usr/bin/env python3
"""Gives pushwatch each capture together with the socket tables of both ends, as `ss` printed them when
the recording ended (NAME.ss.json), in ss's words and in those of Linux's netstat: each socket must be
found on the wire and agree with it.

    kernel_tables.py PUSHWATCH CAPTURE...
"""
import json
import os
import subprocess
import sys
import tempfile

CONFIRMED = {"agrees", "changed-since", "fin-held"}
# What the wire says and the kernel does not, by intent of the recording.
EXPECTED = {
    "reset-unheard.pcap": {"over-on-wire"},   # the client's firewall drops the RST
    "reset-injected.pcap": {"over-on-wire"},  # one end never got it
    "idle-drop-reset.pcap": {"over-on-wire"}, # the firewall between answers the client alone
}
SS = {"ESTABLISHED": "ESTAB", "SYN_RECEIVED": "SYN-RECV"}
NETSTAT = {"FIN_WAIT_1": "FIN_WAIT1", "FIN_WAIT_2": "FIN_WAIT2", "SYN_RECEIVED": "SYN_RECV"}


def end_of(end, brackets):
    ip = "[%s]" % end["ip"] if brackets and ":" in end["ip"] else end["ip"]
    return "%s:%d" % (ip, end["port"])


def ss_row(socket):
    state = SS.get(socket["state"], socket["state"].replace("_", "-"))
    return "%-10s %d %d %s %s timer:(%s,,0)\n\t cubic notsent:%d\n" % (
        state, socket["recv_q"], socket["send_q"], end_of(socket["local"], True), end_of(socket["peer"], True),
        socket["timer"], socket["notsent"])


def netstat_row(socket):
    kind = "tcp6" if ":" in socket["local"]["ip"] else "tcp"
    ends = [end_of(socket[key], False) for key in ("local", "peer")]
    port = [len(":%d" % socket[key]["port"]) for key in ("local", "peer")]
    # netstat leaves no more than 23 characters, and cuts the address: net-tools, addr_do_one.
    cut = [end if len(end) <= 23 else end[:23 - n] + end[-n:] for end, n in zip(ends, port)]
    return "%s %d %d %s %s %s\n" % (kind, socket["recv_q"], socket["send_q"], *cut,
                                    NETSTAT.get(socket["state"], socket["state"]))


def verdicts(program, capture, taken, rows):
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as table:
        table.write(taken + "\n" + "".join(rows))
        table.flush()
        run = subprocess.run([program, "-q", "--no-ndpi", "--ports", "any", "-o", "json", "--netstat",
                              table.name, capture], check=True, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, timeout=60)
    return [line for line in map(json.loads, run.stdout.splitlines()) if line["type"] == "socket"]


def main():
    program, captures = sys.argv[1], sys.argv[2:]
    compared = bad = 0
    for capture in captures:
        name = os.path.basename(capture)
        with open(os.path.splitext(capture)[0] + ".ss.json", encoding="utf-8") as handle:
            truth = json.load(handle)
        for end in ("client", "server"):
            sockets = [s for s in truth["sockets"] if s["end"] == end]
            for row in (ss_row, netstat_row):
                # netstat does not tell what was never sent.
                shown = [s for s in sockets if row is ss_row or s["notsent"] == 0]
                if not shown:
                    continue
                found = verdicts(program, capture, truth["taken"], [row(s) for s in shown])
                compared += len(shown)
                if len(found) != len(shown):
                    print("%s: %d sockets of %d were read" % (name, len(found), len(shown)))
                    bad += 1
                for socket in found:
                    if socket["verdict"] not in CONFIRMED | EXPECTED.get(name, set()):
                        print(name, end, row.__name__, json.dumps(socket))
                        bad += 1
    print("%d sockets of the kernel's tables, %d not as on the wire" % (compared, bad))
    return bad > 0 or compared < 100


if __name__ == "__main__":
    sys.exit(main())
