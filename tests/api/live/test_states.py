"""ETag and If-Match: a person's tag names all that a look shows, and what is deleted must be what was seen."""
from world import Api, in_time, picture, setUpModule, stamp, tearDownModule, until, world  # pylint: disable=unused-import


class States(Api):
    """What the tags are over."""

    def test_a_persons_tag_changes_with_all_that_is_shown(self):
        one = self.list("tagged")
        person = self.person("Tagged", "identification")["person"]
        call, face, seen = self.admin.call, {}, None

        def enrol():
            face.update(self.enrol({"person": person}, picture("Anna"))["face"])

        steps = [
            lambda: call("person_change", 200, person=person, body={"name": "Renamed"}),
            lambda: call("consent_give", 201, person=person, body={"purpose": "attendance", "method": "form"}),
            lambda: call("member_add", 200, list_id=one["list_id"], person=person),
            enrol,
            lambda: call("list_change", 200, list_id=one["list_id"], body={"name": "tagged anew"}),
            lambda: call("face_delete", 204, face=face["face"]),
            lambda: call("member_remove", 204, list_id=one["list_id"], person=person),
            lambda: call("consent_withdraw", 200, person=person, consent=seen.json["consents"][-1]["consent"]),
        ]
        for step in steps:
            seen = call("person_get", 200, person=person)
            self.assertEqual(call("person_get", 200, person=person).etag, seen.etag)
            step()
            self.assertNotEqual(call("person_get", 200, person=person).json, seen.json)
            self.refused(call("person_change", 412, person=person, body={"name": "X"}, If_Match=seen.etag), 412, "precondition_failed")
        seen = call("person_get", 200, person=person)
        changed = call("person_change", 200, person=person, body={"name": "Y"}, If_Match=seen.etag)
        self.assertEqual(changed.etag, call("person_get", 200, person=person).etag)
        other = self.person("Merged", "attendance")["person"]
        merged = call("person_merge", 200, person=person, body={"from": other})
        self.assertEqual(merged.etag, call("person_get", 200, person=person).etag)

    def test_a_consent_that_ends_is_another_state(self):
        def valid(seconds):
            made = self.admin.call("person_create", (201, 400), body={"name": "Ends", "consents": [
                {"purpose": "identification", "method": "f", "until": stamp(seconds)}]})
            return made if made.status == 201 and made.json["consents"][0]["state"] == "valid" else None
        made = in_time(valid)
        given = {"person": made.json["person"]}
        seen = self.admin.call("person_get", 200, **given)
        self.assertEqual(seen.etag == made.etag, seen.json == made.json)
        until(lambda: self.admin.call("person_get", 200, **given).json["consents"][0]["state"] != "valid")
        self.refused(self.admin.call("person_change", 412, body={"name": "X"}, If_Match=made.etag, **given), 412, "precondition_failed")

    def test_who_sees_fewer_lists_is_not_told_of_changes_in_others(self):
        here = self.list("seen")["list_id"]
        self.list("unseen")
        person = self.person("In both", "identification", lists=["seen", "unseen"])["person"]
        caller = world.user("sees-one", ["operator"], lists=[here])
        seen = caller.call("person_get", 200, person=person)
        self.admin.call("list_change", 200, list_id=self.admin.call("lists_list", 200, like="unseen").json["lists"][0]["list_id"],
                        body={"name": "unseen anew"})
        again = caller.call("person_get", 200, person=person)
        self.assertEqual((again.json, again.etag), (seen.json, seen.etag))

    def test_a_faces_tag_is_over_what_the_face_shows(self):
        keep, goes = (self.person(n, "identification") for n in ("Stays one", "Was two"))
        face = {"face": self.enrol(goes, picture("Fanny"))["face"]["face"]}
        seen = self.admin.call("face_get", 200, **face)
        self.admin.call("person_change", 200, person=goes["person"], body={"name": "Another name"})
        self.assertEqual(self.admin.call("face_get", 200, **face).etag, seen.etag)
        self.admin.call("person_merge", 200, person=keep["person"], body={"from": goes["person"]})
        self.refused(self.admin.call("face_delete", 404, If_Match=seen.etag, **face), 404, "not_found")
        moved, = self.admin.call("person_faces", 200, person=keep["person"]).json["faces"]
        now = self.admin.call("face_get", 200, face=moved["face"])
        self.assertEqual((now.json, now.etag == seen.etag), (moved, False))
        self.admin.call("face_delete", 204, face=moved["face"], If_Match=now.etag)

    def test_what_is_deleted_is_what_was_seen(self):
        call = self.admin.call
        made = {
            "list": ("list_id", call("list_create", 201, body={"name": "goes", "purpose": "attendance"}).json["list_id"], "list_delete", {"sound": True}),
            "user": ("user", call("user_create", 201, body={"login": "goes", "name": "G", "roles": ["auditor"]}).json["user"], "user_delete", {"name": "H"}),
            "role": ("role", call("role_create", 201, body={"role": "goes", "rights": []}).json["role"], "role_delete", {"text": "t"}),
            "token": ("token", call("token_create", 201, body={"name": "goes", "rights": []}).json["token"], "token_revoke", {"name": "h"}),
            "account": ("account", call("account_create", 201, body={"name": "goes", "admin_login": "b"}).json["account"], "account_delete",
                        {"comment": "c"}),
        }
        for kind, (name, value, delete, change) in made.items():
            with self.subTest(kind):
                given = {name: value}
                seen = call(f"{kind}_get", 200, **given).etag
                call(f"{kind}_change", 200, body=change, **given)
                self.refused(call(delete, 412, If_Match=seen, **given), 412, "precondition_failed")
                self.refused(call(delete, 412, If_Match="no tag", **given), 412, "precondition_failed")
                call(delete, 204, If_Match=call(f"{kind}_get", 200, **given).etag, **given)
                self.refused(call(delete, 404, If_Match="*", **given), 404, "not_found")
