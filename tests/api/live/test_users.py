"""Users, roles, tokens and accounts."""
from world import Api, Caller, NO_ID, PASSWORD, setUpModule, tearDownModule, world  # pylint: disable=unused-import


class Users(Api):
    """/v1/users."""

    def made(self, login, **more):
        """A new user's record."""
        return self.admin.call("user_create", 201, body={"login": login, "name": f"The {login}", "roles": ["operator"]} | more).json

    def test_a_user_is_made_changed_and_deleted(self):
        answer = self.admin.call("user_create", 201, body={"login": "rosa", "name": "Rosa", "roles": ["operator", "auditor"], "comment": "two\nlines"})
        rosa = answer.json
        self.assertEqual(answer.header("Location"), f"/v1/users/{rosa['user']}")
        self.assertEqual((rosa["roles"], rosa["lists"], rosa["active"], rosa["password_change"]), (["operator", "auditor"], None, True, True))
        self.assertEqual((rosa["comment"], rosa["last_login"], rosa["locked_until"]), ("two\nlines", None, None))
        caller = world.first(Caller(world.line), "rosa", rosa["one_time_password"])
        seen = self.admin.call("user_get", 200, user=rosa["user"])
        self.assertNotIn("one_time_password", seen.json)
        self.assertFalse(seen.json["password_change"])
        self.assertIsNotNone(seen.json["last_login"])
        changed = self.admin.call("user_change", 200, user=rosa["user"], body={"name": "R.", "active": False}, headers={"If-Match": seen.header("ETag")})
        self.assertEqual((changed.json["name"], changed.json["active"], changed.json["comment"]), ("R.", False, "two\nlines"))
        self.refused(caller.call("me_get", 401), 401, "unauthenticated")
        self.refused(self.admin.call("user_change", 412, user=rosa["user"], body={"name": "S."}, headers={"If-Match": seen.header("ETag")}), 412, "precondition_failed")
        self.refused(self.admin.call("user_create", 409, body={"login": "rosa", "name": "Other", "roles": ["operator"]}), 409, "exists")
        self.admin.call("user_delete", 204, user=rosa["user"])
        self.refused(self.admin.call("user_get", 404, user=rosa["user"]), 404, "not_found")
        self.refused(self.admin.call("user_delete", 404, user=NO_ID), 404, "not_found")
        self.refused(self.admin.call("user_change", 404, user=NO_ID, body={"name": "x"}), 404, "not_found")
        self.refused(self.admin.call("user_reset", 404, user=NO_ID), 404, "not_found")
        self.assertEqual(self.actions(rosa["user"]),
                         ["user.create", "session.login", "user.password", "user.change", "user.delete"])

    def test_a_new_password_ends_all_sessions(self):
        sam = self.made("sam", password=PASSWORD)
        caller = world.nobody()
        caller.login("sam", PASSWORD)
        again = self.admin.call("user_reset", 200, user=sam["user"]).json
        self.refused(caller.call("me_get", 401), 401, "unauthenticated")
        world.nobody().login("sam", PASSWORD, 401)
        world.first(Caller(world.line), "sam", again["one_time_password"])

    def test_the_list_is_sorted_filtered_and_paged(self):
        for login in ("list-c", "list-a", "list-b"):
            self.made(login, roles=["integrator"])
        quiet = self.made("list-d", roles=["integrator"], active=False)
        def logins(**given):
            return [u["login"] for u in self.admin.pages("users_list", "users", role="integrator", like="LIST-", limit=2, **given)]
        self.assertEqual(logins(), ["list-a", "list-b", "list-c", "list-d"])
        self.assertEqual(logins(sort="-login"), ["list-d", "list-c", "list-b", "list-a"])
        self.assertEqual(logins(sort="created"), ["list-c", "list-a", "list-b", "list-d"])
        self.assertEqual(logins(sort="-created"), ["list-d", "list-b", "list-a", "list-c"])
        self.assertEqual(logins(active="false"), ["list-d"])
        self.assertEqual(logins(active="true", sort="-login"), ["list-c", "list-b", "list-a"])
        self.assertEqual(sorted(logins(sort="last_login")), ["list-a", "list-b", "list-c", "list-d"])
        self.admin.call("user_delete", 204, user=quiet["user"])

    def test_nobody_gives_more_than_they_have(self):
        self.admin.call("role_create", 201, body={"role": "hr", "rights": ["users.view", "users.create", "users.change", "users.delete"]})
        hr = world.user("helga", ["hr"])
        self.refused(hr.call("user_create", 403, body={"login": "mole", "name": "Mole", "roles": ["administrator"]}), 403, "forbidden")
        rows = hr.pages("users_list", "users", role="administrator")
        self.refused(hr.call("user_reset", 403, user=rows[0]["user"]), 403, "forbidden")
        self.refused(hr.call("user_delete", 403, user=rows[0]["user"]), 403, "forbidden")
        self.refused(hr.call("user_change", 403, user=rows[0]["user"], body={"name": "x"}), 403, "forbidden")
        self.refused(self.admin.call("user_delete", 409, user=rows[0]["user"]), 409, "conflict")
        self.refused(self.admin.call("user_create", 400, body={"login": "mole", "name": "Mole", "roles": ["nothing"]}), 400, "invalid", "nothing")

    def test_somebody_is_kept_to_lists(self):
        one = self.list("kept one")
        kept = world.user("kept", ["operator"], lists=[one["list_id"]])
        self.assertEqual(kept.me["lists"], [one["list_id"]])
        free = self.admin.call("user_change", 200, user=kept.record["user"], body={"lists": None}).json
        self.assertIsNone(free["lists"])
        self.assertEqual(self.admin.call("user_change", 200, user=kept.record["user"], body={"lists": []}).json["lists"], [])
        self.refused(self.admin.call("user_change", 400, user=kept.record["user"], body={"lists": [NO_ID]}), 400, "invalid", NO_ID)


