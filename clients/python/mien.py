# Made from api/openapi.yaml by tools/api/make_py.py, its first part from tools/api/python_client.py: change it there.
"""Client of mien's HTTP API, in one file and with nothing but Python's own library (3.9 and later).

    from mien import Mien, NotFound

    with Mien("https://mien.example.org", token=os.environ["MIEN_TOKEN"]) as mien:
        anna = mien.person_create({"name": "Anna Kern", "lists": ["staff"],
                                   "consents": [{"purpose": "identification", "method": "signed form"}]})
        mien.face_create(anna["person"], "anna.jpg")
        found = mien.identify("door.jpg", list=["staff"])

An operation of the API is a method of the same name. Ids of the path come first, then the body, then parameters by their names
(`from`, `with` and their like with an underscore at the end). What comes back:

    JSON        a Document: a dict with .status, .etag and .headers
    a file      Bytes: bytes with .media, .etag and .headers
    a table     Text: a str with .headers
    nothing     None

Lists have a further method ..._all, which goes through all pages entry by entry, and ..._csv where there is a table.

A picture is bytes, an open file, a path (str or os.PathLike), an http(s) address (the server fetches it), or a dict as the API has
it: {"type": "face", "face": id}. Where several may come, a list of them.

What the server refuses is raised as a Problem, or as the one of its kinds that fits (NotFound, ConsentRequired, ...), with the
members of the problem details; decide by .code. Where no answer came: NoAnswer. Both are MienErrors.

A request that the server was too busy for (429, 503) is sent again after the time that it asks for. So is one that got no answer,
where doing it twice is doing it once: what only reads, and what carries an Idempotency-Key, which creates get by themselves.

A Mien may be used by several threads; each has a connection of its own.
"""
from __future__ import annotations

import base64
import http.client
import json
import os
import random
import select
import ssl
import threading
import time
import urllib.parse
import uuid
from typing import IO, Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

__version__ = "0.1.0"

ANSWER_MAX = 1 << 30  # bytes of an answer
IDLE_S = 20  # a connection that was not used for so long is not used again: the server may just be closing it

Picture = Union[bytes, bytearray, memoryview, str, "os.PathLike[str]", IO[bytes], Mapping[str, Any]]
Pictures = Union[Picture, Sequence[Picture]]
Lines = Union[str, "os.PathLike[str]", IO[bytes], Iterable[Mapping[str, Any]]]


# ---- errors ----


class MienError(Exception):
    """All that this module raises by itself."""


class NoAnswer(MienError):
    """No answer came: no connection, a time-out, or what came is no HTTP."""


class Problem(MienError):
    """The server refused or failed. `problem` has all of the details (RFC 9457)."""

    def __init__(self, status: int, problem: Mapping[str, Any], retry_after: Optional[int] = None):
        super().__init__(problem.get("detail") or problem.get("title") or f"status {status}")
        self.status = status
        self.problem = problem
        self.code: str = problem.get("code", "")
        self.detail: Optional[str] = problem.get("detail")
        self.action: Optional[str] = problem.get("action")
        self.field: Optional[str] = problem.get("field")
        self.pointer: Optional[str] = problem.get("pointer")
        self.errors: List[Dict[str, str]] = problem.get("errors", [])
        self.reasons: List[Dict[str, Any]] = problem.get("reasons", [])
        self.duplicates: List[Dict[str, Any]] = problem.get("duplicates", [])
        self.request_id: Optional[str] = problem.get("request_id")
        self.retry_after = retry_after  # seconds


class Invalid(Problem):
    """A parameter or a field is not what it must be; .errors says which."""


class Unauthenticated(Problem):
    """Nobody is signed in, or the password is wrong."""


class Forbidden(Problem):
    """The caller may not do this."""


class ConsentRequired(Forbidden):
    """No valid consent for this purpose is on record."""


class PurposeMismatch(Forbidden):
    """The list serves another purpose."""


class QuotaReached(Forbidden):
    """A limit of the account is reached."""


class NotFound(Problem):
    """There is no such thing, as far as the caller may know."""


class Conflict(Problem):
    """What is there does not allow it."""


class Exists(Conflict):
    """There is such a thing already."""


class Duplicate(Conflict):
    """Somebody else enrolled looks the same; .duplicates says who."""


class PackMismatch(Conflict):
    """The data were made with another model."""


class PreconditionFailed(Problem):
    """If-Match names a state that is no longer so: read it again."""


class TooLarge(Problem):
    """A limit was exceeded."""


class Unsupported(Problem):
    """The format is not one that is read."""


class Damaged(Problem):
    """The picture or document is damaged."""


class NoFace(Problem):
    """No face was found."""


class SeveralFaces(Problem):
    """Several faces where one was wanted."""


class LowQuality(Problem):
    """The face is not good enough; .reasons says why."""


class RateLimited(Problem):
    """Too many requests or attempts; .retry_after says how long to wait."""


class Unavailable(Problem):
    """The server is full, stopping, or lacks something; try again later."""


_KINDS = {
    "invalid": Invalid, "unauthenticated": Unauthenticated, "forbidden": Forbidden, "consent_required": ConsentRequired,
    "purpose_mismatch": PurposeMismatch, "quota": QuotaReached, "not_found": NotFound, "exists": Exists, "conflict": Conflict,
    "duplicate": Duplicate, "pack_mismatch": PackMismatch, "precondition_failed": PreconditionFailed, "limit": TooLarge,
    "unsupported": Unsupported, "decode": Damaged, "no_face": NoFace, "several_faces": SeveralFaces, "low_quality": LowQuality,
    "rate_limited": RateLimited,
}  # fmt: skip


# ---- answers ----


class Document(Dict[str, Any]):
    """JSON, with what else came with it."""

    status: int = 200
    etag: Optional[str] = None
    headers: Mapping[str, str] = {}


class Bytes(bytes):
    """A file, with its media type and the state that it shows."""

    status: int = 200
    media: str = ""
    etag: Optional[str] = None
    headers: Mapping[str, str] = {}


class Text(str):
    """A table or a text. headers["X-Next-Cursor"]: where the table goes on, if it does."""

    status: int = 200
    etag: Optional[str] = None
    headers: Mapping[str, str] = {}


# ---- bodies ----


def _is_address(picture: Any) -> bool:
    return isinstance(picture, str) and picture.lower().startswith(("http://", "https://"))


def _load(picture: Any) -> Tuple[bytes, str]:
    """Bytes and name of a picture that is here."""
    if isinstance(picture, (bytes, bytearray, memoryview)):
        return bytes(picture), "picture"
    if hasattr(picture, "read"):
        data = picture.read()
        if not isinstance(data, bytes):
            raise TypeError("open a picture in binary mode")
        return data, os.path.basename(str(getattr(picture, "name", "picture")))
    if isinstance(picture, (str, os.PathLike)):
        with open(picture, "rb") as file:
            return file.read(), os.path.basename(os.fspath(picture))
    raise TypeError(f"a picture is bytes, a file, a path, an address or a dict, not {type(picture).__name__}")


def _is_here(picture: Any) -> bool:
    return not isinstance(picture, Mapping) and not _is_address(picture)


def _source(picture: Any, box: Optional[Mapping[str, float]] = None) -> Dict[str, Any]:
    """A picture as JSON has it."""
    if isinstance(picture, Mapping):
        out = dict(picture)
    elif _is_address(picture):
        out = {"type": "url", "url": picture}
    else:
        out = {"type": "base64", "data": base64.b64encode(_load(picture)[0]).decode()}
    if box is not None:
        out["box"] = dict(box)
    return out


def _listed(pictures: Pictures) -> List[Any]:
    return list(pictures) if isinstance(pictures, (list, tuple)) else [pictures]


def _form(parts: Sequence[Tuple[str, bytes, Optional[str]]]) -> Tuple[str, bytes]:
    """multipart/form-data of (name, bytes, file name)."""
    edge = uuid.uuid4().hex
    out = bytearray()
    for name, data, file in parts:
        out += f'--{edge}\r\nContent-Disposition: form-data; name="{name}"'.encode()
        if file is not None:
            quoted = file.replace("%", "%25").replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
            out += f'; filename="{quoted}"\r\nContent-Type: application/octet-stream'.encode()
        out += b"\r\n\r\n" + data + b"\r\n"
    out += f"--{edge}--\r\n".encode()
    return f"multipart/form-data; boundary={edge}", bytes(out)


def _json(value: Any) -> Tuple[str, bytes]:
    return "application/json", json.dumps(value, allow_nan=False).encode()


def _one_body(picture: Picture, box: Optional[Mapping[str, float]] = None) -> Tuple[str, bytes]:
    """The body of an operation on one picture or reference."""
    if not _is_here(picture):
        return _json(_source(picture, box))
    data, name = _load(picture)
    if box is None:
        return "application/octet-stream", data
    return _form([("picture", data, name), ("box", json.dumps(dict(box)).encode(), None)])


def _many_body(
    pictures: Pictures, field: str, boxes: Optional[Sequence[Optional[Mapping[str, float]]]] = None, **more: Any
) -> Tuple[str, bytes]:
    """The body of an operation on several; `field` is their name in JSON."""
    listed = _listed(pictures)
    more = {name: value for name, value in more.items() if value is not None}
    if not all(map(_is_here, listed)):
        places = list(boxes) if boxes is not None else [None] * len(listed)
        if len(places) != len(listed):
            raise ValueError("one box a picture, or None")
        return _json({field: [_source(p, b) for p, b in zip(listed, places)], **more})
    loaded = [_load(p) for p in listed]
    if len(loaded) == 1 and boxes is None and not more:
        return "application/octet-stream", loaded[0][0]
    parts: List[Tuple[str, bytes, Optional[str]]] = [("picture", data, name) for data, name in loaded]
    if boxes is not None:
        parts.append(("boxes", json.dumps([b and dict(b) for b in boxes]).encode(), None))
    parts += [(name, json.dumps(value).encode(), None) for name, value in more.items()]
    return _form(parts)


def _pair_body(a: Picture, b: Picture) -> Tuple[str, bytes]:
    """The body of an operation on two."""
    if _is_here(a) and _is_here(b):
        (first, first_name), (second, second_name) = _load(a), _load(b)
        return _form([("a", first, first_name), ("b", second, second_name)])
    return _json({"a": _source(a), "b": _source(b)})


