"""Whole lists against each other, and one against itself: what comes, who may, and clients that go."""
import base64
import http.client
import json
import random
import socket
import struct

from enrolled import enrol
from running import PATIENCE_S, SANITIZED
from world import Api, NO_ID, need_pictures, picture, setUpModule, tearDownModule, until, world  # pylint: disable=unused-import

CROWD = 300 if SANITIZED else 1500  # people who all look the same: every two of them are a pair


def lines(answer):
    """Of JSON Lines; progress comes or not."""
    return [line for line in map(json.loads, answer.body.splitlines()) if "progress" not in line]


def imported(rows):
    """People with these vectors, by the command beside the server: (name, list, vector)."""
    consent = [{"purpose": "identification", "method": "form", "evidence": "none", "given": "2026-01-01T00:00:00Z"}]
    text = "".join(json.dumps({"external_id": name, "name": name, "lists": [{"name": people, "purpose": "identification"}], "consents": consent,
                               "faces": [{"model": Matching.model, "vector": base64.b64encode(struct.pack(f"<{len(v)}f", *v)).decode()}]}) + "\n"
                   for name, people, v in rows)
    done = world.server.command("import", "-", "--json", input=text)
    assert done.returncode == 0, done.stdout + done.stderr


class Line(socket.socket):
    """A connection with the answer that comes on it."""
    answer = None

    def close(self):
        if self.answer:
            self.answer.close()  # it holds the connection, too
        super().close()


