"""PostgreSQL falls silent: whoever needs it waits, and nobody else does."""
import concurrent.futures
import os
import time

import running
from world import Api, skip, world

PATIENCE_S = 20 * running.PATIENCE
postgres = running.Postgres()


def setUpModule():  # pylint: disable=invalid-name
    """A PostgreSQL of its own, and one thread for all connections."""
    if not (running.BIN / "postgres").exists():
        skip("PostgreSQL 15 (tools/setup)")
    postgres.start()
    others = os.environ.get("MIEN_API_STORE_URL")
    os.environ["MIEN_API_STORE_URL"] = postgres.url()
    try:
        world.start(server__io_threads=1)
    finally:
        if others:
            os.environ["MIEN_API_STORE_URL"] = others
        else:
            del os.environ["MIEN_API_STORE_URL"]


def tearDownModule():  # pylint: disable=invalid-name
    """The server first: it says goodbye to PostgreSQL."""
    try:
        world.stop()
    finally:
        postgres.stop()


class Silent(Api):
    """What needs no store is answered all the same."""

    def until(self, ready):
        """/readyz says so before long."""
        end = time.monotonic() + PATIENCE_S
        while (answer := world.nobody().call("readyz", (200, 503))).json["ready"] is not ready and time.monotonic() < end:
            time.sleep(0.1)
        self.assertIs(answer.json["ready"], ready)
        return {c["name"]: c["ready"] for c in answer.json["checks"] if c["name"] in ("store", "shutdown")}

    def test_the_others_go_on(self):
        self.assertEqual(self.until(True), {"store": True, "shutdown": True})
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            postgres.fall_silent()
            try:
                time.sleep(1.5)  # what was in memory of who calls must be asked for again
                waiting = [pool.submit(self.admin.call, name, 200) for name in ("me_get", "metrics", "people_list", "lists_list")]
                alive = pool.submit(world.nobody().call, "healthz", 200)
                self.assertEqual(alive.result(PATIENCE_S).json, {"alive": True})
                self.assertEqual(pool.submit(self.until, False).result(2 * PATIENCE_S), {"store": False, "shutdown": True})
                self.assertEqual([w.done() for w in waiting][2:], [False, False])
                pool.submit(world.nobody().call, "openapi_get", 200).result(PATIENCE_S)
            finally:
                postgres.speak_again()
            for w in waiting:
                w.result(PATIENCE_S)
        self.until(True)