def _file_body(file: Any) -> Tuple[str, bytes]:
    """A PDF, JPEG or PNG, told by its first bytes."""
    data = _load(file)[0]
    for begin, media in ((b"%PDF-", "application/pdf"), (b"\xff\xd8", "image/jpeg"), (b"\x89PNG", "image/png")):
        if data.startswith(begin):
            return media, data
    raise ValueError("the file is neither PDF, JPEG nor PNG")


class _JsonLines:
    """A body that is made while it is sent."""

    def __init__(self, lines: Any):
        self._lines = lines
        self._once = hasattr(lines, "read") or hasattr(lines, "__next__")
        self._begun = False

    def __iter__(self) -> Iterator[bytes]:
        if self._begun and self._once:
            raise NoAnswer("the lines were read already, and cannot be sent again: give a path or a list")
        self._begun = True
        if isinstance(self._lines, (str, os.PathLike)):
            with open(self._lines, "rb") as file:
                yield from iter(lambda: file.read(1 << 16), b"")
        elif hasattr(self._lines, "read"):
            yield from iter(lambda: self._lines.read(1 << 16), b"")
        else:
            for line in self._lines:
                yield json.dumps(line, allow_nan=False).encode() + b"\n"


def _lines_body(lines: Any) -> Tuple[str, Any]:
    return "application/jsonl", _JsonLines(lines)


# ---- requests ----


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _query(query: Mapping[str, Any]) -> str:
    pairs = []
    for name, value in query.items():
        values = value if isinstance(value, (list, tuple, set, frozenset)) else [value]
        pairs += [(name, _text(v)) for v in values if v is not None]
    return "?" + urllib.parse.urlencode(pairs, quote_via=urllib.parse.quote) if pairs else ""


