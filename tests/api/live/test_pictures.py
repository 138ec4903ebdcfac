"""Work on pictures: detect, quality, liveness, verify, identify, match, extract; and what they may say about whom."""
import base64
import json

from world import (Api, NO_ID, group_picture, in_time, need_pictures, picture, setUpModule, stamp, tearDownModule, until,  # pylint: disable=unused-import
                   world)

CHECKS = 44
RECOGNITION = {"blur", "underexposure", "overexposure", "face_illumination_uniformity", "head_yaw", "head_pitch", "head_roll", "eye_distance",
               "skin_dynamic_range"}
PPM = b"P6\n64 64\n255\n" + b"\x80" * 12288
IMAGE = {"media": "image/jpeg"}


def in_json(data):
    """A picture as JSON has it."""
    return {"type": "base64", "data": base64.b64encode(data).decode()}


class Detect(Api):
    """POST /v1/detect."""

    def setUp(self):
        super().setUp()
        need_pictures()

    def test_the_same_picture_in_every_way(self):
        data = picture("Anna")
        answers = [
            self.admin.call("detect", 200, body=data, media="image/jpeg"),
            self.admin.call("detect", 200, body=data),
            self.admin.call("detect", 200, parts=[("picture", data)]),
            self.admin.call("detect", 200, body={"pictures": [in_json(data)]}),
        ]
        faces = [a.json["images"][0]["faces"] for a in answers]
        self.assertEqual(len(faces[0]), 1)
        self.assertEqual(faces, [faces[0]] * 4)
        self.assertEqual(set(faces[0][0]), {"box", "score", "points", "pose", "quality"})
        image = answers[0].json["images"][0]
        self.assertEqual((image["width"], image["height"], image["file"]), (380, 440, None))

    def test_what_is_asked_for(self):
        wanted = ["pose", "quality", "landmarks", "landmarks68", "expression"]
        answer = self.admin.call("detect", 200, body=picture("Anna"), **IMAGE, **{"with": wanted})
        (face,) = answer.json["images"][0]["faces"]
        self.assertLessEqual(set(wanted), set(face))
        (face,) = self.admin.call("detect", 200, body=picture("Anna"), **IMAGE, **{"with": ["pose"]}).json["images"][0]["faces"]
        self.assertNotIn("quality", face)
        for words in (["ethnicity"], ["emotion"], ["gender"], ["pose", "pose"]):
            self.refused(self.admin.call("detect", 400, body=b"x", **{"with": words}), 400, "invalid", "with")

    def test_several_people_largest_first(self):
        (image,) = self.admin.call("detect", 200, body=group_picture(), **IMAGE).json["images"]
        areas = [f["box"]["width"] * f["box"]["height"] for f in image["faces"]]
        self.assertGreaterEqual(len(areas), 4)
        self.assertEqual(areas, sorted(areas, reverse=True))

    def test_boxes(self):
        (image,) = self.admin.call("detect", 200, body=group_picture(), **IMAGE).json["images"]
        box = {k: round(v) for k, v in image["faces"][1]["box"].items()}
        answer = self.admin.call("detect", 200, parts=[("picture", group_picture()), ("picture", picture("Anna")),
                                                       ("boxes", json.dumps([box, None]).encode())]).json["images"]
        self.assertEqual([len(i["faces"]) for i in answer], [1, 1])
        self.refused(self.admin.call("detect", 400, parts=[("picture", picture("Anna")), ("boxes", b"[null, null]")]), 400, "invalid")

    def test_several_of_which_one_is_none(self):
        images = self.admin.call("detect", 200, parts=[("picture", picture("Anna"), "a.jpg"), ("picture", b"nothing", "b.jpg"),
                                                       ("picture", PPM, "c.ppm")]).json["images"]
        self.assertEqual([i["file"] for i in images], ["a.jpg", "b.jpg", "c.ppm"])
        self.assertEqual([len(i.get("faces", [])) for i in images], [1, 0, 0])
        self.assertEqual(images[1]["error"]["code"], "unsupported")
        self.assertNotIn("error", images[2])

    def test_what_is_refused(self):
        call = self.admin.call
        self.refused(call("detect", 415, body=b"no picture at all", media="image/jpeg"), 415, "unsupported")
        self.refused(call("detect", 422, body=picture("Anna")[:2000], **IMAGE), 422, "decode")
        self.refused(call("detect", 400), 400, "invalid", "body")
        self.refused(call("detect", 400, body={"pictures": []}), 400, "invalid")
        self.refused(call("detect", 400, body={"pictures": [in_json(PPM)] * 17}), 400, "invalid")
        self.refused(call("detect", 404, body={"pictures": [{"type": "sample", "sample": NO_ID}]}), 404, "not_found")
        self.refused(call("detect", 403, body={"pictures": [{"type": "url", "url": "http://127.0.0.1/x"}]}), 403, "forbidden")


