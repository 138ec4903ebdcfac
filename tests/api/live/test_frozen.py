"""PostgreSQL falls silent and stays so, as when its disk hangs: nobody waits for ever, and everything is served again afterwards."""
import concurrent.futures

import running
from running import PATIENCE_S
from world import Api, until, world

postgres = running.Postgres()


def setUpModule():  # pylint: disable=invalid-name
    """A PostgreSQL of its own, fewer workers than requests that come, and little time for a statement while a test goes on."""
    world.start(postgres, server__record_workers=2, server__deadline_ms=0)
    timeout(2000)


def tearDownModule():  # pylint: disable=invalid-name
    """The audit log is looked through with time."""
    timeout(running.PATIENT["store.timeout_ms"])
    world.stop()


def timeout(milliseconds):
    """store.timeout_ms from now on."""
    world.server.stop()
    world.server.settings["store.timeout_ms"] = milliseconds
    world.server.start()


class Frozen(Api):
    """store.timeout_ms, and two seconds more."""

    def served(self, name, **given):
        """What the store answers before long. A worker may still find a connection of the time before."""
        def answer():
            got = self.admin.call(name, None, **given)
            return got if got.status != 503 else None
        return until(answer)

    def test_a_worker_comes_free(self):
        """More requests than workers are all answered while the server is silent, and none of them did anything."""
        body = {"name": "Ada", "external_id": "frozen"}
        key = {"Idempotency-Key": "while-it-is-frozen"}
        self.assertEqual(self.served("people_list").status, 200)
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            postgres.fall_silent()
            try:
                waiting = [pool.submit(self.admin.call, "people_list", 503) for _ in range(5)]
                waiting.append(pool.submit(self.admin.call, "person_create", 503, body=body, headers=key))
                first = [self.refused(w.result(PATIENCE_S), 503, "io") for w in waiting]
                then = self.admin.call("lists_list", 503)
            finally:
                postgres.speak_again()
        self.assertTrue([w for w in first if b"did not answer within 4000 ms" in w.body])
        self.refused(then, 503, "io", "cannot be reached")
        self.assertEqual(self.served("people_list", external_id="frozen").json["people"], [])
        made = self.served("person_create", body=body, headers=key)
        self.assertEqual(made.status, 201, made.body)
        self.assertEqual(len(self.served("people_list", external_id="frozen").json["people"]), 1)

    def test_ready_again(self):
        """/readyz says what it is, both times."""
        for ready, do in ((True, lambda: None), (False, postgres.fall_silent), (True, postgres.speak_again)):
            do()
            until(lambda ready=ready: world.nobody().call("readyz", (200, 503)).json["ready"] is ready)
        self.assertEqual(self.served("people_list").status, 200)
