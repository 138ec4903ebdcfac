#!/usr/bin/env python3
"""Makes the page with all routes: make_md.py openapi.yaml OUT.md"""
import pathlib
import sys

import model

HEAD = """# Routes

<!-- Made from api/openapi.yaml by tools/api/make_md.py: change it there. -->

Every operation of the HTTP API with the right that it needs ([rights.md](rights.md)). *Anybody* needs none, *signed in* only that
somebody is. Parameters, bodies and answers: `/docs` of a running server, or [openapi.yaml](../../api/openapi.yaml). An answer
as CSV needs the right behind the *csv* too, where there is one. What stands under *on record* is in the audit log before the answer is
given: the first one for each success, or for what the description says under `x-mien-audit-when`, the others for what it says there.

"""


def main():
    source, out = sys.argv[1:]
    document = model.load(source)
    text = HEAD
    ops = model.operations(document)
    for tag in document["tags"]:
        text += f"## {tag['name']}\n\n{tag['description']}.\n\n| | route | right | | on record |\n|---|---|---|---|---|\n"
        for op in ops:
            if op.tags[0] == tag["name"]:
                right = {"none": "anybody", "session": "signed in"}.get(op.right, f"`{op.right}`")
                record = ", ".join(dict.fromkeys(f"`{a}`" for a in (op.audit, op.audit_refused, *op.audit_also) if a))
                right += f", csv `{op.right_csv}`" if op.right_csv not in (None, op.right) else ", csv" if op.right_csv else ""
                text += f"| {op.method.upper()} | `{op.path}` | {right} | {op.summary} | {record} |\n"
        text += "\n"
    pathlib.Path(out).write_text(text.rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except model.Fault as fault:
        model.fail(fault)
