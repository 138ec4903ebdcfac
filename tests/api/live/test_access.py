"""Users, roles, tokens, accounts."""
from world import Api, Caller, NO_ID, PASSWORD, in_time, setUpModule, stamp, tearDownModule, until, world  # pylint: disable=unused-import


class Users(Api):
    """Who may sign in."""

    def test_one_life(self):
        made = self.admin.call("user_create", 201, body={"login": "jan", "name": "Jan Okafor", "roles": ["operator"], "comment": "c"})
        user, once = made.json, made.json["one_time_password"]
        given = {"user": user["user"]}
        self.assertEqual(made.header("Location"), f"/v1/users/{user['user']}")
        self.assertEqual((user["login"], user["roles"], user["lists"], user["password_change"], user["last_login"]), ("jan", ["operator"], None, True, None))
        caller = Caller(world.line)
        world.first(caller, "jan", once)
        got = self.admin.call("user_get", 200, **given)
        self.assertNotIn("one_time_password", got.json)
        self.assertEqual((got.json["password_change"], got.json["last_login"] is None), (False, False))
        changed = self.admin.call("user_change", 200, body={"name": "Jan O.", "roles": ["operator", "auditor"]}, If_Match=got.etag, **given)
        self.assertEqual((changed.json["name"], set(changed.json["roles"])), ("Jan O.", {"operator", "auditor"}))
        self.refused(self.admin.call("user_change", 412, body={"name": "x"}, If_Match=got.etag, **given), 412, "precondition_failed")
        self.assertIn("audit.view", caller.call("me_get", 200).json["rights"])
        reset = self.admin.call("user_reset", 200, **given).json
        self.refused(caller.call("me_get", 401), 401, "unauthenticated")
        world.nobody().login("jan", PASSWORD, 401)
        world.first(Caller(world.line), "jan", reset["one_time_password"])
        self.admin.call("user_delete", 204, **given)
        for name in ("user_get", "user_delete", "user_reset"):
            self.refused(self.admin.call(name, 404, **given), 404, "not_found")
        self.refused(self.admin.call("user_change", 404, body={"name": "x"}, **given), 404, "not_found")
        actions = self.actions(user["user"])
        for action in ("user.create", "user.change", "user.reset", "user.delete"):
            self.assertIn(action, actions)

    def test_found(self):
        for i in range(5):
            self.admin.call("user_create", 201, body={"login": f"find-{i}", "name": f"Findable {i}", "roles": ["auditor" if i % 2 else "operator"], "active": i != 3})
        for sort in ("login", "-login", "created", "-created"):
            rows = self.admin.pages("users_list", "users", like="find", sort=sort, limit=2)
            values = [r[sort.strip("-")] for r in rows]
            self.assertEqual((len(rows), values), (5, sorted(values, reverse=sort.startswith("-"))))
        self.assertEqual(len(self.admin.pages("users_list", "users", like="FINDABLE", sort="-last_login", limit=2)), 5)
        self.assertEqual([u["login"] for u in self.admin.pages("users_list", "users", role="auditor", like="find-")], ["find-1", "find-3"])
        self.assertEqual([u["login"] for u in self.admin.pages("users_list", "users", active=False, like="find-")], ["find-3"])

    def test_what_is_refused(self):
        call, body = self.admin.call, {"login": "twice", "name": "T", "roles": ["auditor"]}
        call("user_create", 201, body=body)
        self.refused(call("user_create", 409, body=body), 409, "exists")
        self.refused(call("user_create", 400, body={**body, "login": "short", "password": "12345678"}), 400, "invalid")
        self.refused(call("user_create", 400, body={**body, "login": "r", "roles": ["no-such-role"]}), 400, "invalid", "no-such-role")
        self.refused(call("user_create", 415, body=b"x", media="text/plain"), 415, "unsupported")
        self.refused(call("user_create", 413, body={**body, "comment": "x" * 20000}), 413, "limit")
        me = self.admin.me["user"]
        self.refused(call("user_delete", 409, user=me), 409, "conflict")
        self.refused(call("user_change", 409, user=me, body={"active": False}), 409, "conflict")
        self.refused(call("user_change", 409, user=me, body={"roles": ["operator"]}), 409, "conflict")
        self.refused(call("user_change", 415, user=me, body=b"x", media="text/plain"), 415, "unsupported")
        self.refused(call("user_change", 413, user=me, body={"comment": "x" * 20000}), 413, "limit")

    def test_a_locked_login_is_unlocked_by_a_reset(self):
        made = self.admin.call("user_create", 201, body={"login": "locked", "name": "L", "roles": ["auditor"], "password": PASSWORD}).json
        def locked():  # none of the waits was over before the right password came
            for _ in range(8):
                world.nobody().login("locked", "wrong wrong wrong", (401, 429))
            answer = world.nobody().login("locked", PASSWORD, (200, 429))
            if answer.status == 429:
                return answer
            world.server.stop()  # as all failures of this address count together
            world.server.start()
            return None
        self.refused(until(locked), 429, "rate_limited")
        self.assertIsNotNone(self.admin.call("user_get", 200, user=made["user"]).json["locked_until"])
        once = self.admin.call("user_reset", 200, user=made["user"]).json["one_time_password"]
        world.first(Caller(world.line), "locked", once)


