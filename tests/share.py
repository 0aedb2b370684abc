#!/usr/bin/env python3
"""A capture is read by all threads together, each a part, whether few packets are watched or all: the report is
the same for any number of them, and that of one thread that reads all: share.py PROGRAM

The captures are made of a recorded one, over and over with other addresses, among packets of all kinds that are not
watched; some of those that are come in fragments, some with tags, some in tunnels; some without a time. In pcapng they
are of two interfaces, in sections of either byte order, among blocks of other kinds.

What one thread has to say, it says of a pipe, which can only be read in turn."""
import os
import random
import re
import struct
import subprocess
import sys
import tempfile

SAMPLE = 'pcaps/seed-pileup.pcap'
HEADER, RECORD, PACKETS = 24, 16, 110000
START = 1700000000


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


def packets(sample, dense):
    """Times in microseconds, and frames. Few are watched, but for those packets, where all are."""
    chance, frames = random.Random(5223), watched(sample)
    for i in range(PACKETS):
        frame = next(frames) if i in dense or chance.randrange(40) == 0 else unwatched(chance)
        yield 0 if i % 3000 < 600 else START * 1000000 + i * 300 - chance.randrange(2000), frame


def capture(those):
    """In the classic format."""
    out = [struct.pack('<IHHIIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)]
    for time, frame in those:
        out.append(struct.pack('<IIII', time // 1000000, time % 1000000, len(frame), len(frame)) + frame)
    return b''.join(out)


class Pcapng:
    """A section: its blocks, in one byte order."""

    def __init__(self, order):
        self.order = order
        self.blocks = [self.block(0x0a0d0d0a, self.pack('IHHq', 0x1a2b3c4d, 1, 0, -1)),
                       self.interface(1, self.option(2, b'eth0')),
                       self.interface(101, self.option(2, b'tun0') + self.option(9, b'\x09'))]
        self.blocks += [self.process(number) for number in range(5)]

    def pack(self, form, *values):
        return struct.pack(self.order + form, *values)

    def block(self, kind, body):
        body += bytes(-len(body) % 4)
        size = self.pack('I', len(body) + 12)
        return self.pack('I', kind) + size + body + size

    def option(self, code, value):
        return self.pack('HH', code, len(value)) + value + bytes(-len(value) % 4)

    def interface(self, link, options):
        return self.block(1, self.pack('HHI', link, 0, 0) + options)

    def process(self, number):
        return self.block(0x80000001, self.pack('I', 100 + number) + self.option(2, b'apsd%d' % number))

    def packet(self, number, time, frame):
        """Now and then of a link without a header; with a process, a comment, or what the kernel has dropped."""
        other = frame[12:14] == b'\x08\0' and number % 3 == 0
        if other:
            frame, time = frame[14:], time * 1000
        body = self.pack('IIIII', other, time >> 32, time & 0xffffffff, len(frame), len(frame)) + frame
        body += bytes(-len(body) % 4)
        if number % 10 == 0:
            body += self.option(0x8001, self.pack('I', number % 7)) + self.option(0x8003, self.pack('I', number % 6))
        if number % 9973 == 0:
            body += self.option(1, b'packet %d' % number) + self.option(4, self.pack('Q', number)) + bytes(4)
        self.blocks.append(self.block(6, body))

    def between(self, number):
        """What stands between packets: of an unknown kind, statistics, an interface, a process, a name, secrets, a
        simple packet, which has no time."""
        key = b'CLIENT_RANDOM ' + b'%064x ' % number + b'0' * 96
        some = {3: self.block(0x0bad, bytes(number % 97)),
                5: self.block(5, self.pack('IQ', 0, 0) + self.option(4, self.pack('Q', number))),
                7: self.interface(1, b''), 11: self.process(number),
                13: self.block(4, self.option(1, bytes([10, 1, 1, 1]) + b'host%d\0' % number)),
                17: self.block(10, self.pack('II', 0x544c534b, len(key)) + key),
                19: self.block(3, self.pack('I', 60) + bytes(60))}
        self.blocks += [block for every, block in some.items() if number // 3000 % every == 0 and number % 3000 == every * 100]


def capture_ng(those):
    """In pcapng: the section in the middle has the other byte order."""
    sections = [Pcapng('<'), Pcapng('>'), Pcapng('<')]
    for number, (time, frame) in enumerate(those):
        section = sections[min(number * 3 // PACKETS, 2)]
        section.between(number)
        section.packet(number, time, frame)
    return b''.join(b''.join(section.blocks) for section in sections)


def run(program, path, *options):
    """Status, report, and what was told of errors."""
    done = subprocess.run([program, '-q', '--no-ndpi', '-o', 'json', *options, path], capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr


def without_secrets(result):
    """A pipe's are not found ahead: how many there are in all is said of a file alone."""
    report = re.sub(rb',"keylog":{"capture_secrets":[0-9]+}|,"secrets":[0-9]+', b'', result[1])
    return result[0], report, result[2]


def run_in_turn(program, path, *options):
    """The same of a pipe, with the path's name in place of its own."""
    with subprocess.Popen(['cat', path], stdout=subprocess.PIPE) as cat:
        command = [program, '-q', '--no-ndpi', '-o', 'json', '-j', '1', *options, '-']
        done = subprocess.run(command, stdin=cat.stdout, capture_output=True, check=False)
    report = done.stdout.replace(b'"inputs":["-"]', b'"inputs":["%s"]' % path.encode())
    name = b'standard input', path.encode()
    return done.returncode, report.replace(*name), done.stderr.replace(*name)


def threads_of(program):
    """Numbers of threads to try; a sanitizer makes each run long."""
    libraries = subprocess.run(['ldd', program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
    return ['7'] if re.search(rb'lib[a-z]*san\.', libraries) else ['1', '2', '7']


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


def damaged(name, content, damage):
    """As it is, cut, and damaged."""
    return {name: content, name + ', cut': content[:-3], name + ', cut in a header': content + bytes(9),
            name + ', damaged': content + damage,
            name + ', damaged in the middle': content[:len(content) // 8 * 5 + 2] + damage * 100}


def compare(program, threads, name, path, options):
    """How many reports of a file are not as they should be."""
    expected = without_secrets(run_in_turn(program, path, *options))
    complete = ',' not in name
    least = 0 if name.startswith('nothing') else 1 if options else 20
    wrong = 0
    if expected[0] != (0 if complete or options else 3) or expected[1].count(b'"type":"flow"') < least:
        print(f'{name}: ended with {expected[0]}: {expected[2].decode()}')
        wrong += 1
    # Less than half of what seven read that share nothing. A pcapng file is read ahead besides, for its secrets.
    size = os.path.getsize(path)
    most = 7 * size // 2 + (size if 'pcapng' in name else 0)
    if complete and bytes_read(program, path, '-j', '7', *options) > most:
        print(f'{name} {options}: seven threads do not share the reading')
        wrong += 1
    for jobs in threads:
        if without_secrets(run(program, path, '-j', jobs, *options)) != expected:
            print(f'{name} {options}: -j {jobs} differs from one thread that takes each packet in turn')
            wrong += 1
    return wrong


def main(program):
    wrong, threads = 0, threads_of(program)
    with open(SAMPLE, 'rb') as file:
        sample = list(records(file.read()))
    mixed, dense = list(packets(sample, range(70000, 95000))), list(packets(sample, range(PACKETS)))
    record = struct.pack('<IIII', START + 100, 0, 0x7fffffff, 60) + bytes(60)
    block = struct.pack('<III', 6, 0x7fffffff, 0) + bytes(60)
    cases = damaged('mixed', capture(mixed), record) | damaged('dense', capture(dense), record)
    cases |= damaged('mixed pcapng', capture_ng(mixed), block) | damaged('dense pcapng', capture_ng(dense), block)
    cases['nothing, for the first record is damaged'] = capture(()) + record + bytes(5 << 20)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'capture')
        for name, content in cases.items():
            with open(path, 'wb') as file:
                file.write(content)
            wrong += compare(program, threads, name, path, ())
            if ',' not in name:
                for options in ('--count', '77777'), ('--duration', '20'), ('--filter', 'tcp'):
                    wrong += compare(program, threads, name, path, options)
    print(f'{wrong} reports differ')
    return wrong > 0


if __name__ == '__main__':
    sys.exit(main(os.path.abspath(sys.argv[1])))
