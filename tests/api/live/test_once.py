"""Idempotency-Key: a create that is sent again creates nothing twice, and gets the first answer again."""
import threading

from world import Api, Caller, PASSWORD, setUpModule, tearDownModule, world  # pylint: disable=unused-import

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"


class Once(Api):
    """On every route that takes a key."""

    def bodies(self):
        """Operation to (parameters, one body, another body)."""
        person = self.person("Gives consent")["person"]
        consent = {"purpose": "identification", "method": "form"}
        return {
            "person_create": ({}, {"name": "Once"}, {"name": "Other"}),
            "people_create_batch": ({}, {"people": [{"name": "Once"}]}, {"people": [{"name": "Other"}]}),
            "consent_give": ({"person": person}, consent, {**consent, "method": "other"}),
            "list_create": ({}, {"name": "once", "purpose": "attendance"}, {"name": "other", "purpose": "attendance"}),
            "user_create": ({}, {"login": "once", "name": "Once", "roles": ["auditor"]}, {"login": "other", "name": "O", "roles": ["auditor"]}),
            "role_create": ({}, {"role": "once", "rights": []}, {"role": "other", "rights": []}),
            "token_create": ({}, {"name": "once", "rights": ["people.view"]}, {"name": "other", "rights": ["people.view"]}),
            "account_create": ({}, {"name": "Once", "admin_login": "once"}, {"name": "Another", "admin_login": "other"}),
            "descriptors_import": ({}, {"descriptors": [{"person": person, "model": "m", "metric": "l2", "values": [1.0]}]},
                                   {"descriptors": [{"person": person, "model": "n", "metric": "l2", "values": [1.0]}]}),
        }

    def test_the_first_answer_comes_again(self):
        tried = self.bodies()
        taking = {o.name for o in world.spec.operations.values() if any(p["name"] == "Idempotency-Key" for p in o.parameters)}
        self.assertEqual(taking - set(tried), {"face_create"})
        for name, (given, body, other) in tried.items():
            with self.subTest(name):
                first = self.admin.call(name, (200, 201), body=body, Idempotency_Key=KEY, **given)
                again = self.admin.call(name, (200, 201), body=body, Idempotency_Key=KEY, **given)
                self.assertEqual((again.status, again.body), (first.status, first.body))
                for header in ("Location", "ETag", "Content-Type"):
                    self.assertEqual(again.header(header), first.header(header))
                self.refused(self.admin.call(name, 409, body=other, Idempotency_Key=KEY, **given), 409, "conflict", "Idempotency-Key")
                self.admin.call(name, (200, 201), body=other, Idempotency_Key=KEY + "-2", **given)
                self.refused(self.admin.call(name, 400, body=body, Idempotency_Key="short", **given), 400, "invalid", "Idempotency-Key")

    def test_a_refusal_does_not_use_the_key_up(self):
        body = {"name": "Later", "lists": ["made later"]}
        self.admin.call("person_create", (400, 404), body=body, Idempotency_Key=KEY + "-later")
        self.list("made later")
        body["consents"] = [{"purpose": "identification", "method": "f"}]
        self.admin.call("person_create", 201, body=body, Idempotency_Key=KEY + "-later")

    def test_a_key_is_its_users_own(self):
        first = self.admin.call("person_create", 201, body={"name": "Mine"}, Idempotency_Key=KEY + "-own").json
        operator = world.user("has-a-key", ["operator"])
        second = operator.call("person_create", 201, body={"name": "Mine"}, Idempotency_Key=KEY + "-own").json
        third = world.other.call("person_create", 201, body={"name": "Mine"}, Idempotency_Key=KEY + "-own").json
        self.assertEqual(len({one["person"] for one in (first, second, third)}), 3)

    def test_two_at_once(self):
        token, answers = world.token(["people.create"]).token, []

        def create():
            answers.append(Caller(world.line, token=token).call("person_create", (201, 409, 503), body={"name": "At once"}, Idempotency_Key=KEY + "-at-once"))

        threads = [threading.Thread(target=create) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len({a.json["person"] for a in answers if a.status == 201}), 1)
        self.assertEqual(len(self.admin.pages("people_list", "people", like="At once")), 1)

    def test_it_outlives_the_server(self):
        first = self.admin.call("user_create", 201, body={"login": "outlives", "name": "O", "roles": ["auditor"]}, Idempotency_Key=KEY + "-kill")
        world.server.kill()
        world.server.start()
        self.admin.login("admin", PASSWORD)
        again = self.admin.call("user_create", 201, body={"login": "outlives", "name": "O", "roles": ["auditor"]}, Idempotency_Key=KEY + "-kill")
        self.assertEqual(again.body, first.body)
