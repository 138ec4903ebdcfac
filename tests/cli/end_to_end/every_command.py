#!/usr/bin/env python3
"""No command lacks help, examples, JSON, or a word about its exit status. See program.py."""
import json
import re

from program import (Case, commands, CONSENT, file, grey_ppm, main, mien, need_pack, need_recognition, PEOPLE, portrait, ROOT, scratch)

# What prints no data, or data in a form of its own.
NO_JSON = {"help", "completion", "serve"}
# Where exit status 1 takes more than a command line: other tests have it.
NO_ELSEWHERE = {"audit verify", "backup verify", "lists delete", "people erase", "serve", "store check", "store reextract"}
# What makes each command answer with exit status 0, and with 1 where it has one. {x} is filled in by the test.
RUNS = {
    "detect": ("{anna}", "{grey}"),
    "describe": ("{anna}", "{grey}"),
    "quality": ("--profile {easy} {anna}", "--profile {hard} {anna}"),
    "liveness": ("--set liveness.threshold=0 --set liveness.min_quality=0 {anna}", "{grey}"),
    "compare": ("{anna} {anna2}", "{anna} {dora}"),
    "enroll": ("--name Elena --list staff {consent} {elena}", "--name Elena --list staff {consent} {grey}"),
    "verify": ("--list staff Anna {anna2}", "--list staff Anna {dora}"),
    "identify": ("{anna2}", "{greta}"),
    "people list": ("",),
    "people show": ("Anna",),
    "people withdraw": ("--consent identification Elena",),
    "people match": ("--list staff --against visitors", "--list staff --against nobody"),
    "people duplicates": ("--list twins", "--list staff"),
    "people erase": ("--yes Elena",),
    "lists list": ("",),
    "lists show": ("staff",),
    "lists create": ("--purpose attendance course",),
    "lists change": ("--color none course",),
    "lists delete": ("--yes course",),
    "lists add": ("staff 1",),
    "lists remove": ("staff 1",),
    "export": ("--reason test --vectors line",),
    "import": ("--dry-run {export}", "--dry-run {refused}"),
    "audit verify": ("",),
    "audit export": ("",),
    "keys show": ("",),
    "keys rotate": ("",),
    "gallery stats": ("",),
    "gallery rebuild": ("",),
    "store check": ("",),
    "store expire": ("",),
    "store stats": ("",),
    "store reextract": ("--pack {pack}",),
    "store migrate": ("--dry-run",),
    "store copy": ("{scratch}/copied",),
    "backup": ("{scratch}/backups",),
    "backup list": ("{scratch}/backups",),
    "backup verify": ("{scratch}/backups",),
    "backup prune": ("--keep 1 {scratch}/backups",),
    "restore": ("--data {scratch}/restored {scratch}/backups",),
    "models list": ("",),
    "models pull": ("--pack {pack}",),
    "models check": ("--pack {pack}", "--pack {pack} --set model.dir={scratch}"),
    "eval verify": ("{faces} {pairs}",),
    "eval identify": ("{faces}",),
    "eval calibrate": ("{faces7}",),
    "bench pipeline": ("--seconds 1 --threads 1 --with pose,quality {anna}",),
    "user add": ("--role auditor eva",),
    "user list": ("",),
    "user passwd": ("eva",),
    "user disable": ("eva",),
    "user enable": ("eva",),
    "user remove": ("eva",),
    "account add": ("acme",),
    "account list": ("",),
    "account suspend": ("acme",),
    "account resume": ("acme",),
    "roles": ("",),
    "settings": ("",),
    "settings change": ("match.fmr=1e-4",),
    "version": ("",),
}


