#!/usr/bin/env python3
"""Writes seeds for fuzz_decode, fuzz_flow and fuzz_savefile out of the project's own captures.

    make_seeds.py PCAP... ; into tests/fuzz/seeds/decode, flow, savefile
"""
import os
import struct
import sys

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "seeds")
LINKS = {1: 1, 113: 7, 276: 8, 101: 4}  # LINKTYPE_ to enum link_type
PACKETS = 40


def write(kind, name, data):
    os.makedirs(os.path.join(HERE, kind), exist_ok=True)
    with open(os.path.join(HERE, kind, name), "wb") as handle:
        handle.write(data)


def packets(data):
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    link = struct.unpack_from(order + "I", data, 20)[0]
    at = 24
    while at + 16 <= len(data):
        size = struct.unpack_from(order + "I", data, at + 8)[0]
        yield link, data[at + 16:at + 16 + size]
        at += 16 + size


def tcp_of(packet):
    """(source port, destination port, seq, ack, flags, payload) of TCP on IPv4 on Ethernet."""
    if packet[12:14] != b"\x08\x00" or packet[23] != 6:
        return None
    ip = packet[14:14 + struct.unpack_from(">H", packet, 16)[0]]
    tcp = ip[(ip[0] & 15) * 4:]
    source, target, seq, ack = struct.unpack_from(">HHII", tcp)
    return source, target, seq, ack, tcp[13], tcp[(tcp[12] >> 4) * 4:]


def flow_seed(found):
    """The conversation in fuzz_flow's encoding; long payloads become several segments."""
    out = bytearray([0])
    for source, _, _, _, flags, payload in found:
        up = 2 if source == 5223 else 0
        pieces = [payload[i:i + 250] for i in range(0, len(payload), 250)] or [b""]
        for number, piece in enumerate(pieces):
            last = flags if number == len(pieces) - 1 else 0x10
            out += bytes([up | 16, last, 0, 0, 5, 0, 255, len(piece)]) + piece
    return bytes(out)


def main():
    for path in sys.argv[1:]:
        name = os.path.splitext(os.path.basename(path))[0]
        with open(path, "rb") as handle:
            data = handle.read()
        write("savefile", name, data[:4096])
        if data[:4] == b"\x0a\x0d\x0d\x0a":
            continue
        found = list(packets(data))[:PACKETS]
        for number, (link, packet) in enumerate(found[:4]):
            if link in LINKS:
                write("decode", f"{name}-{number}", bytes([LINKS[link], 0]) + packet)
        if found and found[0][0] == 1:
            talk = [tcp for tcp in (tcp_of(packet) for _, packet in found) if tcp]
            if talk:
                write("flow", name, flow_seed(talk))


if __name__ == "__main__":
    main()
