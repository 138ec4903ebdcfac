"""What a test module starts with: a server with nobody in it, its administrator, and on demand users, accounts and pictures.

    from world import Api, setUpModule, tearDownModule  # pylint: disable=unused-import
"""
import functools
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import zlib

from running import BIN, PATIENCE_S, ROOT, Server
from spec import Spec
from talk import Caller, Line, Unwritten

SAMPLES = ROOT / "models/node_modules/@vladmandic/face-api/demo"
MODELS = pathlib.Path(os.environ.get("MIEN_MODEL_DIR", ROOT / "build/models"))
LIBRARY = pathlib.Path(os.environ.get("MIEN_INFER_LIBRARY", "/nonexistent"))
ROLES = ("administrator", "operator", "auditor", "integrator")
PASSWORD = "tides wear granite smooth"
NO_ID = "01931f6c-9a41-7c3e-8d52-6f1b2a9c4e07"

# Name, photograph, and where that person's head is in it.
PEOPLE = {
    "Anna": ("sample3", "380x440+500+200"), "Berta": ("sample3", "400x440+1060+120"), "Clara": ("sample3", "360x420+1390+200"),
    "Dora": ("sample6", "380x460+160+350"), "Elena": ("sample6", "380x460+590+200"), "Fanny": ("sample6", "400x480+1060+140"),
    "Greta": ("sample6", "380x460+1430+150"),
}


def skip(what):
    """Says that something is not there, and skips; with MIEN_TEST_ALL=1 it fails."""
    if os.environ.get("MIEN_TEST_ALL") == "1":
        raise AssertionError(f"needed and not there: {what}")
    print(f"SKIPPED: not there: {what}", file=sys.stderr)
    raise unittest.SkipTest(what)


def need_pictures():
    """Photographs, the offline pack and what runs it."""
    if not SAMPLES.is_dir() or not shutil.which("convert"):
        skip("the photographs of the face-api package, and convert (tools/setup)")
    if not LIBRARY.exists() or not (MODELS / "offline").is_dir():
        skip("ONNX Runtime or the offline pack (make models)")


def picture(name, *changes):
    """Bytes of a JPEG of one person, cut out of a photograph; made once in all modules."""
    need_pictures()
    folder = pathlib.Path(os.environ.get("MIEN_API_PICTURES") or world.folder)
    path = folder / f"{name}{'-'.join(changes).replace('%', '').replace('/', '')}.jpg"
    if not path.exists():
        photo, head = PEOPLE[name]
        part = path.with_suffix(f".{os.getpid()}.jpg")
        subprocess.run(["convert", SAMPLES / f"{photo}.jpg", "-strip", "-crop", head, "+repage", *changes, part], check=True)
        part.rename(path)
    return path.read_bytes()


def group_picture():
    """A photograph with four people in it."""
    need_pictures()
    return (SAMPLES / "sample6.jpg").read_bytes()


def stamp(seconds):
    """A time, so many seconds from now."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + seconds))


def until(done):
    """Asks again and again; the first answer that is true. It comes before long, or something is wrong."""
    end = time.monotonic() + PATIENCE_S
    while not (answer := done()):
        assert time.monotonic() < end, f"it did not come in {PATIENCE_S} s"
        time.sleep(0.05)
    return answer


def in_time(do):
    """do(seconds) makes something that ends so many seconds from now, and gives None where that was too soon for all that it does."""
    seconds = 2
    while (made := do(seconds)) is None:
        assert (seconds := 2 * seconds) < PATIENCE_S, "nothing is ever in time"
    return made


def png(width, height, row=None, depth=8, color=2):
    """A PNG; of one colour unless `row` is given."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    raw = (b"\0" + (row or b"\x80" * (3 * width))) * height
    head = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b"")


