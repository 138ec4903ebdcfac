"""People: create, read, change, erase, find; and the custom fields of a deployment."""
import csv
import io

from world import Api, NO_ID, setUpModule, stamp, tearDownModule, world  # pylint: disable=unused-import


class Records(Api):
    """Create, read, change, erase."""

    def test_one_life(self):
        one = self.list("staff of records")
        body = {"name": "Anna Kern", "external_id": "E-1042", "user_data": "line\nline", "lists": [one["name"]],
                "consents": [{"purpose": "identification", "method": "signed form", "evidence": "cabinet 4"}]}
        made = self.admin.call("person_create", 201, body=body)
        person = made.json
        self.assertEqual(made.header("Location"), f"/v1/people/{person['person']}")
        for key in ("name", "external_id", "user_data", "lists"):
            self.assertEqual(person[key], body[key])
        self.assertEqual((person["active"], person["faces"], person["avatar_face"]), (True, [], None))
        self.assertEqual((person["consents"][0]["state"], person["consents"][0]["evidence"]), ("valid", "cabinet 4"))
        got = self.admin.call("person_get", 200, person=person["person"])
        self.assertEqual((got.json, got.etag), (person, made.etag))
        changed = self.admin.call("person_change", 200, person=person["person"], body={"name": "Anna Berg", "external_id": None})
        self.assertEqual((changed.json["name"], changed.json["external_id"], changed.json["user_data"]), ("Anna Berg", None, "line\nline"))
        self.assertNotEqual(changed.etag, made.etag)
        erased = self.admin.call("person_erase", 200, person=person["person"]).json
        self.assertEqual((erased["person"], erased["erased"], erased["consents"]), (person["person"], True, 1))
        for name in ("person_get", "person_erase", "person_consents", "person_faces", "person_avatar"):
            self.refused(self.admin.call(name, 404, person=person["person"]), 404, "not_found")
        self.refused(self.admin.call("person_change", 404, person=person["person"], body={"name": "X"}), 404, "not_found")
        actions = self.actions(person["person"])
        for action in ("person.create", "person.view", "person.change", "person.erase"):
            self.assertIn(action, actions)

    def test_if_match(self):
        person = self.admin.call("person_create", 201, body={"name": "A"})
        given = {"person": person.json["person"]}
        first = self.admin.call("person_change", 200, body={"name": "B"}, If_Match=person.etag, **given)
        self.refused(self.admin.call("person_change", 412, body={"name": "C"}, If_Match=person.etag, **given), 412, "precondition_failed")
        self.refused(self.admin.call("person_change", 412, body={"name": "C"}, If_Match='"strange"', **given), 412, "precondition_failed")
        self.admin.call("person_change", 200, body={"name": "D"}, If_Match="*", **given)
        self.refused(self.admin.call("person_change", 412, body={"name": "E"}, If_Match=first.etag, **given), 412, "precondition_failed")
        self.assertEqual(self.admin.call("person_get", 200, **given).json["name"], "D")

    def test_an_external_id_is_one_persons(self):
        self.admin.call("person_create", 201, body={"name": "A", "external_id": "unique-1"})
        other = self.admin.call("person_create", 201, body={"name": "B"}).json
        self.refused(self.admin.call("person_create", 409, body={"name": "C", "external_id": "unique-1"}), 409, "exists")
        self.refused(self.admin.call("person_change", 409, person=other["person"], body={"external_id": "unique-1"}), 409, "exists")

    def test_what_is_refused(self):
        call = self.admin.call
        self.refused(call("person_create", (400, 404), body={"name": "A", "lists": ["no such list"]}), 400, "invalid", "no such list")
        self.refused(call("person_create", 415, body=b"x", media="text/csv"), 415, "unsupported")
        self.refused(call("person_create", 413, body={"name": "A", "user_data": "x" * 300000}), 413, "limit")
        self.refused(call("person_create", 400, body={"name": ""}), 400, "invalid", "/name")
        self.refused(call("person_create", 400, body={"name": "A", "consents": [
            {"purpose": "identification", "method": "f", "given": stamp(3600)}]}), 400, "invalid", "future")
        self.list("needs consent")
        self.refused(call("person_create", 403, body={"name": "A", "lists": ["needs consent"]}), 403, "consent_required")
        self.assertEqual(call("people_list", 200, list="needs consent").json["people"], [])

    def test_batches(self):
        people = [{"name": f"Batch {i}", "external_id": f"batch-{i}"} for i in range(20)]
        people[7]["external_id"] = "batch-3"
        people[9]["lists"] = ["no such list"]
        report = self.admin.call("people_create_batch", 200, body={"people": people}).json
        self.assertEqual((report["done"], report["refused"]), (18, 2))
        self.assertEqual([i for i, r in enumerate(report["results"]) if "error" in r], [7, 9])
        self.assertEqual(report["results"][7]["error"]["code"], "exists")
        ids = [r["id"] for r in report["results"] if "id" in r]
        erased = self.admin.call("people_erase_batch", 200, body={"people": ids + [NO_ID]}).json
        self.assertEqual((erased["done"], erased["refused"]), (18, 1))
        self.assertEqual(erased["results"][-1]["error"]["code"], "not_found")
        self.assertEqual(self.admin.call("people_list", 200, like="Batch ").json["people"], [])
        for name, body in (("people_create_batch", {"people": []}), ("people_erase_batch", {"people": []}), ("people_erase_batch", {"people": ids[:1] * 2}),
                           ("people_create_batch", {"people": [{"name": "A"}] * 1001})):
            self.refused(self.admin.call(name, 400, body=body), 400, "invalid")
        for name in ("people_create_batch", "people_erase_batch"):
            self.refused(self.admin.call(name, 415, body=b"x", media="text/plain"), 415, "unsupported")

    def test_merge(self):
        keep, goes = self.person("Keep", "identification", external_id="keep-1"), self.person("Goes", "verification")
        merged = self.admin.call("person_merge", 200, person=keep["person"], body={"from": goes["person"]}).json
        self.assertEqual((merged["name"], {c["purpose"] for c in merged["consents"]}), ("Keep", {"identification", "verification"}))
        self.refused(self.admin.call("person_get", 404, person=goes["person"]), 404, "not_found")
        self.refused(self.admin.call("person_merge", 404, person=keep["person"], body={"from": goes["person"]}), 404, "not_found")
        self.refused(self.admin.call("person_merge", 409, person=keep["person"], body={"from": keep["person"]}), 409, "conflict")
        self.refused(self.admin.call("person_merge", 415, person=keep["person"], body=b"x", media="text/plain"), 415, "unsupported")
        self.assertIn("person.merge", self.actions(keep["person"]))

    def test_who_withdrew_under_one_name_has_withdrawn(self):
        keep, goes = self.person("Agreed", "identification"), self.person("Withdrew", "identification")
        self.admin.call("consent_withdraw", 200, person=goes["person"], consent=goes["consents"][0]["consent"])
        merged = self.admin.call("person_merge", 200, person=keep["person"], body={"from": goes["person"]}).json
        self.assertEqual({c["state"] for c in merged["consents"]}, {"withdrawn"})
        self.assertIn("biometrics.erase", self.actions(keep["person"]))


