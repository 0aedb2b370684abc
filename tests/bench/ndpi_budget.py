#!/usr/bin/env python3
"""Compares the labels that two builds give the flows of captures: what a choice of the packets that
nDPI sees costs in labels. ndpi_budget.py OLD NEW CAPTURE..."""
import collections
import json
import subprocess
import sys


def labels(program, capture):
    """The report's flows: {n: (payload bytes, label or None)}."""
    done = subprocess.run([program, "-p", "any", "-o", "json", capture], capture_output=True)
    flows = {}
    for line in done.stdout.splitlines():
        record = json.loads(line)
        if record["type"] == "flow":
            payload = sum(record["tcp"][end].get("bytes", 0) for end in ("client", "server"))
            flows[record["n"]] = payload, record.get("ndpi")
    return flows


def main(old, new, captures):
    count, changes, risks = collections.Counter(), collections.Counter(), collections.Counter()
    for capture in captures:
        before, after = labels(old, capture), labels(new, capture)
        for n, (payload, was) in before.items():
            now = after[n][1]
            kind = "with payload" if payload else "without payload"
            count[f"flows {kind}"] += 1
            count[f"labelled {kind}, old"] += was is not None
            count[f"labelled {kind}, new"] += now is not None
            if not payload:
                continue
            was = was or {"protocol": "(none)", "category": "", "risks": []}
            now = now or {"protocol": "(none)", "category": "", "risks": []}
            for key in ("protocol", "category"):
                if was[key] != now[key]:
                    count[f"{key} changed"] += 1
            if was["protocol"] != now["protocol"]:
                changes[f"{was['protocol']} -> {now['protocol']}"] += 1
            lost, gained = set(was["risks"]) - set(now["risks"]), set(now["risks"]) - set(was["risks"])
            count["risks changed"] += bool(lost or gained)
            risks.update(f"- {risk}" for risk in lost)
            risks.update(f"+ {risk}" for risk in gained)
    for title, counter in (("", count), ("protocols", changes), ("risks lost (-), gained (+)", risks)):
        print(title)
        for key, value in counter.most_common():
            print(f"  {value:6} {key}")


main(sys.argv[1], sys.argv[2], sys.argv[3:])
