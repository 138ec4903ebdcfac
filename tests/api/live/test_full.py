"""All workers are busy and all queues are full: whatever needs a worker is refused at once, the rest is answered."""
import contextlib
import threading
import time

import running
from talk import Line
from world import Api, Caller, NO_ID, tearDownModule, until, world  # pylint: disable=unused-import

ARGUMENTS = {"file": "viewer.js"}  # of a path; an id else
WAIT_S = 3                         # for one who found room after all
NEEDED = 5                         # refusals of each kind of work until it is taken for full


postgres = running.Postgres()


def setUpModule():  # pylint: disable=invalid-name
    """One worker and one place in the queue, of each kind; and a PostgreSQL of its own, which can be made to fall silent."""
    world.start(postgres, server__record_workers=1, server__record_queue=1, server__pixel_workers=1, server__pixel_queue=1, server__password_queue=1,
                server__transfers=1, store__timeout_ms=3600000)


class Full(Api):
    """server.*_queue."""

    def keep_busy(self, name, stop, refusals, **given):
        """Asks again and again; those that find no room count."""
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                if self.admin.call(name, None, **given).status == 503:
                    refusals[name] = refusals.get(name, 0) + 1
                    time.sleep(0.02)

    @contextlib.contextmanager
    def full(self):
        """Work of every kind, more than there is room for, that does not end by itself."""
        stop, refusals = threading.Event(), {}
        work = [("role_create", {"body": {"name": "full", "rights": ["people.view"]}}),
                ("detect", {"body": {"pictures": [{"type": "sample", "sample": NO_ID}]}}),
                ("user_create", {"body": {"login": "full", "name": "Full", "roles": ["auditor"]}}),
                ("people_export", {"reason": "full"})]
        threads = [threading.Thread(target=self.keep_busy, args=(name, stop, refusals), kwargs=given) for name, given in work for _ in range(5)]
        postgres.fall_silent()
        try:
            for t in threads:
                t.start()
            until(lambda: all(refusals.get(name, 0) >= NEEDED for name, _ in work))
            yield
        finally:
            stop.set()
            postgres.speak_again()
        for t in threads:
            t.join()

    def refused_at_once(self, caller, op):
        """The answer to one who finds no room. Who slips in between others is not waited for, or hears that the store is silent."""
        given = {p["name"]: ARGUMENTS.get(p["name"], NO_ID) for p in op.parameters if p["in"] == "path"}
        def answer():
            with contextlib.suppress(TimeoutError):
                got = caller.call(op.name, None, **given)
                if op.run == "inline" or got.code != "io":
                    return got
            return None
        return until(answer)

    def test_who_needs_a_worker_is_refused_at_once(self):
        left, wrong = [], []
        line = Line(world.server, world.spec, timeout=WAIT_S)
        self.addCleanup(line.close)
        caller = Caller(line, world.token(["people.view"]).token)
        with self.full():
            for op in world.spec.operations.values():
                answer = self.refused_at_once(caller, op)
                if op.run == "inline":
                    left.append(op.name)
                    right = (200, 503) if op.name == "readyz" else (200, 404)  # which says that the store is silent
                    wrong += [f"{op.name} {answer.status}"] if answer.status not in right else []
                elif answer.status != 503 or answer.code != "busy" or not answer.header("Retry-After"):
                    wrong.append(f"{op.name} {answer.status} {answer.body[:200]!r}")
        self.assertEqual(wrong, [])
        self.assertEqual(sorted(left), ["docs_file", "docs_get", "healthz", "openapi_get", "readyz"])
