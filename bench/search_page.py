#!/usr/bin/env python3
"""Writes docs/guide/search.md and its plots from what bench/search measured.

Usage: bench/search_page.py [RESULTS] [--out FOLDER]

RESULTS is bench/out/search.json by itself. With --out, page and plots are written there instead.
"""
import argparse
import json
import math
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COLOURS = ("#0072b2", "#777777", "#d55e00", "#e69f00", "#56b4e9", "#009e73", "#cc79a7", "#8c510a", "#000000")  # told apart by all


def family(r):
    """IVF's number of lists grows with the rows: one line for each share of lists searched."""
    if r["engine"].startswith("FAISS IVF"):
        lists, searched = int(r["engine"][9:].split(",")[0]), int(r["engine"].split(", ")[1].split()[0])
        return f"FAISS IVF, 1/{4 if searched * 8 > lists else 64} of the lists"
    return r["engine"]


def ticks(low, high):
    return [10.0**e for e in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]


def label(value):
    for limit, sign in ((1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:g}{sign}"
    return f"{value:g}"


def plot(results, dim, queries, folder):
    lines = {}
    for r in results:
        if r["dim"] == dim and r["queries"] == queries and r["planted"] == "0.6":
            lines.setdefault(family(r), []).append((r["rows"], r["ms"]))
            if r["engine"] in ("mien", "mien, all rows"):
                lines.setdefault("reading the bytes", []).append((r["rows"], r["read_ms"]))
    if not lines:
        return None
    points = [p for line in lines.values() for p in line]
    xs, ys = ticks(min(p[0] for p in points), max(p[0] for p in points)), ticks(min(p[1] for p in points), max(p[1] for p in points))
    w, h, left, top, right, bottom = 760, 400, 60, 40, 220, 50

    def x(v):
        return left + (w - left - right) * math.log10(v / xs[0]) / max(1, math.log10(xs[-1] / xs[0]))

    def y(v):
        return h - bottom - (h - top - bottom) * math.log10(v / ys[0]) / max(1, math.log10(ys[-1] / ys[0]))

    svg = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" font-family="sans-serif" font-size="12">',
           f'<title>Time of a search against the number of rows, {dim} dimensions</title>',
           f'<rect width="{w}" height="{h}" fill="#fff"/>',
           f'<text x="{left}" y="22" font-size="14">{dim} dimensions, {"one query" if queries == 1 else f"{queries} queries at a time"}: '
           'milliseconds against rows</text>']
    for t in xs:
        svg.append(f'<path d="M{x(t):.1f} {top}V{h - bottom}" stroke="#ddd"/><text x="{x(t):.1f}" y="{h - bottom + 18}" text-anchor="middle">{label(t)}</text>')
    for t in ys:
        svg.append(f'<path d="M{left} {y(t):.1f}H{w - right}" stroke="#ddd"/><text x="{left - 8}" y="{y(t) + 4:.1f}" text-anchor="end">{label(t)}</text>')
    order = sorted(lines, key=lambda n: (n != "mien", n != "reading the bytes", n))
    for i, name in enumerate(order):
        colour, line = COLOURS[i % len(COLOURS)], sorted(lines[name])
        path = "L".join(f"{x(a):.1f} {y(b):.1f}" for a, b in line)
        dash = ' stroke-dasharray="5 4"' if name == "reading the bytes" else ""
        svg.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="{3 if name == "mien" else 2}"{dash}/>')
        svg += [f'<circle cx="{x(a):.1f}" cy="{y(b):.1f}" r="3" fill="{colour}"/>' for a, b in line]
        at = top + 12 + i * 20
        svg.append(f'<path d="M{w - right + 14} {at - 4}h18" stroke="{colour}" stroke-width="3"{dash}/><text x="{w - right + 38}" y="{at}">{name}</text>')
    path = folder / f"search-{dim}-{queries}.svg"
    path.write_text("\n".join(svg + ["</svg>"]) + "\n")
    return path.name


def spaced(n):
    return format(n, ",").replace(",", " ")


