#!/usr/bin/env python3
"""What wrong TCP checksums mean: damage and forgery are not used, what a network card was to fill
in and what somebody has edited is; --checksum strict and ignore do what they say.

    checksums.py PROGRAM
"""
import json
import os
import struct
import subprocess
import sys
import tempfile

CAPTURE = "pcaps/tls12.pcap"
ETHERNET = 14


def fold(total):
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def words(data):
    data += b"\0" * (len(data) % 2)
    return sum(struct.unpack(">%dH" % (len(data) // 2), data))


class Segment:
    """A packet of the capture: Ethernet, IPv4 without options, TCP."""

    def __init__(self, time, packet):
        self.time = time
        self.ethernet, self.ip, rest = packet[:14], packet[14:34], packet[34:]
        rest = rest[:struct.unpack_from(">H", self.ip, 2)[0] - 20]
        size = (rest[12] >> 4) * 4
        self.tcp, self.payload = rest[:size], rest[size:]

    def but(self, **changes):
        """The same but for some of: time, flags, seq, payload, checksum."""
        other = Segment.__new__(Segment)
        other.__dict__.update(self.__dict__)
        other.time = changes.get("time", self.time)
        other.payload = changes.get("payload", self.payload)
        head = bytearray(self.tcp)
        head[13] = changes.get("flags", head[13])
        if "seq" in changes:
            struct.pack_into(">I", head, 4, changes["seq"])
        ip = bytearray(self.ip)
        struct.pack_into(">HH", ip, 2, 20 + len(head) + len(other.payload), changes.get("id", 7))
        struct.pack_into(">H", ip, 10, 0)
        struct.pack_into(">H", ip, 10, 0xFFFF - fold(words(bytes(ip))))
        other.ip = bytes(ip)
        struct.pack_into(">H", head, 16, 0)
        struct.pack_into(">H", head, 16, changes.get("checksum", other.right(head)))
        other.tcp = bytes(head)
        return other

    def pseudo(self, length):
        return fold(words(self.ip[12:20]) + 6 + length)

    def right(self, head):
        size = len(head) + len(self.payload)
        return 0xFFFF - fold(self.pseudo(size) + words(bytes(head) + self.payload))

    def wrong(self, **changes):
        return self.but(checksum=self.but(**changes).sum() ^ 0x1234, **changes)

    def sum(self):
        return struct.unpack_from(">H", self.tcp, 16)[0]

    @property
    def flags(self):
        return self.tcp[13]

    @property
    def seq(self):
        return struct.unpack_from(">I", self.tcp, 4)[0]

    @property
    def from_server(self):
        return struct.unpack_from(">H", self.tcp, 0)[0] == 5223

    def record(self):
        packet = self.ethernet + self.ip + self.tcp + self.payload
        return struct.pack("<IIII", self.time // 1000000, self.time % 1000000, len(packet),
                           len(packet)) + packet


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    assert data[:4] == b"\xd4\xc3\xb2\xa1", "microseconds, little-endian"
    segments, at = [], 24
    while at < len(data):
        seconds, micros, size, _ = struct.unpack_from("<IIII", data, at)
        packet = data[at + 16:at + 16 + size]
        if packet[12:14] == b"\x08\x00" and packet[14] == 0x45 and packet[23] == 6:
            segments.append(Segment(seconds * 1000000 + micros, packet).but())
        at += 16 + size
    return data[:24], segments


class Tests:
    def __init__(self, program):
        self.program = program
        self.header, self.segments = read(CAPTURE)
        self.hello = next(i for i, s in enumerate(self.segments) if s.payload and not s.from_server)
        self.chain = next(i for i, s in enumerate(self.segments)
                          if s.from_server and len(s.payload) > 500)
        self.work = tempfile.mkdtemp()
        self.plain, summary = self.run(self.segments)
        assert self.plain["tls"]["server_certificates"]
        assert "checksums" not in summary, "all are right"

    def run(self, segments, mode="auto", threads=1):
        path = os.path.join(self.work, "capture.pcap")
        with open(path, "wb") as file:
            file.write(self.header + b"".join(s.record() for s in segments))
        out = subprocess.run([self.program, "-q", "-j", str(threads), "--checksum", mode, "-o",
                              "json", path], capture_output=True, check=True, text=True).stdout
        objects = [json.loads(line) for line in out.splitlines()]
        flows = [o for o in objects if o["type"] == "flow"]
        return flows[0] if flows else None, objects[-1]

    def same(self, flow, what):
        for part in ("sni", "version", "cipher", "server_certificates", "handshake", "gap_bytes"):
            assert flow["tls"].get(part) == self.plain["tls"].get(part), (what, part, flow["tls"])
        assert flow["tcp"]["teardown"] == self.plain["tcp"]["teardown"], what

    def damaged(self):
        """Damaged on its way and sent again: the copy counts. Before the damage nothing is known."""
        for at in (self.hello, self.chain):
            s = self.segments[at]
            broken = bytes(b ^ 0x55 for b in s.payload)
            changed = s.but(payload=broken, checksum=s.sum())
            segments = self.segments[:at] + [changed, s.but(id=8, time=s.time + 300)] + \
                self.segments[at + 1:]
            flow, summary = self.run(segments)
            self.same(flow, "damaged")
            end = "server" if s.from_server else "client"
            assert flow["tcp"][end]["bad_checksums"] == 1
            assert flow["tcp"][end]["packets"] == self.plain["tcp"][end]["packets"]
            assert flow["tcp"][end]["retransmits"] == self.plain["tcp"][end]["retransmits"]
            assert ("c" if s.from_server else "C") in flow["tcp"]["history"]
            assert summary["checksums"] == {"left_out": 0, "wrong": 1, "ip_wrong": 0}
            assert summary["skipped"]["bad-checksum"] == 1
            assert self.run(segments, threads=3) == self.run(segments)
            flow, _ = self.run(segments, "ignore")
            assert flow is None or flow.get("tls", {}).get("server_certificates") != \
                self.plain["tls"]["server_certificates"] or \
                flow["tls"].get("sni") != self.plain["tls"]["sni"], "damage was believed"

    def forged(self):
        """A reset that only the listener sees, its checksum wrong."""
        s = self.segments[self.chain]
        forged = s.wrong(flags=0x14, payload=b"")
        segments = self.segments[:self.chain] + [forged] + self.segments[self.chain:]
        flow, _ = self.run(segments)
        self.same(flow, "forged")
        assert flow["tcp"]["server"]["bad_checksums"] == 1
        assert "reset" not in flow["tcp"]
        flow, _ = self.run(segments, "ignore")
        assert flow["tcp"]["teardown"] == "reset"

    def damaged_fin(self):
        """Without payload: it is sent again, or acknowledged as it is."""
        at = next(i for i, s in enumerate(self.segments) if s.flags & 1)
        s = self.segments[at]
        end = "server" if s.from_server else "client"
        flow, _ = self.run(self.segments[:at] + [s.wrong(id=8)] + self.segments[at:])
        self.same(flow, "damaged FIN")
        assert (flow["tcp"][end]["bad_checksums"], flow["tcp"][end]["fin"]) == (1, 1)
        flow, _ = self.run(self.segments[:at] + [s.wrong()] + self.segments[at + 1:])
        self.same(flow, "edited FIN")
        assert "bad_checksums" not in flow["tcp"][end]

    def edited(self):
        """Its receiver acknowledges it and it is not sent again: the capture was edited."""
        segments = list(self.segments)
        segments[self.chain] = segments[self.chain].wrong()
        flow, summary = self.run(segments)
        self.same(flow, "edited")
        assert "bad_checksums" not in flow["tcp"]["server"]
        assert summary["checksums"]["wrong"] == 1
        assert "bad-checksum" not in summary["skipped"]
        flow, summary = self.run(segments, "strict")
        assert summary["skipped"]["bad-checksum"] == 1
        assert flow["tcp"]["server"]["gap_bytes"] > 0

    def never_acknowledged(self):
        """The last thing that is seen."""
        at = next(i for i, s in enumerate(self.segments) if i > self.chain and s.payload)
        segments = self.segments[:at] + [self.segments[at].wrong()]
        flow, _ = self.run(segments)
        end = "server" if self.segments[at].from_server else "client"
        assert flow["tcp"][end]["bad_checksums"] == 1
        assert flow["tcp"][end]["unacked"] == 0

    def left_to_the_card(self):
        """What one end sends has no checksum yet: zero, or the pseudo-header's sum."""
        for kind in ("zero", "whole", "partial"):
            segments = []
            for number, s in enumerate(self.segments):
                size = len(s.tcp) + len(s.payload)
                value = {"zero": 0, "whole": s.pseudo(size), "partial": s.pseudo(0)}[kind]
                keep = s.from_server or number < 2
                segments.append(s if keep else s.but(checksum=value))
            flow, summary = self.run(segments)
            self.same(flow, kind)
            left = sum(not s.from_server for s in self.segments[2:])
            assert summary["checksums"] == {"left_out": left, "wrong": 0, "ip_wrong": 0}, kind
            _, summary = self.run(segments, "strict")
            assert summary["skipped"]["bad-checksum"] == left

    def careless(self):
        """One end's are wrong from the beginning: addresses were changed, or a card is odd."""
        segments = [s if s.from_server else s.wrong() for s in self.segments]
        flow, summary = self.run(segments)
        self.same(flow, "careless")
        assert summary["checksums"]["wrong"] == sum(not s.from_server for s in segments)
        flow, _ = self.run([s.wrong() for s in self.segments], "strict")
        assert flow is None

    def too_many(self):
        """More wrong ones than damage makes, with no answer at all: they are used after all."""
        first = self.segments[self.hello]
        segments = self.segments[:self.hello]
        for n in range(40):
            segments.append(first.wrong(payload=b"x" * 10, seq=(first.seq + 10 * n) % 2**32,
                                        time=first.time + n * 1000))
        flow, _ = self.run(segments)
        assert flow["tcp"]["client"]["bytes"] == 400, flow["tcp"]["client"]
        assert "bad_checksums" not in flow["tcp"]["client"]
        flow, _ = self.run(segments[:self.hello + 16])
        assert flow["tcp"]["client"]["bytes"] == 0
        assert flow["tcp"]["client"]["bad_checksums"] == 16


def main():
    tests = Tests(sys.argv[1])
    for name in ("damaged", "damaged_fin", "forged", "edited", "never_acknowledged", "left_to_the_card",
                 "careless", "too_many"):
        getattr(tests, name)()


main()