class Quality(Api):
    """POST /v1/quality."""

    def setUp(self):
        super().setUp()
        need_pictures()

    def test_the_checks_of_the_profile_are_listed(self):
        for profile, count in (("icao", CHECKS), ("recognition", len(RECOGNITION))):
            (image,) = self.admin.call("quality", 200, body=picture("Anna"), **IMAGE, profile=profile).json["images"]
            names = [c["check"] for c in image["checks"]]
            self.assertEqual((len(names), len(set(names))), (count, count))
            yaw = next(c for c in image["checks"] if c["check"] == "head_yaw")
            self.assertEqual((yaw["min"], yaw["max"]), (-5, 5) if profile == "icao" else (-30, 30))
            if profile == "recognition":
                self.assertEqual(set(names), RECOGNITION)
            made = [c for c in image["checks"] if c["verdict"] != "not_made"]
            self.assertEqual(len(made), image["made"])
            self.assertEqual(image["passed"], all(c["verdict"] == "passed" for c in made))
            for check in image["checks"]:
                if check["verdict"] == "not_made":
                    self.assertTrue(check["reason"], check)
                    self.assertIsNone(check["value"], check)

    def test_other_ranges(self):
        def verdict(**ranges):
            parts = [("picture", picture("Anna")), ("checks", json.dumps([{"check": "head_yaw", **ranges}]).encode())]
            (image,) = self.admin.call("quality", 200, parts=parts).json["images"]
            return {c["check"]: c["verdict"] for c in image["checks"]}.get("head_yaw")
        self.assertEqual(verdict(min=-90, max=90), "passed")
        self.assertEqual(verdict(min=80, max=90), "failed")
        body = {"pictures": [in_json(picture("Anna"))], "checks": [{"check": "head_yaw", "min": 80, "max": 90}]}
        (image,) = self.admin.call("quality", 200, body=body).json["images"]
        self.assertEqual([c["verdict"] for c in image["checks"] if c["check"] == "head_yaw"], ["failed"])
        self.refused(self.admin.call("quality", 400, body={**body, "checks": [{"check": "beauty"}]}), 400, "invalid", "/checks/0/check")

    def test_what_is_refused(self):
        call = self.admin.call
        self.refused(call("quality", 422, body=PPM), 422, "no_face")
        self.refused(call("quality", 422, body=group_picture(), faces="only"), 422, "several_faces")
        call("quality", 200, body=group_picture(), faces="largest")
        self.refused(call("quality", 415, body=b"nothing"), 415, "unsupported")
        self.refused(call("quality", 404, body={"pictures": [{"type": "sample", "sample": NO_ID}]}), 404, "not_found")


