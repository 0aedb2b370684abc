#!/usr/bin/env python3
"""Writes the case that pushwatch was made for as text: what `date; netstat -An` printed on a Mac whose
push daemon has piled up dead connections, and the lines of its system.log: seed-netstat.txt,
seed-system.log, seed-system.log.0.

    make_seed.py
"""
import datetime
import os
import random

HERE = os.path.dirname(os.path.abspath(__file__))
SOCKETS = 397
PERIOD = datetime.timedelta(minutes=90)
NOW = datetime.datetime(2014, 5, 25, 12, 10, 44)  # a clock in California
SERVERS = ["17.149.36.%d" % n for n in (68, 93, 104, 131, 167)] + \
          ["17.172.232.%d" % n for n in (59, 108, 142, 187)] + ["17.172.238.%d" % n for n in (12, 210)]
chance = random.Random(5223)


def netstat(recv_q, send_q, local, remote, state):
    """The columns of `netstat -An`: network_cmds, netstat.tproj/inet.c."""
    return "%-16.16s tcp4  %6d %6d  %-18.18s %-18.18s %-11.11s\n" % (
        "%016x" % (0xffffff8012000000 + chance.randrange(0x7fff) * 0x420), recv_q, send_q, local, remote, state)


def table():
    rows = []
    for _ in range(SOCKETS):
        rows.append(netstat(0, chance.choice([106, 143, 143, 143, 143]),
                            "10.0.1.7.%d" % chance.randrange(49152, 65536),
                            "%s.5223" % chance.choice(SERVERS), "FIN_WAIT_1"))
    rows.insert(0, netstat(0, 0, "10.0.1.7.49207", "17.172.232.59.5223", "ESTABLISHED"))
    rows.insert(3, netstat(0, 0, "10.0.1.7.50112", "192.0.2.80.443", "ESTABLISHED"))
    rows.append(netstat(0, 0, "127.0.0.1.631", "*.*", "LISTEN"))
    udp = "ffffff80123fe2a0 udp4       0      0  *.5353             *.*\n"
    return (NOW.strftime("%a %b %e %H:%M:%S PDT %Y\n") + "Active Internet connections (including servers)\n" +
            "Socket           Proto Recv-Q Send-Q  Local Address      Foreign Address    (state)\n" +
            "".join(rows) + udp)


def line(when, text):
    return when.strftime("%b %e %H:%M:%S mac ") + text + "\n"


def log(begin, end):
    lines = []
    when = datetime.datetime(2014, 5, 17, 0, 48, 1)
    while when < end:
        asleep = when.hour in (3, 4) and when.day % 2
        if when >= begin and not asleep:
            at = when + datetime.timedelta(seconds=chance.randrange(3))
            lines.append((at, "apsd[106]: Unrecognized leaf certificate"))
        when += PERIOD
    when = begin
    while when < end:
        lines.append((when, chance.choice([
            "kernel[0]: AirPort: Link Up on en0",
            "mDNSResponder[37]: mDNSPlatformSendUDP got error",
            "com.apple.backupd[2411]: Starting automatic backup",
            "configd[17]: network changed: v4(en0:10.0.1.7) DNS Proxy SMB"])))
        when += datetime.timedelta(minutes=chance.randrange(60, 300))
    return "".join(line(when, text) for when, text in sorted(lines))


def write(name, text):
    with open(os.path.join(HERE, name), "w", encoding="ascii") as handle:
        handle.write(text)


if __name__ == "__main__":
    rotated = datetime.datetime(2014, 5, 23, 0, 30)
    write("seed-netstat.txt", table())
    write("seed-system.log.0", log(datetime.datetime(2014, 5, 17), rotated))
    write("seed-system.log", log(rotated, NOW))
