#!/usr/bin/env python3
"""Says how a run of `meson test` ended: what was skipped, the counts, and last of all what failed and with which words.

Usage: tools/test-report.py BUILD. Where only the end of a log is kept, these lines are what is left of it.
"""
import json
import re
import sys
from pathlib import Path

LINES = 8  # of a failed test,
ALL_LINES = 22  # and of all of them
WIDTH = 300
KINDS = {"OK": "passed", "EXPECTEDFAIL": "passed", "SKIP": "skipped"}
# A sanitizer says first what it found, and then much more; other programs end with it.
SANITIZER = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:")
IDLE = re.compile(r"\[ +(RUN|OK|PASSED) +\]|\[=+\]|-+$|={20,}$|\s*$|Ran \d+ tests? ")


def words(output):
    """The lines of it that say most."""
    lines = [line for line in output.splitlines() if not IDLE.match(line)]
    for i, line in enumerate(lines):
        if SANITIZER.search(line):
            return lines[i : i + LINES]
    return lines[-LINES:]


def said(test):
    """What a test said, with what it said of errors last."""
    return "\n".join([test.get("stdout") or "", test.get("stderr") or ""])


def report(tests):
    """The lines to print."""
    lines, failed = [], []
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for test in tests:
        kind = KINDS.get(test["result"], "failed")
        counts[kind] += 1
        if kind == "failed":
            failed.append(test)
        reasons = sorted({line.split("SKIPPED: ", 1)[1] for line in said(test).splitlines() if "SKIPPED: " in line})
        if kind == "skipped" or reasons:
            lines.append(f"SKIPPED in {test['name']}: " + ("; ".join(reasons) or "all of it"))
    lines.append(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    each = min(LINES, max(1, ALL_LINES // max(1, len(failed)) - 1))
    for test in failed:
        lines.append(f"FAILED {test['name']} ({test['result'].lower()}, status {test['returncode']}, after {test['duration']:.0f} s):")
        found = words(said(test))
        lines += ["    " + line for line in (found[:each] if SANITIZER.search(found[0] if found else "") else found[-each:])]
    return [line[:WIDTH] for line in lines]


def main():
    log = Path(sys.argv[1]) / "meson-logs/testlog.json"
    if not log.exists():
        print("FAILED: no test was run")
        return
    with log.open(encoding="utf-8") as rows:
        print("\n".join(report(json.loads(row) for row in rows)))


if __name__ == "__main__":
    main()