class Find(Api):
    """GET /v1/people: pages, filters, sorting, tables."""

    @classmethod
    def setUpClass(cls):
        api = cls()
        api.setUp()
        cls.one = api.list("found")
        cls.ids = [api.person(f"Find {i:02}", *(["identification"] if i % 2 else []), external_id=f"find-{i}",
                              **({"lists": ["found"]} if i % 2 else {}), active=i != 5)["person"] for i in range(25)]

    def test_pages(self):
        for sort, field, back in (("created", "created", False), ("-created", "created", True), ("name", "name", False), ("-name", "name", True),
                                  ("updated", "updated", False), ("-updated", "updated", True)):
            for limit in (1, 7, 25, 1000):
                rows = self.admin.pages("people_list", "people", like="Find ", sort=sort, limit=limit)
                self.assertEqual(len(rows), 25, (sort, limit))
                self.assertEqual(len({r["person"] for r in rows}), 25)
                values = [r[field] for r in rows]
                self.assertEqual(values, sorted(values, reverse=back), sort)

    def test_a_page_stays_whole_while_others_write(self):
        first = self.admin.call("people_list", 200, like="Find ", sort="created", limit=10).json
        more = self.person("Find later")
        gone = self.person("Find gone")
        self.admin.call("person_erase", 200, person=gone["person"])
        rows, cursor = first["people"], first["next"]
        while cursor:
            page = self.admin.call("people_list", 200, like="Find ", sort="created", limit=10, cursor=cursor).json
            rows, cursor = rows + page["people"], page["next"]
        names = [r["person"] for r in rows]
        self.assertEqual(len(set(names)), len(names))
        self.assertLessEqual(set(self.ids), set(names))
        self.admin.call("person_erase", 200, person=more["person"])

    def test_filters(self):
        def found(**given):
            return {r["person"] for r in self.admin.pages("people_list", "people", **given)} & set(self.ids)
        self.assertEqual(found(external_id="find-3"), {self.ids[3]})
        self.assertEqual(found(like="find 0"), set(self.ids[:10]))
        self.assertEqual(found(like="FIND-2"), {self.ids[2], *self.ids[20:25]})
        self.assertEqual(found(like="%"), set())
        self.assertEqual(found(like="_"), set())
        self.assertEqual(found(list="found"), set(self.ids[1::2]))
        self.assertEqual(found(list=self.one["list_id"]), set(self.ids[1::2]))
        self.assertEqual(found(active=False), {self.ids[5]})
        self.assertEqual(found(consent="identification"), set(self.ids[1::2]))
        self.assertEqual(found(consent="attendance"), set())
        self.assertEqual(found(has_faces=True), set())
        created = {r["person"]: r["created"] for r in self.admin.pages("people_list", "people", like="Find ")}
        middle = created[self.ids[12]]  # some more may be of that millisecond
        self.assertEqual(found(created_from=middle), {i for i in self.ids if created[i] >= middle})
        self.assertEqual(found(created_to=middle), {i for i in self.ids if created[i] < middle})
        self.assertEqual(found(like="Find 1", list="found", active=True), set(self.ids[11:20:2]))

    def test_cursors_belong_to_their_question(self):
        cursor = self.admin.call("people_list", 200, like="Find ", limit=3).json["next"]
        self.refused(self.admin.call("people_list", 400, cursor=("B" if cursor[0] == "A" else "A") + cursor[1:]), 400, "invalid", "cursor")
        self.refused(self.admin.call("faces_list", 400, cursor=cursor), 400, "invalid", "cursor")

    def test_a_table(self):
        answer = self.admin.call("people_list", 200, like="Find ", limit=10, headers={"Accept": "text/csv"})
        self.assertTrue(answer.header("Content-Type").startswith("text/csv"))
        rows = list(csv.DictReader(io.StringIO(answer.body.decode())))
        self.assertEqual([r["name"] for r in rows], [f"Find {i:02}" for i in range(10)])
        more = self.admin.call("people_list", 200, like="Find ", limit=100, cursor=answer.header("X-Next-Cursor"), headers={"Accept": "text/csv"})
        self.assertIsNone(more.header("X-Next-Cursor"))
        self.assertEqual(len(list(csv.DictReader(io.StringIO(more.body.decode())))), 15)
        self.refused(world.role_user("operator").call("people_list", 403, headers={"Accept": "text/csv"}), 403, "forbidden", "people.export")

    def test_a_table_runs_nothing(self):
        person = self.person('=HYPERLINK("http://x")')
        answer = self.admin.call("people_list", 200, like="HYPERLINK", headers={"Accept": "text/csv"})
        (row,) = csv.DictReader(io.StringIO(answer.body.decode()))
        self.assertEqual(row["name"], "'=HYPERLINK(\"http://x\")")
        self.admin.call("person_erase", 200, person=person["person"])


