"""Accounts see nothing of each other: on every route, what another account has looks like what nobody has.

Each route is asked by the administrator of one account with ids of the other one, in the path, the query and the body, and
then with ids that nobody has. Both answers must be the same but for the ids, and neither may be a success that shows something.
Both ways: the first account, whose people run the server, sees of the others their names and limits, and the audit log.
"""
import base64
import copy
import json
import re
import uuid

from world import PASSWORD, Api, Unwritten, need_pictures, picture, tearDownModule, world  # pylint: disable=unused-import


ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.I)


def tried(make):
    """What `make` makes, or nothing where its operation is not written."""
    try:
        return make()
    except Unwritten:
        return None


def make_things(admin, which):
    """One of everything in an account: kind to id."""
    api, things = Api(), {}
    api.setUp()
    api.admin = admin
    one = api.list(f"{which} account's list")
    person = api.person(f"Person of the {which} account", "identification", lists=[one["name"]], external_id=f"{which}-1")
    things.update(list_id=one["list_id"], list=one["name"], person=person["person"], consent=person["consents"][0]["consent"],
                  external_id=f"{which}-1")
    admin.call("role_create", 201, body={"role": f"{which}-role", "rights": ["people.view"]})
    user = admin.call("user_create", 201, body={"login": f"{which}-user", "name": "Somebody", "roles": [f"{which}-role"],
                                                "password": PASSWORD}).json
    things.update(role=f"{which}-role", user=user["user"], token=world.token(["people.view"], admin).record["token"],
                  session=admin.call("sessions_list", 200).json["sessions"][0]["session"], account=admin.me["account"])
    evidence = tried(lambda: admin.call("evidence_put", 204, person=things["person"], consent=things["consent"], body=b"%PDF-1.4 test",
                                        media="application/pdf"))
    things["evidence"] = bool(evidence)
    face = api.enrol(person, picture("Anna"), keep_original=True)["face"]
    things.update(face=face["face"], sample=face["sample"], original=face["original"])
    other = api.person(f"Looks the same to the {which}", "identification", lists=[one["name"]])
    made = admin.call("face_create", (201, 202), person=other["person"], body=picture("Anna", "-quality", "90"), media="image/jpeg")
    things["decision"] = made.json.get("decision")
    made = admin.call("extract", 201, body=picture("Berta"), media="image/jpeg").json
    things["attribute"] = made["images"][0]["faces"][0]["attribute"]["attribute"]
    return things


def setUpModule():  # pylint: disable=invalid-name
    """Originals are kept where that is asked for."""
    world.start(face__originals="true")