class Roles(Api):
    """Predefined and custom ones."""

    def test_one_life(self):
        made = self.admin.call("role_create", 201, body={"role": "reception", "text": "Greets", "rights": ["people.view", "actions.search"]})
        role = made.json
        self.assertEqual((role["predefined"], set(role["rights"]), role["lists"]), (False, {"people.view", "actions.search"}, None))
        self.assertEqual(made.header("Location"), "/v1/roles/reception")
        got = self.admin.call("role_get", 200, role="reception")
        self.assertEqual(got.json, role)
        changed = self.admin.call("role_change", 200, role="reception", body={"rights": ["people.view"]}, If_Match=got.etag)
        self.assertEqual(changed.json["rights"], ["people.view"])
        self.refused(self.admin.call("role_change", 412, role="reception", body={"text": "x"}, If_Match=got.etag), 412, "precondition_failed")
        user = self.admin.call("user_create", 201, body={"login": "rita", "name": "R", "roles": ["reception"]}).json
        self.refused(self.admin.call("role_delete", 409, role="reception"), 409, "conflict")
        self.admin.call("user_delete", 204, user=user["user"])
        self.admin.call("role_delete", 204, role="reception")
        for name in ("role_get", "role_delete"):
            self.refused(self.admin.call(name, 404, role="reception"), 404, "not_found")
        self.refused(self.admin.call("role_change", 404, role="reception", body={"text": "x"}), 404, "not_found")

    def test_predefined_ones_stay(self):
        rows = self.admin.pages("roles_list", "roles", limit=1)
        self.assertEqual([r["role"] for r in rows if r["predefined"]], ["administrator", "operator", "auditor", "integrator"])
        for role in ("administrator", "operator"):
            self.admin.call("role_get", 200, role=role)
            self.refused(self.admin.call("role_change", 409, role=role, body={"rights": []}), 409, "conflict")
            self.refused(self.admin.call("role_delete", 409, role=role), 409, "conflict")
            self.refused(self.admin.call("role_create", 409, body={"role": role, "rights": []}), 409, "conflict")

    def test_what_is_refused(self):
        call = self.admin.call
        call("role_create", 201, body={"role": "once", "rights": []})
        self.refused(call("role_create", 409, body={"role": "once", "rights": []}), 409, "exists")
        self.refused(call("role_create", 400, body={"role": "x", "rights": ["people.fly"]}), 400, "invalid", "/rights/0")
        self.refused(call("role_create", 415, body=b"x", media="text/plain"), 415, "unsupported")
        self.refused(call("role_create", 413, body=b'"' + b" " * 70000 + b'"', media="application/json"), 413, "limit")
        self.refused(call("role_change", 415, role="once", body=b"x", media="text/plain"), 415, "unsupported")


