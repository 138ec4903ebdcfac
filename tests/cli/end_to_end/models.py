#!/usr/bin/env python3
"""Model packs: listed, pulled, damaged, missing. See program.py."""

from program import (Case, CONSENT, file, grey_ppm, LIBRARY, main, mien, MODELS, need, need_pack, need_recognition, portrait,
                     scratch)


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


if __name__ == "__main__":
    main()
