#!/usr/bin/env python3
"""The real program, end to end: every command, its JSON, its exit statuses, its words for bad input.

Needs: MIEN, the program. What else is missing (models, photographs) skips a test and says so; with MIEN_TEST_ALL=1 it
fails it. Ends with a line of counts.
"""
import json
import os
import pty
import re
import resource
import select
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import zlib
from pathlib import Path

ROOT = Path(os.environ.get("MIEN_TEST_ROOT", Path(__file__).resolve().parents[2]))
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
CONSENT = ["--consent", "identification", "--consent-method", "test", "--consent-evidence", "e2e.py"]

scratch = None


def setUpModule():
    global scratch
    scratch = Path(tempfile.mkdtemp(prefix="mien-e2e-"))


def tearDownModule():
    shutil.rmtree(scratch)


def need(there, what):
    if there:
        return
    if os.environ.get("MIEN_TEST_ALL") == "1":
        raise AssertionError(f"needed and not there: {what}")
    print(f"SKIPPED: not there: {what}", file=sys.stderr)
    raise unittest.SkipTest(what)


def need_pack(pack):
    there = subprocess.run([MIEN, "models", "check", "--pack", pack], capture_output=True).returncode == 0
    need(there, f"the {pack} pack in {MODELS} (make models)")


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


class CommandLine(Case):
    def test_overview(self):
        self.assertEqual(len(commands()), 56)
        for name in ("detect", "people erase", "eval calibrate", "bench pipeline"):
            self.assertIn(name, commands())
        self.refused(mien(), 2, "which command?", "mien help")
        self.ok(mien("--help"))

    def test_help_of_each(self):
        for name in commands():
            with self.subTest(name):
                out = self.ok(mien(*name.split(), "--help")).out
                self.assertIn(f"Usage: mien {name} [options]", out)
                for option in ("--json", "--data DIR", "--pack PACK", "--precision P", "--threads N", "--fmr RATE", "--flip"):
                    self.assertIn(option, out)
                self.assertIn("Examples:\n  mien ", out)
                self.assertIn("Exit status: 0 done, 1 no", out)
                self.assertEqual([line for line in out.splitlines() if line != line.rstrip()], [])
                self.assertEqual(out, mien("help", *name.split()).out)
        self.assertIn("people erase PERSON", self.ok(mien("help", "people")).out)
        self.refused(mien("help", "peple"), 2, "no command 'peple'")

    def test_usage_errors(self):
        for args, words in (
            (["detekt", "x"], "did you mean 'detect'?"),
            (["detect", "--jsno", "x"], "did you mean --json?"),
            (["detect", "--externalid", "1"], "did you mean --"),
            (["detect"], "too few arguments: mien detect FILE..."),
            (["compare", "a", "b", "c"], "'c' is one argument too many"),
            (["people"], "one of: list, show, erase, withdraw"),
            (["compare", "--fmr", "7", "a", "b"], "--fmr"),
            (["compare", "--set", "face.size=7", "a", "b"], "there is no setting face.size"),
            (["detect", "--with", "hats", "x"], "--with hats"),
            (["identify", "--candidates", "0", "x"], "from 1 to 100"),
            (["eval", "identify", "--part", "3/2", "x"], "--part 3/2"),
            (["completion", "tcsh"], "bash, zsh and fish"),
            (["enroll", "x.jpg"], "who is it?"),
            (["enroll", "--name", "A", "x.jpg"], "into which list?"),
            (["enroll", "--name", "A", "--list", "l", "--consent", "identification", "x.jpg"], "--consent-method"),
            (["enroll", "--name", "A", "--list", "l", "--consent-method", "m", "x.jpg"], "--consent PURPOSE"),
            (["enroll", "--name", "A", "--folders", "--list", "l", "x"], "--folders names the people"),
            (["enroll", "--name", "A", "--list", "l", *CONSENT, "--consent-until", "soon", "x.jpg"], "--consent-until soon"),
            (["people", "withdraw", "A"], "--consent PURPOSE"),
            (["people", "erase", "A"], "needs --yes"),
            (["audit", "export", "--from", "soon"], "--from soon"),
        ):
            with self.subTest(args=args):
                answer = self.refused(mien(*args), 2, words, "Try 'mien ")
                self.assertEqual(answer.out, "")

    def test_settings_file_and_its_faults(self):
        conf = file("mien.conf", b"face.max = 9\n")
        shown = {s["name"]: s for s in self.ok(mien("settings", "--json", "--config", conf)).json["settings"]}
        self.assertEqual(shown["face.max"]["value"], "9")
        self.assertIn("mien.conf", shown["face.max"]["origin"])
        both = mien("settings", "--json", "--config", conf, "--set", "face.max=8").json["settings"]
        self.assertEqual([s["value"] for s in both if s["name"] == "face.max"], ["8"])
        self.refused(mien("settings", "--config", file("bad.conf", b"\nface.maximum = 9\n")), 3, "bad.conf:2")
        self.refused(mien("settings", "--config", scratch / "none.conf"), 3, "none.conf")
        self.assertIn("face.max", self.ok(mien("settings", "sample")).out)
        self.assertIn("| `face.max`", self.ok(mien("settings", "markdown")).out)

    def test_version(self):
        answer = self.ok(mien("version", "--json")).json
        for field in ("version", "onnxruntime", "pack", "precision", "simd", "vnni"):
            self.assertIn(field, answer)
        self.assertRegex(self.ok(mien("version")).out, r"^mien +\d+\.\d+\.\d+\n")
        without = self.ok(mien("version", "--json", env={"MIEN_INFER_LIBRARY": "/none.so", "MIEN_MODEL_DIR": "/none"})).json
        self.assertIsNone(without["onnxruntime"])
        self.assertIsNone(without["pack"])

    def test_full_disk(self):
        with open("/dev/full", "wb") as full:
            answer = subprocess.run([MIEN, "help"], stdout=full, stderr=subprocess.PIPE)
            self.assertEqual(answer.returncode, 3)
            self.assertIn(b"standard output: cannot write the result: No space left", answer.stderr)
            self.assertEqual(subprocess.run([MIEN, "version", "--json"], stdout=full, stderr=subprocess.PIPE).returncode, 3)


class Generated(Case):
    """What is made from the command table: the manual page and the completion scripts in the tree are the program's."""

    def test_manual_page(self):
        page = ROOT / "docs/man/mien.1"
        made = self.ok(mien("help", "--man")).out
        self.assertEqual(page.read_text(), made, "run: make docs")
        need(shutil.which("mandoc"), "mandoc (tools/setup)")
        lint = subprocess.run(["mandoc", "-Tlint", "-Wwarning", page], capture_output=True, text=True)
        self.assertEqual(lint.stdout + lint.stderr, "")
        text = subprocess.run(["mandoc", "-Tascii", page], capture_output=True, text=True).stdout
        text = re.sub(r".\x08", "", text)
        for name in commands():
            self.assertIn(f"mien {name}", text)
            for option in re.findall(r"^ +(?:-., )?(--[a-z-]+)", mien(*name.split(), "--help").out, re.M):
                self.assertIn(option, text)

    def test_completion_scripts(self):
        for shell, name in (("bash", "mien.bash"), ("zsh", "mien.zsh"), ("fish", "mien.fish")):
            made = self.ok(mien("completion", shell)).out
            self.assertEqual((ROOT / "packaging/completion" / name).read_text(), made, "run: make docs")
            for word in ("detect", "erase", "external-id", "live_identification"):
                self.assertIn(word, made)
            if shutil.which(shell):
                path = file(f"completion.{shell}", made.encode())
                subprocess.run([shell, "-n", path], check=True)

    def complete(self, *words):
        script = f"""source {ROOT}/packaging/completion/mien.bash
            compopt() {{ :; }}
            COMP_WORDS=({" ".join(f"'{w}'" for w in words)}) COMP_CWORD={len(words) - 1}
            _mien; printf '%s\\n' "${{COMPREPLY[@]}}" """
        return subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout.split()

    def test_bash_completes(self):
        self.assertEqual(self.complete("mien", "de"), ["detect", "describe"])
        self.assertEqual(self.complete("mien", "people", "e"), ["erase"])
        self.assertEqual(self.complete("mien", "people", "erase", "--y"), ["--yes"])
        self.assertEqual(self.complete("mien", "detect", "--pack", "o"), ["offline"])
        self.assertEqual(self.complete("mien", "completion", "f"), ["fish"])
        self.assertIn("--external-id", self.complete("mien", "enroll", "--"))
        self.assertNotIn("--external-id", self.complete("mien", "detect", "--"))


