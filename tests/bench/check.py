#!/usr/bin/env python3
"""Holds pushwatch's report of a generated capture against what the generator says is in it.

    check.py PUSHWATCH CAPTURE.pcap CAPTURE.json
"""
import collections
import json
import subprocess
import sys

TOTALS = ["packets", "bytes", "matched", "flows", "teardown", "tls_flows", "tls_versions",
          "certificates"]


def report_of(program, capture):
    """The summary, with what only the flows tell added."""
    run = subprocess.Popen([program, "-q", "--no-ndpi", "-o", "json", capture],
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    closed_by, resumed, summary = collections.Counter(), 0, {}
    for line in run.stdout:
        entry = json.loads(line)
        if entry["type"] == "flow":
            closed_by[entry["tcp"].get("closed_by")] += 1
            tls = entry.get("tls", {})
            resumed += tls.get("resumed", False) and tls["version"] != "TLSv1.3"
        elif entry["type"] == "summary":
            summary = entry
    if run.wait() != 0:
        sys.exit(f"{program} failed on {capture}")
    del closed_by[None]
    return summary | {"closed_by": dict(closed_by), "resumed": resumed}


def main():
    program, capture, tally = sys.argv[1:]
    with open(tally, encoding="utf-8") as file:
        expected = json.load(file)
    seen = report_of(program, capture)
    wrong = [key for key in TOTALS + ["closed_by", "resumed"] if seen.get(key) != expected[key]]
    for key in wrong:
        print(f"{capture}: {key}: generated {expected[key]}, reported {seen.get(key)}")
    if wrong:
        sys.exit(1)
    print(f"{capture}: {expected['flows']} connections reported as they were generated")


if __name__ == "__main__":
    main()
