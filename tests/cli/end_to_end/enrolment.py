#!/usr/bin/env python3
"""People enrolled, found, verified, erased. See program.py."""
import base64
import json
import os
import pty
import signal
import sqlite3
import struct
import subprocess
import threading
import time

from program import (Case, CONSENT, file, grey_ppm, main, MIEN, mien, need_recognition, people_folders, portrait, SAMPLES,
                     scratch, terminal)


def faces_in(where):
    """How many faces a store has; 0 where it is just being made."""
    if not (where / "mien.db").exists():
        return 0
    db = sqlite3.connect(where / "mien.db")
    try:
        return db.execute("SELECT count(*) FROM face").fetchone()[0]
    except sqlite3.OperationalError:
        return 0
    finally:
        db.close()


def read_all(terminal_end, into):
    """Until all programs have closed the other end."""
    while True:
        try:
            into.append(os.read(terminal_end, 65536))
        except OSError:
            return


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
        self.ok(terminal("n", "people", "erase", *data, "Dora"), 1)
        self.ok(mien("identify", *data, portrait("Dora")))
        self.ok(terminal("y", "people", "erase", *data, "Dora"))
        self.ok(mien("people", "erase", *data, "--yes", "Anna"))
        self.assertEqual(self.ok(mien("people", "list", *data, "--json")).json["people"], [])

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

    def test_a_folder_a_person(self):
        data = ["--data", scratch / "folders"]
        folder = people_folders(2)
        report = self.ok(mien("enroll", *data, "--json", "--folders", "--list", "all", *CONSENT, folder)).json
        self.assertEqual((report["pictures"], report["enrolled"], report["people_new"]), (14, 14, 7))
        found = self.ok(mien("identify", *data, "--json", SAMPLES / "sample3.jpg")).json
        names = {c["name"] for f in found["faces"] for c in f["candidates"][:1]}
        self.assertEqual(names, {"Anna", "Berta", "Clara"})
        resumed = self.ok(mien("enroll", *data, "--json", "--folders", "--list", "all", *CONSENT, folder)).json
        self.assertEqual((resumed["enrolled"], resumed["already"]), (0, 14))
        self.refused(mien("enroll", *data, "--folders", "--list", "all", *CONSENT, folder / "Anna"), 3, "one folder a person")

    def test_several_pictures_one_face(self):
        need_recognition("standard")
        data = ["--data", scratch / "together"]
        lighter, darker = portrait("Anna", "-resize", "70%"), portrait("Anna", "-modulate", "75")
        enroll = ("enroll", *data, "--json", "--aggregate", "--name", "Anna", "--list", "staff", *CONSENT)
        report = self.ok(mien(*enroll, portrait("Anna"), lighter, darker)).json
        self.assertEqual((report["pictures"], report["enrolled"], report["people_new"], report["refused"]), (3, 3, 1, []))
        again = self.ok(mien(*enroll, darker, portrait("Anna"), lighter)).json  # whatever their order
        self.assertEqual((again["enrolled"], again["already"], again["people_new"]), (0, 3, 0))
        face, = self.ok(mien("people", "show", *data, "--json", "Anna")).json["people"][0]["faces"]
        self.assertTrue(face["source"].endswith("Anna.jpg and 2 more"), face["source"])
        one = self.ok(mien("describe", "--json", "--aggregate", portrait("Anna"), lighter, darker)).json
        line = json.loads(self.ok(mien("export", *data, "--reason", "test", "--vectors", "line")).out.splitlines()[1])
        vector = struct.unpack("<128f", base64.b64decode(line["faces"][0]["vector"]))
        for a, b in zip(vector, one["descriptor"]["values"]):
            self.assertAlmostEqual(a, b, places=2)  # stored as bytes
        self.assertIsNone(sqlite3.connect(scratch / "together/mien.db").execute("SELECT sample FROM face").fetchone()[0])
        self.assertEqual(self.best(data, portrait("Anna", "-resize", "50%")), ["Anna"])

    def test_one_face_of_one_person_only(self):
        data = ["--data", scratch / "apart"]
        enroll = ("enroll", *data, "--json", "--aggregate", "--name", "Anna", "--list", "staff", *CONSENT)
        self.refused(mien(*enroll, portrait("Anna"), portrait("Anna", "-resize", "70%"), portrait("Greta")), 1, "Greta.jpg", "one person")
        grey = mien(*enroll, portrait("Anna"), file("grey.ppm", grey_ppm(200, 200)))
        self.refused(grey, 1, "grey.ppm: no face", "Anna: not enrolled, because 1 of the pictures could not be used")
        self.assertEqual([r["error"]["code"] for r in grey.json["refused"]], ["no_face", "no_face"])
        self.refused(mien(*enroll, portrait("Anna"), scratch / "none.jpg"), 3, "none.jpg", "not enrolled")
        self.refused(mien(*enroll, "--set", "face.min_quality=0.99", portrait("Anna")), 1, "0.99 is needed")
        self.assertEqual(self.ok(mien("people", "list", *data, "--json")).json["people"], [])

    def test_one_face_a_folder(self):
        data = ["--data", scratch / "folders-together"]
        folder = people_folders(3)
        enroll = ("enroll", *data, "--json", "--aggregate", "--folders", "--list", "all", *CONSENT, folder)
        (folder / "Berta/x.ppm").write_bytes(grey_ppm(200, 200))
        report = self.ok(mien(*enroll), 1).json
        self.assertEqual((report["pictures"], report["enrolled"], report["people_new"]), (22, 18, 6))
        self.assertEqual([r["file"].split("/")[-1] for r in report["refused"]], ["x.ppm", "Berta"])
        (folder / "Berta/x.ppm").unlink()
        report = self.ok(mien(*enroll)).json
        self.assertEqual((report["enrolled"], report["already"], report["people_new"]), (3, 18, 1))
        people = self.ok(mien("people", "list", *data, "--json")).json["people"]
        self.assertEqual([len(p["faces"]) for p in people], [1] * 7)
        self.assertEqual(self.best(data, portrait("Berta", "-resize", "70%")), ["Berta"])

    def best(self, data, picture):
        return [c["name"] for c in self.ok(mien("identify", *data, "--json", picture)).json["faces"][0]["candidates"][:1]]

    def interrupt(self, args, where):
        """The report of one that was interrupted after its first transaction; None: it was done before."""
        process = subprocess.Popen([MIEN, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while process.poll() is None and not faces_in(where):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=300)
        report = json.loads(out)
        self.assertEqual(process.returncode, 3 if report["interrupted"] else 0, err)
        return report if report["interrupted"] else None

    def test_interrupted_and_resumed(self):
        folder, report = people_folders(40), None
        for attempt in range(20):  # a busy machine may not let us come in time
            where = scratch / f"interrupted-{attempt}"
            args = ["enroll", "--data", str(where), "--json", "--threads", "1", "--folders", "--list", "all", *CONSENT, str(folder)]
            report = self.interrupt(args, where)
            if report:
                break
        self.assertIsNotNone(report, "it was never interrupted")
        done = report["enrolled"]
        self.assertTrue(0 < done < 280, done)
        resumed = self.ok(mien(*args)).json
        self.assertEqual((resumed["already"], resumed["enrolled"]), (done, 280 - done))

    def test_progress_on_a_terminal(self):
        folder = people_folders(2)
        master, slave = pty.openpty()
        process = subprocess.Popen([MIEN, "enroll", "--data", str(scratch / "progress"), "--folders", "--list", "all", *CONSENT,
                                    str(folder)], stdout=subprocess.PIPE, stderr=slave)
        os.close(slave)
        shown = []
        reader = threading.Thread(target=read_all, args=(master, shown))  # a slow machine says more than waits in between
        reader.start()
        process.communicate(timeout=300)
        reader.join()
        os.close(master)
        self.assertRegex(b"".join(shown).decode(), r"14 of 14  100 %  [\d.]+/s  0:00 left  refused 0")


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


if __name__ == "__main__":
    main()