class Roles(Api):
    """/v1/roles."""

    def test_a_right_of_one_list_is_none_in_another(self):
        staff, guests = self.list("rights staff"), self.list("rights guests")
        self.admin.call("role_create", 201, body={"role": "clears", "rights": ["people.delete"], "lists": [staff["list_id"]]})
        self.admin.call("role_create", 201, body={"role": "looks", "rights": ["people.view"], "lists": [guests["list_id"]]})
        both = world.user("both", ["clears", "looks"])
        anna, bert = (self.admin.call("person_create", 201, body={
            "name": name, "lists": [one["list_id"]], "consents": [{"purpose": "identification", "method": "signed form"}]}).json["person"]
                      for name, one in (("Rights Anna", staff), ("Rights Bert", guests)))
        both.call("person_get", 200, person=bert)
        self.refused(both.call("person_get", 404, person=anna), 404, "not_found")
        self.refused(both.call("person_erase", 404, person=bert), 404, "not_found")
        both.call("person_erase", 200, person=anna)

    def test_predefined_ones_come_first_and_stay(self):
        self.admin.call("role_create", 201, body={"role": "aaa", "rights": ["people.view"]})
        for limit in (1, 2, 3, 4, 5, 50):
            rows = self.admin.pages("roles_list", "roles", limit=limit)
            names = [r["role"] for r in rows]
            self.assertEqual(names[:4], ["administrator", "operator", "auditor", "integrator"])
            self.assertEqual(names[4:], sorted(names[4:]))
            self.assertIn("aaa", names)
            self.assertEqual([r["predefined"] for r in rows[:5]], [True] * 4 + [False])
        self.assertEqual(self.admin.call("role_get", 200, role="auditor").json["predefined"], True)
        self.refused(self.admin.call("role_change", 409, role="auditor", body={"text": "x"}), 409, "conflict")
        self.refused(self.admin.call("role_delete", 409, role="auditor"), 409, "conflict")
        self.refused(self.admin.call("role_create", 409, body={"role": "auditor", "rights": []}), 409, "conflict")

    def test_a_role_is_made_changed_and_deleted(self):
        made = self.admin.call("role_create", 201, body={"role": "desk", "text": "Greets", "rights": ["people.view", "actions.search"]})
        self.assertEqual(made.header("Location"), "/v1/roles/desk")
        self.assertEqual((made.json["rights"], made.json["lists"]), (["people.view", "actions.search"], None))
        caller = world.user("desk-user", ["desk"])
        self.assertEqual(sorted(caller.me["rights"]), ["actions.search", "people.view"])
        changed = self.admin.call("role_change", 200, role="desk", body={"rights": ["people.view"]}, headers={"If-Match": made.header("ETag")})
        self.assertEqual(changed.json["rights"], ["people.view"])
        self.assertEqual(caller.call("me_get", 200).json["rights"], ["people.view"])
        self.refused(self.admin.call("role_change", 412, role="desk", body={"text": "x"}, headers={"If-Match": made.header("ETag")}), 412, "precondition_failed")
        self.refused(self.admin.call("role_delete", 409, role="desk"), 409, "conflict", "desk-user")
        self.admin.call("user_delete", 204, user=caller.record["user"])
        self.admin.call("role_delete", 204, role="desk")
        self.refused(self.admin.call("role_get", 404, role="desk"), 404, "not_found")
        self.refused(self.admin.call("role_delete", 404, role="desk"), 404, "not_found")
        self.refused(self.admin.call("role_change", 404, role="desk", body={"text": "x"}), 404, "not_found")


