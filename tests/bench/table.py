#!/usr/bin/env python3
"""Prints what hyperfine measured, as medians, and adds it to the figures.

    table.py GROUP FIGURES TIMES                     milliseconds
    table.py GROUP FIGURES TIMES TALLY [SLICE_TIMES SLICE_TALLY]
                                                     seconds, and ratios to the first command

TIMES is a folder with a file of hyperfine's for each round. Of the slice, commands are scaled up to
the whole, less their start, which the last one measures. Figures are a line each: group,
command and kind, separated by slashes; a tab; seconds.
"""
import glob
import json
import os
import statistics
import sys


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def rows_of(folder):
    """For each command: name, medians of wall and CPU time, greatest deviation of the wall time."""
    rounds = [read(path)["results"] for path in glob.glob(os.path.join(folder, "*.json"))]
    rows = []
    for runs in zip(*rounds):
        walls = [run["median"] for run in runs]
        wall = statistics.median(walls)
        rows.append((runs[0]["command"], wall,
                     statistics.median(run["user"] + run["system"] for run in runs),
                     max(abs(w - wall) for w in walls)))
    return rows


def scaled(folder, ratio):
    *rows, (_, start_wall, start_cpu, _) = rows_of(folder)
    return [(name, (wall - start_wall) * ratio + start_wall,
             (cpu - start_cpu) * ratio + start_cpu, spread * ratio)
            for name, wall, cpu, spread in rows]


def print_short(rows):
    for name, wall, cpu, spread in rows:
        print(f"{name:34} {wall * 1000:8.1f} ms ±{spread * 1000:<6.1f} {cpu * 1000:8.1f} ms CPU")


def print_long(group, rows, held, note):
    print(f"\n== {group}: {held['packets']} packets, {held['bytes'] / 1e6:.0f} MB, "
          f"{held['matched']} packets of {held['flows']} connections watched")
    print(f"{'':34} {'wall s':>8} {'±':>7} {'CPU s':>8} {'wall':>8} {'CPU':>8}  of libpcap+BPF")
    _, base_wall, base_cpu, _ = rows[0]
    for name, wall, cpu, spread in rows:
        print(f"{name + note.get(name, ''):34} {wall:8.3f} {spread:7.3f} {cpu:8.3f} "
              f"{wall / base_wall:8.2f} {cpu / base_cpu:8.2f}")


def main():
    group, figures, times, *more = sys.argv[1:]
    rows, note = rows_of(times), {}
    if more:
        held = read(more[0])
        if len(more) == 3 and os.path.exists(more[1]):
            ratio = held["packets"] / read(more[2])["packets"]
            slices = scaled(more[1], ratio)
            note = {name: f" (1/{ratio:.0f})" for name, *_ in slices}
            rows += slices
        print_long(group, rows, held, note)
    else:
        print_short(rows)
    with open(figures, "a", encoding="utf-8") as file:
        for name, wall, cpu, _ in rows:
            file.write(f"{group}/{name}/wall\t{wall}\n{group}/{name}/cpu\t{cpu}\n")


if __name__ == "__main__":
    main()
