#!/usr/bin/env python3
"""From the offline pack to the standard one. See program.py."""
import json
import shutil
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

from program import Case, CONSENT, main, MIEN, mien, need_recognition, people_folders, portrait, scratch


class Reextracted(Case):
    """By the stored samples."""

    def best(self, *args):
        faces = self.ok(mien("identify", "--json", *args)).json["faces"]
        return [c["name"] for c in faces[0]["candidates"]][:1]

    def descriptors(self, where):
        db = sqlite3.connect(where / "mien.db")
        counts = dict(db.execute("SELECT model, count(*) FROM descriptor GROUP BY model").fetchall())
        db.close()
        return counts

    def kill_in_the_middle(self, where):
        """The command, which was killed when it had made some of the descriptors, and how many there are."""
        for attempt in range(20):  # a busy machine may not let us come in time
            copy = Path(f"{where}-{attempt}")
            shutil.copytree(where, copy)
            args = [MIEN, "store", "reextract", "--data", str(copy), "--pack", "standard", "--threads", "1", "--json"]
            process = subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            while process.poll() is None and not self.descriptors(copy).get("mobilefacenet-128"):
                time.sleep(0.005)
            process.kill()
            process.communicate()
            there = self.descriptors(copy)
            self.assertIn(process.returncode, (-signal.SIGKILL, 0))
            if 0 < there.get("mobilefacenet-128", 0) < 70:
                return args, there
        raise AssertionError(f"never killed in the middle: {there}")

    def test_killed_and_resumed(self):
        need_recognition("standard")
        where = scratch / "reextracted"
        data, folder = ["--data", where], people_folders(10)
        self.ok(mien("enroll", *data, "--pack", "offline", "--folders", "--list", "all", *CONSENT, folder))
        self.assertEqual(self.descriptors(where), {"dlib-resnet-150": 70})
        self.refused(mien("identify", *data, "--pack", "standard", portrait("Anna")), 3, "mien store reextract")
        args, there = self.kill_in_the_middle(where)
        where = Path(args[args.index("--data") + 1])
        data = ["--data", where]
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


if __name__ == "__main__":
    main()
