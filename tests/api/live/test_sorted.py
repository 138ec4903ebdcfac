"""In every order that a list has, page by page: all there are, once each, and in that order; and what filters leave."""
from world import Api, PASSWORD, in_time, picture, setUpModule, stamp, tearDownModule, until, world  # pylint: disable=unused-import

ENDS = {"until", "expires"}  # null: never, so after all others; of other times null is before them


def worth(row, field):
    """What an order compares."""
    value = row[field]
    if value is None:
        return (2, "") if field in ENDS else (0, "")
    return (1, value.encode() if isinstance(value, str) else value)


class Sorted(Api):
    """Each list with a sort."""

    @classmethod
    def setUpClass(cls):
        api = Api()
        api.setUp()
        call = api.admin.call
        cls.list_id = api.list("sorted")["list_id"]
        api.list("other")
        api.list("Another", "attendance")
        names = ["Zoe", "anna", "Berta", "Zoe", "Émile"]
        cls.people = [api.person(name, "identification") for name in names]
        for person in reversed(cls.people):
            call("member_add", 200, list_id=cls.list_id, person=person["person"])
            call("consent_give", 201, person=person["person"],
                 body={"purpose": "attendance", "method": "form", "given": stamp(-86400 * (1 + len(person["name"]))), "until": stamp(9999)})
        cls.first = cls.people[0]["person"]
        for i, name in enumerate(names):
            until = None if i % 2 else stamp(5900 - 600 * i)  # far apart, however long it takes to make them
            call("token_create", 201, body={"name": name, "rights": ["people.view"], **({"until": until} if until else {})})
            call("account_create", 201, body={"name": f"{name} {i}", "admin_login": "boss", **({"expires": until} if until else {})})
            call("role_create", 201, body={"role": f"r{9 - i}", "text": name, "rights": ["people.view"]})
            user = world.user(f"u{9 - i}", ["auditor"])
            call("user_change", 200, user=user.record["user"], body={"name": name, "active": i != 3})
        world.nobody().login("admin", PASSWORD)
        world.nobody().login("admin", PASSWORD)
        for i, name in enumerate(("Anna", "Berta", "Clara")):
            api.enrol(cls.people[0], picture(name))
            call("extract", 201, body=picture(name), media="image/jpeg", ttl=300 - 50 * (i % 2))

    def given(self, op):
        """The parameters that a list needs."""
        known = {"list_id": self.list_id, "person": self.first}
        return {p["name"]: known[p["name"]] for p in op.parameters if p["in"] == "path"}

    def both(self, name, **given):
        """All on one page, and on pages of two; None: meanwhile a session or a token was used again, which is written once a minute."""
        (entries, _) = self.admin.call(name, 200, limit=1, **given).json
        every = self.admin.pages(name, entries, limit=1000, **given)
        rows = self.admin.pages(name, entries, limit=2, **given)
        same = name == "audit_list" or self.admin.pages(name, entries, limit=1000, **given) == every
        return (every, rows) if same else None

    def test_each_order(self):
        seen = set()
        for op in world.spec.operations.values():
            words = next((p["schema"]["enum"] for p in op.parameters if p["name"] == "sort"), [])
            if not words or op.method != "get":
                continue
            given, seen = self.given(op), seen | {op.name}
            for word in words:
                with self.subTest(op.name, sort=word):
                    every, rows = until(lambda op=op, given=given, word=word: self.both(op.name, sort=word, **given))
                    key = next(iter(rows[0]))
                    key = "person" if op.name == "members_list" else "consent" if "consent" in op.name else key
                    self.assertGreater(len(rows), 2)
                    if op.name != "audit_list":  # which grows as it is looked at
                        self.assertEqual([r[key] for r in rows], [r[key] for r in every])
                    field = word.strip("-")
                    if field == "predefined":
                        self.assertEqual([r["predefined"] for r in rows], sorted((r["predefined"] for r in rows), reverse=True))
                        continue
                    values = [worth(r, field) for r in rows]
                    self.assertEqual(values, sorted(values, reverse=word.startswith("-")))
        self.assertEqual(len(seen), 13, seen)

    def test_who_goes_meanwhile_hides_nobody(self):
        first = self.admin.call("tokens_list", 200, sort="-name", limit=2).json
        names = [t["name"] for t in self.admin.pages("tokens_list", "tokens", sort="-name")]
        self.admin.call("token_revoke", 204, token=first["tokens"][1]["token"])
        answer = self.admin.call("tokens_list", 200, sort="-name", limit=100, cursor=first["next"]).json
        self.assertEqual([t["name"] for t in answer["tokens"]], names[2:])

    def test_tokens(self):
        found = lambda **given: [t["name"] for t in self.admin.pages("tokens_list", "tokens", **given)]  # noqa: E731
        self.assertEqual(found(like="zO"), ["Zoe", "Zoe"])
        used = world.token(["people.search"])
        used.call("people_list", 200)
        self.assertNotIn("test", found(unused_since=stamp(-3600)))
        self.assertIn("Berta", found(unused_since=stamp(-3600)))
        self.admin.call("token_revoke", 204, token=used.record["token"])
        body = {"name": "short", "rights": ["people.search"]}
        in_time(lambda seconds: self.admin.call("token_create", (201, 400), body={**body, "until": stamp(seconds)}).status == 201 or None)
        until(lambda: "short" not in found(active=True))
        self.assertEqual(found(active=False), ["short"])

    def test_roles(self):
        found = lambda **given: [r["role"] for r in self.admin.pages("roles_list", "roles", **given)]  # noqa: E731
        self.assertEqual(found(predefined=True), ["administrator", "operator", "auditor", "integrator"])
        self.assertEqual(found(predefined=False), ["r5", "r6", "r7", "r8", "r9"])
        self.assertEqual(found(like="ZOE"), ["r6", "r9"])
        self.assertEqual(found(right="accounts.delete"), ["administrator"])
        self.refused(self.admin.call("roles_list", 400, right="people.fly"), 400, "invalid", "right")

    def test_accounts(self):
        found = lambda **given: [a["name"] for a in self.admin.pages("accounts_list", "accounts", **given)]  # noqa: E731
        self.assertEqual(found(like="zoe"), ["Zoe 0", "Zoe 3"])
        self.assertEqual(found(expires_to=stamp(6000), sort="expires"), ["Émile 4", "Berta 2", "Zoe 0"])
        made = self.admin.call("account_create", 201, body={"name": "off", "admin_login": "boss"}).json
        self.admin.call("account_change", 200, account=made["account"], body={"active": False})
        self.assertEqual(found(active=False), ["off"])
        self.assertNotIn("off", found(active=True))

    def test_members(self):
        rows = self.admin.pages("members_list", "members", list_id=self.list_id, like="zoe", sort="added", limit=1)
        self.assertEqual([r["person"] for r in rows], [self.people[3]["person"], self.people[0]["person"]])

    def test_consents(self):
        found = lambda **given: [c["purpose"] for c in self.admin.pages("consents_list", "consents", **given)]  # noqa: E731
        self.assertEqual(found(until_from=stamp(9000), until_to=stamp(20000)), ["attendance"] * 5)
        self.assertEqual(found(until_from=stamp(20000)), ["identification"] * 5)
        self.assertEqual(found(given_to=stamp(-3600)), ["attendance"] * 5)
        self.assertEqual(found(given_from=stamp(-3600)), ["identification"] * 5)
        person = self.person("Several", "identification", "attendance")
        self.admin.call("consent_withdraw", 200, person=person["person"], consent=person["consents"][0]["consent"])
        given = {"person": person["person"]}
        for state, purpose in (("withdrawn", person["consents"][0]["purpose"]), ("valid", person["consents"][1]["purpose"])):
            (row,) = self.admin.pages("person_consents", "consents", state=state, limit=1, **given)
            self.assertEqual((row["state"], row["purpose"]), (state, purpose))
            self.assertEqual(len(self.admin.pages("person_consents", "consents", purpose=purpose, **given)), 1)
        self.admin.call("person_erase", 200, **given)

    def test_attributes_of_people_that_one_may_not_see(self):
        """They are passed over, and those behind them come."""
        one = self.list("looked at")["list_id"]
        image = {"body": picture("Anna"), "media": "image/jpeg"}
        mine = self.person("Mine", "identification", lists=["looked at"])["person"]
        made = [self.admin.call("extract", 201, person=who, **image).json["images"][0]["faces"][0]["attribute"]["attribute"]
                for who in (mine, self.first, self.first, mine)]
        caller = world.user("kept", ["operator"], lists=[one])
        rows = caller.pages("attributes_list", "attributes", limit=1)
        self.assertEqual([r["attribute"] for r in rows if r["person"]], [made[0], made[3]])
        self.assertEqual([r["attribute"] for r in self.admin.pages("attributes_list", "attributes", person=self.first, limit=1)], made[1:3])
        self.assertEqual(self.admin.pages("attributes_list", "attributes", min_quality=1), [])
        for attribute in made:
            self.admin.call("attribute_delete", 204, attribute=attribute)
        self.admin.call("person_erase", 200, person=mine)
