#!/usr/bin/env python3
"""Holds what pushwatch says of each chain in some captures against `openssl verify`.

    chains.py PUSHWATCH CAPTURE...

Chains are rebuilt out of the PEM that the report holds, and given to OpenSSL's command line for the same time with the
same anchors.
"""
import argparse
import datetime
import json
import os
import re
import subprocess
import sys
import tempfile

# By the number that `openssl verify` prints (X509_V_ERR_): the error that stands in the report.
ERRORS = {
    2: "unknown-anchor", 20: "unknown-anchor", 21: "unknown-anchor", 19: "unknown-anchor",
    18: "self-signed", 9: "not-yet-valid", 10: "expired", 7: "bad-signature", 24: "not-a-ca",
    79: "not-a-ca", 32: "not-a-ca", 25: "path-too-long", 26: "wrong-purpose", 62: "name-mismatch",
    64: "name-mismatch", 47: "outside-name-constraints", 48: "outside-name-constraints",
}
UNVERIFIABLE = {"unknown-anchor", "self-signed"}


def report_of(program, capture):
    """With the options that stand beside the capture, if any."""
    beside = os.path.splitext(capture)[0] + ".options"
    options = []
    if os.path.exists(beside):
        with open(beside, encoding="ascii") as handle:
            options = handle.read().split()
    run = subprocess.run([program, "-q", "--no-ndpi", "-p", "any", "--pem", "-o", "json", *options, capture],
                         check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                         timeout=120)
    return [json.loads(line) for line in run.stdout.splitlines()]


def chains_of(lines):
    """Yields each distinct (chain, name, validation, second) once."""
    pem = {line["sha256"]: line for line in lines if line["type"] == "certificate"}
    seen = set()
    for flow in (line for line in lines if line["type"] == "flow"):
        tls = flow.get("tls", {})
        chain = tls.get("server_certificates") or tls.get("server_certificates_partial") or []
        if not chain:
            continue
        if "validation" not in tls:
            raise SystemExit(f"a chain without validation: flow {flow['n']}")
        hashes = tuple(certificate["sha256"] for certificate in chain)
        key = (hashes, tls.get("sni"), json.dumps({**tls["validation"], "at": None}))
        if key not in seen:
            seen.add(key)
            yield [pem[h] for h in hashes], tls.get("sni"), tls["validation"], second(tls["validation"]["at"])


def run_verify(arguments):
    """Returns OpenSSL's errors by number, or None if it could not read the certificates."""
    run = subprocess.run(["openssl", "verify", *arguments], check=False, stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    text = run.stdout.decode(errors="replace")
    if "Could not read" in text or "unable to load" in text.lower():
        return None
    return {int(number) for number in re.findall(r"^error (\d+) at", text, re.M)}


def second(text):
    """A time of the report, in whole seconds."""
    when = datetime.datetime.strptime(text[:19] + "+0000", "%Y-%m-%dT%H:%M:%S%z")
    return int(when.timestamp())


def dates_of(folder, certificate):
    path = os.path.join(folder, "one.pem")
    with open(path, "w", encoding="ascii") as handle:
        handle.write(certificate["pem"])
    run = subprocess.run(["openssl", "x509", "-noout", "-in", path, "-dates", "-dateopt", "iso_8601"], check=True,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=60)
    return [second(line.split("=")[1].replace(" ", "T")) for line in run.stdout.decode().splitlines()]


def untold(folder, chain, at):
    """`openssl verify` ends at the first of these: then it says nothing of dates and the rest of the path."""
    errors = set()
    for certificate in chain:
        if not certificate.get("malformed"):
            begins, ends = dates_of(folder, certificate)
            errors |= {"not-yet-valid"} if begins > at else set()
            errors |= {"expired"} if ends <= at else set()
    # The last of the path as its anchor: what is below it is looked at.
    for top in chain[:0:-1] + chain[:1]:
        if not top.get("malformed"):
            path = os.path.join(folder, "top.pem")
            with open(path, "w", encoding="ascii") as handle:
                handle.write(top["pem"])
            numbers = ask_openssl(folder, chain, at, [path]) or set()
            errors |= {ERRORS.get(number, "other") for number in numbers} - UNVERIFIABLE
    return errors


def ask_openssl(folder, chain, at, trust):
    """What OpenSSL says of the path: -partial_chain, since any certificate that is trusted is an anchor here."""
    leaf, sent = os.path.join(folder, "leaf.pem"), os.path.join(folder, "sent.pem")
    with open(leaf, "w", encoding="ascii") as handle:
        handle.write(chain[0]["pem"])
    with open(sent, "w", encoding="ascii") as handle:
        handle.write("".join(c["pem"] for c in chain if not c.get("malformed")))
    anchors = [word for path in trust for word in ("-CAfile", path)]
    common = ["-attime", str(at), "-partial_chain", "-purpose", "sslserver", "-no-CApath", "-no-CAstore",
              "-untrusted", sent, *anchors]
    return run_verify([*common, leaf])


def ask_name(folder, name):
    """Whether OpenSSL takes the leaf for that name: x509 -checkhost, or -checkip for an address."""
    leaf = os.path.join(folder, "leaf.pem")
    name = name.rstrip(".")
    check = "-checkip" if re.fullmatch(r"[0-9.]+|[0-9a-fA-F:]*:[0-9a-fA-F:.]*", name) else "-checkhost"
    run = subprocess.run(["openssl", "x509", "-noout", "-in", leaf, check, name], check=False,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    text = run.stdout.decode(errors="replace")
    return "NOT match" not in text and "does match" in text


def differences(folder, chain, name, validation, at, trust):
    numbers = ask_openssl(folder, chain, at, trust)
    ours = set(validation.get("errors", []))
    if chain[0].get("malformed"):
        if ours != {"malformed"}:
            yield f"a leaf that can't be read: {ours}"
        return
    theirs = {ERRORS.get(number, "other") for number in numbers}
    # What OpenSSL's `verify` does not tell.
    told = ours - {"missing-intermediate", "name-mismatch", "revoked", "cut"}
    if theirs & (UNVERIFIABLE | {"bad-signature"}):
        theirs |= told & untold(folder, chain, at)
    if told != theirs:
        yield f"errors {sorted(told)}, OpenSSL {sorted(theirs)}"
    status = "valid" if not ours else "unverifiable" if ours <= UNVERIFIABLE | {
        "missing-intermediate", "cut"} else "invalid"
    if status != validation["status"]:
        yield f"status {validation['status']} with the errors {sorted(ours)}"
    if name and "name_match" in validation and validation["name_match"] != ask_name(folder, name):
        yield f"name_match {validation['name_match']} for {name}"
    if name and "name_match" not in validation:
        yield f"nothing said about the name {name}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("captures", nargs="+")
    args = parser.parse_args()
    count, bad, statuses = 0, 0, {}
    with tempfile.TemporaryDirectory() as folder:
        for capture in args.captures:
            lines = report_of(args.program, capture)
            trust = [store["path"] for store in lines[0]["trust"] if "path" in store] if lines else []
            for chain, name, validation, at in chains_of(lines):
                count += 1
                statuses[validation["status"]] = statuses.get(validation["status"], 0) + 1
                found = list(differences(folder, chain, name, validation, at, trust))
                if found:
                    bad += 1
                    print(f"{capture}: {chain[0]['sha256']} {chain[0].get('subject')}: {'; '.join(found)}")
    print(f"{count} chains ({', '.join(f'{n} {s}' for s, n in sorted(statuses.items()))}), "
          f"{bad} disagreements")
    return bad > 0 or count == 0


if __name__ == "__main__":
    sys.exit(main())
