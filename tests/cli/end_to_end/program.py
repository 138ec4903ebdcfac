"""What the end-to-end tests share: the program, its models, pictures of people, and a folder that goes with the process.

Each module beside this one runs the real program by one theme: commands, their JSON, exit statuses, and words for bad
input; meson runs them side by side. `./enrolment.py Enrolled.test_life` runs one test.

Needs: MIEN, the program. What else is missing (models, photographs) skips a test and says so; with MIEN_TEST_ALL=1 it
fails it. A run ends with a line of counts.
"""
import atexit
import functools
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(os.environ.get("MIEN_TEST_ROOT", Path(__file__).resolve().parents[3]))
MIEN = os.environ.get("MIEN", str(ROOT / "build/mien"))
MODELS = Path(os.environ.get("MIEN_MODEL_DIR", ROOT / "build/models"))
LIBRARY = Path(os.environ.get("MIEN_INFER_LIBRARY", "/nonexistent"))
SAMPLES = ROOT / "models/node_modules/@vladmandic/face-api/demo"
SANITIZED = b"__asan_init" in Path(MIEN).read_bytes() or b"__tsan_init" in Path(MIEN).read_bytes()

# Name, photograph, and where that person's head is in it.
PEOPLE = {
    "Anna": ("sample3", "420x460+500+220"), "Berta": ("sample3", "400x440+1060+120"),
    "Clara": ("sample3", "360x420+1390+200"), "Dora": ("sample6", "380x460+160+350"),
    "Elena": ("sample6", "380x460+590+200"), "Fanny": ("sample6", "400x480+1060+140"),
    "Greta": ("sample6", "380x460+1430+150"),
}
CONSENT = ["--consent", "identification", "--consent-method", "test", "--consent-evidence", "a test"]

scratch = Path(tempfile.mkdtemp(prefix="mien-e2e-"))
atexit.register(shutil.rmtree, scratch)


def need(there, what):
    if there:
        return
    if os.environ.get("MIEN_TEST_ALL") == "1":
        raise AssertionError(f"needed and not there: {what}")
    print(f"SKIPPED: not there: {what}", file=sys.stderr)
    raise unittest.SkipTest(what)


@functools.cache
def has_pack(pack):
    """Every file of it, by its sum."""
    return subprocess.run([MIEN, "models", "check", "--pack", pack], capture_output=True).returncode == 0


def need_pack(pack):
    need(has_pack(pack), f"the {pack} pack in {MODELS} (make models)")


def need_recognition(pack="offline"):
    """The offline pack is there wherever npm is reached; tests that are about the standard one say so."""
    need_pack(pack)
    need(LIBRARY.exists(), "ONNX Runtime (tools/setup)")
    need(SAMPLES.is_dir(), "the photographs of the face-api package (tools/setup)")


class Answer:
    def __init__(self, process):
        self.status = process.returncode
        self.out = process.stdout.decode()
        self.err = process.stderr.decode()

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]


def mien(*args, env=None, **kw):
    if "input" not in kw:
        kw.setdefault("stdin", subprocess.DEVNULL)
    return Answer(subprocess.run([MIEN, *map(str, args)], capture_output=True, timeout=300,
                                 env={**os.environ, "HOME": str(scratch), **(env or {})}, **kw))


def terminal(reply, *args):
    """Runs the command with a terminal for input, on which somebody wrote the reply."""
    master, slave = pty.openpty()
    os.write(master, reply.encode() + b"\n")
    answer = mien(*args, stdin=slave)
    os.close(slave)
    os.close(master)
    return answer


def convert(*args):
    need(shutil.which("convert"), "convert (imagemagick, tools/setup)")
    subprocess.run(["convert", *map(str, args)], check=True)


def portrait(name, *changes):
    """A picture of one person, cut out of a photograph; made once."""
    need_recognition()
    path = scratch / f"{name}{'-'.join(changes).replace('%', '')}.jpg"
    if not path.exists():
        photo, head = PEOPLE[name]
        convert(SAMPLES / f"{photo}.jpg", "-strip", "-crop", head, "+repage", *changes, path)
    return path


def grey_ppm(width=64, height=64):
    return b"P6\n%d %d\n255\n" % (width, height) + b"\x80" * (3 * width * height)


def file(name, content):
    path = scratch / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def people_folders(copies):
    """A folder a person, with as many pictures of each."""
    folder = scratch / f"people-{copies}"
    need_recognition()
    for name in PEOPLE:
        (folder / name).mkdir(parents=True, exist_ok=True)
        for i in range(copies):
            target = folder / name / f"{i}.jpg"
            if not target.exists():
                # A comment at the end makes each file another one.
                target.write_bytes(portrait(name).read_bytes() + b"%d" % i)
    return folder


@functools.cache
def commands():
    """Names of all commands, from the overview."""
    names = re.findall(r"^  ([a-z]+(?: [a-z]+)?) ", mien("help").out, re.M)
    return [n for n in names if mien("help", *n.split()).status == 0]


class Case(unittest.TestCase):
    maxDiff = None

    def ok(self, answer, status=0):
        self.assertEqual(answer.status, status, answer.err + answer.out)
        return answer

    def refused(self, answer, status, *words):
        self.ok(answer, status)
        for word in words:
            self.assertIn(word, answer.err)
        return answer


def main():
    """Runs the tests of the module that was started, or those named on the command line."""
    loader, module = unittest.defaultTestLoader, sys.modules["__main__"]
    tests = loader.loadTestsFromNames(sys.argv[1:], module) if len(sys.argv) > 1 else loader.loadTestsFromModule(module)
    result = unittest.TextTestRunner(verbosity=1, stream=sys.stderr).run(tests)
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad - len(result.skipped)} passed, {bad} failed, {len(result.skipped)} skipped")
    sys.exit(1 if bad else 0)
