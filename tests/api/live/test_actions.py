"""Work on pictures: what is found in them, what is kept of it for a while, and whom it is compared with."""
import base64
import math
import time

import world as around
from enrolled import enrol
from world import Api, NO_ID, group_picture, need_pictures, picture, png, tearDownModule, world  # pylint: disable=unused-import

PEOPLE = {}


def setUpModule():  # pylint: disable=invalid-name
    """Two people in a list for identification, one in a list for verification."""
    need_pictures()
    around.setUpModule()
    for name, where, purpose in (("Anna", "staff", "identification"), ("Berta", "staff", "identification"),
                                 ("Clara", "badge", "verification")):
        PEOPLE[name] = enrol(name, where, purpose)


def base(data):
    """A picture in JSON."""
    return {"type": "base64", "data": base64.b64encode(data).decode()}


def other(name):
    """Another picture of the same person."""
    return picture(name, "-quality", "70")


class Pictures(Api):
    """However they come."""

    def test_one_is_found_in_every_way(self):
        image = picture("Anna")
        ways = [{"body": image, "media": "image/jpeg"}, {"body": image}, {"parts": [("picture", image, "anna.jpg", "image/jpeg")]},
                {"body": {"pictures": [base(image)]}}]
        boxes = []
        for way in ways:
            found = self.admin.call("detect", 200, **way).json["images"]
            self.assertEqual((len(found), len(found[0]["faces"])), (1, 1))
            boxes.append(found[0]["faces"][0]["box"])
        self.assertEqual(boxes, boxes[:1] * 4)
        self.assertEqual(found[0]["width"], 380)

    def test_only_what_was_asked_for_is_told(self):
        def told(**given):
            answer = self.admin.call("detect", 200, body=picture("Anna"), **given).json
            return set(answer["images"][0]["faces"][0])
        self.assertEqual(told(), {"box", "score", "points", "pose", "quality"})
        self.assertEqual(told(**{"with": ["landmarks68"]}), {"box", "score", "points", "landmarks68"})

    def test_one_bad_picture_among_good_ones_is_an_entry(self):
        parts = [("picture", picture("Anna"), "a.jpg"), ("picture", b"no picture", "b.jpg"), ("picture", picture("Berta"), "c.jpg")]
        images = self.admin.call("detect", 200, parts=parts).json["images"]
        self.assertEqual([i["file"] for i in images], ["a.jpg", "b.jpg", "c.jpg"])
        self.assertEqual([("error" in i, "faces" in i) for i in images], [(False, True), (True, False), (False, True)])
        self.refused(self.admin.call("detect", 415, body=b"no picture"), 415, "unsupported")

    def test_several_faces(self):
        image = group_picture()
        self.assertEqual(len(self.admin.call("detect", 200, body=image).json["images"][0]["faces"]), 4)
        self.refused(self.admin.call("quality", 422, body=image), 422, "several_faces")
        self.assertEqual(self.admin.call("quality", 200, body=image, faces="largest").json["images"][0]["made"] > 10, True)
        self.refused(self.admin.call("quality", 422, body=png(300, 300)), 422, "no_face")

    def test_a_box_says_which(self):
        faces = self.admin.call("detect", 200, body=group_picture()).json["images"][0]["faces"]
        for face in faces:
            parts = [("picture", group_picture(), "g.jpg"), ("boxes", ('[{"x": %f, "y": %f, "width": %f, "height": %f}]' % tuple(
                max(face["box"][k], 0) for k in ("x", "y", "width", "height"))).encode())]
            found = self.admin.call("detect", 200, parts=parts).json["images"][0]["faces"]
            self.assertEqual(len(found), 1)
            self.assertAlmostEqual(found[0]["box"]["x"], face["box"]["x"], delta=face["box"]["width"] / 4)

    def test_liveness_says_why_it_says_nothing(self):
        verdicts = [f["liveness"] for f in self.admin.call("liveness", 200, body=picture("Anna")).json["images"][0]["faces"]]
        self.assertEqual([v["verdict"] for v in verdicts], ["unknown"])  # the offline pack has no network for it
        self.assertIn("reason", verdicts[0])
        together = self.admin.call("liveness", 200, parts=[("picture", picture("Anna")), ("picture", other("Anna"))], aggregate=True).json
        self.assertEqual(together["aggregate"]["verdict"], "unknown")


