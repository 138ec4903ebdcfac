#!/usr/bin/env python3
"""Settings kept in the store: commands go by them as the server does. See program.py."""
import http.client
import json
import re
import signal
import sqlite3
import subprocess
import time

from program import Case, CONSENT, file, main, MIEN, mien, need_recognition, portrait, SAMPLES, scratch

QUICK = ["--set", "login.memory_kib=8192", "--set", "login.passes=1"]
PASSWORD = "correct horse battery"


class Stored(Case):
    def data(self, name, *changes):
        """A data directory with these settings in its store."""
        data = ["--data", scratch / name]
        self.ok(mien("settings", "change", *data, *changes))
        return data

    def shown(self, *args, **more):
        """Value and origin of each."""
        return {s["name"]: (s["value"], s["origin"]) for s in self.ok(mien("settings", "--json", *args, **more)).json["settings"]}

    def test_order(self):
        data = self.data("order", "face.max=3", "match.fmr=1e-3")
        self.assertEqual(self.shown(*data)["face.max"], ("3", "stored"))
        self.assertEqual(self.shown(*data)["face.min_size"], ("20", "default"))
        conf = file("stored.conf", b"face.max = 9\n")
        self.assertEqual(self.shown(*data, "--config", conf)["face.max"], ("9", f"{conf}:1"))
        env = {"MIEN_FACE_MAX": "8"}
        self.assertEqual(self.shown(*data, "--config", conf, env=env)["face.max"], ("8", "environment MIEN_FACE_MAX"))
        self.assertEqual(self.shown(*data, "--config", conf, "--set", "face.max=7", env=env)["face.max"], ("7", "command line"))
        self.assertEqual(self.shown(*data, "--fmr", "1e-5")["match.fmr"], ("1e-05", "command line"))
        self.assertRegex(self.ok(mien("settings", *data)).out, r"(?m)^face\.max +3 +stored$")
        self.assertEqual(self.shown("--data", scratch / "nothing")["face.max"], ("100", "default"))
        self.assertFalse((scratch / "nothing").exists())

    def test_change(self):
        data = self.data("change", "face.max=3")
        self.assertEqual(self.ok(mien("settings", "change", *data, "--json", "match.fmr=1e-5")).json,
                         {"stored": [{"name": "face.max", "value": "3"}, {"name": "match.fmr", "value": "1e-5"}]})
        change = ("settings", "change", *data)
        self.refused(mien(*change, "server.gzip=2"), 3, "server.gzip is read when mien starts")
        self.refused(mien(*change, "face.max=9", "face.min_size=0"), 3, "face.min_size")
        self.refused(mien(*change, "face.max=9", env={"MIEN_FACE_MAX": "8"}), 3, "face.max is set by environment MIEN_FACE_MAX, which wins")
        self.refused(mien(*change, "face.maximum=9"), 2, "there is no setting face.maximum")
        self.refused(mien(*change, "face.max"), 2, "NAME=VALUE")
        self.assertEqual(self.shown(*data)["face.max"], ("3", "stored"))
        self.assertEqual(self.ok(mien(*change, "match.fmr=")).out, "face.max = 3\n")
        self.assertEqual(self.ok(mien(*change, "face.max=")).out, "no setting is kept in the store\n")
        records = [r for r in self.ok(mien("audit", "export", *data)).lines if r["action"] == "settings.change"]
        self.assertEqual(json.loads(records[-1]["detail"]), {"face.max": {"from": "3", "to": None}})
        self.assertTrue(records[0]["actor"].startswith("cli:"))

    def test_commands_go_by_them(self):
        need_recognition()
        data = self.data("in-force", "face.max=1", "face.min_quality=0.99", "match.fmr=1e-3", "login.password_min=25",
                         "liveness.threshold=1")
        group = SAMPLES / "sample6.jpg"
        self.assertEqual(len(self.ok(mien("detect", *data, "--json", group)).json["faces"]), 1)
        self.assertGreater(len(self.ok(mien("detect", *data, "--json", "--set", "face.max=50", group)).json["faces"]), 1)
        enroll = ("enroll", *data, "--name", "Anna", "--list", "staff", *CONSENT, portrait("Anna"))
        self.refused(mien(*enroll), 1, "0.99 is needed")
        self.ok(mien(*enroll, "--set", "face.min_quality=0.3"))
        self.assertEqual(len(self.ok(mien("identify", *data, "--json", group), 1).json["faces"]), 1)
        verify = ("verify", *data, "--json", "--list", "staff", "Anna", portrait("Anna"))
        self.assertEqual(self.ok(mien(*verify)).json["threshold"]["fmr"], 1e-3)
        self.assertEqual(self.ok(mien(*verify, "--fmr", "1e-5")).json["threshold"]["fmr"], 1e-5)
        compare = ("compare", *data, "--json", portrait("Anna"), portrait("Anna"))
        self.assertEqual(self.ok(mien(*compare)).json["threshold"]["fmr"], 1e-3)
        add = ("user", "add", *data, *QUICK, "--role", "auditor", "--password", "eva")
        self.refused(mien(*add, input=PASSWORD.encode() + b"\n"), 3, "25")
        self.ok(mien(*add, "--set", "login.password_min=10", input=PASSWORD.encode() + b"\n"))

    def test_damaged(self):
        data = self.data("damaged", "face.max=3")
        db = sqlite3.connect(scratch / "damaged/mien.db")
        db.execute("UPDATE meta SET value = '{' WHERE key = 'settings'")
        db.commit()
        db.close()
        self.refused(mien("people", "list", *data), 3, "the settings in the store are damaged")
        shown = self.refused(mien("settings", *data), 3, "what is kept in the store is not among these", "damaged")
        self.assertRegex(shown.out, r"(?m)^face\.max +100 +default$")
        self.ok(mien("store", "check", *data))  # what is about the store itself goes on
        self.ok(mien("backup", *data, scratch / "damaged-backup"))
        self.ok(mien("keys", "show", *data))