class Tokens(Api):
    """Programs."""

    def test_one_life(self):
        made = self.admin.call("token_create", 201, body={"name": "door", "rights": ["people.search"], "until": stamp(3600)})
        token = made.json
        self.assertEqual(made.header("Location"), f"/v1/tokens/{token['token']}")
        self.assertEqual((token["user"], token["rights"], token["last_used"]), (self.admin.me["user"], ["people.search"], None))
        program = Caller(world.line, token=token["secret"])
        self.assertEqual(program.call("me_get", 200).json["rights"], ["people.search"])
        self.assertNotIn("csrf", program.call("me_get", 200).json)
        given = {"token": token["token"]}
        got = self.admin.call("token_get", 200, **given)
        self.assertNotIn("secret", got.json)
        self.assertIsNotNone(got.json["last_used"])
        changed = self.admin.call("token_change", 200, body={"name": "back door", "rights": []}, If_Match=got.etag, **given)
        self.assertEqual((changed.json["name"], changed.json["rights"]), ("back door", []))
        self.refused(self.admin.call("token_change", 412, body={"name": "x"}, If_Match=got.etag, **given), 412, "precondition_failed")
        self.refused(program.call("people_list", 403), 403, "forbidden")
        self.admin.call("token_revoke", 204, **given)
        self.refused(program.call("me_get", 401), 401, "unauthenticated")
        for name in ("token_get", "token_revoke"):
            self.refused(self.admin.call(name, 404, **given), 404, "not_found")
        self.refused(self.admin.call("token_change", 404, body={"name": "x"}, **given), 404, "not_found")

    def test_an_end_ends_it(self):
        def works(seconds):
            made = self.admin.call("token_create", (201, 400), body={"name": "short", "rights": [], "until": stamp(seconds)}).json
            program = Caller(world.line, token=made["secret"]) if "secret" in made else None
            return program if program and program.call("me_get", (200, 401)).status == 200 else None
        program = in_time(works)
        until(lambda: program.call("me_get", (200, 401)).status == 401)
        self.refused(program.call("me_get", 401), 401, "unauthenticated")

    def test_ones_own_and_others(self):
        operator = world.user("has-tokens", ["operator"])
        theirs = self.admin.call("token_create", 201, body={"name": "theirs", "rights": ["people.view"], "user": operator.record["user"]}).json
        mine = self.admin.call("token_create", 201, body={"name": "mine", "rights": []}).json
        self.assertEqual([t["token"] for t in operator.pages("tokens_list", "tokens", limit=1)], [theirs["token"]])
        self.assertLessEqual({theirs["token"], mine["token"]}, {t["token"] for t in self.admin.pages("tokens_list", "tokens", limit=1)})
        self.assertEqual([t["token"] for t in self.admin.pages("tokens_list", "tokens", user=operator.record["user"])], [theirs["token"]])
        operator.call("token_get", 200, token=theirs["token"])
        for name in ("token_get", "token_revoke"):
            self.refused(operator.call(name, 404, token=mine["token"]), 404, "not_found")
        operator.call("token_revoke", 204, token=theirs["token"])

    def test_what_is_refused(self):
        call = self.admin.call
        self.refused(call("token_create", 400, body={"name": "x", "rights": ["people.fly"]}), 400, "invalid")
        self.refused(call("token_create", 400, body={"name": "x", "rights": [], "until": stamp(-60)}), 400, "invalid")
        operator = world.user("few-rights", ["operator"])
        self.refused(call("token_create", 403, body={"name": "x", "rights": ["audit.view"], "user": operator.record["user"]}), 403, "forbidden")
        for name, given in (("token_create", {}), ("token_change", {"token": world.token([]).record["token"]})):
            self.refused(call(name, 415, body=b"x", media="text/plain", **given), 415, "unsupported")
            self.refused(call(name, 413, body=b'"' + b" " * 70000 + b'"', media="application/json", **given), 413, "limit")
        made = call("token_create", 201, body={"name": "x", "rights": ["people.view"], "user": operator.record["user"]}).json
        self.refused(call("token_change", 403, token=made["token"], body={"rights": ["people.view", "audit.view"]}), 403, "forbidden")
        self.assertEqual(call("token_change", 200, token=made["token"], body={"rights": ["people.search"]}).json["rights"], ["people.search"])