class Tokens(Api):
    """/v1/tokens."""

    def test_a_token_is_made_used_changed_and_revoked(self):
        program = world.token(["people.view", "license.view"])
        token = program.record["token"]
        self.assertEqual(sorted(program.call("me_get", 200).json["rights"]), ["license.view", "people.view"])
        seen = self.admin.call("token_get", 200, token=token)
        self.assertNotIn("secret", seen.json)
        self.assertIsNotNone(seen.json["last_used"])
        changed = self.admin.call("token_change", 200, token=token, body={"rights": ["people.view"]}, headers={"If-Match": seen.header("ETag")})
        self.assertEqual(changed.json["rights"], ["people.view"])
        self.refused(self.admin.call("token_change", 412, token=token, body={"name": "x"}, headers={"If-Match": seen.header("ETag")}), 412, "precondition_failed")
        self.refused(self.admin.call("token_change", 400, token=token, body={"until": "2001-01-01T00:00:00Z"}), 400, "invalid")
        self.refused(program.call("license_get", 403), 403, "forbidden")
        self.admin.call("token_revoke", 204, token=token)
        self.refused(program.call("me_get", 401), 401, "unauthenticated")
        for operation in ("token_get", "token_revoke"):
            self.refused(self.admin.call(operation, 404, token=token), 404, "not_found")
        self.refused(self.admin.call("token_change", 404, token=token, body={"name": "x"}), 404, "not_found")
        self.assertEqual(self.actions(token), ["token.create", "token.change", "token.revoke"])

    def test_ones_own_are_listed_without_a_right(self):
        self.admin.call("role_create", 201, body={"role": "maker", "rights": ["tokens.create", "people.view"]})
        maker = world.user("maker", ["maker"])
        mine = [world.token(["people.view"], owner=maker).record["token"] for _ in range(3)]
        world.token(["people.view"])
        self.assertEqual([t["token"] for t in maker.pages("tokens_list", "tokens", limit=2)], mine)
        self.assertEqual([t["token"] for t in self.admin.pages("tokens_list", "tokens", limit=2, user=maker.record["user"])], mine)
        self.refused(maker.call("tokens_list", 403, user=self.admin.me["user"]), 403, "forbidden")
        self.refused(maker.call("token_create", 403, body={"name": "more", "rights": ["people.delete"]}), 403, "forbidden")
        maker.call("token_revoke", 204, token=mine[0])
        self.refused(maker.call("token_create", 400, body={"name": "x", "rights": [], "user": NO_ID}), 400, "invalid", "no such user")


class Accounts(Api):
    """/v1/accounts and /v1/license."""

    def test_an_account_with_its_administrator(self):
        made = self.admin.call("account_create", 201, body={"name": "North", "admin_login": "chief", "max_people": 10, "max_faces": 20})
        account = made.json
        self.assertEqual((account["max_people"], account["max_cameras"], account["expires"], account["active"]), (10, None, None, True))
        self.assertEqual(account["admin"]["roles"], ["administrator"])
        chief = world.first(Caller(world.line), "North/chief", account["admin"]["one_time_password"])
        self.assertEqual(chief.me["account"], account["account"])
        self.refused(chief.call("accounts_list", 403), 403, "forbidden")
        self.refused(chief.call("user_get", 404, user=self.admin.me["user"]), 404, "not_found")
        self.refused(self.admin.call("account_create", 409, body={"name": "North", "admin_login": "chief"}), 409, "exists")
        self.refused(self.admin.call("account_create", 400, body={"name": "South", "admin_login": "no/slash"}), 400, "invalid")
        self.assertNotIn("South", [a["name"] for a in self.admin.pages("accounts_list", "accounts", limit=1)])
        closed = self.admin.call("account_change", 200, account=account["account"], body={"active": False}, headers={"If-Match": made.header("ETag")})
        self.refused(chief.call("me_get", 403), 403, "account_closed", "suspended")
        self.refused(world.nobody().login("North/chief", PASSWORD, 403), 403, "account_closed")
        self.refused(self.admin.call("account_change", 412, account=account["account"], body={"active": True}, headers={"If-Match": made.header("ETag")}), 412,
                     "precondition_failed")
        self.admin.call("account_change", 200, account=account["account"], body={"active": True, "max_people": None, "comment": "back"},
                        headers={"If-Match": closed.header("ETag")})
        self.assertEqual(self.admin.call("account_get", 200, account=account["account"]).json["max_people"], None)
        self.assertEqual(chief.call("me_get", 200).json["login"], "chief")
        self.admin.call("account_change", 200, account=account["account"], body={"expires": "2001-01-01T00:00:00Z"})
        self.refused(chief.call("me_get", 403), 403, "account_closed", "expired")
        self.admin.call("account_delete", 204, account=account["account"])
        for operation in ("account_get", "account_delete"):
            self.refused(self.admin.call(operation, 404, account=account["account"]), 404, "not_found")
        self.refused(self.admin.call("account_change", 404, account=account["account"], body={"active": True}), 404, "not_found")

    def test_the_first_account_stays(self):
        first = self.admin.me["account"]
        self.assertEqual(self.admin.call("account_get", 200, account=first).json["name"], "default")
        self.refused(self.admin.call("account_delete", 409, account=first), 409, "conflict")
        self.refused(self.admin.call("account_change", 409, account=first, body={"active": False}), 409, "conflict")
