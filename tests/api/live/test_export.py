"""People out, with all that is theirs: who may, what comes, and clients that are slow or go."""
import contextlib
import http.client
import json
import socket
import time
import unittest

from enrolled import enrol
from running import PATIENCE_S, SANITIZED
from world import Api, Caller, need_pictures, setUpModule, tearDownModule, until, world  # pylint: disable=unused-import

MANY = 3000
LONG = "x" * 2000  # of each of them, so that no buffer of a connection holds them all


def lines(answer):
    """Of JSON Lines."""
    return [json.loads(line) for line in answer.body.decode().splitlines()]


class Reader:
    """A connection that asks for the export, and reads when it likes; nothing comes in advance."""

    def __init__(self, token):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 262144)
        self.socket.settimeout(PATIENCE_S)
        self.socket.connect(("127.0.0.1", world.server.port))
        self.socket.sendall(b"GET /v1/people/export?reason=slow&list=crowd HTTP/1.1\r\nHost: x\r\n"
                            b"Authorization: Bearer " + token.encode() + b"\r\n\r\n")
        self.response = http.client.HTTPResponse(self.socket)
        self.response.begin()

    def rest(self):
        """All people; None: it was cut off."""
        try:
            return [json.loads(line) for line in self.response.read().splitlines()[1:]]
        except (http.client.HTTPException, ConnectionResetError):
            return None

    def close(self):
        """Without a word."""
        self.response.close()
        self.socket.close()


class Export(Api):
    """GET /v1/people/export."""

    def test_all_that_is_theirs(self):
        need_pictures()
        anna, dora = enrol("Anna", "staff"), enrol("Dora", "guests")
        self.admin.call("person_change", 200, person=anna["person"], body={"external_id": "A-1", "user_data": "likes tea"})
        staff = lines(self.admin.call("people_export", 200, reason="a test", list="staff"))
        said = world.server.command("export", "--reason", "a test", "--list", "staff")
        self.assertEqual(staff, [json.loads(line) for line in said.stdout.splitlines()])
        self.assertEqual((staff[0]["mien"], [one["name"] for one in staff[0]["lists"]]), ("people", ["staff"]))
        self.assertEqual([(p["person"], p["external_id"], p["user_data"]) for p in staff[1:]], [(anna["person"], "A-1", "likes tea")])
        self.assertEqual([f["face"] for f in staff[1]["faces"]], [anna["face"]])
        everybody = lines(self.admin.call("people_export", 200, reason="a test"))
        self.assertEqual({p["person"] for p in everybody[1:]} & {anna["person"], dora["person"]}, {anna["person"], dora["person"]})
        without = lines(self.admin.call("people_export", 200, reason="a test", list="staff", vectors="none"))
        self.assertNotIn("vector", without[1]["faces"][0])
        detail = [json.loads(r["detail"]) for r in self.admin.pages("audit_list", "records", target=anna["person"], action="person.export")]
        self.assertEqual([(d["reason"], d["vectors"]) for d in detail].count(("a test", True)), 3)
        self.assertEqual([(d["reason"], d["vectors"]) for d in detail].count(("a test", False)), 1)
        consent = self.admin.call("person_get", 200, person=anna["person"]).json["consents"][0]["consent"]
        self.admin.call("consent_withdraw", 200, person=anna["person"], consent=consent)
        gone = lines(self.admin.call("people_export", 200, reason="a test"))
        self.assertFalse([f for p in gone[1:] if p["person"] == anna["person"] for f in p["faces"] if "vector" in f])

    def test_nobody_there(self):
        self.list("empty")
        answer = self.admin.call("people_export", 200, reason="a test", list="empty")
        self.assertEqual([[one["name"] for one in line["lists"]] for line in lines(answer)], [["empty"]])
        self.assertEqual(self.admin.call("people_export", 200, method="HEAD", reason="a test", list="empty").body, b"")

    def test_who_may(self):
        people = world.token(["people.export"])
        self.refused(people.call("people_export", 403, reason="x"), 403, "forbidden", "descriptors.export")
        people.call("people_export", 200, reason="x", vectors="none")
        self.refused(world.token(["descriptors.export"]).call("people_export", 403, reason="x"), 403, "forbidden", "people.export")
        self.refused(self.admin.call("people_export", 404, reason="x", list="no such list"), 404, "not_found", "no such list")
        self.refused(self.admin.call("people_export", 400), 400, "invalid", "reason")
        self.refused(self.admin.call("people_export", 400, reason="x", vectors="npy"), 400, "invalid", "vectors")

    def test_lists_of_ones_own(self):
        own, other = self.list("export own"), self.list("export other")
        mine = self.person("Mine", "identification", lists=["export own", "export other"])
        self.person("Not mine", "identification", lists=["export other"])
        kept = world.token(["people.export", "descriptors.export"], lists=[own["list_id"]])
        got = lines(kept.call("people_export", 200, reason="x", list=own["list_id"]))
        self.assertEqual([p["person"] for p in got[1:]], [mine["person"]])
        self.assertEqual([one["name"] for one in got[0]["lists"] + got[1]["lists"]], ["export own"] * 2)
        self.refused(kept.call("people_export", 403, reason="x"), 403, "forbidden", "name one")
        self.refused(kept.call("people_export", 404, reason="x", list=other["list_id"]), 404, "not_found")

    def test_accounts_are_apart(self):
        self.person("Of the first")
        theirs = world.other.call("person_create", 201, body={"name": "Of the other"}).json["person"]
        self.assertEqual([p["person"] for p in lines(world.other.call("people_export", 200, reason="x"))[1:]], [theirs])
        self.assertNotIn(theirs, [p.get("person") for p in lines(self.admin.call("people_export", 200, reason="x"))])
        self.list("export of the first")
        self.refused(world.other.call("people_export", 404, reason="x", list="export of the first"), 404, "not_found")


