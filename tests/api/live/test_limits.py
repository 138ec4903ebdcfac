"""What who runs the server may allow less of than the description does: every `x-mien-max`, with the setting lowered and put back."""
import datetime

from spec import model
from world import Api, NO_ID, setUpModule, tearDownModule, picture, world  # pylint: disable=unused-import

IDS = [NO_ID[:-4] + f"{i:04x}" for i in range(8)]
BATCHES = {
    "people_create_batch": ("people", lambda i: {"name": f"P{i}"}),
    "people_erase_batch": ("people", lambda i: IDS[i]),
    "consents_give_batch": ("consents", lambda i: {"person": IDS[i], "purpose": "attendance", "method": "f"}),
    "consents_withdraw_batch": ("consents", lambda i: IDS[i]),
    "faces_delete_batch": ("faces", lambda i: IDS[i]),
    "descriptors_import": ("descriptors", lambda i: {"person": IDS[i], "model": "m", "metric": "cosine", "values": [1.0]}),
    "lists_create_batch": ("lists", lambda i: {"name": f"L{i}", "purpose": "attendance"}),
    "lists_delete_batch": ("lists", lambda i: IDS[i]),
    "attributes_delete_batch": ("attributes", lambda i: IDS[i]),
    "tokens_revoke_batch": ("tokens", lambda i: IDS[i]),
}


def named(document, schema):
    """The settings that a schema names, at every depth."""
    schema = model.follow(document, schema)
    found = {schema["x-mien-max"]} if "x-mien-max" in schema else set()
    inner = [*schema.get("oneOf", []), *schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]
    return found.union(*(named(document, s) for s in inner))


class Limits(Api):
    """Each in force at once, in the words of its setting."""

    def lower(self, name, value):
        """Until the test ends."""
        self.put(name, value)
        self.addCleanup(self.put, name, None)

    def put(self, name, value):
        """In the store."""
        self.admin.call("settings_change", 200, body={"settings": [{"name": name, "value": value}]})

    def test_batches(self):
        self.lower("batch.max", 2)
        for name, (field, entry) in BATCHES.items():
            with self.subTest(name):
                body = {field: [entry(i) for i in range(3)]}
                self.refused(self.admin.call(name, 413, body=body), 413, "limit", "batch.max", f'"/{field}"', "at most")
                body[field].pop()
                self.assertEqual(len(self.admin.call(name, 200, body=body).json["results"]), 2)
        members = {"list_id": self.list("limited")["list_id"]}
        for field in ("add", "remove"):
            self.refused(self.admin.call("members_change", 413, body={field: IDS[:3]}, **members), 413, "limit", "batch.max", f'"/{field}"')
        self.admin.call("members_change", 200, body={"add": IDS[:2], "remove": IDS[2:4]}, **members)

    def test_nothing_of_a_batch_that_is_too_large_is_done(self):
        self.lower("batch.max", 1)
        self.refused(self.admin.call("people_create_batch", 413, body={"people": [{"name": "Once"}, {"name": "Twice"}]}), 413, "limit")
        self.assertEqual(self.admin.call("people_list", 200, like="Twice").json["people"], [])

    def test_pages(self):
        self.person("One")
        self.person("Two")
        self.lower("page.max", 1)
        paged = [o for o in world.spec.operations.values() if any(p["name"] == "cursor" for p in o.parameters) and "{" not in o.path]
        self.assertGreater(len(paged), 10)
        for op in paged:
            more = {"list": self.list("paged")["name"]} if op.name == "descriptors_export" else {}
            with self.subTest(op.name):
                self.refused(self.admin.call(op.name, 400, limit=2, **more), 400, "invalid", "page.max", '"limit"')
                rows = next(iter(self.admin.call(op.name, 200, **more).json.values()))
                self.assertLessEqual(len(rows), 1)
        self.assertEqual(len(self.admin.pages("people_list", "people")), len(self.admin.pages("people_list", "people", limit=1)))

    def test_match(self):
        one = {"type": "face", "face": NO_ID}
        for name, body in (("match.references", {"references": [one] * 2, "candidates": [{}]}), ("match.sets", {"references": [one], "candidates": [{}] * 2}),
                           ("match.best", {"references": [one], "candidates": [{"k": 2}]})):
            with self.subTest(name):
                self.admin.call("match", 404, body=body)
                self.put(name, 1)
                self.refused(self.admin.call("match", 413, body=body), 413, "limit", name)
                self.admin.call("match", 404, body={"references": [one], "candidates": [{}]})
                self.put(name, None)

    def test_pictures(self):
        self.lower("request.pictures", 1)
        anna, bad = picture("Anna"), {"type": "base64", "data": "AAAA"}
        for name in ("detect", "extract", "quality", "liveness", "identify"):
            field = "sources" if name == "identify" else "pictures"
            with self.subTest(name):
                self.refused(self.admin.call(name, 413, body={field: [bad, bad]}), 413, "limit", "request.pictures", f'"/{field}"')
                answer = self.admin.call(name, 413, parts=[("picture", anna, "a.jpg", "image/jpeg"), ("picture", anna, "b.jpg", "image/jpeg")])
                self.refused(answer, 413, "limit", "request.pictures")
        self.assertEqual(len(self.admin.call("detect", 200, body=anna, media="image/jpeg").json["images"]), 1)

    def test_how_many_are_told_and_how_long_is_kept(self):
        people = self.list("best")
        for name in ("Anna", "Berta"):
            self.enrolled(name, people)
        self.lower("match.best", 1)
        anna = {"body": picture("Anna"), "media": "image/jpeg"}
        self.refused(self.admin.call("identify", 400, k=2, **anna), 400, "invalid", "match.best", '"k"')
        self.assertEqual(len(self.identified(picture("Anna"), fmr=0.5)), 1)
        self.lower("attribute.ttl_s", 60)
        self.refused(self.admin.call("extract", 400, ttl=61, **anna), 400, "invalid", "attribute.ttl_s", '"ttl"')
        made = self.admin.call("extract", 201, **anna).json["images"][0]["faces"][0]["attribute"]
        created, until = (datetime.datetime.fromisoformat(made[n].replace("Z", "+00:00")) for n in ("created", "until"))
        self.assertLess((until - created).total_seconds(), 120)

    def test_each_is_tried_here(self):
        spec = world.spec
        found = set()
        for op in spec.operations.values():
            for schema in [p["schema"] for p in op.parameters] + list(op.bodies.values()):
                found |= named(spec.document, schema)
        self.assertEqual(found, {"batch.max", "page.max", "request.pictures", "match.references", "match.sets", "match.best", "attribute.ttl_s"})


del Api
