#!/usr/bin/env python3
"""Packets that come in another order, twice, again, or cut otherwise tell the same story: rewrites
captures in seeded ways and holds the report of each against that of the original.

    perturb.py PUSHWATCH [--seconds N] [--seed N] [--ports P] [--keep DIR] CAPTURE...

What may differ is stated in MAY_CHANGE, for each way; all else of a flow must stay. IPv4 and IPv6
over Ethernet (with VLAN tags) and Linux cooked captures are rewritten; other captures are left out,
and those that cannot be read to their end. A key log beside a capture, NAME.keys, opens it and what
is made of it. The seed draws the order of the rewrites, too: those come first that are done in time.
"""
import argparse
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import time

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
SOON, LATER = 20_000, 12_000_000  # ns: at once, and beyond what counts as seen twice
NEAR = 3  # how far a packet may move


class Packet:
    """A TCP segment with all that is around it; `tcp` is None for any other packet."""

    def __init__(self, when, link, data, wire=None):
        self.when, self.data, self.tcp, self.payload = when, data, None, b""
        self.wire = len(data) if wire is None else wire
        at = {1: 12, 113: 14, 276: 0}.get(link)
        if at is None:
            return
        kind = data[at:at + 2]
        while link == 1 and kind in (b"\x81\x00", b"\x88\xa8"):
            at += 4
            kind = data[at:at + 2]
        self.ip = at + 2 if link != 276 else 20
        if len(data) < self.ip + 20:
            return
        if kind == b"\x08\x00" and data[self.ip + 9] == 6:
            size = struct.unpack_from(">H", data, self.ip + 2)[0]
            self.tcp = self.ip + (data[self.ip] & 15) * 4
        elif kind == b"\x86\xdd" and data[self.ip + 6] == 6:
            size = struct.unpack_from(">H", data, self.ip + 4)[0] + 40
            self.tcp = self.ip + 40
        if self.tcp is None or len(data) < self.tcp + 20 or \
                kind == b"\x08\x00" and struct.unpack_from(">H", data, self.ip + 6)[0] & 0x3fff:
            self.tcp = None  # cut, or a fragment
            return
        self.source, self.target, self.seq, self.ack = struct.unpack_from(">HHII", data, self.tcp)
        self.body = self.tcp + (data[self.tcp + 12] >> 4) * 4
        self.flags = data[self.tcp + 13]
        self.payload = data[self.body:self.ip + size]
        self.whole = self.body <= self.ip + size <= len(data)
        addresses = data[self.ip + 12:self.ip + 20] if kind == b"\x08\x00" else \
            data[self.ip + 8:self.ip + 40]
        half = len(addresses) // 2
        self.way = (addresses[:half], self.source, addresses[half:], self.target)
        segment = data[self.tcp:self.ip + size]
        pseudo = addresses + struct.pack(">II", len(segment), 6)
        self.right = self.whole and not checksum(pseudo + segment)
        self.doubtful = False  # its checksum is wrong, and its sender has shown right ones

    def again(self, link, when, seq, payload, flags):
        """The segment with other payload, as if its sender had sent it so."""
        data = bytearray(self.data[:self.body]) + payload
        size = len(data) - self.ip
        struct.pack_into(">I", data, self.tcp + 4, seq & 0xFFFFFFFF)
        data[self.tcp + 13] = flags
        if data[self.ip] >> 4 == 4:
            struct.pack_into(">H", data, self.ip + 2, size)
            identity = struct.unpack_from(">H", data, self.ip + 4)[0]
            struct.pack_into(">H", data, self.ip + 4, (identity + len(payload) + 77) & 0xFFFF)
            struct.pack_into(">H", data, self.ip + 10, 0)
            struct.pack_into(">H", data, self.ip + 10, checksum(data[self.ip:self.tcp]))
            addresses = data[self.ip + 12:self.ip + 20]
        else:
            struct.pack_into(">H", data, self.ip + 4, size - 40)
            addresses = data[self.ip + 8:self.ip + 40]
        struct.pack_into(">H", data, self.tcp + 16, 0)
        length = len(data) - self.tcp
        pseudo = addresses + struct.pack(">II", length, 6)
        struct.pack_into(">H", data, self.tcp + 16, checksum(pseudo + data[self.tcp:]))
        return Packet(when, link, bytes(data))


