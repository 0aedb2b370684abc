#!/usr/bin/env python3
"""Every finding has a case that raises it and a near miss that does not; healthy captures are told
so: findings.py PROGRAM

tests/findings.tsv names the cases. A capture is given to the program; a test's function must speak
of the finding and be run by its program, whose outcome is the business of tests/run.sh."""

import json
import pathlib
import re
import subprocess
import sys

ABOVE_INFO = {"notice", "warning", "critical"}
# Captures in which nothing is wrong: nothing above `info` may be raised. Every other one
# raises something.
HEALTHY = pathlib.Path("tests/healthy.txt").read_text().split()

program = sys.argv[1]
bad = 0
reports = {}


def complain(text):
    global bad
    bad += 1
    print(text)


def options(capture):
    """What stands beside a capture that is to be read with options."""
    path = pathlib.Path(f"pcaps/{capture}").with_suffix(".options")
    return path.read_text().split() if path.exists() else []


def report(capture):
    """(id, severity) of all findings of a capture, each once."""
    if capture not in reports:
        out = subprocess.run([program, "-q", *options(capture), "-o", "json", f"pcaps/{capture}"],
                             capture_output=True, check=True, timeout=60).stdout
        found = set()
        for line in out.splitlines():
            record = json.loads(line)
            findings = [record] if record["type"] == "finding" else []
            if record["type"] == "flow":
                findings = record["findings"]
            found |= {(finding["id"], finding["severity"]) for finding in findings}
        reports[capture] = found
    return reports[capture]


def check_function(case, symbol):
    """The function of a test that stands for a case."""
    name, function = case.split(":")
    source = pathlib.Path(f"tests/{name}.c")
    text = source.read_text() if source.exists() else ""
    body = re.search(rf"^static void {function}\(.*?^}}", text, re.M | re.S)
    if not body or f"cmocka_unit_test({function})" not in text:
        complain(f"{case}: there is no such test")
    elif f"FINDING_{symbol}" not in body.group():
        complain(f"{case}: does not look for FINDING_{symbol}")


def check_case(case, name, symbol, raised):
    if ":" in case:
        check_function(case, symbol)
    elif not pathlib.Path(f"pcaps/{case}").exists():
        complain(f"{case}: there is no such capture")
    elif raised != (name in {found for found, _ in report(case)}):
        complain(f"{case} {'does not raise' if raised else 'raises'} {name}")


def check_table():
    table = pathlib.Path("report/judge/findings.def").read_text()
    symbols = {name: symbol for symbol, name in re.findall(r'^FINDING\((\w+), "([^"]+)"', table, re.M)}
    seen = set()
    for line in pathlib.Path("tests/findings.tsv").read_text().splitlines():
        if line.startswith("#"):
            continue
        name, raised, missed = line.split("\t")
        if name not in symbols or name in seen:
            complain(f"tests/findings.tsv: {name} is no finding, or has two lines")
            continue
        seen.add(name)
        check_case(raised, name, symbols[name], True)
        check_case(missed, name, symbols[name], False)
    for name in sorted(set(symbols) - seen):
        complain(f"tests/findings.tsv has no case for {name}")


def check_healthy():
    captures = {path.name for path in pathlib.Path("pcaps").glob("*.pcap*")}
    for name in sorted(set(HEALTHY) - captures):
        complain(f"tests/healthy.txt: {name}: there is no such capture")
    for capture in sorted(captures):
        severe = {found for found in report(capture) if found[1] in ABOVE_INFO}
        if capture in HEALTHY and severe:
            complain(f"{capture} is healthy, but raises {severe}")
        if capture not in HEALTHY and not severe:
            complain(f"{capture} raises nothing: is it healthy? Then tests/healthy.txt should list it")
        if capture in HEALTHY:
            check_three_lines(capture)


def check_three_lines(capture):
    text = subprocess.run([program, "-q", *options(capture), f"pcaps/{capture}"], capture_output=True, check=True,
                          timeout=60, text=True).stdout
    lines = text.split("\n")
    if not lines[0].startswith("Nothing is wrong here") or lines[3]:
        complain(f"{capture} is healthy, but its report begins with\n" + "\n".join(lines[:4]))


check_table()
check_healthy()
print(f"{bad} wrong")
sys.exit(bad > 0)
