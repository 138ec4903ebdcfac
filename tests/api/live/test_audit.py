"""The audit log: looked through, taken out, and its chain followed."""
import csv
import io
import json

from world import Api, setUpModule, tearDownModule, world  # pylint: disable=unused-import


class Audit(Api):
    """/v1/audit."""

    def users(self, *logins):
        """Something that is on record."""
        return [self.admin.call("user_create", 201, body={"login": login, "name": login, "roles": ["auditor"]}).json["user"] for login in logins]

    def test_filters_and_order(self):
        first, second = self.users("audit-a", "audit-b")
        self.admin.call("user_change", 200, user=first, body={"name": "Other"})
        rows = self.admin.pages("audit_list", "records", target=first, sort="seq", limit=1)
        self.assertEqual([r["action"] for r in rows], ["user.create", "user.change"])
        self.assertEqual([r["target"] for r in rows], [first, first])
        self.assertEqual(rows[0]["account"], self.admin.me["account"])
        newest = self.admin.pages("audit_list", "records", action="user.", limit=2)
        seqs = [r["seq"] for r in newest]
        self.assertEqual(seqs, sorted(seqs, reverse=True))
        self.assertEqual({r["action"].split(".")[0] for r in newest}, {"user"})
        self.assertEqual(self.admin.call("audit_list", 200, action="user").json["records"], [])
        self.assertEqual([r["target"] for r in self.admin.pages("audit_list", "records", action="user.create", target=second)], [second])
        actor = rows[0]["actor"]
        self.assertEqual({r["actor"] for r in self.admin.pages("audit_list", "records", actor=actor)}, {actor})
        self.assertEqual(self.admin.call("audit_list", 200, actor="nobody").json["records"], [])
        between = self.admin.pages("audit_list", "records", **{"from": rows[0]["time"], "to": "2999-01-01T00:00:00Z"}, target=first)
        self.assertEqual(len(between), 2)
        self.assertEqual(self.admin.call("audit_list", 200, to="2001-01-01T00:00:00Z").json["records"], [])

    def test_a_look_is_on_record_itself_once(self):
        def looks():
            rows = self.admin.pages("audit_list", "records", action="audit.view", limit=1000)
            return [{n: v for n, v in json.loads(r["detail"]).items() if n != "request"} for r in rows]
        before = len(looks())
        self.users("audit-e", "audit-f")
        rows = self.admin.pages("audit_list", "records", action="user.", limit=1)
        self.assertGreater(len(rows), 1)
        self.assertEqual(len(looks()), before + 2)
        self.assertIn({"action": "user."}, looks())

    def test_as_a_table(self):
        self.users("audit-c")
        answer = self.admin.call("audit_list", 200, action="user.create", limit=1, headers={"Accept": "text/csv"})
        table = list(csv.reader(io.StringIO(answer.body.decode())))
        self.assertEqual(table[0], ["seq", "time", "account", "actor", "action", "target", "detail", "prev", "hash"])
        self.assertEqual(table[1][4], "user.create")

    def test_the_export_is_the_whole_log(self):
        lines = [json.loads(line) for line in self.admin.call("audit_export", 200).body.decode().splitlines()]
        self.assertEqual([r["seq"] for r in lines], list(range(1, len(lines) + 1)))
        for before, after in zip(lines, lines[1:]):
            self.assertEqual(after["prev"], before["hash"])
        self.assertEqual(lines[-1]["action"], "audit.export")
        many = self.users(*(f"audit-many-{i}" for i in range(3)))
        for i in range(220):
            self.admin.call("user_change", 200, user=many[i % 3], body={"comment": f"{i}"})
        again = [json.loads(line) for line in self.admin.call("audit_export", 200).body.decode().splitlines()]
        self.assertEqual(again[:len(lines)], lines)
        self.assertGreater(len(again), 200)
        self.assertEqual([r["seq"] for r in again], list(range(1, len(again) + 1)))
        part = [json.loads(line) for line in self.admin.call("audit_export", 200, **{"from": lines[-1]["time"]}).body.decode().splitlines()]
        self.assertGreaterEqual(part[0]["time"], lines[-1]["time"])

    def test_the_chain(self):
        report = self.admin.call("audit_verify", 200).json
        self.assertTrue(report["intact"])
        last = self.admin.call("audit_list", 200, action="audit.verify", limit=1).json["records"][0]
        self.assertEqual((last["seq"], last["prev"]), (report["records"] + 1, report["head"]))

    def test_others_see_their_own_account(self):
        self.users("audit-d")
        other = world.other
        rows = other.pages("audit_list", "records")
        self.assertEqual({r["account"] for r in rows}, {other.me["account"]})
        exported = [json.loads(line) for line in other.call("audit_export", 200).body.decode().splitlines()]
        self.assertEqual({r["account"] for r in exported}, {other.me["account"]})
        self.refused(other.call("audit_verify", 403), 403, "forbidden")
        self.refused(world.role_user("operator").call("audit_list", 403), 403, "forbidden")
        self.refused(world.role_user("operator").call("audit_export", 403), 403, "forbidden")
