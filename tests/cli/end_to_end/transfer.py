#!/usr/bin/env python3
"""Export and import. See program.py."""
import json
import subprocess
import tempfile
from pathlib import Path

from program import Case, CONSENT, main, mien, need, need_recognition, portrait, scratch


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
        staff = {"name": "staff", "purpose": "identification", "retention_s": None, "fmr": None, "active": True, "acknowledge": False,
                 "sound": False}
        self.assertEqual(lines[0], {"mien": "people", "version": 2, "model": "dlib-resnet-150", "dim": 128, "vectors": "people.npy",
                                    "lists": [staff], "fields": []})
        self.assertEqual([p["name"] for p in lines[1:]], ["Anna", "Dora"])
        self.assertEqual([p["faces"][0]["row"] for p in lines[1:]], [0, 1])
        for name in ("people.jsonl", "people.npy", lines[1]["faces"][0]["sample"]):
            self.assertEqual((self.folder / name).stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.numpy("a = numpy.load('people.npy'); print(a.dtype, a.shape, a.flags.c_contiguous)"),
                         "float32 (2, 128) True\n")
        other = ["--data", self.folder / "other", "--pack", "offline"]
        dry = self.refused(mien("import", *other, "--dry-run", self.folder / "people.jsonl"), 3, "nobody is enrolled here")
        done = self.ok(mien("import", *other, "--json", self.folder / "people.jsonl")).json
        self.assertEqual((done["lists_new"], done["people_new"], done["faces_new"], done["refused"]), (1, 2, 2, 0))
        again = self.ok(mien("import", *other, "--json", self.folder / "people.jsonl")).json
        self.assertEqual((again["lists_new"], again["people_new"], again["people_known"], again["faces_known"]), (0, 0, 2, 2))
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

    def test_lists_and_fields(self):
        self.out()
        lines = [json.loads(l) for l in (self.folder / "people.jsonl").read_text().splitlines()]
        look = {"name": "visitors", "purpose": "attendance", "comment": "by day", "color": "#2f6fde", "retention_s": 86400, "fmr": 1e-5,
                "active": False, "acknowledge": True, "sound": True}
        field = {"name": "office", "label": "Office", "type": "text"}
        wrong = dict(look, name="grey", color="grey")
        head = dict(lines[0], lists=[look, wrong, *lines[0]["lists"]], fields=[field])
        anna = dict(lines[1], custom={"office": "B 7"}, avatar=lines[1]["faces"][0]["face"])
        dora = dict(lines[2], custom={"shoes": 44})
        (self.folder / "own.jsonl").write_text("".join(json.dumps(l) + "\n" for l in (head, anna, dora)))
        other = ["--data", self.folder / "other", "--pack", "offline"]
        done = self.ok(mien("import", *other, "--json", self.folder / "own.jsonl"), 1)
        self.assertEqual((done.json["lists_new"], done.json["fields_new"], done.json["people_new"], done.json["refused"]), (2, 1, 1, 2))
        self.assertIn("line 1: a color is written #rrggbb", done.err)
        self.assertIn("line 3: custom.shoes: there is no such field", done.err)
        back = self.ok(mien("export", *other, "--reason", "a test")).lines
        self.assertEqual([l for l in back[0]["lists"] if l["name"] == "visitors"], [look])
        self.assertEqual(back[0]["fields"], [field])
        self.assertEqual((back[1]["custom"], back[1]["avatar"]), ({"office": "B 7"}, back[1]["faces"][0]["face"]))

    def test_refused(self):
        self.refused(mien("export", *self.data), 2, "--reason")
        self.refused(mien("export", *self.data, "--reason", "r", "--vectors", "npy"), 2, "--output")
        self.refused(mien("export", *self.data, "--reason", "r", "--output", self.folder / "a", "--samples", "../b"), 2, "--samples")
        self.refused(mien("export", *self.data, "--reason", "r", "--list", "nowhere", "--output", self.folder / "a.jsonl"), 3,
                     "no list")
        self.assertEqual([p.name for p in self.folder.iterdir() if p.name.startswith("a.")], [])
        self.refused(mien("export", *self.data, "--reason", "r", "--output", "/dev/full/x"), 3)
        self.refused(mien("import", *self.data, self.folder / "none.jsonl"), 3, "none.jsonl: cannot be opened")


if __name__ == "__main__":
    main()