def checksum(data):
    data = bytes(data) + b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Capture:
    def __init__(self, path):
        with open(path, "rb") as handle:
            data = handle.read()
        self.header, self.packets, self.link = data[:24], [], 0
        magic = data[:4]
        if magic not in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1"):
            return
        self.unit = 1000 if magic == b"\xd4\xc3\xb2\xa1" else 1
        self.link = struct.unpack_from("<I", data, 20)[0]
        at = 24
        while at + 16 <= len(data):
            seconds, part, size, wire = struct.unpack_from("<IIII", data, at)
            when = seconds * 10**9 + part * self.unit
            self.packets.append(Packet(when, self.link, data[at + 16:at + 16 + size], wire))
            at += 16 + size
        segments = [packet for packet in self.packets if packet.tcp is not None]
        honest = {packet.way for packet in segments if packet.right}
        for packet in segments:
            packet.doubtful = packet.way in honest and not packet.right

    def write(self, path, packets):
        """Packets in the order given; a time earlier than the one before becomes that one."""
        now = 0
        with open(path, "wb") as handle:
            handle.write(self.header)
            for packet in packets:
                now = max(now, packet.when)
                seconds, part = divmod(now, 10**9)
                handle.write(struct.pack("<IIII", seconds, part // self.unit, len(packet.data),
                                         packet.wire))
                handle.write(packet.data)


# --- the ways; each takes the capture and a source of chance, and gives packets ---

def in_time(packets):
    return sorted(packets, key=lambda packet: packet.when)


def is_plain_data(packet):
    """A segment that can be sent once more, or cut otherwise: not where that would have a right
    checksum in place of a wrong one."""
    return packet.tcp is not None and packet.whole and packet.payload and \
        not packet.flags & (SYN | FIN | RST) and not packet.doubtful


def may_be_probe(packet, sent):
    """A keep-alive, or a probe of a closed window; `sent`: what its sender had sent before."""
    return len(packet.payload) <= 1 and not packet.flags & FIN and \
        packet.seq + 1 & 0xFFFFFFFF == sent


def at(packet, link, when):
    return Packet(when, link, packet.data, packet.wire)


def seen_twice(capture, chance):
    """A capture on two interfaces, or a switch that mirrors both ways."""
    for packet in capture.packets:
        yield packet
        if chance.random() < 0.4:
            yield at(packet, capture.link, packet.when + SOON)


def swapped_in_bursts(capture, chance):
    """The network overtakes itself: what one end sent without hearing from the other. Where a capture
    begins in the middle, the first that it has of an end stays so: there its stream begins."""
    burst, times, begun = [], [], set()
    for packet in capture.packets + [None]:
        if burst and (packet is None or packet.tcp is None or packet.way != burst[-1].way or
                      packet.flags & (SYN | RST) or len(burst) == NEAR):
            if burst[0].way in begun:
                chance.shuffle(burst)
            begun.add(burst[0].way)
            for when, moved in zip(times, burst):
                yield at(moved, capture.link, when)
            burst, times = [], []
        if packet is None:
            return
        if packet.tcp is None or packet.flags & (SYN | RST):
            if packet.tcp is not None:
                begun.add(packet.way)
            yield packet
        else:
            burst.append(packet)
            times.append(packet.when)


def swapped_directions(capture, chance):
    """Two rings of a network card, read one after the other: an answer before what it answers. But
    a keep-alive is answered by nothing more than what was sent before it, too."""
    packets = list(capture.packets)
    sent = {}  # by each end so far
    i = 0
    while i + 1 < len(packets):
        a, b = packets[i], packets[i + 1]
        passed = [a]
        if a.tcp is not None and b.tcp is not None and a.way != b.way and \
                not (a.flags | b.flags) & (SYN | RST) and chance.random() < 0.4 and \
                b.when - a.when < 50_000_000 and not may_be_probe(a, sent.get(a.way, b.ack)):
            packets[i:i + 2] = at(b, capture.link, a.when), at(a, capture.link, b.when)
            passed = [a, b]
        for packet in passed:
            if packet.tcp is not None:
                sent[packet.way] = packet.seq + len(packet.payload) & 0xFFFFFFFF
        i += len(passed)
    return packets


