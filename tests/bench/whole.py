#!/usr/bin/env python3
"""Counts the TLS connections that a report of a flood has whole, each once: as a report has them
that saw them alone. Prints the count, and adds it to the figures.

    whole.py FIGURES FLOOD.ndjson ALONE.ndjson TALLY
"""
import collections
import json
import sys

# A connection's place among the others, why it was reported when it was, and what nDPI says: it is
# an annotation, whose budget a flood may use up.
BESIDE_THE_POINT = ["n", "end_reason", "ndpi"]


def read(path):
    """The TLS connections, as text, each with its number; how many nDPI named; the summary."""
    connections, named, summary = collections.Counter(), 0, {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            if '"tls":{' not in line and '"type":"summary"' not in line:
                continue
            entry = json.loads(line)
            if entry["type"] == "summary":
                summary = entry
            elif entry["type"] == "flow":
                named += "ndpi" in entry
                for key in BESIDE_THE_POINT:
                    entry.pop(key, None)
                connections[json.dumps(entry)] += 1
    return connections, named, summary


def main():
    figures, flood, alone, tally = sys.argv[1:]
    seen, named, summary = read(flood)
    expected, named_alone, _ = read(alone)
    with open(tally, encoding="utf-8") as file:
        generated = json.load(file)["tls_flows"]
    whole = sum(1 for text in expected if seen[text] == 1)
    evicted = summary.get("flows_evicted", 0)
    print(f"{whole} of {generated} TLS connections whole, {sum(seen.values())} reported, "
          f"{named} of {named_alone} named by nDPI; {evicted} of {summary['flows']} "
          f"connections ended early")
    with open(figures, "a", encoding="utf-8") as file:
        file.write(f"F/whole\t{whole / generated}\nF/evicted\t{evicted}\n"
                   f"F/more\t{sum(seen.values()) - whole}\n")


if __name__ == "__main__":
    main()
