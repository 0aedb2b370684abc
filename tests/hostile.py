#!/usr/bin/env python3
"""Writes a capture of connections made to take memory, behind one that goes on from the first packet
to the last, so that in the order of first packets all others wait for it.

    hostile.py KIND COUNT OUTPUT.pcap

KIND: syn       a SYN that nobody answers
      pending   a second SYN on an open connection, kept until its answer tells what it is
      plain     a few bytes of which nDPI can't tell what they are
      partial   half a ClientHello
      hellos    a ClientHello like no other
      certs     a certificate that at most one other shows
      rising    hellos that are longer in each of eight phases
      own       a certificate of its own
      open      an open connection on which nothing is sent
      phases    one nineteenth own, then syn, open and hellos
      holes     bytes beyond a hole
      inflight  many TLS records that nobody acknowledges
      records   hundreds of empty records each way in one packet
      pieces    64 kB at a time beyond a hole, each way
      series    own, records, syn, hellos, pieces and open, one after the other
      closed    a connection that ends as it should
      slow      a connection like all others open, whose server later sends half of a large record
      large     inflight, and at the end many records of 260 kB of the first one
      apart     hellos, closed, of a kind that none is in the shard of the first one
"""
import struct
import sys

SYN, FIN, ACK = 2, 1, 16
STEP = 100000  # ns between packets
LARGE = 260000
PIECE = 1400


class Capture:
    def __init__(self, path):
        self.file = open(path, "wb", 1 << 20)
        self.time = 1700000000 * 10**9
        self.file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 101))

    def send(self, client, from_client, flags, seq, ack, data=b"", step=STEP):
        self.time += step
        port, length = 1024 + client % 60000, 40 + len(data)
        stated = length if length < 1 << 16 else 0  # as the sending system's recorder has it
        source, target = struct.pack(">I", 10 << 24 | client), b"\xc0\0\2\1"
        ports = (port, 5223)
        if not from_client:
            source, target, ports = target, source, ports[::-1]
        ip = struct.pack(">BBHHHBBH", 0x45, 0, stated, seq & 0xFFFF, 0, 64, 6, 0) + source + target
        tcp = struct.pack(">HHIIBBHHH", *ports, seq, ack, 0x50, flags, 1000, 0, 0)
        self.file.write(struct.pack("<IIII", *divmod(self.time, 10**9), length, length) +
                        ip + tcp + data)

    def open(self, client):
        self.send(client, True, SYN, 1, 0)
        self.send(client, False, SYN | ACK, 5, 2)
        self.send(client, True, ACK, 2, 6)

    def close(self, client, step):
        self.send(client, True, FIN | ACK, 2, 6)
        self.send(client, False, FIN | ACK, 6, 3)
        self.send(client, True, ACK, 3, 7, step=step)


def vector(width, body):
    return len(body).to_bytes(width, "big") + body


def hello(client, length=900):
    name, protocol = (b"%09d" % client * 100)[:length], b"%09d" % client
    extensions = b"\0\0" + vector(2, vector(2, b"\0" + vector(2, name)))
    extensions += b"\0\x10" + vector(2, vector(2, vector(1, protocol)))
    body = b"\3\3" + bytes(32) + b"\0" + vector(2, b"\xc0\x2f") + b"\1\0" + vector(2, extensions)
    return b"\x16\3\1" + vector(2, b"\1" + vector(3, body))


def certificate(number):
    """A ServerHello and a certificate of 1,200 bytes that says nothing."""
    der = b"\x30\x82" + vector(2, number.to_bytes(4, "big") * 300)
    hello = b"\3\3" + bytes(32) + b"\0\xc0\x2f\0"
    return b"".join(b"\x16\3\3" + vector(2, kind + vector(3, body)) for kind, body in (
        (b"\2", hello), (b"\x0b", vector(3, vector(3, der)))))


def half_a_flight():
    """A ServerHello, and of a record with a certificate what is in three packets with it."""
    return (certificate(0)[:47] + b"\x16\3\3" + vector(2, b"\x0b" + vector(3, bytes(15900))))[:3 * PIECE]


