"""clients/python/mien.py against the server; and against one that is in trouble, which ours is not at will."""
import contextlib
import http.server
import inspect
import io
import json
import os
import re
import subprocess
import sys
import threading
import unittest

from running import PATIENCE_S, ROOT
from world import Api, PASSWORD, need_pictures, picture, setUpModule, tearDownModule, until, world  # pylint: disable=unused-import

sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "clients/python"))
import mien  # noqa: E402  pylint: disable=wrong-import-position


class Whole(Api):
    """What needs no server."""

    def test_every_operation_is_a_method(self):
        left = {"login", "logout", "docs_get", "docs_file"}
        for name, op in world.spec.operations.items():
            if name in left:
                continue
            method = getattr(mien.Mien, name)
            self.assertTrue(inspect.getdoc(method).startswith(op.summary.split("`")[0]), name)
            self.assertEqual(hasattr(mien.Mien, name + "_csv"), bool(op.right_csv), name)

    def test_it_needs_nothing_but_python(self):
        text = (ROOT / "clients/python/mien.py").read_text(encoding="utf-8")
        words = [line.split()[1].split(".")[0] for line in text.splitlines() if line.startswith(("import ", "from "))]
        self.assertEqual(set(words) - set(sys.stdlib_module_names), set())

    def test_addresses_that_are_none(self):
        for base in ("mien.example.org", "ftp://a", "http://", "http://a?b", "http://a#b"):
            with self.assertRaises(ValueError):
                mien.Mien(base)


