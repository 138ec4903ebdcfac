#!/usr/bin/env python3
"""bench and eval. See program.py."""
import json
import shutil

from program import Case, file, main, mien, need_recognition, PEOPLE, portrait, scratch


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
    main()
