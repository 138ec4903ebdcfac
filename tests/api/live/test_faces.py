"""Enrolled faces: how they come, who looks the same, looking through them, their pictures and descriptors, and how they go."""
import base64
import concurrent.futures

import world as around
from enrolled import enrol
from world import Api, NO_ID, group_picture, need_pictures, picture, tearDownModule, world  # pylint: disable=unused-import

PEOPLE = {}


def setUpModule():  # pylint: disable=invalid-name
    """Three people, each with a face."""
    need_pictures()
    world.start(face__originals="true")
    for name in ("Anna", "Berta", "Clara"):
        PEOPLE[name] = enrol(name, "staff")


def another(name, quality):
    """Another picture of the same person."""
    return picture(name, "-quality", str(quality))


class Faces(Api):
    """What they share."""

    def create(self, name, image, expect=201, **given):
        """POST /v1/people/{person}/faces."""
        more = {"body": image} if not isinstance(image, bytes) else {"body": image, "media": "image/jpeg"}
        return self.admin.call("face_create", expect, person=PEOPLE[name]["person"], **more, **given)

    def faces_of(self, name):
        """Their ids."""
        return [f["face"] for f in self.admin.pages("person_faces", "faces", person=PEOPLE[name]["person"])]


class Enrolling(Faces):
    """However a face comes."""

    def test_from_a_picture(self):
        made = self.create("Anna", another("Anna", 71), source="door 3")
        face = made.json["face"]
        self.assertEqual((made.json["outcome"], made.json["person"], made.json["duplicates"]), ("enrolled", PEOPLE["Anna"]["person"], []))
        self.assertEqual((face["source"], face["sample"], face["original"]), ("door 3", face["face"], None))
        self.assertEqual(made.header("Location"), f"/v1/faces/{face['face']}")
        self.assertEqual(self.admin.call("face_get", 200, face=face["face"]).json, face)
        self.assertEqual(self.admin.call("identify", 200, body=another("Anna", 71)).json["images"][0]["faces"][0]["candidates"][0]["face"],
                         face["face"])
        again = self.create("Anna", another("Anna", 71)).json
        self.assertEqual((again["outcome"], again["face"]), ("already", face))

    def test_from_what_is_there_already(self):
        made = self.admin.call("extract", 201, body=another("Berta", 72)).json["images"][0]["faces"][0]["attribute"]["attribute"]
        for source in ({"type": "attribute", "attribute": made}, {"type": "sample", "sample": made},
                       {"type": "face", "face": PEOPLE["Berta"]["face"]}):
            face = self.create("Berta", source).json["face"]
            self.assertEqual(face["sample"], face["face"])
            self.admin.call("sample_get", 200, sample=face["face"])
        values = self.admin.call("descriptor_get", 200, face=PEOPLE["Berta"]["face"]).json
        source = {"type": "descriptor"} | {k: values[k] for k in ("model", "metric", "values")}
        face = self.create("Berta", source).json["face"]
        self.assertEqual((face["sample"], face["quality"]), (None, 0))
        self.refused(self.admin.call("sample_get", 404, sample=face["face"]), 404, "not_found")
        got = self.admin.call("descriptor_get", 200, face=face["face"]).json["values"]
        for a, b in zip(values["values"], got):
            self.assertAlmostEqual(a, b, delta=1e-5)
        self.refused(self.create("Berta", {"type": "person", "person": PEOPLE["Berta"]["person"]}, 400), 400, "invalid")
        self.refused(self.create("Berta", {"type": "descriptor", "model": "other", "metric": "l2", "values": [1]}, 409), 409, "pack_mismatch")

    def test_an_attribute_of_somebody_else(self):
        made = self.admin.call("extract", 201, body=another("Anna", 73), person=PEOPLE["Anna"]["person"]).json
        attribute = made["images"][0]["faces"][0]["attribute"]["attribute"]
        self.refused(self.create("Berta", {"type": "attribute", "attribute": attribute}, 409), 409, "conflict")

    def test_several_faces(self):
        self.refused(self.create("Clara", group_picture(), 422), 422, "several_faces")
        made = self.create("Clara", group_picture(), faces="largest", on_duplicate="report").json["face"]
        self.admin.call("face_delete", 204, face=made["face"])

    def test_a_poor_picture_is_refused_with_reasons(self):
        blurred = picture("Anna", "-blur", "0x6")
        answer = self.refused(self.create("Anna", blurred, 422, min_quality=0.9), 422, "low_quality", "0.90 is needed").json
        self.assertIn("blur", [r["check"] for r in answer["reasons"]])
        self.assertTrue(all(r["verdict"] == "failed" for r in answer["reasons"]))

    def test_who_is_not_there_or_did_not_agree(self):
        self.refused(self.admin.call("face_create", 404, person=NO_ID, body=picture("Anna")), 404, "not_found")
        gone = enrol("Greta", "leaving")
        self.assertEqual(world.server.command("people", "withdraw", gone["person"], "--consent", "identification").returncode, 0)
        self.refused(self.admin.call("face_create", 403, person=gone["person"], body=picture("Greta")), 403, "consent_required")

    def test_originals(self):
        image = another("Anna", 74)
        face = self.create("Anna", image, keep_original=True).json["face"]
        self.assertEqual(face["original"], face["face"])
        got = self.admin.call("original_get", 200, original=face["original"])
        self.assertEqual((got.header("Content-Type"), got.body), ("image/jpeg", image))
        part = self.admin.call("original_get", 206, original=face["original"], headers={"Range": "bytes=2-9"})
        self.assertEqual(part.body, image[2:10])
        self.admin.call("original_get", 304, original=face["original"], headers={"If-None-Match": got.etag})
        self.assertEqual([f["original"] for f in self.admin.pages("faces_list", "faces") if f["face"] == face["face"]], [face["face"]])
        blobs = b"".join(p.read_bytes() for p in (world.server.data / "blobs").rglob("*") if p.is_file())
        self.assertNotIn(image[500:600], blobs)
        self.admin.call("original_delete", 204, original=face["original"])
        self.refused(self.admin.call("original_get", 404, original=face["original"]), 404, "not_found")
        self.refused(self.admin.call("original_delete", 404, original=face["original"]), 404, "not_found")
        self.assertEqual(self.admin.call("face_get", 200, face=face["face"]).json["original"], None)