class Attributes(Api):
    """POST /v1/extract and what becomes of it."""

    def extract(self, *names, **given):
        """The attributes of pictures of these people."""
        parts = [("picture", picture(n), f"{n}.jpg") for n in names]
        images = self.admin.call("extract", 201, parts=parts, **given).json["images"]
        return [i["faces"][0]["attribute"] for i in images]

    def test_they_live_for_a_while_and_can_be_deleted(self):
        made, = self.extract("Anna", ttl=60)
        got = self.admin.call("attribute_get", 200, attribute=made["attribute"]).json
        self.assertEqual(got, made)
        self.assertEqual((made["person"], made["sample"]), (None, made["attribute"]))
        sample = self.admin.call("sample_get", 200, sample=made["sample"])
        self.assertTrue(sample.body.startswith(b"\xff\xd8\xff"))
        self.assertIn(made, self.admin.pages("attributes_list", "attributes", limit=1))
        self.admin.call("attribute_delete", 204, attribute=made["attribute"])
        for op, given in (("attribute_get", {"attribute": made["attribute"]}), ("attribute_delete", {"attribute": made["attribute"]}),
                          ("sample_get", {"sample": made["sample"]})):
            self.refused(self.admin.call(op, 404, **given), 404, "not_found")

    def test_their_time_ends(self):
        made, = self.extract("Anna", ttl=1)
        time.sleep(1.2)
        self.refused(self.admin.call("attribute_get", 404, attribute=made["attribute"]), 404, "not_found")
        self.assertNotIn(made["attribute"], [a["attribute"] for a in self.admin.pages("attributes_list", "attributes")])

    def test_for_long_only_with_consent(self):
        image = picture("Anna")
        self.refused(self.admin.call("extract", 403, body=image, ttl=901), 403, "consent_required", "900")
        self.assertEqual(self.admin.call("extract", 201, body=image, ttl=900).status, 201)
        made = self.admin.call("extract", 201, body=image, ttl=86400, person=PEOPLE["Anna"]["person"]).json
        self.assertEqual(made["images"][0]["faces"][0]["attribute"]["person"], PEOPLE["Anna"]["person"])
        self.refused(self.admin.call("extract", 404, body=image, person=NO_ID), 404, "not_found")
        self.refused(self.admin.call("extract", 400, body=image, ttl=86401), 400, "invalid")

    def test_it_ends_with_the_consent(self):
        gone = enrol("Greta", "leaving", "attendance")
        made = self.admin.call("extract", 201, body=picture("Greta"), ttl=86400, person=gone["person"]).json
        attribute = made["images"][0]["faces"][0]["attribute"]["attribute"]
        self.admin.call("attribute_get", 200, attribute=attribute)
        done = world.server.command("people", "withdraw", gone["person"], "--consent", "attendance")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.refused(self.admin.call("attribute_get", 404, attribute=attribute), 404, "not_found")

    def test_all_faces_of_a_picture(self):
        faces = self.admin.call("extract", 201, body=group_picture(), min_quality=0).json["images"][0]["faces"]
        self.assertEqual(len({f["attribute"]["attribute"] for f in faces}), 4)
        self.refused(self.admin.call("extract", 422, body=picture("Anna"), min_quality=1), 422, "low_quality")

    def test_several_pictures_make_one(self):
        parts = [("picture", picture("Anna")), ("picture", other("Anna"))]
        answer = self.admin.call("extract", 201, parts=parts, aggregate=True, faces="largest").json
        self.assertEqual([len(i["faces"]) for i in answer["images"]], [1, 1])
        self.assertEqual([i["faces"][0].get("attribute") for i in answer["images"]], [None, None])
        self.assertEqual(answer["aggregate"]["sample"], None)
        verdict = self.admin.call("verify", 200, body={"a": {"type": "attribute", "attribute": answer["aggregate"]["attribute"]},
                                                       "b": base(picture("Anna"))}).json
        self.assertTrue(verdict["same"])
        strangers = [("picture", picture("Anna")), ("picture", picture("Dora"))]
        self.refused(self.admin.call("extract", 422, parts=strangers, aggregate=True, faces="largest"), 422, "several_faces")

    def test_other_accounts_have_their_own(self):
        try:
            boss = world.other
        except around.Unwritten:
            self.skipTest("no accounts yet")
        made, = self.extract("Anna")
        self.refused(boss.call("attribute_get", 404, attribute=made["attribute"]), 404, "not_found")
        self.assertEqual(boss.pages("attributes_list", "attributes"), [])


