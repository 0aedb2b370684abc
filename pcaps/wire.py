#!/usr/bin/env python3
"""What the wire between two namespaces needs and a kernel may lack.

    wire.py plain IFACE...                turn off checksum and segmentation offload (what ethtool -K does)
    wire.py relay [OPTIONS] LEFT RIGHT    carry frames between two interfaces, in user space
"""

import argparse
import array
import fcntl
import heapq
import select
import socket
import struct
import time

SIOCETHTOOL = 0x8946
OFFLOADS = {"rx": 0x15, "tx": 0x17, "sg": 0x19, "tso": 0x1F, "gso": 0x24, "gro": 0x2C}
ETH_P_ALL = 3
PACKET_OUTGOING = 4
TAGS = (b"\x81\x00", b"\x88\xa8")
RST = 0x04


def plain(interface):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for command in OFFLOADS.values():
            value = array.array("B", struct.pack("II", command, 0))
            request = struct.pack("16sP", interface.encode(), value.buffer_info()[0])
            try:
                fcntl.ioctl(s, SIOCETHTOOL, request.ljust(40, b"\0"))
            except OSError:
                pass  # an offload that the device does not have


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def forged_reset(frame, backwards):
    """A RST in the sender's name, or in its peer's, as a censor would make it from a TCP/IPv4 frame: TTL and IP id of
    its own."""
    ip = frame[14:34]
    tcp = frame[34:]
    header = (tcp[12] >> 4) * 4
    payload = struct.unpack(">H", ip[2:4])[0] - 20 - header
    seq, ack = struct.unpack(">II", tcp[4:12])
    macs, addresses, ports = frame[:12], ip[12:20], tcp[:4]
    if backwards:
        macs = macs[6:] + macs[:6]
        addresses = addresses[4:] + addresses[:4]
        ports = ports[2:] + ports[:2]
        seq = ack
    else:
        seq = (seq + payload) & 0xFFFFFFFF
    tcp = ports + struct.pack(">IIBBHHH", seq, 0, 0x50, RST, 0, 0, 0)
    pseudo = addresses + struct.pack(">BBH", 0, 6, 20)
    tcp = tcp[:16] + struct.pack(">H", checksum(pseudo + tcp)) + tcp[18:]
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 40, 0xBEEF, 0, 201, 6, 0) + addresses
    ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
    return macs + b"\x08\x00" + ip + tcp


def is_client_hello(frame):
    if frame[12:14] != b"\x08\x00" or frame[23] != 6:
        return False
    payload = 34 + (frame[46] >> 4) * 4
    return frame[payload : payload + 1] == b"\x16" and frame[payload + 5 : payload + 6] == b"\x01"


def is_tcp(frame):
    return frame[12:14] == b"\x08\x00" and frame[23] == 6


class Relay:
    def __init__(self, options):
        self.options = options
        self.tags = b"".join(struct.pack(">HH", int(t.split(":")[0], 16), int(t.split(":")[1])) for t in options.tag)
        self.sockets = [self.open(options.left), self.open(options.right)]
        self.counts = [0, 0]
        self.held = [None, None]
        self.late = []  # heap of (when, order, side, frame)
        self.order = 0

    @staticmethod
    def open(interface):
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        s.bind((interface, 0))
        return s

    def send(self, side, frame):
        if side == 1 and self.tags:
            frame = frame[:12] + self.tags + frame[12:]
        self.order += 1
        heapq.heappush(self.late, (time.monotonic() + self.options.delay / 1000, self.order, side, frame))

    def arrived(self, side, frame):
        """A frame from one side: lost, swapped with the next one, or passed on."""
        other = 1 - side
        while frame[12:14] in TAGS:  # the kernel takes off one tag by itself
            frame = frame[:12] + frame[16:]
        if is_tcp(frame):
            self.counts[side] += 1
            if self.options.drop_every and self.counts[side] % self.options.drop_every == 0:
                return
            if self.options.swap_every and self.counts[side] % self.options.swap_every == 0:
                self.held[side] = frame
                return
        self.send(other, frame)
        if self.options.forge_reset and is_client_hello(frame):
            self.send(side, forged_reset(frame, True))
            self.send(other, forged_reset(frame, False))
        if self.held[side]:
            self.send(other, self.held[side])
            self.held[side] = None

    def run(self):
        poll = select.poll()
        for s in self.sockets:
            poll.register(s, select.POLLIN)
        sides = {s.fileno(): side for side, s in enumerate(self.sockets)}
        print("ready", flush=True)
        while True:
            wait = 1000 if not self.late else max(0, (self.late[0][0] - time.monotonic()) * 1000)
            for number, _ in poll.poll(wait):
                side = sides[number]
                frame, address = self.sockets[side].recvfrom(65536)
                if address[2] != PACKET_OUTGOING:
                    self.arrived(side, frame)
            while self.late and self.late[0][0] <= time.monotonic():
                _, _, side, frame = heapq.heappop(self.late)
                self.sockets[side].send(frame)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = p.add_subparsers(dest="command", required=True)
    sub.add_parser("plain").add_argument("interfaces", nargs="+")
    r = sub.add_parser("relay")
    r.add_argument("--delay", type=float, default=0, help="milliseconds")
    r.add_argument("--drop-every", type=int, help="lose every Nth TCP frame of each direction")
    r.add_argument("--swap-every", type=int, help="let every Nth TCP frame be overtaken by the next")
    r.add_argument("--forge-reset", action="store_true", help="answer a ClientHello with a RST to either end")
    r.add_argument("--tag", action="append", default=[], help="TPID:ID put on frames to RIGHT, outermost first")
    r.add_argument("left")
    r.add_argument("right")
    options = p.parse_args()
    if options.command == "plain":
        for interface in options.interfaces:
            plain(interface)
    else:
        Relay(options).run()


main()
