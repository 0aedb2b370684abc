#!/usr/bin/env python3
"""The process that Darwin's captures tell is in the flow record, and what its kernel says of packets;
all else stays as it is.

    process.py PROGRAM
"""
import json
import os
import struct
import subprocess
import sys
import tempfile

CAPTURE = "pcaps/tls12.pcap"
EXPECTED = {"name": "apsd", "pid": 77, "source": None,
            "effective": {"name": "Messages", "pid": 1234}}
HELLO = 3  # this packet, counted from 0, is marked as sent again


def records(data):
    at = 24
    while at < len(data):
        seconds, micros, size, length = struct.unpack_from("<IIII", data, at)
        yield seconds, micros, length, data[at + 16:at + 16 + size]
        at += 16 + size


def version_1(known, again):
    pid, name = (77, b"apsd") if known else (0xFFFFFFFF, b"")
    epid, ename = (1234, b"Messages") if known else (0xFFFFFFFF, b"")
    return struct.pack("<III24sIIIII20sIHHI20s", 108, 1, 1, b"en0",
                       2 | again << 15, 2, 14, 0, pid, name, 0, 6,
                       0, epid, ename)


def pktap(data):
    """A pcap file with PKTAP headers, of which the first knows no process."""
    out = [data[:20], struct.pack("<I", 258)]
    for number, (seconds, micros, length, packet) in enumerate(records(data)):
        packet = version_1(number > 0, number == HELLO) + packet
        out.append(struct.pack("<IIII", seconds, micros, len(packet), length + 108) + packet)
    return b"".join(out)


def option(code, value):
    return struct.pack("<HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


def block(kind, body):
    body += b"\0" * (-len(body) % 4)
    size = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + size + body + size


def pcapng(data):
    out = [block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)),
           block(1, struct.pack("<HHI", 1, 0, 0) + option(2, b"en0") + option(0, b"")),
           block(0x80000001, struct.pack("<I", 77) + option(2, b"apsd") + option(0, b"")),
           block(0x80000001, struct.pack("<I", 1234) + option(2, b"Messages") + option(0, b""))]
    for number, (seconds, micros, length, packet) in enumerate(records(data)):
        ticks = seconds * 1000000 + micros
        body = struct.pack("<IIIII", 0, ticks >> 32, ticks & 0xFFFFFFFF, len(packet), length)
        body += packet + b"\0" * (-len(packet) % 4)
        if number > 0:
            if number == HELLO:
                body += option(0x8004, struct.pack("<I", 2))
            body += option(0x8001, struct.pack("<I", 0)) + option(0x8003, struct.pack("<I", 1))
        out.append(block(6, body + option(0, b"")))
    return b"".join(out)


def flow(program, path, *options):
    report = subprocess.run([program, "-q", "--no-ndpi", *options, "-o", "json", path],
                            check=True, capture_output=True).stdout
    return next(record for record in map(json.loads, report.splitlines())
                if record["type"] == "flow")


def main():
    program = sys.argv[1]
    with open(CAPTURE, "rb") as handle:
        data = handle.read()
    plain = flow(program, CAPTURE)
    with tempfile.TemporaryDirectory() as folder:
        for source, made in (("pktap", pktap(data)), ("pcapng", pcapng(data))):
            path = os.path.join(folder, source)
            with open(path, "wb") as handle:
                handle.write(made)
            for options in ([], ["-j", "1"], ["-f", "tcp port 5223"]):
                found = flow(program, path, *options)
                assert found.pop("process") == dict(EXPECTED, source=source), source
                assert found.pop("interface") == "en0", source
                client = found["tcp"]["client"]
                marked = client.pop("kernel_marked")
                assert marked == {"retransmits": 1, "keepalives": 0}, source
                client["retransmits"] -= 1
                assert found == plain, f"{source}: {found}"
            text = subprocess.run([program, "-q", path], check=True, capture_output=True).stdout
            assert b"by apsd[77]" in text, text.decode()


if __name__ == "__main__":
    main()
