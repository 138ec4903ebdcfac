#!/usr/bin/env python3
"""Commands that look at pictures alone. See program.py."""
import json
import os
import shutil
import subprocess

from program import Case, file, grey_ppm, main, MIEN, mien, need_recognition, portrait, SAMPLES, SANITIZED, scratch


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


if __name__ == "__main__":
    main()
