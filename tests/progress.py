#!/usr/bin/env python3
"""The progress line of a run that is fed slowly: there on a terminal, narrow, gone in the end.

    progress.py PROGRAM
"""
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
import time

HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
FRAME = b"\x02\0\0\0\0\1\x02\0\0\0\0\2\x08\x06" + bytes(46)  # ARP: nothing to analyse
PACKET = struct.pack("<IIII", 1700000000, 0, len(FRAME), len(FRAME)) + FRAME
PIECES, PACKETS, PAUSE = 8, 20000, 0.25


def feed(pipe):
    pipe.write(HEADER)
    for _ in range(PIECES):
        pipe.write(PACKET * PACKETS)
        pipe.flush()
        time.sleep(PAUSE)
    pipe.close()


def errors_of(program, *options):
    """What a run writes to standard error, which is a terminal."""
    master, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 25, 80, 0, 0))
    run = subprocess.Popen([program, *options, "-o", "json:/dev/null", "-"],
                           stdin=subprocess.PIPE, stderr=terminal)
    os.close(terminal)
    feeder = threading.Thread(target=feed, args=(run.stdin,))
    feeder.start()
    seen = b""
    try:
        while piece := os.read(master, 4096):
            seen += piece
    except OSError:  # the other end is closed
        pass
    feeder.join()
    if run.wait() != 0:
        sys.exit(f"ended with status {run.returncode}: {seen}")
    return seen.decode()


def main():
    program = sys.argv[1]
    seen = errors_of(program)
    *lines, last = seen.split("\r\x1b[K")
    lines = [line for line in lines if line]
    print("\n".join(lines))
    assert lines, f"no line: {seen!r}"
    assert last == "", f"left on the terminal: {last!r}"
    for line in lines:
        assert len(line) < 80, f"too wide: {line!r}"
        assert re.fullmatch(r"[0-9]+ packets, [0-9]+ flows, [0-9]+ packets/s, [0-9]+ MB/s", line), line
    seen = errors_of(program, "-q")
    assert seen == "", f"not quiet: {seen!r}"


if __name__ == "__main__":
    main()
