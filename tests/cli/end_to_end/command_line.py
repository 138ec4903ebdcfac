#!/usr/bin/env python3
"""The command line by itself: help, words for what is wrong, the manual page, completion. See program.py."""
import re
import shutil
import subprocess

from program import Case, commands, CONSENT, file, main, MIEN, mien, need, ROOT, scratch


class CommandLine(Case):
    def test_overview(self):
        self.assertEqual(len(commands()), 64)
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
                self.assertRegex(out, rf"\nExamples:\n(  mien {name}.*\n)+\n")
                self.assertRegex(out.split("\n\n")[-1].replace("\n", " "),
                                 r"^Exit status: 0 done; (1 [a-z][^;]+; )?2 wrong usage; 3 failure\. $")
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


if __name__ == "__main__":
    main()