class Fields(Api):
    """Custom fields."""

    def test_defined_used_and_searched(self):
        before = self.admin.call("fields_get", 200)
        fields = [{"name": "department", "label": "Department", "type": "choice", "choices": ["Archive", "Laboratory"], "filter": True},
                  {"name": "floor", "label": "Floor", "type": "number", "filter": True}, {"name": "keys", "label": "Keys", "type": "text", "multiple": True},
                  {"name": "night", "label": "Night", "type": "boolean"}]
        put = self.admin.call("fields_put", 200, body={"fields": fields}, If_Match=before.etag)
        self.assertEqual([f["name"] for f in put.json["fields"]], ["department", "floor", "keys", "night"])
        self.refused(self.admin.call("fields_put", 412, body={"fields": fields}, If_Match=before.etag), 412, "precondition_failed")
        custom = {"department": "Archive", "floor": 3, "keys": ["a", "b"], "night": True}
        person = self.admin.call("person_create", 201, body={"name": "Fielded", "custom": custom}).json
        self.assertEqual(person["custom"], custom)
        for text in ("floor:3", "floor:3.0"):
            self.assertEqual([p["person"] for p in self.admin.pages("people_list", "people", field=[text])], [person["person"]])
        self.refused(self.admin.call("people_list", 400, field=["floor:3", "floor:4"]), 400, "invalid", "floor")
        table = self.admin.call("people_list", 200, field=["floor:3"], headers={"Accept": "text/csv"}).body.decode()
        (row,) = csv.DictReader(io.StringIO(table))
        self.assertEqual([row[f"custom.{n}"] for n in ("department", "floor", "keys", "night")], ["Archive", "3", '["a","b"]', "true"])
        for wrong in ({"department": "Kitchen"}, {"floor": "three"}, {"night": "yes"}, {"unknown": 1}, {"keys": [1]}):
            self.refused(self.admin.call("person_create", 400, body={"name": "X", "custom": wrong}), 400, "invalid")
        changed = self.admin.call("person_change", 200, person=person["person"], body={"custom": {"floor": None, "department": "Laboratory"}}).json
        self.assertEqual(changed["custom"], {"department": "Laboratory", "keys": ["a", "b"], "night": True})

        def found(*texts):
            return [p["person"] for p in self.admin.pages("people_list", "people", field=list(texts))]
        self.assertEqual(found("department:Laboratory"), [person["person"]])
        self.assertEqual(found("department:Archive"), [])
        self.refused(self.admin.call("people_list", 400, field=["keys:a"]), 400, "invalid")
        self.refused(self.admin.call("people_list", 400, field=["nothing"]), 400, "invalid")
        self.refused(self.admin.call("fields_put", 409, body={"fields": fields[1:]}), 409, "conflict")
        self.admin.call("fields_put", 200, body={"fields": fields[1:]}, drop=True)
        self.assertNotIn("department", self.admin.call("person_get", 200, person=person["person"]).json["custom"])
        self.refused(self.admin.call("fields_put", 415, body=b"x", media="text/plain"), 415, "unsupported")
        self.refused(self.admin.call("fields_put", 400, body={"fields": [fields[1]] * 2}), 400, "invalid")