class EveryCommand(Case):
    def help(self, name):
        return self.ok(mien(*name.split(), "--help")).out

    def test_examples_are_command_lines(self):
        """Whatever they name is not there; but they are no wrong usage."""
        for name in commands():
            if name in ("serve", "bench pipeline", "models pull"):
                continue
            for line in re.search(r"\nExamples:\n((?:  .*\n)+)", self.help(name))[1].splitlines():
                with self.subTest(line):
                    words = [w.strip("'") for w in re.findall(r"'[^']*'|\S+", line.split(" > ")[0].split(" < ")[0])]
                    checked = mien(*words[1:], "--help")
                    self.assertEqual((checked.status, checked.err), (0, ""))

    def test_manual_page(self):
        page = (ROOT / "docs/man/mien.1").read_text(encoding="utf-8").replace("\\-", "-")
        for name in commands():
            with self.subTest(name):
                section = page.split(f".Ss mien {name}\n", 1)[1].split("\n.Ss ")[0]
                text = self.help(name)
                for line in re.search(r"\nExamples:\n((?:  .*\n)+)", text)[1].splitlines():
                    self.assertIn(line[2:].replace("\\", "\\e"), section)
                no = re.search(r"; 1 (.*?); 2 ", text.replace("\n", " "))
                self.assertEqual(bool(no), "Exit status 1: " in section.replace("\n", " "))

    def folder(self, name, copies):
        folder = scratch / name
        for person in PEOPLE:
            (folder / person).mkdir(parents=True)
            for i in range(copies):
                (folder / person / f"{person}_000{i + 1}.jpg").write_bytes(portrait(person).read_bytes() + b"%d" % i)
        return folder

    def prepare(self, data):
        """What {x} stands for, and people in the data directory."""
        names = {p.lower(): portrait(p) for p in ("Anna", "Dora", "Elena", "Greta")}
        names |= {"anna2": portrait("Anna", "-quality", "60"), "grey": file("grey.ppm", grey_ppm(200, 200)), "scratch": scratch,
                  "consent": " ".join(CONSENT).replace("a test", "test"), "faces": self.folder("faces", 2),
                  "faces7": self.folder("faces7", 7),
                  "pairs": file("pairs.txt", b"2\t1\nAnna\t1\t2\nAnna\t1\tDora\t1\nBerta\t1\t2\nBerta\t1\tDora\t1\n"),
                  "easy": file("easy.json", b'{"checks": [{"check": "head_yaw", "min": -90, "max": 90}]}'),
                  "hard": file("hard.json", b'{"checks": [{"check": "head_yaw", "min": 80, "max": 90}]}')}
        (names["faces"] / "Greta/Greta_0002.jpg").unlink()
        for person, where, picture in (("Anna", "staff", names["anna"]), ("Dora", "staff", names["dora"]),
                                       ("Anna K.", "visitors", names["anna2"]), ("Anna 1", "twins", names["anna"]),
                                       ("Anna 2", "twins", names["anna2"])):
            self.ok(mien("enroll", *data, "--name", person, "--external-id", person.rsplit(" ", 1)[-1], "--list", where, *CONSENT,
                         picture))
        self.ok(mien("lists", "create", *data, "--purpose", "identification", "nobody"))
        names["export"] = scratch / "export.jsonl"
        self.ok(mien("export", *data, "--reason", "test", "--vectors", "line", "--output", names["export"]))
        lines = names["export"].read_text(encoding="utf-8").splitlines()
        names["refused"] = file("refused.jsonl", "\n".join([lines[0], "{}"]).encode() + b"\n")
        names["pack"] = self.ok(mien("version", *data, "--json")).json["pack"]
        return names

    def test_json_and_exit_status(self):
        need_recognition()
        data = ["--data", scratch / "data"]
        names = self.prepare(data)
        self.assertEqual(set(RUNS) | NO_JSON, set(commands()))
        for name, runs in RUNS.items():
            says_no = "; 1 " in self.help(name).replace("\n", " ")
            self.assertEqual(says_no, len(runs) > 1 or name in NO_ELSEWHERE, name)
            for status, run in enumerate(runs):
                words = run.format(**names).split()
                with self.subTest(f"{name} {run}"):
                    if name == "liveness" and status == 0:
                        need_pack("standard")  # the other has no model for it
                    where = [] if "--data" in words else data
                    answer = self.ok(mien(*name.split(), "--json", *where, *words), status)
                    self.assertTrue(answer.out or status == 1)
                    for line in answer.out.splitlines():
                        self.assertIsInstance(json.loads(line), dict)


if __name__ == "__main__":
    main()
