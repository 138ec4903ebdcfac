"""Accounts see nothing of each other: on every route, what another account has looks like what nobody has.

Each route is asked by the administrator of one account with ids of the other one, in the path, the query and the body, and
then with ids that nobody has. Both answers must be the same but for the ids, and neither may be a success that shows something.
Both ways: the first account, whose people run the server, sees of the others their names and limits, and the audit log.
"""
import json

from apart import Asking
from world import Unwritten, picture, tearDownModule, world  # pylint: disable=unused-import


def setUpModule():  # pylint: disable=invalid-name
    """Originals are kept where that is asked for."""
    world.start(face__originals="true")


class Apart(Asking):
    """The second account asks, which sees nothing of the first."""

    def test_what_is_theirs_with_what_is_not(self):
        """Own things beside foreign ones: neither way."""
        boss = self.boss
        person = boss.call("person_create", 201, body={"name": "Second account's", "consents": [
            {"purpose": "identification", "method": "form"}]}).json
        one = boss.call("list_create", 201, body={"name": "second list", "purpose": "identification"}).json
        mine = {"person": person["person"], "list_id": one["list_id"], "consent": person["consents"][0]["consent"]}
        ways = [
            ("member_add", ["person"], lambda i: {"list_id": mine["list_id"], **i}, (404,)),
            ("member_add", ["list_id"], lambda i: {"person": mine["person"], **i}, (404,)),
            ("member_remove", ["person"], lambda i: {"list_id": mine["list_id"], **i}, (404,)),
            ("member_remove", ["list_id"], lambda i: {"person": mine["person"], **i}, (404,)),
            ("consent_get", ["consent"], lambda i: {"person": mine["person"], **i}, (404,)),
            ("consent_get", ["person"], lambda i: {"consent": mine["consent"], **i}, (404,)),
            ("consent_withdraw", ["consent"], lambda i: {"person": mine["person"], **i}, (404,)),
            ("members_change", ["person"], lambda i: {"list_id": mine["list_id"], "body": {"add": [i["person"]]}}, (200, 404)),
            ("members_change", ["person"], lambda i: {"list_id": mine["list_id"], "body": {"remove": [i["person"]]}}, (200, 404)),
            ("person_merge", ["person"], lambda i: {"person": mine["person"], "body": {"from": i["person"]}}, (404,)),
            ("person_change", ["face"], lambda i: {"person": mine["person"], "body": {"avatar_face": i["face"]}}, (400, 404, 409)),
            ("user_change", ["list_id"], lambda i: {"user": boss.me["user"], "body": {"lists": [i["list_id"]]}}, (400, 403, 404, 409)),
            ("user_change", ["role"], lambda i: {"user": boss.me["user"], "body": {"roles": [i["role"]]}}, (400, 403, 404, 409)),
        ]
        ways.append(("list_match", ["list_id"], lambda i: {"list_id": mine["list_id"], "body": {"with": i["list_id"]}}, (404,)))
        ways.append(("list_match", ["list_id"], lambda i: {"list_id": mine["list_id"], "body": {"with": i["list_id"]}}, (404,)))
        for kind in ("sample", "face", "person", "attribute"):
            ways.append(("face_create", [kind],
                         lambda i, k=kind: {"person": mine["person"], "body": {"type": k, k: i[k]}}, (400, 404)))
        self.each(ways)
        self.assertEqual(boss.call("members_list", 200, list_id=mine["list_id"]).json["members"], [])

    def test_the_audit_log_is_ones_own(self):
        """What one asked for may stand in it; whom others looked at may not."""
        rows = self.boss.pages("audit_list", "records")
        lines = self.boss.call("audit_export", 200, headers={"Accept": "application/jsonl"}).body.splitlines()
        for row in rows + [json.loads(line) for line in lines]:
            self.assertEqual(row["account"], self.boss.me["account"])
            self.assertNotIn(row["target"], [v for v in self.things.values() if v])
        self.assertGreater(len(rows), 0)

    def test_identification_finds_nobody_of_another_account(self):
        self.assertEqual(self.identified(picture("Anna"))[:1], [self.things["person"]])
        self.boss.call("list_create", (201, 409), body={"name": "own list", "purpose": "identification"})
        self.assertEqual(self.identified(picture("Anna"), self.boss), [])

    def test_names_are_not_taken_by_another_account(self):
        boss = self.boss
        boss.call("list_create", 201, body={"name": self.things["list"], "purpose": "identification"})
        boss.call("person_create", 201, body={"name": "X", "external_id": self.things["external_id"]})
        boss.call("role_create", 201, body={"role": "first-role", "rights": ["people.view"]})
        boss.call("user_create", 201, body={"login": "first-user", "name": "X", "roles": ["operator"]})
        fields = {"fields": [{"name": "theirs", "label": "Theirs", "type": "text"}]}
        boss.call("role_delete", 204, role="first-role")
        boss.call("fields_put", 200, body=fields)
        self.assertNotIn("theirs", [f["name"] for f in self.admin.call("fields_get", 200).json["fields"]])

    def test_cursors_are_an_accounts_own(self):
        for name in ("a", "b"):
            self.admin.call("person_create", 201, body={"name": name})
        cursor = self.admin.call("people_list", 200, limit=1).json["next"]
        self.refused(self.boss.call("people_list", 400, cursor=cursor), 400, "invalid", "cursor")
        self.refused(self.admin.call("lists_list", 400, cursor=cursor), 400, "invalid", "cursor")

    def test_settings_and_accounts_are_the_first_accounts(self):
        boss = self.boss
        for name, given in (("accounts_list", {}), ("account_create", {"body": {"name": "Third", "admin_login": "x"}}),
                            ("settings_change", {"body": {"settings": [{"name": "match.fmr", "value": 0.001}]}})):
            with self.subTest(name):
                try:
                    self.refused(boss.call(name, 403, **given), 403, "forbidden")
                except Unwritten:
                    continue

    def test_all_is_still_there(self):
        """Nothing of what the others do may change the first account."""
        found = self.admin.call("person_get", 200, person=self.things["person"]).json
        self.assertEqual([f["face"] for f in found["faces"]], [self.things["face"]])
        self.assertEqual(found["lists"], [self.things["list"]])
        self.assertEqual(found["consents"][0]["state"], "valid")
        for name, kind in (("list_get", "list_id"), ("user_get", "user"), ("role_get", "role"), ("token_get", "token")):
            self.admin.call(name, 200, **{kind: self.things[kind]})


class Back(Asking):
    """The first account asks."""
    which, seen = "second", ("account", "audit")

    @staticmethod
    def who():
        return world.other, world.admin


del Asking  # is not run by itself
