#!/usr/bin/env python3
"""The Python client as a package: installed by pip into an environment of its own, without a network, and used from there.

Needs Debian's Python with venv, setuptools and wheel; what is missing skips the test and says so; with MIEN_TEST_ALL=1 it
fails it.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(os.environ.get("MIEN_TEST_ROOT", Path(__file__).resolve().parents[2]))
PYTHON = "/usr/bin/python3"  # whose packages are Debian's, whatever else is called python3 here
USE = """
import importlib.metadata, json, mien
client = mien.Mien("http://127.0.0.1:9", retries=0)
try:
    client.healthz()
    answered = True
except mien.NoAnswer:
    answered = False
files = [str(f) for f in importlib.metadata.files("mien")]
print(json.dumps({"from": mien.__file__, "version": importlib.metadata.version("mien"), "needs": importlib.metadata.requires("mien"),
                  "answered": answered, "files": [f for f in files if "dist-info" not in f and "__pycache__" not in f]}))
"""


def need(there, what):
    if there:
        return
    if os.environ.get("MIEN_TEST_ALL") == "1":
        raise AssertionError(f"needed and not there: {what}")
    print(f"SKIPPED: not there: {what}", file=sys.stderr)
    raise unittest.SkipTest(what)


def run(*command, **more):
    env = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, env=env, **more)


class Pip(unittest.TestCase):
    def test_installed(self):
        need(run(PYTHON, "-c", "import ensurepip, setuptools, venv, wheel").returncode == 0, "python3-venv, python3-setuptools, python3-wheel")
        with tempfile.TemporaryDirectory(prefix="mien-pip-") as folder:
            place = Path(folder)
            shutil.copytree(ROOT / "clients/python", place / "source")  # pip leaves files in there
            made = run(PYTHON, "-m", "venv", "--system-site-packages", place / "venv")
            self.assertEqual(made.returncode, 0, made.stdout + made.stderr)
            got = run(place / "venv/bin/pip", "install", "--no-index", "--no-build-isolation", place / "source")
            self.assertEqual(got.returncode, 0, got.stdout + got.stderr)
            used = run(place / "venv/bin/python", "-I", "-c", USE, cwd=place)
            self.assertEqual(used.returncode, 0, used.stderr)
            said = json.loads(used.stdout)
        version = re.search(r"^project\('mien'.* version: '([^']*)'", (ROOT / "meson.build").read_text(encoding="utf-8"), re.M)[1]
        self.assertTrue(said.pop("from").startswith(f"{place}/venv/"))
        self.assertEqual(said, {"version": version, "needs": None, "answered": False, "files": ["mien.py"]})


if __name__ == "__main__":
    unittest.main()
