#!/usr/bin/env python3
"""Makes the TypeScript client's types and operations: make_ts.py openapi.yaml OUT.ts"""
import json
import pathlib
import re
import sys

import model
from model import Fault, follow, types_of

HEAD = """/* Made from api/openapi.yaml by tools/api/make_ts.py: change it there. */
import { Client } from "./client.js";
import type { Answer, RequestOptions } from "./client.js";

"""
KINDS = {"application/json": "json", "text/plain": "text", "text/html": "text", "text/csv": "text", "application/jsonl": "stream"}


def camel(name):
    """people_list, If-Match: peopleList, ifMatch"""
    first, *rest = re.split(r"[_-]", name)
    return first.lower() + "".join(r[:1].upper() + r[1:] for r in rest)


def pascal(name):
    """people_list: PeopleList"""
    return camel(name)[:1].upper() + camel(name)[1:]


def key(name):
    """A property's name, quoted where it must be."""
    return name if re.fullmatch(r"[A-Za-z_]\w*", name) else json.dumps(name)


def remark(text, indent):
    """A comment, or nothing."""
    return f"{indent}/** {' '.join(text.split())} */\n" if text else ""


def type_of(schema, indent=""):
    """The TypeScript type of a schema."""
    if "$ref" in schema:
        return schema["$ref"].rsplit("/", 1)[1]
    if "oneOf" in schema:
        return " | ".join(type_of(s, indent) for s in schema["oneOf"])
    if "enum" in schema or "const" in schema:
        return " | ".join(json.dumps(c) for c in schema.get("enum", [schema.get("const")]))
    words = []
    for kind in [k for k in model.TYPES if k in types_of(schema) and k != "null"]:
        if kind == "array":
            inner = type_of(schema["items"], indent)
            words.append(f"({inner})[]" if " " in inner else f"{inner}[]")
        elif kind == "object":
            words.append(object_type(schema, indent))
        elif kind == "string":
            words.append("Blob" if schema.get("format") == "binary" else "string")
        else:
            words.append("boolean" if kind == "boolean" else "number")
    if "null" in types_of(schema):
        words.append("null")
    return " | ".join(dict.fromkeys(words)) or "unknown"


def object_type(schema, indent):
    """An object's members, or a dictionary."""
    if not schema.get("properties"):
        rest = schema.get("additionalProperties")
        return f"Record<string, {type_of(rest, indent) if isinstance(rest, dict) else 'unknown'}>"
    inner, needed = indent + "  ", schema.get("required", [])
    rows = "".join(remark(s.get("description"), inner) + f"{inner}{key(n)}{'' if n in needed else '?'}: {type_of(s, inner)};\n"
                   for n, s in schema["properties"].items())
    return "{\n" + rows + indent + "}"


def schemas(document):
    """All named schemas."""
    out = ""
    for name, schema in document["components"]["schemas"].items():
        out += remark(schema.get("description"), "")
        if schema.get("properties"):
            out += f"export interface {name} {object_type(schema, '')}\n\n"
        else:
            out += f"export type {name} = {type_of(schema)};\n\n"
    return out


def body_type(op):
    """What may be given as body."""
    words = []
    for media, schema in op.bodies.items():
        if media == "application/json":
            words.append(type_of(schema, "  "))
        elif media == "multipart/form-data":
            words.append("FormData")
        elif media == "application/jsonl":
            words += ["string", "Blob", "Uint8Array", "ReadableStream<Uint8Array>"]
        elif media == "application/x-ndjson":
            continue
        else:
            words += ["Blob", "ArrayBuffer", "Uint8Array"]
    return " | ".join(dict.fromkeys(words))


def arguments(op):
    """The interface of an operation's parameters; "" where it has none."""
    rows, needed = "", False
    for p in op.parameters:
        needed |= bool(p.get("required"))
        rows += remark(p.get("description"), "  ")
        rows += f"  {camel(p['name'])}{'' if p.get('required') else '?'}: {type_of(p['schema'], '  ')};\n"
    if op.bodies:
        needed |= op.body_required
        rows += f"  body{'' if op.body_required else '?'}: {body_type(op)};\n"
    return rows, needed


