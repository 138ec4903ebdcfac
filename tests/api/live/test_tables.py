"""What a list shows, as a table: every list there is, cell by cell what its JSON says, with its pages."""
import csv
import io
import json

from world import Api, PASSWORD, picture, setUpModule, tearDownModule, until, world  # pylint: disable=unused-import

FORMULA = "=HYPERLINK(1)"


def same(value, shown):
    """Is this what a spreadsheet is to be given for a value?"""
    if value is None:
        return shown == ""
    if isinstance(value, str):
        return shown == ("'" + value if value[:1] in tuple("=+-@\t\r") else value)
    return json.loads(shown) == value


def at(row, column):
    """The value that `a.b` names."""
    for name in column.split("."):
        row = row.get(name)
    return row


class Tables(Api):
    """On every route that answers pages."""

    def things(self):
        """Operation to its parameters, with something to show in each list, and formulas where texts are free."""
        one = self.list("=list")
        self.list("@list", comment=FORMULA)
        people = [self.person(f"{FORMULA} {i}", "identification", lists=["=list"]) for i in range(3)]
        for caller in ("=a", "+b", "@c"):
            self.admin.call("user_create", 201, body={"login": "t" + caller[1:], "name": caller, "roles": ["auditor"], "comment": FORMULA})
            self.admin.call("role_create", 201, body={"role": "t" + caller[1:], "text": caller, "rights": ["people.view"]})
            self.admin.call("token_create", 201, body={"name": caller, "rights": ["people.view"]})
            self.admin.call("account_create", 201, body={"name": "t" + caller[1:], "comment": caller, "admin_login": "boss"})
        world.nobody().login(self.admin.me["login"], PASSWORD)
        person = {"person": people[0]["person"]}
        for i in range(2):
            self.admin.call("consent_give", 201, body={"purpose": "attendance", "method": f"{FORMULA}{i}", "until": "2099-01-01T00:00:00Z"}, **person)
        listed = {"list": one["list_id"]}
        return {"people_list": {}, "consents_list": {}, "person_consents": person, "faces_list": {}, "person_faces": person,
                "descriptors_export": listed, "lists_list": {}, "members_list": {"list_id": one["list_id"]}, "attributes_list": {},
                "users_list": {}, "roles_list": {}, "tokens_list": {}, "accounts_list": {}, "sessions_list": {}, "audit_list": {"sort": "seq"}}

    def rows(self, name, given):
        """As JSON."""
        return next(iter(self.admin.call(name, 200, limit=1000, **given).json.values()))

    def both(self, name, given):
        """The same as JSON and as a table; None: between the two a session or a token was used again, which is written once a minute."""
        rows = self.rows(name, given)
        table = self.table(name, given)
        return (rows, table) if self.rows(name, given)[:len(table)] == rows[:len(table)] else None

    def table(self, name, given):
        """Rows of its pages."""
        table, cursor = [], None
        while True:
            answer = self.admin.call(name, 200, limit=2, headers={"Accept": "text/csv"}, **given, **({"cursor": cursor} if cursor else {}))
            table += csv.DictReader(io.StringIO(answer.body.decode()))
            cursor = answer.header("X-Next-Cursor")
            if not cursor or len(table) >= 20:
                return table

    def test_each_is_its_json(self):
        things = self.things()
        for name in ("Anna", "Berta"):
            self.enrol({"person": things["person_faces"]["person"]}, picture(name))
            self.admin.call("extract", 201, body=picture(name), media="image/jpeg")
        paged = {o.name for o in world.spec.operations.values() if any(p["name"] == "cursor" for p in o.parameters)}
        self.assertEqual(paged, set(things))
        for name, given in things.items():
            with self.subTest(name):
                rows, table = until(lambda name=name, given=given: self.both(name, given))
                self.assertGreater(len(rows), 1)
                self.assertEqual(len(table), min(len(rows), 20))
                for row, shown in zip(rows, table):
                    self.assertEqual([(c, at(row, c), s) for c, s in shown.items() if not same(at(row, c), s)], [])

    def test_what_has_no_pages(self):
        fields = [{"name": "team", "label": FORMULA, "type": "choice", "choices": ["=a", "b"], "multiple": True, "default": ["b"]},
                  {"name": "since", "label": "Since", "type": "date", "tab": "@work", "description": FORMULA}]
        self.admin.call("fields_put", 200, body={"fields": fields})
        self.addCleanup(self.admin.call, "fields_put", 200, body={"fields": []}, drop=True)
        whole = {o.name for o in world.spec.operations.values() if o.right_csv and not any(p["name"] == "cursor" for p in o.parameters)}
        self.assertEqual(whole, {"settings_get", "fields_get"})
        for name in whole:
            with self.subTest(name):
                shown = self.admin.call(name, 200)
                rows, = shown.json.values()
                answer = self.admin.call(name, 200, headers={"Accept": "text/csv"})
                table = list(csv.DictReader(io.StringIO(answer.body.decode())))
                self.assertEqual((len(table), answer.etag, answer.header("X-Next-Cursor")), (len(rows), shown.etag, None))
                self.assertEqual(set(table[0]), set().union(*rows))
                for row, cells in zip(rows, table):
                    self.assertEqual([(c, row.get(c), s) for c, s in cells.items() if not same(row.get(c), s)], [])
        self.refused(world.role_user("operator").call("settings_get", 403, headers={"Accept": "text/csv"}), 403, "forbidden")

    def test_who_may_not_take_people_out(self):
        operator, person = world.role_user("operator"), self.person("Stays")["person"]
        for name, given in (("person_consents", {"person": person}), ("person_faces", {"person": person}), ("attributes_list", {})):
            operator.call(name, 200, **given)
            self.refused(operator.call(name, 403, headers={"Accept": "text/csv"}, **given), 403, "forbidden", "people.export")

    def test_ones_own_need_no_further_right(self):
        operator = world.role_user("operator")
        mine = self.admin.call("token_create", 201, body={"name": "mine", "rights": [], "user": operator.record["user"]}).json
        table = list(csv.DictReader(io.StringIO(operator.call("tokens_list", 200, headers={"Accept": "text/csv"}).body.decode())))
        self.assertEqual([t["token"] for t in table], [mine["token"]])
        self.assertNotIn(mine["secret"].encode(), operator.call("tokens_list", 200, headers={"Accept": "text/csv"}).body)
        operator.call("sessions_list", 200, headers={"Accept": "text/csv"})