class Liveness(Api):
    """POST /v1/liveness. The offline pack has no network for it."""

    def test_what_cannot_be_said_is_unknown(self):
        need_pictures()
        answer = self.admin.call("liveness", (200, 503), body=picture("Anna"), **IMAGE)
        if answer.status == 200:
            (face,) = answer.json["images"][0]["faces"]
            self.assertIn(face["liveness"]["verdict"], ("live", "spoof", "unknown"))
            if face["liveness"]["verdict"] == "unknown":
                self.assertTrue(face["liveness"]["reason"])
        else:
            self.refused(answer, 503, "model")
        self.refused(self.admin.call("liveness", 415, body=b"nothing"), 415, "unsupported")
        self.refused(self.admin.call("liveness", 400, body=b"x", threshold=2), 400, "invalid", "threshold")
        self.refused(self.admin.call("liveness", 404, body={"pictures": [{"type": "sample", "sample": NO_ID}]}), 404, "not_found")
        self.refused(self.admin.call("liveness", 422, body=picture("Anna")[:3000], **IMAGE), 422, "decode")


class Verify(Api):
    """POST /v1/verify."""

    def setUp(self):
        super().setUp()
        need_pictures()

    def test_two_pictures(self):
        a, b = picture("Anna"), picture("Anna", "-quality", "90")
        same = self.admin.call("verify", 200, parts=[("a", a), ("b", b)]).json
        self.assertIs(same["same"], True)
        self.assertLessEqual(same["fmr"], same["threshold"]["fmr"])
        self.assertNotIn("person", same)
        other = self.admin.call("verify", 200, body={"a": in_json(a), "b": in_json(picture("Elena"))}).json
        self.assertIs(other["same"], False)
        self.assertGreater(same["similarity"], other["similarity"])

    def test_what_is_refused(self):
        a, call = picture("Anna"), self.admin.call
        self.refused(call("verify", 422, parts=[("a", a), ("b", PPM)]), 422, "no_face")
        self.refused(call("verify", 422, parts=[("a", a), ("b", group_picture())]), 422, "several_faces")
        call("verify", 200, parts=[("a", a), ("b", group_picture())], faces="largest")
        self.refused(call("verify", 415, parts=[("a", a), ("b", b"nothing")]), 415, "unsupported")
        self.refused(call("verify", 400, parts=[("a", a)]), 400, "invalid", "b")
        self.refused(call("verify", 400, parts=[("a", a), ("b", a), ("c", a)]), 400, "invalid")
        self.refused(call("verify", 400, parts=[("a", a), ("b", a)], fmr=0.9), 400, "invalid", "fmr")
        call("attributes_list", 200)
        for kind in ("person", "face", "sample", "attribute"):
            self.refused(call("verify", 404, body={"a": in_json(a), "b": {"type": kind, kind: NO_ID}}), 404, "not_found")

    def test_somebody_enrolled_needs_their_consent_for_this(self):
        one = self.list("for identification")
        person = self.enrolled("Berta", one)
        body = {"a": in_json(picture("Berta", "-quality", "80")), "b": {"type": "person", "person": person["person"]}}
        self.refused(self.admin.call("verify", 403, body=body), 403, "consent_required", "verification")
        answer = self.admin.call("verify", 200, body=body, purpose="identification").json
        self.assertEqual((answer["same"], answer["person"], answer["name"]), (True, person["person"], "Berta"))
        self.admin.call("consent_give", 201, person=person["person"], body={"purpose": "verification", "method": "form"})
        self.assertIs(self.admin.call("verify", 200, body=body).json["same"], True)
        limited = world.token(["actions.view"])
        self.refused(limited.call("verify", 403, body=body), 403, "forbidden", "actions.search")
        self.assertIn("verify", self.actions(person["person"]))

    def test_every_kind_of_side(self):
        person = self.enrolled("Clara", self.list("sides", "verification"), purpose="verification")
        face = self.admin.call("person_faces", 200, person=person["person"]).json["faces"][0]
        attribute = self.admin.call("extract", 201, body=picture("Clara"), **IMAGE).json["images"][0]["faces"][0]["attribute"]
        descriptor = self.admin.call("descriptor_get", 200, face=face["face"]).json
        sides = [in_json(picture("Clara")), {"type": "person", "person": person["person"]}, {"type": "face", "face": face["face"]},
                 {"type": "sample", "sample": face["sample"]}, {"type": "attribute", "attribute": attribute["attribute"]},
                 {"type": "descriptor", **{k: descriptor[k] for k in ("model", "metric", "values")}}]
        for a in sides:
            for b in sides:
                if "person" in (a["type"], b["type"]) or "face" in (a["type"], b["type"]):
                    if a["type"] in ("person", "face") and b["type"] in ("person", "face"):
                        continue
                with self.subTest(f"{a['type']} {b['type']}"):
                    self.assertIs(self.admin.call("verify", 200, body={"a": a, "b": b}).json["same"], True)


