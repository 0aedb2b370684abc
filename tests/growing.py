#!/usr/bin/env python3
"""A capture that is still being written is read as far as it was written when it was opened, with any number of
threads: growing.py PROGRAM

The program opens its inputs, and then its outputs. Two of those are pipes: once it has opened the first it has the
capture open, and it waits at the second until that is opened here."""
import gzip
import os
import subprocess
import sys
import tempfile

SMALL, LARGE, NG = 'pcaps/tls12.pcap', 'pcaps/seed-pileup.pcap', 'pcaps/tls13-secrets.pcapng'
HEADER = 24


def contents(path):
    with open(path, 'rb') as file:
        return file.read()


def write(path, mode, content):
    with open(path, mode) as file:
        file.write(content)


def report_while_growing(program, inputs, more, folder, *options):
    """Status and report where the last input grows by `more` once it has been opened."""
    first, second = os.path.join(folder, 'first'), os.path.join(folder, 'second')
    for pipe in first, second:
        os.mkfifo(pipe)
    stdin = inputs[-1] if '-' in options else os.devnull
    named = [] if '-' in options else inputs
    with open(stdin, 'rb') as given, subprocess.Popen(
            [program, '-q', '--no-ndpi', '-o', f'json:{first}', '-o', f'junit:{second}', *options, *named],
            stdin=given, stderr=subprocess.DEVNULL) as child, open(first, 'rb') as report:
        write(inputs[-1], 'ab', more)
        with open(second, 'rb') as ignored:
            text = report.read()
            ignored.read()
        status = child.wait()
    for pipe in first, second:
        os.remove(pipe)
    return status, text


def main(program):
    small, large, secrets = contents(SMALL), contents(LARGE), contents(NG)
    repeated = large + large[HEADER:] * 20
    cases = {'few packets': ([small], large[HEADER:]),
             'cut in a record': ([small[:-7]], small[-7:] + large[HEADER:]),
             'many packets': ([repeated], small[HEADER:]),
             'pcapng': ([secrets], contents('pcaps/tls13-stapled.pcapng') + secrets),
             'compressed': ([gzip.compress(small)], gzip.compress(large[HEADER:])),
             'two files': ([large, small], large[HEADER:])}
    wrong = 0
    for name, (before, more) in cases.items():
        for jobs in '1', '2', '7':
            for given in [('-j', jobs)] + [('-j', jobs, '-')] * (len(before) == 1):
                with tempfile.TemporaryDirectory() as folder:
                    inputs = [os.path.join(folder, f'{i}') for i in range(len(before))]
                    for path, content in zip(inputs, before):
                        write(path, 'wb', content)
                    expected = report_while_growing(program, inputs, b'', folder, *given)
                    found = report_while_growing(program, inputs, more, folder, *given)
                if found != expected or b'"type":"flow"' not in expected[1]:
                    print(f'{name} {" ".join(given)}: not what it was when it was opened')
                    wrong += 1
    print(f'{wrong} reports on captures that grow are wrong')
    return wrong > 0


if __name__ == '__main__':
    sys.exit(main(os.path.abspath(sys.argv[1])))