class Sides(Api):
    """Verify and identify by references."""

    def attribute(self, name):
        """Of another picture."""
        made = self.admin.call("extract", 201, body=other(name)).json
        return {"type": "attribute", "attribute": made["images"][0]["faces"][0]["attribute"]["attribute"]}

    def test_verify(self):
        anna = {"type": "person", "person": PEOPLE["Anna"]["person"]}
        clara = {"type": "person", "person": PEOPLE["Clara"]["person"]}
        for a, b, same in ((self.attribute("Clara"), clara, True), (base(other("Clara")), clara, True), (base(picture("Dora")), clara, False),
                           ({"type": "sample", "sample": PEOPLE["Clara"]["face"]}, clara, True)):
            answer = self.admin.call("verify", 200, body={"a": a, "b": b}).json
            self.assertEqual((answer["same"], answer["person"]), (same, PEOPLE["Clara"]["person"]))
        self.refused(self.admin.call("verify", 403, body={"a": base(other("Anna")), "b": anna}), 403, "consent_required")
        answer = self.admin.call("verify", 200, body={"a": base(other("Anna")), "b": anna}, purpose="identification").json
        self.assertTrue(answer["same"])
        self.refused(self.admin.call("verify", 404, body={"a": anna, "b": {"type": "face", "face": NO_ID}}, purpose="identification"),
                     404, "not_found")

    def test_identify(self):
        for source in (base(other("Anna")), self.attribute("Anna"), {"type": "person", "person": PEOPLE["Anna"]["person"]},
                       {"type": "sample", "sample": PEOPLE["Anna"]["face"]}):
            answer = self.admin.call("identify", 200, body={"sources": [source]}).json
            self.assertEqual([c["name"] for c in answer["images"][0]["faces"][0]["candidates"]], ["Anna"])
        nobody = self.admin.call("identify", 200, body=picture("Dora")).json["images"][0]["faces"][0]
        self.assertEqual((nobody["candidates"], nobody["searched"]), ([], 2))

    def test_one_reference_that_is_gone_among_others(self):
        sources = [{"type": "face", "face": NO_ID}, base(other("Berta")), {"type": "sample", "sample": NO_ID}]
        images = self.admin.call("identify", 200, body={"sources": sources}).json["images"]
        self.assertEqual([i.get("error", {}).get("code") for i in images], ["not_found", None, "not_found"])
        self.assertEqual(images[1]["faces"][0]["candidates"][0]["name"], "Berta")
        self.refused(self.admin.call("identify", 404, body={"sources": sources[:1]}), 404, "not_found")

    def test_purposes(self):
        self.refused(self.admin.call("identify", 403, body=picture("Anna"), list="badge"), 403, "purpose_mismatch")
        self.refused(self.admin.call("identify", 404, body=picture("Anna"), list="nowhere"), 404, "not_found")
        answer = self.admin.call("identify", 200, body=picture("Anna"), purpose="live_identification").json
        self.assertEqual(answer["images"][0]["faces"][0]["searched"], 0)


