#!/usr/bin/env python3
"""Makes the Python client: make_py.py openapi.yaml OUT.py

Its first part, which has the errors, bodies and connections, is python_client.py beside this file.
"""
import keyword
import pathlib
import re
import sys
import textwrap

import model
from model import Fault, follow, types_of

WIDTH = 132
HEAD = "# Made from api/openapi.yaml by tools/api/make_py.py, its first part from tools/api/python_client.py: change it there.\n"
SESSION = {"login", "logout"}  # sign_in and sign_out keep what they answer
KINDS = {"application/json": "json", "text/plain": "text", "text/csv": "csv", "application/jsonl": "lines"}
RETURNS = {"json": "Document", "text": "Text", "bytes": "Bytes", "none": "None", "lines": "Iterator[Dict[str, Any]]"}
WORDS = {"boolean": "bool", "integer": "int", "number": "float", "string": "str", "object": "Mapping[str, Any]", "null": "None"}


def python_name(name):
    """If-Match: if_match; from: from_"""
    name = name.lower().replace("-", "_")
    return name + "_" if keyword.iskeyword(name) else name


def type_of(document, schema):
    """The annotation of a parameter."""
    schema = follow(document, schema)
    if types_of(schema) == {"array"}:
        return f"Sequence[{type_of(document, schema['items'])}]"
    words = [WORDS[k] for k in model.TYPES if k in types_of(schema)]
    return words[0] if len(words) == 1 else f"Union[{', '.join(words)}]"


def plain(text):
    """One line, without the marks of the YAML's Markdown."""
    return " ".join(text.replace("`", "").replace('"""', "'''").split())


class Body:
    """How the body of an operation is given: arguments (name, annotation, default) and the expression that makes it."""

    def __init__(self, document, op):
        self.arguments, self.made, self.about = [], None, []
        media = set(op.bodies)
        if not media:
            return
        if media == {"application/json"}:
            self._json(document, op)
        elif "application/jsonl" in media:
            self.arguments, self.made = [("lines", "Lines", None)], "_lines_body(lines)"
            self.about = ["lines: documents, one a line; or a file of them: its path, or open in binary mode"]
        elif "application/pdf" in media:
            self.arguments, self.made = [("file", "Picture", None)], "_file_body(file)"
        elif "image/*" not in media:
            self.arguments, self.made = [("a", "Picture", None), ("b", "Picture", None)], "_pair_body(a, b)"
        else:
            self._pictures(document, op)

    def _json(self, document, op):
        default = None if op.body_required else "None"
        self.arguments = [("body", "Mapping[str, Any]", default)]
        self.made = "_json(body)" if op.body_required else "_json(body) if body is not None else None"
        schema = follow(document, op.bodies["application/json"])
        needed = schema.get("required", [])
        self.about = ["body: " + ", ".join(n if n in needed else f"[{n}]" for n in schema.get("properties", {}))]

    def _pictures(self, document, op):
        form = follow(document, op.bodies["multipart/form-data"])["properties"]
        if "box" in form:
            self.arguments = [("picture", "Picture", None), ("*", "", ""), ("box", "Optional[Mapping[str, float]]", "None")]
            self.made = "_one_body(picture, box)"
            return
        (field,) = follow(document, op.bodies["application/json"])["required"]
        self.arguments = [(field, "Pictures", None), ("*", "", ""), ("boxes", "Optional[Sequence[Optional[Mapping[str, float]]]]", "None")]
        more = sorted(set(form) - {"picture", "boxes"})
        self.arguments += [(n, "Optional[Sequence[Mapping[str, Any]]]", "None") for n in more]
        self.made = f'_many_body({field}, "{field}", boxes' + "".join(f", {n}={n}" for n in more) + ")"


def successes(op):
    """{kind} of the answers that are no error, without CSV, parts and nothing."""
    kinds = set()
    for status, answer in op.answers.items():
        if status == "default" or not 200 <= int(status) < 300 or status == "206":
            continue
        content = [t for t in answer.get("content", {}) if t != "text/csv"]
        kinds.add(KINDS.get(content[0], "bytes") if content else "none")
    return kinds


def arguments(document, op, body):
    """[(name, annotation, default)] with a '*' before those that go by name."""
    rows = [(python_name(p["name"]), "str", None) for p in op.parameters if p["in"] == "path"]
    named = [a for a in body.arguments[1:] if "*" in [x[0] for x in body.arguments] and a[0] != "*"]
    rows += body.arguments[: 1 if named else None]
    for p in op.parameters:
        if p["in"] == "path":
            continue
        kind = type_of(document, p["schema"])
        named.append((python_name(p["name"]), kind, None) if p.get("required") else (python_name(p["name"]), f"Optional[{kind}]", "None"))
    return rows + ([("*", "", "")] + named if named else [])


def signature(name, rows, returns):
    """The line, or lines, of a def."""
    words = ["self"] + [r[0] if r[0] == "*" else f"{r[0]}: {r[1]}" + (f" = {r[2]}" if r[2] else "") for r in rows]
    line = f"    def {name}({', '.join(words)}) -> {returns}:"
    if len(line) <= WIDTH:
        return line + "\n"
    return f"    def {name}(\n" + "".join(f"        {w},\n" for w in words) + f"    ) -> {returns}:\n"


