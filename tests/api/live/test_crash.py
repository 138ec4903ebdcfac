"""kill -9 in the middle of writes: what was acknowledged is there after the next start."""
import http.client
import threading
import time

from running import PATIENCE
from world import Api, Caller, PASSWORD, setUpModule, tearDownModule, world  # pylint: disable=unused-import

ROUNDS, WRITERS = 3, 4


class Crash(Api):
    """Writers, and a server that is killed under them."""

    def write(self, token, number, there, gone):
        """Creates and erases until the server is gone; notes what was acknowledged."""
        caller, i = Caller(world.line, token=token), 0
        while True:
            i += 1
            try:
                body = {"name": f"w{number}-{i}", "external_id": f"w{number}-{time.monotonic_ns()}", "consents": [{"purpose": "verification", "method": "f"}]}
                person = caller.call("person_create", 201, body=body).json["person"]
                there[person] = body["name"]
                if i % 3 == 0:
                    there.pop(person)
                    caller.call("person_erase", 200, person=person)
                    gone.append(person)
            except (OSError, http.client.HTTPException, AssertionError):
                return

    def test_what_was_acknowledged_stays(self):
        token = world.token(["people.create", "people.view", "people.delete", "consents.create"]).token
        self.person("Before")
        there, gone = {}, []
        for _ in range(ROUNDS):
            before = len(there)
            threads = [threading.Thread(target=self.write, args=(token, i, there, gone)) for i in range(WRITERS)]
            for thread in threads:
                thread.start()
            end = time.monotonic() + 30 * PATIENCE
            while len(there) < before + 40 and time.monotonic() < end:
                time.sleep(0.01)
            world.server.kill()
            for thread in threads:
                thread.join()
            world.server.start()
            self.assertGreater(len(there), before)
        admin = world.nobody()
        admin.login("admin", PASSWORD)
        for person, name in there.items():
            found = admin.call("person_get", 200, person=person).json
            self.assertEqual((found["name"], found["consents"][0]["state"]), (name, "valid"))
        self.assertTrue(gone)
        for person in gone:
            admin.call("person_get", 404, person=person)
        self.assertIs(admin.call("audit_verify", 200).json["intact"], True)
        world.server.stop()
        checked = world.server.command("store", "check")
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        world.server.start()
