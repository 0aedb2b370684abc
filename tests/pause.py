#!/usr/bin/env python3
"""Flows that have ended are written while a pipe that is read makes a pause: output does not wait
for input.

    pause.py PROGRAM
"""
import json
import os
import struct
import subprocess
import sys
import tempfile
import time

HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)  # raw IP
SYN, FIN, RST, ACK = 2, 1, 4, 16
PATIENCE = 10


def packet(when, client, from_client, flags, seq, ack):
    ends = [(b"\x0a\0\0" + bytes([client]), 40000), (b"\xc0\0\2\1", 5223)]
    (source, sport), (target, dport) = ends if from_client else reversed(ends)
    tcp = struct.pack(">HHIIBBHHH", sport, dport, seq, ack, 0x50, flags, 1000, 0, 0)
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + source + target
    return struct.pack("<IIII", 1700000000 + when, 0, len(ip + tcp), len(ip + tcp)) + ip + tcp


def connection(when, client):
    return b"".join([packet(when, client, True, SYN, 1, 0),
                     packet(when, client, False, SYN | ACK, 5, 2),
                     packet(when, client, True, ACK, 2, 6),
                     packet(when, client, True, FIN | ACK, 2, 6),
                     packet(when, client, False, FIN | ACK, 6, 3),
                     packet(when, client, True, ACK, 3, 7)])


def flows(path):
    with open(path, "rb") as report:
        lines = [json.loads(line) for line in report if line.endswith(b"\n")]
    return [line["client"]["ip"] for line in lines if line["type"] == "flow"]


def await_flows(path, expected):
    end = time.monotonic() + PATIENCE
    while (seen := flows(path)) != expected and time.monotonic() < end:
        time.sleep(0.05)
    assert seen == expected, f"{seen} were written, not {expected}"


def check(program, path, options):
    run = subprocess.Popen([program, "-q", *options, "-o", f"json:{path}", "-"],
                           stdin=subprocess.PIPE)
    run.stdin.write(HEADER + connection(0, 1))
    run.stdin.flush()
    time.sleep(0.5)
    assert flows(path) == [], "what may go on was written"
    # Ten minutes later nothing more can come of the first ones.
    for minute, client in ((10, 2), (20, 3)):
        run.stdin.write(connection(minute * 60, client))
        run.stdin.flush()
        await_flows(path, [f"10.0.0.{i}" for i in range(1, client)])
    run.stdin.close()
    assert run.wait() == 0
    assert flows(path) == ["10.0.0.1", "10.0.0.2", "10.0.0.3"], flows(path)


def main():
    with tempfile.TemporaryDirectory() as folder:
        for options in ([], ["--order", "end"], ["--order", "end", "-j", "3"], ["-j", "1"]):
            path = os.path.join(folder, "report")
            check(sys.argv[1], path, options)
            os.remove(path)


if __name__ == "__main__":
    main()