class Crowd(Api):
    """More than any buffer holds."""

    @classmethod
    def setUpClass(cls):
        consents = [{"purpose": "identification", "method": "form"}]
        for name in ("crowd", "nobody"):
            world.admin.call("list_create", 201, body={"name": name, "purpose": "identification"})
        for begin in range(0, MANY, 100):
            people = [{"name": f"P {i}", "user_data": LONG, "lists": ["crowd"], "consents": consents} for i in range(begin, begin + 100)]
            assert world.admin.call("people_create_batch", 200, body={"people": people}).json["refused"] == 0
        cls.token = world.token(["people.export", "descriptors.export"]).token

    def again(self, **settings):
        """The same people under other settings, and back at the end."""
        def start(changed):
            world.server.stop()
            world.server.settings.update(changed)
            world.server.start()
        settings = {name.replace("__", "."): values for name, values in settings.items()}
        before = {name: usual for name, (usual, _) in settings.items()}
        start({name: value for name, (_, value) in settings.items()})
        self.addCleanup(start, before)

    def setUp(self):
        super().setUp()

    def reader(self):
        """One that has begun."""
        one = Reader(self.token)
        self.addCleanup(one.close)
        self.assertEqual(one.response.status, 200)
        return one

    def begun(self):
        """The same where the time is short; None: it was over before the answer's head was here."""
        with contextlib.suppress(http.client.HTTPException, ConnectionResetError):
            return self.reader()

    def test_all_of_them_page_after_page(self):
        got = lines(Caller(world.line, self.token).call("people_export", 200, reason="x", list="crowd"))
        self.assertEqual({p["name"] for p in got[1:]}, {f"P {i}" for i in range(MANY)})
        self.assertEqual(len(got), MANY + 1)

    @unittest.skipIf(SANITIZED, "a sanitizer's memory is its own")
    def test_memory_stays_while_nobody_reads(self):
        self.test_all_of_them_page_after_page()
        before, most = self.heap(), 0
        readers = [self.reader() for _ in range(4)]
        for _ in range(10):
            time.sleep(0.1)
            most = max(most, self.heap())
        self.assertLess(most - before, MANY * len(LONG))
        self.assertEqual(len(readers[0].rest()), MANY)

    def owned(self, login):
        """A user who may do everything, and a reader with a token of theirs."""
        user = world.user(login, ["administrator"])
        token = world.token(["people.export", "descriptors.export", "license.view"], owner=user)
        one = Reader(token.token)
        self.addCleanup(one.close)
        self.assertEqual(one.response.status, 200)
        return user.record, token.record, one

    def cuts(self):
        """The records of exports that were cut off."""
        return [json.loads(r["detail"]) for r in self.admin.pages("audit_list", "records", action="transfer.cut")]

    def test_who_loses_what_it_needs_is_cut_off(self):
        def call(name, **given):
            self.admin.call(name, (200, 204), **given)
        taken = {
            "revoked": lambda user, token: call("token_revoke", token=token["token"]),
            "less": lambda user, token: call("token_change", token=token["token"], body={"rights": ["people.export"]}),
            "disabled": lambda user, token: call("user_change", user=user["user"], body={"active": False}),
            "deleted": lambda user, token: call("user_delete", user=user["user"]),
            "demoted": lambda user, token: call("user_change", user=user["user"], body={"roles": ["auditor"]}),
            "other list": lambda user, token: call("user_change", user=user["user"], body={"lists": [self.list("not the crowd")["list_id"]]}),
        }
        codes = {"revoked": "unauthenticated", "deleted": "unauthenticated", "other list": "not_found"}
        for what, take in taken.items():
            with self.subTest(what):
                before = len(self.cuts())
                user, token, one = self.owned(f"loses-{what.replace(' ', '-')}")
                take(user, token)
                self.assertIsNone(one.rest())
                until(lambda: len(self.cuts()) > before)  # pylint: disable=cell-var-from-loop
                last = self.cuts()[0]
                self.assertEqual((last["operation"], last["code"]), ("people_export", codes.get(what, "forbidden")), last)
                self.assertTrue(last["why"])
        self.until_there_is_room(Caller(world.line, self.token))
        self.assertIn("people_export was cut off", world.server.said())

    def test_what_it_does_not_need_ends_nothing(self):
        before = len(self.cuts())
        _, token, one = self.owned("keeps-it")
        self.admin.call("token_change", 200, token=token["token"],
                        body={"name": "renamed", "rights": ["people.export", "descriptors.export"]})
        world.user("somebody-else", ["operator"])
        self.assertEqual(len(one.rest()), MANY)
        self.assertEqual(len(self.cuts()), before)

    def test_so_many_at_once(self):
        readers = [self.reader() for _ in range(4)]
        caller = Caller(world.line, self.token)
        answer = self.refused(caller.call("people_export", 503, reason="x", list="crowd"), 503, "busy", "server.transfers")
        self.assertTrue(answer.header("Retry-After"))
        self.admin.call("people_list", 200)
        readers[0].close()
        self.until_there_is_room(caller)
        self.assertEqual(len(readers[1].rest()), MANY)

    @staticmethod
    def until_there_is_room(caller):
        """A place comes back by itself. Of a list that any buffer holds, as not even this reader may be slow."""
        until(lambda: caller.call("people_export", (200, 503), reason="x", list="nobody").status == 200)

    def test_who_reads_too_slowly_is_cut_off(self):
        self.again(server__send_ms=(600000, 300), server__rate_min=(8192, 10**9))
        one = until(self.begun)
        until(lambda: self.metric("requests_in_flight") == 1)  # the one that asks for the number
        self.assertGreater(self.metric("connections_cut_total"), 0)
        self.assertIsNone(one.rest())
        self.until_there_is_room(Caller(world.line, self.token))

    def test_it_takes_no_longer_than_it_may(self):
        self.again(server__transfer_s=(21600, 1))
        one = until(self.begun)
        time.sleep(1.5)
        self.assertIsNone(one.rest())
        until(lambda: "server.transfer_s" in world.server.said())  # what it says comes after the connection's end

    def test_the_server_stops_meanwhile(self):
        self.again(server__stop_ms=(5000, 200))
        self.reader()
        world.server.stop()
        world.server.start()


del Api
