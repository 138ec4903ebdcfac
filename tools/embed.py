#!/usr/bin/env python3
"""Makes files part of the program: a C table of name (the file's, without its ending), text and length.

Usage: embed.py OUTPUT.c INPUT...      The table's type is declared in src/infer/manifest.h.
"""
import pathlib
import sys


def literal(text: bytes) -> str:
    """C string literals, one a line of the file; what is not plain ASCII as octal, which cannot run into what follows."""
    lines = []
    for line in text.splitlines(keepends=True):
        body = "".join(chr(b) if 32 <= b < 127 and b not in b'"\\?' else f"\\{b:03o}" for b in line)
        lines.append(f'        "{body}"')
    return "\n".join(lines) or '        ""'


def main() -> None:
    out, *inputs = map(pathlib.Path, sys.argv[1:])
    entries = []
    for path in inputs:
        text = path.read_bytes()
        entries.append(f'    {{"{path.stem}", {len(text)},\n{literal(text)}}},\n')
    out.write_text(
        f"/* Made by {pathlib.Path(__file__).name}; change its inputs instead. */\n"
        '#include "infer/manifest.h"\n\n'
        "const mn_manifest mn_manifests[] = {\n" + "".join(entries) + "    {0},\n};\n"
    )


main()
