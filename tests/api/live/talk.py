"""Requests, as a program or a browser would send them; each answer is checked by spec.py."""
import http.client
import json
import os
import socket
import threading
import unittest
import urllib.parse

from on_record import Asked, Diary
from running import PATIENCE_S
from spec import Fault


class Answer:
    """Status, headers and body."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def header(self, name, otherwise=None):
        """Case does not matter."""
        return next((v for n, v in self.headers if n.lower() == name.lower()), otherwise)

    @property
    def json(self):
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def etag(self):
        """The state that it shows."""
        return self.header("ETag")

    @property
    def code(self):
        """Of a problem; None else."""
        return self.json["code"] if self.header("Content-Type", "").startswith("application/problem+json") else None


def multipart(parts):
    """(media type, bytes) of parts: (name, bytes), or (name, bytes, file name, media type)."""
    edge = os.urandom(12).hex()
    out = b""
    for name, data, *more in parts:
        out += f'--{edge}\r\nContent-Disposition: form-data; name="{name}"'.encode()
        if more:
            out += f'; filename="{more[0]}"\r\nContent-Type: {more[1] if len(more) > 1 else "application/octet-stream"}'.encode()
        out += b"\r\n\r\n" + data + b"\r\n"
    return f"multipart/form-data; boundary={edge}", out + f"--{edge}--\r\n".encode()


class Unwritten(unittest.SkipTest):
    """The operation has no handler yet."""

    def __init__(self, name):
        super().__init__(f"{name} has no handler")


def early(connection, method):
    """The answer that came before all of the body was taken."""
    if not connection.sock:
        raise ConnectionResetError("the server hung up")
    response = http.client.HTTPResponse(connection.sock, method=method)
    response.begin()
    return response


class Line:
    """Connections to one server that are kept, one a thread."""

    def __init__(self, server, spec, timeout=PATIENCE_S):
        self.server, self.spec, self.timeout, self._local, self._all = server, spec, timeout, threading.local(), []
        self.diary = Diary()

    def _connection(self):
        kept = getattr(self._local, "kept", None)
        if kept and kept.port != self.server.port:
            self.drop()
            kept = None
        if not kept:
            kept = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=self.timeout)
            kept.connect()
            kept.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._local.kept = kept
            self._all.append(kept)
        return kept

    def drop(self):
        """The next request takes a new connection."""
        if getattr(self._local, "kept", None):
            self._local.kept.close()
            self._local.kept = None

    def close(self):
        """All connections."""
        for connection in self._all:
            connection.close()

    def _send(self, method, target, body, headers):
        for again in (True, False):
            connection = self._connection()
            try:
                try:
                    connection.request(method, target, body, headers)
                    response = connection.getresponse()
                except (BrokenPipeError, ConnectionResetError):
                    response = early(connection, method)
                return Answer(response.status, response.getheaders(), response.read()), not again
            except TimeoutError:
                self.drop()
                raise
            except (http.client.HTTPException, OSError):
                self.drop()
                self.server.check()
                if not again:
                    raise
        return None

    def request(self, method, target, body=None, headers=None, op=None, who=None):
        """One request, its answer checked. The answer may come before all of a large body was taken. who: the caller, where known."""
        op = op or self.spec.operation_at(method, target.split("?")[0])
        asked = Asked(op, target, body, headers or {}, who) if op else None
        try:
            answer, again = self._send(method, target, body, headers or {})
        except (AssertionError, OSError, http.client.HTTPException):
            if asked:  # it may have been done, or begun
                self.diary.note(asked)
            raise
        if asked:
            asked.end(answer, again)
            self.diary.note(asked)
        if answer.header("Connection", "").lower() == "close":
            self.drop()
        try:
            self.spec.check(op, method, answer)
        except (Fault, ValueError) as fault:
            raise Fault(f"{method} {target}: {fault}") from fault
        return answer


def encode(value):
    """A parameter's text."""
    return {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else str(value)


class Caller:
    """Somebody who asks: nobody, a session or a token."""

    def __init__(self, line, token=None):
        self.line, self.token, self.cookie, self.csrf, self.me = line, token, None, None, None

    def actor(self):
        """As the audit log names them; None: that is not known here."""
        if self.token:
            return f"/{self.record['name']}" if getattr(self, "record", None) else None
        return f"user:{self.me['login']}" if self.me else None

    def login(self, login, password, expect=200):
        """As a browser does."""
        answer = self.call("login", expect, body={"login": login, "password": password})
        if answer.status == 200:
            self.cookie = answer.header("Set-Cookie").split(";")[0]
            self.me, self.csrf = answer.json, answer.json["csrf"]
        return answer

    def proofs(self, method):
        """The headers that say who asks."""
        out = {}
        if self.token:
            out["Authorization"] = f"Bearer {self.token}"
        elif self.cookie:
            out["Cookie"] = self.cookie
            if method not in ("GET", "HEAD"):
                out["X-CSRF-Token"] = self.csrf
        return out

    def call(self, name, expect=None, /, *, body=None, media=None, parts=None, headers=None, method=None, **given):
        """The operation `name`. given: its parameters by their names ('-' as '_'); a list comes several times. body: JSON, or bytes
        of `media`. expect: the status or statuses that are right; None: any."""
        op = self.line.spec.operations[name]
        path, query, sent = op.path, [], self.proofs(op.method.upper())
        for p in op.parameters:
            key = p["name"].replace("-", "_")
            if key not in given:
                continue
            value = given.pop(key)
            values = value if isinstance(value, (list, tuple)) else [value]
            if p["in"] == "path":
                path = path.replace("{" + p["name"] + "}", urllib.parse.quote(encode(value), safe=""))
            elif p["in"] == "header":
                sent[p["name"]] = encode(value)
            elif p.get("explode") is False:
                query.append((p["name"], ",".join(map(encode, values))))
            else:
                query += [(p["name"], encode(v)) for v in values]
        query += list(given.items())
        if parts is not None:
            sent["Content-Type"], body = multipart(parts)
        elif isinstance(body, bytes):
            sent["Content-Type"] = media or "application/octet-stream"
        elif body is not None:
            sent["Content-Type"], body = "application/json", json.dumps(body).encode()
        target = path + ("?" + urllib.parse.urlencode(query) if query else "")
        answer = self.line.request(method or op.method.upper(), target, body, sent | (headers or {}), op, self)
        if self.line.spec.unwritten(answer):
            raise Unwritten(name)
        wanted = (expect,) if isinstance(expect, int) else expect
        if wanted and answer.status not in wanted:
            raise AssertionError(f"{name} {given}: {answer.status}, not {expect}: {answer.body[:800]!r}")
        return answer

    def pages(self, name, entries, /, **given):
        """All entries of all pages."""
        out, cursor = [], None
        while True:
            answer = self.call(name, 200, **given, **({"cursor": cursor} if cursor else {}))
            out += answer.json[entries]
            cursor = answer.json["next"]
            if not cursor:
                return out
            assert answer.json[entries], "an empty page with a next one"
