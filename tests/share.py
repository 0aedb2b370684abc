#!/usr/bin/env python3
"""A capture is read by all threads together, each a part, whether few packets are watched or all: the report is
the same for any number of them, and that of one thread that reads all: share.py PROGRAM

The captures are made of a recorded one, over and over with other addresses, among packets of all kinds that are not
watched; some of those that are come in fragments, some with tags, some in tunnels; some without a time."""
import os
import random
import struct
import subprocess
import sys
import tempfile

SAMPLE = 'pcaps/seed-pileup.pcap'
HEADER, RECORD, PACKETS = 24, 16, 110000
# To count to this takes each packet in turn; there are fewer.
IN_TURN = ('--count', '1000000000')


def records(capture):
    """The packets of a capture."""
    at = HEADER
    while at < len(capture):
        length = struct.unpack_from('<I', capture, at + 8)[0]
        yield capture[at + RECORD:at + RECORD + length]
        at += RECORD + length


def checksum(header):
    total = sum(struct.unpack(f'>{len(header) // 2}H', header))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def with_header(header, body):
    """An IPv4 packet whose length and checksum are right."""
    header = header[:2] + struct.pack('>H', len(header) + len(body)) + header[4:10] + b'\0\0' + header[12:]
    return header[:10] + struct.pack('>H', checksum(header)) + header[12:] + body


def fragments(frame, number):
    """The same in two fragments, the second one first now and then."""
    ip = frame[14:34]
    body = frame[34:14 + struct.unpack_from('>H', frame, 16)[0]]
    cut = max(8, len(body) // 2 // 8 * 8)
    ip = ip[:4] + struct.pack('>H', number % 65536)
    one = with_header(ip + struct.pack('>H', 0x2000) + frame[22:34], body[:cut])
    other = with_header(ip + struct.pack('>H', cut // 8) + frame[22:34], body[cut:])
    parts = [frame[:14] + one, frame[:14] + other]
    return parts[::-1] if number % 3 == 0 else parts


def tunnelled(frame):
    """In GRE between two other hosts."""
    outer = bytes.fromhex('4500000000010000402f0000c6336401c6336402')
    return frame[:14] + with_header(outer, bytes.fromhex('00000800') + frame[14:])


def moved(frame, number):
    """Another client's: the last two bytes of 192.0.2.100 are exchanged; checksums are wrong then, as they may be."""
    client = bytes([192, 0, 2, 100])
    return frame.replace(client, bytes([10, 9, number >> 8 & 255, number & 255]))


def watched(sample):
    """The sample's packets, one after the other, for ever. What is left of one in fragments comes later."""
    number, later = 0, []
    while True:
        number += 1
        for i, frame in enumerate(sample):
            frame = moved(frame, number)
            if i % 5 == 0 and number % 2:
                now, *rest = fragments(frame, number * 1000 + i)
                later += rest
                yield now
                if len(later) > 9:
                    yield later.pop(0)
            elif i % 7 == 0:
                yield frame[:12] + bytes.fromhex('81000007') + frame[12:]
            elif i % 11 == 0:
                yield tunnelled(frame)
            else:
                yield frame


def unwatched(chance):
    """TCP of another port, UDP, ARP, or a fragment of which the others never come."""
    link = bytes.fromhex('020000000001020000000002')
    ends = bytes([10, 1, chance.randrange(256), 1, 10, 2, 2, 2])
    kind, body = chance.randrange(8), bytes(chance.randrange(300))
    if kind == 0:
        return link + bytes.fromhex('0806') + bytes(28)
    if kind == 1:
        ip = struct.pack('>BBHHHBBH', 0x45, 0, 0, chance.randrange(65536), 0, 64, 17, 0) + ends
        return link + b'\x08\0' + with_header(ip, struct.pack('>HHHH', 53, 5223, 8 + len(body), 0) + body)
    if kind == 2 and chance.randrange(4) == 0:
        ip = struct.pack('>BBHHHBBH', 0x45, 0, 0, chance.randrange(65536), 0x2000, 64, 6, 0) + ends
        return link + b'\x08\0' + with_header(ip, bytes(48))
    ip = struct.pack('>BBHHHBBH', 0x45, 0, 0, 1, 0x4000, 64, 6, 0) + ends
    return link + b'\x08\0' + with_header(ip, struct.pack('>HHIIBBHHH', 443, 50000, 1, 1, 0x50, 16, 9, 0, 0) + body)


def capture(sample, dense):
    """Few are watched, but for those packets, where all are."""
    chance, frames = random.Random(5223), watched(sample)
    out = [struct.pack('<IHHIIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)]
    for i in range(PACKETS):
        frame = next(frames) if i in dense or chance.randrange(40) == 0 else unwatched(chance)
        time = 0 if i % 3000 < 600 else 1700000000000000 + i * 300 - chance.randrange(2000)
        out.append(struct.pack('<IIII', time // 1000000, time % 1000000, len(frame), len(frame)) + frame)
    return b''.join(out)


def run(program, path, *options):
    """Status, report, and what was told of errors."""
    done = subprocess.run([program, '-q', '--no-ndpi', '-o', 'json', *options, path], capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr


def bytes_read(program, path, *options):
    """How many bytes its threads have read; 0 where the system does not tell."""
    command = [program, '-q', '--no-ndpi', '-o', 'json:/dev/null', *options, path]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        try:
            with open(f'/proc/{child.pid}/io', encoding='ascii') as counts:
                return int(counts.readline().split()[1])
        except OSError:
            return 0


def main(program):
    wrong = 0
    with open(SAMPLE, 'rb') as file:
        sample = list(records(file.read()))
    whole, dense = capture(sample, range(70000, 95000)), capture(sample, range(PACKETS))
    damaged = struct.pack('<IIII', 1700000100, 0, 0x7fffffff, 60) + bytes(60)
    cases = {'whole': whole, 'cut': whole[:-3], 'cut in a header': whole + bytes(9), 'damaged': whole + damaged,
             'damaged in the middle': whole[:len(whole) // 2] + damaged * 100,
             'dense': dense, 'dense, cut': dense[:-3], 'dense, damaged': dense[:len(dense) // 4 * 3] + damaged * 100}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'capture.pcap')
        for name, content in cases.items():
            with open(path, 'wb') as file:
                file.write(content)
            expected = run(program, path, '-j', '1', *IN_TURN)
            complete = name in ('whole', 'dense')
            if expected[0] != (0 if complete else 3) or expected[1].count(b'"type":"flow"') < 20:
                print(f'{name}: ended with {expected[0]}: {expected[2].decode()}')
                wrong += 1
            if complete and bytes_read(program, path, '-j', '7') > 2 * len(content):
                print(f'{name}: seven threads do not share the reading')
                wrong += 1
            for jobs in '1', '2', '7':
                if run(program, path, '-j', jobs) != expected:
                    print(f'{name}: -j {jobs} differs from one thread that takes each packet in turn')
                    wrong += 1
    print(f'{wrong} reports differ')
    return wrong > 0


if __name__ == '__main__':
    sys.exit(main(os.path.abspath(sys.argv[1])))