def successes(op):
    """(status, kind, type) of the answers that are no error, without CSV and parts."""
    for status, answer in sorted(op.answers.items()):
        if status == "default" or not 200 <= int(status) < 300 or status == "206":
            continue
        content = {t: m for t, m in answer.get("content", {}).items() if t != "text/csv"}
        if not content:
            yield status, "none", "undefined"
            continue
        media, first = next(iter(content.items()))
        kind = KINDS.get(media, "blob") if len(content) == 1 or media in KINDS else "blob"
        types = {"json": type_of(first["schema"], "  "), "text": "string", "blob": "Blob",
                 "stream": "ReadableStream<Uint8Array>", "none": "undefined"}
        yield status, kind, types[kind]


def send(op, kind, accept=None):
    """The object literal that Client.send gets."""
    path = re.sub(r"\{(\w+)\}", lambda m: "${encodeURIComponent(args." + camel(m[1]) + ")}", op.path)
    parts = [f'method: "{op.method.upper()}"', f"path: `{path}`" if "$" in path else f'path: "{path}"']
    for where, word in (("query", "query"), ("header", "headers")):
        listed = [p["name"] for p in op.parameters if p["in"] == where]
        if listed:
            parts.append(word + ": { " + ", ".join(f"{key(n)}: args.{camel(n)}" for n in listed) + " }")
    if op.bodies:
        parts.append("body: args.body")
    if "application/jsonl" in op.bodies:
        parts.append('media: "application/jsonl"')
    if accept:
        parts.append(f'accept: "{accept}"')
    return "{ " + ", ".join(parts + [f'kind: "{kind}"']) + " }"


def page_of(document, op):
    """(field of the entries, type of one) where the answer is a page."""
    if "200" not in op.answers or op.method != "get" or not any(p["name"] == "cursor" for p in op.parameters):
        return None
    schema = follow(document, op.answers["200"]["content"]["application/json"]["schema"])
    (field,) = [n for n, s in schema["properties"].items() if types_of(follow(document, s)) == {"array"}]
    return field, type_of(schema["properties"][field]["items"])


def method(document, op):
    """The methods of one operation."""
    rows, needed = arguments(op)
    name, given = camel(op.name), f"{pascal(op.name)}Args"
    args = "" if not rows else f"args: {given}{'' if needed else ' = {}'}, "
    found = list(successes(op))
    kinds = {k for _, k, _ in found if k != "none"} or {"none"}
    if len(kinds) != 1:
        raise Fault(f"{op.name}: its successes must be of one kind, are {sorted(kinds)}")
    (kind,) = kinds
    answer = " | ".join(f"Answer<{t}, {s}>" for s, _, t in found)
    out = remark(op.summary, "  ")
    out += f"  async {name}({args}options: RequestOptions = {{}}): Promise<{answer}> {{\n"
    accept = {"blob": "*/*", "stream": "application/jsonl", "text": "text/plain, text/html;q=0.9, */*;q=0.1"}.get(kind)
    out += f"    return (await this.send({send(op, kind, accept)}, options)) as {answer};\n  }}\n\n"
    if op.right_csv:
        one = "one page as a table; the next cursor is in the header X-Next-Cursor" if page_of(document, op) else "as a table"
        out += remark(f"{op.summary}: {one}", "  ")
        out += f"  async {name}Csv({args}options: RequestOptions = {{}}): Promise<Answer<string, 200>> {{\n"
        out += f"    return (await this.send({send(op, 'text', 'text/csv')}, options)) as Answer<string, 200>;\n  }}\n\n"
    page = page_of(document, op)
    if page:
        field, entry = page
        out += remark(op.summary + ": all pages, entry by entry", "  ")
        out += f"  async *{name}All({args}options: RequestOptions = {{}}): AsyncGenerator<{entry}, void> {{\n"
        out += f"    let cursor = args.cursor;\n    do {{\n"
        out += f"      const {{ data }}: Answer<{answer[len('Answer<'):-len(', 200>')]}> = await this.{name}({{ ...args, cursor }}, options);\n"
        out += f"      yield* data.{field};\n      cursor = data.next ?? undefined;\n    }} while (cursor !== undefined);\n  }}\n\n"
    return out


def main():
    source, out = sys.argv[1:]
    document = model.load(source)
    ops = [o for o in model.operations(document) if not o.name.startswith("docs_")]
    text = HEAD + schemas(document)
    for op in ops:
        rows, _ = arguments(op)
        if rows:
            text += f"export interface {pascal(op.name)}Args {{\n{rows}}}\n\n"
    text += "/** Every operation of the API. */\nexport class Mien extends Client {\n"
    text += "".join(method(document, op) for op in ops).rstrip() + "\n}\n"
    pathlib.Path(out).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except Fault as fault:
        model.fail(fault)