class Identify(Api):
    """POST /v1/identify: only people with consent, only in lists of the purpose, and nobody is an answer."""

    def setUp(self):
        super().setUp()
        need_pictures()

    def test_without_lists_there_is_nobody(self):
        call = self.admin.call
        self.refused(call("identify", 404, body=picture("Greta"), **IMAGE, list=["no such list"]), 404, "not_found")
        self.refused(call("identify", 415, body=b"nothing"), 415, "unsupported")
        self.refused(call("identify", 422, body=picture("Greta")[:3000], **IMAGE), 422, "decode")
        self.refused(call("identify", 400, body=picture("Greta"), **IMAGE, purpose="verification"), 400, "invalid", "purpose")
        self.refused(call("identify", 400, body=picture("Greta"), **IMAGE, k=101), 400, "invalid", "k")
        foreign = {"type": "descriptor", "model": "another-model", "metric": "l2", "values": [0.5, 0.5]}
        self.refused(call("identify", 409, body={"sources": [foreign]}), 409, "pack_mismatch")
        self.refused(call("match", (200, 409), body={"references": [foreign], "candidates": [{}]}), 409, "pack_mismatch")

    def test_found_and_not_found(self):
        one = self.list("staff")
        person = self.enrolled("Dora", one, external_id="D-1")
        answer = self.admin.call("identify", 200, body=picture("Dora", "-quality", "85"), **IMAGE, list=["staff"]).json
        (face,) = answer["images"][0]["faces"]
        self.assertEqual(face["searched"], 1)
        best = face["candidates"][0]
        self.assertEqual((best["person"], best["name"], best["external_id"], best["list"], best["list_id"]),
                         (person["person"], "Dora", "D-1", "staff", one["list_id"]))
        stranger = self.admin.call("identify", 200, body=picture("Fanny"), **IMAGE, list=["staff"], fmr=1e-6).json
        self.assertEqual(stranger["images"][0]["faces"][0]["candidates"], [])
        self.assertIn("identify", self.actions(person["person"]))

    def test_who_withdraws_is_out_at_once(self):
        person = self.enrolled("Elena", self.list("withdrawn from"))
        image = picture("Elena", "-quality", "85")
        self.assertIn(person["person"], self.identified(image))
        consent = person["consents"][0]["consent"]
        now = self.admin.call("consent_withdraw", 200, person=person["person"], consent=consent).json
        self.assertEqual(now["state"], "withdrawn")
        self.assertNotIn(person["person"], self.identified(image))
        left = self.admin.call("person_get", 200, person=person["person"]).json
        self.assertEqual((left["faces"], left["consents"][0]["state"]), ([], "withdrawn"))
        self.refused(self.admin.call("consent_withdraw", 409, person=person["person"], consent=consent), 409, "conflict")

    def test_whose_consent_ends_is_out_at_once(self):
        one, image = self.list("for some seconds"), picture("Fanny", "-quality", "85")

        def found(seconds):
            end = stamp(seconds)
            made = self.admin.call("person_create", (201, 400), body={"name": "Fanny", "lists": [one["name"]], "consents": [
                {"purpose": "identification", "method": "form", "until": end}]}).json
            if "person" not in made:
                return None
            self.admin.call("face_create", (201, 403), person=made["person"], body=picture("Fanny"), **IMAGE, on_duplicate="report")
            return (made["person"], end) if made["person"] in self.identified(image) else None
        person, end = in_time(found)
        until(lambda: person not in self.identified(image))
        self.assertGreaterEqual(stamp(0), end)
        self.assertEqual(self.admin.call("person_consents", 200, person=person).json["consents"][0]["state"], "expired")

    def test_another_purpose_finds_nobody(self):
        person = self.enrolled("Greta", self.list("attendance only", "attendance"), purpose="attendance")
        image = picture("Greta", "-quality", "85")
        self.assertNotIn(person["person"], self.identified(image))
        self.assertIn(person["person"], self.identified(image, purpose="attendance"))
        self.refused(self.admin.call("identify", 403, body=image, **IMAGE, list=["attendance only"]), 403, "purpose_mismatch")

    def test_an_inactive_list_and_an_inactive_person(self):
        one = self.list("switched")
        person = self.enrolled("Clara", one)
        image = picture("Clara", "-quality", "85")
        self.assertIn(person["person"], self.identified(image, list=["switched"]))
        self.admin.call("list_change", 200, list_id=one["list_id"], body={"active": False})
        self.assertNotIn(person["person"], self.identified(image))
        self.admin.call("list_change", 200, list_id=one["list_id"], body={"active": True})
        self.assertIn(person["person"], self.identified(image))
        self.admin.call("person_change", 200, person=person["person"], body={"active": False})
        self.assertNotIn(person["person"], self.identified(image))

    def test_who_is_kept_to_a_list_searches_in_it_only(self):
        here, there = self.list("here"), self.list("there")
        person = self.enrolled("Anna", there)
        caller = world.user("kept", ["operator"], lists=[here["list_id"]])
        self.assertNotIn(person["person"], self.identified(picture("Anna"), caller))
        self.refused(caller.call("identify", 404, body=picture("Anna"), **IMAGE, list=["there"]), 404, "not_found")
        self.assertEqual([x["name"] for x in caller.call("lists_list", 200).json["lists"]], ["here"])
        self.refused(caller.call("person_get", 404, person=person["person"]), 404, "not_found")
        self.refused(caller.call("list_get", 404, list_id=there["list_id"]), 404, "not_found")
        self.assertEqual(caller.call("people_list", 200, like="Anna", list="here").json["people"], [])


