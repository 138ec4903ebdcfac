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
