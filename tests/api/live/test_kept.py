"""Somebody who may do everything, and is kept to one list: every route with what is in it, in another list, and in none.

What is not theirs looks like what nobody has (apart.py). Each operation stands in one of the tables below: a new one that does not
fails.
"""
import csv
import io
import json

from apart import Asking, make_things
from test_roles import RIGHTS
from world import Api, NO_ID, need_pictures, picture, tearDownModule, world  # pylint: disable=unused-import

# Not for who is kept to some lists: they concern all of them, or the whole deployment.
ALL_LISTS = """list_create lists_create_batch consents_list fields_put settings_get settings_change audit_list audit_verify audit_export accounts_list account_create
    account_get account_change account_delete metrics""".split()
# About no list, and nobody in one: oneself, users with their rights, the account's limits, the server.
NO_LIST = """login logout me_get password_change sessions_list session_end users_list user_create user_get user_change user_delete user_reset
    roles_list role_create role_get role_change role_delete tokens_list token_create token_get token_change token_revoke tokens_revoke_batch fields_get license_get
    healthz readyz openapi_get docs_get docs_file""".split()
# Of two lists: test_matching.py.
TWO_LISTS = ["list_match"]
CONSENT = {"purpose": "identification", "method": "form"}


def image(name="Anna"):
    """A picture as a body."""
    return {"body": picture(name), "media": "image/jpeg"}


def lines(*rows):
    """JSON Lines."""
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def vector(t):
    """A descriptor for somebody of theirs."""
    return {"descriptors": [{"person": t["person"], **{k: t["vector"][k] for k in ("model", "metric", "values")}}]}


# What is done with what is theirs, in this order; a path's ids are put in. t: their things.
THEIRS = {
    "people_export": lambda t: {"reason": "x", "list": t["list"]}, "list_duplicates": lambda t: {},
    "people_import": lambda t: {"body": lines({"external_id": "kept", "lists": [t["list"]], "consents": [{**CONSENT, "given": "2026-01-01T00:00:00Z"}]}),
                                "media": "application/jsonl"},
    "people_list": lambda t: {}, "person_get": lambda t: {}, "person_change": lambda t: {"body": {"user_data": "x"}},
    "person_avatar": lambda t: {}, "person_consents": lambda t: {}, "consent_get": lambda t: {}, "evidence_get": lambda t: {},
    "consent_give": lambda t: {"body": {**CONSENT, "purpose": "verification"}},
    "evidence_put": lambda t: {"consent": t["consents"][1], "body": b"%PDF-1.4 own", "media": "application/pdf"},
    "person_faces": lambda t: {}, "faces_list": lambda t: {}, "face_get": lambda t: {}, "descriptor_get": lambda t: {},
    "descriptors_export": lambda t: {"list": t["list"]}, "descriptors_import": lambda t: {"body": vector(t)},
    "sample_get": lambda t: {}, "original_get": lambda t: {}, "face_create": lambda t: {**image("Berta"), "on_duplicate": "report"},
    "decision_get": lambda t: {}, "decision_make": lambda t: {"body": {"action": "cancel"}},
    "lists_list": lambda t: {}, "list_get": lambda t: {}, "list_change": lambda t: {"body": {"comment": "x"}}, "members_list": lambda t: {},
    "member_add": lambda t: {}, "members_change": lambda t: {"body": {"add": [t["person"]]}},
    "detect": lambda t: {"body": {"pictures": [{"type": "sample", "sample": t["sample"]}]}},
    "quality": lambda t: image(), "liveness": lambda t: image(), "extract": lambda t: {**image(), "person": t["person"]},
    "verify": lambda t: {"body": {"a": {"type": "face", "face": t["face"]}, "b": {"type": "person", "person": t["person"]}}},
    "identify": lambda t: {"body": {"sources": [{"type": "face", "face": t["face"]}]}, "list": [t["list"]]},
    "match": lambda t: {"body": {"references": [{"type": "face", "face": t["face"]}], "candidates": [{"lists": [t["list"]]}]}},
    "attributes_list": lambda t: {}, "attribute_get": lambda t: {"attribute": t["own"]}, "attribute_delete": lambda t: {"attribute": t["own"]},
    "attributes_delete_batch": lambda t: {"body": {"attributes": [t["own"]]}},
    "consents_give_batch": lambda t: {"body": {"consents": [{**CONSENT, "purpose": "attendance", "person": t["person"]}]}},
    "consents_withdraw_batch": lambda t: {"body": {"consents": [t["consents"][0]]}},
    "person_create": lambda t: {"body": {"name": "New", "lists": [t["list"]], "consents": [CONSENT]}},
    "people_create_batch": lambda t: {"body": {"people": [{"name": "New", "lists": [t["list"]], "consents": [CONSENT]}]}},
    "original_delete": lambda t: {}, "face_delete": lambda t: {}, "faces_delete_batch": lambda t: {"body": {"faces": [t["second"]]}},
    "consent_withdraw": lambda t: {"consent": t["consents"][1]}, "person_merge": lambda t: {"body": {"from": t["other"]}},
    "people_erase_batch": lambda t: {"body": {"people": [t["new"]]}}, "member_remove": lambda t: {"person": t["gone"]},
    "person_erase": lambda t: {}, "list_delete": lambda t: {}, "lists_delete_batch": lambda t: {"body": {"lists": [t["list_id"]]}},
}


