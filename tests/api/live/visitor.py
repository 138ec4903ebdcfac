"""A client for the soak: mixed requests over several connections, some of which end where nobody expects it.

A story is a few requests that belong together and leave nothing behind. What they make is theirs alone, so every status is known.
Between them come requests made from the description, hostile ones, and connections that are cut.
"""
import collections
import json
import random
import re
import socket
import struct
import time
import urllib.parse

from running import PATIENCE_S
from spec import TRANSPORT, Fault
from talk import Answer, multipart
from world import NO_ID, PASSWORD

CONNECTIONS = 3
CHECKED = 32  # one in so many answers is compared with its schema: that takes longer than the request
TEXTS = ("", "a b", "'", "%", "1e9", "-1", "99999999999999999999", "null", "x" * 3000, "\u00e9", "\U0001f600", "2026-13-01T00:00:00Z", NO_ID, "[]")
# The whole audit log, each time longer than before: asked once, at the end.
NOT_MADE = ("audit_verify", "audit_export")
# All residents, each on record: only those of a list are asked for.
LARGE = ("people_export",)


class Busy(Exception):
    """503: the story is left."""


class Wire:
    """One kept connection."""

    def __init__(self, port):
        self.port, self.socket, self.file = port, None, None

    def send(self, data):
        """Opens it where it is not."""
        if not self.socket:
            self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.file = self.socket.makefile("rb")
        self.socket.sendall(data)

    def close(self, reset=False):
        """reset: at once, whatever is under way."""
        if self.socket:
            if reset:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.file.close()
            self.socket.close()
            self.socket = None

    def _body(self, answer):
        if answer.header("Transfer-Encoding"):
            out = b""
            while size := int(self.file.readline(100), 16):
                out += self.file.read(size + 2)[:size]
            self.file.readline(10)
            return out
        length = answer.header("Content-Length")
        body = self.file.read(int(length) if length else -1)
        if length and len(body) != int(length):
            raise Fault("the answer ends too early")
        return body

    def answer(self, method="GET"):
        """The next one."""
        line = self.file.readline(65536)
        if not line.startswith(b"HTTP/1.1 "):
            raise Fault(f"no answer but {line[:100]!r}")
        answer = Answer(int(line[9:12]), [], b"")
        while (line := self.file.readline(65536).decode("latin-1")) != "\r\n":
            name, colon, value = line.partition(":")
            if not colon:
                raise Fault(f"no header but {line[:100]!r}")
            answer.headers.append((name, value.strip()))
        if method != "HEAD" and answer.status not in (204, 304):
            answer.body = self._body(answer)
        if answer.header("Connection", "").lower() == "close":
            self.close()
        return answer


def head(method, target, headers, body):
    """A request as bytes."""
    lines = [f"{method} {target} HTTP/1.1", "Host: a", *(f"{n}: {v}" for n, v in headers.items())]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b"")


