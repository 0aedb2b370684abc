#!/usr/bin/env python3
"""Writes seeds for fuzz_tls, fuzz_appid, fuzz_tls_kinds, fuzz_auth and fuzz_validate out of the project's own captures, and
of SSLv2.

    make_tls_seeds.py PCAP... ; into tests/fuzz/seeds/tls, appid, tls_kinds, auth, validate
"""
import os
import ssl
import struct
import sys
import zlib

from make_seeds import packets, tcp_of, write

SERVER_PORT = 5223
CLIENT_HELLO, SERVER_HELLO = 1, 2
CERTIFICATE, STATUS, ENCRYPTED_EXTENSIONS, COMPRESSED = 11, 22, 8, 25
KEPT = 6000  # bytes of a conversation


def steps(talk):
    """fuzz_tls, fuzz_appid: not midstream; then data, direction by direction as it came."""
    out = bytearray([0])
    for direction, payload in talk:
        out += struct.pack(">BH", direction, len(payload)) + payload
    return bytes(out)


def conversation(path):
    """(direction, payload) of the first connection, without retransmissions."""
    with open(path, "rb") as handle:
        found = [tcp_of(packet) for _, packet in packets(handle.read())]
    talk, seen, client, size = [], set(), None, 0
    for tcp in filter(None, found):
        source, target, seq, _, _, payload = tcp
        end = target if source == SERVER_PORT else source
        client = client or end
        if not payload or end != client or (source, seq) in seen or size > KEPT:
            continue
        seen.add((source, seq))
        size += len(payload)
        talk.append((int(source == SERVER_PORT), payload))
    return talk


def vector(width, data):
    return len(data).to_bytes(width, "big") + data


def clear_messages(talk):
    """(direction, type, body) of the handshake messages before ChangeCipherSpec."""
    for direction in (0, 1):
        stream = b"".join(payload for end, payload in talk if end == direction)
        messages, at = b"", 0
        while stream[at:at + 1] == b"\x16":
            size = struct.unpack_from(">H", stream, at + 3)[0]
            messages += stream[at + 5:at + 5 + size]
            at += 5 + size
        while len(messages) >= 4:
            size = int.from_bytes(messages[1:4], "big")
            yield direction, messages[0], messages[4:4 + size]
            messages = messages[4 + size:]


def auth(flags, messages):
    return bytes([flags]) + b"".join(
        bytes([direction, kind]) + vector(2, body) for direction, kind, body in messages)


def hello_kind(server, body):
    """fuzz_tls_kinds: other ones in the random, in the session id's length, somewhere behind it."""
    places = [(2, 0x55), (34, 1), (40, 0x80), (len(body) // 2, 3), (len(body) - 1, 0xff)]
    return bytes([server, len(places)]) + b"".join(struct.pack(">HB", *place) for place in places) + body


def as_tls13(messages):
    """The server's Certificate and CertificateStatus in the form of TLS 1.3, plain and compressed."""
    bodies = {kind: body for direction, kind, body in messages if direction == 1}
    chain, leaf = bodies[CERTIFICATE][3:], True
    extensions = struct.pack(">HH", 5, len(bodies[STATUS])) + bodies[STATUS]
    extensions += struct.pack(">HH", 18, 8) + b"\0\6\0\1a\0\1b"
    entries = b""
    while chain:
        size = int.from_bytes(chain[:3], "big")
        entries += chain[:3 + size] + vector(2, extensions if leaf else b"")
        chain, leaf = chain[3 + size:], False
    certificate = b"\0" + vector(3, entries)
    packed = zlib.compress(certificate, 9)
    offers = b"\0\x10\0\5\0\3\2h2" + b"\0\x14\0\1\0" + b"\0\x2a\0\0" + b"\xfe\x0d\0\4\0\2cc"
    hello = (1, ENCRYPTED_EXTENSIONS, vector(2, offers))
    yield "tls13", [hello, (1, CERTIFICATE, certificate)]
    yield "tls13-compressed", [
        hello, (1, COMPRESSED, b"\0\1" + len(certificate).to_bytes(3, "big") + vector(3, packed))]


def chain_of(certificate):
    """The certificates in a Certificate message of TLS up to 1.2."""
    chain = certificate[3:]
    while chain:
        size = int.from_bytes(chain[:3], "big")
        yield chain[3:3 + size]
        chain = chain[3 + size:]


def validate(flags, chain, response):
    """fuzz_validate: the courier's name, the stapled response, the chain."""
    return bytes([flags]) + vector(1, b"courier.push.example") + vector(2, response) + b"".join(
        vector(2, der) for der in chain)


def sslv2(leaf):
    """A session of SSLv2 up to its Finished messages."""
    def record(body, padded=False):
        return struct.pack(">HB", len(body), 3) + body if padded else \
            struct.pack(">H", 0x8000 | len(body)) + body
    hello = b"\1\0\2\0\3\0\0\0\x10\1\0\x80" + b"0123456789abcdef"
    answer = b"\4\0\1\0\2" + struct.pack(">HHH", len(leaf), 3, 16) + leaf + b"\1\0\x80" + b"c" * 16
    key = b"\2\1\0\x80\0\0\0\x10\0\0" + b"k" * 16
    return [(0, record(hello)), (1, record(answer)), (0, record(key) + record(b"f" * 33)),
            (1, record(b"v" * 33) + record(b"f" * 40, True))]


def main():
    for path in sys.argv[1:]:
        name = os.path.splitext(os.path.basename(path))[0]
        talk = conversation(path)
        write("tls", name, steps(talk))
        write("appid", name, steps(talk))
        messages = list(clear_messages(talk))
        kinds = {kind for _, kind, _ in messages}
        for _, kind, body in messages:
            if kind in (CLIENT_HELLO, SERVER_HELLO):
                end = "client" if kind == CLIENT_HELLO else "server"
                write("tls_kinds", f"{name}-{end}", hello_kind(kind == SERVER_HELLO, body))
        if CERTIFICATE in kinds and "raw-public" not in name:
            chain = list(chain_of([body for _, kind, body in messages if kind == CERTIFICATE][0]))
            response = ([body[4:] for _, kind, body in messages if kind == STATUS] or [b""])[0]
            write("validate", name, validate(1, chain, response))
            write("validate", name + "-store", b"\5" + b"".join(
                ssl.DER_cert_to_PEM_cert(der).encode() for der in chain))
        if "raw-public" in name:
            write("auth", name, auth(1 | 6, messages))
        elif STATUS in kinds:
            write("auth", name, auth(1, messages))
            for made, list13 in as_tls13(messages):
                write("auth", made, auth(0, list13))
            body = [body for _, kind, body in messages if kind == CERTIFICATE][0]
            leaf = body[6:6 + int.from_bytes(body[3:6], "big")]
            write("tls", "sslv2", steps(sslv2(leaf)))


if __name__ == "__main__":
    main()