def setUpModule():  # pylint: disable=invalid-name
    """Originals are kept where that is asked for."""
    world.start(face__originals="true")


def keeper(name, things):
    """A user whose one role has every right, in these things' list."""
    world.admin.call("role_create", 201, body={"role": name, "rights": sorted(RIGHTS["administrator"]), "lists": [things["list_id"]]})
    return world.user(name, [name])


class Elsewhere(Asking):
    """What is in another list is there for nobody who is kept to this one."""
    which, seen = "there", ("role", "user", "token", "session", "account", "audit")

    @staticmethod
    def who():
        own = make_things(world.admin, "here")
        return world.admin, keeper("keeper", own)


class Nowhere(Asking):
    """What is in no list neither."""
    which, seen = "nowhere", (*Elsewhere.seen, "list", "list_id")

    @staticmethod
    def who():
        own = make_things(world.admin, "near")
        return world.admin, keeper("watchman", own)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for one in ("person", "other"):
            world.admin.call("member_remove", 204, list_id=cls.things["list_id"], person=cls.things[one])


class Theirs(Api):
    """What is in their list is theirs."""

    @classmethod
    def setUpClass(cls):
        need_pictures()
        cls.things = t = make_things(world.admin, "own")
        cls.there = make_things(world.admin, "foreign")
        cls.kept = keeper("librarian", t)
        t["vector"] = world.admin.call("descriptor_get", 200, face=t["face"]).json

    def test_every_operation_is_in_a_table(self):
        tables = [*THEIRS, *ALL_LISTS, *NO_LIST, *TWO_LISTS]
        self.assertEqual(sorted(tables), sorted(world.spec.operations))

    def test_what_concerns_all_lists_is_refused(self):
        for name in ALL_LISTS:
            op = world.spec.operations[name]
            given = {p["name"]: NO_ID for p in op.parameters if p["in"] == "path"}
            body = {"body": op.examples["application/json"]} if op.bodies else {}
            with self.subTest(name):
                self.refused(self.kept.call(name, 403, **given, **body), 403, "forbidden", "librarian")

    def shown(self, name, entries, key, **given):
        """Ids on all pages, of one entry each."""
        return [row[key] for row in self.kept.pages(name, entries, limit=1, **given)]

    def test_a_collections(self):
        t, sorts = self.things, lambda name: next(p for p in world.spec.operations[name].parameters if p["name"] == "sort")["schema"]["enum"]
        for name, entries, key, theirs in (("people_list", "people", "person", [t["person"], t["other"]]), ("faces_list", "faces", "face", [t["face"]]),
                                           ("lists_list", "lists", "list_id", [t["list_id"]])):
            for sort in sorts(name):
                self.assertEqual(sorted(self.shown(name, entries, key, sort=sort)), sorted(theirs), f"{name} {sort}")
            table = self.kept.call(name, 200, headers={"Accept": "text/csv"}).body.decode()
            self.assertEqual(sorted(r[key] for r in csv.DictReader(io.StringIO(table))), sorted(theirs), name)
        self.assertEqual(self.shown("attributes_list", "attributes", "attribute"), [])
        self.assertEqual(self.kept.call("list_get", 200, list_id=t["list_id"]).json["members"], 2)

    def test_a_searches(self):
        t, there = self.things, self.there
        answer = self.kept.call("identify", 200, **image()).json
        face, = answer["images"][0]["faces"]
        self.assertEqual((face["searched"], [c["person"] for c in face["candidates"]]), (1, [t["person"]]))
        rows = self.kept.call("match", 200, body={"references": [{"type": "face", "face": t["face"]}], "candidates": [
            {}, {"people": [there["person"]]}, {"faces": [there["face"]]}]}).json["matches"]
        self.assertEqual([r["searched"] for r in rows], [1, 0, 0])
        self.assertEqual([c["person"] for r in rows for c in r["candidates"]], [t["person"]])
        new = self.kept.call("person_create", 201, body={"name": "Alike", "lists": [t["list"]], "consents": [CONSENT]}).json
        waits = self.kept.call("face_create", 202, person=new["person"], **image("Anna"), on_duplicate="ask").json
        self.assertEqual([d["person"] for d in waits["duplicates"]], [t["person"]])
        self.kept.call("person_erase", 200, person=new["person"])

    def test_b_nobody_is_made_outside(self):
        for body in ({"name": "X"}, {"name": "X", "lists": [self.there["list"]], "consents": [CONSENT]}):
            self.refused(self.kept.call("person_create", (400, 403), body=body), *((403, "forbidden") if "lists" not in body else (400, "invalid")))
        report = self.kept.call("people_create_batch", 200, body={"people": [{"name": "X"}]}).json
        self.assertEqual(report["refused"], 1)

    def test_c_who_is_in_other_lists_too_is_changed_by_neither(self):
        api, t = self.admin, self.things
        both = self.person("In both", "identification", lists=[t["list"], self.there["list"]])
        face = self.enrol(both, picture("Clara"), keep_original=True)["face"]
        ways = [("person_change", {"person": both["person"], "body": {"name": "Y"}}), ("person_erase", {"person": both["person"]}),
                ("person_merge", {"person": both["person"], "body": {"from": t["other"]}}),
                ("person_merge", {"person": t["other"], "body": {"from": both["person"]}}),
                ("face_delete", {"face": face["face"]}), ("original_delete", {"original": face["original"]})]
        for name, given in ways:
            answer = self.refused(self.kept.call(name, 403, **given), 403, "forbidden")
            self.assertNotIn(self.there["list"], answer.body.decode())
        for name, body in (("people_erase_batch", {"people": [both["person"]]}), ("faces_delete_batch", {"faces": [face["face"]]})):
            self.assertEqual(self.kept.call(name, 200, body=body).json["results"][0]["error"]["code"], "forbidden")
        shown = self.kept.call("person_get", 200, person=both["person"]).json
        self.assertEqual((shown["name"], shown["lists"], len(shown["faces"])), ("In both", [t["list"]], 1))
        api.call("person_erase", 200, person=both["person"])

    def test_d_what_is_theirs_works(self):
        t, call = dict(self.things), self.kept.call
        for name, make in THEIRS.items():
            op = world.spec.operations[name]
            with self.subTest(name):
                if name == "lists_delete_batch":  # as theirs is gone
                    t["list_id"] = self.list("another of theirs")["list_id"]
                    world.admin.call("role_change", 200, role="librarian", body={"lists": [t["list_id"]]})
                if name in ("attribute_get", "attributes_delete_batch"):
                    t["own"] = call("extract", 201, **image()).json["images"][0]["faces"][0]["attribute"]["attribute"]
                given = {p["name"]: t[p["name"]] for p in op.parameters if p["in"] == "path"}
                answer = call(name, (200, 201, 204), **{**given, **make(t)})
                if "BatchReport" in str(op.answers.get("200")):
                    self.assertEqual(answer.json["refused"], 0, answer.body)
                self.learn(name, answer, t)

    @staticmethod
    def learn(name, answer, t):
        """What later operations need."""
        if name == "consent_give":
            t["consents"] = [t["consent"], answer.json["consent"]]
        elif name == "face_create":
            t["second"] = answer.json["face"]["face"]
        elif name == "person_create":
            t["new"] = answer.json["person"]
        elif name == "people_create_batch":
            t["gone"] = answer.json["results"][0]["id"]


del Asking  # is not run by itself
