#!/usr/bin/env python3
"""Does src/net/schema.c say the same as python3-jsonschema? differential.py CHECK_JSON [documents a schema]

For every schema of the API and every JSON body: documents that fit are made from the schema, each is changed in one place, and both
are asked. The seed is fixed, so that a difference comes again.
"""
import copy
import json
import random
import subprocess
import sys

from checks import Checks
from model import follow, types_of

GOOD = {
    "base64": ["QUJD", "QQ=="], "base64url": ["a-_9"], "binary": ["x"], "color": ["#2f6fde", "#ABCDEF"],
    "date-time": ["2026-01-31T12:00:00.000Z", "1970-01-01T00:00:00Z", "2024-02-29T23:59:59.5+14:00"], "file-name": ["a.css"],
    "http-url": ["https://example.org/a?b=c", "http://[2001:db8::1]:80/"], "identifier": ["a", "ab-c_9"],
    "line": ["Anna Kern", "\u00c5sa \u4e2d\U0001f600"], "login": ["anna", "a@b.example"], "model": ["mobilefacenet-128"],
    "setting-name": ["match.fmr"], "text": ["two\nlines\t"], "token": ["0190-abcd"], "uri-reference": ["about:blank"],
    "uuid": ["01931f6c-9a41-7c3e-8d52-6f1b2a9c4e07", "01931F6C-9A41-7C3E-8D52-6F1B2A9C4E07"],
}
STRANGE = ["", " ", "a", "A b", " a", "#12345", "#1234567", "Z" * 40, "\u0085", "\u2028", "a\u0001", "QQ=", "=QQ=", "a b@c", "-a", ".a", "1970",
           "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00", "2026-01-01 00:00:00Z", "0999-01-01T00:00:00Z",
           "01931f6c9a417c3e8d526f1b2a9c4e07", "ftp://x", "http://", "https:///a", "http://a b", "match.", ".fmr", "a..b", "\u00e9" * 250,
           "x" * 3000, "\u007f", "null", "\U0001f600"]
ODD = [None, True, False, 0, -1, 1, 0.5, -0.5, 1.5, 2000000001, 9007199254740991, -9007199254740991, 1e300, [], {}, [None], {"x": 1}, ""]


class Maker:
    """Makes documents."""

    def __init__(self, document, seed):
        self.document, self.random = document, random.Random(seed)

    def text(self, schema):
        """A text that fits, mostly."""
        low, high = schema.get("minLength", 0), schema.get("maxLength", 20)
        if "format" in schema:
            return self.random.choice(GOOD[schema["format"]])
        if self.random.random() < 0.2:
            return "\u4e2d" * min(high, 3000)
        return "abcdefghij"[:max(low, 1)].ljust(low, "z")[:high]

    def number(self, schema, whole):
        """A number within the bounds, often at one."""
        low, high = schema.get("minimum", -1000), schema.get("maximum", 1000)
        pick = self.random.choice([low, high, low + (high - low) * self.random.random()])
        return int(pick) if whole or pick == int(pick) else pick

    def make(self, schema):
        """A document for a schema."""
        schema = follow(self.document, schema)
        if "oneOf" in schema:
            return self.make(self.random.choice(schema["oneOf"]))
        if "enum" in schema or "const" in schema:
            return self.random.choice(schema.get("enum") or [schema["const"]])
        kind = self.random.choice(sorted(types_of(schema)) or ["object"])
        if kind == "object":
            return self.object(schema)
        if kind == "array":
            low, high = schema.get("minItems", 0), schema.get("maxItems", 3)
            n = max(low, min(high, self.random.choice([0, 1, 2, 3])))
            items = [self.make(schema["items"]) for _ in range(n)]
            return list({json.dumps(i): i for i in items}.values()) if schema.get("uniqueItems") else items
        return {"string": self.text, "null": lambda _: None, "boolean": lambda _: self.random.random() < 0.5,
                "integer": lambda s: self.number(s, True), "number": lambda s: self.number(s, False)}[kind](schema)

    def object(self, schema):
        """An object with what it must have and some of the rest."""
        needed = schema.get("required", [])
        out = {n: self.make(s) for n, s in schema.get("properties", {}).items() if n in needed or self.random.random() < 0.5}
        rest = schema.get("additionalProperties")
        if isinstance(rest, dict):
            out |= {n: self.make(rest) for n in self.random.sample(["a", "b_c", "d9"], self.random.randrange(4))}
        return out

    def places(self, value, path=()):
        """Every place in a document."""
        yield path
        parts = value.items() if isinstance(value, dict) else enumerate(value[:20]) if isinstance(value, list) else ()
        for key, inner in parts:
            yield from self.places(inner, path + (key,))

    def spoil(self, value):
        """The document with one place changed; not necessarily into something wrong."""
        value = copy.deepcopy(value)
        *way, last = ("whole",) + self.random.choice(list(self.places(value)))
        box = {"whole": value}
        at = box
        for key in way:
            at = at[key]
        old = at[last]
        choice = self.random.random()
        if isinstance(old, dict) and choice < 0.6:
            if old and choice < 0.3:
                del old[self.random.choice(sorted(old))]
            else:
                old[self.random.choice(["x", "A b", "type", "name", "zz" * 40])] = self.random.choice(ODD)
        elif isinstance(old, list) and old and choice < 0.6:
            n = self.random.choice([1, 2, 17, 33, 65])
            at[last] = old[1:] if choice < 0.2 else old + [copy.deepcopy(old[0]) for _ in range(n)]
        elif isinstance(old, str) and choice < 0.7:
            at[last] = self.random.choice(STRANGE + [old + "x", old[:-1]])
        elif isinstance(old, (int, float)) and not isinstance(old, bool) and choice < 0.7:
            at[last] = self.random.choice([old + 1 if abs(old) < 2**53 - 1 else 0, -old, old / 2 + 0.25])
        else:
            at[last] = copy.deepcopy(self.random.choice(ODD))
        return box["whole"]


