#!/usr/bin/env python3
"""Is api/openapi.yaml complete, and has everything that a client controls a limit? lint.py [openapi.yaml]

The form itself (references, names, rights, what can be checked) is seen to by tools/api, which fails the build.
"""
import re
import sys

from checks import OTHERS, PATTERNS, ROOT, Checks
from model import follow, types_of


# Arrays and whole numbers that no setting is for: the shape of a record, or bounded by something else.
SHAPES = {
    "a value of one record": {"CustomValue", "Quota", "Span", "RightSet", "RoleNames", "ListScope", "Values", "Field.choices"},
    "what comes along with one record": {"PersonCreate.lists", "PersonCreate.consents"},
    "of one line, which has import.max_line": {f"TransferLine.{n}" for n in ("version", "dim", "fields", "lists", "consents", "faces")},
    "words of a closed set, each once": {"detect with", "CheckRanges", "CheckRange.allowed"},
    "one for each that there is": {"Boxes", "SettingsChange.settings", "Fields.fields"},
    "names to choose by": {"people_list field", "identify list", "CandidateSet.lists", "MatchFilter.external_ids"},
    "of all sets together match.candidates": {"CandidateIds"},
    "of all pairs together match.pairs": {f"{n}.{f}" for n in ("ListMatch", "ListDuplicates") for f in ("limit", "candidates")},
}
# What is deleted without If-Match: it is there or not, and nothing of it can be changed (a session only by being used).
UNCHANGING = {"session_end", "original_delete", "member_remove", "attribute_delete"}


