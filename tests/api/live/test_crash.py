"""kill -9 in the middle of writes: what was acknowledged is there after the next start."""
import collections
import http.client
import json
import threading
import time

from running import PATIENCE_S, SANITIZED
from world import Api, Caller, PASSWORD, setUpModule, tearDownModule, until, world  # pylint: disable=unused-import

ROUNDS, WRITERS, LOOKERS = 3, 4, 8
LOOKS = 300 if SANITIZED else 3000  # a round: many enough for the WAL to be copied under them
ENOUGH_S = 30                       # of a round, where the machine is too slow for so many


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
            end = time.monotonic() + ENOUGH_S
            until(lambda before=before, end=end: gone and len(there) > before and (len(there) >= before + 40 or time.monotonic() > end))
            world.server.kill()
            for thread in threads:
                thread.join()
            world.server.start()
        admin = world.nobody()
        admin.login("admin", PASSWORD)
        for person, name in there.items():
            found = admin.call("person_get", 200, person=person).json
            self.assertEqual((found["name"], found["consents"][0]["state"]), (name, "valid"))
        for person in gone:
            admin.call("person_get", 404, person=person)
        self.assertIs(admin.call("audit_verify", 200).json["intact"], True)
        world.server.stop()
        checked = world.server.command("store", "check")
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        world.server.start()

    def look(self, token, people, told):
        """Looks at one after the other until the server is gone; counts the answers that came whole."""
        line = http.client.HTTPConnection("127.0.0.1", world.server.port, timeout=PATIENCE_S)
        try:
            while True:
                for person in people:
                    line.request("GET", f"/v1/people/{person}", headers={"Authorization": f"Bearer {token}"})
                    answer = line.getresponse()
                    if json.loads(answer.read()).get("person") == person:
                        told[person] += 1
        except (OSError, http.client.HTTPException, ValueError):
            line.close()

    def test_what_was_told_is_on_record(self):
        token = world.token(["people.view"]).token
        people = [self.person(f"Looked at {i}", "verification")["person"] for i in range(40)]
        told = [collections.Counter(dict.fromkeys(people, 0)) for _ in range(LOOKERS)]
        for _ in range(ROUNDS):
            before = sum(t.total() for t in told)
            threads = [threading.Thread(target=self.look, args=(token, people[i:] + people[:i], t)) for i, t in enumerate(told)]
            for thread in threads:
                thread.start()
            end = time.monotonic() + ENOUGH_S
            until(lambda before=before, end=end: (n := sum(t.total() for t in told)) >= before + LOOKS or (n > before and time.monotonic() > end))
            world.server.kill()
            for thread in threads:
                thread.join()
            world.server.start()
        world.server.stop()
        self.assertEqual(world.server.command("audit", "verify").returncode, 0)
        records = [json.loads(line) for line in world.server.command("audit", "export").stdout.splitlines()]
        seen = collections.Counter(r["target"] for r in records if r["action"] == "person.view")
        answered = sum(told, collections.Counter())
        self.assertEqual({p: n for p, n in answered.items() if seen[p] < n}, {})
        world.server.start()