class Duplicates(Faces):
    """Somebody else looks the same."""

    def setUp(self):
        super().setUp()
        if "Twin" not in PEOPLE:
            PEOPLE["Twin"] = enrol("Twin", "staff", picture_of="Dora")

    def ask(self, quality):
        """A decision about a picture of Anna for the other one."""
        answer = self.create("Twin", another("Anna", quality), 202).json
        self.assertEqual(answer["person"], PEOPLE["Twin"]["person"])
        self.assertEqual([d["person"] for d in answer["duplicates"]], [PEOPLE["Anna"]["person"]])
        self.assertEqual(answer["duplicates"][0]["name"], "Anna")
        self.assertEqual(self.admin.call("decision_get", 200, decision=answer["decision"]).json, answer)
        return answer["decision"]

    def decide(self, decision, expect, **body):
        """POST /v1/decisions/{decision}."""
        return self.admin.call("decision_make", expect, decision=decision, body=body)

    def test_refused_or_reported(self):
        before = self.faces_of("Twin")
        answer = self.refused(self.create("Twin", another("Anna", 75), 409, on_duplicate="refuse"), 409, "duplicate").json
        self.assertEqual([d["name"] for d in answer["duplicates"]], ["Anna"])
        self.assertEqual(self.faces_of("Twin"), before)
        made = self.create("Twin", another("Anna", 75), on_duplicate="report").json
        self.assertEqual([d["name"] for d in made["duplicates"]], ["Anna"])
        self.admin.call("face_delete", 204, face=made["face"]["face"])

    def test_merge(self):
        decision = self.ask(76)
        self.refused(self.decide(decision, 400, action="merge"), 400, "invalid", "person")
        self.refused(self.decide(decision, 400, action="merge", person=PEOPLE["Clara"]["person"]), 400, "invalid", "duplicates")
        self.refused(self.decide(decision, 400, action="create", person=PEOPLE["Anna"]["person"]), 400, "invalid")
        made = self.decide(decision, 200, action="merge", person=PEOPLE["Anna"]["person"]).json
        self.assertEqual((made["outcome"], made["person"]), ("enrolled", PEOPLE["Anna"]["person"]))
        self.assertIn(made["face"]["face"], self.faces_of("Anna"))
        self.admin.call("sample_get", 200, sample=made["face"]["sample"])
        self.refused(self.decide(decision, 404, action="cancel"), 404, "not_found")

    def test_create(self):
        made = self.decide(self.ask(77), 200, action="create").json
        self.assertIn(made["face"]["face"], self.faces_of("Twin"))
        self.admin.call("face_delete", 204, face=made["face"]["face"])

    def test_cancel(self):
        decision, before = self.ask(78), self.faces_of("Twin")
        self.decide(decision, 204, action="cancel")
        self.refused(self.admin.call("decision_get", 404, decision=decision), 404, "not_found")
        self.assertEqual(self.faces_of("Twin"), before)

    def test_two_who_decide_at_once(self):
        decision = self.ask(79)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: self.decide(decision, (200, 404), action="create"), range(4)))
        self.assertEqual(sorted(a.status for a in answers), [200, 404, 404, 404])
        made = next(a.json for a in answers if a.status == 200)
        self.admin.call("face_delete", 204, face=made["face"]["face"])