def shard(client):
    """As dissect/intake.c does it: an attacker can."""
    def word(ip):
        return int.from_bytes(ip, "little")
    factor, mask = 0x9E3779B97F4A7C15, (1 << 64) - 1
    total = word(struct.pack(">I", 10 << 24 | client)) + word(b"\xc0\0\2\1")
    product = (1024 + client % 60000) * 5223
    mixed = (total ^ product << 40 ^ product << 8) & mask
    mixed = mixed * factor & mask
    return (((mixed ^ mixed >> 32) * factor & mask) >> 60) % 8


def connect(capture, kind, client):
    if kind == "syn":
        capture.send(client, True, SYN, 1, 0)
        return
    capture.open(client)
    if kind == "pending":
        capture.send(client, True, SYN, 70000, 0)
    elif kind == "plain":
        capture.send(client, True, ACK, 2, 6, b"\x81\x92zzq")
    elif kind == "partial":
        capture.send(client, True, ACK, 2, 6, hello(client)[:600])
    elif kind == "hellos":
        capture.send(client, True, ACK, 2, 6, hello(client))
    elif kind.startswith("rising"):
        capture.send(client, True, ACK, 2, 6, hello(client, 50 + 60 * int(kind[6:])))
    elif kind == "certs":
        capture.send(client, True, ACK, 2, 6, hello(client))
        capture.send(client, False, ACK, 6, 2 + len(hello(client)), certificate(client * 2 // 3))
    elif kind == "own":
        capture.send(client, True, ACK, 2, 6, hello(client))
        capture.send(client, False, ACK, 6, 2 + len(hello(client)), certificate(client))
    elif kind == "holes":
        for i in range(8):
            capture.send(client, True, ACK, 1000 + 2000 * i, 6, b"x" * 1400)
    elif kind in ("inflight", "large"):
        records = b"\x17\3\3\0\1x" * 4
        capture.send(client, True, ACK, 2, 6, hello(client))
        for i in range(60):
            capture.send(client, True, ACK, 2 + len(hello(client)) + i * len(records), 6, records)
    elif kind == "records":
        capture.send(client, True, ACK, 2, 6, b"\x17\3\3\0\0" * 260)
        capture.send(client, False, ACK, 6, 2, b"\x17\3\3\0\0" * 260)
    elif kind == "pieces":
        for i in range(4):
            capture.send(client, True, ACK, 100 + 60000 * i, 6, bytes(60000))
            capture.send(client, False, ACK, 100 + 60000 * i, 2, bytes(60000))
    elif kind == "slow":
        capture.send(client, True, ACK, 2, 6, hello(0))
    elif kind == "open":
        pass
    elif kind == "closed":
        capture.close(client, 20 * 10**6)
    elif kind == "apart":
        capture.send(client, True, ACK, 2, 6, hello(client))
        capture.close(client, 20 * 10**6)
    else:
        sys.exit(f"hostile.py: no kind {kind}")


def kind_of(kind, client, count):
    """In phases, what a connection does depends on which one it is."""
    if kind == "rising":
        return f"rising{client * 8 // (count + 1)}"
    if kind == "series":
        part = client * 1000 / count
        return ("own" if part < 100 else "records" if part < 200 else "syn" if part < 600 else
                "hellos" if part < 699 else "pieces" if part < 700 else "open")
    if kind != "phases":
        return kind
    part = client * 19 // count
    return "own" if part < 1 else "syn" if part < 12 else "open" if part < 16 else "hellos"


def main():
    kind, count, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    capture = Capture(path)
    capture.open(0)
    done = client = 0
    while done < count:
        client += 1
        if kind == "apart" and shard(client) == shard(0):
            continue
        connect(capture, kind_of(kind, client, count), client)
        done += 1
        if done % 1000 == 0:
            capture.send(0, True, ACK, 2, 6)
    if kind == "slow":
        flight, acked = half_a_flight(), 2 + len(hello(0))
        for at in range(0, len(flight), PIECE):
            for client in range(1, count + 1):
                capture.send(client, False, ACK, 6 + at, acked, flight[at:at + PIECE])
    if kind == "large":
        for i in range(200):
            capture.send(0, True, ACK, 2 + i * LARGE, 6, bytes(LARGE))


if __name__ == "__main__":
    main()
