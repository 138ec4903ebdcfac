#!/usr/bin/env python3
"""Several pictures of one person as one descriptor: which way is best, and how well strangers among them are told.

Usage: bench/aggregate.py BUILD [--people N] [--strangers N] [--pictures K]

Of people of LFW with more than K pictures, K make the reference and one more is the probe; people with one picture are
probes by strangers. Prints JSON: for each way the share of probes that are missed at false-match rates (all probes
against all other people's references) and in an open-set search at one false alarm in a hundred; and how often sets of
one person's pictures are refused, and sets with a stranger accepted, by the thresholds of `mien describe --aggregate`.
Correctness only: needs no quiet machine. Needs numpy.
"""
import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("MIEN_SHARED", ROOT / "../shared")).resolve()


def describe(mien, files):
    """{file: (unit vector, overall quality)}"""
    out = subprocess.run([mien, "describe", "--json", "--quiet", "--with", "quality", *map(str, files)], capture_output=True, text=True)
    made = {}
    for line in out.stdout.splitlines():
        row = json.loads(line)
        faces = row.get("faces") or []
        if not faces:
            continue
        middle = (row["width"] / 2, row["height"] / 2)
        face = min(faces, key=lambda f: (f["box"]["x"] + f["box"]["width"] / 2 - middle[0]) ** 2 + (f["box"]["y"] + f["box"]["height"] / 2 - middle[1]) ** 2)
        v = numpy.array(face["descriptor"]["values"], dtype=numpy.float64)
        made[row["file"]] = (v / numpy.linalg.norm(v), face["quality"]["overall"])
    return made


def unit(v):
    return v / numpy.linalg.norm(v)


WAYS = {
    "first": lambda v, q: v[0],
    "best": lambda v, q: v[int(numpy.argmax(q))],
    "mean": lambda v, q: unit(v.mean(axis=0)),
    "weighted": lambda v, q: unit((v * q[:, None]).sum(axis=0)),
    "weighted_squared": lambda v, q: unit((v * (q ** 2)[:, None]).sum(axis=0)),
}


def judge(references, probes, strangers):
    scores = probes @ references.T
    mates = numpy.diag(scores)
    others = numpy.sort(scores[~numpy.eye(len(scores), dtype=bool)])
    result = {}
    for rate in (1e-3, 1e-4):
        threshold = others[len(others) - 1 - int(rate * len(others))]
        result[f"fnmr_at_{rate:g}"] = round(float((mates <= threshold).mean()), 4)
    alarms = numpy.sort((strangers @ references.T).max(axis=1))
    threshold = alarms[len(alarms) - 1 - int(0.01 * len(alarms))]
    found = (scores.argmax(axis=1) == numpy.arange(len(scores))) & (mates > threshold)
    result["fnir_at_fpir_0.01"] = round(float(1 - found.mean()), 4)
    return result


def fits(v, pair, rest):
    """Each pair, and each picture with the mean of the others."""
    s = v @ v.T
    if (s[~numpy.eye(len(v), dtype=bool)] < pair).any():
        return False
    total = v.sum(axis=0)
    return all(float(v[i] @ unit(total - v[i])) >= rest for i in range(len(v)))


def thresholds(mien, rates):
    """Raw scores at these rates, by the calibration in the manifest."""
    model = next(m for m in json.load(open(ROOT / "models/standard.json"))["models"] if m["task"] == "descriptor")
    c = model["calibration"]
    return [float(numpy.interp(-numpy.log10(r), [-x for x in c["log10_fmr"]], c["raw"])) for r in rates]


def refusals(sets, all_strangers, rates):
    rng = numpy.random.default_rng(7)
    pair, rest = thresholds(None, rates)
    one = numpy.mean([not fits(v, pair, rest) for v, _ in sets])
    mixed, halves = [], []
    for i, (v, _) in enumerate(sets):
        w = v.copy()
        w[rng.integers(len(w))] = all_strangers[rng.integers(len(all_strangers))]
        mixed.append(fits(w, pair, rest))
        half = len(v) // 2
        halves.append(fits(numpy.concatenate([v[:half], sets[i - 1][0][: len(v) - half]]), pair, rest))
    return {"pair_rate": rates[0], "rest_rate": rates[1], "one_person_refused": round(float(one), 4),
            "one_stranger_accepted": round(float(numpy.mean(mixed)), 4), "half_and_half_accepted": round(float(numpy.mean(halves)), 4)}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("build", type=Path)
    p.add_argument("--people", type=int, default=10000)
    p.add_argument("--strangers", type=int, default=2000)
    p.add_argument("--pictures", type=int, default=4)
    a = p.parse_args()
    mien = (a.build / "mien").resolve()
    folders = {d: sorted(d.glob("*.jpg")) for d in sorted((SHARED / "data/lfw/images").glob("*")) if d.is_dir()}
    if not folders:
        sys.exit("LFW is not in ../shared/data")
    several = [f[: a.pictures + 1] for f in folders.values() if len(f) > a.pictures][: a.people]
    single = [f[0] for f in folders.values() if len(f) == 1][: a.strangers]
    made = describe(mien, [x for f in several for x in f] + single)
    sets, probes = [], []
    for files in several:
        got = [made.get(str(x)) for x in files]
        if all(got):
            sets.append((numpy.array([g[0] for g in got[:-1]]), numpy.array([g[1] for g in got[:-1]])))
            probes.append(got[-1][0])
    strangers = numpy.array([made[str(x)][0] for x in single if str(x) in made])
    report = {"people": len(sets), "strangers": len(strangers), "pictures": a.pictures, "ways": {}, "one_person": []}
    for word, way in WAYS.items():
        report["ways"][word] = judge(numpy.array([way(*s) for s in sets]), numpy.array(probes), strangers)
    for rates in ((1e-3, 1e-3), (1e-2, 1e-3), (1e-2, 1e-4), (1e-1, 1e-3), (1e-1, 1e-4), (1e-1, 1e-5)):
        report["one_person"].append(refusals(sets, strangers, rates))
    json.dump(report, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