class Models(Case):
    def test_list_and_check(self):
        packs = self.ok(mien("models", "list", "--json", env={"MIEN_MODEL_DIR": str(scratch)})).json["packs"]
        self.assertEqual([p["name"] for p in packs], ["standard", "offline"])
        self.assertFalse(packs[0]["complete"])
        for model in packs[0]["models"]:
            self.assertLessEqual({"task", "name", "precision", "file", "bytes", "license", "state", "optional"}, set(model))
            self.assertEqual(model["state"], "missing")
        self.assertEqual(mien("models", "check", env={"MIEN_MODEL_DIR": str(scratch)}).status, 1)
        self.assertIn("missing", mien("models", "list", env={"MIEN_MODEL_DIR": str(scratch)}).out)

    def test_pull_from_a_mirror_and_damage(self):
        need_pack("standard")
        env = {"MIEN_MODEL_DIR": str(scratch / "pulled"), "MIEN_MODEL_MIRROR": str(MODELS)}
        pulled = self.ok(mien("models", "pull", "--json", env=env)).json
        self.assertTrue(pulled["complete"])
        self.assertEqual({m["state"] for m in pulled["models"] if not m["optional"]}, {"fetched"})
        again = self.ok(mien("models", "pull", "--json", env=env)).json
        self.assertEqual({m["state"] for m in again["models"] if not m["optional"]}, {"present"})
        self.ok(mien("models", "check", "--pack", "standard", env=env))
        broken = scratch / "pulled/standard" / pulled["models"][0]["file"]
        data = bytearray(broken.read_bytes())
        data[100] ^= 1
        broken.write_bytes(data)
        checked = self.ok(mien("models", "check", "--pack", "standard", env=env), 1)
        self.assertIn("damaged", checked.out)
        if LIBRARY.exists():
            self.refused(mien("detect", file("grey.ppm", grey_ppm()), "--pack", "standard", env=env), 3, pulled["models"][0]["name"])

    def test_no_models_at_all(self):
        need(LIBRARY.exists(), "ONNX Runtime (tools/setup)")
        answer = mien("detect", file("grey.ppm", grey_ppm()), env={"MIEN_MODEL_DIR": str(scratch / "empty")})
        self.refused(answer, 3, "no models in", "mien models pull")

    def test_falls_back_and_says_so(self):
        need_recognition("offline")
        only = scratch / "only-offline"
        only.mkdir(exist_ok=True)
        if not (only / "offline").exists():
            (only / "offline").symlink_to(MODELS / "offline")
        env = {"MIEN_MODEL_DIR": str(only)}
        picture = file("grey.ppm", grey_ppm())
        answer = self.refused(mien("detect", picture, env=env), 1, "using the offline pack", "30 %")
        self.assertEqual(answer.err.count("offline pack"), 1)
        self.assertEqual(mien("detect", "--quiet", picture, env=env).err, "")
        self.refused(mien("detect", "--pack", "standard", picture, env=env), 3, "the standard pack is not complete")
        # A data directory remembers its pack.
        data = ["--data", scratch / "offline-data"]
        self.ok(mien("enroll", *data, "--face", "largest", "--name", "Anna", "--list", "l", *CONSENT, portrait("Anna"), env=env))
        found = self.ok(mien("identify", *data, "--json", "--fmr", "0.1", portrait("Anna")))
        self.assertIn("made with the offline model pack", found.err)
        self.refused(mien("identify", *data, "--pack", "standard", portrait("Anna")), 3, "pack")


class Pictures(Case):
    def test_detect_json(self):
        need_recognition()
        answer = self.ok(mien("detect", "--json", SAMPLES / "sample1.jpg"))
        found = answer.json
        self.assertTrue(found["file"].endswith("sample1.jpg"))
        self.assertEqual((found["width"], found["height"]), (1920, 1280))
        self.assertEqual(len(found["faces"]), 3)
        areas = [f["box"]["width"] * f["box"]["height"] for f in found["faces"]]
        self.assertEqual(areas, sorted(areas, reverse=True))
        for face in found["faces"]:
            self.assertEqual(set(face), {"box", "score", "points", "pose", "quality"})
            self.assertEqual(set(face["box"]), {"x", "y", "width", "height"})
            self.assertEqual([len(p) for p in face["points"]], [2] * 5)
            self.assertEqual(set(face["pose"]), {"yaw", "pitch", "roll"})
            self.assertTrue(0 <= face["quality"]["overall"] <= 1)
            self.assertTrue(0.6 <= face["score"] <= 1)

    def test_detect_text(self):
        need_recognition()
        out = self.ok(mien("detect", SAMPLES / "sample1.jpg")).out
        self.assertRegex(out.splitlines()[0], r"sample1\.jpg  1920×1280  3 faces$")
        self.assertRegex(out.splitlines()[1], r"^   1  \d+×\d+ at \d+,\d+ +score 0\.\d\d  quality \d\.\d\d  yaw ")

    def test_with_everything(self):
        face = self.ok(mien("detect", "--json", "--with", "all", portrait("Anna"))).json["faces"][0]
        self.assertEqual(len(face["landmarks"]), 468)
        self.assertEqual(set(face["expression"]), {"left_eye_open", "right_eye_open", "mouth_open"})
        some = self.ok(mien("detect", "--json", "--with", "expression,landmarks", portrait("Anna"))).json["faces"][0]
        self.assertNotIn("age", some)

    def test_several_inputs_are_lines(self):
        a, b = portrait("Anna"), portrait("Berta")
        lines = self.ok(mien("detect", "--json", a, b)).lines
        self.assertEqual([line["file"] for line in lines], [str(a), str(b)])

    def test_folder_and_stdin(self):
        folder = scratch / "album"
        (folder / "deep").mkdir(parents=True, exist_ok=True)
        shutil.copy(portrait("Anna"), folder / "b.dat")
        shutil.copy(portrait("Berta"), folder / "deep/a.jpg")
        (folder / "notes.txt").write_text("not a picture")
        lines = self.ok(mien("detect", "--json", folder)).lines
        self.assertEqual([line["file"] for line in lines], [str(folder / "b.dat"), str(folder / "deep/a.jpg")])
        with open(portrait("Anna"), "rb") as picture:
            answer = self.ok(mien("detect", "--json", "-", stdin=picture)).json
        self.assertEqual((answer["file"], len(answer["faces"])), ("-", 1))

    def test_draw(self):
        drawn = scratch / "drawn.png"
        self.ok(mien("detect", "--draw", drawn, portrait("Anna")))
        self.assertEqual(drawn.read_bytes()[:8], b"\x89PNG\r\n\x1a\n")
        folder = scratch / "drawn"
        self.ok(mien("detect", "--draw", folder, portrait("Anna"), portrait("Berta")))
        self.assertEqual(len(list(folder.iterdir())), 2)
        self.refused(mien("detect", "--draw", scratch / "drawn.gif", portrait("Anna")), 3, "written as .jpg, .png or .webp")

    def test_given_boxes_and_samples(self):
        need_recognition("standard")
        whole = self.ok(mien("detect", "--json", SAMPLES / "sample1.jpg")).json["faces"]
        box = whole[1]["box"]
        drawn = ",".join(str(round(box[k] + d)) for k, d in (("x", 30), ("y", -20), ("width", 40), ("height", 10)))
        one = self.ok(mien("detect", "--json", "--box", drawn, SAMPLES / "sample1.jpg")).json["faces"]
        self.assertEqual(len(one), 1)
        self.assertLess(abs(one[0]["box"]["x"] - box["x"]), 30)
        self.refused(mien("detect", "--box", "5,5,100,100", SAMPLES / "sample1.jpg"), 3, "box 1: no face is in it")
        self.refused(mien("detect", "--box", "5,5,100", SAMPLES / "sample1.jpg"), 2, "left, top, width and height")
        self.refused(mien("describe", "--sample", SAMPLES / "sample1.jpg"), 3, "112, 150 or 250 px")

    def test_quality(self):
        need_recognition("standard")
        answer = self.ok(mien("quality", "--json", portrait("Anna")), 1).json  # no passport photograph
        self.assertEqual(len(answer["checks"]), 44)
        by_name = {c["check"]: c for c in answer["checks"]}
        self.assertEqual(answer["made"], sum(c["verdict"] != "not_made" for c in answer["checks"]))
        self.assertFalse(answer["passed"])
        self.assertEqual((by_name["format"]["value"], by_name["format"]["verdict"]), ("jpeg", "passed"))
        self.assertEqual((by_name["glasses"]["value"], by_name["glasses"]["verdict"]), (None, "not_made"))
        self.assertTrue(by_name["glasses"]["reason"])
        self.assertEqual((by_name["eye_distance"]["unit"], by_name["eye_distance"]["min"]), ("px", 90))
        self.ok(mien("quality", "--profile", "recognition", portrait("Anna")))
        blurred = self.ok(mien("quality", "--profile", "recognition", portrait("Anna", "-gaussian-blur", "0x9")), 1).out
        self.assertRegex(blurred, "failed *blur")
        own = file("own.json", b'{"checks": [{"check": "head_yaw", "min": -90, "max": 90}]}')
        self.assertEqual(self.ok(mien("quality", "--json", "--profile", own, portrait("Anna"))).json["made"], 1)
        for text, words in ((b'{"checks": [{"check": "beauty"}]}', 'no check "beauty"'), (b"[", "line 1"), (b"[]", "is an object"),
                            (b'{"checks": [{"check": "blur", "min": 7}]}', "checks[0]"), (b'{"profil": 1}', "profil"),
                            (b'{"profile": "best"}', "icao or recognition"),
                            (b'{"checks": [{"check": "left_eye", "allowed": ["shut"]}]}', "never shut")):
            self.refused(mien("quality", "--profile", file("bad.json", text), portrait("Anna")), 2, words)
        self.refused(mien("quality", "--profile", "nowhere.json", portrait("Anna")), 2, "nowhere.json")

    def test_aggregate(self):
        need_recognition("standard")
        darker = portrait("Anna", "-resize", "60%", "-modulate", "75")
        one = self.ok(mien("describe", "--json", portrait("Anna"))).json["faces"][0]["descriptor"]["values"]
        answer = self.ok(mien("describe", "--json", "--aggregate", portrait("Anna"), darker)).json
        values = answer["descriptor"]["values"]
        self.assertEqual((answer["pictures"], len(values)), (2, 128))
        self.assertAlmostEqual(sum(v * v for v in values), 1, places=4)
        self.assertGreater(sum(a * b for a, b in zip(one, values)), 0.9)
        self.refused(mien("describe", "--aggregate", portrait("Anna"), darker, portrait("Greta")), 3, "Greta", "one person")
        self.refused(mien("describe", "--aggregate", portrait("Anna"), file("grey.ppm", grey_ppm())), 3, "no face was found",
                     "no descriptor was made")
        self.assertIn("2 pictures of one person", self.ok(mien("describe", "--aggregate", portrait("Anna"), darker)).out)

    def test_liveness(self):
        need_recognition("standard")
        answer = mien("liveness", "--json", portrait("Anna")).json["faces"][0]["liveness"]
        self.assertIn(answer["verdict"], ("live", "spoof"))
        self.assertNotIn("reason", answer)
        small = self.ok(mien("liveness", "--json", portrait("Anna", "-resize", "15%")), 1).json["faces"][0]["liveness"]
        self.assertEqual(small["verdict"], "unknown")
        self.assertIn("px wide", small["reason"])
        self.ok(mien("liveness", "--set", "liveness.threshold=0", portrait("Anna")))
        self.assertIn("spoof", self.ok(mien("liveness", "--set", "liveness.threshold=1", portrait("Anna")), 1).out)

    def test_describe(self):
        need_recognition("standard")
        answer = self.ok(mien("describe", "--json", portrait("Anna"))).json
        d = answer["faces"][0]["descriptor"]
        self.assertEqual((len(d["values"]), d["metric"]), (128, "cosine"))
        self.assertAlmostEqual(sum(v * v for v in d["values"]), 1, places=4)
        output = scratch / "descriptors.jsonl"
        self.ok(mien("describe", "--json", "--output", output, portrait("Anna")))
        self.assertEqual(json.loads(output.read_text()), answer)
        self.assertEqual(output.stat().st_mode & 0o777, 0o600)
        self.refused(mien("describe", "--json", "--output", "/dev/full", portrait("Anna")), 3, "/dev/full", "No space left")
        self.assertIn("128 numbers", self.ok(mien("describe", portrait("Anna"))).out)
        flipped = self.ok(mien("describe", "--json", "--flip", portrait("Anna"))).json["faces"][0]["descriptor"]
        self.assertNotEqual(flipped["values"], d["values"])


