#!/usr/bin/env python3
"""Prints what hyperfine measured.

    table.py TIMES.json                      milliseconds, for short runs
    table.py WORKLOAD TALLY TIMES [SLICE_TALLY SLICE_TIMES]
                                             seconds, and ratios to the first command; the slice's
                                             first command is scaled up to the whole, less its start
"""
import json
import os
import sys


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def rows_of(path):
    """Name, median of the wall time, mean of the CPU time, greatest deviation of the wall time."""
    return [(r["command"], r["median"], r["user"] + r["system"],
             max(abs(t - r["median"]) for t in r["times"])) for r in read(path)["results"]]


def scaled(slice_times, ratio):
    (name, wall, cpu, spread), (_, start_wall, start_cpu, _) = rows_of(slice_times)
    return (f"{name} (1/{ratio:.0f}, scaled)", (wall - start_wall) * ratio + start_wall,
            (cpu - start_cpu) * ratio + start_cpu, spread * ratio)


def print_short(path):
    for name, wall, cpu, spread in rows_of(path):
        print(f"{name:34} {wall * 1000:8.1f} ms {cpu * 1000:8.1f} ms CPU   ±{spread * 1000:.1f}")


def print_long(workload, tally, times, slice_tally=None, slice_times=None):
    held = read(tally)
    print(f"\n== {workload}: {held['packets']} packets, {held['bytes'] / 1e6:.0f} MB, "
          f"{held['matched']} packets of {held['flows']} connections watched")
    print(f"{'':34} {'wall s':>8} {'±':>7} {'CPU s':>8} {'wall':>8} {'CPU':>8}  of libpcap+BPF")
    rows = rows_of(times)
    if slice_times and os.path.exists(slice_times):
        rows.append(scaled(slice_times, held["packets"] / read(slice_tally)["packets"]))
    _, base_wall, base_cpu, _ = rows[0]
    for name, wall, cpu, spread in rows:
        print(f"{name:34} {wall:8.3f} {spread:7.3f} {cpu:8.3f} {wall / base_wall:8.2f} "
              f"{cpu / base_cpu:8.2f}")


if __name__ == "__main__":
    if len(sys.argv) == 2:
        print_short(sys.argv[1])
    else:
        print_long(*sys.argv[1:])
