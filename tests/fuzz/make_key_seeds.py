#!/usr/bin/env python3
"""Writes seeds for fuzz_keylog, fuzz_decrypt and fuzz_apns out of the project's own captures.

    make_key_seeds.py ; into tests/fuzz/seeds/keylog, decrypt, apns
"""
import glob
import os
import struct
import sys
import tempfile

from make_seeds import write
from make_tls_seeds import conversation

SECRETS_BLOCK, ENHANCED_PACKET = 0x0000000A, 6
DATA, INSIDE, SECRETS = 0, 2, 3
HANDSHAKE, ALERT, APPLICATION_DATA = 22, 21, 23


def secrets_of(path):
    """The key log in a pcapng file's blocks, or in the file beside it."""
    beside = os.path.splitext(path)[0] + ".keys"
    if os.path.exists(beside):
        with open(beside, "rb") as handle:
            return handle.read()
    with open(path, "rb") as handle:
        data = handle.read()
    at, text = 0, b""
    while at + 12 <= len(data) and path.endswith("ng"):
        kind, length = struct.unpack_from("<II", data, at)
        if kind == SECRETS_BLOCK:
            size = struct.unpack_from("<I", data, at + 12)[0]
            text += data[at + 16:at + 16 + size]
        at += length
    return text


def talk_of(path):
    """The conversation of a capture; the packets of a pcapng file are put into a pcap file for that."""
    if not path.endswith("ng"):
        return conversation(path)
    with open(path, "rb") as handle, tempfile.NamedTemporaryFile(suffix=".pcap") as plain:
        data, at = handle.read(), 0
        plain.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        while at + 12 <= len(data):
            kind, length = struct.unpack_from("<II", data, at)
            if kind == ENHANCED_PACKET:
                size = struct.unpack_from("<I", data, at + 20)[0]
                plain.write(struct.pack("<IIII", 0, 0, size, size) + data[at + 28:at + 28 + size])
            at += length
        plain.flush()
        return conversation(plain.name)


def step(direction, kind, body):
    return struct.pack(">BH", direction | kind << 1, len(body)) + body


def session(keys, talk, later):
    out = bytearray([later]) + struct.pack(">H", len(keys)) + keys
    for number, (direction, payload) in enumerate(talk):
        out += step(direction, DATA, payload)
        if later and number == 2:
            out += step(0, SECRETS, b"")
    return bytes(out)


def inside(keys, talk):
    """Hellos, then what records may hold: messages, alerts, commands."""
    out = bytearray(session(keys, talk[:2], 0))
    for direction, kind, body in (
            (1, HANDSHAKE, bytes.fromhex("08000019001700100013001110") + b"apns-security-v3"),
            (1, HANDSHAKE, bytes.fromhex("0d00000700000300010000")),
            (1, HANDSHAKE, bytes.fromhex("14000020") + bytes(32)),
            (0, HANDSHAKE, bytes.fromhex("0500000018000001011800000100")),
            (0, APPLICATION_DATA, bytes.fromhex("070000000401000161" + "0c00000005050002000a")),
            (1, APPLICATION_DATA, bytes.fromhex("080000000401000100" + "0d00000000")),
            (1, ALERT, bytes.fromhex("0100"))):
        out += step(direction, INSIDE, bytes([kind]) + body)
    return bytes(out)


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
    paths = [os.path.splitext(keys)[0] + ".pcap" for keys in sorted(glob.glob("pcaps/*.keys"))]
    for path in paths + ["pcaps/tls13-secrets.pcapng", "pcaps/apns-stream.pcapng"]:
        name, keys = os.path.splitext(os.path.basename(path))[0], secrets_of(path)[:4000]
        talk = talk_of(path)
        write("keylog", name, keys[:1500])
        write("decrypt", name, session(keys, talk, 0))
        write("decrypt", name + "-later", session(keys, talk, 1))
        write("decrypt", name + "-inside", inside(keys, talk))
    write("keylog", "others", b"# comment\r\n\r\nRSA 0011 22\nEXPORTER_SECRET 00 11\nCLIENT_RANDOM 0\n")
    dialogue = [(0, "07000000040100017409000000000c00000005050002000a"), (1, "080000000401000100"),
                (1, "0d00000000"), (2, ""), (0, "0c0000000505000200ff")]
    pieces = b"".join(bytes([how, len(text) // 2]) + bytes.fromhex(text) for how, text in dialogue)
    write("apns", "agreed", b"\3" + pieces)
    write("apns", "guessed", b"\0" + pieces)


if __name__ == "__main__":
    sys.exit(main())