class BadInput(Case):
    """Each fault has its own words, and the pictures beside it are worked on all the same."""

    def test_faults(self):
        need_recognition("standard")
        whole = (SAMPLES / "sample1.jpg").read_bytes()
        row = b"\0" * (30000 // 8 + 1)
        packer = zlib.compressobj(9)
        bomb = b"".join(packer.compress(row * 100) for _ in range(300)) + packer.flush()

        def chunk(kind, body):
            return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

        huge = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 30000, 30000, 1, 0, 0, 0, 0)) + \
            chunk(b"IDAT", bomb) + chunk(b"IEND", b"")
        self.assertLess(len(huge), 200000)
        frame = b"ANMF" + struct.pack("<I", 16) + b"\0" * 16
        body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\x02" + b"\0" * 3 + b"\x0f\0\0" * 2 + b"ANIM" + struct.pack("<I", 6) + \
            b"\0" * 6 + frame * 2
        animated = b"RIFF" + struct.pack("<I", len(body)) + body
        faults = {
            "empty.jpg": (b"", "empty"),
            "text.jpg": (b"hello, I am a text\n" * 10, "not a picture"),
            "cut.jpg": (whole[:len(whole) // 3], "truncated"),
            "huge.png": (huge, "30000"),
            "animated.webp": (animated, "animated"),
        }
        said = set()
        for name, (content, word) in faults.items():
            with self.subTest(name):
                path = file(name, content)
                answer = mien("detect", path)
                self.refused(answer, 3, f"mien: {path}: ", word)
                said.add(answer.err.split(str(path))[1])
                code = self.ok(mien("detect", "--json", path), 3).json["error"]["code"]
                self.assertIn(code, ("decode", "unsupported", "limit"))
        self.assertEqual(len(said), len(faults))
        self.refused(mien("detect", scratch / "none.jpg"), 3, "none.jpg: cannot open: No such file")
        self.refused(mien("detect", file("empty-folder/notes", b"x").parent), 3, "no pictures in this folder")
        together = self.ok(mien("detect", "--json", scratch / "empty.jpg", portrait("Anna"), scratch / "none.jpg"), 3)
        self.assertEqual(["faces" in line for line in together.lines], [False, True, False])
        self.assertEqual(together.err.count("mien: "), 2)

    def test_memory_stays_bounded(self):
        need_recognition()
        if SANITIZED:
            self.skipTest("a sanitizer needs memory of its own")
        path = scratch / "wide.ppm"
        with open(path, "wb") as f:
            f.write(b"P6\n29000 29000\n255\n")
            f.truncate(29000 * 29000 * 3)
        answer = subprocess.run([MIEN, "detect", path], capture_output=True, text=True,
                                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30)))
        path.unlink()
        self.assertEqual(answer.returncode, 3, answer.stderr)

    def test_no_face(self):
        need_recognition()
        grey = file("grey.ppm", grey_ppm(200, 200))
        self.assertIn("no face", self.ok(mien("detect", grey), 1).out)
        self.assertEqual(self.ok(mien("detect", "--json", grey), 1).json["faces"], [])
        self.refused(mien("compare", grey, portrait("Anna")), 3, "no face was found")

    def test_a_face_of_twenty_pixels(self):
        small = scratch / "small.png"
        convert(portrait("Anna"), "-resize", "32x", "-background", "grey", "-gravity", "center", "-extent", "200x200", small)
        answer = mien("compare", small, portrait("Anna"))
        if "no face" not in answer.err:
            self.assertIn("the face is very small", answer.err)
        enrolled = mien("enroll", "--data", scratch / "small-data", "--name", "A", "--list", "l", *CONSENT, small)
        self.refused(enrolled, 1, "small.png: ")


class Compare(Case):
    def test_the_same(self):
        need_recognition("standard")
        answer = self.ok(mien("compare", "--json", portrait("Anna"), portrait("Anna", "-resize", "60%", "-modulate", "70"))).json
        self.assertTrue(answer["same"])
        self.assertEqual(answer["metric"], "cosine")
        self.assertTrue(0.5 < answer["similarity"] <= 1)
        self.assertTrue(0 < answer["fmr"] <= 1e-4)
        self.assertEqual(answer["threshold"]["fmr"], 1e-4)
        self.assertIsInstance(answer["raw"], float)
        self.assertIn("the same person\n", self.ok(mien("compare", portrait("Anna"), portrait("Anna"))).out)

    def test_not_the_same(self):
        answer = self.ok(mien("compare", "--json", portrait("Anna"), portrait("Dora")), 1).json
        self.assertFalse(answer["same"])
        self.assertGreater(answer["fmr"], 1e-4)
        self.assertIn("not the same person", self.ok(mien("compare", portrait("Anna"), portrait("Dora")), 1).out)

    def test_which_face(self):
        need_recognition()
        self.assertIn("3 faces, the largest is compared", mien("compare", SAMPLES / "sample1.jpg", portrait("Anna")).err)
        self.refused(mien("compare", "--face", "only", SAMPLES / "sample1.jpg", portrait("Anna")), 3, "3 faces")

    def test_offline_pack(self):
        need_recognition("offline")
        answer = self.ok(mien("compare", "--pack", "offline", "--json", portrait("Anna"), portrait("Anna", "-resize", "70%"))).json
        self.assertEqual((answer["metric"], answer["pack"]), ("l2", "offline"))

    def test_fast_and_small(self):
        need_recognition()
        if SANITIZED:
            self.skipTest("a sanitizer is slow and large")
        a, b = portrait("Anna"), portrait("Dora")
        times, peak = [], 0
        for _ in range(5):
            process = subprocess.Popen([MIEN, "compare", a, b], stdout=subprocess.DEVNULL)
            _, _, usage = os.wait4(process.pid, 0)
            times.append(usage.ru_utime + usage.ru_stime)  # its own work: others may keep the machine busy
            process.returncode = 1
            peak = max(peak, usage.ru_maxrss / 1024)
        self.assertLess(min(times), 0.5)
        self.assertLess(peak, 300)


