"""Settings, limits, and the audit log."""
import csv
import hashlib
import io
import json

from world import Api, setUpModule, tearDownModule, world  # pylint: disable=unused-import


class Settings(Api):
    """GET and PATCH /v1/settings."""

    def now(self):
        """All of them by name, and their state."""
        answer = self.admin.call("settings_get", 200)
        return {s["name"]: s for s in answer.json["settings"]}, answer.etag

    def change(self, expect, **values):
        """PATCH of some, with '__' for the dot."""
        rows = [{"name": n.replace("__", "."), "value": v} for n, v in values.items()]
        return self.admin.call("settings_change", expect, body={"settings": rows})

    def test_live_ones_are_in_force_at_once(self):
        before, etag = self.now()
        self.assertIs(before["match.fmr"]["live"], True)
        after = self.admin.call("settings_change", 200, body={"settings": [{"name": "match.fmr", "value": 0.001}]}, If_Match=etag)
        found = {s["name"]: s for s in after.json["settings"]}["match.fmr"]
        self.assertEqual((found["value"], found["source"]), (0.001, "stored"))
        self.refused(self.admin.call("settings_change", 412, body={"settings": [{"name": "match.fmr", "value": 0.01}]}, If_Match=etag), 412, "precondition_failed")
        self.change(200, match__fmr=None)
        self.assertEqual(self.now()[0]["match.fmr"]["value"], before["match.fmr"]["default"])

    def test_others_are_read_at_the_start_only(self):
        self.assertIs(self.now()[0]["server.headers_max"]["live"], False)
        self.refused(self.change(409, server__headers_max=120), 409, "conflict", "server.headers_max")

    def test_secrets_are_not_shown(self):
        shown = self.now()[0]
        for name in ("blobs.secret_key", "store.url"):
            self.assertEqual((shown[name]["secret"], shown[name]["value"]), (True, None))

    def test_all_or_none(self):
        before = self.now()[0]["match.fmr"]["value"]
        self.refused(self.change(400, match__fmr=0.01, no__such=1), 400, "invalid")
        self.refused(self.change(400, match__fmr=7), 400, "invalid", "match.fmr")
        self.refused(self.change(400, log__format="loud"), 400, "invalid", "log.format")
        self.refused(self.change(409, log__level="info"), 409, "conflict", "log.level")
        self.assertEqual(self.now()[0]["match.fmr"]["value"], before)
        self.refused(self.admin.call("settings_change", 415, body=b"x", media="text/plain"), 415, "unsupported")
        self.refused(self.admin.call("settings_change", 413, body=b'"' + b" " * 140000 + b'"', media="application/json"), 413, "limit")


class License(Api):
    """GET /v1/license."""

    def test_what_is_used(self):
        before = self.admin.call("license_get", 200).json
        self.person("Counted")
        after = self.admin.call("license_get", 200).json
        self.assertEqual(after["people"]["used"], before["people"]["used"] + 1)
        self.assertEqual((after["valid"], after["expires"], after["people"]["limit"]), (True, None, None))
        self.assertIn("detect", after["features"])
        self.assertNotIn("liveness", after["features"])


class Audit(Api):
    """The audit log."""

    def test_who_did_what(self):
        person = self.person("Looked at", "verification")
        auditor = world.role_user("auditor")
        auditor.call("person_get", 200, person=person["person"])
        rows = self.admin.pages("audit_list", "records", target=person["person"], sort="seq", limit=1)
        self.assertEqual([r["action"] for r in rows][-1], "person.view")
        self.assertIn("the-auditor", rows[-1]["actor"])
        self.assertEqual([r["seq"] for r in self.admin.pages("audit_list", "records", target=person["person"])], [r["seq"] for r in rows][::-1])
        self.assertEqual({r["action"] for r in self.admin.pages("audit_list", "records", action="consent.")} - {"consent.give", "consent.list", "consent.view"}, set())
        self.assertEqual(len(self.admin.pages("audit_list", "records", actor=rows[-1]["actor"], action="person.view", target=person["person"])), 1)
        self.assertEqual(self.admin.call("audit_list", 200, **{"from": rows[-1]["time"], "to": rows[-1]["time"]}).json["records"], [])

    def test_names_of_people_are_not_in_it(self):
        person = self.person("Very Particular Name", external_id="very-particular-id", user_data="very-particular-data")
        self.admin.call("people_list", 200, like="Very Particular")
        self.admin.call("person_erase", 200, person=person["person"])
        text = self.admin.call("audit_export", 200, headers={"Accept": "application/jsonl"}).body.decode()
        self.assertNotIn("articular", text)

    def test_the_chain_holds(self):
        report = self.admin.call("audit_verify", 200).json
        self.assertIs(report["intact"], True)
        lines = [json.loads(x) for x in self.admin.call("audit_export", 200, headers={"Accept": "application/jsonl"}).body.splitlines()]
        self.assertEqual([x["seq"] for x in lines], sorted(x["seq"] for x in lines))
        for before, after in zip(lines, lines[1:]):
            if after["seq"] == before["seq"] + 1:
                self.assertEqual(after["prev"], before["hash"])
        self.assertEqual(len({x["hash"] for x in lines}), len(lines))
        self.assertEqual(len(lines[0]["hash"]), 2 * hashlib.sha256().digest_size)
        middle = lines[len(lines) // 2]["time"]
        part = self.admin.call("audit_export", 200, headers={"Accept": "application/jsonl"}, **{"to": middle}).body.splitlines()
        self.assertEqual(len(part), sum(x["time"] < middle for x in lines))

    def test_a_table(self):
        answer = self.admin.call("audit_list", 200, limit=3, headers={"Accept": "text/csv"})
        rows = list(csv.DictReader(io.StringIO(answer.body.decode())))
        self.assertEqual(len(rows), 3)
        self.assertIn("action", rows[0])
        viewer = world.token(["audit.view"])
        self.refused(viewer.call("audit_list", 403, headers={"Accept": "text/csv"}), 403, "forbidden", "audit.export")

    def test_what_is_refused(self):
        self.refused(self.admin.call("audit_list", 400, **{"from": "yesterday"}), 400, "invalid", "from")
        self.refused(self.admin.call("audit_export", 400, to="now"), 400, "invalid", "to")
        self.refused(self.admin.call("audit_verify", 400, x="1"), 400, "invalid")
