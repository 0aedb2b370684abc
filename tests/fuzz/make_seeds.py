#!/usr/bin/env python3
"""Writes seeds for the targets that read packets or captures out of the project's own captures, and
those for reassembly and command lines.

    make_seeds.py PCAP... ; into tests/fuzz/seeds/capture, decode, decoder, flow, options, prologue, reasm, savefile, tcp
"""
import os
import struct
import subprocess
import sys

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "seeds")
LINKS = {1: 1, 113: 7, 276: 8, 101: 4}  # LINKTYPE_ to enum link_type
PACKETS = 40
SMALL = 6100  # a capture that is a seed as a whole

# fuzz_tcp: steps, in the order of its enum.
DATA, TCP_ACK, FIN, RST, SYN = 0, 1, 5, 6, 7

# fuzz_reasm: (what, where, how much).
REASM = {
    "in-order": [(2, 0, 200)] * 5,
    "hole-filled": [(2, 0, 100), (0, 200, 100), (0, 100, 100)],
    "overlaps": [(0, 50, 100), (0, 100, 100), (0, 20, 250), (0, 0, 60)],
    "cut": [(1, 0, 100), (1, 300, 200), (0, 0, 200), (5, 0, 0)],
    "settled": [(0, 100, 50), (4, 400, 0), (0, 500, 20), (6, 0, 0), (3, 7, 90), (5, 0, 0)],
    "pieces": [(0, 2 * i, 1) for i in range(300, 0, -1)],
}

OPTIONS = [
    "a.pcap", "-p 5223,443 -o json:out -o text a.pcap b.pcapng", "--ports any -j 4 -",
    "-i eth0 --interval 10 --duration 1.5 --count 100 --snaplen 96 -Z nobody",
    "--max-memory 256M --max-flows 1000 --order end -v -q --no-ndpi x",
    "--filter tcp -- -x", "--help", "--version", "--list-interfaces", "--ports 0", "--jobs",
]


def write(kind, name, data):
    os.makedirs(os.path.join(HERE, kind), exist_ok=True)
    with open(os.path.join(HERE, kind, name), "wb") as handle:
        handle.write(data)


def number_of(name):
    return sum(name.encode())


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


def tcp_seed(found):
    """The conversation in fuzz_tcp's encoding; long payloads become several segments."""
    out = bytearray()
    for source, _, _, _, flags, payload in found:
        end = 0x20 | (source == 5223)
        if flags & 2:
            out += bytes([end | SYN << 1, 4 | flags >> 4 & 1])
        for at in range(0, len(payload), 239):
            piece = payload[at:at + 239]
            out += bytes([end | DATA << 1, len(piece)]) + piece
        if flags & 1:
            out += bytes([end | FIN << 1, 0])
        elif flags & 4:
            out += bytes([end | RST << 1, flags >> 4 & 1])
        elif not payload and not flags & 2:
            out += bytes([end | TCP_ACK << 1, 0])
    return bytes(out)


def prologue_seed(found):
    """What comes before TLS, and the first bytes of that, in fuzz_prologue's encoding."""
    out = bytearray([1])  # direction 0 opened
    for source, _, _, _, _, payload in found:
        for at in range(0, min(len(payload), 300), 63):
            piece = payload[at:at + 63]
            out += bytes([len(piece) << 2 | (source == 5223)]) + piece
        if payload[:2] == b"\x16\x03" and source == 5223:
            break
    return bytes(out)


def main():
    for name, steps in REASM.items():
        write("reasm", name, b"".join(struct.pack(">BHB", *step) for step in steps))
    for number, line in enumerate(OPTIONS):
        write("options", str(number), line.replace(" ", "\0").encode())
    for path in sys.argv[1:]:
        name = os.path.splitext(os.path.basename(path))[0]
        with open(path, "rb") as handle:
            data = handle.read()
        write("savefile", name, data[:4096])
        if len(data) <= SMALL:
            write("capture", name, bytes([number_of(name) % 8]) + data)
        for number, tool in enumerate(("gzip", "zstd", "lz4")):
            packed = subprocess.run([tool, "-q", "-c"], input=data[:1024], check=True,
                                    stdout=subprocess.PIPE).stdout
            write("decoder", f"{name}-{tool}", bytes([number + 3 * 16]) + packed)
            if tool != "gzip":
                continue
            write("decoder", f"{name}-members", bytes([number]) + packed + packed + bytes(9))
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
                write("tcp", name, tcp_seed(talk))
            if talk and name.startswith(("starttls-", "http-connect", "socks5", "proxy-")):
                write("prologue", name, prologue_seed(talk))


if __name__ == "__main__":
    main()
