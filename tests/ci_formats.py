#!/usr/bin/env python3
"""JUnit and SARIF reports have the structure that their schemas ask for, and say what the JSON report
says: ci_formats.py PROGRAM CAPTURE...

The checks are those of the two JUnit schemas in use (Ant's and the Jenkins xUnit plugin's) and of
SARIF 2.1.0 (OASIS, sections 3.13 to 3.28) for what is written here. With the schema of SARIF in the
environment variable SARIF_SCHEMA, or JUnit's in JUNIT_SCHEMA, those are used, too."""

import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

LEVELS = {"info": "note", "notice": "note", "warning": "warning", "critical": "error"}
FAILS = {"warning", "critical"}  # without --fail-on

program, *captures = sys.argv[1:]
bad = 0


def check(holds, text):
    global bad
    if not holds:
        bad += 1
        print(text)


def reports_of(capture, folder):
    """Returns the JSON, SARIF and JUnit reports of one run."""
    paths = {form: os.path.join(folder, form) for form in ("json", "sarif", "junit")}
    outputs = [option for form, path in paths.items() for option in ("-o", f"{form}:{path}")]
    subprocess.run([program, "-q", *outputs, capture], capture_output=True, timeout=60)
    reports = []
    for path in paths.values():
        with open(path, "rb") as report:
            reports.append(report.read())
    return reports


def findings_of(report):
    found = []
    for line in report.splitlines():
        record = json.loads(line)
        if record["type"] == "flow":
            found += record["findings"]
        if record["type"] == "finding":
            found.append(record)
    return found


def check_sarif(capture, raw, findings):
    log = json.loads(raw)
    if "SARIF_SCHEMA" in os.environ:
        import jsonschema
        jsonschema.validate(log, json.load(open(os.environ["SARIF_SCHEMA"])))
    check(set(log) == {"$schema", "version", "runs"} and log["version"] == "2.1.0" and
          len(log["runs"]) == 1, f"{capture}: SARIF: not a log of version 2.1.0")
    (one,) = log["runs"]
    check(set(one) == {"tool", "artifacts", "results", "invocations"}, f"{capture}: SARIF: run")
    rules = one["tool"]["driver"]["rules"]
    check(len({rule["id"] for rule in rules}) == len(rules), f"{capture}: SARIF: rules twice")
    for rule in rules:
        check(rule["shortDescription"]["text"].endswith(".") and
              rule["defaultConfiguration"]["level"] in LEVELS.values(), f"{capture}: SARIF: {rule}")
    check([result["ruleId"] for result in one["results"]] == [finding["id"] for finding in findings],
          f"{capture}: SARIF has other findings than JSON")
    for result, finding in zip(one["results"], findings):
        where = result["locations"][0]["physicalLocation"]["artifactLocation"]
        check(rules[result["ruleIndex"]]["id"] == result["ruleId"] and
              result["level"] == LEVELS[finding["severity"]] and
              result["message"]["text"] == finding["summary"] and
              result["properties"]["frames"] == finding["frames"] and
              one["artifacts"][where["index"]]["location"]["uri"] == where["uri"] and
              re.fullmatch(r"[-A-Za-z0-9._~/%]+", where["uri"]) and
              result["partialFingerprints"]["pushwatch/v1"].startswith(finding["id"]),
              f"{capture}: SARIF: {result}")
    check(one["invocations"] == [{"executionSuccessful": True}], f"{capture}: SARIF: invocations")


def check_junit(capture, raw, findings):
    suites = ElementTree.fromstring(raw)
    if "JUNIT_SCHEMA" in os.environ:
        from lxml import etree
        etree.XMLSchema(file=os.environ["JUNIT_SCHEMA"]).assertValid(etree.fromstring(raw))
    check(suites.tag == "testsuites" and not suites.attrib and len(suites) == 1, f"{capture}: JUnit")
    suite = suites[0]
    check(suite.tag == "testsuite" and set(suite.attrib) == {
        "name", "package", "id", "hostname", "tests", "failures", "errors", "timestamp", "time"},
        f"{capture}: JUnit: {suite.attrib}")
    check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp")) and
          re.fullmatch(r"\d+", suite.get("time")), f"{capture}: JUnit: times")
    tags = [child.tag for child in suite]
    cases = suite.findall("testcase")
    check(tags == ["properties"] + ["testcase"] * len(cases) + ["system-out", "system-err"],
          f"{capture}: JUnit: {tags}")
    failed = {case.get("name") for case in cases if case.find("failure") is not None}
    check(len(cases) == int(suite.get("tests")) and len(failed) == int(suite.get("failures")) and
          suite.get("errors") == "0", f"{capture}: JUnit: counts")
    check(failed == {finding["id"] for finding in findings if finding["severity"] in FAILS},
          f"{capture}: JUnit: {failed} failed")
    for case in cases:
        check(set(case.attrib) == {"name", "classname", "time"} and len(case) <= 1,
              f"{capture}: JUnit: {case.attrib}")
        for failure in case:
            check(set(failure.attrib) == {"type", "message"} and failure.text.strip(),
                  f"{capture}: JUnit: {failure.attrib}")


with tempfile.TemporaryDirectory() as work:
    for capture in captures:
        as_json, as_sarif, as_junit = reports_of(capture, work)
        told = findings_of(as_json)
        check_sarif(capture, as_sarif, told)
        check_junit(capture, as_junit, told)
print(f"{len(captures)} captures, {bad} wrong")
sys.exit(bad > 0)
