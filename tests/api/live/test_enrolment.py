"""Enrolled faces: enrolment, duplicates, samples, originals, descriptors."""
import csv
import io

from world import Api, NO_ID, group_picture, need_pictures, picture, tearDownModule, world  # pylint: disable=unused-import


def setUpModule():  # pylint: disable=invalid-name
    """Originals are kept where that is asked for."""
    world.start(face__originals="true")


class Faces(Api):
    """Enrolment, duplicates, samples, originals, descriptors."""

    def setUp(self):
        super().setUp()
        need_pictures()

    def test_one_life(self):
        person = self.person("Anna", "verification")
        made = self.admin.call("face_create", 201, person=person["person"], body=picture("Anna"), media="image/jpeg", keep_original=True, source="door 7")
        face = made.json["face"]
        self.assertEqual(made.header("Location"), f"/v1/faces/{face['face']}")
        self.assertEqual((made.json["outcome"], face["source"], face["person"]), ("enrolled", "door 7", person["person"]))
        again = self.admin.call("face_create", 201, person=person["person"], body=picture("Anna"), media="image/jpeg").json
        self.assertEqual((again["outcome"], again["face"]["face"]), ("already", face["face"]))
        seen = self.admin.call("face_get", 200, face=face["face"])
        self.assertEqual((seen.json, seen.etag), (face, made.etag))
        self.assertEqual(self.admin.pages("person_faces", "faces", person=person["person"], limit=1), [face])
        self.media("sample_get", {"sample": face["sample"]}, "image/jpeg")
        self.media("original_get", {"original": face["original"]}, "image/jpeg", picture("Anna"))
        self.media("person_avatar", {"person": person["person"]}, "image/jpeg")
        self.admin.call("original_delete", 204, original=face["original"])
        for name in ("original_get", "original_delete"):
            self.refused(self.admin.call(name, 404, original=face["original"]), 404, "not_found")
        self.assertIsNone(self.admin.call("face_get", 200, face=face["face"]).json["original"])
        for old in (seen.etag, '"no tag"'):
            self.refused(self.admin.call("face_delete", 412, face=face["face"], If_Match=old), 412, "precondition_failed")
        self.admin.call("face_delete", 204, face=face["face"], If_Match=self.admin.call("face_get", 200, face=face["face"]).etag)
        self.refused(self.admin.call("face_delete", 404, face=face["face"], If_Match="*"), 404, "not_found")
        for name in ("face_get", "face_delete", "descriptor_get"):
            self.refused(self.admin.call(name, 404, face=face["face"]), 404, "not_found")
        self.refused(self.admin.call("sample_get", 404, sample=face["sample"]), 404, "not_found")
        self.refused(self.admin.call("person_avatar", 404, person=person["person"]), 404, "not_found")
        actions = self.actions(person["person"]) + self.actions(face["face"])
        for action in ("person.enrol", "face.sample", "face.original", "face.delete"):
            self.assertIn(action, actions)

    def media(self, name, given, kind, bytes_=None):
        """Whole, in parts, and not again."""
        whole = self.admin.call(name, 200, **given)
        self.assertEqual(whole.header("Content-Type"), kind)
        if bytes_:
            self.assertEqual(whole.body, bytes_)
        part = self.admin.call(name, 206, headers={"Range": "bytes=10-19"}, **given)
        self.assertEqual((part.body, part.header("Content-Range")), (whole.body[10:20], f"bytes 10-19/{len(whole.body)}"))
        last = self.admin.call(name, 206, headers={"Range": "bytes=-5"}, **given)
        self.assertEqual(last.body, whole.body[-5:])
        self.refused(self.admin.call(name, 416, headers={"Range": f"bytes={len(whole.body)}-"}, **given), 416, "range")
        self.admin.call(name, 304, headers={"If-None-Match": whole.etag}, **given)
        self.admin.call(name, 200, headers={"If-None-Match": '"other"'}, **given)
        self.assertIn("private", whole.header("Cache-Control"))

    def test_consent_comes_first(self):
        call, image = self.admin.call, {"body": picture("Berta"), "media": "image/jpeg"}
        without = self.person("Without")
        self.refused(call("face_create", 403, person=without["person"], **image), 403, "consent_required")
        withdrawn = self.person("Withdrawn", "verification")
        call("consent_withdraw", 200, person=withdrawn["person"], consent=withdrawn["consents"][0]["consent"])
        self.refused(call("face_create", 403, person=withdrawn["person"], **image), 403, "consent_required")
        self.assertEqual(call("person_faces", 200, person=without["person"]).json["faces"], [])

    def test_what_is_refused(self):
        person, call = self.person("Refused", "verification")["person"], self.admin.call
        self.refused(call("face_create", 422, person=person, body=b"P6\n64 64\n255\n" + b"\x80" * 12288), 422, "no_face")
        self.refused(call("face_create", 422, person=person, body=group_picture(), media="image/jpeg"), 422, "several_faces")
        self.refused(call("face_create", 422, person=person, body=picture("Anna"), media="image/jpeg", min_quality=1), 422, "low_quality")
        self.refused(call("face_create", 415, person=person, body=b"nothing"), 415, "unsupported")
        self.refused(call("face_create", 404, person=NO_ID, body=picture("Anna"), media="image/jpeg"), 404, "not_found")
        self.refused(call("face_create", 400, person=person, body={"type": "person", "person": NO_ID}), 400, "invalid", "name the face")
        for kind in ("sample", "face", "attribute"):
            self.refused(call("face_create", 404, person=person, body={"type": kind, kind: NO_ID}), 404, "not_found")

    def test_somebody_looks_the_same(self):
        one = self.list("duplicates")
        first = self.enrolled("Clara", one)
        second = self.person("Clara again", "identification", lists=["duplicates"])
        image = {"body": picture("Clara", "-quality", "85"), "media": "image/jpeg"}
        refused = self.refused(self.admin.call("face_create", 409, person=second["person"], on_duplicate="refuse", **image), 409, "duplicate")
        self.assertEqual(refused.json["duplicates"][0]["person"], first["person"])

        def ask():
            made = self.admin.call("face_create", 202, person=second["person"], **image).json
            self.assertEqual((made["person"], made["duplicates"][0]["person"]), (second["person"], first["person"]))
            self.assertEqual(self.admin.call("decision_get", 200, decision=made["decision"]).json, made)
            return made["decision"]

        decision = ask()
        self.assertEqual(self.admin.call("person_faces", 200, person=second["person"]).json["faces"], [])
        self.admin.call("decision_make", 204, decision=decision, body={"action": "cancel"})
        self.refused(self.admin.call("decision_get", 404, decision=decision), 404, "not_found")
        self.refused(self.admin.call("decision_make", 404, decision=decision, body={"action": "cancel"}), 404, "not_found")
        decision = ask()
        self.refused(self.admin.call("decision_make", 400, decision=decision, body={"action": "merge"}), 400, "invalid")
        self.refused(self.admin.call("decision_make", 415, decision=decision, body=b"x", media="text/plain"), 415, "unsupported")
        merged = self.admin.call("decision_make", 200, decision=decision, body={"action": "merge", "person": first["person"]}).json
        self.assertEqual(merged["person"], first["person"])
        created = self.admin.call("decision_make", 200, decision=ask(), body={"action": "create"}).json
        self.assertEqual(created["person"], second["person"])

    def test_found_and_deleted_together(self):
        self.list("faces here")
        people = [self.person(f"Face of {n}", "identification", lists=["faces here"]) for n in ("Dora", "Elena", "Fanny")]
        faces = [self.enrol(p, picture(n))["face"] for p, n in zip(people, ("Dora", "Elena", "Fanny"))]
        for sort in ("created", "-created", "quality", "-quality"):
            rows = self.admin.pages("faces_list", "faces", list="faces here", sort=sort, limit=1)
            values = [r[sort.strip("-")] for r in rows]
            self.assertEqual((len(rows), values), (3, sorted(values, reverse=sort.startswith("-"))))
        best = max(f["quality"] for f in faces)
        self.assertEqual(len(self.admin.pages("faces_list", "faces", list="faces here", min_quality=best)), 1)
        answer = self.admin.call("faces_list", 200, list="faces here", headers={"Accept": "text/csv"})
        self.assertEqual(len(list(csv.DictReader(io.StringIO(answer.body.decode())))), 3)
        self.refused(world.role_user("operator").call("faces_list", 403, headers={"Accept": "text/csv"}), 403, "forbidden")
        ids = [f["face"] for f in faces]
        report = self.admin.call("faces_delete_batch", 200, body={"faces": ids[:2] + [NO_ID]}).json
        self.assertEqual((report["done"], report["refused"], report["results"][2]["error"]["code"]), (2, 1, "not_found"))
        self.assertEqual([f["face"] for f in self.admin.pages("faces_list", "faces", list="faces here")], ids[2:])
        self.refused(self.admin.call("faces_delete_batch", 415, body=b"x", media="text/plain"), 415, "unsupported")

    def test_descriptors_go_out_and_in(self):
        self.list("described")
        person = self.person("Greta", "identification", lists=["described"])
        face = self.enrol(person, picture("Greta"))["face"]
        one = self.admin.call("descriptor_get", 200, face=face["face"]).json
        (exported,) = self.admin.pages("descriptors_export", "descriptors", list="described", limit=1)
        self.assertEqual(exported, one)
        self.refused(self.admin.call("descriptors_export", 404, list="no such list"), 404, "not_found")
        self.refused(self.admin.call("descriptors_export", 400), 400, "invalid", "list")
        other, without = self.person("Imported", "identification", lists=["described"]), self.person("Without")
        row = {k: one[k] for k in ("model", "metric", "values")}
        rows = [{"person": other["person"], **row}, {"person": without["person"], **row}, {"person": NO_ID, **row},
                {"person": other["person"], **row, "model": "another-model"}, {"person": other["person"], **row, "values": [1.0]}]
        report = self.admin.call("descriptors_import", (200, 409), body={"descriptors": rows})
        if report.status == 200:
            codes = [r.get("error", {}).get("code") for r in report.json["results"]]
            self.assertEqual(codes, [None, "consent_required", "not_found", "pack_mismatch", "invalid"])
        self.assertIn(other["person"], self.identified(picture("Greta"), list=["described"]))
        self.refused(self.admin.call("descriptors_import", 415, body=b"x", media="text/plain"), 415, "unsupported")
        large = b'"' + b" " * (64 << 20) + b'"'
        self.refused(self.admin.call("descriptors_import", 413, body=large, media="application/json"), 413, "limit")
        operator = world.role_user("operator")
        self.refused(operator.call("descriptor_get", 403, face=face["face"]), 403, "forbidden")
        self.assertIn("descriptor.export", self.actions(face["face"]) + self.actions(person["person"]))

    def test_the_avatar_is_chosen(self):
        person = self.person("Chooses", "verification")
        first = self.enrol(person, picture("Anna"))["face"]
        second = self.enrol(person, picture("Anna", "-quality", "90"))["face"]
        for face in (first, second):
            changed = self.admin.call("person_change", 200, person=person["person"], body={"avatar_face": face["face"]}).json
            self.assertEqual(changed["avatar_face"], face["face"])
            self.assertEqual(self.admin.call("person_avatar", 200, person=person["person"]).body,
                             self.admin.call("sample_get", 200, sample=face["sample"]).body)
        self.refused(self.admin.call("person_change", (400, 404), person=person["person"], body={"avatar_face": NO_ID}), 400, "invalid")

    def test_erasing_takes_all_with_it(self):
        person = self.enrolled("Fanny", self.list("erased"))
        face = self.admin.call("person_faces", 200, person=person["person"]).json["faces"][0]
        erased = self.admin.call("person_erase", 200, person=person["person"]).json
        self.assertEqual((erased["faces"], erased["samples"], erased["consents"], erased["key_destroyed"]), (1, 1, 1, True))
        self.refused(self.admin.call("face_get", 404, face=face["face"]), 404, "not_found")
        self.refused(self.admin.call("sample_get", 404, sample=face["sample"]), 404, "not_found")
        self.assertNotIn(person["person"], self.identified(picture("Fanny")))
        self.assertIs(self.admin.call("audit_verify", 200).json["intact"], True)