class Looking(Faces):
    """GET /v1/faces and its like."""

    def test_pages_in_every_order(self):
        for sort, key, down in (("created", "created", False), ("-created", "created", True), ("quality", "quality", False),
                                ("-quality", "quality", True)):
            found = self.admin.pages("faces_list", "faces", sort=sort, limit=2)
            self.assertEqual(len({f["face"] for f in found}), len(found))
            self.assertEqual([f[key] for f in found], sorted((f[key] for f in found), reverse=down))
            self.assertGreaterEqual(len(found), 3)

    def test_filters(self):
        every = self.admin.pages("faces_list", "faces")
        middle = sorted(f["quality"] for f in every)[len(every) // 2]
        found = self.admin.pages("faces_list", "faces", min_quality=middle)
        self.assertEqual({f["face"] for f in found}, {f["face"] for f in every if f["quality"] >= middle})
        found = self.admin.pages("faces_list", "faces", created_to=every[1]["created"])
        self.assertEqual([f["face"] for f in found], [f["face"] for f in every if f["created"] < every[1]["created"]])
        self.assertEqual({f["face"] for f in self.admin.pages("faces_list", "faces", list="staff")},
                         {f for name in PEOPLE for f in self.faces_of(name)})
        self.refused(self.admin.call("faces_list", 404, list="nowhere"), 404, "not_found")
        self.refused(self.admin.call("person_faces", 404, person=NO_ID), 404, "not_found")
        self.refused(self.admin.call("face_get", 404, face=NO_ID), 404, "not_found")
        self.refused(self.admin.call("faces_list", 400, cursor="AAAA"), 400, "invalid")

    def test_as_a_table(self):
        answer = self.admin.call("faces_list", 200, limit=1, headers={"Accept": "text/csv"})
        lines = answer.body.decode().splitlines()
        self.assertEqual(lines[0], '"face","person","source","quality","sample","original","created"')
        self.assertEqual(len(lines), 2)
        self.assertTrue(answer.header("X-Next-Cursor"))

    def test_samples(self):
        got = self.admin.call("sample_get", 200, sample=PEOPLE["Anna"]["face"])
        self.assertTrue(got.body.startswith(b"\xff\xd8\xff"))
        self.assertEqual(self.admin.call("sample_get", 206, sample=PEOPLE["Anna"]["face"], headers={"Range": "bytes=0-2"}).body, b"\xff\xd8\xff")
        self.admin.call("sample_get", 304, sample=PEOPLE["Anna"]["face"], headers={"If-None-Match": got.etag})
        self.refused(self.admin.call("sample_get", 404, sample=NO_ID), 404, "not_found")

    def test_avatars(self):
        best = max(self.admin.pages("person_faces", "faces", person=PEOPLE["Clara"]["person"]), key=lambda f: f["quality"])
        self.assertEqual(self.admin.call("person_avatar", 200, person=PEOPLE["Clara"]["person"]).body,
                         self.admin.call("sample_get", 200, sample=best["sample"]).body)
        self.refused(self.admin.call("person_avatar", 404, person=NO_ID), 404, "not_found")


class Kept(Faces):
    """Somebody who is kept to a list."""

    def test_only_faces_of_its_people_are_there(self):
        inside = enrol("Elena", "inside")
        one = next(x for x in self.admin.pages("lists_list", "lists") if x["name"] == "inside")
        kept = world.user("kept", ["operator"], lists=[one["list_id"]])
        self.assertEqual([f["face"] for f in kept.pages("faces_list", "faces")], [inside["face"]])
        self.refused(kept.call("faces_list", 404, list="staff"), 404, "not_found")
        self.assertEqual([f["face"] for f in kept.pages("faces_list", "faces", list="inside")], [inside["face"]])
        self.assertEqual([f["face"] for f in kept.pages("person_faces", "faces", person=inside["person"])], [inside["face"]])
        outside = PEOPLE["Anna"]
        for name, given in (("face_get", {"face": outside["face"]}), ("face_delete", {"face": outside["face"]}),
                            ("sample_get", {"sample": outside["face"]}), ("person_faces", {"person": outside["person"]}),
                            ("face_create", {"person": outside["person"], "body": picture("Anna")})):
            self.refused(kept.call(name, 404, **given), 404, "not_found")
        made = self.admin.call("extract", 201, body=picture("Anna"), person=outside["person"]).json["images"][0]["faces"][0]["attribute"]
        self.refused(kept.call("attribute_get", 404, attribute=made["attribute"]), 404, "not_found")
        self.assertNotIn(made["attribute"], [a["attribute"] for a in kept.pages("attributes_list", "attributes")])
        self.admin.call("face_delete", 204, face=inside["face"])

    def test_whose_an_unknown_face_is(self):
        lists = [next(l["list_id"] for l in self.admin.pages("lists_list", "lists") if l["name"] == "staff")]
        rights = ["actions.create", "attributes.view", "attributes.delete"]
        one, namesake = (world.token(rights, lists=lists) for _ in range(2))
        self.assertEqual(one.record["name"], namesake.record["name"])
        face = one.call("extract", 201, body=picture("Anna")).json["images"][0]["faces"][0]["attribute"]["attribute"]
        one.call("attribute_get", 200, attribute=face)
        self.refused(namesake.call("attribute_get", 404, attribute=face), 404, "not_found")
        self.assertNotIn(face, [a["attribute"] for a in namesake.pages("attributes_list", "attributes")])
        self.refused(namesake.call("attribute_delete", 404, attribute=face), 404, "not_found")
        self.admin.call("token_change", 200, token=one.record["token"], body={"name": "another name"})
        one.call("attribute_get", 200, attribute=face)
        self.refused(namesake.call("attribute_get", 404, attribute=face), 404, "not_found")
        one.call("attribute_delete", 204, attribute=face)


class Descriptors(Faces):
    """Out and in."""

    def test_export(self):
        rows = self.admin.pages("descriptors_export", "descriptors", list="staff", limit=1)
        self.assertEqual({r["face"] for r in rows}, {f["face"] for f in self.admin.pages("faces_list", "faces", list="staff")})
        self.assertEqual(rows[0], self.admin.call("descriptor_get", 200, face=rows[0]["face"]).json)
        self.refused(self.admin.call("descriptors_export", 404, list="nowhere"), 404, "not_found")
        self.refused(self.admin.call("descriptor_get", 404, face=NO_ID), 404, "not_found")

    def test_import(self):
        vector = self.admin.call("descriptor_get", 200, face=PEOPLE["Clara"]["face"]).json
        good = {"person": PEOPLE["Clara"]["person"], "source": "elsewhere", "quality": 0.5} | {k: vector[k] for k in ("model", "metric", "values")}
        rows = [good, good | {"person": NO_ID}, good | {"model": "another"}, good | {"values": [1.0]}]
        report = self.admin.call("descriptors_import", 200, body={"descriptors": rows}).json
        self.assertEqual((report["done"], report["refused"]), (1, 3))
        self.assertEqual([r.get("error", {}).get("code") for r in report["results"]], [None, "not_found", "pack_mismatch", "invalid"])
        face = self.admin.call("face_get", 200, face=report["results"][0]["id"]).json
        self.assertEqual((face["source"], face["quality"], face["sample"]), ("elsewhere", 0.5, None))
        self.admin.call("face_delete", 204, face=face["face"])


class Deleting(Faces):
    """One and many."""

    def test_one(self):
        face = self.create("Berta", another("Berta", 80), keep_original=True).json["face"]["face"]
        self.admin.call("face_delete", 204, face=face)
        for name, given in (("face_get", {"face": face}), ("face_delete", {"face": face}), ("sample_get", {"sample": face}),
                            ("original_get", {"original": face}), ("descriptor_get", {"face": face})):
            self.refused(self.admin.call(name, 404, **given), 404, "not_found")

    def test_who_has_no_face_is_found_no_more(self):
        gone = enrol("Fanny", "short")
        self.assertEqual(self.identified(picture("Fanny")), [gone["person"]])
        self.admin.call("face_delete", 204, face=gone["face"])
        self.assertEqual(self.identified(picture("Fanny")), [])

    def test_many(self):
        faces = [self.create("Clara", another("Clara", q)).json["face"]["face"] for q in (81, 82)]
        report = self.admin.call("faces_delete_batch", 200, body={"faces": [faces[0], NO_ID, faces[1]]}).json
        self.assertEqual((report["done"], report["refused"]), (2, 1))
        self.assertEqual([r.get("id") for r in report["results"]], [faces[0], None, faces[1]])
        self.assertEqual(report["results"][1]["error"]["code"], "not_found")

    def test_on_record(self):
        face = self.create("Anna", {"type": "base64", "data": base64.b64encode(another("Anna", 83)).decode()}).json["face"]["face"]
        self.admin.call("sample_get", 200, sample=face)
        self.admin.call("descriptor_get", 200, face=face)
        self.admin.call("face_delete", 204, face=face)
        try:
            actions = self.actions(PEOPLE["Anna"]["person"])
        except around.Unwritten:
            self.skipTest("the audit log has no route yet")
        for action in ("person.enrol", "face.sample", "descriptor.export", "face.delete"):
            self.assertIn(action, actions)


del Api, Faces
