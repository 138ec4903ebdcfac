#!/usr/bin/env python3
"""Compiles every header under src/ alone, and twice in a row: headers.py SOURCE_ROOT BUILD_ROOT COMPILER...

Folders of libraries' headers are those with which the build compiles (compile_commands.json).
"""
import json
import pathlib
import shlex
import subprocess
import sys


def include_folders(build):
    """-I and -isystem arguments of the whole build that lead outside the tree, each once."""
    found = {}
    for command in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        for word in shlex.split(command["command"]):
            if word.startswith(("-I/", "-isystem/")):
                found[word] = None
    return list(found)


def main():
    root, build, compiler = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:]
    # build/src: headers that the build makes.
    options = ["-std=gnu11", "-D_GNU_SOURCE", '-DMN_VERSION="0"', "-Wall", "-Wextra", "-Werror", "-Wno-unused-function",
               f"-I{root / 'src'}", f"-I{build / 'src'}", *include_folders(build), "-fsyntax-only", "-x", "c", "-"]
    headers = sorted((root / "src").rglob("*.h"))
    bad = []
    for header in headers:
        name = header.relative_to(root / "src")
        source = f'#include "{name}"\n#include "{name}"\n'
        if subprocess.run(compiler + options, input=source, text=True, check=False).returncode:
            bad.append(str(name))
    print(f"{len(headers) - len(bad)} of {len(headers)} headers compile alone", *bad, sep="\n  ")
    return 1 if bad or not headers else 0


if __name__ == "__main__":
    sys.exit(main())