class Match(Api):
    """POST /v1/match."""

    def setUp(self):
        super().setUp()
        need_pictures()

    def test_references_and_sets(self):
        one = self.list("matched")
        anna, berta = self.enrolled("Anna", one), self.enrolled("Berta", one, external_id="B-1")
        probe = self.admin.call("extract", 201, body=picture("Berta", "-quality", "85"), **IMAGE).json["images"][0]["faces"][0]["attribute"]
        reference = {"type": "attribute", "attribute": probe["attribute"]}
        rows = self.admin.call("match", 200, body={"references": [reference, {"type": "person", "person": anna["person"]}], "candidates": [
            {"lists": ["matched"], "k": 2}, {"people": [anna["person"]], "fmr": 0.5}, {"filter": {"external_ids": ["B-1"]}},
            {"attributes": [probe["attribute"]]}]}).json["matches"]
        self.assertEqual([(r["reference"], r["set"]) for r in rows], [(r, s) for r in range(2) for s in range(4)])
        self.assertEqual(rows[0]["candidates"][0]["person"], berta["person"])
        self.assertEqual(rows[2]["candidates"][0]["external_id"], "B-1")
        self.assertEqual(rows[3]["candidates"][0].get("attribute"), probe["attribute"])
        self.assertIn("identify", self.actions(berta["person"]))

    def test_what_is_refused(self):
        reference, call = {"type": "person", "person": NO_ID}, self.admin.call
        self.refused(call("match", 400, body={"references": [], "candidates": [{}]}), 400, "invalid")
        self.refused(call("match", 400, body={"references": [reference] * 31, "candidates": [{}]}), 400, "invalid")
        self.refused(call("match", 415, body=b"x", media="image/jpeg"), 415, "unsupported")
        self.refused(call("match", 404, body={"references": [reference], "candidates": [{"lists": ["no such list"]}]}), 404, "not_found")