class Matching(Api):
    """POST /v1/lists/{list_id}/match and /duplicates."""
    model, dim, ids = None, 0, {}

    @classmethod
    def setUpClass(cls):
        need_pictures()
        enrol("Anna", "staff")
        enrol("Berta", "staff")
        enrol("Anna", "guests")
        enrol("Dora", "guests")
        got = world.admin.call("descriptors_export", 200, list="staff").json["descriptors"][0]
        Matching.model, Matching.dim = got["model"], len(got["values"])
        imported([(f"Twin {i}", "twins", cls.vector(100 + i // 2)) for i in range(40)])
        imported([(f"Same {i}", "crowd", cls.vector(7)) for i in range(CROWD)])
        imported([(f"As well {i}", "others", cls.vector(7)) for i in range(100)])
        Matching.ids = {one["name"]: one["list_id"] for one in world.admin.pages("lists_list", "lists")}

    @classmethod
    def vector(cls, seed):
        """A direction of length 1."""
        rng = random.Random(seed)
        v = [rng.gauss(0, 1) for _ in range(cls.dim)]
        length = sum(x * x for x in v) ** 0.5
        return [x / length for x in v]

    def match(self, name="staff", expect=200, caller=None, **body):
        """The lines of a match, or the refusal."""
        answer = (caller or self.admin).call("list_match", expect, list_id=self.ids.get(name, name), body={"with": "guests", **body})
        return lines(answer) if expect == 200 else answer

    def duplicates(self, name, expect=200, caller=None, **body):
        """The same of one list."""
        answer = (caller or self.admin).call("list_duplicates", expect, list_id=self.ids.get(name, name), **({"body": body} if body else {}))
        return lines(answer) if expect == 200 else answer

    def test_two_lists(self):
        *pairs, last = self.match()
        self.assertEqual([(p["pair"]["a"]["name"], p["pair"]["b"]["name"]) for p in pairs], [("Anna", "Anna")])
        self.assertNotEqual(pairs[0]["pair"]["a"]["person"], pairs[0]["pair"]["b"]["person"])
        result = last["result"]
        self.assertEqual({k: result[k] for k in ("complete", "people", "faces", "pairs", "against", "full")},
                         {"complete": True, "people": 2, "faces": 2, "pairs": 1, "against": 2, "full": 0})
        said = world.server.command("people", "match", "--list", "staff", "--against", "guests", "--json")
        self.assertEqual([{**p["pair"], "fmr": 0} for p in pairs], [{**json.loads(line), "fmr": 0} for line in said.stdout.splitlines()])
        person = pairs[0]["pair"]["a"]["person"]
        self.assertIn("match.found", self.actions(person))
        begun = [json.loads(r["detail"]) for r in self.admin.pages("audit_list", "records", action="match")]
        self.assertIn((self.ids["staff"], "guests"), [(d["list"], d.get("with")) for d in begun])

    def test_one_list(self):
        self.assertEqual([list(line) for line in self.duplicates("staff")], [["result"]])
        *pairs, last = self.duplicates("twins", limit=1000000)
        self.assertEqual((last["result"]["complete"], last["result"]["people"], last["result"]["pairs"]), (True, 40, 20))
        told = {tuple(sorted((p["pair"]["a"]["name"], p["pair"]["b"]["name"]))) for p in pairs}
        self.assertEqual(told, {tuple(sorted((f"Twin {i}", f"Twin {i + 1}"))) for i in range(0, 40, 2)})

    def test_so_many_pairs_and_no_more(self):
        *pairs, last = self.duplicates("crowd", candidates=999, limit=700)
        self.assertEqual((len(pairs), last["result"]["complete"], last["result"]["pairs"]), (700, False, 700))
        self.admin.call("settings_change", 200, body={"settings": [{"name": "match.pairs", "value": 3}]})
        try:
            *pairs, last = self.duplicates("crowd", candidates=999, limit=700)
            self.assertEqual((len(pairs), last["result"]["complete"]), (3, False))
        finally:
            self.admin.call("settings_change", 200, body={"settings": [{"name": "match.pairs", "value": 1000000}]})

    def test_how_alike(self):
        self.assertEqual(self.match(fmr=0.5)[-1]["result"]["threshold"]["fmr"], 0.5)
        self.assertGreater(len(self.match(fmr=0.5)), 1)
        self.refused(self.match(expect=400, fmr=2), 400, "invalid", "/fmr")
        self.refused(self.match(expect=400, candidates=0), 400, "invalid", "/candidates")
        self.refused(self.match(expect=400, purpose="verification"), 400, "invalid", "/purpose")

    def test_purposes_and_consents(self):
        self.list("badges", "attendance")
        self.refused(self.match(expect=403, **{"with": "badges"}), 403, "purpose_mismatch", "badges")
        self.refused(self.match(expect=403, purpose="attendance"), 403, "purpose_mismatch", self.ids["staff"])
        guest = self.person("Elena", "identification", lists=["guests"])
        self.enrol(guest, picture("Elena"))
        elena = self.person("Elena too", "identification", lists=["staff"])
        self.enrol(elena, picture("Elena", "-quality", "80"))
        found = [p["pair"]["a"]["name"] for p in self.match()[:-1]]
        self.assertIn("Elena too", found)
        self.admin.call("consent_withdraw", 200, person=elena["person"], consent=elena["consents"][0]["consent"])
        self.assertNotIn("Elena too", [p["pair"]["a"]["name"] for p in self.match()[:-1]])
        for one in (elena, guest):
            self.admin.call("person_erase", 200, person=one["person"])

    def test_which_lists(self):
        self.refused(self.match(NO_ID, 404), 404, "not_found", NO_ID)
        self.refused(self.match(expect=404, **{"with": "no such list"}), 404, "not_found", "no such list")
        self.refused(self.match(expect=400, **{"with": "staff"}), 400, "invalid", "duplicates")
        self.refused(self.match(expect=400, **{"with": self.ids["staff"]}), 400, "invalid", "duplicates")
        self.refused(self.admin.call("list_match", 400, list_id=self.ids["staff"]), 400, "invalid")

    def test_a_list_that_is_in_no_search(self):
        asleep = self.list("asleep", active=False)["list_id"]
        self.refused(self.match(expect=409, **{"with": "asleep"}), 409, "conflict", "inactive")
        self.refused(self.duplicates(asleep, 409), 409, "conflict", "inactive")

    def test_who_may(self):
        self.refused(self.match(expect=403, caller=world.token(["people.search"])), 403, "forbidden", "actions.search")
        searching = world.token(["actions.search"], lists=[self.ids["staff"]])
        self.refused(self.match("guests", 404, searching), 404, "not_found", self.ids["guests"])
        self.refused(self.match("staff", 404, searching), 404, "not_found", "guests")
        self.duplicates("staff", caller=searching)
        self.refused(self.duplicates("staff", 404, world.other), 404, "not_found")
        theirs = world.other.call("list_create", (201, 409), body={"name": "guests", "purpose": "identification"})
        own = world.other.call("list_create", (201, 409), body={"name": "own", "purpose": "identification"})
        if own.status == theirs.status == 201:
            got = self.match(own.json["list_id"], caller=world.other)
            self.assertEqual((len(got), got[0]["result"]["against"]), (1, 0))

    def stream(self, token=None, what="duplicates", **more):
        """A matching whose pairs nobody reads."""
        token = (token or world.token(["actions.search"])).token
        one = Line()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        one.settimeout(PATIENCE_S)
        one.connect(("127.0.0.1", world.server.port))
        body = json.dumps({"candidates": 999, **more}).encode()
        one.sendall(f"POST /v1/lists/{self.ids['crowd']}/{what} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                    f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        self.addCleanup(one.close)
        response = http.client.HTTPResponse(one)
        response.begin()
        self.assertEqual(response.status, 200)
        one.answer = response
        return one

    def until_there_is_room(self):
        """Places come back by themselves."""
        until(lambda: self.admin.call("list_duplicates", (200, 503), list_id=self.ids["staff"]).status == 200)

    def test_so_many_at_once_and_clients_that_go(self):
        streams = [self.stream() for _ in range(4)]
        answer = self.refused(self.duplicates("staff", 503), 503, "busy", "server.transfers")
        self.assertTrue(answer.header("Retry-After"))
        self.refused(self.match("staff", 503), 503, "busy")
        self.admin.call("people_list", 200)
        self.assertEqual(len(self.admin.call("identify", 200, body=picture("Anna"), list="staff").json["images"]), 1)
        for one in streams:
            one.close()
        self.until_there_is_room()

    def test_a_token_that_is_revoked_meanwhile(self):
        for what, more in (("duplicates", {}), ("match", {"with": "others"})):
            token = world.token(["actions.search"])
            one = self.stream(token, what, **more)
            self.admin.call("token_revoke", 204, token=token.record["token"])
            with self.assertRaises((http.client.IncompleteRead, ConnectionResetError)):
                one.answer.read()
            last = json.loads(self.admin.pages("audit_list", "records", action="transfer.cut")[0]["detail"])
            self.assertEqual((last["operation"], last["code"]), (f"list_{what}", "unauthenticated"))
        self.until_there_is_room()

    def test_the_server_stops_meanwhile(self):
        self.stream()
        world.server.stop()
        world.server.start()
        self.until_there_is_room()


del Api