def sent_again(capture, chance):
    """Retransmissions of what came, in the same segments. One byte alone would be a keep-alive."""
    out = []
    for packet in capture.packets:
        out.append(packet)
        if is_plain_data(packet) and len(packet.payload) > 1 and chance.random() < 0.4:
            out.append(packet.again(capture.link, packet.when + LATER, packet.seq, packet.payload,
                                    ACK | PSH))
    return in_time(out)


def sent_again_otherwise(capture, chance):
    """Retransmissions that begin and end elsewhere than the segments did."""
    out, last = [], {}
    for packet in capture.packets:
        out.append(packet)
        if not is_plain_data(packet):
            continue
        before = last.get(packet.way)
        last[packet.way] = packet
        if chance.random() < 0.5:
            continue
        seq, payload = packet.seq, packet.payload
        if before and (before.seq + len(before.payload)) & 0xFFFFFFFF == seq:
            back = chance.randrange(len(before.payload) + 1)
            seq -= back
            payload = before.payload[len(before.payload) - back:] + payload
        else:
            back = 0
        cut = chance.randrange(len(payload))  # but nobody sends again the old bytes alone
        keep = chance.randrange(max(cut, back), len(payload)) + 1
        if keep - cut > 1:  # one byte would be a keep-alive
            out.append(packet.again(capture.link, packet.when + LATER, seq + cut,
                                    payload[cut:keep], ACK))
    return in_time(out)


def split(capture, chance):
    """Smaller segments."""
    for packet in capture.packets:
        if not is_plain_data(packet) or len(packet.payload) < 2:
            yield packet
            continue
        begin = 0
        while begin < len(packet.payload):
            end = min(len(packet.payload), begin + chance.choice([1, 2, 5, 100, 1000, 1460]))
            last = end == len(packet.payload)
            yield packet.again(capture.link, packet.when, packet.seq + begin,
                               packet.payload[begin:end],
                               packet.flags if last else packet.flags & ~PSH)
            begin = end


def merged(capture, chance):
    """Segments joined as a network card does that takes work off the system."""
    held = None
    for packet in capture.packets:
        if held and is_plain_data(packet) and packet.way == held.way and \
                (held.seq + len(held.payload)) & 0xFFFFFFFF == packet.seq and \
                packet.ack == held.ack and len(held.payload) < 30000 and chance.random() < 0.8:
            held = held.again(capture.link, held.when, held.seq, held.payload + packet.payload,
                              held.flags | packet.flags)
            continue
        if held:
            yield held
        held = packet if is_plain_data(packet) else None
        if not held:
            yield packet
    if held:
        yield held


# --- what may differ ---

# Where and when: follows from the packets being others.
PLACES = {"n", "start", "end", "duration", "first_frame", "last_frame", "findings", "tcp.history",
          "tls.validation.at", "tcp.rtt", "tcp.idle_before_close", "tcp.max_idle", "tcp.idle_at_end"}
PLACES |= {f"tcp.stuck.{name}" for name in ("since", "last_attempt", "first_frame",
                                             "last_frame")}
for end in ("client", "server"):
    PLACES |= {f"tcp.{end}.{name}" for name in (
        "since", "fin_frame", "fin_last_frame", "fin_acked_frame", "last_frame", "rst_frame",
        "packets")}


def both(*names):
    return {f"tcp.{end}.{name}" for end in ("client", "server") for name in names}


MAY_CHANGE = {
    # A SYN-ACK or RST comes of no socket that would tell two of them apart.
    seen_twice: both("retransmits", "rst") | {"tcp.stuck.attempts"},
    swapped_in_bursts: both("out_of_order", "retransmits", "dup_acks", "keepalives"),
    swapped_directions: both("out_of_order", "retransmits", "dup_acks", "keepalives", "fin",
                             "zero_windows", "window_probes") |
    # Whose packet was the last decides whether it was silent.
    {"tcp.stuck.attempts", "tcp.stuck.cause"},
    # Of what was sent again while it is stuck there is one try more.
    sent_again: both("retransmits") | {"tcp.stuck.attempts", "tcp.stuck.cause"},
    sent_again_otherwise: both("retransmits") | {"tcp.stuck.attempts", "tcp.stuck.cause"},
    # As many as there are segments.
    split: both("retransmits", "out_of_order", "dup_acks"),
    merged: both("retransmits", "out_of_order", "dup_acks"),
}


