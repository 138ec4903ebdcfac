"""What comes on record seldom. Nothing is compared here: on_record.py compares every request with the log at the end of the module."""
import datetime
import json

from world import Api, need_pictures, picture, tearDownModule, world  # pylint: disable=unused-import


def setUpModule():  # pylint: disable=invalid-name
    """Whoever withdraws is erased an hour later."""
    world.start(consent__grace_hours=1)


class Recorded(Api):
    """Looks that only some requests bring about."""

    @classmethod
    def setUpClass(cls):
        need_pictures()
        api = cls()
        api.setUp()
        cls.one = api.list("recorded")
        cls.anna = api.person("Anna", "identification", "verification", lists=["recorded"])
        cls.sample = api.enrol(cls.anna, picture("Anna"))["face"]["sample"]
        made = api.admin.call("extract", 201, body=picture("Anna"), media="image/jpeg", person=cls.anna["person"]).json
        cls.attribute = made["images"][0]["faces"][0]["attribute"]["attribute"]

    def both(self):
        """The sample of an enrolled face, and that of an attribute of somebody known."""
        return [{"type": "sample", "sample": i} for i in (self.sample, self.attribute)]

    def test_samples_are_worked_on(self):
        for name, status in (("detect", 200), ("quality", 200), ("liveness", 200), ("extract", 201)):
            for source in self.both():
                self.admin.call(name, (status, 422), body={"pictures": [source]})
        self.assertGreaterEqual(self.actions(self.anna["person"]).count("face.sample"), 4)
        self.assertGreaterEqual(self.actions(self.anna["person"]).count("attribute.view"), 4)

    def test_samples_are_looked_at(self):
        for sample in (self.sample, self.attribute):
            self.admin.call("sample_get", 200, sample=sample)
        self.assertIn("attribute.view", self.actions(self.anna["person"]))

    def test_attributes_are_compared(self):
        source = {"type": "attribute", "attribute": self.attribute}
        self.admin.call("verify", 200, body={"a": source, "b": {"type": "person", "person": self.anna["person"]}})
        self.admin.call("identify", 200, body={"sources": [source]})
        self.admin.call("match", 200, body={"references": [source], "candidates": [{"lists": ["recorded"]}, {"attributes": [self.attribute]}]})

    def test_an_attribute_is_forgotten(self):
        made = self.admin.call("extract", 201, body=picture("Anna"), media="image/jpeg", person=self.anna["person"]).json
        self.admin.call("attribute_delete", 204, attribute=made["images"][0]["faces"][0]["attribute"]["attribute"])
        self.assertIn("attribute.delete", self.actions(self.anna["person"]))

    def test_attributes_are_forgotten(self):
        before = self.actions(self.anna["person"]).count("attribute.delete")
        made = [self.admin.call("extract", 201, body=picture("Anna"), media="image/jpeg", person=self.anna["person"]).json
                for _ in range(2)]
        self.admin.call("attributes_delete_batch", 200, body={"attributes": [m["images"][0]["faces"][0]["attribute"]["attribute"] for m in made]})
        self.assertEqual(self.actions(self.anna["person"]).count("attribute.delete"), before + 2)

    def test_erasures_wait(self):
        first, second = (self.person(f"Waits {i}", "identification") for i in range(2))
        self.assertFalse(self.admin.call("person_erase", 200, person=first["person"]).json["erased"])
        self.admin.call("people_erase_batch", 200, body={"people": [second["person"]]})
        self.admin.call("consent_give", 201, person=first["person"], body={"purpose": "identification", "method": "form"})
        self.assertEqual(self.actions(first["person"]), ["person.create", "consent.give", "erasure.ask", "erasure.undo", "consent.give"])

    def waits_for_erasure(self, name):
        """Their id."""
        person = self.person(name, "identification", lists=["recorded"], external_id=name)["person"]
        self.assertFalse(self.admin.call("person_erase", 200, person=person).json["erased"])
        return person

    def test_a_batch_of_consents_takes_an_erasure_back(self):
        person = self.waits_for_erasure("Agreed again")
        self.admin.call("consents_give_batch", 200, body={"consents": [{"person": person, "purpose": "identification", "method": "form"}]})
        self.assertIn("erasure.undo", self.actions(person))

    def test_an_import_takes_an_erasure_back(self):
        person = self.waits_for_erasure("Agreed elsewhere")
        given = datetime.datetime.now(datetime.timezone.utc).isoformat()
        rows = ({"mien": "people", "version": 2, "fields": [{"name": "desk", "label": "Desk", "type": "text"}]},
                {"person": person, "external_id": "Agreed elsewhere", "lists": ["recorded"],
                 "consents": [{"purpose": "identification", "method": "form", "given": given}]})
        body = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
        answer = self.admin.call("people_import", 200, body=body, media="application/jsonl").json
        self.assertEqual((answer["people_known"], answer["refused"], answer["fields_new"]), (1, 0, 1), answer)
        self.assertIn("erasure.undo", self.actions(person))

    def test_a_batch_with_consents(self):
        consents = [{"purpose": p, "method": "form"} for p in ("identification", "attendance")]
        body = {"people": [{"name": "One", "consents": consents}, {"name": "Two"}, {"name": "Three", "lists": ["no such list"]}]}
        self.admin.call("people_create_batch", 200, body=body)
