#!/usr/bin/env python3
"""--count and --duration read as much of a capture as they say: the report is that of a capture which ends
there, with any number of threads: part.py PROGRAM"""
import os
import struct
import subprocess
import sys
import tempfile

FOLDER, NAME = 'pcaps', 'seed-pileup.pcap'
HEADER, RECORD = 24, 16
# Packets are read several at a time: around multiples of that, too.
COUNTS = (1, 2, 15, 16, 17, 31, 33, 500, 5000)


def records(capture):
    """Where each packet's record ends, and its time in microseconds."""
    at = HEADER
    while at < len(capture):
        seconds, micros, length = struct.unpack_from('<3I', capture, at)
        at += RECORD + length
        yield at, seconds * 1000000 + micros


def report(program, folder, *options):
    """Of the capture in a folder: its path is in the report."""
    return subprocess.run([program, '-q', '-o', 'json', *options, NAME], cwd=folder, capture_output=True,
                          check=True).stdout


def main(program):
    wrong = 0
    with open(os.path.join(FOLDER, NAME), 'rb') as file:
        capture = file.read()
    ends, times = zip(*records(capture))

    def check(count, *options):
        nonlocal wrong
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, NAME), 'wb') as part:
                part.write(capture[:ends[min(count, len(ends)) - 1]])
            expected = report(program, folder)
        for jobs in '1', '3':
            if report(program, FOLDER, '-j', jobs, *options) != expected:
                print(f'{" ".join(options)}, -j {jobs}: not the first {count} packets')
                wrong += 1

    for count in COUNTS:
        check(count, '--count', str(count))
    for count in COUNTS:
        milliseconds = (times[min(count, len(times) - 1)] - times[0]) // 1000
        if milliseconds > 0:
            within = sum(time - times[0] < milliseconds * 1000 for time in times)
            check(within, '--duration', f'{milliseconds / 1000:.3f}')
    print(f'{wrong} reports of a part are wrong')
    return wrong > 0


if __name__ == '__main__':
    sys.exit(main(os.path.abspath(sys.argv[1])))