class Extract(Api):
    """POST /v1/extract and /v1/attributes."""

    def setUp(self):
        super().setUp()
        need_pictures()

    def test_attributes_live_and_are_forgotten(self):
        made = self.admin.call("extract", 201, body=picture("Anna"), **IMAGE, ttl=60).json["images"][0]["faces"][0]["attribute"]
        self.assertIn(made["attribute"], [a["attribute"] for a in self.admin.pages("attributes_list", "attributes", limit=1)])
        self.assertEqual(self.admin.call("attribute_get", 200, attribute=made["attribute"]).json, made)
        self.assertEqual(self.admin.call("sample_get", 200, sample=made["sample"]).body[:2], b"\xff\xd8")
        self.admin.call("attribute_delete", 204, attribute=made["attribute"])
        for name in ("attribute_get", "attribute_delete"):
            self.refused(self.admin.call(name, 404, attribute=made["attribute"]), 404, "not_found")
        self.refused(self.admin.call("sample_get", 404, sample=made["sample"]), 404, "not_found")

    def test_their_time_is_over(self):
        made = self.admin.call("extract", 201, body=picture("Anna"), **IMAGE, ttl=1).json["images"][0]["faces"][0]["attribute"]
        until(lambda: self.admin.call("attribute_get", (200, 404), attribute=made["attribute"]).status == 404)
        self.refused(self.admin.call("attribute_get", 404, attribute=made["attribute"]), 404, "not_found")
        self.assertNotIn(made["attribute"], [a["attribute"] for a in self.admin.pages("attributes_list", "attributes")])

    def test_who_did_not_agree_is_not_kept_long(self):
        call = self.admin.call
        self.refused(call("extract", 403, body=picture("Anna"), **IMAGE, ttl=901), 403, "consent_required")
        call("extract", 201, body=picture("Anna"), **IMAGE, ttl=900)
        without = self.person("Without consent")
        self.refused(call("extract", 403, body=picture("Anna"), **IMAGE, ttl=901, person=without["person"]), 403, "consent_required")
        agreed = self.person("Agreed", "verification")
        made = call("extract", 201, body=picture("Anna"), **IMAGE, ttl=86400, person=agreed["person"]).json
        self.assertEqual(made["images"][0]["faces"][0]["attribute"]["person"], agreed["person"])
        self.refused(call("extract", 404, body=picture("Anna"), **IMAGE, person=NO_ID), 404, "not_found")
        for ttl in (0, 86401):
            self.refused(call("extract", 400, body=picture("Anna"), **IMAGE, ttl=ttl), 400, "invalid", "ttl")

    def test_several_pictures_become_one(self):
        parts = [("picture", picture("Anna")), ("picture", picture("Anna", "-quality", "90"))]
        made = self.admin.call("extract", 201, parts=parts, aggregate=True).json
        self.assertIsNone(made["aggregate"]["sample"])
        body = {"a": {"type": "attribute", "attribute": made["aggregate"]["attribute"]}, "b": in_json(picture("Anna", "-quality", "90"))}
        self.assertIs(self.admin.call("verify", 200, body=body).json["same"], True)
        self.refused(self.admin.call("extract", 422, parts=[("picture", group_picture())] * 2, aggregate=True, faces="only"), 422, "several_faces")
        self.refused(self.admin.call("extract", 415, body=b"nothing"), 415, "unsupported")
