"""Signing in and out, and what concerns oneself."""
from world import Api, Caller, NO_ID, PASSWORD, setUpModule, tearDownModule, world  # pylint: disable=unused-import


class Login(Api):
    """POST /v1/login."""

    def test_the_cookie_is_kept_from_scripts_and_other_pages(self):
        answer = world.nobody().login("admin", PASSWORD)
        cookie = answer.header("Set-Cookie")
        for word in ("mien_session=", "HttpOnly", "SameSite=Strict", "Path=/"):
            self.assertIn(word, cookie)
        self.assertNotIn("Secure", cookie)
        self.assertEqual(answer.json["login"], "admin")
        self.assertEqual(answer.json["roles"], ["administrator"])
        self.assertEqual(answer.json["lists"], None)
        self.assertIn("people.delete", answer.json["rights"])

    def test_a_wrong_password_and_an_unknown_login_get_the_same_answer(self):
        wrong = world.nobody().login("admin", "not the password", 401).json
        unknown = world.nobody().login("who-is-that", "not the password", 401).json
        for answer in (wrong, unknown):
            answer.pop("request_id", None)
        self.assertEqual(wrong, unknown)
        self.assertEqual(wrong["code"], "unauthenticated")

    def test_bodies_that_are_none(self):
        for body in (None, {}, {"login": "admin"}, {"login": 1, "password": "x"}, {"login": "admin", "password": "x", "more": 1}):
            self.refused(world.nobody().call("login", 400, body=body), 400, "invalid")
        self.refused(world.nobody().call("login", 415, body=b"login=a", media="text/plain"), 415, "unsupported")
        self.refused(world.nobody().call("login", 413, body={"login": "a", "password": "b" * 5000}), 413, "limit")

    def test_what_a_program_calls_itself_keeps_nobody_out(self):
        for given, kept in (("Mozilla/5.0 " + "x" * 300, "Mozilla/5.0 " + "x" * 188), ("a" * 199 + "\u00e4", "a" * 199), ("Caf\u00e9", "Caf\u00e9"),
                            ("a\tb", None), (b"\xff\xfe", None), ("", None)):
            caller = world.nobody()
            answer = caller.call("login", 200, body={"login": "admin", "password": PASSWORD},
                                 headers={"User-Agent": given if isinstance(given, bytes) else given.encode()})
            caller.csrf, caller.cookie = answer.json["csrf"], answer.header("Set-Cookie").split(";")[0]
            (current,) = [row for row in caller.pages("sessions_list", "sessions") if row["current"]]
            self.assertEqual(current.get("agent"), kept)

    def test_wrong_passwords_slow_down(self):
        codes = []
        while 429 not in codes and len(codes) < 15:  # each wait is twice as long: sooner or later a try comes too early
            answer = world.nobody().login("slowed", "wrong wrong wrong", (401, 429))
            codes.append(answer.status)
        self.assertEqual(codes[:5], [401] * 5)
        self.refused(answer, 429, "rate_limited")
        self.assertGreaterEqual(int(answer.header("Retry-After")), 1)

    def test_who_sends_nothing_or_nonsense_is_nobody(self):
        nobody = world.nobody()
        self.refused(nobody.call("me_get", 401), 401, "unauthenticated")
        for value in ("Bearer", "Bearer x", "Bearer " + "a" * 43, "Basic YTpi", "Bearer a b", "bearer \x7f"):
            self.assertEqual(nobody.call("me_get", (400, 401), headers={"Authorization": value}).status // 100, 4)
        for value in ("mien_session=", "mien_session=x", "mien_session=" + "a" * 43, "mien_session=" + "a" * 2000, "=;=;;"):
            self.refused(nobody.call("me_get", 401, headers={"Cookie": value}), 401, "unauthenticated")

    def test_changes_need_the_csrf_value(self):
        caller = world.nobody()
        caller.login("admin", PASSWORD)
        right, caller.csrf = caller.csrf, "wrong"
        self.refused(caller.call("logout", 403), 403, "forbidden", "X-CSRF-Token")
        other = world.nobody()
        other.login("admin", PASSWORD)
        caller.csrf = other.csrf
        self.refused(caller.call("logout", 403), 403, "forbidden")
        for name, given in (("session_end", {"session": NO_ID}), ("token_revoke", {"token": NO_ID}),
                            ("password_change", {"body": {"old": PASSWORD, "new": "other words for the door"}})):
            self.refused(caller.call(name, 403, **given), 403, "forbidden", "X-CSRF-Token")
        self.assertEqual(caller.call("me_get", 200).json["csrf"], right)
        caller.csrf = right
        caller.call("logout", 204)
        self.refused(caller.call("me_get", 401), 401, "unauthenticated")


class Sessions(Api):
    """One's own sessions and password."""

    def fresh(self):
        """A further session of the administrator."""
        caller = world.nobody()
        caller.login("admin", PASSWORD)
        return caller

    def test_they_are_listed_and_ended(self):
        first, second = self.fresh(), self.fresh()
        rows = first.pages("sessions_list", "sessions", limit=1)
        self.assertGreaterEqual(len(rows), 3)
        self.assertEqual(len({r["session"] for r in rows}), len(rows))
        self.assertEqual([r["created"] for r in rows], sorted((r["created"] for r in rows), reverse=True))
        (current,) = [r for r in rows if r["current"]]
        (others,) = [r for r in second.pages("sessions_list", "sessions") if r["current"]]
        self.assertNotEqual(current["session"], others["session"])
        first.call("session_end", 204, session=others["session"])
        self.refused(second.call("me_get", 401), 401, "unauthenticated")
        self.refused(first.call("session_end", 404, session=others["session"]), 404, "not_found")
        self.refused(first.call("session_end", 404, session=NO_ID), 404, "not_found")
        self.refused(first.call("session_end", 400, session="no-id"), 400, "invalid", "session")
        first.call("me_get", 200)

    def test_pages_refuse_what_is_none(self):
        caller = self.fresh()
        for given in ({"limit": 0}, {"limit": 1001}, {"limit": "many"}, {"cursor": "abc"}, {"cursor": "a b"}, {"strange": 1}):
            self.refused(caller.call("sessions_list", 400, **given), 400, "invalid")

    def test_everywhere_ends_all(self):
        first, second = self.fresh(), self.fresh()
        self.refused(first.call("logout", 400, everywhere="perhaps"), 400, "invalid", "everywhere")
        first.call("logout", 204, everywhere=True)
        for caller in (first, second):
            self.refused(caller.call("me_get", 401), 401, "unauthenticated")
        world.admin.login("admin", PASSWORD)

    def test_a_new_password(self):
        caller, other = self.fresh(), self.fresh()
        new = "other words for the door"
        self.refused(caller.call("password_change", 400, body={"old": "wrong words", "new": new}), 400, "invalid", "old password")
        for short in ("short", "a" * 129, "password1234", ""):
            self.refused(caller.call("password_change", 400, body={"old": PASSWORD, "new": short}), 400, "invalid")
        self.refused(caller.call("password_change", 415, body=b"x", media="text/plain"), 415, "unsupported")
        self.refused(caller.call("password_change", 413, body={"old": "a", "new": "b" * 5000}), 413, "limit")
        caller.call("password_change", 204, body={"old": PASSWORD, "new": new})
        self.refused(other.call("me_get", 401), 401, "unauthenticated")
        world.nobody().login("admin", PASSWORD, 401)
        caller.call("password_change", 204, body={"old": new, "new": PASSWORD})
        world.admin.login("admin", PASSWORD)


class OneTime(Api):
    """Nothing but the password may be changed with a one-time password."""

    def test_until_it_is_changed_nothing_else_goes(self):
        server = world.server
        again = type(server)(world.folder / "second", {}).start()
        try:
            line = type(world.line)(again, world.spec)
            self.addCleanup(line.close)
            caller = Caller(line)
            self.assertIs(caller.login("admin", again.once).json["password_change"], True)
            self.assertEqual(caller.me["rights"], [])
            for name in ("people_list", "users_list", "settings_get", "metrics"):
                self.refused(caller.call(name, 403), 403, "forbidden")
            caller.call("password_change", 204, body={"old": again.once, "new": PASSWORD})
            caller.call("metrics", 200)
            again.stop()
            again.start()
            self.assertNotIn("shown this once", again.said())
            Caller(line).login("admin", PASSWORD)
        finally:
            again.kill()