class Lint:
    """Collects what is wrong."""

    def __init__(self, *path):
        self.checks = Checks(*path)
        self.document = self.checks.document
        self.core = "".join(f.read_text(encoding="utf-8") for f in sorted((ROOT / "src/core").glob("*.c")))
        self.faults, self.limited, self.answered, self.shapes = [], set(), set(), set()

    def fault(self, where, text):
        """Notes one."""
        self.faults.append(f"{where}: {text}")

    # ---- limits ----
    def limits(self, schema, where):
        """Everything in a schema that a client sends has an end."""
        component = schema.get("$ref", "").rsplit("/", 1)[-1]
        schema = self.name(schema, where, self.limited)
        where = component or where
        if schema is None:
            return
        self.setting(schema, where)
        for part in schema.get("oneOf", []):
            self.limits(part, where)
        if "oneOf" in schema or "enum" in schema or "const" in schema:
            return
        kinds = types_of(schema)
        if not kinds:
            self.fault(where, "has no type")
        if "string" in kinds and "maxLength" not in schema and schema.get("format") != "binary":
            self.fault(where, "a text without maxLength")
        if kinds & {"integer", "number"} and not {"minimum", "maximum"} <= set(schema):
            self.fault(where, "a number without minimum and maximum")
        if "array" in kinds:
            if "maxItems" not in schema:
                self.fault(where, "an array without maxItems")
            self.limits(schema["items"], where + "[]")
        if "object" in kinds:
            rest = schema.get("additionalProperties", True)
            if rest is True:
                self.fault(where, "an object that takes any field: say additionalProperties")
            elif rest is not False:
                if "maxProperties" not in schema or "maxLength" not in schema.get("propertyNames", {}):
                    self.fault(where, "an object of free fields without maxProperties and propertyNames.maxLength")
                self.limits(rest, where + ".*")
            for name, inner in schema.get("properties", {}).items():
                self.limits(inner, f"{where}.{name}")

    def setting(self, schema, where):
        """What makes a request's work or memory more can be lowered by who runs the server."""
        if not {"array", "integer"} & types_of(schema) or "x-mien-max" in schema:
            return
        self.shapes.add(where)
        if where not in set().union(*SHAPES.values()):
            self.fault(where, "how many is up to the client: name a setting with x-mien-max, or say why not in SHAPES")

    def answers(self, schema, where):
        """What the server sends has no fields but those described."""
        schema = self.name(schema, where, self.answered)
        if schema is None:
            return
        for part in schema.get("oneOf", []):
            self.answers(part, where)
        if "object" in types_of(schema) and "additionalProperties" not in schema and where != "openapi_get 200":
            self.fault(where, "an object that may have any field: say additionalProperties")
        if "items" in schema:
            self.answers(schema["items"], where + "[]")
        for name, inner in schema.get("properties", {}).items():
            self.answers(inner, f"{where}.{name}")

    def name(self, schema, where, seen):
        """The schema itself; None for a component that was looked at before."""
        if "$ref" in schema:
            if schema["$ref"] in seen:
                return None
            seen.add(schema["$ref"])
        found = follow(self.document, schema)
        word = found.get("format")
        if word and word not in PATTERNS and word not in OTHERS:
            self.fault(where, f"format {word} is not one of src/net/format.h")
        return found

    # ---- operations ----
    def wanted(self, op):
        """The statuses that an operation must document."""
        codes = {"400", "default"}
        if op.run != "inline":
            codes.add("503")
        if op.right != "none":
            codes |= {"401", "403"}
        if "{" in op.path:
            codes.add("404")
        if op.bodies:
            codes |= {"413", "415"}
        headers = {p["name"] for p in op.parameters if p["in"] == "header"}
        if "Idempotency-Key" in headers:
            codes.add("409")
        if "If-Match" in headers:
            codes.add("412")
        if "image/*" in op.bodies or op.name == "verify":
            codes.add("422")
        return codes

    def operation(self, op):
        """One of them."""
        for word in ("summary", "description", "tags", "x-mien-right", "x-mien-run"):
            if not op.raw.get(word):
                self.fault(op.name, f"has no {word}")
        missing = self.wanted(op) - set(op.answers)
        if missing:
            self.fault(op.name, f"does not document {', '.join(sorted(missing))}")
        if not any(s[0] == "2" for s in op.answers):
            self.fault(op.name, "has no success")
        if op.method == "get" and op.bodies:
            self.fault(op.name, "GET has a body")
        if op.method not in ("get", "delete") and op.body_limit is None:
            self.fault(op.name, "has no x-mien-body-limit")
        if op.method != "get" and not op.audit:
            self.fault(op.name, "changes something and has no x-mien-audit")
        for action in filter(None, (op.audit, op.audit_refused, *op.audit_also)):
            if f'"{action}"' not in self.core:
                self.fault(op.name, f"nothing in src/core puts {action} on record")
        if op.right == "none" and op.raw.get("security") != []:
            self.fault(op.name, "is for anybody and wants credentials: say security: []")
        files = [t for t in op.answers.get("200", {}).get("content", {}) if t.startswith("image/") or t == "application/pdf"]
        if files and not {"206", "304"} <= set(op.answers):
            self.fault(op.name, "answers a file, and not parts of it (206) or that it is the same (304)")
        if op.run == "inline" and op.right != "none":
            self.fault(op.name, "runs inline, where the store cannot be asked who calls")
        names = {p["name"] for p in op.parameters}
        if ("limit" in names) != ("cursor" in names):
            self.fault(op.name, "has one of limit and cursor")
        if "If-Match" in names and op.method != "delete" and "ETag" not in op.answers["200"].get("headers", {}):
            self.fault(op.name, "takes If-Match and answers no ETag")
        if op.method in ("patch", "delete") and ("If-Match" in names) == (op.name in UNCHANGING):
            self.fault(op.name, "changes what others may have changed, and takes no If-Match; or stands in UNCHANGING and takes one")
        if "201" in op.answers and "Idempotency-Key" not in names:
            self.fault(op.name, "creates something and takes no Idempotency-Key")
        if "text/csv" in op.answers.get("200", {}).get("content", {}) and not op.right_csv:
            self.fault(op.name, "answers CSV and has no x-mien-right-csv")
        if "cursor" in names and "text/csv" not in op.answers["200"].get("content", {}):
            self.fault(op.name, "answers pages, and none of them as CSV")
        if op.right_csv and "cursor" in names and "X-Next-Cursor" not in op.answers["200"].get("headers", {}):
            self.fault(op.name, "answers CSV without X-Next-Cursor")
        if not re.fullmatch(r"(/(\{\w+\}|[a-z0-9]+(-[a-z]+)*(\.json)?))+", op.path):
            self.fault(op.name, f"{op.path}: segments are small letters and dashes")

    def examples(self, op):
        """Bodies have examples, and those fit."""
        for media, schema in op.bodies.items():
            if media != "application/json":
                continue
            if media not in op.examples:
                self.fault(op.name, "its JSON body has no example")
                continue
            for error in self.checks.of(schema).iter_errors(op.examples[media]):
                self.fault(op.name, f"its example does not fit: {error.message}")

    def small_examples(self):
        """Those of schemas."""
        for name, schema in self.document["components"]["schemas"].items():
            for example in schema.get("examples", []):
                for error in self.checks.of(schema).iter_errors(example):
                    self.fault(name, f"its example does not fit: {error.message}")

    def components(self):
        """Each is used."""
        text = str(self.document)
        for kind, things in self.document["components"].items():
            for name in things:
                if kind != "securitySchemes" and f"#/components/{kind}/{name}'" not in text:
                    self.fault(f"components.{kind}.{name}", "nobody uses it")

    def formats(self):
        """The words here are those of the C code."""
        words = set(re.findall(r'X\(\w+, "([a-z0-9-]+)"', (ROOT / "src/net/format.h").read_text()))
        if words != set(PATTERNS) | OTHERS:
            self.fault("formats", f"src/net/format.h and tests/api/checks.py differ: {words ^ (set(PATTERNS) | OTHERS)}")

    def unread(self):
        """What a client may send is looked at by somebody: by its number in src/app, or a header of several routes by its name."""
        code = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "src/app").glob("*.c")))
        words = set(re.findall(r"\bMN_P_\w+|\"[\w-]+\"", code))
        for op in self.checks.operations:
            for p in op.parameters:
                number = "MN_P_" + re.sub(r"\W", "_", f"{op.name}_{p['name']}").upper()
                if number not in words and not (p["in"] == "header" and f'"{p["name"]}"' in words):
                    self.fault(op.name, f"nothing in src/app reads {p['name']}")

    def run(self):
        """All of it."""
        for op in self.checks.operations:
            self.operation(op)
            self.examples(op)
            for p in op.parameters:
                self.limits(p["schema"], f"{op.name} {p['name']}")
            for media, schema in op.bodies.items():
                self.limits(schema, f"{op.name} body {media}")
            for status, answer in op.answers.items():
                for media in answer.get("content", {}).values():
                    self.answers(media["schema"], f"{op.name} {status}")
        for name in sorted(set().union(*SHAPES.values()) - self.shapes):
            self.fault("SHAPES", f"nothing is called {name} any more")
        self.small_examples()
        self.components()
        self.formats()
        self.unread()
        return self.faults


def main():
    faults = Lint(*sys.argv[1:]).run()
    print("\n".join(faults) or "nothing to say")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
