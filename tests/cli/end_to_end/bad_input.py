#!/usr/bin/env python3
"""What is wrong with a picture is said, and the others go on. See program.py."""
import resource
import struct
import subprocess
import zlib

from program import (Case, CONSENT, convert, file, grey_ppm, main, MIEN, mien, need_recognition, portrait, SAMPLES,
                     SANITIZED, scratch)


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


if __name__ == "__main__":
    main()
