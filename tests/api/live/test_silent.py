"""PostgreSQL is kept by others, or falls silent: whoever needs it waits, and nobody else does."""
import concurrent.futures
import subprocess
import time

import running
from running import PATIENCE_S
from world import Api, tearDownModule, until, world  # pylint: disable=unused-import

postgres = running.Postgres()


def setUpModule():  # pylint: disable=invalid-name
    """A PostgreSQL of its own, and one thread for all connections."""
    world.start(postgres, server__io_threads=1)


class Locked(Api):
    """Somebody else keeps a table of the database: it works again later, and a request may then come again."""

    def held(self):
        """A session that keeps the table of people."""
        session = subprocess.Popen([running.BIN / "psql", "-qAt", world.server.settings["store.url"]], stdin=subprocess.PIPE,  # pylint: disable=consider-using-with
                                   stdout=subprocess.PIPE, text=True)
        session.stdin.write("BEGIN; LOCK TABLE person IN EXCLUSIVE MODE; SELECT 'held';\n")
        session.stdin.flush()
        self.assertEqual(session.stdout.readline(), "held\n")
        return session

    def later(self, name, body, expect):
        """The answer while the table is kept, and the one to the same request afterwards."""
        session, key = self.held(), {"Idempotency-Key": "while-it-is-locked"}
        try:
            first = self.admin.call(name, expect, body=body, headers=key)
        finally:
            session.communicate("ROLLBACK;\n")
        return first, self.admin.call(name, 200, body=body, headers=key).json

    def test_people_are_made_all_or_none(self):
        body = {"people": [{"name": "Ada"}, {"name": "Bea", "external_id": "locked"}]}
        first, then = self.later("people_create_batch", body, 503)
        self.refused(first, 503, "busy")
        self.assertEqual((then["done"], then["refused"]), (2, 0))
        self.assertEqual(len(self.admin.call("people_list", 200, external_id="locked").json["people"]), 1)

    def test_who_was_not_erased_is_erased_later(self):
        people = [self.person(name)["person"] for name in ("Cleo", "Dido", "Evi")]
        first, then = self.later("people_erase_batch", {"people": people}, 200)
        self.assertEqual([r["error"]["code"] for r in first.json["results"]], ["busy"] * 3)
        self.assertEqual((then["done"], then["refused"]), (3, 0))


class Silent(Api):
    """What needs no store is answered all the same."""

    @staticmethod
    def until(ready):
        """/readyz says so before long."""
        def said():
            answer = world.nobody().call("readyz", (200, 503)).json
            return answer if answer["ready"] is ready else None
        return {c["name"]: c["ready"] for c in until(said)["checks"] if c["name"] in ("store", "shutdown")}

    def test_the_others_go_on(self):
        self.assertEqual(self.until(True), {"store": True, "shutdown": True})
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            postgres.fall_silent()
            try:
                time.sleep(1.5)  # what was in memory of who calls must be asked for again
                waiting = [pool.submit(self.admin.call, name, 200) for name in ("me_get", "metrics", "people_list", "lists_list")]
                alive = pool.submit(world.nobody().call, "healthz", 200)
                self.assertEqual(alive.result(PATIENCE_S).json, {"alive": True})
                self.assertEqual(pool.submit(self.until, False).result(PATIENCE_S), {"store": False, "shutdown": True})
                self.assertEqual([w.done() for w in waiting][2:], [False, False])
                pool.submit(world.nobody().call, "openapi_get", 200).result(PATIENCE_S)
            finally:
                postgres.speak_again()
            for w in waiting:
                w.result(PATIENCE_S)
        self.until(True)