class Asking(Api):
    """On every route."""
    which, seen_by_the_first = "first", ()

    @classmethod
    def setUpClass(cls):
        need_pictures()
        cls.owner, cls.boss = cls.who()
        cls.things = make_things(cls.owner, cls.which)

    @staticmethod
    def who():
        """Whose things it is about, and who asks."""
        return world.admin, world.other

    @staticmethod
    def unknown(kind):
        """Something of that kind that nobody has."""
        return {"role": "no-such-role", "list": "no such list", "external_id": "Z-9"}.get(kind, str(uuid.uuid4()))

    def plain(self, answer):
        """An answer without what tells one request from another."""
        if not answer.header("Content-Type", "").endswith("json"):
            return answer.body
        text = answer.body.decode()
        for value in (self.things["role"], "no-such-role"):
            text = text.replace(value, "ROLE")
        for value in (self.things["list"], "no such list"):
            text = text.replace(value, "LIST")
        text = re.sub(r'"[^"]*":"[0-9]{4}-[^"]*Z"', '"TIME"', ID.sub("ID", text))
        return re.sub(r'"etag":"[^"]*"', "", text)

    def both(self, name, kinds, fill, expect=None):
        """Asks with what the first account has, then with what nobody has."""
        hers = self.boss.call(name, **fill({k: self.things[k] for k in kinds}))
        nobodys = self.boss.call(name, **fill({k: self.unknown(k) for k in kinds}))
        self.assertEqual((hers.status, self.plain(hers)), (nobodys.status, self.plain(nobodys)), f"{name} {kinds}")
        if expect:
            self.assertIn(hers.status, expect, f"{name} {kinds}: {hers.body[:300]!r}")
        return hers

    def test_ids_in_the_path(self):
        for op in world.spec.operations.values():
            kinds = [p["name"] for p in op.parameters if p["in"] == "path" and p["name"] != "file"]
            if not kinds or any(self.things.get(k) is None or k in self.seen_by_the_first for k in kinds):
                continue
            body = {}
            if "application/json" in op.bodies:
                body["body"] = copy.deepcopy(op.examples["application/json"])
                if op.name == "face_create":
                    body["body"] = {"type": "attribute", "attribute": str(uuid.uuid4())}
            elif op.bodies:
                body = {"body": b"%PDF-1.4 other", "media": "application/pdf"}
            with self.subTest(op.name):
                try:
                    expect = (403, 404) if "account" in kinds else (404,)
                    self.both(op.name, kinds, lambda ids, body=body: {**ids, **body}, expect)
                except Unwritten:
                    continue

    def each(self, ways):
        """Every way that is written."""
        for name, kinds, fill, expect in ways:
            with self.subTest(f"{name} {kinds}"):
                try:
                    self.both(name, kinds, fill, expect)
                except Unwritten:
                    continue

    def test_ids_in_bodies(self):
        image = {"type": "base64", "data": base64.b64encode(picture("Clara")).decode()}
        ways = [
            ("people_erase_batch", ["person"], lambda i: {"body": {"people": [i["person"]]}}, (200,)),
            ("faces_delete_batch", ["face"], lambda i: {"body": {"faces": [i["face"]]}}, (200,)),
            ("person_create", ["list"], lambda i: {"body": {"name": "X", "lists": [i["list"]]}}, (400, 404)),
            ("person_create", ["list_id"], lambda i: {"body": {"name": "X", "lists": [i["list_id"]]}}, (400, 404)),
            ("user_create", ["role"], lambda i: {"body": {"login": "x", "name": "X", "roles": [i["role"]]}}, (400, 403, 404)),
            ("user_create", ["list_id"], lambda i: {"body": {"login": "x", "name": "X", "roles": ["operator"], "lists": [i["list_id"]]}},
             (400, 403, 404)),
            ("role_create", ["list_id"], lambda i: {"body": {"role": "x", "rights": [], "lists": [i["list_id"]]}}, (400, 403, 404)),
            ("token_create", ["user"], lambda i: {"body": {"name": "x", "rights": [], "user": i["user"]}}, (400, 403, 404)),
            ("token_create", ["list_id"], lambda i: {"body": {"name": "x", "rights": [], "lists": [i["list_id"]]}}, (400, 403, 404)),
            ("descriptors_import", ["person"], lambda i: {"body": {"descriptors": [
                {"person": i["person"], "model": "m", "metric": "l2", "values": [0.6, 0.8]}]}}, (200, 404, 409)),
        ]
        for kind in ("sample", "face", "person", "attribute"):
            ways += [
                ("verify", [kind], lambda i, k=kind: {"body": {"a": image, "b": {"type": k, k: i[k]}}}, (404,)),
                ("identify", [kind], lambda i, k=kind: {"body": {"sources": [{"type": k, k: i[k]}]}}, (200, 404)),
                ("match", [kind], lambda i, k=kind: {"body": {"references": [{"type": k, k: i[k]}], "candidates": [{}]}}, (200, 404)),
            ]
        for name in ("detect", "extract", "quality", "liveness"):
            ways.append((name, ["sample"], lambda i: {"body": {"pictures": [{"type": "sample", "sample": i["sample"]}]}}, (200, 201, 404)))
        for kind, field in (("person", "people"), ("face", "faces"), ("attribute", "attributes"), ("list", "lists"), ("list_id", "lists")):
            ways.append(("match", [kind], lambda i, k=kind, f=field: {"body": {
                "references": [{"type": "face", "face": str(uuid.uuid4())}], "candidates": [{f: [i[k]]}]}}, (200, 404)))
        self.each(ways)

    def test_ids_in_queries(self):
        data = {"body": picture("Anna"), "media": "image/jpeg"}
        ways = [("identify", [kind], lambda i: {**data, "list": list(i.values())}, (404,)) for kind in ("list", "list_id")]
        ways += [("descriptors_export", [kind], lambda i: {"list": list(i.values())[0]}, (404,)) for kind in ("list", "list_id")]
        ways += [(name, [kind], lambda i: {"list": list(i.values())[0]}, (200, 404))
                 for name in ("people_list", "faces_list") for kind in ("list", "list_id")]
        ways += [
            ("people_list", ["external_id"], lambda i: i, (200,)),
            ("tokens_list", ["user"], lambda i: i, (200, 404)),
            ("users_list", ["role"], lambda i: i, (200, 404)),
            ("extract", ["person"], lambda i: {**data, **i}, (404,)),
        ]
        if "audit" not in self.seen_by_the_first:
            ways.append(("audit_list", ["person"], lambda i: {"target": i["person"]}, (200,)))
        self.each(ways)

    def test_lists_show_only_ones_own(self):
        hers = {v for k, v in self.things.items() if isinstance(v, str) and k not in ("external_id", *self.seen_by_the_first)}
        hers |= {f"Person of the {self.which} account", f"Looks the same to the {self.which}", f"{self.which}-user"}
        for op in world.spec.operations.values():
            if op.method != "get" or any(p.get("required") for p in op.parameters):
                continue
            if op.name in ("docs_get", "openapi_get", "settings_get", "metrics") or op.tags == ["audit"]:
                continue
            for accept in ("application/json", "text/csv")[:1 + bool(op.right_csv)]:
                with self.subTest(op.name):
                    try:
                        answer = self.boss.call(op.name, (200, 403), headers={"Accept": "*/*" if op.name == "audit_export" else accept})
                    except Unwritten:
                        continue
                    shown = [h for h in hers if h in answer.body.decode()]
                    self.assertEqual(shown, [])


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
    which, seen_by_the_first = "second", ("account", "audit")

    @staticmethod
    def who():
        return world.other, world.admin


del Asking  # is not run by itself