class Client:
    """What all operations have in common. Use Mien."""

    def __init__(
        self,
        base: str,
        token: Optional[str] = None,
        *,
        timeout: float = 60.0,
        retries: int = 3,
        wait_max: float = 30.0,
        tls: Optional[ssl.SSLContext] = None,
    ):
        """base: address of the server, with the path that a proxy put before it. token: made under /v1/tokens; without one sign in.
        timeout: seconds of silence. retries: how often a request is sent again. wait_max: the longest wait before that, seconds;
        where the server asks for a longer one, that is raised. tls: for a certificate of one's own:
        ssl.create_default_context(cafile=...)."""
        parts = urllib.parse.urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("base is the address of the server, such as https://mien.example.org")
        self._host, self._port, self._prefix = parts.hostname, parts.port, parts.path.rstrip("/")
        self._tls = (tls or ssl.create_default_context()) if parts.scheme == "https" else None
        self._token, self._timeout, self._retries, self._wait_max = token, timeout, retries, wait_max
        self._cookie: Optional[str] = None
        self._csrf: Optional[str] = None
        self._local, self._lock = threading.local(), threading.Lock()
        self._open: List[http.client.HTTPConnection] = []

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections. A session goes on: sign_out() ends it."""
        with self._lock:
            opened, self._open = self._open, []
        for connection in opened:
            connection.close()

    # -- connections --

    def _connect(self) -> http.client.HTTPConnection:
        if self._tls:
            made = http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout, context=self._tls)
        else:
            made = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)  # type: ignore[assignment]
        with self._lock:
            self._open.append(made)
        return made

    def _drop(self) -> None:
        kept = getattr(self._local, "kept", None)
        self._local.kept = None
        if kept:
            kept.close()
            with self._lock:
                if kept in self._open:
                    self._open.remove(kept)

    def _connection(self) -> http.client.HTTPConnection:
        kept = getattr(self._local, "kept", None)
        if kept and kept.sock:
            stale = time.monotonic() - self._local.used > IDLE_S
            if stale or select.select([kept.sock], [], [], 0)[0]:  # to read before anything was asked: it was closed
                self._drop()
                kept = None
        if not kept:
            kept = self._local.kept = self._connect()
        self._local.used = time.monotonic()
        return kept

    def _exchange(self, method: str, target: str, headers: Dict[str, str], body: Any) -> http.client.HTTPResponse:
        """One request, and the head of its answer."""
        connection = self._connection()
        try:
            connection.request(method, target, body, headers)
            return connection.getresponse()
        except (BrokenPipeError, ConnectionResetError) as error:
            # The server may have said no before it took all of the body.
            try:
                return self._early(connection, method)
            except (http.client.HTTPException, OSError):
                self._drop()
                raise error from None
        except (http.client.HTTPException, OSError):
            self._drop()
            raise

    @staticmethod
    def _early(connection: http.client.HTTPConnection, method: str) -> http.client.HTTPResponse:
        if not connection.sock:
            raise ConnectionResetError("the server closed the connection")
        response = http.client.HTTPResponse(connection.sock, method=method)
        response.begin()
        connection.close()
        return response

    # -- one request --

    def _headers(self, method: str, accept: str, media: Optional[str], more: Mapping[str, Any]) -> Dict[str, str]:
        headers = {"Accept": accept, "User-Agent": f"mien-python/{__version__}"}
        headers.update({name: _text(value) for name, value in more.items() if value is not None})
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        elif self._cookie:
            headers["Cookie"] = self._cookie
            if self._csrf and method != "GET":
                headers["X-CSRF-Token"] = self._csrf
        if media:
            headers["Content-Type"] = media
        return headers

    @staticmethod
    def _problem(response: http.client.HTTPResponse, body: bytes) -> Problem:
        problem: Dict[str, Any] = {"title": response.reason, "status": response.status}
        if (response.getheader("Content-Type") or "").startswith("application/problem+json"):
            try:
                problem = json.loads(body)
            except ValueError:
                pass
        after = response.getheader("Retry-After") or ""
        kind = _KINDS.get(problem.get("code", ""), Unavailable if response.status == 503 else Problem)
        return kind(response.status, problem, int(after) if after.isdigit() else None)

    def _pause(self, attempt: int, problem: Optional[Problem]) -> bool:
        """Waits before the next try; false: no further try."""
        if attempt >= self._retries:
            return False
        wait = problem.retry_after if problem and problem.retry_after else min(0.25 * 2**attempt, self._wait_max)
        if wait > self._wait_max:
            return False
        time.sleep(wait * (1 + random.random() / 4))  # so that those that were refused together do not come together
        return True

    @staticmethod
    def _may_repeat(problem: Problem, twice_is_once: bool) -> bool:
        if problem.status == 429:
            return True
        return problem.status == 503 and (twice_is_once or problem.code == "busy")

    def _open_answer(
        self, method: str, path: str, query: Mapping[str, Any], headers: Mapping[str, Any],
        body: Optional[Tuple[str, Any]], accept: str,
    ) -> http.client.HTTPResponse:  # fmt: skip
        """Sends it, again where that helps, until a success or a Problem."""
        target = self._prefix + path + _query(query)
        sent = self._headers(method, accept, body[0] if body else None, headers)
        twice_is_once = method in ("GET", "PUT", "DELETE") or "Idempotency-Key" in sent
        for attempt in range(self._retries + 1):
            problem = None
            try:
                response = self._exchange(method, target, sent, body[1] if body else None)
                if response.status < 300:
                    return response
                problem = self._problem(response, self._read(response))
                if not self._may_repeat(problem, twice_is_once) or not self._pause(attempt, problem):
                    raise problem
            except (http.client.HTTPException, OSError) as error:
                self._drop()
                if not twice_is_once or not self._pause(attempt, None):
                    raise NoAnswer(f"{method} {path}: {error or type(error).__name__}") from error
        raise AssertionError("the last try returns or raises")

    def _read(self, response: http.client.HTTPResponse) -> bytes:
        data = response.read(ANSWER_MAX + 1)
        if len(data) > ANSWER_MAX:
            self._drop()
            raise NoAnswer(f"an answer of more than {ANSWER_MAX} bytes")
        if response.will_close:
            self._drop()
        return data

    def _send(
        self, method: str, path: str, kind: str, *, query: Mapping[str, Any] = {}, headers: Mapping[str, Any] = {},
        body: Optional[Tuple[str, Any]] = None,
    ) -> Any:  # fmt: skip
        accept = {"json": "application/json", "csv": "text/csv", "text": "text/plain"}.get(kind, "*/*")
        response = self._open_answer(method, path, query, headers, body, accept)
        try:
            data = self._read(response)
        except (http.client.HTTPException, OSError) as error:
            self._drop()
            raise NoAnswer(f"{method} {path}: {error or type(error).__name__}") from error
        if response.status == 204 or not data:
            return None
        answer: Any
        if kind == "json":
            answer = Document(json.loads(data))
        elif kind == "bytes":
            answer = Bytes(data)
            answer.media = (response.getheader("Content-Type") or "").split(";")[0]
        else:
            answer = Text(data.decode("utf-8"))
        answer.status, answer.etag, answer.headers = response.status, response.getheader("ETag"), response.headers
        return answer

    def _lines(
        self, method: str, path: str, *, query: Mapping[str, Any] = {}, body: Optional[Tuple[str, Any]] = None
    ) -> Iterator[Dict[str, Any]]:
        """JSON Lines, one at a time. The rest is not read where the caller stops."""
        response = self._open_answer(method, path, query, {}, body, "application/jsonl")
        done = False
        try:
            for line in response:
                yield json.loads(line)
            done = not response.will_close
        except (http.client.HTTPException, OSError) as error:
            raise NoAnswer(f"{method} {path}: {error or type(error).__name__}") from error
        finally:
            if not done:
                self._drop()

    @staticmethod
    def _key() -> str:
        return uuid.uuid4().hex

    # -- sessions --

    def sign_in(self, login: str, password: str) -> Document:
        """Signs in with login and password instead of a token. Where .["password_change"] is true, the password was a one-time one:
        only password_change() works until it was called."""
        response = self._open_answer("POST", "/v1/login", {}, {}, _json({"login": login, "password": password}), "application/json")
        me = Document(json.loads(self._read(response)))
        self._cookie = (response.getheader("Set-Cookie") or "").split(";")[0]
        self._csrf, self._token = me["csrf"], None
        return me

    def sign_out(self) -> None:
        """Ends the session."""
        self._send("POST", "/v1/logout", "none")
        self._cookie = self._csrf = None


# ---- operations ----


def _path(value: Any) -> str:
    return urllib.parse.quote(_text(value), safe="")


class Mien(Client):
    """Every operation of the API. Sign in with sign_in(), or give a token."""

    def me_get(self) -> Document:
        """Who am I, and what may I do?

        User, roles, rights and lists of whoever asks, by a session or by a token; of a session its CSRF value and its end, too.
        """
        return self._send("GET", "/v1/me", "json")

    def password_change(self, body: Mapping[str, Any]) -> None:
        """Change one's own password

        Ends every other session of this user.
        body: old, new
        """
        self._send("POST", "/v1/me/password", "none", body=_json(body))

    def sessions_list(self, *, limit: Optional[int] = None, cursor: Optional[str] = None, sort: Optional[str] = None) -> Document:
        """One's own sessions

        Where one is signed in, with the program's own name for itself. current is the session that asks.
        limit: Most entries of a page; default 50
        cursor: next of the page before
        sort: created, -created, last_used, -last_used; default -created
        """
        return self._send("GET", "/v1/me/sessions", "json", query={"limit": limit, "cursor": cursor, "sort": sort})

    def sessions_list_csv(self, *, limit: Optional[int] = None, cursor: Optional[str] = None, sort: Optional[str] = None) -> Text:
        """One's own sessions: one page as a table"""
        return self._send("GET", "/v1/me/sessions", "csv", query={"limit": limit, "cursor": cursor, "sort": sort})

    def sessions_list_all(self, *, limit: Optional[int] = None, sort: Optional[str] = None) -> Iterator[Dict[str, Any]]:
        """One's own sessions: all pages, entry by entry"""
        cursor = None
        while True:
            page = self.sessions_list(limit=limit, sort=sort, cursor=cursor)
            yield from page["sessions"]
            cursor = page["next"]
            if cursor is None:
                return

    def session_end(self, session: str) -> None:
        """End one of one's own sessions

        Its cookie is refused from then on, in every process within a second.
        """
        self._send("DELETE", f"/v1/me/sessions/{_path(session)}", "none")

    def people_list(
        self,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        sort: Optional[str] = None,
        like: Optional[str] = None,
        external_id: Optional[str] = None,
        list: Optional[str] = None,
        active: Optional[bool] = None,
        has_faces: Optional[bool] = None,
        consent: Optional[str] = None,
        field: Optional[Sequence[str]] = None,
        created_from: Optional[str] = None,
        created_to: Optional[str] = None,
    ) -> Document:
        """Find people

        All filters hold together. Who is kept to some lists finds the people in these, and nobody else.
        limit: Most entries of a page; default 50
        cursor: next of the page before
        sort: A minus sorts the other way round; created, -created, name, -name, updated, -updated; default created
        like: A part of the name or external id, letters A to Z of either case
        external_id: Exactly this external id
        list: Members of this list, by its name or id; else of all lists that the caller may use
        consent: Whose consent for this purpose is valid now; verification, identification, live_identification, attendance
        field: A custom field with this value, as name:value; several must all hold
        created_from: From this time on
        created_to: Before this time
        """
        return self._send(
            "GET",
            "/v1/people",
            "json",
            query={
                "limit": limit, "cursor": cursor, "sort": sort, "like": like, "external_id": external_id, "list": list,
                "active": active, "has_faces": has_faces, "consent": consent, "field": field, "created_from": created_from,
                "created_to": created_to,
            },
        )

    def people_list_csv(
        self,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        sort: Optional[str] = None,
        like: Optional[str] = None,
        external_id: Optional[str] = None,
        list: Optional[str] = None,
        active: Optional[bool] = None,
        has_faces: Optional[bool] = None,
        consent: Optional[str] = None,
        field: Optional[Sequence[str]] = None,
        created_from: Optional[str] = None,
        created_to: Optional[str] = None,
    ) -> Text:
        """Find people: one page as a table"""
        return self._send(
            "GET",
            "/v1/people",
            "csv",
            query={
                "limit": limit, "cursor": cursor, "sort": sort, "like": like, "external_id": external_id, "list": list,
                "active": active, "has_faces": has_faces, "consent": consent, "field": field, "created_from": created_from,
                "created_to": created_to,
            },
        )

    def people_list_all(
        self,
        *,
        limit: Optional[int] = None,
        sort: Optional[str] = None,
        like: Optional[str] = None,
        external_id: Optional[str] = None,
        list: Optional[str] = None,
        active: Optional[bool] = None,
        has_faces: Optional[bool] = None,
        consent: Optional[str] = None,
        field: Optional[Sequence[str]] = None,
        created_from: Optional[str] = None,
        created_to: Optional[str] = None,
    ) -> Iterator[Dict[str, Any]]:
        """Find people: all pages, entry by entry"""
        cursor = None
        while True:
            page = self.people_list(
                limit=limit, sort=sort, like=like, external_id=external_id, list=list, active=active, has_faces=has_faces,
                consent=consent, field=field, created_from=created_from, created_to=created_to, cursor=cursor,
            )
            yield from page["people"]
            cursor = page["next"]
            if cursor is None:
                return

    def person_create(self, body: Mapping[str, Any], *, idempotency_key: Optional[str] = None) -> Document:
        """Create a person, with consent if there is one

        A person without consent is a record only. Faces can be added once a consent is on record.
        body: name, [external_id], [user_data], [custom], [active], [lists], [consents]
        idempotency_key: The same key and body again within 24 hours gives the first answer again. Where that speaks of a
            person, it is on record as answer.again, and nothing else is.
        """
        return self._send(
            "POST",
            "/v1/people",
            "json",
            headers={"Idempotency-Key": idempotency_key or self._key()},
            body=_json(body),
        )

    def people_create_batch(self, body: Mapping[str, Any], *, idempotency_key: Optional[str] = None) -> Document:
        """Create up to 1000 people

        Each entry is created, or refused with its reason; one that is refused does not stop the others. All of them are one
        transaction: where the request fails (503), nobody was created.
        body: people
        idempotency_key: The same key and body again within 24 hours gives the first answer again. Where that speaks of a
            person, it is on record as answer.again, and nothing else is.
        """
        return self._send(
            "POST",
            "/v1/people/batch",
            "json",
            headers={"Idempotency-Key": idempotency_key or self._key()},
            body=_json(body),
        )

    def people_erase_batch(self, body: Mapping[str, Any]) -> Document:
        """Erase up to 1000 people for good

        Each by itself, as POST /v1/people/{person}/erase does it. Results stand in the order of the ids.
        body: people
        """
        return self._send("POST", "/v1/people/batch-erase", "json", body=_json(body))

    def people_export(self, *, reason: str, list: Optional[str] = None, vectors: Optional[str] = None) -> Iterator[Dict[str, Any]]:
        """People with all that is theirs, as JSON Lines

        What mien export writes and mien import reads: first a line that says what follows, then a person a line. Descriptors
        need the right descriptors.export too; of people without a valid consent none are given. **What is exported is not
        protected any more.** An answer that does not end as HTTP says is not whole. Who is kept to some lists must name one.
        reason: Why; on record with each person
        list: Members of this list, by its name or id; else everybody
        vectors: Descriptors in the lines, or none; line, none; default line
        """
        return self._lines("GET", "/v1/people/export", query={"reason": reason, "list": list, "vectors": vectors})

    def people_import(
        self,
        lines: Lines,
        *,
        dry_run: Optional[bool] = None,
        list: Optional[str] = None,
        model: Optional[str] = None,
        consent: Optional[str] = None,
        consent_method: Optional[str] = None,
        consent_evidence: Optional[str] = None,
        consent_until: Optional[str] = None,
    ) -> Document:
        """People taken in from JSON Lines, as mien import does

        The lines of an export, or made by other programs, in which descriptors stand as vector; files beside them are not read.
        What is wrong with a line is told, and the others go in. Lines are taken in while they come, in batches that are on the
        disk when they are answered; an import that was cut off is sent again: who is there is not changed, only added to. Needs
        the rights consents.create and descriptors.create too, lists.create where a list is made and settings.change where a
        custom field is.
        lines: documents, one a line; or a file of them: its path, or open in binary mode
        dry_run: Everything is tried, and nothing is kept; default False
        list: A list for all of them, besides their own; made where it is missing and consent is given
        model: The model of descriptors that name none
        consent: What all of them agreed to, besides the consents of their own; verification, identification,
            live_identification, attendance
        consent_method: How that was given
        consent_evidence: Where the proof is
        consent_until: When it ends; never where it is not said
        """
        return self._send(
            "POST",
            "/v1/people/import",
            "json",
            query={
                "dry_run": dry_run, "list": list, "model": model, "consent": consent, "consent_method": consent_method,
                "consent_evidence": consent_evidence, "consent_until": consent_until,
            },
            body=_lines_body(lines),
        )

    def person_get(self, person: str) -> Document:
        """One person with consents, lists and faces

        Its ETag is over all that the answer shows: another consent, list or face makes another one.
        """
        return self._send("GET", f"/v1/people/{_path(person)}", "json")

    def person_change(self, person: str, body: Mapping[str, Any], *, if_match: Optional[str] = None) -> Document:
        """Change a person's record

        Only what is sent is changed; under If-Match only if nobody was faster (412). Custom fields that are not sent stay, null
        removes one.
        body: [name], [external_id], [user_data], [custom], [active], [avatar_face]
        if_match: ETag of the state that is to be changed or deleted, or * for any
        """
        return self._send("PATCH", f"/v1/people/{_path(person)}", "json", headers={"If-Match": if_match}, body=_json(body))

    def person_erase(self, person: str) -> Document:
        """Erase a person for good

        Takes the person out of every answer and destroys their key with descriptors, samples, originals, consents and
        memberships. What stays is the certificate in the audit log, which is also the answer.
        """
        return self._send("POST", f"/v1/people/{_path(person)}/erase", "json")

    def person_merge(self, person: str, body: Mapping[str, Any]) -> Document:
        """Take over everything of another record of the same person

        Faces, consents and memberships of from become this person's, sealed under this person's key; from is erased. Name,
        external id and fields stay as they are here.
        body: from
        """
        return self._send("POST", f"/v1/people/{_path(person)}/merge", "json", body=_json(body))

    def person_avatar(self, person: str) -> Bytes:
        """The picture that stands for a person

        The sample of the face chosen as avatar_face, else of the face with the best quality.
        """
        return self._send("GET", f"/v1/people/{_path(person)}/avatar", "bytes")

    def consents_list(
        self,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        sort: Optional[str] = None,
        purpose: Optional[str] = None,
        state: Optional[str] = None,
        given_from: Optional[str] = None,
        given_to: Optional[str] = None,
        until_from: Optional[str] = None,
        until_to: Optional[str] = None,
    ) -> Document:
        """Consents of everybody, for instance those that end soon

        Of all people that one may see, by purpose, state and times: so that a consent can be renewed before it ends.
        limit: Most entries of a page; default 50
        cursor: next of the page before
        sort: until, -until, given, -given; default until
        purpose: verification, identification, live_identification, attendance
        state: valid, expired, withdrawn
        given_from: From this time on
        given_to: Before this time
        until_from: Ending at this time or later
        until_to: Ending before this time
        """
        return self._send(
            "GET",
            "/v1/consents",
            "json",
            query={
                "limit": limit, "cursor": cursor, "sort": sort, "purpose": purpose, "state": state, "given_from": given_from,
                "given_to": given_to, "until_from": until_from, "until_to": until_to,
            },
        )

    def consents_list_csv(
        self,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        sort: Optional[str] = None,
        purpose: Optional[str] = None,
        state: Optional[str] = None,
        given_from: Optional[str] = None,
        given_to: Optional[str] = None,
        until_from: Optional[str] = None,
        until_to: Optional[str] = None,
    ) -> Text:
        """Consents of everybody, for instance those that end soon: one page as a table"""
        return self._send(
            "GET",
            "/v1/consents",
            "csv",
            query={
                "limit": limit, "cursor": cursor, "sort": sort, "purpose": purpose, "state": state, "given_from": given_from,
                "given_to": given_to, "until_from": until_from, "until_to": until_to,
            },
        )

    def consents_list_all(
        self,
        *,
        limit: Optional[int] = None,
        sort: Optional[str] = None,
        purpose: Optional[str] = None,
        state: Optional[str] = None,
        given_from: Optional[str] = None,
        given_to: Optional[str] = None,
        until_from: Optional[str] = None,
        until_to: Optional[str] = None,
    ) -> Iterator[Dict[str, Any]]:
        """Consents of everybody, for instance those that end soon: all pages, entry by entry"""
        cursor = None
        while True:
            page = self.consents_list(
                limit=limit, sort=sort, purpose=purpose, state=state, given_from=given_from, given_to=given_to,
                until_from=until_from, until_to=until_to, cursor=cursor,
            )
            yield from page["consents"]
            cursor = page["next"]
            if cursor is None:
                return

    def consents_give_batch(self, body: Mapping[str, Any], *, idempotency_key: Optional[str] = None) -> Document:
        """Put up to 1000 consents on record, of whoever they are

        Each is done, or refused with its reason; one that is refused does not stop the others. All of them are one transaction.
        body: consents
        idempotency_key: The same key and body again within 24 hours gives the first answer again. Where that speaks of a
            person, it is on record as answer.again, and nothing else is.
        """
        return self._send(
            "POST",
            "/v1/consents/batch",
            "json",
            headers={"Idempotency-Key": idempotency_key or self._key()},
            body=_json(body),
        )

    def consents_withdraw_batch(self, body: Mapping[str, Any]) -> Document:
        """Withdraw up to 1000 consents, at once

        Each as if it were withdrawn alone, one after the other; what the time of the request does not suffice for is refused
        (busy).
        body: consents
        """
        return self._send("POST", "/v1/consents/batch-withdraw", "json", body=_json(body))

    def person_consents(
        self,
        person: str,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        purpose: Optional[str] = None,
        state: Optional[str] = None,
    ) -> Document:
        """The history of what a person agreed to

        All that were ever given, those too that ended or were withdrawn. A consent is never changed: it is withdrawn, or
        another one is given.
        limit: Most entries of a page; default 50
        cursor: next of the page before
        purpose: verification, identification, live_identification, attendance
        state: valid, expired, withdrawn
        """
        return self._send(
            "GET",
            f"/v1/people/{_path(person)}/consents",
            "json",
            query={"limit": limit, "cursor": cursor, "purpose": purpose, "state": state},
        )

    def person_consents_csv(
        self,
        person: str,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        purpose: Optional[str] = None,
        state: Optional[str] = None,
    ) -> Text:
        """The history of what a person agreed to: one page as a table"""
        return self._send(
            "GET",
            f"/v1/people/{_path(person)}/consents",
            "csv",
            query={"limit": limit, "cursor": cursor, "purpose": purpose, "state": state},
        )

    def person_consents_all(
        self,
        person: str,
        *,
        limit: Optional[int] = None,
        purpose: Optional[str] = None,
        state: Optional[str] = None,
    ) -> Iterator[Dict[str, Any]]:
        """The history of what a person agreed to: all pages, entry by entry"""
        cursor = None
        while True:
            page = self.person_consents(person=person, limit=limit, purpose=purpose, state=state, cursor=cursor)
            yield from page["consents"]
            cursor = page["next"]
            if cursor is None:
                return

    def consent_give(self, person: str, body: Mapping[str, Any], *, idempotency_key: Optional[str] = None) -> Document:
        """Put a consent on record

        For one purpose: how it was given, what proves it, and until when. From then on the person may be enrolled and found for
        that purpose.
        body: purpose, method, [evidence], [given], [until]
        idempotency_key: The same key and body again within 24 hours gives the first answer again. Where that speaks of a
            person, it is on record as answer.again, and nothing else is.
        """
        return self._send(
            "POST",
            f"/v1/people/{_path(person)}/consents",
            "json",
            headers={"Idempotency-Key": idempotency_key or self._key()},
            body=_json(body),
        )

    def consent_get(self, person: str, consent: str) -> Document:
        """One consent

        With its state at this moment, and whether a file proves it.
        """
        return self._send("GET", f"/v1/people/{_path(person)}/consents/{_path(consent)}", "json")

    def consent_withdraw(self, person: str, consent: str) -> Document:
        """Withdraw a consent, at once

        Out of every search for this purpose at once. Where no valid consent is left, descriptors, samples, originals and key
        are destroyed, at once or at the end of the grace period that the operator set; record and consents stay as proof.
        """
        return self._send("POST", f"/v1/people/{_path(person)}/consents/{_path(consent)}/withdraw", "json")

    def evidence_get(self, person: str, consent: str) -> Bytes:
        """The file that proves a consent

        As it was put there, in ranges too.
        """
        return self._send("GET", f"/v1/people/{_path(person)}/consents/{_path(consent)}/evidence", "bytes")

    def evidence_put(self, person: str, consent: str, file: Picture) -> None:
        """Add the file that proves a consent, once

        A PDF, JPEG or PNG. It is never replaced (409): what proves something else belongs to another consent.
        """
        self._send(
            "PUT",
            f"/v1/people/{_path(person)}/consents/{_path(consent)}/evidence",
            "none",
            body=_file_body(file),
        )

    def person_faces(
        self,
        person: str,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        sort: Optional[str] = None,
    ) -> Document:
        """The enrolled faces of a person

        With source, quality and model each. Their pictures are at /v1/samples/{sample} under the face's id.
        limit: Most entries of a page; default 50
        cursor: next of the page before
        sort: created, -created, quality, -quality; default created
        """
        return self._send(
            "GET",
            f"/v1/people/{_path(person)}/faces",
            "json",
            query={"limit": limit, "cursor": cursor, "sort": sort},
        )

    def person_faces_csv(
        self,
        person: str,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        sort: Optional[str] = None,
    ) -> Text:
        """The enrolled faces of a person: one page as a table"""
        return self._send(
            "GET",
            f"/v1/people/{_path(person)}/faces",
            "csv",
            query={"limit": limit, "cursor": cursor, "sort": sort},
        )

    def person_faces_all(self, person: str, *, limit: Optional[int] = None, sort: Optional[str] = None) -> Iterator[Dict[str, Any]]:
        """The enrolled faces of a person: all pages, entry by entry"""
        cursor = None
        while True:
            page = self.person_faces(person=person, limit=limit, sort=sort, cursor=cursor)
            yield from page["faces"]
            cursor = page["next"]
            if cursor is None:
                return

    def face_create(
        self,
        person: str,
        picture: Picture,
        *,
        box: Optional[Mapping[str, float]] = None,
        idempotency_key: Optional[str] = None,
        faces: Optional[str] = None,
        on_duplicate: Optional[str] = None,
        keep_original: Optional[bool] = None,
        min_quality: Optional[float] = None,
        source: Optional[str] = None,
    ) -> Document:
        """Enrol a face

        From a picture, or from what is there already: a sample, an attribute, another face, a descriptor (which needs
        descriptors.create too). Needs a valid consent of the person for the purpose of every list that they are in. If somebody
        else enrolled looks the same, on_duplicate says what happens: ask answers 202 with a decision to make within 15 minutes
        (POST /v1/decisions/{decision}), refuse answers 409, report enrols and names them. An answer that names others is not
        kept for Idempotency-Key: the request sent again is answered with 409.
        idempotency_key: The same key and body again within 24 hours gives the first answer again. Where that speaks of a
            person, it is on record as answer.again, and nothing else is.
        faces: Which face where a picture holds several; only refuses it; only, largest, centre; default only
        on_duplicate: ask, refuse, report; default ask
        keep_original: Keep the whole picture too, where the setting allows it; default False
        min_quality: Overall quality below which a face is refused; else the setting face.min_quality
        source: Where the picture is from, for people to recognise; else the part's file name
        """
        return self._send(
            "POST",
            f"/v1/people/{_path(person)}/faces",
            "json",
            query={
                "faces": faces, "on_duplicate": on_duplicate, "keep_original": keep_original, "min_quality": min_quality,
                "source": source,
            },
            headers={"Idempotency-Key": idempotency_key or self._key()},
            body=_one_body(picture, box),
        )

    def decision_get(self, decision: str) -> Document:
        """A decision that waits

        Who looks the same as the face that was to be enrolled, and until when it waits: 15 minutes, in memory only.
        """
        return self._send("GET", f"/v1/decisions/{_path(decision)}", "json")

    def decision_make(self, decision: str, body: Mapping[str, Any], *, idempotency_key: Optional[str] = None) -> Optional[Document]:
        """Decide about a possible duplicate

        merge enrols the face for the other person named by person; create enrols it where it was meant; cancel forgets it. As
        with enrolling, an answer that names others is not kept for Idempotency-Key.
        body: action, [person]
        idempotency_key: The same key and body again within 24 hours gives the first answer again. Where that speaks of a
            person, it is on record as answer.again, and nothing else is.
        """
        return self._send(
            "POST",
            f"/v1/decisions/{_path(decision)}",
            "json",
            headers={"Idempotency-Key": idempotency_key or self._key()},
            body=_json(body),
        )

    def faces_list(
        self,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        sort: Optional[str] = None,
        list: Optional[str] = None,
        min_quality: Optional[float] = None,
        max_quality: Optional[float] = None,
        created_from: Optional[str] = None,
        created_to: Optional[str] = None,
    ) -> Document:
        """Find enrolled faces

        Of all people that one may see, by list, quality and time.
        limit: Most entries of a page; default 50
        cursor: next of the page before
        sort: created, -created, quality, -quality; default created
        list: Of members of this list, by its name or id; else of all lists that the caller may use
        created_from: From this time on
        created_to: Before this time
        """
        return self._send(
            "GET",
            "/v1/faces",
            "json",
            query={
                "limit": limit, "cursor": cursor, "sort": sort, "list": list, "min_quality": min_quality,
                "max_quality": max_quality, "created_from": created_from, "created_to": created_to,
            },
        )

    def faces_list_csv(
        self,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        sort: Optional[str] = None,
        list: Optional[str] = None,
        min_quality: Optional[float] = None,
        max_quality: Optional[float] = None,
        created_from: Optional[str] = None,
        created_to: Optional[str] = None,
    ) -> Text:
        """Find enrolled faces: one page as a table"""
        return self._send(
            "GET",
            "/v1/faces",
            "csv",
            query={
                "limit": limit, "cursor": cursor, "sort": sort, "list": list, "min_quality": min_quality,
                "max_quality": max_quality, "created_from": created_from, "created_to": created_to,
            },
        )

    def faces_list_all(
        self,
        *,
        limit: Optional[int] = None,
        sort: Optional[str] = None,
        list: Optional[str] = None,
        min_quality: Optional[float] = None,
        max_quality: Optional[float] = None,
        created_from: Optional[str] = None,
        created_to: Optional[str] = None,
    ) -> Iterator[Dict[str, Any]]:
        """Find enrolled faces: all pages, entry by entry"""
        cursor = None
        while True:
            page = self.faces_list(
                limit=limit, sort=sort, list=list, min_quality=min_quality, max_quality=max_quality, created_from=created_from,
                created_to=created_to, cursor=cursor,
            )
            yield from page["faces"]
            cursor = page["next"]
            if cursor is None:
                return

    def faces_delete_batch(self, body: Mapping[str, Any]) -> Document:
        """Delete up to 1000 faces

        Each by itself, with sample, original and descriptors. Results stand in the order of the ids.
        body: faces
        """
        return self._send("POST", "/v1/faces/batch-delete", "json", body=_json(body))

    def face_get(self, face: str) -> Document:
        """One enrolled face

        Whose it is, where it came from, its quality and model. Its picture is at /v1/samples/{sample} under the same id.
        """
        return self._send("GET", f"/v1/faces/{_path(face)}", "json")

    def face_delete(self, face: str, *, if_match: Optional[str] = None) -> None:
        """Delete a face with its sample, original and descriptors

        It is in no search from then on. The person stays, with consents, lists and other faces.
        if_match: ETag of the state that is to be changed or deleted, or * for any
        """
        self._send("DELETE", f"/v1/faces/{_path(face)}", "none", headers={"If-Match": if_match})

    def descriptor_get(self, face: str) -> Document:
        """The descriptor of a face

        Its numbers with the model that made them and the metric to compare them by, as POST /v1/descriptors/import takes them.
        The look is on record.
        """
        return self._send("GET", f"/v1/faces/{_path(face)}/descriptor", "json")

    def descriptors_export(self, *, limit: Optional[int] = None, cursor: Optional[str] = None, list: str) -> Document:
        """Descriptors of a list, page by page

        Each with its person, face and model, as POST /v1/descriptors/import takes them. What is given out is on record.
        limit: Most entries of a page; default 50
        cursor: next of the page before
        list: By its name or id
        """
        return self._send("GET", "/v1/descriptors/export", "json", query={"limit": limit, "cursor": cursor, "list": list})

    def descriptors_export_csv(self, *, limit: Optional[int] = None, cursor: Optional[str] = None, list: str) -> Text:
        """Descriptors of a list, page by page: one page as a table"""
        return self._send("GET", "/v1/descriptors/export", "csv", query={"limit": limit, "cursor": cursor, "list": list})

    def descriptors_export_all(self, *, limit: Optional[int] = None, list: str) -> Iterator[Dict[str, Any]]:
        """Descriptors of a list, page by page: all pages, entry by entry"""
        cursor = None
        while True:
            page = self.descriptors_export(limit=limit, list=list, cursor=cursor)
            yield from page["descriptors"]
            cursor = page["next"]
            if cursor is None:
                return

    def descriptors_import(self, body: Mapping[str, Any], *, idempotency_key: Optional[str] = None) -> Document:
        """Enrol up to 1000 descriptors that the same model made elsewhere

        People and their consents must be there. A descriptor of another model is refused (pack_mismatch).
        body: descriptors
        idempotency_key: The same key and body again within 24 hours gives the first answer again. Where that speaks of a
            person, it is on record as answer.again, and nothing else is.
        """
        return self._send(
            "POST",
            "/v1/descriptors/import",
            "json",
            headers={"Idempotency-Key": idempotency_key or self._key()},
            body=_json(body),
        )

    def sample_get(self, sample: str) -> Bytes:
        """The aligned picture of a face

        Of an enrolled face, or of an attribute for as long as that lives.
        """
        return self._send("GET", f"/v1/samples/{_path(sample)}", "bytes")

    def original_get(self, original: str) -> Bytes:
        """The whole picture that a face was enrolled from

        Where the setting let it be kept.
        """
        return self._send("GET", f"/v1/originals/{_path(original)}", "bytes")

    def original_delete(self, original: str) -> None:
        """Delete the whole picture, keep the face

        The face stays as it is, with its sample and descriptor, and goes on being found.
        """
        self._send("DELETE", f"/v1/originals/{_path(original)}", "none")

    def lists_list(
        self,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        sort: Optional[str] = None,
        purpose: Optional[str] = None,
        active: Optional[bool] = None,
        like: Optional[str] = None,
    ) -> Document:
        """Lists

        With purpose, rules and number of members. Who is kept to some lists sees these.
        limit: Most entries of a page; default 50
        cursor: next of the page before
        sort: name, -name, created, -created; default name
        purpose: verification, identification, live_identification, attendance
        like: A part of the name, letters A to Z of either case
        """
        return self._send(
            "GET",
            "/v1/lists",
            "json",
            query={"limit": limit, "cursor": cursor, "sort": sort, "purpose": purpose, "active": active, "like": like},
        )

    def lists_list_csv(
        self,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        sort: Optional[str] = None,
        purpose: Optional[str] = None,
        active: Optional[bool] = None,
        like: Optional[str] = None,
    ) -> Text:
        """Lists: one page as a table"""
        return self._send(
            "GET",
            "/v1/lists",
            "csv",
            query={"limit": limit, "cursor": cursor, "sort": sort, "purpose": purpose, "active": active, "like": like},
        )

    def lists_list_all(
        self,
        *,
        limit: Optional[int] = None,
        sort: Optional[str] = None,
        purpose: Optional[str] = None,
        active: Optional[bool] = None,
        like: Optional[str] = None,
    ) -> Iterator[Dict[str, Any]]:
        """Lists: all pages, entry by entry"""
        cursor = None
        while True:
            page = self.lists_list(limit=limit, sort=sort, purpose=purpose, active=active, like=like, cursor=cursor)
            yield from page["lists"]
            cursor = page["next"]
            if cursor is None:
                return

    def list_create(self, body: Mapping[str, Any], *, idempotency_key: Optional[str] = None) -> Document:
        """Create a list

        A list has one purpose for good, and its people are found in searches for that purpose only.
        body: name, purpose, [comment], [retention_s], [fmr], [color], [active], [acknowledge], [sound]
        idempotency_key: The same key and body again within 24 hours gives the first answer again. Where that speaks of a
            person, it is on record as answer.again, and nothing else is.
        """
        return self._send(
            "POST",
            "/v1/lists",
            "json",
            headers={"Idempotency-Key": idempotency_key or self._key()},
            body=_json(body),
        )

    def lists_create_batch(self, body: Mapping[str, Any], *, idempotency_key: Optional[str] = None) -> Document:
        """Create up to 1000 lists

        Each is done, or refused with its reason; one that is refused does not stop the others. All of them are one transaction.
        body: lists
        idempotency_key: The same key and body again within 24 hours gives the first answer again. Where that speaks of a
            person, it is on record as answer.again, and nothing else is.
        """
        return self._send(
            "POST",
            "/v1/lists/batch",
            "json",
            headers={"Idempotency-Key": idempotency_key or self._key()},
            body=_json(body),
        )

    def lists_delete_batch(self, body: Mapping[str, Any]) -> Document:
        """Delete up to 1000 lists; their people stay

        Each is done, or refused with its reason; one that is refused does not stop the others. All of them are one transaction.
        body: lists
        """
        return self._send("POST", "/v1/lists/batch-delete", "json", body=_json(body))

    def list_get(self, list_id: str) -> Document:
        """One list

        Its purpose and rules, and how many people are in it.
        """
        return self._send("GET", f"/v1/lists/{_path(list_id)}", "json")

    def list_change(self, list_id: str, body: Mapping[str, Any], *, if_match: Optional[str] = None) -> Document:
        """Change a list

        The purpose stays as it was made, since people agreed to it.
        body: [name], [comment], [retention_s], [fmr], [color], [active], [acknowledge], [sound]
        if_match: ETag of the state that is to be changed or deleted, or * for any
        """
        return self._send("PATCH", f"/v1/lists/{_path(list_id)}", "json", headers={"If-Match": if_match}, body=_json(body))

    def list_delete(self, list_id: str, *, if_match: Optional[str] = None) -> None:
        """Delete a list; its people stay

        Memberships end with it, consents do not. Under If-Match only if it is still as it was seen (412).
        if_match: ETag of the state that is to be changed or deleted, or * for any
        """
        self._send("DELETE", f"/v1/lists/{_path(list_id)}", "none", headers={"If-Match": if_match})

    def members_list(
        self,
        list_id: str,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        sort: Optional[str] = None,
        like: Optional[str] = None,
    ) -> Document:
        """Who is in a list

        Since when each is in it, and until when, where the list lets memberships end by themselves (retention_s).
        limit: Most entries of a page; default 50
        cursor: next of the page before
        sort: By person in the order in which the people were made; person, added, -added, name, -name; default person
        like: A part of the name or external id, letters A to Z of either case
        """
        return self._send(
            "GET",
            f"/v1/lists/{_path(list_id)}/members",
            "json",
            query={"limit": limit, "cursor": cursor, "sort": sort, "like": like},
        )

    def members_list_csv(
        self,
        list_id: str,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        sort: Optional[str] = None,
        like: Optional[str] = None,
    ) -> Text:
        """Who is in a list: one page as a table"""
        return self._send(
            "GET",
            f"/v1/lists/{_path(list_id)}/members",
            "csv",
            query={"limit": limit, "cursor": cursor, "sort": sort, "like": like},
        )

    def members_list_all(
        self,
        list_id: str,
        *,
        limit: Optional[int] = None,
        sort: Optional[str] = None,
        like: Optional[str] = None,
    ) -> Iterator[Dict[str, Any]]:
        """Who is in a list: all pages, entry by entry"""
        cursor = None
        while True:
            page = self.members_list(list_id=list_id, limit=limit, sort=sort, like=like, cursor=cursor)
            yield from page["members"]
            cursor = page["next"]
            if cursor is None:
                return

    def members_change(self, list_id: str, body: Mapping[str, Any]) -> Document:
        """Add and remove up to 1000 members

        Whoever is added needs a valid consent for the list's purpose (consent_required).
        body: [add], [remove]
        """
        return self._send("POST", f"/v1/lists/{_path(list_id)}/members", "json", body=_json(body))

    def member_add(self, list_id: str, person: str) -> Document:
        """Add a person to a list

        The person needs a valid consent for the list's purpose (403, consent_required).
        """
        return self._send("PUT", f"/v1/lists/{_path(list_id)}/members/{_path(person)}", "json")

    def member_remove(self, list_id: str, person: str) -> None:
        """Take a person out of a list

        They are not found in this list from then on; consents, faces and other lists stay.
        """
        self._send("DELETE", f"/v1/lists/{_path(list_id)}/members/{_path(person)}", "none")

    def detect(
        self,
        pictures: Pictures,
        *,
        boxes: Optional[Sequence[Optional[Mapping[str, float]]]] = None,
        with_: Optional[Sequence[str]] = None,
    ) -> Document:
        """Where are faces, and what can be said about them?

        Box, points and score of each face; with asks for more. Nobody is looked for, and nothing is kept.
        with_: What to compute beside boxes and five points; what the model pack cannot make is left out; pose, quality,
            landmarks, landmarks68, expression, liveness, age; default pose, quality
        """
        return self._send(
            "POST",
            "/v1/detect",
            "json",
            query={"with": ",".join(with_) if with_ is not None else None},
            body=_many_body(pictures, "pictures", boxes),
        )

    def extract(
        self,
        pictures: Pictures,
        *,
        boxes: Optional[Sequence[Optional[Mapping[str, float]]]] = None,
        idempotency_key: Optional[str] = None,
        aggregate: Optional[bool] = None,
        ttl: Optional[int] = None,
        person: Optional[str] = None,
        faces: Optional[str] = None,
        min_quality: Optional[float] = None,
    ) -> Document:
        """Make descriptors and keep them in memory for a while

        Each face becomes an attribute: descriptor and sample, usable in verify, identify, match and enrolment until its time is
        over. Longer than 900 seconds only for person, somebody with a valid consent (consent_required): of others nothing is
        kept longer. An answer is kept for Idempotency-Key as long as its attributes live; after that the request is worked on
        anew.
        idempotency_key: The same key and body again within 24 hours gives the first answer again. Where that speaks of a
            person, it is on record as answer.again, and nothing else is.
        aggregate: All pictures show one person; make one descriptor of them. Needs exactly one face to be chosen in each.;
            default False
        ttl: Seconds until the attributes are forgotten; default 300
        person: Who it is, where it is known
        faces: Which faces of a picture; all, largest, centre, only; default all
        min_quality: Overall quality below which a face is refused; else the setting face.min_quality
        """
        return self._send(
            "POST",
            "/v1/extract",
            "json",
            query={"aggregate": aggregate, "ttl": ttl, "person": person, "faces": faces, "min_quality": min_quality},
            headers={"Idempotency-Key": idempotency_key or self._key()},
            body=_many_body(pictures, "pictures", boxes),
        )

    def quality(
        self,
        pictures: Pictures,
        *,
        boxes: Optional[Sequence[Optional[Mapping[str, float]]]] = None,
        checks: Optional[Sequence[Mapping[str, Any]]] = None,
        faces: Optional[str] = None,
        profile: Optional[str] = None,
    ) -> Document:
        """Is the picture fit for a document or for enrolment?

        Every check of ISO/IEC 19794-5 with value, range and verdict. A check that the models here cannot make says not_made,
        and is never guessed.
        faces: Which face of a picture; largest, centre, only; default only
        profile: Which checks with which ranges: for a document, or for enrolment here; icao, recognition; default icao
        """
        return self._send(
            "POST",
            "/v1/quality",
            "json",
            query={"faces": faces, "profile": profile},
            body=_many_body(pictures, "pictures", boxes, checks=checks),
        )

    def liveness(
        self,
        pictures: Pictures,
        *,
        boxes: Optional[Sequence[Optional[Mapping[str, float]]]] = None,
        threshold: Optional[float] = None,
        min_quality: Optional[float] = None,
        aggregate: Optional[bool] = None,
        faces: Optional[str] = None,
    ) -> Document:
        """Is it a live person, or a picture, a screen, a mask?

        One verdict a face, or with aggregate one from several pictures of the same face. Nobody is looked for, and nothing is
        kept.
        threshold: From this score on a face counts as live; else the setting liveness.threshold
        min_quality: Below this quality the verdict is unknown; else the setting liveness.min_quality
        aggregate: All pictures show one person at one time; judge them together too; default False
        faces: all, largest, centre, only; default all
        """
        return self._send(
            "POST",
            "/v1/liveness",
            "json",
            query={"threshold": threshold, "min_quality": min_quality, "aggregate": aggregate, "faces": faces},
            body=_many_body(pictures, "pictures", boxes),
        )

    def verify(
        self,
        a: Picture,
        b: Picture,
        *,
        faces: Optional[str] = None,
        fmr: Optional[float] = None,
        purpose: Optional[str] = None,
    ) -> Document:
        """Is this the same person?

        Either side may be a picture, a sample, a face, a person, an attribute or a descriptor. Of a person the nearest face
        counts. A side that is somebody enrolled needs actions.search, and their valid consent for purpose.
        faces: Which face where a picture holds several; only refuses it; only, largest, centre; default only
        fmr: False matches that are acceptable; else the list's, else the setting match.fmr
        purpose: verification, identification, live_identification, attendance; default verification
        """
        return self._send(
            "POST",
            "/v1/verify",
            "json",
            query={"faces": faces, "fmr": fmr, "purpose": purpose},
            body=_pair_body(a, b),
        )

    def identify(
        self,
        sources: Pictures,
        *,
        boxes: Optional[Sequence[Optional[Mapping[str, float]]]] = None,
        list: Optional[Sequence[str]] = None,
        purpose: Optional[str] = None,
        fmr: Optional[float] = None,
        k: Optional[int] = None,
        faces: Optional[str] = None,
        min_quality: Optional[float] = None,
    ) -> Document:
        """Which of the people enrolled is this?

        Looks through the lists of the purpose. Nobody (candidates empty) is an answer. fmr is the rate of the whole search:
        0.0001 means that one in 10 000 strangers is taken for somebody, whatever the number of people.
        list: Only these lists, by name or id; else all of the purpose
        purpose: identification, live_identification, attendance; default identification
        fmr: False matches that are acceptable; else the list's, else the setting match.fmr
        k: Most candidates for a face; default 5
        faces: Which faces of a picture; all, largest, centre, only; default all
        min_quality: Overall quality below which a face is refused; else the setting face.min_quality
        """
        return self._send(
            "POST",
            "/v1/identify",
            "json",
            query={"list": list, "purpose": purpose, "fmr": fmr, "k": k, "faces": faces, "min_quality": min_quality},
            body=_many_body(sources, "sources", boxes),
        )

    def match(self, body: Mapping[str, Any]) -> Document:
        """Compare references with sets of candidates

        Every reference with every set; up to 30 of each.
        body: references, candidates
        """
        return self._send("POST", "/v1/match", "json", body=_json(body))

    def list_match(self, list_id: str, body: Mapping[str, Any]) -> Iterator[Dict[str, Any]]:
        """Who of this list is in another one as well

        Every face of the list is searched for in the other one, as mien people match does. Pairs come as they are found, each
        put on record before, with a line of progress about every second, and result or error in the last line: without one it
        is not whole. Closing the connection ends it.
        body: [purpose], [fmr], [candidates], [limit], with
        """
        return self._lines("POST", f"/v1/lists/{_path(list_id)}/match", body=_json(body))

    def list_duplicates(self, list_id: str, body: Mapping[str, Any] = None) -> Iterator[Dict[str, Any]]:
        """Who is enrolled twice in this list

        Each pair is told once, as mien people duplicates does; lines as those of match.
        body: [purpose], [fmr], [candidates], [limit]
        """
        return self._lines("POST", f"/v1/lists/{_path(list_id)}/duplicates", body=_json(body) if body is not None else None)

    def attributes_list(
        self,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        sort: Optional[str] = None,
        person: Optional[str] = None,
        min_quality: Optional[float] = None,
    ) -> Document:
        """Attributes that live

        Who is kept to some lists sees those of the people in them, and those that they extracted themselves of nobody known.
        limit: Most entries of a page; default 50
        cursor: next of the page before
        sort: created, -created, until, -until, quality, -quality; default created
        person: Of this person
        """
        return self._send(
            "GET",
            "/v1/attributes",
            "json",
            query={"limit": limit, "cursor": cursor, "sort": sort, "person": person, "min_quality": min_quality},
        )

    def attributes_list_csv(
        self,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        sort: Optional[str] = None,
        person: Optional[str] = None,
        min_quality: Optional[float] = None,
    ) -> Text:
        """Attributes that live: one page as a table"""
        return self._send(
            "GET",
            "/v1/attributes",
            "csv",
            query={"limit": limit, "cursor": cursor, "sort": sort, "person": person, "min_quality": min_quality},
        )

    def attributes_list_all(
        self,
        *,
        limit: Optional[int] = None,
        sort: Optional[str] = None,
        person: Optional[str] = None,
        min_quality: Optional[float] = None,
    ) -> Iterator[Dict[str, Any]]:
        """Attributes that live: all pages, entry by entry"""
        cursor = None
        while True:
            page = self.attributes_list(limit=limit, sort=sort, person=person, min_quality=min_quality, cursor=cursor)
            yield from page["attributes"]
            cursor = page["next"]
            if cursor is None:
                return

    def attributes_delete_batch(self, body: Mapping[str, Any]) -> Document:
        """Forget up to 1000 attributes now

        Each by itself. Results stand in the order of the ids.
        body: attributes
        """
        return self._send("POST", "/v1/attributes/batch-delete", "json", body=_json(body))

    def attribute_get(self, attribute: str) -> Document:
        """One attribute

        What was found out about the face, and until when it is kept. The sample is at /v1/samples/{sample} under the same id.
        """
        return self._send("GET", f"/v1/attributes/{_path(attribute)}", "json")

    def attribute_delete(self, attribute: str) -> None:
        """Forget an attribute now

        Before its time, descriptor and sample together.
        """
        self._send("DELETE", f"/v1/attributes/{_path(attribute)}", "none")

    def users_list(
        self,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        sort: Optional[str] = None,
        like: Optional[str] = None,
        role: Optional[str] = None,
        active: Optional[bool] = None,
    ) -> Document:
        """Users

        Who may sign in to this account, with roles, lists and last login. No password is ever shown.
        limit: Most entries of a page; default 50
        cursor: next of the page before
        sort: login, -login, name, -name, created, -created, last_login, -last_login; default login
        like: A part of login or name, letters A to Z of either case
        """
        return self._send(
            "GET",
            "/v1/users",
            "json",
            query={"limit": limit, "cursor": cursor, "sort": sort, "like": like, "role": role, "active": active},
        )

    def users_list_csv(
        self,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        sort: Optional[str] = None,
        like: Optional[str] = None,
        role: Optional[str] = None,
        active: Optional[bool] = None,
    ) -> Text:
        """Users: one page as a table"""
        return self._send(
            "GET",
            "/v1/users",
            "csv",
            query={"limit": limit, "cursor": cursor, "sort": sort, "like": like, "role": role, "active": active},
        )

    def users_list_all(
        self,
        *,
        limit: Optional[int] = None,
        sort: Optional[str] = None,
        like: Optional[str] = None,
        role: Optional[str] = None,
        active: Optional[bool] = None,
    ) -> Iterator[Dict[str, Any]]:
        """Users: all pages, entry by entry"""
        cursor = None
        while True:
            page = self.users_list(limit=limit, sort=sort, like=like, role=role, active=active, cursor=cursor)
            yield from page["users"]
            cursor = page["next"]
            if cursor is None:
                return

    def user_create(self, body: Mapping[str, Any], *, idempotency_key: Optional[str] = None) -> Document:
        """Create a user

        Without password the answer holds a one-time password, shown this once; the user changes it on first login.
        body: login, name, [comment], [password], roles, [lists], [active]
        idempotency_key: The same key and body again within 24 hours gives the first answer again. Where that speaks of a
            person, it is on record as answer.again, and nothing else is.
        """
        return self._send(
            "POST",
            "/v1/users",
            "json",
            headers={"Idempotency-Key": idempotency_key or self._key()},
            body=_json(body),
        )

    def user_get(self, user: str) -> Document:
        """One user

        With roles, lists, last login, and until when too many wrong passwords keep them waiting.
        """
        return self._send("GET", f"/v1/users/{_path(user)}", "json")

    def user_change(self, user: str, body: Mapping[str, Any], *, if_match: Optional[str] = None) -> Document:
        """Change a user

        Nobody can give more than they may themselves. The last active administrator stays one.
        body: [name], [comment], [roles], [lists], [active]
        if_match: ETag of the state that is to be changed or deleted, or * for any
        """
        return self._send("PATCH", f"/v1/users/{_path(user)}", "json", headers={"If-Match": if_match}, body=_json(body))

    def user_delete(self, user: str, *, if_match: Optional[str] = None) -> None:
        """Delete a user, with sessions and tokens

        Out at once, in every process within a second. What they did stays on record; the last administrator stays (409).
        if_match: ETag of the state that is to be changed or deleted, or * for any
        """
        self._send("DELETE", f"/v1/users/{_path(user)}", "none", headers={"If-Match": if_match})

    def user_reset(self, user: str) -> Document:
        """Give a new one-time password, unlock, end all sessions

        The new password is shown this once, and good for one login; until it is changed the session may do nothing else.
        """
        return self._send("POST", f"/v1/users/{_path(user)}/reset", "json")

    def roles_list(
        self,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        sort: Optional[str] = None,
        like: Optional[str] = None,
        predefined: Optional[bool] = None,
        right: Optional[str] = None,
    ) -> Document:
        """Roles, predefined and custom

        With the rights that each gives, and the lists that it is kept to.
        limit: Most entries of a page; default 50
        cursor: next of the page before
        sort: predefined: these first, then by name; predefined, role, -role, updated, -updated; default predefined
        like: A part of the name or text, letters A to Z of either case
        right: Those that give this right; people.view, people.create, people.change, people.delete, people.search,
            people.export, consents.view, consents.create, consents.change, faces.view, faces.create, faces.change,
            faces.delete, lists.view, lists.create, lists.change, lists.delete, lists.export, samples.view, samples.export,
            descriptors.create, descriptors.export, attributes.view, attributes.create, attributes.delete, actions.view,
            actions.create, actions.search, users.view, users.create, users.change, users.delete, roles.view, roles.create,
            roles.change, roles.delete, tokens.view, tokens.create, tokens.change, tokens.delete, accounts.view,
            accounts.create, accounts.change, accounts.delete, settings.view, settings.change, audit.view, audit.export,
            license.view, license.change
        """
        return self._send(
            "GET",
            "/v1/roles",
            "json",
            query={"limit": limit, "cursor": cursor, "sort": sort, "like": like, "predefined": predefined, "right": right},
        )

    def roles_list_csv(
        self,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        sort: Optional[str] = None,
        like: Optional[str] = None,
        predefined: Optional[bool] = None,
        right: Optional[str] = None,
    ) -> Text:
        """Roles, predefined and custom: one page as a table"""
        return self._send(
            "GET",
            "/v1/roles",
            "csv",
            query={"limit": limit, "cursor": cursor, "sort": sort, "like": like, "predefined": predefined, "right": right},
        )

    def roles_list_all(
        self,
        *,
        limit: Optional[int] = None,
        sort: Optional[str] = None,
        like: Optional[str] = None,
        predefined: Optional[bool] = None,
        right: Optional[str] = None,
    ) -> Iterator[Dict[str, Any]]:
        """Roles, predefined and custom: all pages, entry by entry"""
        cursor = None
        while True:
            page = self.roles_list(limit=limit, sort=sort, like=like, predefined=predefined, right=right, cursor=cursor)
            yield from page["roles"]
            cursor = page["next"]
            if cursor is None:
                return

    def role_create(self, body: Mapping[str, Any], *, idempotency_key: Optional[str] = None) -> Document:
        """Create a role

        Rights by resource, and if wanted the lists in which they hold. Nobody gives rights that they do not have.
        body: role, [text], rights, [lists]
        idempotency_key: The same key and body again within 24 hours gives the first answer again. Where that speaks of a
            person, it is on record as answer.again, and nothing else is.
        """
        return self._send(
            "POST",
            "/v1/roles",
            "json",
            headers={"Idempotency-Key": idempotency_key or self._key()},
            body=_json(body),
        )

    def role_get(self, role: str) -> Document:
        """One role

        Its rights, and the lists that it is kept to.
        """
        return self._send("GET", f"/v1/roles/{_path(role)}", "json")

    def role_change(self, role: str, body: Mapping[str, Any], *, if_match: Optional[str] = None) -> Document:
        """Change a custom role

        Only what is sent is changed, and holds at once for everybody with the role. Predefined roles are not changed.
        body: [text], [rights], [lists]
        if_match: ETag of the state that is to be changed or deleted, or * for any
        """
        return self._send("PATCH", f"/v1/roles/{_path(role)}", "json", headers={"If-Match": if_match}, body=_json(body))

    def role_delete(self, role: str, *, if_match: Optional[str] = None) -> None:
        """Delete a custom role that nobody has

        While somebody has it, it is not deleted (409); predefined ones never are.
        if_match: ETag of the state that is to be changed or deleted, or * for any
        """
        self._send("DELETE", f"/v1/roles/{_path(role)}", "none", headers={"If-Match": if_match})

    def tokens_list(
        self,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        sort: Optional[str] = None,
        like: Optional[str] = None,
        active: Optional[bool] = None,
        unused_since: Optional[str] = None,
        user: Optional[str] = None,
    ) -> Document:
        """Tokens; without tokens.view one's own

        Names, rights, ends and last uses, never secrets: these are stored as keyed hashes.
        limit: Most entries of a page; default 50
        cursor: next of the page before
        sort: created, -created, name, -name, last_used, -last_used, until, -until; default created
        like: A part of the name, letters A to Z of either case
        active: Whether its time is not over yet
        unused_since: Not used since this time, or never
        """
        return self._send(
            "GET",
            "/v1/tokens",
            "json",
            query={
                "limit": limit, "cursor": cursor, "sort": sort, "like": like, "active": active, "unused_since": unused_since,
                "user": user,
            },
        )

    def tokens_list_csv(
        self,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        sort: Optional[str] = None,
        like: Optional[str] = None,
        active: Optional[bool] = None,
        unused_since: Optional[str] = None,
        user: Optional[str] = None,
    ) -> Text:
        """Tokens; without tokens.view one's own: one page as a table"""
        return self._send(
            "GET",
            "/v1/tokens",
            "csv",
            query={
                "limit": limit, "cursor": cursor, "sort": sort, "like": like, "active": active, "unused_since": unused_since,
                "user": user,
            },
        )

    def tokens_list_all(
        self,
        *,
        limit: Optional[int] = None,
        sort: Optional[str] = None,
        like: Optional[str] = None,
        active: Optional[bool] = None,
        unused_since: Optional[str] = None,
        user: Optional[str] = None,
    ) -> Iterator[Dict[str, Any]]:
        """Tokens; without tokens.view one's own: all pages, entry by entry"""
        cursor = None
        while True:
            page = self.tokens_list(
                limit=limit, sort=sort, like=like, active=active, unused_since=unused_since, user=user, cursor=cursor,
            )
            yield from page["tokens"]
            cursor = page["next"]
            if cursor is None:
                return

    def token_create(self, body: Mapping[str, Any], *, idempotency_key: Optional[str] = None) -> Document:
        """Create a token for a program

        The answer holds its secret, shown this once. A token can never do more than its user.
        body: name, [user], rights, [lists], [until]
        idempotency_key: The same key and body again within 24 hours gives the first answer again. Where that speaks of a
            person, it is on record as answer.again, and nothing else is.
        """
        return self._send(
            "POST",
            "/v1/tokens",
            "json",
            headers={"Idempotency-Key": idempotency_key or self._key()},
            body=_json(body),
        )

    def tokens_revoke_batch(self, body: Mapping[str, Any]) -> Document:
        """Revoke up to 1000 tokens; without tokens.delete one's own

        Each is done, or refused with its reason; one that is refused does not stop the others. All of them are one transaction.
        body: tokens
        """
        return self._send("POST", "/v1/tokens/batch-revoke", "json", body=_json(body))

    def token_get(self, token: str) -> Document:
        """One token, without its secret

        Its rights and lists, its end, and when it was used last.
        """
        return self._send("GET", f"/v1/tokens/{_path(token)}", "json")

    def token_change(self, token: str, body: Mapping[str, Any], *, if_match: Optional[str] = None) -> Document:
        """Change a token's name, rights or end; never beyond its user's rights

        Only what is sent is changed, and holds at once. The secret stays the same.
        body: [name], [rights], [lists], [until]
        if_match: ETag of the state that is to be changed or deleted, or * for any
        """
        return self._send("PATCH", f"/v1/tokens/{_path(token)}", "json", headers={"If-Match": if_match}, body=_json(body))

    def token_revoke(self, token: str, *, if_match: Optional[str] = None) -> None:
        """Revoke a token; without tokens.delete one's own

        Its secret is refused from then on, in every process within a second.
        if_match: ETag of the state that is to be changed or deleted, or * for any
        """
        self._send("DELETE", f"/v1/tokens/{_path(token)}", "none", headers={"If-Match": if_match})

    def accounts_list(
        self,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        sort: Optional[str] = None,
        like: Optional[str] = None,
        active: Optional[bool] = None,
        expires_to: Optional[str] = None,
    ) -> Document:
        """Accounts

        Each is a tenant of its own: nothing of one is there to the users of another.
        limit: Most entries of a page; default 50
        cursor: next of the page before
        sort: name, -name, created, -created, expires, -expires; default name
        like: A part of the name, letters A to Z of either case
        expires_to: Ending before this time
        """
        return self._send(
            "GET",
            "/v1/accounts",
            "json",
            query={"limit": limit, "cursor": cursor, "sort": sort, "like": like, "active": active, "expires_to": expires_to},
        )

    def accounts_list_csv(
        self,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        sort: Optional[str] = None,
        like: Optional[str] = None,
        active: Optional[bool] = None,
        expires_to: Optional[str] = None,
    ) -> Text:
        """Accounts: one page as a table"""
        return self._send(
            "GET",
            "/v1/accounts",
            "csv",
            query={"limit": limit, "cursor": cursor, "sort": sort, "like": like, "active": active, "expires_to": expires_to},
        )

    def accounts_list_all(
        self,
        *,
        limit: Optional[int] = None,
        sort: Optional[str] = None,
        like: Optional[str] = None,
        active: Optional[bool] = None,
        expires_to: Optional[str] = None,
    ) -> Iterator[Dict[str, Any]]:
        """Accounts: all pages, entry by entry"""
        cursor = None
        while True:
            page = self.accounts_list(limit=limit, sort=sort, like=like, active=active, expires_to=expires_to, cursor=cursor)
            yield from page["accounts"]
            cursor = page["next"]
            if cursor is None:
                return

    def account_create(self, body: Mapping[str, Any], *, idempotency_key: Optional[str] = None) -> Document:
        """Create an account with its first administrator

        The answer holds the one-time password of its administrator, shown this once, who signs in as account/login.
        body: name, [comment], admin_login, [expires], [max_people], [max_faces], [max_cameras]
        idempotency_key: The same key and body again within 24 hours gives the first answer again. Where that speaks of a
            person, it is on record as answer.again, and nothing else is.
        """
        return self._send(
            "POST",
            "/v1/accounts",
            "json",
            headers={"Idempotency-Key": idempotency_key or self._key()},
            body=_json(body),
        )

    def account_get(self, account: str) -> Document:
        """One account

        Its limits, its end, and whether it is suspended.
        """
        return self._send("GET", f"/v1/accounts/{_path(account)}", "json")

    def account_change(self, account: str, body: Mapping[str, Any], *, if_match: Optional[str] = None) -> Document:
        """Change an account, its limits and its expiry

        Only what is sent is changed. While it is suspended its users and tokens get 403 (account_closed), and its data stay.
        body: [name], [comment], [active], [expires], [max_people], [max_faces], [max_cameras]
        if_match: ETag of the state that is to be changed or deleted, or * for any
        """
        return self._send("PATCH", f"/v1/accounts/{_path(account)}", "json", headers={"If-Match": if_match}, body=_json(body))

    def account_delete(self, account: str, *, if_match: Optional[str] = None) -> None:
        """Delete an account that holds nobody any more

        With its users, roles and tokens. While people or lists are in it, it is not deleted (409); the first account never is.
        if_match: ETag of the state that is to be changed or deleted, or * for any
        """
        self._send("DELETE", f"/v1/accounts/{_path(account)}", "none", headers={"If-Match": if_match})

    def settings_get(self) -> Document:
        """Settings with their schema, in force now

        Of a secret only whether it is set.
        """
        return self._send("GET", "/v1/settings", "json")

    def settings_get_csv(self) -> Text:
        """Settings with their schema, in force now: as a table"""
        return self._send("GET", "/v1/settings", "csv")

    def settings_change(self, body: Mapping[str, Any], *, if_match: Optional[str] = None) -> Document:
        """Change settings

        All or none, of those that live is true for: in force at once, and in other processes on the same records within a
        second or two. null takes what was set here away. What the file, the environment or the command line says wins, so that
        changing it here is refused (conflict), as it is for settings that are read when mien starts.
        body: settings
        if_match: ETag of the state that is to be changed or deleted, or * for any
        """
        return self._send("PATCH", "/v1/settings", "json", headers={"If-Match": if_match}, body=_json(body))

    def fields_get(self) -> Document:
        """The custom fields of people

        In their order, each with type, label and whether people can be searched by it.
        """
        return self._send("GET", "/v1/fields", "json")

    def fields_get_csv(self) -> Text:
        """The custom fields of people: as a table"""
        return self._send("GET", "/v1/fields", "csv")

    def fields_put(self, body: Mapping[str, Any], *, if_match: Optional[str] = None, drop: Optional[bool] = None) -> Document:
        """Define the custom fields of people

        The whole table. A field whose type changes, or that is left out while people have values in it, is refused (conflict)
        unless drop is true.
        body: fields
        if_match: ETag of the state that is to be changed or deleted, or * for any
        drop: Let values go that no field is left for; default False
        """
        return self._send("PUT", "/v1/fields", "json", query={"drop": drop}, headers={"If-Match": if_match}, body=_json(body))

    def license_get(self) -> Document:
        """Limits of the account, and how much of them is used

        A limit of null is none. From 15 % left, and from 14 days before the end, warnings has a text.
        """
        return self._send("GET", "/v1/license", "json")

    def audit_list(
        self,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        sort: Optional[str] = None,
        from_: Optional[str] = None,
        to: Optional[str] = None,
        actor: Optional[str] = None,
        action: Optional[str] = None,
        target: Optional[str] = None,
    ) -> Document:
        """Records of the audit log

        Who did what to whom, newest first unless sort says otherwise. Of the caller's account; users of the first one see all.
        The look is on record.
        limit: Most entries of a page; default 50
        cursor: next of the page before
        sort: seq, -seq; default -seq
        from_: From this time on
        to: Before this time
        action: This action, or with a dot at the end all that begin with it (person.)
        target: About this person or object
        """
        return self._send(
            "GET",
            "/v1/audit",
            "json",
            query={
                "limit": limit, "cursor": cursor, "sort": sort, "from": from_, "to": to, "actor": actor, "action": action,
                "target": target,
            },
        )

    def audit_list_csv(
        self,
        *,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        sort: Optional[str] = None,
        from_: Optional[str] = None,
        to: Optional[str] = None,
        actor: Optional[str] = None,
        action: Optional[str] = None,
        target: Optional[str] = None,
    ) -> Text:
        """Records of the audit log: one page as a table"""
        return self._send(
            "GET",
            "/v1/audit",
            "csv",
            query={
                "limit": limit, "cursor": cursor, "sort": sort, "from": from_, "to": to, "actor": actor, "action": action,
                "target": target,
            },
        )

    def audit_list_all(
        self,
        *,
        limit: Optional[int] = None,
        sort: Optional[str] = None,
        from_: Optional[str] = None,
        to: Optional[str] = None,
        actor: Optional[str] = None,
        action: Optional[str] = None,
        target: Optional[str] = None,
    ) -> Iterator[Dict[str, Any]]:
        """Records of the audit log: all pages, entry by entry"""
        cursor = None
        while True:
            page = self.audit_list(
                limit=limit, sort=sort, from_=from_, to=to, actor=actor, action=action, target=target, cursor=cursor,
            )
            yield from page["records"]
            cursor = page["next"]
            if cursor is None:
                return

    def audit_verify(self) -> Document:
        """Follow the chain of hashes from the first record to the last

        As far as that can be done within server.deadline_ms. Keep head somewhere else: it betrays a chain that was written
        anew.
        """
        return self._send("POST", "/v1/audit/verify", "json")

    def audit_export(self, *, from_: Optional[str] = None, to: Optional[str] = None) -> Iterator[Dict[str, Any]]:
        """The audit log as JSON Lines, oldest first

        Of the caller's account; users of the first one get all. That it was taken out is on record.
        from_: From this time on
        to: Before this time
        """
        return self._lines("GET", "/v1/audit/export", query={"from": from_, "to": to})

    def healthz(self) -> Document:
        """Is the process alive?

        Touches neither store nor models. For whoever starts it again when it does not answer.
        """
        return self._send("GET", "/healthz", "json")

    def readyz(self) -> Document:
        """Can it take requests?

        Did the store answer within the last 5 seconds, and is the server not about to stop? 503 says what is wrong. For load
        balancers.
        """
        return self._send("GET", "/readyz", "json")

    def metrics(self) -> Text:
        """Numbers for Prometheus

        Requests, queues, store, gallery and accounts, in Prometheus' text format; without personal data.
        """
        return self._send("GET", "/metrics", "text")

    def openapi_get(self) -> Document:
        """This description

        OpenAPI 3.1, the one that routes, checks, clients and documentation are made from.
        """
        return self._send("GET", "/v1/openapi.json", "json")
