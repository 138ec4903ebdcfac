"""Consents, and lists with their members."""
import csv
import io

from world import Api, NO_ID, setUpModule, stamp, tearDownModule, until, world  # pylint: disable=unused-import

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


class Consents(Api):
    """What people agreed to."""

    def test_given_kept_and_withdrawn(self):
        person = self.person("Agrees")["person"]
        made = self.admin.call("consent_give", 201, person=person, body={"purpose": "identification", "method": "web form", "until": stamp(86400)})
        consent = made.json
        self.assertEqual(made.header("Location"), f"/v1/people/{person}/consents/{consent['consent']}")
        self.assertEqual((consent["state"], consent["withdrawn"], consent["evidence"]), ("valid", None, None))
        given = {"person": person, "consent": consent["consent"]}
        self.assertEqual(self.admin.call("consent_get", 200, **given).json, consent)
        self.assertEqual(self.admin.call("consent_withdraw", 200, **given).json["state"], "withdrawn")
        self.refused(self.admin.call("consent_withdraw", 409, **given), 409, "conflict")
        again = self.admin.call("consent_give", 201, person=person, body={"purpose": "identification", "method": "web form"}).json
        history = self.admin.pages("person_consents", "consents", person=person, limit=1)
        self.assertEqual([c["consent"] for c in history], [again["consent"], consent["consent"]])
        actions = self.actions(person)
        for action in ("consent.give", "consent.withdraw", "consent.view"):
            self.assertIn(action, actions)

    def test_as_a_table(self):
        person = self.person("In a table", "verification")["person"]
        answer = self.admin.call("consents_list", 200, purpose="verification", headers={"Accept": "text/csv"})
        (row,) = [r for r in csv.DictReader(io.StringIO(answer.body.decode())) if r["person"] == person]
        self.assertEqual((row["purpose"], row["state"], row["method"], row["withdrawn"]), ("verification", "valid", "test form", ""))
        self.refused(world.role_user("operator").call("consents_list", 403, headers={"Accept": "text/csv"}), 403, "forbidden", "people.export")

    def test_the_file_that_proves_it(self):
        person = self.person("Proves", "identification")
        given = {"person": person["person"], "consent": person["consents"][0]["consent"]}
        self.refused(self.admin.call("evidence_get", 404, **given), 404, "not_found")
        self.refused(self.admin.call("evidence_put", 415, body=b"text", media="text/plain", **given), 415, "unsupported")
        self.refused(self.admin.call("evidence_put", (400, 415, 422), body=b"no pdf", media="application/pdf", **given), 415, "unsupported")
        self.refused(self.admin.call("evidence_put", 413, body=PDF + b"\0" * (16 << 20), media="application/pdf", **given), 413, "limit")
        self.admin.call("evidence_put", 204, body=PDF, media="application/pdf", **given)
        self.refused(self.admin.call("evidence_put", 409, body=PDF + b"other", media="application/pdf", **given), 409, "exists")
        answer = self.admin.call("evidence_get", 200, **given)
        self.assertEqual((answer.body, answer.header("Content-Type")), (PDF, "application/pdf"))
        part = self.admin.call("evidence_get", 206, headers={"Range": "bytes=1-3"}, **given)
        self.assertEqual((part.body, part.header("Content-Range")), (PDF[1:4], f"bytes 1-3/{len(PDF)}"))
        self.admin.call("evidence_get", 304, headers={"If-None-Match": answer.etag}, **given)
        self.assertIs(self.admin.call("consent_get", 200, **given).json["evidence_file"], True)
        for name in ("evidence_get", "consent_get", "consent_withdraw"):
            self.refused(self.admin.call(name, 404, **{**given, "consent": NO_ID}), 404, "not_found")
        self.refused(self.admin.call("evidence_put", 404, body=PDF, media="application/pdf", **{**given, "consent": NO_ID}), 404, "not_found")

    def test_of_everybody(self):
        soon = self.admin.call("person_create", 201, body={"name": "Soon", "consents": [
            {"purpose": "attendance", "method": "f", "until": stamp(3600)}]}).json
        self.person("Never", "attendance")
        rows = self.admin.pages("consents_list", "consents", purpose="attendance", state="valid", until_to=stamp(7200), limit=1)
        self.assertEqual([r["person"] for r in rows], [soon["person"]])
        self.assertEqual(len(self.admin.pages("consents_list", "consents", purpose="attendance")), 2)
        self.assertEqual(self.admin.call("consents_list", 200, purpose="attendance", state="withdrawn").json["consents"], [])

    def test_what_is_refused(self):
        person, call = self.person("Refuses")["person"], self.admin.call
        body = {"purpose": "identification", "method": "form"}
        self.refused(call("consent_give", 400, person=person, body={**body, "purpose": "surveillance"}), 400, "invalid", "/purpose")
        self.refused(call("consent_give", 400, person=person, body={**body, "given": stamp(3600)}), 400, "invalid", "future")
        self.refused(call("consent_give", 400, person=person, body={**body, "until": stamp(-3600)}), 400, "invalid")
        self.refused(call("consent_give", 404, person=NO_ID, body=body), 404, "not_found")
        self.refused(call("consent_give", 415, person=person, body=b"x", media="text/plain"), 415, "unsupported")
        self.refused(call("consent_give", 413, person=person, body={**body, "method": "x" * 20000}), 413, "limit")