class Match(Api):
    """POST /v1/match."""

    def match(self, references, candidates, expect=200):
        """The report."""
        return self.admin.call("match", expect, body={"references": references, "candidates": candidates})

    def test_every_reference_with_every_set(self):
        references = [{"type": "face", "face": PEOPLE[n]["face"]} for n in ("Anna", "Berta")]
        sets = [{"lists": ["staff"]}, {"people": [PEOPLE["Berta"]["person"], PEOPLE["Anna"]["person"]], "k": 1}, {"faces": [NO_ID]}]
        rows = self.match(references, sets).json["matches"]
        self.assertEqual([(r["reference"], r["set"]) for r in rows], [(i, j) for i in range(2) for j in range(3)])
        for row in rows:
            names = [c["name"] for c in row["candidates"]]
            self.assertEqual(names, [] if row["set"] == 2 else ["Anna" if row["reference"] == 0 else "Berta"])

    def test_filters(self):
        reference = [{"type": "person", "person": PEOPLE["Anna"]["person"]}]
        self.admin.call("person_change", 200, person=PEOPLE["Anna"]["person"], body={"external_id": "A1"})
        for filter_, found, searched in (({"active": True}, 1, 2), ({"active": False}, 0, 0), ({"external_ids": ["17"]}, 0, 0),
                                         ({"external_ids": ["17", "A1"]}, 1, 1), ({"custom": {}}, 1, 2),
                                         ({"created_from": "2020-01-01T00:00:00Z"}, 1, 2), ({"created_to": "2020-01-01T00:00:00Z"}, 0, 0)):
            row, = self.match(reference, [{"filter": filter_}]).json["matches"]
            self.assertEqual((len(row["candidates"]), row["searched"]), (found, searched), filter_)
        wide = [{"filter": {"created_from": "2020-01-01T00:00:00Z"}}]
        self.admin.call("settings_change", 200, body={"settings": [{"name": "match.filtered", "value": 1}]})
        self.refused(self.match(reference, wide, 413), 413, "limit", "match.filtered")
        self.admin.call("settings_change", 200, body={"settings": [{"name": "match.filtered", "value": None}]})
        self.match(reference, wide)

    def test_custom_fields(self):
        self.admin.call("fields_put", 200, body={"fields": [{"name": "floor", "label": "Floor", "type": "number", "filter": True}]})
        self.admin.call("person_change", 200, person=PEOPLE["Anna"]["person"], body={"custom": {"floor": 3}})
        reference = [{"type": "person", "person": PEOPLE["Anna"]["person"]}]
        for custom, found in (({"floor": 3}, 1), ({"floor": 4}, 0), ({"floor": 3, "other": "x"}, 0)):
            row, = self.match(reference, [{"filter": {"custom": custom}}]).json["matches"]
            self.assertEqual(len(row["candidates"]), found, custom)

    def test_attributes(self):
        made = self.admin.call("extract", 201, body=other("Anna")).json["images"][0]["faces"][0]["attribute"]["attribute"]
        row, = self.match([{"type": "face", "face": PEOPLE["Anna"]["face"]}], [{"attributes": [NO_ID, made]}]).json["matches"]
        self.assertEqual([c["attribute"] for c in row["candidates"]], [made])
        self.assertGreater(row["candidates"][0]["similarity"], 0.9)
        self.assertNotIn("person", row["candidates"][0])

    def test_who_agreed_to_something_else_is_left_out(self):
        people = [PEOPLE["Clara"]["person"], PEOPLE["Anna"]["person"]]
        made = self.admin.call("extract", 201, body=other("Clara")).json["images"][0]["faces"][0]["attribute"]["attribute"]
        row, = self.match([{"type": "attribute", "attribute": made}], [{"people": people}]).json["matches"]
        self.assertEqual([c["name"] for c in row["candidates"]], ["Anna"])
        reference = [{"type": "sample", "sample": PEOPLE["Clara"]["face"]}]
        self.refused(self.match(reference, [{"people": people}], 403), 403, "consent_required")
        self.refused(self.admin.call("identify", 403, body={"sources": reference}), 403, "consent_required")
        row, = self.match(reference, [{"people": [PEOPLE["Clara"]["person"]], "purpose": "verification"}]).json["matches"]
        self.assertEqual([c["name"] for c in row["candidates"]], ["Clara"])

    def test_what_is_wrong_with_one_pair_is_an_entry(self):
        rows = self.match([{"type": "face", "face": NO_ID}, {"type": "face", "face": PEOPLE["Anna"]["face"]}], [{}]).json["matches"]
        self.assertEqual(rows[0]["error"]["code"], "not_found")
        self.assertEqual(rows[1]["candidates"][0]["name"], "Anna")
        self.refused(self.match([{"type": "face", "face": NO_ID}], [{}], 404), 404, "not_found")
        self.refused(self.match([{"type": "face", "face": NO_ID}], [{"lists": ["a"], "people": [NO_ID]}], 400), 400, "invalid")

    def test_limits(self):
        ids = [f"01931f6c-9a41-7c3e-8d52-{n:012x}" for n in range(1000)]
        reference = [{"type": "face", "face": PEOPLE["Anna"]["face"]}]
        self.refused(self.match(reference, [{"people": ids}, {"faces": ids}], 413), 413, "limit", "match.candidates")


class Descriptors(Api):
    """As sides."""

    def test_of_another_model_or_length(self):
        values = [1 / math.sqrt(64)] * 64
        for body, status, code in (({"model": "unknown", "values": values}, 409, "pack_mismatch"),):
            side = {"type": "descriptor", "metric": "cosine"} | body
            self.refused(self.admin.call("verify", status, body={"a": side, "b": base(picture("Anna"))}), status, code)


del Api
