#!/usr/bin/env python3
"""Makes files part of the program, with type and ETag: make_docs.py OUT.S OUT.c FILE...

The bytes go in by the assembler's .incbin, which takes no time. The table's type is declared in src/app/docs.h.
"""
import hashlib
import json
import pathlib
import sys

TYPES = {".css": "text/css; charset=utf-8", ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
         ".json": "application/json", ".txt": "text/plain; charset=utf-8"}


def main():
    assembly, table, *files = map(pathlib.Path, sys.argv[1:])
    text = ".section .rodata\n"
    extern, rows = "", ""
    for i, path in enumerate(sorted(files, key=lambda p: p.name)):
        content = path.read_bytes()
        name = f"mn_docs_bytes_{i}"
        text += f".balign 64\n.global {name}\n.hidden {name}\n{name}:\n.incbin {json.dumps(str(path.resolve()))}\n.byte 0\n"
        extern += f"extern const uint8_t {name}[];\n"
        etag = hashlib.sha256(content).hexdigest()[:16]
        rows += f'    {{"{path.name}", "{TYPES[path.suffix]}", "\\"{etag}\\"", {name}, {len(content)}}},\n'
    text += '.section .note.GNU-stack,"",%progbits\n'
    assembly.write_text(text, encoding="utf-8")
    table.write_text('/* Made by tools/api/make_docs.py. */\n#include "app/docs.h"\n\n#include <stdint.h>\n\n'
                     f"{extern}\nconst mn_docs_file mn_docs_files[] = {{\n{rows}    {{0}},\n}};\n", encoding="utf-8")


if __name__ == "__main__":
    main()