class Visitor:
    """One client. facts: what there is, and what may be sent (soak.py makes it); seed: the same requests again."""

    def __init__(self, facts, spec, seed):
        self.facts, self.spec, self.seed, self.random = facts, spec, seed, random.Random(seed)
        self.wires = [Wire(facts["port"]) for _ in range(CONNECTIONS)]
        self.mine = {"Authorization": "Bearer " + facts["token"]}
        self.n, self.seen, self.address = 0, collections.Counter(), "192.0.2.1"

    def visit(self, requests):
        """So many requests; then all connections are closed. (operation, status) counted."""
        stories = [getattr(self, "tell_" + name) for name in STORIES]
        while self.n < requests:
            self.address = f"10.{self.random.randrange(256)}.{self.random.randrange(256)}.{self.random.randrange(256)}"
            try:
                self.random.choices(stories, STORIES.values())[0]()
            except Busy:
                pass
            if self.random.random() < 0.01:
                self.random.choice(self.wires).close(reset=self.random.random() < 0.5)
        for wire in self.wires:
            wire.close()
        return self.seen

    # ---- one request

    def judge(self, op, method, answer, packed=False):
        """Is it one that the description has?"""
        name = op.name if op else "none"
        self.n += 1
        self.seen[name, answer.status] += 1
        if answer.status >= 500 and answer.status not in (501, 503, 505):
            raise Fault(f"{name}: {answer.status}: {answer.body[:600]!r}")
        if str(answer.status) not in (op.answers if op else ("404",)) and answer.status not in TRANSPORT:
            raise Fault(f"{name}: {answer.status} is not described: {answer.body[:600]!r}")
        if not packed and self.random.randrange(CHECKED) == 0:
            self.spec.check(op, method, answer)

    def ask(self, op, method, target, headers, body=None):
        """One request over one of the connections."""
        wire = self.random.choice(self.wires)
        headers = {"X-Forwarded-For": self.address, **headers}
        try:
            wire.send(head(method, target, headers, body))
            answer = wire.answer(method)
        except (OSError, ValueError, Fault) as fault:
            raise Fault(f"{method} {target[:200]} after {self.n}: {fault!r}") from fault
        self.judge(op, method, answer, "Accept-Encoding" in headers)
        return answer

    def call(self, name, *expect, body=None, media=None, parts=None, who=None, headers=None, **given):
        """The operation `name`; expect: the statuses that are right."""
        op = self.spec.operations[name]
        sent = {**(self.mine if who is None else who), **(headers or {})}
        path = re.sub(r"\{(\w+)\}", lambda found: urllib.parse.quote(given.pop(found[1]), safe=""), op.path)
        query = urllib.parse.urlencode([(n, v) for n, v in given.items()])
        if parts:
            sent["Content-Type"], body = multipart(parts)
        elif isinstance(body, bytes):
            sent["Content-Type"] = media or "image/jpeg"
        elif body is not None:
            sent["Content-Type"], body = "application/json", json.dumps(body).encode()
        elif op.method != "get":
            body = b""
        answer = self.ask(op, op.method.upper(), path + ("?" + query if query else ""), sent, body)
        if answer.status == 503:
            raise Busy
        if expect and answer.status not in expect:
            raise Fault(f"{name} after {self.n}: {answer.status}, not {expect}: {answer.body[:800]!r}")
        return answer

    def name(self):
        """One that nobody else has."""
        return f"soak-{self.seed}-{self.n}"

    def new_person(self, *purposes, **more):
        """Their id."""
        body = {"name": self.name(), "consents": [{"purpose": p, "method": "form"} for p in purposes], **more}
        return self.call("person_create", 201, body=body).json["person"]

    # ---- stories, by group of routes

    def tell_operation(self):
        """Health, numbers, description, viewer."""
        call, who = self.call, {}
        call("healthz", 200, who=who)
        call("readyz", 200, who=who)
        tag = call("openapi_get", 200, who=who, headers={"Accept-Encoding": "gzip"}).etag
        call("openapi_get", 304, who=who, headers={"If-None-Match": tag})
        call("docs_get", 200, 404, who=who)
        call("docs_file", 200, 404, who=who, file=self.random.choice(("viewer.js", "viewer.css", "none.js")))
        call("metrics", 200)
        self.ask(self.spec.operations["healthz"], "HEAD", "/healthz", {})
        call("me_get", 401, who=who)

    def tell_people(self):
        """A person, from the first to the last."""
        name, there = self.name(), self.facts["lists"]
        made = self.call("person_create", 201, body={"name": name, "external_id": name, "lists": there[:1],
                                                     "consents": [{"purpose": "identification", "method": "form"}]})
        person, tag = made.json["person"], made.etag
        self.call("person_get", 200, person=person)
        self.call("person_change", 200, person=person, body={"user_data": "two\nlines"}, headers={"If-Match": tag})
        self.call("person_change", 412, person=person, body={"name": "B"}, headers={"If-Match": tag})
        self.call("person_create", 409, body={"name": "C", "external_id": name})
        found = self.call("people_list", 200, external_id=name).json["people"]
        if [p["person"] for p in found] != [person]:
            raise Fault(f"people_list found {found} for {name}")
        page = self.call("people_list", 200, limit=2).json["next"]
        self.call("people_list", 200, limit=2, cursor=page)
        self.call("people_list", 200, like="resident", headers={"Accept": "text/csv"})
        self.call("person_avatar", 404, person=person)
        self.call("person_erase", 200, person=person)
        self.call("person_get", 404, person=person)

    def tell_batch(self):
        """Several at once, two that are one, and a request that is sent twice."""
        key = {"Idempotency-Key": self.name()}
        body = {"people": [{"name": f"{self.name()}-{i}"} for i in range(6)]}
        first = self.call("people_create_batch", 200, body=body, headers=key)
        if self.call("people_create_batch", 200, body=body, headers=key).body != first.body:
            raise Fault("the second answer for one key is another one")
        ids = [r["id"] for r in first.json["results"]]
        self.call("person_merge", 200, person=ids[0], body={"from": ids[1]})
        self.call("people_erase_batch", 200, body={"people": ids})

    def tell_consents(self):
        """Given, proved, withdrawn."""
        person = self.new_person("verification")
        consent = self.call("consent_give", 201, person=person, body={"purpose": "attendance", "method": "form"}).json["consent"]
        given = {"person": person, "consent": consent}
        self.call("person_consents", 200, person=person)
        self.call("consent_get", 200, **given)
        self.call("evidence_get", 404, **given)
        self.call("evidence_put", 204, body=b"%PDF-1.4 signed", media="application/pdf", **given)
        self.call("evidence_get", 200, **given)
        self.call("consents_list", 200, limit=3, state="valid")
        self.call("consent_withdraw", 200, **given)
        self.call("consent_withdraw", 409, **given)
        self.call("person_erase", 200, person=person)

    def tell_lists(self):
        """A list and its members."""
        name = self.name()
        made = self.call("list_create", 201, body={"name": name, "purpose": "attendance", "retention_s": 3600}).json["list_id"]
        person = self.new_person("attendance")
        self.call("list_create", 409, body={"name": name, "purpose": "attendance"})
        self.call("list_get", 200, list_id=made)
        self.call("list_change", 200, list_id=made, body={"comment": "c", "color": "#2f6fde"})
        self.call("lists_list", 200, limit=5)
        self.call("member_add", 200, list_id=made, person=person)
        self.call("members_list", 200, list_id=made)
        self.call("members_change", 200, list_id=made, body={"remove": [person]})
        self.call("member_remove", 404, list_id=made, person=person)
        self.call("list_duplicates", 200, list_id=made, body={"purpose": "attendance"})
        self.call("list_match", 400, list_id=made, body={"with": name, "purpose": "attendance"})
        self.call("person_erase", 200, person=person)
        self.call("list_delete", 204, list_id=made)

    def vector(self):
        """A descriptor as JSON has it."""
        return {**self.facts["descriptor"], "values": self.random.choice(self.facts["vectors"])}

    def tell_descriptors(self):
        """Somebody whose face comes as numbers, and who is looked for."""
        person = self.new_person("identification", "verification", lists=self.facts["lists"][:1])
        values = self.vector()
        face = self.call("descriptors_import", 200, body={"descriptors": [{"person": person, **values}]}).json["results"][0]["id"]
        probe = {"type": "descriptor", **values}
        self.call("face_get", 200, face=face)
        self.call("person_faces", 200, person=person)
        self.call("faces_list", 200, limit=3, sort="-created")
        self.call("descriptor_get", 200, face=face)
        self.call("descriptors_export", 200, limit=2, list=self.facts["lists"][0])
        if not self.call("verify", 200, body={"a": probe, "b": {"type": "person", "person": person}}).json["same"]:
            raise Fault("somebody is not the same as themselves")
        self.call("identify", 200, body={"sources": [probe]})
        self.call("match", 200, body={"references": [{"type": "face", "face": face}], "candidates": [{"lists": self.facts["lists"][:1], "k": 3}]})
        self.call("face_delete", 204, face=face)
        self.call("faces_delete_batch", 200, body={"faces": [face]})
        self.call("person_erase", 200, person=person)

    def tell_actions(self):
        """Work on a picture, and an attribute."""
        image = self.random.choice(self.facts["pictures"])
        self.call("detect", 200, body=image)
        self.call("quality", 200, parts=[("picture", image, "a.jpg")])
        self.call("liveness", 200, body=image)
        made = self.call("extract", 201, body=image).json["images"][0]["faces"][0]["attribute"]["attribute"]
        self.call("attribute_get", 200, attribute=made)
        self.call("attributes_list", 200, limit=5)
        self.call("verify", 200, body={"a": {"type": "attribute", "attribute": made}, "b": {"type": "face", "face": self.facts["face"]}})
        self.call("identify", 200, body=image)
        self.call("attribute_delete", 204, attribute=made)

    def tell_faces(self):
        """A face from a picture; one that looks like somebody's, and a decision."""
        image = self.random.choice(self.facts["pictures"])
        person = self.new_person("identification", lists=self.facts["lists"][:1])
        made = self.call("face_create", 201, person=person, body=image, on_duplicate="report", keep_original="true").json["face"]
        self.call("sample_get", 200, sample=made["sample"])
        self.call("sample_get", 206, sample=made["sample"], headers={"Range": "bytes=0-9"})
        self.call("original_get", 200, original=made["original"])
        self.call("original_delete", 204, original=made["original"])
        self.call("person_avatar", 200, person=person)
        other = self.new_person("identification", lists=self.facts["lists"][:1])
        waits = self.call("face_create", 202, person=other, body=image, on_duplicate="ask").json["decision"]
        self.call("decision_get", 200, decision=waits)
        self.call("decision_make", 204, decision=waits, body={"action": "cancel"})
        for one in (person, other):
            self.call("person_erase", 200, person=one)

    def tell_users(self):
        """A user who signs in, looks around and goes."""
        login = self.name()
        user = self.call("user_create", 201, body={"login": login, "name": "Soak", "roles": ["auditor"], "password": PASSWORD}).json["user"]
        self.call("login", 401, who={}, body={"login": login, "password": "wrong wrong wrong"})
        answer = self.call("login", 200, who={}, body={"login": login, "password": PASSWORD})
        who = {"Cookie": answer.header("Set-Cookie").split(";")[0], "X-CSRF-Token": answer.json["csrf"]}
        self.call("me_get", 200, who=who)
        self.call("person_get", 200, who=who, person=self.facts["people"][0])
        self.call("person_create", 403, who=who, body={"name": "x"})
        self.call("logout", 403, who={"Cookie": who["Cookie"]})
        self.call("sessions_list", 200, who=who)
        self.call("session_end", 404, who=who, session=NO_ID)
        self.call("password_change", 204, who=who, body={"old": PASSWORD, "new": PASSWORD + " again"})
        self.call("logout", 204, who=who)
        self.call("me_get", 401, who=who)
        self.call("user_reset", 200, user=user)
        self.call("user_change", 200, user=user, body={"comment": "gone soon"})
        self.call("user_get", 200, user=user)
        self.call("users_list", 200, limit=5)
        self.call("user_delete", 204, user=user)

    def tell_tokens(self):
        """A role and a token, and what it may do."""
        role = self.name()
        self.call("role_create", 201, body={"role": role, "rights": ["people.view"]})
        self.call("role_change", 200, role=role, body={"text": "t", "rights": ["people.view", "people.search"]})
        self.call("role_get", 200, role=role)
        self.call("roles_list", 200)
        self.call("role_delete", 204, role=role)
        made = self.call("token_create", 201, body={"name": role, "rights": ["people.view"]}).json
        who = {"Authorization": "Bearer " + made["secret"]}
        self.call("person_get", 200, who=who, person=self.facts["people"][0])
        self.call("people_list", 403, who=who)
        self.call("token_change", 200, token=made["token"], body={"name": "other"})
        self.call("token_get", 200, token=made["token"])
        self.call("tokens_list", 200, limit=5)
        self.call("token_revoke", 204, token=made["token"])
        self.call("person_get", 401, who=who, person=self.facts["people"][0])

    def tell_accounts(self):
        """An account that comes and goes."""
        made = self.call("account_create", 201, body={"name": self.name(), "admin_login": "boss"}).json["account"]
        self.call("account_get", 200, account=made)
        self.call("account_change", 200, account=made, body={"active": False, "max_people": 5})
        self.call("accounts_list", 200)
        self.call("account_delete", 204, account=made)

    def tell_settings(self):
        """Settings, fields, limits, audit log."""
        self.call("settings_get", 200)
        self.call("settings_change", 200, body={"settings": [{"name": "face.max", "value": self.random.randrange(50, 100)}]})
        self.call("settings_change", 409, body={"settings": [{"name": "server.headers_max", "value": 50}]})
        self.call("fields_put", 200, body={"fields": [{"name": "floor", "label": "Floor", "type": "number", "filter": True}]})
        self.call("fields_get", 200)
        self.call("license_get", 200)
        self.call("audit_list", 200, limit=20, action="person.erase")
        self.call("audit_export", 200, **{"from": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())})
        lines = self.call("people_export", 200, reason="soak", list=self.facts["lists"][0]).body
        self.call("people_import", 200, body=lines, media="application/jsonl", dry_run="true")

    # ---- what does not belong there

    def tell_made(self):
        """From the description: a body of its schema, whole or spoiled, for what is not there; parameters that do not fit."""
        name = self.random.choice(self.facts["made"])
        op = self.spec.operations[name]
        given = {p["name"]: "none" if p["name"] in ("role", "file") else NO_ID for p in op.parameters if p["in"] == "path"}
        queries = [p["name"] for p in op.parameters if p["in"] == "query"]
        if queries and self.random.random() < 0.5:
            given[self.random.choice(queries)] = self.random.choice(TEXTS)
        bodies = self.facts["bodies"].get(name)
        more = {"body": self.random.choice(bodies), "media": "application/json"} if bodies else {}
        self.call(name, **more, **given)

    def tell_hostile(self):
        """Forms, pictures, paths and proofs that are none."""
        choice = self.random.randrange(4)
        if choice == 0:
            name = self.random.choice(("detect", "extract", "quality", "liveness", "identify", "verify"))
            self.call(name, 400, 413, 415, 422, body=self.random.choice(self.facts["forms"]), media="multipart/form-data; boundary=x")
        elif choice == 1:
            self.call("detect", 400, 413, 415, 422, body=self.random.choice(self.facts["hostile"]), media="application/octet-stream")
        elif choice == 2:
            proof = self.random.choice(("Bearer", "Bearer x", "Bearer mien_" + "a" * 43, "Basic YTpi", "Bearer a b"))
            self.call("person_get", 400, 401, who={"Authorization": proof}, person=NO_ID)
        else:
            body = self.random.choice((b"{", b"[" * 30000, b'{"a":' * 20000, b'{"name":"\xff"}', b'"' + b"x" * 100000 + b'"'))
            self.call("person_create", 400, 413, body=body, media="application/json")

    def tell_nonsense(self):
        """Bytes on a connection of their own."""
        if self.random.random() < 0.3:
            path = self.random.choice(self.facts["paths"])
            data = f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode("latin-1")
        else:
            data = self.random.choice(self.facts["requests"])
        with socket.create_connection(("127.0.0.1", self.facts["port"]), timeout=PATIENCE_S) as line:
            out = b""
            try:
                line.sendall(data)
                line.shutdown(socket.SHUT_WR)
                while part := line.recv(65536):
                    out += part
            except TimeoutError as fault:
                raise Fault(f"{data[:100]!r}: the server does not hang up after {out[:200]!r}") from fault
            except OSError:
                pass
        self.n += 1
        for status in map(int, re.findall(rb"^HTTP/1\.[01] (\d{3}) ", out, re.M)):
            self.seen["none", status] += 1
            if status >= 500 and status not in (501, 503, 505):
                raise Fault(f"{data[:100]!r}: {out[:600]!r}")

    def tell_cut(self):
        """Connections that end in the middle of something."""
        image, cut = self.facts["pictures"][0], self.random.choice
        target = cut(("/healthz", "/v1/openapi.json", f"/v1/people/{self.facts['people'][0]}", "/v1/people?limit=300"))
        whole = cut((head("GET", target, self.mine, None), head("POST", "/v1/people", {**self.mine, "Content-Type": "application/json"}, b'{"name": 1}'),
                     head("POST", "/v1/quality", {**self.mine, "Content-Type": "image/jpeg"}, image)))
        wire = Wire(self.facts["port"])
        try:
            choice = self.random.randrange(4)
            if choice == 0:
                wire.send(whole[:self.random.randrange(len(whole))])
            elif choice == 1:
                wire.send(whole)
            elif choice == 2:
                wire.send(whole)
                wire.file.read(self.random.randrange(200))
            else:
                wire.send(head("GET", target, self.mine, None) * 20)
                wire.file.read(100)
        except ConnectionError:
            pass
        wire.close(reset=self.random.random() < 0.5)
        self.n += 1
        self.seen["none", 0] += 1


# How often each is told. Networks take a thousand times as long as a small request.
STORIES = {"operation": 40, "people": 60, "batch": 15, "consents": 30, "lists": 30, "descriptors": 40, "actions": 2, "faces": 2, "users": 15,
           "tokens": 20, "accounts": 4, "settings": 20, "made": 600, "hostile": 150, "nonsense": 150, "cut": 150}
