#!/usr/bin/env python3
"""Runs pushwatch (built with the sanitizers) on captures and on what is left of them when they are cut
anywhere: no crash, hang, leak or sanitizer report, status 0 or 3, every line JSON, and no more than a
second of processor time for each 10 MB, beside what it takes to start.

    prefixes.py PUSHWATCH FOLDER [--seconds N] [--seed N]

Captures are taken in turn, in an order drawn by the seed, until the time is over: each whole once,
then each cut at one more offset in every turn.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time

START = 1.5  # seconds of processor time for a program under the sanitizers to start and end
PER_BYTE = 1 / 10e6
TOO_LONG = 120  # seconds: hangs


def fault_of(program, path, size):
    """What is wrong with the program's run on a capture, or None; and its processor time."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        child = subprocess.Popen([program, "-q", "-j1", "--ports", "any", "-o", "json", path],
                                 stdin=subprocess.DEVNULL, stdout=out, stderr=errors)
        limit = time.monotonic() + TOO_LONG
        while True:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > limit:
                child.kill()
                os.wait4(child.pid, 0)
                child.returncode = -9
                return "it hangs", 0
            time.sleep(0.005)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        said = errors.read().decode("utf-8", "replace")
        took = usage.ru_utime + usage.ru_stime
        if "Sanitizer" in said or "runtime error:" in said:
            return said[:1500], took
        if child.returncode not in (0, 3):
            return f"status {child.returncode}: {said[:300]}", took
        if child.returncode == 3 and not said:
            return "status 3 without a reason", took
        for line in out:
            try:
                json.loads(line)
            except ValueError:
                return f"not JSON: {line[:200]!r}", took
        if took > START + size * PER_BYTE:
            return f"{took:.2f} s of processor time for {size} bytes", took
        return None, took


def cut_of(size, chance):
    """An offset: headers of the file and of the first packets are where most is decided."""
    return chance.choice([chance.randrange(min(size, 300)), chance.randrange(min(size, 4096)),
                          chance.randrange(size)])


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("folder")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    captures = sorted(os.path.join(folder, name) for folder, _, names in os.walk(options.folder)
                      for name in names)
    captures = [path for path in captures if os.path.getsize(path)]
    chance.shuffle(captures)
    deadline = time.monotonic() + options.seconds
    runs = wrong = turns = 0
    slowest = (0, "")
    while time.monotonic() < deadline and captures:
        for path in captures:
            size = os.path.getsize(path)
            at = cut_of(size, chance) if turns else size
            with tempfile.NamedTemporaryFile() as part, open(path, "rb") as whole:
                part.write(whole.read(at))
                part.flush()
                fault, took = fault_of(options.program, part.name, at)
            runs += 1
            wrong += fault is not None
            slowest = max(slowest, (took / (START + at * PER_BYTE), f"{path} up to {at}: {took:.2f} s"))
            if fault:
                print(f"{path} up to byte {at} of {size}: {fault}")
            if time.monotonic() > deadline:
                break
        turns += 1
    print(f"{runs} runs on {len(captures)} captures, {wrong} wrong; nearest to the limit: {slowest[1]}")
    return wrong != 0 or not runs


if __name__ == "__main__":
    sys.exit(main())
