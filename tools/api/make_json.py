#!/usr/bin/env python3
"""Makes the JSON that the server gives away and that tools read: make_json.py openapi.yaml OUT"""
import json
import pathlib
import sys

import model


def main():
    source, out = sys.argv[1:]
    document = model.load(source)
    model.operations(document)
    pathlib.Path(out).write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except model.Fault as fault:
        model.fail(fault)