class World:
    """Server, description and who is in it. One a module."""

    def __init__(self):
        self.folder, self.server, self.spec, self.line, self.admin, self.postgres = None, None, None, None, None, None

    def start(self, postgres=None, **settings):
        """A fresh server. Names of settings with '__' for the dot. postgres: one that the module has to itself; it ends with the server."""
        store = os.environ.get("MIEN_API_STORE_URL")
        if postgres:
            if not (BIN / "postgres").exists():
                skip("PostgreSQL 15 (tools/setup)")
            self.postgres = postgres.start()
            store = postgres.url()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mien-api-"))
        self.server = Server(self.folder, {n.replace("__", "."): v for n, v in settings.items()}, store).start()
        self.spec = Spec()
        self.line = Line(self.server, self.spec)
        self.admin = self.first(Caller(self.line), "admin", self.server.once)

    def stop(self):
        """Stops it, checks that it ended well and leaves what was seen."""
        self.role_user.cache_clear()
        self.__dict__.pop("other", None)
        self.line.close()
        faults = self.unrecorded()
        try:
            self.server.stop()
        finally:
            self.server.kill()
            seen = os.environ.get("MIEN_API_SEEN")
            if seen:
                self.spec.save(pathlib.Path(seen) / f"{os.getpid()}-{self.folder.name}.json")
            shutil.rmtree(self.folder)
            if self.postgres:
                self.postgres.stop()
        assert not faults, "the audit log is not as promised:\n" + "\n".join(faults)

    def unrecorded(self):
        """What the audit log does not have as the description promises."""
        done = self.server.command("audit", "export")
        assert done.returncode == 0, done.stderr
        faults, self.spec.recorded = self.line.diary.faults([json.loads(line) for line in done.stdout.splitlines()])
        return faults

    @staticmethod
    def first(caller, login, once):
        """The first login with a one-time password, which asks for another one."""
        caller.login(login, once)
        assert caller.me["password_change"] is True
        caller.call("password_change", 204, body={"old": once, "new": PASSWORD})
        caller.me = caller.call("me_get", 200).json
        assert caller.me["password_change"] is False
        return caller

    def nobody(self):
        """Without any proof."""
        return Caller(self.line)

    def user(self, login, roles, **more):
        """A new user of the first account, signed in."""
        made = self.admin.call("user_create", 201, body={"login": login, "name": login, "roles": roles, "password": PASSWORD, **more})
        caller = Caller(self.line)
        caller.login(login, PASSWORD)
        caller.record = made.json
        return caller

    @functools.lru_cache(maxsize=None)  # pylint: disable=method-cache-max-size-none
    def role_user(self, role):
        """A user with one role, made once."""
        return self.admin if role == "administrator" else self.user(f"the-{role}", [role])

    def token(self, rights, owner=None, **more):
        """A program with these rights."""
        made = (owner or self.admin).call("token_create", 201, body={"name": "test", "rights": rights, **more}).json
        caller = Caller(self.line, token=made["secret"])
        caller.record = made
        return caller

    @functools.cached_property
    def other(self):
        """The administrator of a second account, made once."""
        made = self.admin.call("account_create", 201, body={"name": "Other", "admin_login": "boss"}).json
        caller = self.first(Caller(self.line), "Other/boss", made["admin"]["one_time_password"])
        caller.account = made
        return caller


world = World()


def setUpModule():  # pylint: disable=invalid-name
    """A server with quick settings."""
    world.start()


def tearDownModule():  # pylint: disable=invalid-name
    """Ends it."""
    world.stop()


class Api(unittest.TestCase):
    """What the tests of all modules use."""
    maxDiff = None

    def setUp(self):
        self.admin = world.admin

    def tearDown(self):
        world.server.check()

    def refused(self, answer, status, code, *words):
        """A problem with this code whose text has these words."""
        self.assertEqual((answer.status, answer.code), (status, code), answer.body[:800])
        for word in words:
            self.assertIn(word, answer.body.decode())
        return answer

    def list(self, name, purpose="identification", **more):
        """A new list."""
        return self.admin.call("list_create", 201, body={"name": name, "purpose": purpose, **more}).json

    def person(self, name, *purposes, **more):
        """A new person with consents for these purposes."""
        consents = [{"purpose": p, "method": "test form"} for p in purposes]
        return self.admin.call("person_create", 201, body={"name": name, "consents": consents, **more}).json

    def enrol(self, person, image, **given):
        """A face of a person."""
        given = {"on_duplicate": "report"} | given
        return self.admin.call("face_create", 201, person=person["person"], body=image, media="image/jpeg", **given).json

    def enrolled(self, name, *lists, purpose="identification", **more):
        """A person in lists, with consent and one face, of the picture of that name."""
        person = self.person(name, purpose, lists=[one["name"] for one in lists], **more)
        self.enrol(person, picture(name))
        return person

    def metric(self, name):
        """A number that the server counts."""
        return float(re.search(rf"(?m)^mien_{name} (\S+)$", self.admin.call("metrics", 200).body.decode())[1])

    def heap(self):
        """Bytes that malloc has given out to the server: resident memory has the gaps between them too."""
        return self.metric("process_heap_bytes")

    def identified(self, image, caller=None, **given):
        """Ids of the people that a picture is taken for."""
        answer = (caller or self.admin).call("identify", 200, body=image, media="image/jpeg", **given).json
        return [c["person"] for i in answer["images"] for f in i.get("faces", []) for c in f["candidates"]]

    def actions(self, target, caller=None):
        """What the audit log has about an object, oldest first."""
        rows = (caller or self.admin).pages("audit_list", "records", target=target, sort="seq")
        return [r["action"] for r in rows]


__all__ = ["Api", "Caller", "NO_ID", "PASSWORD", "ROLES", "Unwritten", "group_picture", "in_time", "need_pictures", "picture",
           "png", "setUpModule", "skip", "stamp", "tearDownModule", "until", "world"]