class Accounts(Api):
    """Tenants, seen from the first account."""

    def test_one_life(self):
        made = self.admin.call("account_create", 201, body={"name": "North", "admin_login": "north-admin", "max_people": 2, "expires": stamp(86400)})
        account = made.json
        given = {"account": account["account"]}
        self.assertEqual(made.header("Location"), f"/v1/accounts/{account['account']}")
        boss = world.first(Caller(world.line), "North/north-admin", account["admin"]["one_time_password"])
        self.assertEqual(boss.me["account"], account["account"])
        got = self.admin.call("account_get", 200, **given)
        self.assertEqual((got.json["max_people"], got.json["max_faces"], got.json["active"]), (2, None, True))
        limits = boss.call("license_get", 200).json
        self.assertEqual((limits["people"], limits["valid"]), ({"used": 0, "limit": 2}, True))
        for name in ("a", "b"):
            person = boss.call("person_create", 201, body={"name": name}).json
        self.refused(boss.call("person_create", 403, body={"name": "c"}), 403, "quota")
        self.assertIn("people", [w["about"] for w in boss.call("license_get", 200).json["warnings"]])
        self.refused(self.admin.call("account_delete", 409, **given), 409, "conflict")
        changed = self.admin.call("account_change", 200, body={"max_people": 3}, If_Match=got.etag, **given)
        self.refused(self.admin.call("account_change", 412, body={"max_people": 4}, If_Match=got.etag, **given), 412, "precondition_failed")
        boss.call("person_create", 201, body={"name": "c"})
        self.admin.call("account_change", 200, body={"active": False}, If_Match=changed.etag, **given)
        for name, more in (("me_get", {}), ("sessions_list", {}), ("fields_get", {}), ("tokens_list", {}), ("token_get", {"token": NO_ID})):
            self.refused(boss.call(name, 403, **more), 403, "account_closed")
        self.refused(world.nobody().login("North/north-admin", PASSWORD, 403), 403, "account_closed")
        self.admin.call("account_change", 200, body={"active": True, "expires": None}, **given)
        boss.login("North/north-admin", PASSWORD)
        boss.call("people_erase_batch", 200, body={"people": [p["person"] for p in boss.pages("people_list", "people")]})
        self.assertTrue(person)
        self.admin.call("account_delete", 204, **given)
        for name in ("account_get", "account_delete"):
            self.refused(self.admin.call(name, 404, **given), 404, "not_found")
        self.refused(self.admin.call("account_change", 404, body={"name": "x"}, **given), 404, "not_found")
        world.nobody().login("North/north-admin", PASSWORD, 401)

    def test_found_and_refused(self):
        call = self.admin.call
        one = call("account_create", 201, body={"name": "South", "admin_login": "boss"}).json
        self.refused(call("account_create", 409, body={"name": "South", "admin_login": "boss"}), 409, "exists")
        self.assertIn("South", [a["name"] for a in self.admin.pages("accounts_list", "accounts", limit=1)])
        self.refused(call("account_delete", 409, account=self.admin.me["account"]), 409, "conflict")
        self.refused(call("account_change", 409, account=self.admin.me["account"], body={"active": False}), 409, "conflict")
        for name, given in (("account_create", {}), ("account_change", {"account": one["account"]})):
            self.refused(call(name, 415, body=b"x", media="text/plain", **given), 415, "unsupported")
            self.refused(call(name, 413, body=b'"' + b" " * 20000 + b'"', media="application/json", **given), 413, "limit")