def table(results):
    yield "| engine | queries | ms | × reading | comparisons/s | mates found first | bytes a row |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for r in sorted(results, key=lambda r: r["queries"]):
        times, rate = r["ms"] / r["read_ms"], r["comparisons_per_s"] / 1e6
        yield (f"| {r['engine']} | {r['queries']} | {r['ms']:.3g} | {times:.3g} | {rate:.4g} M | {100 * r['rank1']:.4g} % "
               f"| {r['bytes_per_row']:.0f} |")


# ---- what it is held to ---------------------------------------------------------------------------------------------
class Results(list):
    def one(self, engine, rows, dim, queries):
        """The measurement of that name, or None."""
        return next((r for r in self if (r["engine"], r["rows"], r["dim"], r["queries"], r["planted"]) ==
                     (engine, rows, dim, queries, "0.6")), None)


def line(what, value, wanted, good):
    return f"| {what} | {wanted} | {value} | {'yes' if good else '**no**'} |"


def speed_aims(r, rows, dim):
    name = f"{spaced(rows)} × {dim}"
    mien, flat, floats = (r.one(e, rows, dim, 1) for e in ("mien", "FAISS IndexFlatIP", "float scan"))
    if mien:
        times = mien["ms"] / mien["read_ms"]
        yield line(f"{name}: one query against reading the bytes", f"{times:.2f} times", "1.25 times at most", times <= 1.25)
        each = mien["bytes_per_row"] / dim
        yield line(f"{name}: memory", f"{each:.3f} bytes a dimension and row", "1.15 at most", each <= 1.15)
    if mien and floats:
        yield line(f"{name}: mates found first", f"{mien['rank1']:.4f}; a float scan {floats['rank1']:.4f}", "equal",
                   mien["rank1"] == floats["rank1"])
    if mien and flat:
        times = flat["ms"] / mien["ms"]
        yield line(f"{name}: faster than IndexFlatIP", f"{times:.1f} times", "10 times", times >= 10)


def many_aims(r, rows, dim, wanted):
    for engine, what in (("mien", "in one pass"), ("mien, independent threads", "of threads that know nothing of each other")):
        found = r.one(engine, rows, dim, 16)
        if found:
            rate = found["comparisons_per_s"] / 1e9
            most = 16 * rows / found["multiply_ms"] / 1e6 if engine == "mien" and "multiply_ms" in found else None
            of = f", of {most:.2f} G/s that the multipliers can do" if most else ""
            yield line(f"{spaced(rows)} × {dim}: 16 queries {what}", f"{rate:.2f} G/s{of}", f"{wanted:g} G/s", rate >= wanted)
    found = r.one("mien, with sketches", rows, dim, 16)
    if found:
        rate = found["comparisons_per_s"] / 1e9
        yield line(f"{spaced(rows)} × {dim}: 16 queries in one pass, with sketches, as by default", f"{rate:.2f} G/s",
                   f"{wanted:g} G/s", rate >= wanted)


def snapshot_aims(r):
    for found in (x for x in r if "ready_ms" in x):
        seconds = found["ready_ms"] / 1e3
        yield line(f"{spaced(found['rows'])} × {found['dim']}: ready from a snapshot", f"{seconds:.2f} s", "1 s at most",
                   seconds <= 1)


def prefilter_aims(r):
    for found in (x for x in r if "missed" in x):
        name = f"{spaced(found['rows'])} × {found['dim']}, with sketches"
        with_them, without = (r.one(f"mien, {e}", found["rows"], found["dim"], 1) for e in ("with sketches", "all rows"))
        if found["rows"] >= 4_000_000:
            times = without["ms"] / with_them["ms"]
            yield line(f"{name}: faster than all rows", f"{times:.1f} times", "4 times", times >= 4)
            memory = (found["bytes_per_row"] + found["cold_bytes_per_row"]) * found["rows"] / 2**30
            yield line(f"{name}: memory with the file of ids", f"{memory:.1f} GB", "24 GB", memory <= 24)
        yield line(f"{name}: mates missed of {spaced(found['probes'])}", f"{found['missed']} (bound {found['bound']:.1g})",
                   "1 in 10 000", found["missed"] * 10_000 <= found["probes"])


