"""Many at once: each for itself, whatever becomes of the others; and what a batch may hold."""
from world import Api, NO_ID, setUpModule, tearDownModule, picture, world  # pylint: disable=unused-import


class Batches(Api):
    """Lists, consents, tokens and attributes; people and faces have theirs in test_people and test_enrolment."""

    def codes(self, report):
        """The error of each, None where it was done; and whether the counts fit."""
        codes = [r.get("error", {}).get("code") for r in report["results"]]
        self.assertEqual((report["done"], report["refused"]), (codes.count(None), len(codes) - codes.count(None)))
        return codes

    def test_lists(self):
        self.list("batch taken")
        rows = [{"name": "batch a", "purpose": "attendance", "sound": True}, {"name": "batch taken", "purpose": "attendance"},
                {"name": "batch a", "purpose": "verification"}, {"name": "batch b", "purpose": "verification", "retention_s": 60}]
        made = self.admin.call("lists_create_batch", 200, body={"lists": rows}).json
        self.assertEqual(self.codes(made), [None, "exists", "exists", None])
        ids = [made["results"][i]["id"] for i in (0, 3)]
        shown = [self.admin.call("list_get", 200, list_id=i).json for i in ids]
        self.assertEqual([(one["name"], one["purpose"], one["sound"], one["retention_s"]) for one in shown],
                         [("batch a", "attendance", True, None), ("batch b", "verification", False, 60)])
        report = self.admin.call("lists_delete_batch", 200, body={"lists": [ids[0], NO_ID, ids[1]]}).json
        self.assertEqual((self.codes(report), [r.get("id") for r in report["results"]]), ([None, "not_found", None], [ids[0], None, ids[1]]))
        self.admin.call("list_get", 404, list_id=ids[0])
        self.admin.call("lists_delete_batch", 200, body={"lists": [ids[0]]})

    def test_consents(self):
        people = [self.person(f"Agrees {i}")["person"] for i in range(3)]
        body = {"purpose": "identification", "method": "signed form"}
        rows = [{"person": people[0], **body}, {"person": NO_ID, **body}, {"person": people[1], **body, "until": "2001-01-01T00:00:00Z"},
                {"person": people[2], **body}, {"person": people[0], **body, "purpose": "attendance"}]
        made = self.admin.call("consents_give_batch", 200, body={"consents": rows}).json
        self.assertEqual(self.codes(made), [None, "not_found", "invalid", None, None])
        first = self.admin.call("person_get", 200, person=people[0]).json["consents"]
        self.assertEqual([(c["consent"], c["state"]) for c in first], [(made["results"][i]["id"], "valid") for i in (0, 4)])
        ids = [made["results"][i]["id"] for i in (0, 3)]
        report = self.admin.call("consents_withdraw_batch", 200, body={"consents": [ids[0], NO_ID, ids[1]]}).json
        self.assertEqual(self.codes(report), [None, "not_found", None])
        self.assertEqual(self.codes(self.admin.call("consents_withdraw_batch", 200, body={"consents": ids}).json), ["conflict"] * 2)
        states = [c["state"] for c in self.admin.call("person_get", 200, person=people[0]).json["consents"]]
        self.assertEqual(states, ["withdrawn", "valid"])

    def test_tokens(self):
        operator = world.user("batch-tokens", ["operator"])
        own = self.admin.call("token_create", 201, body={"name": "theirs", "rights": ["people.view"], "user": operator.record["user"]}).json
        tokens = [world.token(["people.search"]) for _ in range(2)]
        ids = [t.record["token"] for t in tokens]
        report = operator.call("tokens_revoke_batch", 200, body={"tokens": [ids[0], own["token"]]}).json
        self.assertEqual(self.codes(report), ["not_found", None])
        tokens[0].call("people_list", 200)
        self.assertEqual(self.codes(self.admin.call("tokens_revoke_batch", 200, body={"tokens": [NO_ID, *ids]}).json), ["not_found", None, None])
        for token in tokens:
            self.refused(token.call("people_list", 401), 401, "unauthenticated")
        left = world.token(["people.view"], user=operator.record["user"])
        self.admin.call("user_change", 200, user=operator.record["user"], body={"active": False})
        self.refused(left.call("tokens_revoke_batch", 403, body={"tokens": ids}), 403, "forbidden", "disabled")

    def test_attributes(self):
        made = [self.admin.call("extract", 201, body=picture(name), media="image/jpeg").json["images"][0]["faces"][0]["attribute"]["attribute"]
                for name in ("Anna", "Berta")]
        report = self.admin.call("attributes_delete_batch", 200, body={"attributes": [made[0], NO_ID]}).json
        self.assertEqual(self.codes(report), [None, "not_found"])
        self.admin.call("attribute_get", 404, attribute=made[0])
        self.admin.call("attribute_get", 200, attribute=made[1])

    def test_what_is_refused(self):
        one = {"name": "A", "purpose": "attendance"}
        for name, field, item in (("lists_create_batch", "lists", one), ("lists_delete_batch", "lists", NO_ID), ("tokens_revoke_batch", "tokens", NO_ID),
                                  ("consents_give_batch", "consents", {"person": NO_ID, "purpose": "attendance", "method": "f"}),
                                  ("consents_withdraw_batch", "consents", NO_ID), ("attributes_delete_batch", "attributes", NO_ID)):
            with self.subTest(name):
                self.refused(self.admin.call(name, 400, body={field: []}), 400, "invalid")
                many = [item] * 1001 if isinstance(item, dict) else [NO_ID[:-4] + f"{i:04x}" for i in range(1001)]
                self.refused(self.admin.call(name, 400, body={field: many}), 400, "invalid", f"/{field}")
                self.refused(self.admin.call(name, 415, body=b"x", media="text/plain"), 415, "unsupported")
                large = b'"' + b" " * (1 << 20) + b'"'
                self.refused(self.admin.call(name, 413, body=large, media="application/json"), 413, "limit")

    def test_who_is_kept_to_lists(self):
        here = self.list("batch here")["list_id"]
        there = self.list("batch there")["list_id"]
        mine = self.person("Here", "identification", lists=["batch here"])["person"]
        other = self.person("There", "identification", lists=["batch there"])
        caller = world.user("batch-kept", ["administrator"], lists=[here])
        given = {"purpose": "attendance", "method": "form"}
        report = caller.call("consents_give_batch", 200, body={"consents": [{"person": who, **given} for who in (mine, other["person"])]}).json
        self.assertEqual(self.codes(report), [None, "not_found"])
        theirs = other["consents"][0]["consent"]
        self.assertEqual(self.codes(caller.call("consents_withdraw_batch", 200, body={"consents": [theirs]}).json), ["not_found"])
        self.assertEqual(self.codes(caller.call("lists_delete_batch", 200, body={"lists": [there, here]}).json), ["not_found", None])
        self.refused(caller.call("lists_create_batch", 403, body={"lists": [{"name": "n", "purpose": "attendance"}]}), 403, "forbidden")
