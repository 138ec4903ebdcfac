#!/usr/bin/env python3
"""Checks that each room under src/ includes only headers of rooms that it may use: check-rooms.py [SOURCE_ROOT]

A room uses the rooms before it in ORDER; MAY narrows that. Headers named *_internal.h belong to their room alone.
"""
import pathlib
import re
import sys

ORDER = "base simd image infer face gallery store exchange core video net app cli".split()
MAY = {"video": {"base", "simd", "image", "infer", "face"}, "net": {"base"}}
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')


def allowed(room):
    """Rooms whose headers `room` may include, itself among them."""
    before = set(ORDER[:ORDER.index(room)])
    return (MAY.get(room, before) & before) | {room}


def fault(room, header):
    """What is wrong with an include of "header" in a file of `room`; None when nothing is."""
    target, slash, name = header.partition("/")
    if not slash or target not in ORDER:
        return f'"{header}": write it as "room/header.h"'
    if target not in allowed(room):
        return f'{room} may not use {target} ("{header}")'
    if target != room and name.endswith("_internal.h"):
        return f'"{header}" belongs to {target} alone'
    return None


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
    faults, files = [], 0
    for path in sorted(p for p in (root / "src").rglob("*") if p.suffix in (".c", ".h", ".def")):
        room = path.relative_to(root / "src").parts[0]
        if room not in ORDER:
            faults.append(f"{path.relative_to(root)}: {room} is not a room: add it to ORDER in tools/check-rooms.py")
            continue
        files += 1
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            include = INCLUDE.match(line)
            wrong = include and fault(room, include[1])
            if wrong:
                faults.append(f"{path.relative_to(root)}:{number}: {wrong}")
    if not files:
        faults.append(f"{root}/src: no sources found")
    print("\n".join(faults) or f"{files} files keep to their rooms")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
