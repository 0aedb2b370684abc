#!/usr/bin/env python3
"""Holds the figures of a run against what pushwatch is meant to reach. A line each.

    verdict.py FIGURES
"""
import sys

EMPTY = "libpcap, empty callback, BPF"
A_CPU = f"A/{EMPTY}/cpu"
MIB_IN_KIB, MS = 1 / 1024, 1000

# What, a figure, and by what it is divided (another figure) or multiplied; at most, at least. Aims
# are better than the target that has to be reached.
TARGETS = [
    ("B: wall time, of empty libpcap+BPF", "B/pushwatch/wall", f"B/{EMPTY}/wall", "<=", 0.3, None),
    ("A: CPU time, -j 1 --no-ndpi, of empty libpcap+BPF", "A/pushwatch -j 1 --no-ndpi/cpu", A_CPU,
     "<=", 2.0, 1.3),
    ("A: CPU time, -j 1, of empty libpcap+BPF", "A/pushwatch -j 1/cpu", A_CPU, "<=", 5.0, 3.0),
    ("A: wall time, -j 2 of -j 1", "A/pushwatch -j 2/wall", "A/pushwatch -j 1/wall", "<=", 0.6,
     None),
    ("A: the same, --no-ndpi", "A/pushwatch -j 2 --no-ndpi/wall",
     "A/pushwatch -j 1 --no-ndpi/wall", "<=", 0.6, None),
    ("A: CPU time, -j 1, of ndpiReader", "A/pushwatch -j 1/cpu", "A/ndpiReader/cpu", "<=", 1 / 8,
     None),
    ("A: CPU time, -j 1, of tshark with the same facts", "A/pushwatch -j 1/cpu",
     "A/tshark, the facts/cpu", "<=", 1 / 50, None),
    ("C: peak memory, MiB", "C/peak", MIB_IN_KIB, "<=", 350, None),
    ("C: bytes for an idle connection", "I/bytes", 1, "<=", 400, None),
    ("C: bytes for a lone SYN", "S/bytes", 1, "<=", 150, None),
    ("C: wall time of twice as many", "C/pushwatch, twice as many/wall", "C/pushwatch/wall", "<=",
     2.1, None),
    ("F: peak memory, of --max-memory", "F/peak", 1, "<=", 1, None),
    ("F: TLS connections whole, of those generated", "F/whole", 1, ">=", 1, None),
    ("F: TLS connections reported besides", "F/more", 1, "<=", 0, None),
    ("F: connections ended early", "F/evicted", 1, ">=", 1, None),
    ("Start: --version, ms", "start/pushwatch --version/wall", MS, "<=", 10, None),
    ("Start: 30 KB --no-ndpi, ms", "start/pushwatch --no-ndpi, 30 KB/wall", MS, "<=", 30, None),
    ("Start: 30 KB, ms", "start/pushwatch, 30 KB/wall", MS, "<=", 120, None),
    ("Reports that differ between -j 1, 2, 7", "different", 1, "<=", 0, None),
]


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        figures = {key: float(value) for key, value in (line.split("\t") for line in file)}
    missed = 0
    print(f"{'':52} {'target':>10} {'aim':>5} {'measured':>10}")
    for what, figure, by, relation, target, aim in TARGETS:
        line = f"{what:52} {relation} {target:>7g} {aim or '':>5}"
        if figure not in figures or isinstance(by, str) and by not in figures:
            print(f"{line} {'-':>10}  not measured")
            continue
        measured = figures[figure] / figures[by] if isinstance(by, str) else figures[figure] * by
        reached = measured <= target if relation == "<=" else measured >= target
        missed += not reached
        print(f"{line} {measured:>10.4g}  {'ok' if reached else 'MISSED'}")
    print(f"{missed} missed")


if __name__ == "__main__":
    main()
