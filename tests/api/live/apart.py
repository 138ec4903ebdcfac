"""For tables of every route: what somebody may not see is asked for, and then what nobody has. Both answers must be the same."""
import base64
import copy
import re
import uuid

from world import Api, PASSWORD, Unwritten, need_pictures, picture, world

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.I)


def tried(make):
    """What `make` makes, or nothing where its operation is not written."""
    try:
        return make()
    except Unwritten:
        return None


def make_things(admin, which):
    """One of everything in an account, about people in a list: kind to id. Another person waits for a decision."""
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
    things.update(decision=made.json.get("decision"), other=other["person"])
    made = admin.call("extract", 201, body=picture("Berta"), media="image/jpeg").json
    things["attribute"] = made["images"][0]["faces"][0]["attribute"]["attribute"]
    return things


class Asking(Api):
    """On every route."""
    which, seen = "first", ()  # seen: kinds of things that are not hidden

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
            if not kinds or any(self.things.get(k) is None or k in self.seen for k in kinds):
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
            if set(kinds) & set(self.seen):
                continue
            with self.subTest(f"{name} {kinds}"):
                try:
                    self.both(name, kinds, fill, expect)
                except Unwritten:
                    continue

    def test_ids_in_bodies(self):
        image = {"type": "base64", "data": base64.b64encode(picture("Clara")).decode()}
        ways = [
            ("people_erase_batch", ["person"], lambda i: {"body": {"people": [i["person"]]}}, (200,)),
            ("lists_delete_batch", ["list_id"], lambda i: {"body": {"lists": [i["list_id"]]}}, (200,)),
            ("consents_give_batch", ["person"], lambda i: {"body": {"consents": [{"person": i["person"], "purpose": "attendance", "method": "f"}]}}, (200,)),
            ("consents_withdraw_batch", ["consent"], lambda i: {"body": {"consents": [i["consent"]]}}, (200,)),
            ("tokens_revoke_batch", ["token"], lambda i: {"body": {"tokens": [i["token"]]}}, (200,)),
            ("attributes_delete_batch", ["attribute"], lambda i: {"body": {"attributes": [i["attribute"]]}}, (200,)),
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
        ways += [("people_export", [kind], lambda i: {"reason": "a test", "list": list(i.values())[0]}, (404,)) for kind in ("list", "list_id")]
        ways += [(name, [kind], lambda i: {"list": list(i.values())[0]}, (200, 404))
                 for name in ("people_list", "faces_list") for kind in ("list", "list_id")]
        ways += [
            ("people_list", ["external_id"], lambda i: i, (200,)),
            ("tokens_list", ["user"], lambda i: i, (200, 404)),
            ("users_list", ["role"], lambda i: i, (200, 404)),
            ("extract", ["person"], lambda i: {**data, **i}, (404,)),
        ]
        if "audit" not in self.seen:
            ways.append(("audit_list", ["person"], lambda i: {"target": i["person"]}, (200,)))
        self.each(ways)

    def test_lists_show_only_ones_own(self):
        hers = {v for k, v in self.things.items() if isinstance(v, str) and k not in ("external_id", *self.seen)}
        hers |= {f"Person of the {self.which} account", f"Looks the same to the {self.which}"}
        hers |= {f"{self.which}-user"} - ({f"{self.which}-user"} if "user" in self.seen else set())
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
