#!/usr/bin/env python3
"""Draws a terminal's text as SVG, for the README: capture.py TITLE < text > picture.svg

Bold and the eight ANSI colours are kept; everything else is shown as it is.
"""
import html
import re
import sys

COLOURS = {30: "#1e1e2e", 31: "#f38ba8", 32: "#a6e3a1", 33: "#f9e2af", 34: "#89b4fa", 35: "#cba6f7", 36: "#94e2d5", 37: "#cdd6f4"}
CHAR, LINE, PAD = 8.4, 19, 18


def spans(line):
    """(text, css) pieces of one line."""
    style = {}
    for text, codes in re.findall(r"([^\x1b]+)|\x1b\[([0-9;]*)m", line):
        if text:
            yield text, "".join(f"{k}:{v};" for k, v in style.items())
        for code in (int(c or 0) for c in codes.split(";")) if not text else ():
            if code == 0:
                style = {}
            elif code == 1:
                style["font-weight"] = "bold"
            elif code in COLOURS:
                style["fill"] = COLOURS[code]


def main():
    title = sys.argv[1]
    lines = sys.stdin.read().rstrip("\n").split("\n")
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines]
    width = int(max(map(len, plain)) * CHAR + 2 * PAD)
    height = len(lines) * LINE + 2 * PAD + 26
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">')
    print(f"<title>{html.escape(title)}</title>")
    print(f'<rect width="{width}" height="{height}" rx="10" fill="#1e1e2e"/>')
    for i, colour in enumerate(("#f38ba8", "#f9e2af", "#a6e3a1")):
        print(f'<circle cx="{PAD + 4 + 20 * i}" cy="20" r="6" fill="{colour}"/>')
    print('<g font-family="ui-monospace,Menlo,DejaVu Sans Mono,monospace" font-size="14" fill="#cdd6f4" xml:space="preserve">')
    for i, line in enumerate(lines):
        body = "".join(f'<tspan style="{css}">{html.escape(text)}</tspan>' for text, css in spans(line))
        print(f'<text x="{PAD}" y="{PAD + 34 + i * LINE}">{body}</text>')
    print("</g></svg>")


if __name__ == "__main__":
    main()