def remark(summary, rows, text=""):
    """The docstring."""
    lines = textwrap.wrap(plain(summary), WIDTH - 12) + textwrap.wrap(plain(text), WIDTH - 12)
    for row in rows:
        lines += textwrap.wrap(row, WIDTH - 12, subsequent_indent="    ")
    if len(lines) == 1:
        return f'        """{lines[0]}"""\n'
    return f'        """{lines[0]}\n\n' + "".join(f"        {x}\n" for x in lines[1:]) + '        """\n'


def described(document, op, body):
    """Lines about the arguments."""
    out = list(body.about)
    for p in op.parameters:
        schema = follow(document, p["schema"])
        enum = schema.get("enum") or follow(document, schema.get("items", {})).get("enum")
        words = [plain(p.get("description") or schema.get("description") or "")]
        words += [", ".join(map(str, enum))] if enum else []
        if "default" in schema:
            value = schema["default"]
            words.append("default " + (", ".join(value) if isinstance(value, list) else str(value)))
        text = "; ".join(w for w in words if w)
        if text and p["in"] != "path":
            out.append(f"{python_name(p['name'])}: {text}")
    return out


def wrapped(open_, pairs, close):
    """A call or dictionary, in as many lines as it needs; its first line begins at column 12."""
    line = open_ + ", ".join(pairs) + close
    if len(line) <= WIDTH - 13:
        return line
    rows, row = [], ""
    for pair in pairs:
        if row and len(row) + len(pair) + 2 > WIDTH - 17:
            rows, row = rows + [row], ""
        row += (" " if row else "") + pair + ","
    return open_ + "\n" + "".join(" " * 16 + r + "\n" for r in rows + [row]) + " " * 12 + close


def sending(op, body, kind):
    """The arguments of _send."""
    path = re.sub(r"\{(\w+)\}", lambda m: "{_path(" + python_name(m[1]) + ")}", op.path)
    words = [f'"{op.method.upper()}"', f'f"{path}"' if "{" in path else f'"{path}"']
    if kind != "lines":
        words.append(f'"{kind}"')
    for where in ("query", "header"):
        pairs = []
        for p in (p for p in op.parameters if p["in"] == where):
            name = python_name(p["name"])
            if p["name"] == "Idempotency-Key":
                name += " or self._key()"
            elif p.get("explode") is False:
                name = f'",".join({name}) if {name} is not None else None'
            pairs.append(f'"{p["name"]}": {name}')
        if pairs:
            words.append(wrapped(("query" if where == "query" else "headers") + "={", pairs, "}"))
    if body.made:
        words.append(f"body={body.made}")
    line = ", ".join(words)
    return line if len(line) < WIDTH - 30 and "\n" not in line else "\n            " + ",\n            ".join(words) + ",\n        "


def page_field(document, op):
    """Name of the entries where the answer is a page."""
    if op.method != "get" or not any(p["name"] == "cursor" for p in op.parameters):
        return None
    schema = follow(document, op.answers["200"]["content"]["application/json"]["schema"])
    (field,) = [n for n, s in schema["properties"].items() if types_of(follow(document, s)) == {"array"}]
    return field


def further(document, op, rows):
    """..._csv and ..._all."""
    out, body, field = "", Body(document, op), page_field(document, op)
    if op.right_csv:
        out += "\n" + signature(op.name + "_csv", rows, "Text") + remark(f"{op.summary}: {'one page ' if field else ''}as a table", [])
        out += f"        return self._send({sending(op, body, 'csv')})\n"
    if field:
        rows = [r for r in rows if r[0] != "cursor"]
        given = [f"{r[0]}={r[0]}" for r in rows if r[0] != "*"] + ["cursor=cursor"]
        out += "\n" + signature(op.name + "_all", rows, "Iterator[Dict[str, Any]]")
        out += remark(f"{op.summary}: all pages, entry by entry", [])
        out += "        cursor = None\n        while True:\n"
        out += "            " + wrapped(f"page = self.{op.name}(", given, ")") + "\n"
        out += f'            yield from page["{field}"]\n            cursor = page["next"]\n'
        out += "            if cursor is None:\n                return\n"
    return out


def method(document, op):
    """The methods of one operation."""
    body, kinds = Body(document, op), successes(op)
    (kind,) = kinds - {"none"} or {"none"}
    returns = RETURNS[kind] if kind in ("none", "lines") or "none" not in kinds else f"Optional[{RETURNS[kind]}]"
    rows = arguments(document, op, body)
    out = "\n" + signature(op.name, rows, returns) + remark(op.summary, described(document, op, body), op.raw.get("description", ""))
    sent = sending(op, body, kind)
    if kind == "lines":
        out += f"        return self._lines({sent})\n"
    elif kind == "none":
        out += f"        self._send({sent})\n"
    else:
        out += f"        return self._send({sent})\n"
    return out + further(document, op, rows)


def main():
    source, target = sys.argv[1:]
    document = model.load(source)
    first = (pathlib.Path(__file__).parent / "python_client.py").read_text(encoding="utf-8").rstrip("\n")
    ops = [o for o in model.operations(document) if not o.name.startswith("docs_") and o.name not in SESSION]
    text = HEAD + first
    text += '\n\n\ndef _path(value: Any) -> str:\n    return urllib.parse.quote(_text(value), safe="")\n'
    text += '\n\nclass Mien(Client):\n    """Every operation of the API. Sign in with sign_in(), or give a token."""\n'
    text += "".join(method(document, op) for op in ops)
    pathlib.Path(target).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except Fault as fault:
        model.fail(fault)