def aims(r):
    sizes = ((1_000_000, 128), (1_000_000, 512), (10_000_000, 128))
    rows = [x for rows, dim in sizes for x in speed_aims(r, rows, dim)]
    for n, dim, wanted in ((1_000_000, 128, 1.2), (10_000_000, 128, 1.2), (1_000_000, 512, 0.5)):
        rows += many_aims(r, n, dim, wanted)
    rows += [*snapshot_aims(r), *prefilter_aims(r)]
    return ["## What it is held to", "", "| | wanted | measured | reached |", "|---|---|---|---|", *rows, ""] if rows else []


# ---- the page -------------------------------------------------------------------------------------------------------
HEAD = """Strangers are random unit vectors; of each of 16 probes a mate is planted at cosine 0.6. *× reading*: against a plain read
of mien's rows (one byte a dimension) with as many threads, just before. *That the multipliers can do*: as many products of bytes
on registers alone, with as many threads, just before. *Mates found first*: how often the mate came out on
top. FAISS 1.7.3 and hnswlib 0.6.2 are Debian's; FAISS gives one query on IndexFlatIP and SQ8 one thread only, so the line
*float scan* shows the same work shared out to all. IVF and hnswlib are approximate: they look at a part of the rows, and
random vectors, which have no clusters, are their hardest case. mien's ids, 40 bytes a row, are in a file (`gallery.cold_dir`)."""

FOOT = """## To repeat it

```sh
tools/setup --bench
bench/search build
```

takes about half an hour on two quiet cores, and 16 GB of memory for the largest gallery. What matters most comes first, and
each part is kept when it is done: `--resume` goes on behind a run that was stopped, `--quick` is a first look at small sizes,
`--only 'mien*'` takes some parts, and `bench/search_page.py` writes this page again. Raw results: `bench/out/search.json`."""


def size_lines(results, dim):
    for rows in sorted({r["rows"] for r in results if r["dim"] == dim}):
        for planted in ("0.6", "pairs"):
            part = [r for r in results if (r["dim"], r["rows"], r["planted"]) == (dim, rows, planted)]
            if part:
                what = "" if planted == "0.6" else ", people of LFW among the strangers"
                yield from (f"## {spaced(rows)} × {dim}{what}", "", *table(part), "")


def page(data, where, pictures, link):
    results = Results(r for part in data["parts"].values() for r in part["results"])
    dates = sorted({p["date"] for p in data["parts"].values()})
    lines = ["# Search, side by side", "", f"Measured on {' and '.join(dates)} with `bench/search` on {data['machine']}; "
             f"{data['threads']} threads. Written by that program.", "", *HEAD.splitlines(), ""]
    busy = [name for name, part in data["parts"].items() if part["busy"] > 0.1]
    if busy:
        lines += [f"**Other work took a tenth of the processors or more before {len(busy)} of {len(data['parts'])} parts: their times",
                  "are too long, and differ by chance. The ranks stand.**", ""]
    lines += aims(results)
    for dim in sorted({r["dim"] for r in results}):
        names = [n for n in (plot(results, dim, q, pictures) for q in (1, 16)) if n]
        lines += [f"![Time against size, {dim} dimensions]({link}{n})" for n in names] + ["", *size_lines(results, dim)]
    where.write_text("\n".join(lines + FOOT.splitlines()) + "\n")


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("results", nargs="?", type=Path, default=ROOT / "bench/out/search.json")
    p.add_argument("--out", type=Path)
    options = p.parse_args()
    data = json.loads(options.results.read_text())
    if options.out:
        page(data, options.out / "search.md", options.out, "")
    else:
        page(data, ROOT / "docs/guide/search.md", ROOT / "docs/pictures", "../pictures/")


if __name__ == "__main__":
    main()
