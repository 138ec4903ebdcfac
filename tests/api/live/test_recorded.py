"""What comes on record seldom. Nothing is compared here: on_record.py compares every request with the log at the end of the module."""
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

    def test_erasures_wait(self):
        first, second = (self.person(f"Waits {i}", "identification") for i in range(2))
        self.assertFalse(self.admin.call("person_erase", 200, person=first["person"]).json["erased"])
        self.admin.call("people_erase_batch", 200, body={"people": [second["person"]]})
        self.admin.call("consent_give", 201, person=first["person"], body={"purpose": "identification", "method": "form"})
        self.assertEqual(self.actions(first["person"]), ["person.create", "consent.give", "erasure.ask", "erasure.undo", "consent.give"])

    def test_a_batch_with_consents(self):
        consents = [{"purpose": p, "method": "form"} for p in ("identification", "attendance")]
        body = {"people": [{"name": "One", "consents": consents}, {"name": "Two"}, {"name": "Three", "lists": ["no such list"]}]}
        self.admin.call("people_create_batch", 200, body=body)
