#!/usr/bin/env python3
"""What one flow takes of a processor, by stage: the instructions that valgrind counts for a capture,
less those for a smaller one of the same kind, divided by the flows between them.

    stages.py PROGRAM LARGE.pcap SMALL.pcap [OPTION...]

Captures are the generator's, which leaves beside each how many flows it has. Options go to the
program, such as --no-ndpi. An instruction belongs to the stage whose source file it comes from,
wherever the compiler has put it; what a library does, to the one that needs it."""
import collections
import json
import re
import subprocess
import sys
import tempfile

# The first that matches the path of a library, or of a source file, tells its stage.
STAGES = (
    ("C library", r"/libc\.so|/ld-linux|/libm\.so|/vg"),
    ("nDPI, and what it costs to ask it", r"/libndpi|dissect/appid"),
    ("certificate: the store; OpenSSL", r"/libcrypto|dissect/(cert_store|x509|asn1|ocsp)"),
    ("flow: table, timeouts, rest, order; fetching ahead", r"dissect/(shard|nearby|flow_table|slab|"
     r"queues|awake|pack|pages|blocks|flow_pack|flow_over|tls_over|connection|handout|lanes|spill|"
     r"keyed_hash|keep|flow\.)|capture/base|emmintrin"),
    ("read: blocks, records, the loop", r"capture/|dissect/(belt|parts|pipeline|crew)\.|watch\.c|byteswap"),
    ("filter: ports at fixed offsets, shards, the batch", r"dissect/(early|intake|batch)\."),
    ("checksums", r"dissect/checksum|adxintrin"),
    ("decode: headers to a segment", r"dissect/(decode|link|tunnel|fragments|segment)"),
    ("TCP: state, reassembly, in flight, Zeek's words", r"dissect/(tcp|reasm|flight|fifo|resends|"
     r"recent|zeek|reset_signs|cadence|doubts|seq)"),
    ("TLS: records, messages, hellos, what is alike", r"dissect/(tls|intern|shared_bytes|fingerprint|"
     r"hash_table|cursor|plain|prologue|decrypt)"),
    ("report: judging, JSON", r"report/|dissect/flow_(describe|record)|outputs\.c|main\.c"),
)


def stage_of(library, path):
    for stage, pattern in STAGES:
        if re.search(pattern, library) or re.search(pattern, path):
            return stage
    return "all else"


def counts(program, capture, options):
    """Instructions by stage; all instructions."""
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out.name}", program, "-q",
                        "-j", "1", *options, "-o", "json:/dev/null", capture], check=True,
                       stderr=subprocess.DEVNULL)
        with open(out.name) as lines:
            return by_stage(lines)


def by_stage(lines):
    """Reads callgrind's format: a name is told once, with a number that stands for it later; the
    line after calls= counts what was called, which is told where it is."""
    names = {"ob": {}, "fl": {}}
    at = {"ob": "", "fl": ""}
    count = collections.Counter()
    called = False
    for line in lines:
        name = re.match(r"(c?ob|c?fl|c?fi|fe)=\((\d+)\)(?: (.*))?", line)
        if name:
            kind = "ob" if name[1].endswith("ob") else "fl"
            if name[3]:
                names[kind][name[2]] = name[3]
            if not name[1].startswith("c"):
                at[kind] = names[kind].get(name[2], "")
        elif line.startswith("calls="):
            called = True
        elif re.match(r"[+\-*\d]", line):
            if not called:
                count[stage_of(at["ob"], at["fl"])] += int(line.split()[1])
            called = False
    return count


def flows(capture):
    with open(f"{capture}.json") as told:
        return json.load(told)["flows"]


def main(program, large, small, *options):
    before, after = counts(program, small, options), counts(program, large, options)
    each = flows(large) - flows(small)
    of = {stage: (after[stage] - before[stage]) / each for stage in after}
    total = sum(of.values())
    for stage, n in sorted(of.items(), key=lambda item: -item[1]):
        print(f"{n:8.0f} {100 * n / total:5.1f} %  {stage}")
    print(f"{total:8.0f}          all")


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