class Lists(Api):
    """Groups of people with one purpose."""

    def test_one_life(self):
        body = {"name": "visitors", "purpose": "identification", "comment": "c", "retention_s": 86400, "fmr": 1e-5, "color": "#2f6fde",
                "acknowledge": True, "sound": True}
        made = self.admin.call("list_create", 201, body=body)
        one = made.json
        self.assertEqual({k: one[k] for k in body}, body)
        self.assertEqual((one["active"], one["members"]), (True, 0))
        given = {"list_id": one["list_id"]}
        got = self.admin.call("list_get", 200, **given)
        self.assertEqual((got.json, got.etag), (one, made.etag))
        changed = self.admin.call("list_change", 200, body={"name": "guests", "retention_s": None, "fmr": None, "color": None}, If_Match=got.etag, **given)
        self.assertEqual((changed.json["name"], changed.json["retention_s"], changed.json["fmr"], changed.json["color"]), ("guests", None, None, None))
        self.refused(self.admin.call("list_change", 412, body={"name": "x"}, If_Match=got.etag, **given), 412, "precondition_failed")
        self.refused(self.admin.call("list_change", 400, body={"purpose": "attendance"}, **given), 400, "invalid", "/purpose")
        self.admin.call("list_delete", 204, **given)
        for name in ("list_get", "list_delete", "members_list"):
            self.refused(self.admin.call(name, 404, **given), 404, "not_found")
        self.refused(self.admin.call("list_change", 404, body={"name": "x"}, **given), 404, "not_found")
        self.refused(self.admin.call("members_change", 404, body={"add": [NO_ID]}, **given), 404, "not_found")
        actions = self.actions(one["list_id"])
        for action in ("list.create", "list.change", "list.delete"):
            self.assertIn(action, actions)

    def test_names_are_unique(self):
        self.list("taken")
        other = self.list("other")
        self.refused(self.admin.call("list_create", 409, body={"name": "taken", "purpose": "attendance"}), 409, "exists")
        self.refused(self.admin.call("list_change", 409, list_id=other["list_id"], body={"name": "taken"}), 409, "exists")
        for name in ("list_create",):
            self.refused(self.admin.call(name, 415, body=b"x", media="text/plain"), 415, "unsupported")
        self.refused(self.admin.call("list_change", 415, list_id=other["list_id"], body=b"x", media="text/plain"), 415, "unsupported")
        self.refused(self.admin.call("list_create", 413, body={"name": "x" * 20000, "purpose": "attendance"}), 413, "limit")

    def test_found(self):
        made = [self.list(f"findable {i}", "attendance" if i % 2 else "verification", active=i != 3) for i in range(6)]
        for sort in ("name", "-name", "created", "-created"):
            rows = self.admin.pages("lists_list", "lists", like="FINDABLE", sort=sort, limit=2)
            values = [r[sort.strip("-")] for r in rows]
            self.assertEqual((len(rows), values), (6, sorted(values, reverse=sort.startswith("-"))))
        self.assertEqual(len(self.admin.pages("lists_list", "lists", like="findable", purpose="attendance")), 3)
        (row,) = self.admin.pages("lists_list", "lists", like="findable", active=False)
        self.assertEqual(row["list_id"], made[3]["list_id"])
        answer = self.admin.call("lists_list", 200, like="findable", headers={"Accept": "text/csv"})
        self.assertEqual(len(list(csv.DictReader(io.StringIO(answer.body.decode())))), 6)
        self.refused(world.role_user("operator").call("lists_list", 403, headers={"Accept": "text/csv"}), 403, "forbidden")

    def test_members(self):
        one = self.list("members here", retention_s=3600)
        given = {"list_id": one["list_id"]}
        people = [self.person(f"Member {i}", "identification")["person"] for i in range(5)]
        without = self.person("No consent")["person"]
        added = self.admin.call("member_add", 200, person=people[0], **given).json
        self.assertEqual((added["person"], added["name"], added["list_id"]), (people[0], "Member 0", one["list_id"]))
        self.assertIsNotNone(added["until"])
        self.admin.call("member_add", 200, person=people[0], **given)
        self.refused(self.admin.call("member_add", 403, person=without, **given), 403, "consent_required")
        report = self.admin.call("members_change", 200, body={"add": people[1:] + [without, NO_ID], "remove": [people[0]]}, **given).json
        self.assertEqual((report["done"], report["refused"]), (5, 2))
        self.assertEqual([r.get("error", {}).get("code") for r in report["results"]], [None] * 4 + ["consent_required", "not_found", None])
        self.assertEqual({m["person"] for m in self.admin.pages("members_list", "members", limit=2, **given)}, set(people[1:]))
        self.assertEqual(self.admin.call("list_get", 200, **given).json["members"], 4)
        answer = self.admin.call("members_list", 200, headers={"Accept": "text/csv"}, **given)
        self.assertEqual(len(list(csv.DictReader(io.StringIO(answer.body.decode())))), 4)
        self.refused(world.role_user("operator").call("members_list", 403, headers={"Accept": "text/csv"}, **given), 403, "forbidden")
        self.admin.call("member_remove", 204, person=people[1], **given)
        self.refused(self.admin.call("member_remove", 404, person=people[1], **given), 404, "not_found")
        self.refused(self.admin.call("member_add", 404, person=NO_ID, **given), 404, "not_found")
        self.assertEqual(self.admin.call("members_change", 200, body={}, **given).json, {"done": 0, "refused": 0, "results": []})
        self.refused(self.admin.call("members_change", 415, body=b"x", media="text/plain", **given), 415, "unsupported")
        self.refused(self.admin.call("members_change", 413, body=b'"' + b" " * 140000 + b'"', media="application/json", **given), 413, "limit")
        self.admin.call("list_delete", 204, **given)
        self.admin.call("person_get", 200, person=people[2])

    def test_a_membership_ends(self):
        one, stays = self.list("one second", retention_s=1), self.list("stays")
        given = {"list_id": one["list_id"]}
        person = self.person("Brief", "identification", lists=["stays"])["person"]
        kept = world.user("kept-to-brief", ["operator"], lists=[one["list_id"]])
        added = self.admin.call("member_add", 200, person=person, **given).json
        self.assertGreater(added["until"], added["added"])
        until(lambda: self.admin.call("list_get", 200, **given).json["members"] == 0)
        self.assertEqual(self.admin.pages("members_list", "members", **given), [])
        self.assertEqual(self.admin.pages("people_list", "people", list="one second"), [])
        self.assertEqual([l["members"] for l in self.admin.pages("lists_list", "lists", like="one second")], [0])
        self.assertEqual(self.admin.call("person_get", 200, person=person).json["lists"], ["stays"])
        self.refused(self.admin.call("member_remove", 404, person=person, **given), 404, "not_found")
        self.refused(kept.call("person_get", 404, person=person), 404, "not_found")
        self.admin.call("member_add", 200, person=person, list_id=stays["list_id"])
        self.admin.call("list_change", 200, body={"retention_s": None}, **given)
        self.assertEqual(self.admin.call("list_get", 200, **given).json["members"], 0)

    def test_who_is_kept_to_lists_sees_no_others(self):
        here, there = self.list("kept here"), self.list("kept there")
        inside = self.person("Inside", "identification", lists=["kept here"])["person"]
        outside = self.person("Outside", "identification", lists=["kept there"])["person"]
        both = self.person("Both", "identification", lists=["kept here", "kept there"])["person"]
        caller = world.user("kept-to-list", ["operator"], lists=[here["list_id"]])
        self.assertEqual(caller.call("me_get", 200).json["lists"], [here["list_id"]])
        self.assertEqual({p["person"] for p in caller.pages("people_list", "people", list="kept here")}, {inside, both})
        self.assertEqual([p["person"] for p in caller.pages("people_list", "people")], [inside, both])
        self.refused(caller.call("people_list", 404, list="kept there"), 404, "not_found")
        caller.call("person_get", 200, person=inside)
        self.assertEqual(caller.call("person_get", 200, person=both).json["lists"], ["kept here"])
        for name in ("person_get", "person_consents", "person_faces", "person_erase"):
            self.refused(caller.call(name, 404, person=outside), 404, "not_found")
        self.refused(caller.call("person_erase", (403, 404), person=both), 403, "forbidden")
        self.refused(caller.call("member_add", 404, list_id=there["list_id"], person=inside), 404, "not_found")
        self.refused(caller.call("person_create", 400, body={"name": "X", "lists": ["kept there"],
                                                             "consents": [{"purpose": "identification", "method": "f"}]}), 400, "invalid")
        caller.call("person_create", 201, body={"name": "X", "lists": ["kept here"], "consents": [{"purpose": "identification", "method": "f"}]})
