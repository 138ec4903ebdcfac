"""Many who sign in at once, and many who guess: the others go on."""
import concurrent.futures
import itertools

from world import Api, tearDownModule, until, world  # pylint: disable=unused-import

AT_ONCE = 8
stranger = itertools.count()


def setUpModule():  # pylint: disable=invalid-name
    """Hashing takes long, one worker serves records, and a proxy says who asks."""
    world.start(login__passes=4, login__memory_kib=65536, login__failures=2, server__record_workers=1, server__password_queue=2,
                server__trusted_proxies="127.0.0.1")


class Logins(Api):
    """POST /v1/login, by anybody."""

    def wrong(self, login, address):
        """An attempt, from an address."""
        body = {"login": login, "password": "wrong wrong wrong"}
        return world.nobody().call("login", (401, 429, 503), body=body, headers={"X-Forwarded-For": address})

    def test_hashing_keeps_no_record_waiting(self):
        refused = until(self.crowd)
        self.assertTrue(refused.header("Retry-After"))
        self.refused(refused, 503, "busy")

    def crowd(self):
        """One who found no room among many, where a record was looked at while they were at it; None: they were not at it together."""
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            attempts = [pool.submit(self.wrong, f"nobody-{n}", f"10.0.{n // 256}.{n % 256}") for n in itertools.islice(stranger, AT_ONCE)]
            next(concurrent.futures.as_completed(attempts))  # one that found no room, or all have come
            self.admin.call("people_list", 200)
            beside = not all(a.done() for a in attempts)
            answers = [a.result() for a in attempts]
        self.assertLessEqual({a.status for a in answers}, {401, 503})
        return next((a for a in answers if a.status == 503), None) if beside else None

    def until_it_is_too_early(self, wrong):
        """The statuses of one attempt after another. Each wait is twice as long: sooner or later one comes too early, however slow they are."""
        statuses = []
        while 429 not in statuses:
            self.assertLess(len(statuses), 20)
            statuses.append(wrong().status)
        return statuses

    def test_guessing_ones_own_password(self):
        caller = world.user("guesses", ["auditor"])
        body = {"old": "wrong wrong wrong", "new": "stones carry quiet water"}
        statuses = self.until_it_is_too_early(lambda: caller.call("password_change", (400, 429), body=body))
        self.assertEqual(statuses[:2], [400, 400])  # login.failures

    def test_all_of_a_network_count_together(self):
        statuses = self.until_it_is_too_early(lambda: self.wrong(f"stranger-{next(stranger)}", f"2001:db8:7:7::{next(stranger):x}"))
        self.assertEqual(statuses[:8], [401] * 8)  # login.failures four times
        self.assertEqual(self.wrong("stranger-a", "2001:db8:7:8::1").status, 401)
        self.assertEqual(self.wrong("stranger-b", "198.51.100.1").status, 401)
