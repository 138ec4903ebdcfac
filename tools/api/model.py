"""api/openapi.yaml as Python objects, for what is made from it and for its tests.

Everything here is about the form of the file: a mistake in it ends the program with its place and what to do.
"""
import re
import sys

import yaml

METHODS = ("get", "post", "put", "patch", "delete")
TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")
# What src/net/schema.c can check. Words for readers only are in SILENT.
CHECKED = {"type", "minimum", "maximum", "format", "minLength", "maxLength", "enum", "const", "items", "minItems", "maxItems",
           "uniqueItems", "properties", "required", "additionalProperties", "propertyNames", "minProperties",
           "maxProperties", "oneOf", "discriminator", "default", "x-mien-max"}
SILENT = {"description", "examples", "title", "$ref"}


class Fault(Exception):
    """A mistake in the file."""


class Loader(yaml.SafeLoader):
    """Refuses a key that stands twice, which YAML would let the second one win."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                continue
            if key.tag == "tag:yaml.org,2002:bool":
                raise Fault(f"line {key.start_mark.line + 1}: '{key.value}' as a key is a boolean in YAML: quote it")
            if key.value in seen:
                raise Fault(f"line {key.start_mark.line + 1}: '{key.value}' stands here twice")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def load(path):
    """The document, without the parts that only YAML's merging needed."""
    with open(path, encoding="utf-8") as file:
        document = yaml.load(file, Loader)
    for key in ("x-mien-statuses", "x-mien-fields"):
        document.pop(key, None)
    return document


def look_up(document, reference):
    """What a '#/a/b' stands for."""
    if not reference.startswith("#/"):
        raise Fault(f"{reference}: only references into this file")
    found = document
    for part in reference[2:].split("/"):
        part = part.replace("~1", "/").replace("~0", "~")
        if part not in found:
            raise Fault(f"{reference}: there is no such thing")
        found = found[part]
    return found


def follow(document, thing):
    """The thing itself where it is a reference to one."""
    while isinstance(thing, dict) and "$ref" in thing:
        thing = look_up(document, thing["$ref"])
    return thing


def types_of(schema):
    """The set of JSON types that a schema names."""
    kind = schema.get("type")
    return set([kind] if isinstance(kind, str) else kind or [])


class Operation:
    """One method of one path, with everything resolved but the schemas."""

    def __init__(self, document, path, method, item, raw):
        self.path, self.method, self.raw = path, method, raw
        self.name = raw.get("operationId") or ""
        if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", self.name):
            raise Fault(f"{method} {path}: operationId must be like people_list, is '{self.name}'")
        parameters = [follow(document, p) for p in item.get("parameters", []) + raw.get("parameters", [])]
        in_path = re.findall(r"\{(\w+)\}", path)
        named = {p["name"]: p for p in parameters if p["in"] == "path"}
        if sorted(in_path) != sorted(named):
            raise Fault(f"{self.name}: the path names {in_path}, its parameters are {sorted(named)}")
        self.parameters = [named[n] for n in in_path] + [p for p in parameters if p["in"] != "path"]
        body = follow(document, raw.get("requestBody")) or {}
        self.bodies = {t: m.get("schema", {}) for t, m in body.get("content", {}).items()}
        self.examples = {t: m["example"] for t, m in body.get("content", {}).items() if "example" in m}
        self.body_required = body.get("required", False)
        self.answers = {s: follow(document, a) for s, a in raw["responses"].items()}
        self.right = raw.get("x-mien-right")
        self.right_csv = raw.get("x-mien-right-csv")
        self.run = raw.get("x-mien-run")
        self.body_limit = raw.get("x-mien-body-limit")
        self.audit = raw.get("x-mien-audit")
        self.audit_when = raw.get("x-mien-audit-when")
        self.audit_also = raw.get("x-mien-audit-also", {})
        self.audit_refused = raw.get("x-mien-audit-refused")
        self.summary = raw.get("summary", "")
        self.tags = raw.get("tags", [])


def operations(document):
    """All operations, in the order of the file."""
    found = [Operation(document, path, method, item, item[method])
             for path, item in document["paths"].items() for method in METHODS if method in item]
    names = [o.name for o in found]
    twice = {n for n in names if names.count(n) > 1}
    if twice:
        raise Fault(f"operationId stands twice: {', '.join(sorted(twice))}")
    return found


def fail(fault):
    """Ends the program with the mistake."""
    sys.exit(f"api/openapi.yaml: {fault}")