class Server:
    """`mien serve` on the data directory, and an administrator's session."""

    def __init__(self, data):
        self.process = subprocess.Popen([MIEN, "serve", *map(str, data), "--pack", "offline", "--set", "server.listen=127.0.0.1:0",
                                         *QUICK], stderr=subprocess.PIPE, text=True)
        said = ""
        for line in self.process.stderr:
            said += line
            if found := re.search(r"listening on http://127\.0\.0\.1:(\d+)", line):
                break
        else:
            raise AssertionError(said)
        self.http = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=60)
        self.proof = {}
        headers, body = self.ask("POST", "/v1/login", {"login": "olga", "password": PASSWORD})
        self.proof = {"Cookie": headers["Set-Cookie"].split(";")[0], "X-CSRF-Token": body["csrf"]}

    def ask(self, method, path, body=None):
        self.http.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json", **self.proof})
        answer = self.http.getresponse()
        content = json.loads(answer.read())
        if answer.status != 200:
            raise AssertionError(content)
        return answer.headers, content

    def setting(self, name):
        return next(s for s in self.ask("GET", "/v1/settings")[1]["settings"] if s["name"] == name)

    def stop(self):
        self.http.close()
        self.process.send_signal(signal.SIGTERM)
        self.process.stderr.close()
        return self.process.wait(60)


class BesideAServer(Case):
    def test_both_ways(self):
        need_recognition()
        data = ["--data", scratch / "served"]
        self.ok(mien("user", "add", *data, *QUICK, "--role", "administrator", "--password", "olga", input=PASSWORD.encode() + b"\n"))
        server = Server(data)
        try:
            server.ask("PATCH", "/v1/settings", {"settings": [{"name": "face.max", "value": 1},
                                                              {"name": "match.fmr", "value": 0.00002}]})
            found = self.ok(mien("detect", *data, "--json", SAMPLES / "sample6.jpg")).json
            self.assertEqual(len(found["faces"]), 1)
            compared = self.ok(mien("compare", *data, "--json", portrait("Anna"), portrait("Anna"))).json
            self.assertEqual(compared["threshold"]["fmr"], 2e-5)
            self.ok(mien("settings", "change", *data, "face.max=4"))
            until = time.monotonic() + 300
            while server.setting("face.max")["value"] != 4 and time.monotonic() < until:
                time.sleep(0.05)
            self.assertEqual((server.setting("face.max")["value"], server.setting("face.max")["source"]), (4, "stored"))
        finally:
            status = server.stop()
        self.assertEqual(status, 0)


if __name__ == "__main__":
    main()
