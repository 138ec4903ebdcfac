"""People in, line by line: what goes in, what is refused, who may, and bodies that no honest client sends."""
import base64
import http.client
import json
import random
import socket
import struct
import unittest

from enrolled import enrol
from running import PATIENCE_S, SANITIZED
from world import Api, need_pictures, tearDownModule, until, world  # pylint: disable=unused-import

CONSENT = {"purpose": "identification", "method": "form", "evidence": "cabinet 4", "given": "2026-01-01T00:00:00Z"}
GUESTS = [{"name": "guests", "purpose": "identification"}]
MANY = 3000


def setUpModule():  # pylint: disable=invalid-name
    """Who sends, may wait long."""
    world.start(server__body_ms=600000)


def guest(key, **more):
    """Somebody new, without a face."""
    return {"external_id": key, "name": f"Guest {key}", "lists": GUESTS, "consents": [CONSENT], **more}


def text(*rows):
    """JSON Lines."""
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


class Writer:
    """A connection that sends an import as it likes, in chunks."""

    def __init__(self, token, query=""):
        self.socket = socket.create_connection(("127.0.0.1", world.server.port), timeout=PATIENCE_S)
        self.socket.sendall(f"POST /v1/people/import{query} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
                            f"Authorization: Bearer {token}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())

    def send(self, data):
        """A chunk."""
        self.socket.sendall(b"%x\r\n%s\r\n" % (len(data), data))

    def answer(self):
        """The end of the body, then (status, document)."""
        self.socket.sendall(b"0\r\n\r\n")
        response = http.client.HTTPResponse(self.socket)
        response.begin()
        return response.status, json.loads(response.read())


class Importing(Api):
    """POST /v1/people/import."""
    RIGHTS = ["people.create", "consents.create", "descriptors.create", "lists.create", "settings.change"]

    def bring(self, *rows, expect=200, caller=None, **given):
        """What is answered to these rows, or to bytes."""
        body = rows[0] if rows and isinstance(rows[0], bytes) else text(*rows)
        answer = (caller or self.admin).call("people_import", expect, body=body, media="application/jsonl", **given)
        return answer.json if expect == 200 else answer

    def counts(self, answer):
        """(new, known, refused)"""
        return answer["people_new"], answer["people_known"], answer["refused"]

    def there(self, key):
        """Somebody's record, or None."""
        found = self.admin.call("people_list", 200, external_id=key).json["people"]
        return found[0] if found else None

    def writer(self, token=None):
        """One that is closed in the end."""
        one = Writer(token or world.token(self.RIGHTS).token)
        self.addCleanup(one.socket.close)
        return one


class Import(Importing):
    """What goes in, and who may."""

    def test_there_and_back(self):
        need_pictures()
        anna = enrol("Anna", "staff")
        out = self.admin.call("people_export", 200, reason="a test", list="staff").body
        self.assertEqual(self.counts(self.bring(out)), (0, 1, 0))
        other = self.bring(out, caller=world.other)
        self.assertEqual((other["lists_new"], *self.counts(other)[:2], other["refused"]), (1, 0, 0, 1))
        self.assertEqual(other["errors"][0]["line"], 2)
        line = json.loads(out.splitlines()[1])
        del line["person"], line["faces"][0]["face"]
        line["external_id"] = "brought"
        other = self.bring(out.splitlines()[0] + b"\n" + text(line), caller=world.other)
        self.assertEqual((self.counts(other), other["faces_new"]), ((1, 0, 0), 1))
        again = self.bring(out.splitlines()[0] + b"\n" + text(line), caller=world.other)
        self.assertEqual((self.counts(again), again["faces_known"]), ((0, 1, 0), 1))
        found = world.other.call("people_list", 200, external_id="brought").json["people"][0]
        self.assertNotEqual(found["person"], anna["person"])
        self.assertIn("person.import", self.actions(found["person"], world.other))
        self.assertIsNone(self.there("brought"))

    def test_what_is_wrong_costs_itself_alone(self):
        got = self.bring(text(guest("w-1")) + b"{broken\n\n" + text(guest("w-2", strange=1), guest("w-3", consents=[]), guest("w-4")) + b"[]\n"
                         + text(guest("w-5"))[:-1])
        self.assertEqual(self.counts(got), (3, 0, 4))
        self.assertEqual([(e["line"], e["error"]["code"]) for e in got["errors"]],
                         [(2, "decode"), (4, "invalid"), (7, got["errors"][2]["error"]["code"]), (5, "consent_required")])
        self.assertTrue(self.there("w-1") and self.there("w-4") and self.there("w-5") and not self.there("w-3"))
        got = self.bring(b"x\n" * 250)
        self.assertEqual((got["refused"], len(got["errors"])), (250, 100))
        got = self.bring({"mien": "people", "version": 2, "vectors": "people.npy"}, expect=400)
        self.refused(got, 400, "invalid", "vectors")
        got = self.bring(guest("w-6", faces=[{"row": 1}]), guest("w-7", faces=[{"vector": "AAAA", "sample": "a.jpg"}]))
        self.assertEqual(got["refused"], 2)

    def test_a_dry_run_keeps_nothing(self):
        got = self.bring(guest("dry", lists=[{"name": "dry list", "purpose": "identification"}]), dry_run=True)
        self.assertEqual((self.counts(got), got["dry_run"]), ((1, 0, 0), True))
        self.assertIsNone(self.there("dry"))

    def test_for_all_of_them(self):
        bare = [{"external_id": f"all-{i}"} for i in range(3)]
        self.assertEqual(self.counts(self.bring(*bare)), (0, 0, 3))
        given = {"list": "made for all", "consent": "attendance", "consent_method": "form", "consent_evidence": "drawer"}
        self.assertEqual(self.counts(self.bring(*bare, **given)), (3, 0, 0))
        self.assertEqual(self.there("all-1")["consents"][0]["purpose"], "attendance")
        self.refused(self.bring(*bare, expect=400, consent="attendance", consent_method="form"), 400, "invalid", "consent_evidence")
        self.refused(self.bring(*bare, expect=400, consent_method="form"), 400, "invalid", "consent")

    def test_who_may(self):
        self.bring(guest("may-0"))
        for missing in self.RIGHTS[:3]:
            caller = world.token([r for r in self.RIGHTS if r != missing])
            self.refused(self.bring(guest("may-1"), expect=403, caller=caller), 403, "forbidden", missing)
        caller = world.token(self.RIGHTS[:3])
        self.assertEqual(self.counts(self.bring(guest("may-1"), caller=caller)), (1, 0, 0))
        got = self.bring(guest("may-2", lists=[{"name": "not made", "purpose": "identification"}]), caller=caller)
        self.assertEqual([e["error"]["code"] for e in got["errors"]], ["forbidden"])
        own = self.list("import own")
        kept = world.token(self.RIGHTS, lists=[own["list_id"]])
        got = self.bring(guest("may-3"), guest("may-4", lists=["import own"]), guest("may-1", lists=["import own"]), caller=kept)
        self.assertEqual(self.counts(got), (1, 0, 2), got)
        self.assertEqual(self.there("may-1")["lists"], ["guests"])
        answer = self.admin.call("people_import", 415, body=b"{}", media="application/json")
        self.refused(answer, 415, "unsupported")

    def test_lines_that_are_too_long(self):
        world.server.stop()
        world.server.settings.update({"import.max_line": 2000, "import.body_max": 4 << 20})
        world.server.start()
        try:
            got = self.bring(guest("long-1"), guest("long-2", user_data="x" * 3000), guest("long-3"))
            self.assertEqual(self.counts(got), (2, 0, 1))
            self.assertIn("import.max_line", got["errors"][0]["error"]["text"])
            got = self.bring(b"y" * (3 << 20))
            self.assertEqual(got["refused"], 1)
            self.refused(self.bring(b"z" * (5 << 20), expect=413), 413, "limit")
            writer = self.writer()
            writer.send(text(guest("long-4")))
            for _ in range(5):
                writer.send(b" " * (1 << 20))
            status, problem = writer.answer()
            self.assertEqual((status, problem["code"]), (413, "limit"))
        finally:
            world.server.stop()
            world.server.settings.update({"import.max_line": 8 << 20, "import.body_max": 16 << 30})
            world.server.start()


class Pieces(Importing):
    """Bodies in pieces, connections that go."""

    def crowd(self, prefix, n=MANY, **more):
        """Lines of many people."""
        return text(*(guest(f"{prefix}-{i}", user_data="x" * 1000, **more) for i in range(n)))

    def count(self, prefix):
        """Of those who are there."""
        return sum(p["external_id"].startswith(prefix + "-") for p in self.admin.pages("people_list", "people", like=prefix + "-", limit=1000))

    def test_chunks_of_every_size(self):
        data, rng = self.crowd("chunk", 1000), random.Random(1)
        writer, at = self.writer(), 0
        while at < len(data):
            n = rng.choice((1, 2, 100, 5000, 262143, 262144, 262145, 300000))
            writer.send(data[at:at + n])
            at += n
        status, got = writer.answer()
        self.assertEqual((status, self.counts(got)), (200, (1000, 0, 0)), got)
        self.assertEqual(self.count("chunk"), 1000)

    def test_who_goes_and_comes_again(self):
        data = self.crowd("again")
        writer = self.writer()
        writer.send(data[:len(data) // 2])
        until(lambda: self.count("again"))
        writer.socket.close()
        got = self.bring(data)
        self.assertEqual((got["people_new"] + got["people_known"], got["refused"]), (MANY, 0))
        self.assertGreater(got["people_known"], 0)
        self.assertEqual(self.counts(self.bring(data)), (0, MANY, 0))
        self.assertEqual(self.count("again"), MANY)

    def test_so_many_at_once(self):
        writers = [self.writer() for _ in range(4)]
        for i, one in enumerate(writers):
            one.send(self.crowd(f"held{i}", 900))
        until(lambda: all(self.count(f"held{i}") for i in range(4)))
        answer = self.admin.call("people_import", 503, body=text(guest("no-room")), media="application/jsonl")
        self.refused(answer, 503, "busy", "server.transfers")
        self.assertTrue(answer.header("Retry-After"))
        self.refused(self.admin.call("people_import", 503, body=self.crowd("no-room", 700), media="application/jsonl"), 503, "busy")
        self.admin.call("people_list", 200)
        for one in writers[1:]:
            one.socket.close()
        self.assertEqual(writers[0].answer()[0], 200)
        until(lambda: self.admin.call("people_import", (200, 503), body=text(guest("room")), media="application/jsonl").status == 200)

    @unittest.skipIf(SANITIZED, "a sanitizer's memory is its own")
    def test_memory_stays(self):
        self.bring(self.crowd("memory", 2000))
        before, most = self.heap(), 0
        writer = self.writer()
        for _ in range(100):
            writer.send(b" \n" * (1 << 19))
            most = max(most, self.heap())
        self.assertEqual(writer.answer()[0], 200)
        self.assertLess(most - before, 40 << 20)

    def test_who_loses_what_it_needs(self):
        data = self.crowd("lost")
        user = world.user("imports", ["administrator"])
        taken = {"revoked": ("unauthenticated", 401, lambda token: self.admin.call("token_revoke", 204, token=token["token"])),
                 "less": ("forbidden", 403, lambda token: self.admin.call("token_change", 200, token=token["token"],
                                                                       body={"rights": ["people.create", "consents.create"]}))}
        for what, (code, status, take) in taken.items():
            with self.subTest(what):
                token = world.token(self.RIGHTS, owner=user)
                writer = self.writer(token.token)
                writer.send(data[:len(data) // 2])
                until(lambda: self.count("lost"))
                take(token.record)
                writer.send(data[len(data) // 2:])
                got, problem = writer.answer()
                self.assertEqual((got, problem["code"]), (status, code), problem)
                self.assertLess(self.count("lost"), MANY)
                last = json.loads(self.admin.pages("audit_list", "records", action="transfer.cut")[0]["detail"])
                self.assertEqual((last["operation"], last["code"]), ("people_import", code))

    def test_an_account_that_is_suspended_meanwhile(self):
        theirs = world.other
        token = world.token(self.RIGHTS + ["people.search"], owner=theirs)
        data = text(*(guest(f"theirs-{i}", user_data="x" * 1000, lists=[]) for i in range(MANY)))
        writer = self.writer(token.token)
        writer.send(data[:len(data) // 2])
        until(lambda: token.call("people_list", 200, limit=1).json["people"])
        account = theirs.account["account"]
        self.admin.call("account_change", 200, account=account, body={"active": False})
        try:
            writer.send(data[len(data) // 2:])
            status, problem = writer.answer()
            self.assertEqual((status, problem["code"]), (403, "account_closed"), problem)
        finally:
            self.admin.call("account_change", 200, account=account, body={"active": True})

    def test_who_sends_too_slowly_is_cut_off(self):
        world.server.stop()
        world.server.settings.update({"server.body_ms": 300, "server.rate_min": 10**9})
        world.server.start()
        data = self.crowd("slow", 600)
        try:
            writer = self.writer()
            writer.send(data)
            self.assertEqual(writer.socket.recv(1), b"")
        except (BrokenPipeError, ConnectionResetError):
            pass
        finally:
            world.server.stop()
            world.server.settings.update({"server.body_ms": 600000, "server.rate_min": 8192})
            world.server.start()

    def test_the_server_stops_meanwhile(self):
        writer = self.writer()
        writer.send(self.crowd("stop", 600))
        world.server.stop()
        world.server.start()
        self.bring(guest("after"))


class Vectors(Importing):
    """Descriptors in the lines are found."""

    def test_descriptors(self):
        need_pictures()
        enrol("Berta", "vectors")
        got = self.admin.call("descriptors_export", 200, list="vectors").json["descriptors"][0]
        vector = base64.b64encode(struct.pack(f"<{len(got['values'])}f", *got["values"])).decode()
        rows = [guest("vec-1", faces=[{"vector": vector}]), guest("vec-2", faces=[{"vector": vector, "model": "another"}])]
        self.assertEqual(self.counts(self.bring(*rows)), (0, 0, 2))
        answer = self.bring(*rows, model=got["model"])
        self.assertEqual((self.counts(answer), answer["faces_new"]), ((1, 0, 1), 1))
        self.assertIn("vec-1", [c["external_id"] for c in self.admin.call("identify", 200, list=["guests"], body={"sources": [
            {"type": "descriptor", "model": got["model"], "metric": got["metric"], "values": got["values"]}]}).json["images"][0]["faces"][0]["candidates"]])


del Api, Importing