def whole(value):
    """Floats without fraction as integers: JSON Schema takes 5.0 for an integer, mien on purpose does not."""
    if isinstance(value, float) and value == int(value) and abs(value) < 2**53:
        return int(value)
    if isinstance(value, dict):
        return {k: whole(v) for k, v in value.items()}
    return [whole(v) for v in value] if isinstance(value, list) else value


def unsafe(value):
    """Is there an integer that JavaScript cannot hold? mien refuses it everywhere."""
    if isinstance(value, dict):
        return any(unsafe(v) for v in value.values())
    if isinstance(value, list):
        return any(unsafe(v) for v in value)
    return isinstance(value, int) and abs(value) > 2**53 - 1


def main():
    program, *more = sys.argv[1:]
    each = int(more[0]) if more else 25
    checks = Checks()
    schemas = {n: {"$ref": f"#/components/schemas/{n}"} for n in checks.document["components"]["schemas"]}
    schemas |= {f"{o.name} application/json": o.bodies["application/json"] for o in checks.operations if "application/json" in o.bodies}
    counts, bad = {True: 0, False: 0}, 0
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8") as c:
        for name, schema in schemas.items():
            validator, maker = checks.of(schema), Maker(checks.document, name)
            for _ in range(each):
                good = whole(maker.make(schema))
                for value in (good, whole(maker.spoil(good)), whole(maker.spoil(maker.spoil(good)))):
                    if unsafe(value):
                        continue
                    c.stdin.write(f"{name}\t{json.dumps([value])}\n")
                    c.stdin.flush()
                    said = c.stdout.readline().rstrip("\n")
                    fits = validator.is_valid(value)
                    counts[fits] += 1
                    if fits != (said == "fits"):
                        bad += 1
                        why = next((f"{list(e.absolute_path)} {e.message[:200]}" for e in validator.iter_errors(value)), "fits")
                        print(f"{name}: mien: {said}\n  jsonschema: {why}\n  {json.dumps(value)[:400]}")
        c.stdin.close()
    print(f"{len(schemas)} schemas, {counts[True]} documents fit, {counts[False]} do not, {bad} differences")
    if min(counts.values()) < each * len(schemas) // 4:
        sys.exit("the documents are not of both kinds: the maker is broken")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
