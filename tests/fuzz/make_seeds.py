#!/usr/bin/env python3
"""Writes seeds for the targets that read packets or captures out of the project's own captures, and
those for reassembly and command lines, and those for socket tables and logs out of tests/witness.

    make_seeds.py PCAP... ; into tests/fuzz/seeds/capture, decode, decoder, flow, log_text, options, prologue,
                           reasm, savefile, socket_text, tcp
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

WITNESSES = {
    "socket_text": ["seed-netstat.txt", "linux-netstat.txt", "linux-ss.txt", "linux-ss-tanoi.txt"],
    "log_text": ["seed-system.log", "distrust.ndjson"],
}
LOG_LINES = [
    "system.log.0.gz:May 25 00:48:01 mac apsd[106] <Error>: x\nMay 25 00:48:31 --- last message repeated 2 times ---\n",
    "2014-05-25 02:48:01.000000+0200 0x1a2b     Error       0x0                  106    0    apsd: x\n",
    "2014-05-25T02:48:01.5Z mac apsd[106]: message repeated 3 times: [ x]\nFeb 29 00:00:00 mac last message repeated 1 time",
]

OPTIONS = [
    "a.pcap", "-p 5223,443 -o json:out -o text a.pcap b.pcapng", "--ports any -j 4 -",
    "-i eth0 --interval 10 --duration 1.5 --count 100 --snaplen 96 -Z nobody",
    "--max-memory 256M --max-flows 1000 --order end -v -q --no-ndpi x",
    "--filter tcp -- -x", "--help", "--version", "--list-interfaces", "--ports 0", "--jobs",
    "--netstat a --netstat-at 2014-05-25T12:10:44Z --syslog b --syslog c --tz +02:00",
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


def decode_seed(link, packet):
    """A packet in fuzz_decode's encoding."""
    return struct.pack(">HBB", len(packet), link, 0) + packet


def ipv4(protocol, payload, fragment=0):
    return struct.pack(">BBHHHBBH8s", 0x45, 0, 20 + len(payload), 7, fragment, 64, protocol, 0,
                       bytes([198, 51, 100, 1, 198, 51, 100, 2])) + payload


def udp(port, payload):
    return ipv4(17, struct.pack(">HHHH", 40000, port, 8 + len(payload), 0) + payload)


def tunnels(inner):
    """An IPv4 packet in what may carry it, or in pieces: name to packets."""
    frame = bytes.fromhex("0200000000020200000000010800") + inner
    wrapped = {
        "ipip": ipv4(4, inner),
        "gre": ipv4(47, bytes.fromhex("b0000800000000000000000700000001") + inner),
        "gre-ethernet": ipv4(47, bytes.fromhex("00006558") + frame),
        "erspan": ipv4(47, bytes.fromhex("100088be000000011005fc1400000000") + frame),
        "erspan-iii": ipv4(47, bytes.fromhex("100022eb00000001200500150000000000000000") + frame),
        "pptp": ipv4(47, bytes.fromhex("3081880b002000050000000100000001ff030021") + inner),
        "authentication": ipv4(51, bytes.fromhex("040400000000000100000001") + bytes(12) + inner),
        "vxlan": udp(4789, bytes.fromhex("0800000000002a00") + frame),
        "geneve": udp(6081, bytes.fromhex("0200080000000b000102030100000000") + inner),
        "gtp-u": udp(2152, bytes.fromhex("34ff0035000001000000008501000000") + inner),
        "l2tp": udp(1701, bytes.fromhex("000200010009ff030021") + inner),
        "mpls": udp(6635, bytes.fromhex("00013140") + inner),
    }
    made = {name: [packet] for name, packet in wrapped.items()}
    made["all"] = [ipv4(4, udp(4789, bytes.fromhex("0800000000002a00") + frame[:14] + wrapped["gre"]))]
    body, size = wrapped["vxlan"][20:], 48
    made["fragments"] = [
        ipv4(17, body[at:at + size], (0x2000 if at + size < len(body) else 0) | at // 8)
        for at in range(0, len(body), size)]
    return made


def witness_seeds():
    """Some lines of each text: more of the same would be slow."""
    folder = os.path.join(HERE, "..", "..", "witness")
    for kind, names in WITNESSES.items():
        for name in names:
            with open(os.path.join(folder, name), "rb") as handle:
                write(kind, name, b"".join(handle.readlines()[:12]))
    for number, line in enumerate(LOG_LINES):
        write("log_text", str(number), line.encode())


def main():
    witness_seeds()
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
                write("decode", f"{name}-{number}", decode_seed(LINKS[link], packet))
        if name == "graceful-by-both":
            for kind, carried in tunnels(found[3][1][14:]).items():
                write("decode", f"tunnel-{kind}", b"".join(decode_seed(LINKS[101], p) for p in carried))
        if found and found[0][0] == 1:
            talk = [tcp for tcp in (tcp_of(packet) for _, packet in found) if tcp]
            if talk:
                write("flow", name, flow_seed(talk))
                write("tcp", name, tcp_seed(talk))
            if talk and name.startswith(("starttls-", "http-connect", "socks5", "proxy-")):
                write("prologue", name, prologue_seed(talk))


if __name__ == "__main__":
    main()