class Session(Api):
    """Signing in, errors, pages."""

    def setUp(self):
        super().setUp()
        self.client = mien.Mien(f"http://127.0.0.1:{world.server.port}/", timeout=PATIENCE_S)
        self.addCleanup(self.client.close)

    def test_in_and_out(self):
        with self.client as client:
            self.assertIs(client.healthz()["alive"], True)
            with self.assertRaises(mien.Unauthenticated) as caught:
                client.me_get()
            self.assertEqual((caught.exception.code, caught.exception.status), ("unauthenticated", 401))
            self.assertTrue(caught.exception.request_id)
            with self.assertRaises(mien.Unauthenticated):
                client.sign_in("admin", "wrong wrong wrong")
            self.assertEqual(client.sign_in("admin", PASSWORD)["login"], "admin")
            self.assertEqual(client.me_get()["roles"], ["administrator"])
            self.assertTrue(client.metrics().startswith("# HELP"))
            rows = list(client.sessions_list_all(limit=1))
            self.assertGreaterEqual(len(rows), 2)
            with self.assertRaises(mien.NotFound):
                client.session_end("01931f6c-9a41-7c3e-8d52-6f1b2a9c4e07")
            with self.assertRaises(mien.Invalid) as caught:
                client.sessions_list(limit=0)
            self.assertEqual(caught.exception.errors[0]["field"], caught.exception.field)
            client.sign_out()
            with self.assertRaises(mien.Unauthenticated):
                client.me_get()

    def test_threads_have_connections_of_their_own(self):
        self.client.sign_in("admin", PASSWORD)
        seen = []
        threads = [threading.Thread(target=lambda: seen.extend(self.client.me_get()["login"] for _ in range(20))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(seen, ["admin"] * 80)

    def test_it_goes_on_when_the_server_was_started_again(self):
        usual = world.server.settings["server.listen"]
        self.addCleanup(world.server.settings.update, {"server.listen": usual})
        until(self.again)
        self.assertEqual(self.client.me_get()["login"], "admin")

    def again(self):
        """The client is signed in, and the server is another process; False: somebody else took its port meanwhile."""
        port = world.server.port
        self.client = mien.Mien(f"http://127.0.0.1:{port}", timeout=PATIENCE_S)
        self.addCleanup(self.client.close)
        self.client.sign_in("admin", PASSWORD)
        world.server.stop()
        world.server.settings["server.listen"] = f"127.0.0.1:{port}"
        with contextlib.suppress(AssertionError):
            world.server.start()
            return True
        self.assertIn("another program does", world.server.said())
        world.server.settings["server.listen"] = "127.0.0.1:0"
        world.server.start()
        return False


class People(Api):
    """A way through people, faces and actions."""

    def setUp(self):
        super().setUp()
        for name in ("people_list", "faces_list"):
            self.admin.call(name, 200)
        self.client = mien.Mien(f"http://127.0.0.1:{world.server.port}", token=world.token(self.admin.me["rights"]).token, timeout=PATIENCE_S)
        self.addCleanup(self.client.close)

    def test_records(self):
        client = self.client
        made = client.person_create({"name": "Anna Kern", "external_id": "E-1", "consents": [{"purpose": "verification", "method": "form"}]})
        self.assertEqual(made.status, 201)
        self.assertTrue(made.headers["Location"].endswith(made["person"]))
        with self.assertRaises(mien.Exists):
            client.person_create({"name": "Anna", "external_id": "E-1"})
        now = client.person_get(made["person"])
        changed = client.person_change(made["person"], {"name": "Anna Berg"}, if_match=now.etag)
        self.assertNotEqual(changed.etag, now.etag)
        with self.assertRaises(mien.PreconditionFailed):
            client.person_change(made["person"], {"name": "Anna Kern"}, if_match=now.etag)
        self.assertIn("Anna Berg", [p["name"] for p in client.people_list_all(limit=1)])
        self.assertIn("Anna Berg", client.people_list_csv())
        one = client.list_create({"name": "to be moved", "purpose": "identification"})["list_id"]
        client.person_create({"name": "Moves", "lists": ["to be moved"], "consents": [{"purpose": "identification", "method": "form"}]})
        first, *people = client.people_export(reason="a move", list=one)
        self.assertEqual((first["mien"], [p["name"] for p in people]), ("people", ["Moves"]))
        self.assertEqual(client.people_import([first, *people], dry_run=True)["people_known"], len(people))
        self.assertEqual(client.people_import(iter([{"name": "No id"}]), dry_run=True)["refused"], 1)
        file = world.folder / "people.jsonl"
        file.write_text("".join(json.dumps(line) + "\n" for line in [first, *people]), encoding="utf-8")
        self.assertEqual(client.people_import(file)["people_known"], len(people))
        with open(file, "rb") as lines:
            self.assertEqual(client.people_import(lines)["people_known"], len(people))
        self.assertIs(list(client.list_duplicates(one))[-1]["result"]["complete"], True)
        with self.assertRaises(mien.Invalid):
            list(client.list_match(one, {"with": one}))
        self.assertIs(client.person_erase(made["person"])["erased"], True)
        with self.assertRaises(mien.NotFound):
            client.person_get(made["person"])
        lines = list(client.audit_export())
        self.assertIn("person.erase", [line["action"] for line in lines])
        client.me_get()

    def test_pictures_in_all_ways(self):
        need_pictures()
        client, data = self.client, picture("Anna")
        path = world.folder / "anna.jpg"
        path.write_bytes(data)
        boxes = []
        for given in (data, bytearray(data), path, str(path), io.BytesIO(data), open(path, "rb")):
            (image,) = client.detect(given)["images"]
            boxes.append(image["faces"][0]["box"])
            if hasattr(given, "close"):
                given.close()
        self.assertEqual(boxes, [boxes[0]] * len(boxes))
        several = client.detect([path, data], boxes=[None, boxes[0]])
        self.assertEqual([i["file"] for i in several["images"]], ["anna.jpg", "picture"])
        with self.assertRaises(mien.Problem):
            client.detect(f"http://127.0.0.1:{world.server.port}/healthz")
        self.assertIs(client.verify(data, path)["same"], True)
        with self.assertRaises(mien.NoFace):
            client.verify(data, (b"P6\n64 64\n255\n" + b"\x80" * 12288))
        person = client.person_create({"name": "Anna", "consents": [{"purpose": "verification", "method": "form"}]})
        face = client.face_create(person["person"], path)["face"]
        self.assertIs(client.verify(data, {"type": "person", "person": person["person"]})["same"], True)
        sample = client.sample_get(face["sample"])
        self.assertEqual((sample.media, sample[:2]), ("image/jpeg", b"\xff\xd8"))
        with self.assertRaises(mien.ConsentRequired):
            client.face_create(client.person_create({"name": "Nobody agreed"})["person"], path)


class Readme(Api):
    """What a reader copies."""

    def test_the_example(self):
        need_pictures()
        for name in ("anna", "door", "passport"):
            (world.folder / f"{name}.jpg").write_bytes(picture("Anna"))
        text = (ROOT / "clients/python/README.md").read_text(encoding="utf-8")
        (example,) = re.findall(r"^```python\n(.*?)^```", text, re.S | re.M)
        done = subprocess.run([sys.executable, "-B", "-c", example.replace("https://mien.example.org", f"http://127.0.0.1:{world.server.port}")],
                              cwd=world.folder, capture_output=True, text=True, check=False,
                              env=os.environ | {"PYTHONPATH": str(ROOT / "clients/python"), "MIEN_TOKEN": world.token(self.admin.me["rights"]).token})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"^Anna Kern\nTrue [0-9.e-]+\nAnna Kern\n$")


class Trouble(http.server.BaseHTTPRequestHandler):
    """Answers what the test has laid out, one answer a request."""
    protocol_version = "HTTP/1.1"
    plan, seen = [], []

    def answer(self):
        """The next of the plan: status, headers and body; None: hangs up."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.seen.append((self.command, self.path, self.headers.get("Idempotency-Key")))
        step = self.plan.pop(0)
        if step is None:
            self.connection.close()
            self.close_connection = True
            return
        status, headers, body = step
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/problem+json" if status >= 400 else "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_DELETE = answer  # pylint: disable=invalid-name

    def log_message(self, *_):  # pylint: disable=arguments-differ
        """Says nothing."""


class Again(unittest.TestCase):
    """When a request is sent again, and when not."""

    def setUp(self):
        Trouble.plan, Trouble.seen = [], []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Trouble)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.client = mien.Mien(f"http://127.0.0.1:{self.server.server_port}", token="t", wait_max=2)
        self.addCleanup(self.client.close)

    @staticmethod
    def problem(status, code, **headers):
        """An answer of the plan."""
        return status, {n.replace("_", "-"): v for n, v in headers.items()}, {"status": status, "code": code, "title": "x", "type": "about:blank"}

    def test_busy_then_well(self):
        Trouble.plan = [self.problem(503, "busy", Retry_After="1"), self.problem(429, "rate_limited", Retry_After="1"), (200, {}, {"matches": []})]
        self.assertEqual(self.client.match({"references": [], "candidates": []}), {"matches": []})
        self.assertEqual(len(Trouble.seen), 3)

    def test_a_create_is_sent_again_under_the_same_key(self):
        Trouble.plan = [None, self.problem(503, "io"), (201, {}, {"person": "x"})]
        self.client.person_create({"name": "A"})
        keys = {k for _, _, k in Trouble.seen}
        self.assertEqual((len(Trouble.seen), len(keys)), (3, 1))
        self.assertGreaterEqual(len(keys.pop()), 8)

    def test_what_may_have_happened_is_not_sent_again(self):
        Trouble.plan = [None]
        with self.assertRaises(mien.NoAnswer):
            self.client.person_erase("x")
        Trouble.plan = [self.problem(503, "timeout")]
        with self.assertRaises(mien.Unavailable):
            self.client.person_erase("x")
        self.assertEqual(len(Trouble.seen), 2)

    def test_long_waits_are_the_callers(self):
        Trouble.plan = [self.problem(429, "rate_limited", Retry_After="900")]
        with self.assertRaises(mien.RateLimited) as caught:
            self.client.me_get()
        self.assertEqual(caught.exception.retry_after, 900)

    def test_it_gives_up(self):
        self.client = mien.Mien(f"http://127.0.0.1:{self.server.server_port}", retries=1)
        self.addCleanup(self.client.close)
        Trouble.plan = [None, None]
        with self.assertRaises(mien.NoAnswer):
            self.client.healthz()
        self.assertEqual(Trouble.plan, [])

    def test_what_is_no_problem_document(self):
        Trouble.plan = [(502, {"Content-Type": "text/html"}, "<html>")]
        with self.assertRaises(mien.Problem) as caught:
            self.client.person_erase("x")
        self.assertEqual((caught.exception.status, caught.exception.code), (502, ""))

    def test_nobody_there(self):
        client = mien.Mien("http://127.0.0.1:1", retries=0)
        with self.assertRaises(mien.NoAnswer):
            client.healthz()
