#!/usr/bin/env python3
"""Validates NDJSON reports against the flow record's JSON Schema.

    validate_schema.py SCHEMA < NDJSON
    validate_schema.py SCHEMA NDJSON...

Besides what a schema can say of single objects it checks that keys stand in the
schema's order, and the order of the objects: meta first, summary last.
Exit status: 0 valid, 1 not valid (each fault on standard error), 2 wrong usage.
"""
import json
import sys

import jsonschema

FAULTS_SHOWN = 20


def no_duplicates(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError("a key occurs twice: %s" % ", ".join(keys))
    return dict(pairs)


def resolve(schema, part):
    while "$ref" in part:
        part = schema["$defs"][part["$ref"].rsplit("/", 1)[1]]
    return part


def misplaced(schema, part, value, path):
    """The paths of objects whose keys are not in the order of the schema."""
    part = resolve(schema, part)
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from misplaced(schema, part.get("items", {}), item, "%s[%d]" % (path, number))
    elif isinstance(value, dict) and "properties" in part:
        order = [key for key in part["properties"] if key in value]
        if order != [key for key in value if key in part["properties"]]:
            yield path
        for key, item in value.items():
            yield from misplaced(schema, part["properties"].get(key, {}), item, path + "." + key)


def definition_of(schema, kind):
    for choice in schema["oneOf"]:
        part = resolve(schema, choice)
        if part["properties"]["type"]["const"] == kind:
            return part
    return None


def faults_of_line(schema, validators, line):
    try:
        value = json.loads(line, object_pairs_hook=no_duplicates)
    except ValueError as error:
        return None, ["not JSON: %s" % error]
    kind = value.get("type") if isinstance(value, dict) else None
    part = definition_of(schema, kind)
    if part is None:
        return kind, ["no object of the schema has the type %r" % (kind,)]
    faults = ["%s: %s" % ("/".join(map(str, error.absolute_path)) or "the object", error.message)
              for error in validators[kind].iter_errors(value)]
    faults += ["%s: keys are not in the schema's order" % path
               for path in misplaced(schema, part, value, kind)]
    return kind, faults


def make_validators(schema):
    """One for each type of object: `oneOf` alone would not say what is wrong."""
    checker = jsonschema.FormatChecker()
    return {part["properties"]["type"]["const"]: jsonschema.Draft202012Validator(
        {"$ref": choice["$ref"], "$defs": schema["$defs"]}, format_checker=checker)
            for choice in schema["oneOf"] for part in [resolve(schema, choice)]}


def faults_of_report(schema, validators, text):
    kinds, faults = [], []
    for number, line in enumerate(text.split("\n")[:-1], 1):
        kind, found = faults_of_line(schema, validators, line)
        kinds.append(kind)
        faults += ["line %d: %s" % (number, fault) for fault in found]
    if not text.endswith("\n") or kinds[:1] != ["meta"] or kinds[-1:] != ["summary"] \
            or kinds.count("meta") != 1 or kinds.count("summary") != 1:
        faults.append("not one meta first, one summary last, each with its newline")
    return faults


def main():
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    with open(sys.argv[1], encoding="utf-8") as handle:
        schema = json.load(handle)
    jsonschema.Draft202012Validator.check_schema(schema)
    validators = make_validators(schema)

    bad = 0
    for path in sys.argv[2:] or ["/dev/stdin"]:
        with open(path, "rb") as handle:
            faults = faults_of_report(schema, validators, handle.read().decode("utf-8"))
        bad += bool(faults)
        for fault in faults[:FAULTS_SHOWN]:
            print("%s: %s" % (path, fault), file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
