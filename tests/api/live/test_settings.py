"""Settings and the account's limits."""
import json
import os
import time

from running import Server
from spec import Spec
from talk import Caller, Line
from world import Api, PASSWORD, setUpModule, tearDownModule, until, world  # pylint: disable=unused-import


class Settings(Api):
    """/v1/settings."""

    def all(self, caller=None):
        """By name."""
        return {s["name"]: s for s in (caller or self.admin).call("settings_get", 200).json["settings"]}

    def change(self, status=200, headers=None, **values):
        """Names with '__' for the dot."""
        body = {"settings": [{"name": n.replace("__", "."), "value": v} for n, v in values.items()]}
        return self.admin.call("settings_change", status, body=body, headers=headers)

    def test_each_says_what_it_is(self):
        found = self.all()
        self.assertGreater(len(found), 80)
        fmr = found["match.fmr"]
        self.assertEqual((fmr["type"], fmr["default"], fmr["min"], fmr["max"], fmr["unit"], fmr["live"]), ("real", 1e-4, 1e-9, 0.5, "rate", True))
        self.assertEqual(found["log.level"]["choices"], ["debug", "info", "warn", "error"])
        self.assertEqual((found["login.passes"]["value"], found["login.passes"]["source"], found["login.passes"]["origin"]), (1, "command_line", "command line"))
        self.assertEqual((found["face.max"]["min"], found["face.max"]["max"]), (1, 1000))
        secret = found["store.url"]
        self.assertEqual((secret["value"], secret["default"], secret["secret"]), (None, None, True))
        self.assertEqual(secret["set"], bool(os.environ.get("MIEN_API_STORE_URL")))
        self.assertNotIn("set", fmr)
        self.assertEqual(found["server.preload"]["value"], False)

    def test_a_change_is_in_force_at_once(self):
        new = {"login": "short", "name": "Short", "roles": ["auditor"], "password": "twelve chars"}
        seen = self.admin.call("settings_get", 200)
        changed = self.change(login__password_min=20, headers={"If-Match": seen.header("ETag")})
        row = {s["name"]: s for s in changed.json["settings"]}["login.password_min"]
        self.assertEqual((row["value"], row["source"], row["default"]), (20, "stored", 10))
        self.refused(self.admin.call("user_create", 400, body=new), 400, "invalid", "20")
        self.refused(self.change(412, login__password_min=21, headers={"If-Match": seen.header("ETag")}), 412, "precondition_failed")
        self.assertEqual(self.all()["login.password_min"]["value"], 20)
        self.change(login__password_min=None)
        self.assertEqual((self.all()["login.password_min"]["value"], self.all()["login.password_min"]["source"]), (10, "default"))
        self.admin.call("user_create", 201, body=new)

    def test_sizes_of_bodies_follow(self):
        self.change(image__max_bytes=1024)
        self.refused(self.admin.call("detect", 413, body=b"\xff\xd8" + b"x" * 2000, media="image/jpeg"), 413, "limit")
        self.change(image__max_bytes=None)
        self.refused(self.admin.call("detect", 415, body=b"\xff\xd8" + b"x" * 2000, media="image/jpeg"), 415, "unsupported")

    def test_what_is_refused(self):
        before = self.all()
        self.refused(self.change(409, login__passes=2), 409, "conflict", "command line")
        self.refused(self.change(409, server__gzip=2), 409, "conflict", "server.gzip")
        self.refused(self.change(409, store__url="postgresql:///x"), 409, "conflict")
        self.refused(self.change(400, face__max="7"), 400, "invalid", "face.max")
        self.refused(self.change(400, face__max=7.5), 400, "invalid", "face.max")
        self.refused(self.change(400, face__max=True), 400, "invalid", "face.max")
        self.refused(self.change(400, face__max=0), 400, "invalid", "face.max")
        self.refused(self.change(400, face__max=7, face__min_size=1), 400, "invalid", "face.min_size")
        self.refused(self.change(400, no__such=1), 400, "invalid", "no.such")
        twice = {"settings": [{"name": "face.max", "value": 7}, {"name": "face.max", "value": 8}]}
        self.refused(self.admin.call("settings_change", 400, body=twice), 400, "invalid", "twice")
        self.assertEqual(self.all(), before)
        self.refused(world.role_user("auditor").call("settings_change", 403, body=twice), 403, "forbidden")
        self.assertEqual(self.all(world.role_user("auditor")), before)
        self.refused(world.role_user("operator").call("settings_get", 403), 403, "forbidden")
        self.refused(world.other.call("settings_get", 403), 403, "forbidden")
        self.refused(world.other.call("settings_change", 403, body={"settings": [{"name": "face.max", "value": 7}]}), 403, "forbidden")

    def test_they_are_on_record(self):
        self.change(face__max=77)
        self.change(face__max=None)
        rows = self.admin.call("audit_list", 200, action="settings.change", limit=2).json["records"]
        details = [json.loads(r["detail"]) for r in rows]
        self.assertEqual([d["face.max"] for d in details], [{"from": "77", "to": None}, {"from": None, "to": "77"}])
        self.assertEqual(set(details[0]), {"face.max", "request"})

    def test_other_processes_follow(self):
        second = Server(world.folder / "second", store=os.environ.get("MIEN_API_STORE_URL"))
        second.data = world.server.data
        second.start()
        line = Line(second, Spec())
        try:
            caller = Caller(line)
            caller.login("admin", PASSWORD)
            self.assertEqual(self.all(caller)["face.max"]["value"], 100)
            self.change(face__max=55)
            until(lambda: self.all(caller)["face.max"]["value"] == 55)
        finally:
            self.change(face__max=None)
            line.close()
            second.stop()


class License(Api):
    """/v1/license."""

    def test_limits_of_ones_own_account(self):
        mine = self.admin.call("license_get", 200).json
        self.assertEqual((mine["valid"], mine["expires"], mine["people"]["limit"], mine["warnings"]), (True, None, None, []))
        self.assertIn("detect", mine["features"])
        other = world.other
        account = self.admin.call("account_get", 200, account=other.me["account"])
        self.admin.call("account_change", 200, account=other.me["account"], body={"max_people": 100, "max_faces": 7, "max_cameras": 3, "expires": "2998-01-01T00:00:00Z"})
        theirs = other.call("license_get", 200).json
        self.assertEqual([theirs[k] for k in ("people", "faces", "cameras")], [{"used": 0, "limit": n} for n in (100, 7, 3)])
        self.assertEqual((theirs["expires"], theirs["warnings"]), ("2998-01-01T00:00:00.000Z", []))
        soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400))
        self.admin.call("account_change", 200, account=account.json["account"], body={"expires": soon})
        self.assertEqual([w["about"] for w in other.call("license_get", 200).json["warnings"]], ["expires"])
        self.admin.call("account_change", 200, account=account.json["account"], body={"expires": None})
