"""Idempotency-Key: a create that is sent again creates nothing twice, and gets the first answer again."""
import threading

from world import Api, Caller, PASSWORD, picture, setUpModule, tearDownModule, world  # pylint: disable=unused-import

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
            "lists_create_batch": ({}, {"lists": [{"name": "once many", "purpose": "attendance"}]}, {"lists": [{"name": "o", "purpose": "attendance"}]}),
            "consents_give_batch": ({}, {"consents": [{**consent, "purpose": "attendance", "person": person}]},
                                        {"consents": [{**consent, "purpose": "verification", "person": person}]}),
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
        self.assertEqual(taking - set(tried), {"face_create", "decision_make", "extract"})
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

    def test_a_face(self):
        person = self.person("Has a face", "identification")["person"]
        given = {"person": person, "body": picture("Anna"), "media": "image/jpeg", "Idempotency_Key": KEY + "-face"}
        first = self.admin.call("face_create", 201, **given)
        again = self.admin.call("face_create", 201, **given)
        self.assertEqual((again.body, again.header("Location")), (first.body, first.header("Location")))
        self.admin.call("person_erase", 200, person=person)
        self.refused(self.admin.call("face_create", 404, **given), 404, "not_found")

    def test_a_decision(self):
        self.list("decided")
        people = [self.person(f"Looks like {i}", "identification", lists=["decided"]) for i in range(2)]
        self.enrol(people[0], picture("Berta"))
        for action, status in (("cancel", 204), ("create", 200)):
            image = picture("Berta", "-quality", "91" if action == "create" else "90")
            waits = self.admin.call("face_create", 202, person=people[1]["person"], body=image, media="image/jpeg").json["decision"]
            given = {"decision": waits, "Idempotency_Key": KEY + action}
            first = self.admin.call("decision_make", status, body={"action": action}, **given)
            again = self.admin.call("decision_make", (status, 409), body={"action": action}, **given)
            if action == "create":  # its answer names others, and is not kept
                self.assertEqual(len(first.json["duplicates"]), 1)
                self.refused(again, 409, "conflict", "look whether it was done")
            else:
                self.assertEqual((again.status, again.body), (204, first.body))
            self.refused(self.admin.call("decision_make", 404, body={"action": action}, decision=waits), 404, "not_found")
        other = {"action": "merge", "person": people[0]["person"]}
        self.refused(self.admin.call("decision_make", 409, body=other, **given), 409, "conflict", "Idempotency-Key")
        for person in people:
            self.admin.call("person_erase", 200, person=person["person"])

    def test_attributes_are_made_again_when_they_are_over(self):
        given = {"body": picture("Clara"), "media": "image/jpeg", "ttl": 60, "Idempotency_Key": KEY + "-extract"}
        first = self.admin.call("extract", 201, **given)
        self.assertEqual(self.admin.call("extract", 201, **given).body, first.body)
        self.assertEqual(len(self.admin.pages("attributes_list", "attributes")), 1)
        self.refused(self.admin.call("extract", 409, **{**given, "ttl": 61}), 409, "conflict", "Idempotency-Key")
        (attribute,) = [f["attribute"]["attribute"] for f in first.json["images"][0]["faces"]]
        self.admin.call("attribute_delete", 204, attribute=attribute)
        again = self.admin.call("extract", 201, **given).json
        self.assertNotEqual(again["images"][0]["faces"][0]["attribute"]["attribute"], attribute)
        self.assertEqual(self.admin.call("extract", 201, **given).json, again)

    def kept_to(self, name):
        """An administrator who is kept to a list of that name."""
        one = self.list(name)["list_id"]
        return one, world.user(name.replace(" ", "-"), ["administrator"], lists=[one])

    def moved(self, caller, name):
        """The same one, kept to another list."""
        other = self.list(name)["list_id"]
        self.admin.call("user_change", 200, user=caller.record["user"], body={"lists": [other]})

    def test_who_lost_the_list_is_told_nothing(self):
        one, caller = self.kept_to("had it")
        agreed = {"consents": [{"purpose": "identification", "method": "form"}], "lists": ["had it"]}
        body = {"name": "Was mine", **agreed}
        made = caller.call("person_create", 201, body=body, Idempotency_Key=KEY + "-lost")
        person = made.json["person"]
        batch = {"people": [{"name": "Was mine too", **agreed}]}
        caller.call("people_create_batch", 200, body=batch, Idempotency_Key=KEY + "-lost")
        consent = {"person": person, "body": {"purpose": "attendance", "method": "form"}, "Idempotency_Key": KEY + "-lost"}
        caller.call("consent_give", 201, **consent)
        many = {"consents": [{"person": person, "purpose": "verification", "method": "form"}]}
        caller.call("consents_give_batch", 200, body=many, Idempotency_Key=KEY + "-lost")
        face = {"person": person, "body": picture("Dora"), "media": "image/jpeg", "Idempotency_Key": KEY + "-lost"}
        enrolled = caller.call("face_create", 201, **face).json
        vector = self.admin.call("descriptor_get", 200, face=enrolled["face"]["face"]).json
        rows = {"descriptors": [{"person": person, **{k: vector[k] for k in ("model", "metric", "values")}}]}
        caller.call("descriptors_import", 200, body=rows, Idempotency_Key=KEY + "-lost")
        attribute = {"body": picture("Dora"), "media": "image/jpeg", "person": person, "Idempotency_Key": KEY + "-lost"}
        caller.call("extract", 201, **attribute)
        self.assertEqual(caller.call("person_create", 201, body=body, Idempotency_Key=KEY + "-lost").body, made.body)
        before = self.actions(person)
        self.moved(caller, "has it now")
        self.refused(caller.call("person_create", 403, body=body, Idempotency_Key=KEY + "-lost"), 403, "forbidden")
        self.refused(caller.call("people_create_batch", 403, body=batch, Idempotency_Key=KEY + "-lost"), 403, "forbidden")
        self.refused(caller.call("consents_give_batch", 403, body=many, Idempotency_Key=KEY + "-lost"), 403, "forbidden")
        self.refused(caller.call("descriptors_import", 403, body=rows, Idempotency_Key=KEY + "-lost"), 403, "forbidden")
        for name, given in (("consent_give", consent), ("face_create", face), ("extract", attribute)):
            again = self.refused(caller.call(name, 404, **given), 404, "not_found").json
            fresh = caller.call(name, 404, **{**given, "Idempotency_Key": KEY + "-fresh"}).json
            self.assertEqual(again["detail"], fresh["detail"])
        self.assertEqual(self.actions(person), before)
        self.assertEqual(len(self.admin.pages("people_list", "people", list=one)), 2)

    def test_who_is_kept_to_lists_by_now_is_not_told_of_what_is_everybodys(self):
        caller = world.user("was-free", ["administrator"])
        bodies = {"list_create": {"name": "made free", "purpose": "attendance"}, "lists_create_batch": {"lists": [{"name": "x", "purpose": "attendance"}]},
                  "account_create": {"name": "Made free", "admin_login": "boss"},
                  "user_create": {"login": "made-free", "name": "F", "roles": ["administrator"]},
                  "role_create": {"role": "made-free", "rights": ["people.view"]}, "token_create": {"name": "free", "rights": ["people.view"]}}
        for name, body in bodies.items():
            caller.call(name, (200, 201), body=body, Idempotency_Key=KEY + "-free")
            caller.call(name, (200, 201), body=body, Idempotency_Key=KEY + "-free")
        self.moved(caller, "not free")
        for name, body in bodies.items():
            answer = self.refused(caller.call(name, 403, body=body, Idempotency_Key=KEY + "-free"), 403, "forbidden")
            for secret in (b"secret", b"one_time_password"):
                self.assertNotIn(secret, answer.body)

    def test_who_may_less_by_now_is_not_told_of_what_may_more(self):
        rights = ["users.create", "roles.create", "tokens.create", "audit.view"]
        self.admin.call("role_create", 201, body={"role": "maker", "rights": rights})
        caller = world.user("maker", ["maker"])
        bodies = {"user_create": {"login": "made", "name": "M", "roles": ["maker"]}, "role_create": {"role": "made", "rights": ["audit.view"]},
                  "token_create": {"name": "made", "rights": ["audit.view"]}}
        for name, body in bodies.items():
            caller.call(name, 201, body=body, Idempotency_Key=KEY + "-more")
        self.admin.call("role_create", 201, body={"role": "less", "rights": rights[:3]})
        self.admin.call("user_change", 200, user=caller.record["user"], body={"roles": ["less"]})
        for name, body in bodies.items():
            self.refused(caller.call(name, 403, body=body, Idempotency_Key=KEY + "-more"), 403, "forbidden")
        self.admin.call("user_change", 200, user=caller.record["user"], body={"roles": ["auditor"]})
        for name, body in bodies.items():
            self.refused(caller.call(name, 403, body=body, Idempotency_Key=KEY + "-more"), 403, "forbidden", name.replace("_", "s."))

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
