"""Many who sign in at once, and many who guess: the others go on."""
import concurrent.futures

from world import Api, tearDownModule, world  # pylint: disable=unused-import

AT_ONCE = 8


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
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            attempts = [pool.submit(self.wrong, f"nobody-{i}", f"192.0.2.{i}") for i in range(AT_ONCE)]
            next(concurrent.futures.as_completed(attempts))  # one that found no room, or all have come
            self.admin.call("people_list", 200)
            self.assertFalse(all(a.done() for a in attempts))
            answers = [a.result() for a in attempts]
        refused = [a for a in answers if a.status == 503]
        self.assertEqual({a.status for a in answers}, {401, 503})
        self.assertTrue(refused[0].header("Retry-After"))
        self.refused(refused[0], 503, "busy")

    def test_guessing_ones_own_password(self):
        caller = world.user("guesses", ["auditor"])
        body = {"old": "wrong wrong wrong", "new": "stones carry quiet water"}
        statuses = [caller.call("password_change", (400, 429), body=body).status for _ in range(6)]
        self.assertEqual(statuses[:2], [400, 400])  # login.failures
        self.assertIn(429, statuses[2:])

    def test_all_of_a_network_count_together(self):
        statuses = [self.wrong(f"stranger-{i}", f"2001:db8:7:7::{i + 1:x}").status for i in range(12)]
        self.assertEqual(statuses[:8], [401] * 8)  # login.failures four times
        self.assertIn(429, statuses[8:])
        self.assertEqual(self.wrong("stranger-9", "2001:db8:7:8::1").status, 401)
        self.assertEqual(self.wrong("stranger-10", "198.51.100.1").status, 401)