def differences(path, a, b, may):
    """Yields the paths at which two values differ, but for those that may."""
    if path in may or path.endswith((".frame", ".frames")) or a == b:
        return
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted(a.keys() | b.keys()):
            yield from differences(f"{path}.{key}" if path else key, a.get(key), b.get(key), may)
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b) and \
            all(isinstance(item, dict) for item in a + b):
        for one, other in zip(a, b):
            yield from differences(path, one, other, may)
    else:
        yield f"{path}: {json.dumps(a)[:300]} became {json.dumps(b)[:300]}"


def keys_of(path):
    """The options that open a capture beside which there is a key log."""
    keys = os.path.splitext(path)[0] + ".keys"
    return ["--keylog", keys] if os.path.exists(keys) else []


def report(program, capture, options):
    """The flows, in order of their ends and beginnings; the certificates. None where the capture
    can't be read to its end."""
    run = subprocess.run([program, "-q", "--no-ndpi", "-j1", "-o", "json", *options, capture],
                         check=False,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, timeout=60)
    if run.returncode == 3:
        return None
    if run.returncode != 0:
        sys.exit(f"{capture}: status {run.returncode}: {run.stderr.decode()[:2000]}")
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    flows = [line for line in lines if line["type"] == "flow"]
    flows.sort(key=lambda flow: (str(flow["client"]), str(flow["server"]), flow["n"]))
    for flow in flows:  # those of the two ends are in no order
        flow.get("tls", {}).get("alerts", []).sort(key=lambda alert: alert["from"])
    certificates = sorted(line["sha256"] for line in lines if line["type"] == "certificate")
    return flows, certificates


def shows_hello(flow):
    return flow.get("tls", {}).get("handshake") != "midstream"


def compare(original, changed, way):
    if changed is None:
        yield "it can't be read any more"
        return
    may = PLACES | MAY_CHANGE[way]
    if len(original[0]) != len(changed[0]):
        yield f"{len(original[0])} flows became {len(changed[0])}"
        return
    yield from differences("certificates", original[1], changed[1], may)
    for a, b in zip(*(found[0] for found in (original, changed))):
        # What is not TLS is named by the first piece of it alone, which may be a byte.
        named = may if "tls" in a else may | {"service"}
        # Without a hello TLS, and an alert in it, is known by records that end where segments do.
        if way is split and not shows_hello(a):
            named = named | {"tls.alerts", "tls.close_notify.client", "tls.close_notify.server"}
            if "tls" not in b:
                named = named | {"tls", "service"} | both("unacked_records")
        for text in differences("", a, b, named):
            yield f"{a['client']['port']}: {text}"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("captures", nargs="+")
    parser.add_argument("--seconds", type=float, default=30, help="0: all")
    parser.add_argument("--ports", default="5223", help="as pushwatch has it")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", help="folder for captures that show a difference")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        return rewrite_all(options, work)


def rewrite_all(options, work):
    deadline = time.monotonic() + (options.seconds or float("inf"))
    runs = wrong = 0
    originals = {}

    def told(path, of):
        return report(options.program, path, ["--ports", options.ports, *keys_of(of)])

    loaded = [(path, Capture(path)) for path in options.captures]
    jobs = [(way, path, capture) for way in MAY_CHANGE for path, capture in loaded
            if capture.packets and any(packet.tcp is not None for packet in capture.packets)]
    random.Random(options.seed).shuffle(jobs)
    for way, path, capture in jobs:
        if time.monotonic() > deadline and runs >= len(MAY_CHANGE):
            break
        name = f"{way.__name__}-{options.seed}-{os.path.basename(path)}"
        chance = random.Random(name)
        target = os.path.join(work, name)
        capture.write(target, list(way(capture, chance)))
        if path not in originals:
            originals[path] = told(path, path)
        if originals[path] is None:
            continue
        found = list(compare(originals[path], told(target, path), way))
        runs += 1
        wrong += bool(found)
        for text in found:
            print(f"{way.__name__} {path}: {text}")
        if found and options.keep:
            os.makedirs(options.keep, exist_ok=True)
            os.replace(target, os.path.join(options.keep, name))
        else:
            os.unlink(target)
    print(f"{runs} of {len(jobs)} captures rewritten, {wrong} tell another story")
    return wrong != 0


if __name__ == "__main__":
    sys.exit(main())
