#!/usr/bin/env python3
"""The HTTP API against the real server: run.py [--store postgres] [--jobs N] [--partly] [module ...]

Each module has a server of its own and runs as a process of its own. Without modules all of them run, and covered.py says
which operations and statuses nothing has seen. Ends with a line of counts.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import covered  # noqa: E402  pylint: disable=wrong-import-position
import running  # noqa: E402  pylint: disable=wrong-import-position


def run_module(name, environment):
    """(name, status, what it said)"""
    done = subprocess.run([sys.executable, "-B", "-m", "unittest", name], cwd=HERE, env=environment, text=True, errors="replace",
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return name, done.returncode, done.stdout


def count(text):
    """(tests, failures and errors, skipped) of unittest's last lines."""
    ran = re.search(r"^Ran (\d+) tests? in", text, re.M)
    numbers = {w: int(n) for w, n in re.findall(r"(failures|errors|skipped)=(\d+)", text[-400:])}
    return int(ran[1]) if ran else 0, numbers.get("failures", 0) + numbers.get("errors", 0), numbers.get("skipped", 0)


def run_all(modules, jobs, environments):
    """Runs them, prints what was skipped, and returns what those that failed said, with the counts."""
    failed, totals = [], [0, 0, 0]
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for done in concurrent.futures.as_completed(pool.submit(run_module, m, environments(m)) for m in modules):
            name, status, text = done.result()
            numbers = count(text)
            totals = [a + b for a, b in zip(totals, numbers)]
            seconds = re.search(r"^Ran .* in (.*)s$", text, re.M)
            print(f"{name}: {numbers[0]} tests, {numbers[1]} failed, {numbers[2]} skipped, {seconds[1] if seconds else '?'} s", flush=True)
            for line in sorted(set(re.findall(r"^SKIPPED: .*", text, re.M))):
                print(line)
            if status != 0:
                failed.append(text)
    return failed, totals


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--store", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--jobs", type=int, default=min(4, os.cpu_count() or 1))
    parser.add_argument("--partly", action="store_true", help="without covered.py's verdict")
    parser.add_argument("modules", nargs="*")
    args = parser.parse_args()
    modules = args.modules or sorted((p.stem for p in HERE.glob("test_*.py")), key=lambda n: n not in covered.LONG)
    with running.store(args.store) as url, tempfile.TemporaryDirectory(prefix="mien-api-") as shared:
        for part in ("seen", "pictures"):
            (pathlib.Path(shared) / part).mkdir()
        common = {**os.environ, "MIEN_API_SEEN": f"{shared}/seen", "MIEN_API_PICTURES": f"{shared}/pictures"}
        failed, totals = run_all(modules, args.jobs, lambda _: {**common, **({"MIEN_API_STORE_URL": url()} if url else {})})
        complete = bool(args.modules) or covered.report(pathlib.Path(shared) / "seen") or args.partly
    print(f"{totals[0] - totals[1] - totals[2]} passed, {totals[1]} failed, {totals[2]} skipped")
    for text in failed:  # last of all, as the end is what is kept of a log
        print(text)
    sys.exit(bool(failed) or not complete)


if __name__ == "__main__":
    main()
