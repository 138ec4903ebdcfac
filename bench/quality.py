#!/usr/bin/env python3
"""What the checks of a picture say, on pictures whose faults are known. Correctness only: needs no quiet machine.

Usage: bench/quality.py BUILD [--people N] [--ofiq FOLDER]

Prints JSON: for each check its spread over N people of LFW and over single SFHQ faces; the rank correlation (Spearman)
of checks with the strength of a change made to the pictures; and, where FOLDER has the test pictures of OFIQ (they are
not part of ../shared), the rank correlation with that reference's expected results. Needs ImageMagick and numpy.
"""
import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("MIEN_SHARED", ROOT / "../shared")).resolve()
# check: changes of ImageMagick, weakest first; the check must fall (-1) or rise (+1) along them
CHANGES = {
    "blur": (-1, [["-gaussian-blur", f"0x{s}"] for s in (0.01, 0.6, 1, 1.5, 2.2, 3.2)]),
    "underexposure": (-1, [["-evaluate", "multiply", str(k)] for k in (1, 0.7, 0.5, 0.3, 0.2, 0.1)]),
    "overexposure": (-1, [["-evaluate", "multiply", str(k)] for k in (1, 1.4, 1.8, 2.4, 3.2, 4.5)]),
    "skin_dynamic_range": (-1, [["+level", f"{50 - w / 2}%,{50 + w / 2}%"] for w in (100, 80, 60, 45, 30, 15)]),
    "head_roll": (1, [["-background", "black", "-rotate", str(a)] for a in (-25, -15, -5, 5, 15, 25)]),
}
# of OFIQ's columns: which check, and whether more of one is more of the other
OFIQ = {
    "UnderExposurePrevention": ("underexposure", -1), "OverExposurePrevention": ("overexposure", -1),
    "DynamicRange": ("skin_dynamic_range", 1), "IlluminationUniformity": ("face_illumination_uniformity", 1),
    "Sharpness": ("blur", 1), "InterEyeDistance": ("eye_distance", 1), "HeadPoseYaw": ("head_yaw", 1),
    "HeadPosePitch": ("head_pitch", 1), "HeadPoseRoll": ("head_roll", 1), "MouthClosed": ("mouth_open", 1),
    "HeadSize": ("head_height", 1), "BackgroundUniformity": ("background_uniformity", 1),
}


def checks(mien, files):
    """{file: {check: value}} of the pictures in which one face was chosen."""
    out = subprocess.run([mien, "quality", "--json", "--quiet", "--face", "centre", *files], capture_output=True, text=True)
    rows = [json.loads(line) for line in out.stdout.splitlines()]
    return {r["file"]: {c["check"]: c["value"] for c in r["checks"]} for r in rows if "checks" in r}


def spread(rows):
    result = {}
    for check in rows[0] if rows else []:
        values = [r[check] for r in rows if r[check] is not None]
        if not values:
            result[check] = {"made": 0}
        elif isinstance(values[0], str):
            result[check] = {"made": len(values), "states": {s: values.count(s) for s in sorted(set(values))}}
        else:
            result[check] = {"made": len(values), "percentiles_5_50_95": [round(float(q), 3) for q in numpy.percentile(values, (5, 50, 95))]}
    return result


def rank(v):
    order = numpy.argsort(v, kind="stable")
    ranks = numpy.empty(len(v))
    ranks[order] = numpy.arange(len(v))
    for value in set(v):
        same = [i for i, x in enumerate(v) if x == value]
        ranks[same] = ranks[same].mean()
    return ranks


def spearman(a, b):
    a, b = rank(list(a)), rank(list(b))
    return float(numpy.corrcoef(a, b)[0, 1]) if a.std() and b.std() else 0.0


def changed(mien, pictures, scratch):
    result = {}
    for check, (sign, steps) in CHANGES.items():
        files = {}
        for i, picture in enumerate(pictures):
            for j, change in enumerate(steps):
                path = scratch / f"{check}-{i}-{j}.png"
                subprocess.run(["convert", picture, *change, path], check=True)
                files[str(path)] = (i, j)
        found = checks(mien, list(files))
        per = []
        for i in range(len(pictures)):
            values = [(j, found[f][check]) for f, (k, j) in files.items() if k == i and f in found]
            if len(values) == len(steps):
                per.append(sign * spearman([v for _, v in values], [j for j, _ in values]))
        result[check] = {"pictures": len(per), "mean": round(float(numpy.mean(per)), 3) if per else None,
                         "least": round(min(per), 3) if per else None, "found_in": len(found), "of": len(files)}
    return result


def ofiq(mien, folder):
    table = list(csv.DictReader(open(SHARED / "data/ofiq/expected_results.csv"), delimiter=";"))
    files = {str(folder / Path(r["Filename"]).name): r for r in table if (folder / Path(r["Filename"]).name).is_file()}
    if not files:
        return f"none of the {len(table)} pictures is in {folder}"
    found = checks(mien, list(files))
    result = {"pictures": len(found)}
    for column, (check, sign) in OFIQ.items():
        pairs = [(float(files[f][column]), v[check]) for f, v in found.items() if v.get(check) is not None]
        result[column] = {"check": check, "spearman": round(sign * spearman(*zip(*pairs)), 3) if len(pairs) > 2 else None}
    return result


def main():
    p = argparse.ArgumentParser()
    p.add_argument("build", type=Path)
    p.add_argument("--people", type=int, default=400)
    p.add_argument("--ofiq", type=Path, default=SHARED / "data/ofiq")
    a = p.parse_args()
    mien = (a.build / "mien").resolve()
    people = sorted(d for d in (SHARED / "data/lfw/images").glob("*") if d.is_dir())
    if not people:
        sys.exit("LFW is not in ../shared/data")
    lfw = [sorted(d.glob("*.jpg"))[0] for d in people[:: max(1, len(people) // a.people)]][: a.people]
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        faces = []
        for name, size, shifts in (("SFHQ_sample_1x2.jpg", "1832x1951", ("+0+0", "+1832+0")),):
            for i, shift in enumerate(shifts):
                faces.append(scratch / f"sfhq-{i}.png")
                subprocess.run(["convert", SHARED / "data/sfhq" / name, "-crop", size + shift, "+repage", "-resize", "800x", faces[-1]], check=True)
        report = {"lfw": spread(list(checks(mien, map(str, lfw)).values())),
                  "sfhq": spread(list(checks(mien, map(str, faces)).values())),
                  "changes": changed(mien, faces + lfw[::40], scratch), "ofiq": ofiq(mien, a.ofiq)}
    json.dump(report, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
