#!/usr/bin/env python3
"""The display filters of the text report are ones that tshark understands, and show the packets that
the finding speaks of: tshark.py PROGRAM CAPTURE..."""

import re
import shutil
import subprocess
import sys

if not shutil.which("tshark"):
    print("tshark is not installed")
    sys.exit(77)

program, *captures = sys.argv[1:]
bad = filters = 0
for capture in captures:
    text = subprocess.run([program, "-q", capture], capture_output=True, check=True, text=True,
                          timeout=60).stdout
    # Filters are wrapped like all text, and may be copied with their line breaks.
    found = set(re.findall(r"^  Filter: (.*(?:\n  (?:&& |tcp\.|\d).*)*)", text, re.M))
    for display in sorted(found):
        filters += 1
        shown = subprocess.run(["tshark", "-r", capture, "-Y", display], capture_output=True,
                               text=True, timeout=60)
        if shown.returncode != 0 or not shown.stdout.strip():
            bad += 1
            print(f"{capture}: {display}: {shown.stderr.strip() or 'shows no packet'}")
print(f"{filters} filters, {bad} wrong")
sys.exit(bad > 0 or filters < 10)