class Enrolled(Case):
    """One data directory, lived through from the first enrolment to the last erasure."""

    def test_life(self):
        data = ["--data", scratch / "data"]
        self.refused(mien("identify", *data, portrait("Anna")), 3, "nobody is enrolled here")
        self.refused(mien("enroll", *data, "--name", "Anna", "--list", "staff", portrait("Anna")), 3, "--consent PURPOSE")
        first = self.ok(mien("enroll", *data, "--json", "--name", "Anna", "--external-id", "A7", "--list", "staff", *CONSENT,
                             "--consent-until", "2y", portrait("Anna"))).json
        self.assertEqual((first["enrolled"], first["people_new"], first["refused"]), (1, 1, []))
        again = self.ok(mien("enroll", *data, "--json", "--external-id", "A7", "--list", "staff", portrait("Anna"))).json
        self.assertEqual((again["enrolled"], again["already"]), (0, 1))
        self.assertEqual(scratch.joinpath("data/master.key").stat().st_mode & 0o777, 0o600)
        self.ok(mien("enroll", *data, "--name", "Dora", "--list", "staff", *CONSENT, portrait("Dora")))

        self.look(data)
        self.records(data)
        self.end(data)

    def look(self, data):
        found = self.ok(mien("identify", *data, "--json", portrait("Anna", "-resize", "60%", "-modulate", "75"))).json
        best = found["faces"][0]["candidates"][0]
        self.assertEqual((best["name"], best["external_id"], best["list"]), ("Anna", "A7", "staff"))
        self.assertLessEqual({"person", "similarity", "fmr"}, set(best))
        stranger = self.ok(mien("identify", *data, "--json", portrait("Greta")), 1).json
        self.assertEqual(stranger["faces"][0]["candidates"], [])
        self.assertIn("nobody", self.ok(mien("identify", *data, portrait("Greta")), 1).out)
        drawn = scratch / "named.jpg"
        self.ok(mien("identify", *data, "--list", "staff", "--draw", drawn, portrait("Anna")))
        self.assertEqual(drawn.read_bytes()[:2], b"\xff\xd8")
        self.refused(mien("identify", *data, "--list", "guests", portrait("Anna")), 3, "guests")
        self.refused(mien("identify", *data, "--list", "staff", "--purpose", "attendance", portrait("Anna")), 3, "identification")
        self.ok(mien("identify", *data, portrait("Greta"), portrait("Dora")))
        self.verify(data)

    def verify(self, data):
        # Anna agreed to identification: compared within that list, and not outside of it
        self.refused(mien("verify", *data, "Anna", portrait("Anna")), 3, "no valid consent for verification")
        same = self.ok(mien("verify", *data, "--list", "staff", "--json", "A7", portrait("Anna", "-resize", "60%"))).json
        self.assertEqual((same["same"], same["name"], same["comparisons"]), (True, "Anna", 1))
        self.assertIn("not Anna", self.ok(mien("verify", *data, "--list", "staff", "A7", portrait("Greta")), 1).out)
        self.refused(mien("verify", *data, "--list", "staff", "Nobody", portrait("Anna")), 3, "Nobody")
        self.refused(mien("verify", *data, "Anna"), 2, "verify")

    def records(self, data):
        people = self.ok(mien("people", "list", *data, "--json")).json["people"]
        self.assertEqual([p["name"] for p in people], ["Anna", "Dora"])
        self.assertEqual(len(self.ok(mien("people", "list", *data, "--limit", "1", "--json")).json["people"]), 1)
        self.assertEqual([p["name"] for p in mien("people", "list", *data, "--like", "dor", "--json").json["people"]], ["Dora"])
        shown = self.ok(mien("people", "show", *data, "--json", "A7")).json["people"][0]
        self.assertEqual((shown["name"], shown["lists"], len(shown["faces"])), ("Anna", ["staff"], 1))
        consent = shown["consents"][0]
        self.assertEqual((consent["purpose"], consent["state"], consent["method"]), ("identification", "valid", "test"))
        self.assertIsNotNone(consent["until"])
        self.assertIn("consent      identification: valid", self.ok(mien("people", "show", *data, "Anna")).out)
        self.refused(mien("people", "show", *data, "Nobody"), 3, "Nobody")

    def end(self, data):
        gone = self.ok(mien("people", "withdraw", *data, "--json", "--consent", "identification", "Anna")).json
        self.assertEqual(gone["people"][0]["withdrawn"], "identification")
        self.ok(mien("identify", *data, portrait("Anna")), 1)
        self.ok(self.at_terminal("n", "people", "erase", *data, "Dora"), 1)
        self.ok(mien("identify", *data, portrait("Dora")))
        self.ok(self.at_terminal("y", "people", "erase", *data, "Dora"))
        self.ok(mien("people", "erase", *data, "--yes", "Anna"))
        self.assertEqual(self.ok(mien("people", "list", *data, "--json")).json["people"], [])

    def at_terminal(self, reply, *args):
        """Runs the command with a terminal for input."""
        master, slave = pty.openpty()
        os.write(master, reply.encode() + b"\n")
        answer = mien(*args, stdin=slave)
        os.close(slave)
        os.close(master)
        return answer

    def test_refusals_are_reported(self):
        need_recognition()
        grey = file("grey.ppm", grey_ppm(200, 200))
        answer = mien("enroll", "--data", scratch / "refusals", "--json", "--name", "Anna", "--list", "l", *CONSENT,
                      grey, portrait("Anna"), SAMPLES / "sample1.jpg")
        self.ok(answer, 1)
        report = answer.json
        self.assertEqual(report["enrolled"], 1)
        self.assertEqual([r["error"]["code"] for r in report["refused"]], ["no_face", "several_faces"])
        self.assertIn("grey.ppm: no face was found (", answer.err)

    def people_folders(self, copies):
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

    def test_a_folder_a_person(self):
        data = ["--data", scratch / "folders"]
        folder = self.people_folders(2)
        report = self.ok(mien("enroll", *data, "--json", "--folders", "--list", "all", *CONSENT, folder)).json
        self.assertEqual((report["pictures"], report["enrolled"], report["people_new"]), (14, 14, 7))
        found = self.ok(mien("identify", *data, "--json", SAMPLES / "sample3.jpg")).json
        names = {c["name"] for f in found["faces"] for c in f["candidates"][:1]}
        self.assertEqual(names, {"Anna", "Berta", "Clara"})
        resumed = self.ok(mien("enroll", *data, "--json", "--folders", "--list", "all", *CONSENT, folder)).json
        self.assertEqual((resumed["enrolled"], resumed["already"]), (0, 14))
        self.refused(mien("enroll", *data, "--folders", "--list", "all", *CONSENT, folder / "Anna"), 3, "one folder a person")

    def test_interrupted_and_resumed(self):
        data = ["--data", str(scratch / "interrupted")]
        folder = self.people_folders(40)
        args = ["enroll", *data, "--json", "--threads", "1", "--folders", "--list", "all", *CONSENT, str(folder)]
        process = subprocess.Popen([MIEN, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while process.poll() is None and not (scratch / "interrupted/mien.db").exists():
            time.sleep(0.01)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
        report = json.loads(out)
        if not report["interrupted"]:
            self.skipTest("it was done before it could be interrupted")
        self.assertEqual(process.returncode, 3, err)
        done = report["enrolled"]
        self.assertTrue(done < 280)
        resumed = self.ok(mien(*args)).json
        self.assertEqual((resumed["already"], resumed["enrolled"]), (done, 280 - done))

    def test_progress_on_a_terminal(self):
        folder = self.people_folders(2)
        master, slave = pty.openpty()
        process = subprocess.Popen([MIEN, "enroll", "--data", str(scratch / "progress"), "--folders", "--list", "all", *CONSENT,
                                    str(folder)], stdout=subprocess.PIPE, stderr=slave)
        process.communicate(timeout=120)
        os.close(slave)
        shown = b""
        while select.select([master], [], [], 0.2)[0]:
            try:
                shown += os.read(master, 65536)
            except OSError:
                break
        os.close(master)
        self.assertRegex(shown.decode(), r"14 of 14  100 %  [\d.]+/s  0:00 left  refused 0")


class Records(Case):
    """The audit log, the master key and the store as a whole, on data directories of their own."""

    def data(self, name):
        data = ["--data", scratch / name]
        for person in ("Anna", "Dora"):
            self.ok(mien("enroll", *data, "--name", person, "--list", "staff", *CONSENT, portrait(person)))
        return data

    def test_nobody_there(self):
        for command in ("audit verify", "audit export", "keys show", "keys rotate", "store check", "store stats",
                        "gallery stats", "gallery rebuild"):
            self.refused(mien(*command.split(), "--data", scratch / "none"), 3, "nobody is enrolled here")
        self.assertFalse((scratch / "none").exists())

    def test_users(self):
        data = ["--data", scratch / "users", "--set", "login.memory_kib=8192"]
        made = self.ok(mien("user", "add", *data, "--role", "administrator", "admin", "--json")).json
        self.assertEqual((made["login"], made["roles"], made["active"], made["password_change"]),
                         ("admin", ["administrator"], True, True))
        self.assertRegex(made["one_time_password"], r"^[a-km-np-z2-9]{5}(-[a-km-np-z2-9]{5}){3}$")
        jan = self.ok(mien("user", "add", *data, "--name", "Jan Okafor", "--role", "operator,auditor", "--password", "jan",
                           "--json", input=b"correct horse battery\n")).json
        self.assertEqual((jan["name"], jan["roles"], jan["password_change"]), ("Jan Okafor", ["operator", "auditor"], False))
        self.assertNotIn("one_time_password", jan)
        add = ("user", "add", *data, "eva")
        self.refused(mien(*add), 3, "--role")
        self.refused(mien(*add, "--role", "king"), 3, "king")
        self.refused(mien(*add, "--role", "operator", "--password", input=b"short\n"), 3, "too short")
        self.refused(mien("user", "add", *data, "--role", "operator", "jan"), 3, "already")
        self.assertFalse(self.ok(mien("user", "disable", *data, "jan", "--json")).json["active"])
        self.assertTrue(self.ok(mien("user", "enable", *data, "jan", "--json")).json["active"])
        self.assertIn("one_time_password", self.ok(mien("user", "passwd", *data, "jan", "--json")).json)
        self.assertEqual([u["login"] for u in self.ok(mien("user", "list", *data, "--json")).lines], ["admin", "jan"])
        self.ok(mien("user", "remove", *data, "jan"))
        self.refused(mien("user", "remove", *data, "jan"), 3, "jan")
        self.refused(mien("user", "remove", *data, "admin"), 3, "last administrator")

    def test_accounts(self):
        data = ["--data", scratch / "accounts", "--set", "login.memory_kib=8192"]
        acme = self.ok(mien("account", "add", *data, "--admin", "boss", "--max-people", "5000", "acme", "--json")).json
        self.assertEqual((acme["name"], acme["active"], acme["max_people"], acme["max_faces"], acme["admin"]["login"]),
                         ("acme", True, 5000, None, "boss"))
        self.assertEqual([u["login"] for u in self.ok(mien("user", "list", *data, "--account", "acme", "--json")).lines],
                         ["boss"])
        self.assertEqual(self.ok(mien("user", "list", *data)).out, "")
        self.assertFalse(self.ok(mien("account", "suspend", *data, "acme", "--json")).json["active"])
        self.assertTrue(self.ok(mien("account", "resume", *data, acme["account"], "--json")).json["active"])
        self.refused(mien("account", "suspend", *data, "default"), 3, "first account")
        self.refused(mien("account", "add", *data, "a/b"), 3, "/")
        self.refused(mien("account", "add", *data, "--max-people", "many", "b"), 3, "--max-people")
        self.refused(mien("user", "list", *data, "--account", "none"), 3, "none")
        self.assertEqual([a["name"] for a in self.ok(mien("account", "list", *data, "--json")).lines], ["acme", "default"])

    def test_audit(self):
        data = self.data("audited")
        self.ok(mien("identify", *data, portrait("Anna")))
        verified = self.ok(mien("audit", "verify", *data, "--json")).json
        self.assertEqual((verified["intact"], verified["records"]), (True, 3))
        exported = self.ok(mien("audit", "export", *data)).lines
        self.assertEqual([r["seq"] for r in exported], [1, 2, 3, 4])
        self.assertEqual([r["action"] for r in exported], ["person.enrol", "person.enrol", "identify", "audit.export"])
        self.assertEqual(exported[2]["hash"], verified["head"])
        self.assertEqual([r["prev"] for r in exported[1:]], [r["hash"] for r in exported[:-1]])
        self.assertEqual(set(exported[0]), {"seq", "time", "time_us", "account", "actor", "action", "target", "detail",
                                            "prev", "hash"})
        self.assertTrue(exported[0]["actor"].startswith("cli:"))
        self.assertEqual(json.loads(exported[3]["detail"]), {"from": "1970-01-01T00:00:00.000Z", "to": "never"})
        self.assertEqual(self.ok(mien("audit", "export", *data, "--to", "1h")).out, "")
        self.assertEqual(len(self.ok(mien("audit", "export", *data, "--from", "1h")).lines), 6)
        self.assertIn("records      6, none changed", self.ok(mien("audit", "verify", *data)).out)

    def test_a_changed_audit_log(self):
        data = self.data("tampered")
        self.ok(mien("store", "check", *data))
        db = sqlite3.connect(scratch / "tampered/mien.db")
        for trigger in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'").fetchall():
            db.execute(f"DROP TRIGGER {trigger[0]}")
        db.execute("UPDATE audit SET actor = 'cli:nobody' WHERE seq = 1")
        db.commit()
        db.close()
        self.assertIn("audit record 1 was changed", self.ok(mien("audit", "verify", *data), 1).out)
        broken = self.ok(mien("audit", "verify", *data, "--json"), 1).json
        self.assertEqual((broken["intact"], broken["error"]["code"]), (False, "corrupt"))
        self.assertFalse(self.ok(mien("store", "check", *data, "--json"), 1).json["sound"])

    def test_backup_and_restore(self):
        data, folder = self.data("saved"), scratch / "backups"
        made = self.ok(mien("backup", "--verify", "--json", *data, folder)).json
        self.assertEqual((made["people"], made["samples"], made["copied"], made["verified"]), (2, 2, 2, True))
        self.assertEqual(self.ok(mien("backup", *data, folder, "--json")).json["copied"], 0)
        self.assertEqual(self.ok(mien("people", "erase", "--yes", *data, "Dora")).err, "")
        listed = self.ok(mien("backup", "list", folder, "--json")).json["backups"]
        self.assertEqual([b["people"] for b in listed], [2, 2])
        self.assertIn("people 2", self.ok(mien("backup", "list", folder)).out)
        self.ok(mien("backup", "verify", folder, made["name"]))
        new = ["--data", scratch / "saved-again"]
        back = self.ok(mien("restore", *new, folder, made["name"], "--json")).json
        self.assertEqual((back["people"], back["erased"], back["samples"]), (1, 1, 1))
        refused = self.ok(mien("people", "list", *new), 3)
        self.assertIn("master", refused.err)
        shutil.copy2(scratch / "saved/master.key", scratch / "saved-again/master.key")
        people = self.ok(mien("people", "list", *new, "--json")).json["people"]
        self.assertEqual([p["name"] for p in people], ["Anna"])
        self.ok(mien("store", "check", *new))
        self.assertIn("nothing is overwritten", self.ok(mien("restore", *new, folder), 3).err)
        pruned = self.ok(mien("backup", "prune", "--keep", "1", folder, "--json")).json
        self.assertEqual((pruned["removed"], pruned["left"]), (1, 1))
        self.assertIn("--keep", self.ok(mien("backup", "prune", folder), 2).err)
        records = scratch / "backups" / listed[1]["name"] / "records"
        whole = records.read_bytes()
        records.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        self.assertIn("damaged", self.ok(mien("backup", "verify", folder), 1).out)
        self.assertFalse(self.ok(mien("backup", "verify", folder, "--json"), 1).json["sound"])
        self.assertIn("damaged", self.ok(mien("restore", "--data", scratch / "no", folder), 3).err)
        self.assertFalse((scratch / "no").exists())

    def test_erased_while_the_backup_is_away(self):
        data, folder = self.data("away"), scratch / "far"
        self.ok(mien("backup", *data, folder))
        folder.rename(scratch / "unplugged")
        self.assertIn("could not be reached", self.ok(mien("people", "erase", "--yes", *data, "Anna")).err)
        (scratch / "unplugged").rename(folder)
        self.ok(mien("people", "list", *data))
        self.ok(mien("restore", "--data", scratch / "away-again", folder))
        db = sqlite3.connect(scratch / "away-again/mien.db")
        self.assertEqual(db.execute("SELECT name FROM person").fetchall(), [("Dora",)])
        db.close()

    def test_migrate_and_copy(self):
        data = self.data("moving")
        newest = self.ok(mien("store", "migrate", *data, "--json", "--dry-run")).json
        self.assertEqual((newest["version"], newest["migrated"]), (newest["newest"], False))
        self.assertIn("nothing to do", self.ok(mien("store", "migrate", *data)).out)
        self.ok(mien("store", "migrate", "--data", scratch / "nowhere"), 3)
        copied = self.ok(mien("store", "copy", *data, scratch / "moved", "--json")).json
        self.assertFalse(copied["moved_on"])
        shutil.copy2(scratch / "moving/master.key", scratch / "moved/master.key")
        head = self.ok(mien("audit", "verify", *data, "--json")).json
        self.assertEqual(self.ok(mien("audit", "verify", "--data", scratch / "moved", "--json")).json, head)
        self.assertIn("nothing is overwritten", self.ok(mien("store", "copy", *data, scratch / "moved"), 3).err)
        self.ok(mien("store", "copy", *data, "mysql://elsewhere"), 3)

    def test_gallery(self):
        data = self.data("searched")
        fields = {"rows", "people", "lists", "dim", "chunks", "tombstones", "unreadable", "sketched_chunks", "prefilter", "bytes", "cold_bytes",
                  "bytes_per_row", "generation", "from_snapshot", "snapshot"}
        stats = self.ok(mien("gallery", "stats", *data, "--json")).json
        self.assertEqual(set(stats), fields)
        self.assertEqual((stats["rows"], stats["people"], stats["lists"], stats["tombstones"]), (2, 2, 1, 0))
        self.assertIsNone(stats["snapshot"])
        rebuilt = self.ok(mien("gallery", "rebuild", *data, "--json")).json
        self.assertFalse(rebuilt["from_snapshot"])
        self.assertEqual((rebuilt["snapshot"]["rows"], rebuilt["snapshot"]["behind"]), (2, 0))
        file, = (scratch / "searched").glob("gallery.*.snapshot")
        self.assertEqual(rebuilt["snapshot"]["bytes"], file.stat().st_size)
        stats = self.ok(mien("gallery", "stats", *data, "--json")).json
        self.assertTrue(stats["from_snapshot"])
        self.assertRegex(self.ok(mien("gallery", "stats", *data)).out, r"rows +2\n[^$]*used just now")
        self.ok(mien("identify", *data, portrait("Anna")))
        self.ok(mien("people", "erase", "--yes", *data, "Dora"))
        stats = self.ok(mien("gallery", "stats", *data, "--json")).json
        self.assertEqual((stats["rows"], stats["from_snapshot"]), (1, False))  # it died with her
        self.ok(mien("gallery", "rebuild", *data))
        whole = file.read_bytes()
        file.write_bytes(whole[:-1])
        broken = self.ok(mien("identify", *data, portrait("Anna")))
        self.assertIn("thrown away", broken.err)
        self.assertFalse(file.exists())

    def test_store(self):
        data = self.data("counted")
        stats = self.ok(mien("store", "stats", *data, "--json")).json
        self.assertEqual(stats, {"people": 2, "faces": 2, "descriptors": 2, "consents": 2, "lists": 1, "audit": 2})
        self.assertRegex(self.ok(mien("store", "stats", *data)).out, r"(?m)^people +2$")
        self.assertEqual(self.ok(mien("store", "check", *data, "--json")).json,
                         {"sound": True, "audit": 2, "keys": 2, "descriptors": 2, "blobs": 2, "damaged": 0, "orphans": 0,
                          "found": []})
        db = sqlite3.connect(scratch / "counted/mien.db")
        person, sealed = db.execute("SELECT lower(hex(person)), sealed FROM descriptor JOIN face ON face = id").fetchone()
        db.execute("UPDATE descriptor SET sealed = ? WHERE sealed = ?", (sealed[:-1] + bytes([sealed[-1] ^ 1]), sealed))
        db.commit()
        db.close()
        broken = self.ok(mien("store", "check", *data, "--json"), 1).json
        self.assertEqual((broken["sound"], broken["damaged"], broken["found"][0]["kind"]), (False, 1, "descriptor"))
        self.assertEqual(broken["found"][0]["person"].replace("-", ""), person)
        self.assertIn(broken["found"][0]["person"], self.ok(mien("store", "check", *data), 1).out)
        # Nobody else is the worse for it.
        self.assertIn("store check", self.ok(mien("gallery", "rebuild", *data)).err)
        self.assertIn("unreadable", self.ok(mien("gallery", "rebuild", *data)).out)

    def test_key_file(self):
        data = self.data("rotated")
        key = scratch / "rotated/master.key"
        before, old = self.ok(mien("keys", "show", *data, "--json")).json, key.read_bytes()
        self.assertEqual((before["source"], before["current"], before["older"]), ("file", 2, 0))
        done = self.ok(mien("keys", "rotate", *data, "--json")).json
        self.assertEqual((done["keys"], done["resumed"]), (2, False))
        after = self.ok(mien("keys", "show", *data, "--json")).json
        self.assertEqual(after["master_key"], done["master_key"])
        self.assertNotEqual(after["master_key"], before["master_key"])
        self.assertEqual((after["current"], after["older"]), (2, 0))
        self.assertNotEqual(key.read_bytes(), old)
        self.assertEqual({p.name for p in key.parent.glob("master.key*")}, {"master.key"})
        self.ok(mien("identify", *data, portrait("Anna")))
        record = [r for r in self.ok(mien("audit", "export", *data)).lines if r["action"] == "master.rotate"]
        self.assertEqual(len(record), 1)
        self.assertEqual(json.loads(record[0]["detail"])["to"], after["master_key"])
        key.write_bytes(old)
        self.refused(mien("people", "list", *data), 3, "the store's deployment key", after["master_key"])

    def test_key_from_the_environment(self):
        first, second = {"MIEN_MASTER_KEY": "A" * 43 + "="}, {"MIEN_MASTER_KEY": "B" * 42 + "A="}
        both = {**first, "MIEN_MASTER_KEY_NEW": second["MIEN_MASTER_KEY"]}
        data = ["--data", scratch / "environment", "--set", "key.source=environment"]
        self.ok(mien("enroll", *data, "--name", "Anna", "--list", "staff", *CONSENT, portrait("Anna"), env=first))
        self.assertFalse((scratch / "environment/master.key").exists())
        self.refused(mien("people", "list", *data), 3, "MIEN_MASTER_KEY is not set")
        self.refused(mien("keys", "rotate", *data, env=first), 3, "MIEN_MASTER_KEY_NEW")
        self.assertIn("people       1 wrapped by it", self.ok(mien("keys", "rotate", *data, env=both)).out)
        self.assertIn("from: environment", self.ok(mien("keys", "show", *data, env=second)).out)
        self.ok(mien("identify", *data, portrait("Anna"), env=second))
        self.refused(mien("people", "list", *data, env=first), 3, "which is not here")


class Matched(Case):
    def test_two_lists(self):
        data = ["--data", scratch / "matched"]
        for person in ("Anna", "Dora", "Elena"):
            self.ok(mien("enroll", *data, "--name", person, "--list", "visitors", *CONSENT, portrait(person)))
        for person in ("Anna", "Greta"):
            self.ok(mien("enroll", *data, "--name", f"{person} K.", "--list", "staff", *CONSENT,
                         portrait(person, "-resize", "70%", "-modulate", "80")))
        ask = ["people", "match", *data, "--list", "visitors", "--against", "staff"]
        found = self.ok(mien(*ask, "--json")).lines
        self.assertEqual([(p["a"]["name"], p["b"]["name"]) for p in found], [("Anna", "Anna K.")])
        self.assertEqual(set(found[0]), {"a", "b", "similarity", "fmr", "raw"})
        self.assertEqual(set(found[0]["a"]), {"person", "name", "external_id", "face"})
        heads, row = self.ok(mien(*ask, "--csv")).out.splitlines()
        self.assertTrue(heads.startswith("a_person,a_name,") and f',"{found[0]["b"]["name"]}",' in row)
        self.assertRegex(self.ok(mien(*ask)).out, r"^Anna +Anna K\. +similarity 0\.\d+  false match")
        self.ok(mien("people", "duplicates", *data, "--list", "staff", "--json"), 1)
        self.ok(mien("people", "withdraw", *data, "--consent", "identification", "Anna K."))
        self.assertEqual(self.ok(mien(*ask, "--json"), 1).out, "")
        self.refused(mien("people", "match", *data, "--list", "staff"), 2, "--against")
        self.refused(mien(*ask, "--json", "--csv"), 2, "not both")
        self.refused(mien(*ask, "--purpose", "attendance"), 3, "is for identification")
        actions = [r["action"] for r in self.ok(mien("audit", "export", *data)).lines]
        self.assertEqual((actions.count("match"), actions.count("match.found")), (5, 3))


class Reextracted(Case):
    """From the offline pack to the standard one, by the stored samples."""

    def best(self, *args):
        faces = self.ok(mien("identify", "--json", *args)).json["faces"]
        return [c["name"] for c in faces[0]["candidates"]][:1]

    def descriptors(self, where):
        db = sqlite3.connect(where / "mien.db")
        counts = dict(db.execute("SELECT model, count(*) FROM descriptor GROUP BY model").fetchall())
        db.close()
        return counts

    def test_killed_and_resumed(self):
        need_recognition("standard")
        where = scratch / "reextracted"
        data, folder = ["--data", where], Enrolled.people_folders(self, 10)
        self.ok(mien("enroll", *data, "--pack", "offline", "--folders", "--list", "all", *CONSENT, folder))
        self.assertEqual(self.descriptors(where), {"dlib-resnet-150": 70})
        self.refused(mien("identify", *data, "--pack", "standard", portrait("Anna")), 3, "mien store reextract")
        args = [MIEN, "store", "reextract", *map(str, data), "--pack", "standard", "--threads", "1", "--json"]
        process = subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while process.poll() is None and not self.descriptors(where).get("mobilefacenet-128"):
            time.sleep(0.005)
        process.kill()
        process.communicate()
        there = self.descriptors(where)
        self.assertEqual(process.returncode, -signal.SIGKILL)
        self.assertTrue(0 < there["mobilefacenet-128"] < 70, there)
        self.ok(mien("store", "check", *data))
        self.assertEqual(self.best(*data, portrait("Anna")), ["Anna"])  # the old model, and it is the one taken by itself
        self.refused(mien("enroll", *data, "--pack", "standard", "--name", "X", "--list", "all", *CONSENT, portrait("Dora")), 3,
                     "start it again with --pack offline")
        done = self.ok(mien(*args[1:])).json
        self.assertEqual(done["made"], 70 - there["mobilefacenet-128"])
        self.assertEqual((done["missing"], done["switched"], done["old_is_there"]), (0, True, True))
        for name in ("Anna", "Dora", "Greta"):
            self.assertEqual(self.best(*data, portrait(name, "-resize", "80%")), [name])
        self.assertEqual(self.best(*data, "--pack", "offline", portrait("Anna")), ["Anna"])  # still there
        self.ok(mien("enroll", *data, "--name", "Hanna", "--list", "all", *CONSENT, portrait("Clara")))
        self.assertEqual(self.ok(mien(*args[1:], "--remove-old")).json["removed"], 70)
        self.assertEqual(self.descriptors(where), {"mobilefacenet-128": 71})
        self.refused(mien("identify", *data, "--pack", "offline", portrait("Anna")), 3, "was made with the standard pack")

    def test_missing_samples(self):
        need_recognition("standard")
        where, report = scratch / "no-samples", scratch / "no-samples.jsonl"
        data = ["--data", where]
        for person in ("Anna", "Dora"):
            self.ok(mien("enroll", *data, "--pack", "offline", "--name", person, "--list", "l", *CONSENT, portrait(person)))
        db = sqlite3.connect(where / "mien.db")
        db.execute("UPDATE face SET sample = NULL WHERE person = (SELECT id FROM person WHERE name = 'Dora')")
        db.commit()
        db.close()
        args = ["store", "reextract", *data, "--pack", "standard", "--report", report]
        self.assertIn("1 faces without one", self.ok(mien(*args), 1).out)
        self.assertEqual([json.loads(l)["error"]["code"] for l in report.read_text().splitlines()], ["not_found"])
        self.assertEqual(self.best(*data, portrait("Dora")), ["Dora"])
        given_up = self.ok(mien("store", "reextract", *data, "--pack", "standard", "--abandon", "--json")).json
        self.assertEqual((given_up["removed"], given_up["current"]), (1, False))
        self.assertEqual(self.descriptors(where), {"dlib-resnet-150": 2})
        self.ok(mien(*args, "--accept-missing"))
        self.assertEqual(self.best(*data, portrait("Anna")), ["Anna"])
        self.ok(mien("identify", *data, "--json", portrait("Dora")), 1)
        self.refused(mien(*args, "--abandon", "--remove-old"), 2, "--abandon")


class Transferred(Case):
    """Out with export, in with import; NumPy is the other reader and writer."""

    def setUp(self):
        need_recognition()
        self.folder = Path(tempfile.mkdtemp(dir=scratch))
        self.data = ["--data", self.folder / "data"]
        for person in ("Anna", "Dora"):
            self.ok(mien("enroll", *self.data, "--pack", "offline", "--name", person, "--external-id", person[0], "--list", "staff",
                         *CONSENT, portrait(person)))

    def numpy(self, script):
        done = subprocess.run(["/usr/bin/python3", "-c", "import json, numpy\n" + script], cwd=self.folder, capture_output=True,
                              text=True)
        if "No module named" in done.stderr:
            need(False, "python3-numpy (tools/setup)")
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def out(self, *options):
        return self.ok(mien("export", *self.data, "--reason", "a test", "--output", self.folder / "people.jsonl", *options))

    def test_there_and_back(self):
        self.out("--samples", "samples")
        lines = [json.loads(l) for l in (self.folder / "people.jsonl").read_text().splitlines()]
        self.assertEqual(lines[0], {"mien": "people", "version": 1, "model": "dlib-resnet-150", "dim": 128, "vectors": "people.npy"})
        self.assertEqual([p["name"] for p in lines[1:]], ["Anna", "Dora"])
        self.assertEqual([p["faces"][0]["row"] for p in lines[1:]], [0, 1])
        for name in ("people.jsonl", "people.npy", lines[1]["faces"][0]["sample"]):
            self.assertEqual((self.folder / name).stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.numpy("a = numpy.load('people.npy'); print(a.dtype, a.shape, a.flags.c_contiguous)"),
                         "float32 (2, 128) True\n")
        other = ["--data", self.folder / "other", "--pack", "offline"]
        dry = self.refused(mien("import", *other, "--dry-run", self.folder / "people.jsonl"), 3, "nobody is enrolled here")
        done = self.ok(mien("import", *other, "--json", self.folder / "people.jsonl")).json
        self.assertEqual((done["people_new"], done["faces_new"], done["refused"]), (2, 2, 0))
        again = self.ok(mien("import", *other, "--json", self.folder / "people.jsonl")).json
        self.assertEqual((again["people_new"], again["people_known"], again["faces_known"]), (0, 2, 2))
        best = self.ok(mien("identify", *other, "--json", portrait("Anna"))).json["faces"][0]["candidates"][0]
        self.assertEqual((best["name"], best["external_id"], best["list"]), ("Anna", "A", "staff"))
        actions = [r["action"] for r in self.ok(mien("audit", "export", *self.data)).lines]
        self.assertEqual(actions.count("person.export"), 2)
        self.ok(mien("people", "erase", "--yes", *other, "Anna"))
        back = self.ok(mien("import", *other, "--json", self.folder / "people.jsonl"), 1)
        self.assertEqual((back.json["refused"], back.json["people_known"]), (1, 1))
        self.assertIn("line 2: this person was erased here", back.err)

    def test_numpy_writes(self):
        self.out("--vectors", "npy-half")
        self.assertEqual(self.numpy("print(numpy.load('people.npy').dtype)"), "float16\n")
        for kind, version in (("<f2", "(1, 0)"), ("<f4", "(2, 0)"), ("<f4", "(3, 0)")):
            self.numpy(f"""
a = numpy.load('people.npy').astype('{kind}')
with open('own.npy', 'wb') as f:
    numpy.lib.format.write_array(f, a, version={version})
with open('own.jsonl', 'w') as f:
    for i in range(len(a)):
        f.write(json.dumps({{'external_id': f'N{{i}}', 'name': f'Person {{i}}', 'faces': [{{'row': i}}]}}) + '\\n')
""")
            other = ["--data", self.folder / f"own{kind[1:]}{version[1]}", "--pack", "offline"]
            args = ["import", *other, "--json", "--npy", self.folder / "own.npy", "--list", "guests", self.folder / "own.jsonl"]
            bare = self.ok(mien(*args, *CONSENT), 1)
            self.assertIn("it is not said which model", bare.err)
            alien = self.ok(mien(*args, *CONSENT, "--model", "mobilefacenet-128"), 1)
            self.assertIn("descriptors of two models cannot be compared", alien.err)
            self.ok(mien(*args, "--model", "dlib-resnet-150"), 1)
            self.refused(mien(*args, *CONSENT[:-2]), 2, "--consent-evidence")
            dry = self.ok(mien(*args, *CONSENT, "--model", "dlib-resnet-150", "--dry-run")).json
            self.assertEqual((dry["people_new"], dry["dry_run"]), (2, True))
            self.ok(mien(*args, *CONSENT, "--model", "dlib-resnet-150"))
            best = self.ok(mien("identify", *other, "--json", portrait("Dora"))).json["faces"][0]["candidates"][0]
            self.assertEqual(best["name"], "Person 1")
        self.numpy("numpy.save('own.npy', numpy.load('own.npy').astype('>f4'))")
        self.refused(mien(*args, *CONSENT), 3, "own.npy: its numbers are of type '>f4'")

    def test_lines(self):
        lines = self.ok(mien("export", *self.data, "--reason", "a test", "--list", "staff")).lines
        self.assertEqual(len(lines[1]["faces"][0]["vector"]), 684)
        report = self.folder / "report.jsonl"
        good, bad = lines[1], dict(lines[2], consents=[])
        text = "\n".join([json.dumps(lines[0]), "{", json.dumps(bad), "", json.dumps(good), "x" * 3000, json.dumps(dict(good, nane="x"))])
        done = self.ok(mien("import", "--data", self.folder / "other", "--pack", "offline", "--report", report, "--json",
                            "--set", "import.max_line=2048", "-", input=text.encode()), 1).json
        self.assertEqual((done["people_new"], done["refused"]), (1, 4))
        faults = [json.loads(l) for l in report.read_text().splitlines()]
        self.assertEqual(sorted((f["line"], f["error"]["code"]) for f in faults),
                         [(2, "decode"), (3, "consent_required"), (6, "limit"), (7, "invalid")])
        self.assertIn('a person has no "nane"', [f["error"]["text"] for f in faults if f["line"] == 7][0])

    def test_refused(self):
        self.refused(mien("export", *self.data), 2, "--reason")
        self.refused(mien("export", *self.data, "--reason", "r", "--vectors", "npy"), 2, "--output")
        self.refused(mien("export", *self.data, "--reason", "r", "--output", self.folder / "a", "--samples", "../b"), 2, "--samples")
        self.refused(mien("export", *self.data, "--reason", "r", "--list", "nowhere", "--output", self.folder / "a.jsonl"), 3,
                     "no list")
        self.assertEqual([p.name for p in self.folder.iterdir() if p.name.startswith("a.")], [])
        self.refused(mien("export", *self.data, "--reason", "r", "--output", "/dev/full/x"), 3)
        self.refused(mien("import", *self.data, self.folder / "none.jsonl"), 3, "none.jsonl: cannot be opened")


class Measured(Case):
    def test_bench(self):
        need_recognition("standard")
        answer = self.ok(mien("bench", "pipeline", "--json", "--threads", "2", "--seconds", "1", portrait("Anna"))).json
        self.assertEqual((answer["pack"], answer["workers"]), ("standard", 2))
        for field in ("precision", "images", "images_per_s", "network_share", "peak_rss_mb"):
            self.assertIn(field, answer)
        self.assertTrue(0 < answer["network_share"] <= 1)
        self.assertEqual([s["workers"] for s in answer["scaling"]], [1, 2])
        self.assertEqual(answer["stages"][0]["stage"], "decode")
        self.assertIn("inside the networks", self.ok(mien("bench", "pipeline", "--threads", "1", "--seconds", "1", portrait("Anna"))).out)
        self.refused(mien("bench", "pipeline", file("empty.jpg", b"")), 3, "no picture to measure with")

    def faces(self):
        """Anna to Dora have two pictures each, in the layout of LFW; the others one."""
        folder = scratch / "faces"
        for name in PEOPLE:
            (folder / name).mkdir(parents=True, exist_ok=True)
            shutil.copy(portrait(name), folder / name / f"{name}_0001.jpg")
            if name < "E":
                shutil.copy(portrait(name, "-modulate", "80"), folder / name / f"{name}_0002.jpg")
        return folder

    def test_verify(self):
        folder = self.faces()
        pairs = file("pairs.txt", b"2\t2\nAnna\t1\t2\nBerta\t1\t2\nAnna\t1\tBerta\t2\nClara\t1\tElena\t1\n"
                                  b"Clara\t1\t2\nDora\t1\t2\nDora\t1\tFanny\t1\nGreta\t1\tAnna\t2\n")
        svg = scratch / "curves"
        answer = self.ok(mien("eval", "verify", "--json", "--svg", svg, folder, pairs)).json
        self.assertEqual((answer["pairs"], answer["failed"], answer["accuracy"], answer["eer"]), (8, 0, 1, 0))
        self.assertEqual(answer["accuracy_std"], 0)
        self.assertEqual(answer["tar_at_far"], {"0.1": 1, "0.01": 1, "0.001": 1, "0.0001": 1})
        self.assertIn("<svg", (svg / "verify-roc.svg").read_text())
        self.assertIn("<svg", (svg / "verify-det.svg").read_text())
        # A picture that is not there counts as the worst score, in a mated pair and in one of two people.
        (folder / "Dora/Dora_0001.jpg").unlink()
        worse = self.ok(mien("eval", "verify", "--json", folder, pairs))
        self.assertEqual((worse.json["pairs"], worse.json["failed"], worse.json["accuracy"]), (8, 2, 0.875))
        self.assertIn("Dora_0001.jpg", worse.err)
        self.assertIn("accuracy       87.50 %", self.ok(mien("eval", "verify", folder, pairs)).out)
        self.refused(mien("eval", "verify", folder, file("bad-pairs.txt", b"10\n")), 3, "bad-pairs.txt: line 1")

    def test_identify(self):
        answer = self.ok(mien("eval", "identify", "--json", "--svg", scratch / "curves", self.faces())).json
        self.assertEqual((answer["enrolled"], answer["probes"], answer["mated"], answer["unmated"]), (4, 7, 4, 3))
        self.assertEqual(answer["rank1"], 1)
        self.assertEqual(set(answer["fnir_at_fpir"]), {"0.1", "0.01", "0.001"})
        self.assertEqual(answer["fnir_at_fpir"]["0.01"], 0)
        self.assertIn("<svg", (scratch / "curves/identify-det.svg").read_text())
        self.assertFalse(answer["normalised"])
        raw = self.ok(mien("eval", "identify", "--json", "--raw", self.faces())).json
        self.assertEqual((raw["normalised"], raw["rank1"]), (False, 1))
        self.refused(mien("eval", "identify", "--part", "1/900", self.faces()), 3, "people with one")

    def test_calibrate(self):
        need_recognition("standard")
        folder = scratch / "calibrate"
        for name in PEOPLE:
            (folder / name).mkdir(parents=True, exist_ok=True)
            for i in range(7):
                shutil.copy(portrait(name), folder / name / f"{i}.jpg")
        output = scratch / "calibration.json"
        answer = self.ok(mien("eval", "calibrate", "--json", "--output", output, folder)).json
        self.assertEqual(json.loads(output.read_text()), answer)
        c = answer
        self.assertEqual(answer["measured_on"]["impostor_pairs"], 1029)
        self.assertEqual(len(c["raw"]), len(c["log10_fmr"]))
        self.assertEqual(c["raw"], sorted(c["raw"]))
        self.assertEqual(c["log10_fmr"], sorted(c["log10_fmr"], reverse=True))
        self.assertEqual((c["raw"][-1], c["similarity"][-1], c["log10_fmr"][0]), (1, 1, 0))
        self.assertNotIn("normalised", answer)
        self.refused(mien("eval", "calibrate", self.faces()), 3, "too few")
        self.refused(mien("eval", "calibrate", "--normalise", folder), 3, "7 people are too few to normalise")


if __name__ == "__main__":
    result = unittest.TextTestRunner(verbosity=1, stream=sys.stderr).run(unittest.defaultTestLoader.loadTestsFromModule(
        sys.modules["__main__"]) if len(sys.argv) < 2 else unittest.defaultTestLoader.loadTestsFromNames(
        sys.argv[1:], sys.modules["__main__"]))
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad - len(result.skipped)} passed, {bad} failed, {len(result.skipped)} skipped")
    sys.exit(1 if bad else 0)
