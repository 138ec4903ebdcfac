"""Is an answer what api/openapi.yaml says? And which operations and statuses were seen?

Every answer that a test gets goes through Spec.check. What was seen is written down for covered.py.
"""
import collections
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from checks import Checks, model  # noqa: E402  pylint: disable=wrong-import-position

# What the HTTP layer says to whatever is no request to the operation, and what `default` in the file stands for.
TRANSPORT = {405, 406, 408, 411, 413, 414, 416, 417, 431, 501, 505}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
UNWRITTEN = "not written yet"


class Fault(AssertionError):
    """The answer is not what the description says."""


def no_twice(pairs):
    """An object's members; refuses a name that stands twice."""
    names = [n for n, _ in pairs]
    if len(set(names)) != len(names):
        raise Fault(f"a name twice in {names}")
    return dict(pairs)


def parse(text):
    """JSON as strict as ours is."""
    def constant(word):
        raise Fault(f"{word} is no JSON")
    return json.loads(text.decode("utf-8"), object_pairs_hook=no_twice, parse_constant=constant)


class Spec:
    """The description, and what was seen of it."""

    def __init__(self):
        self.checks = Checks()
        self.document = self.checks.document
        self.operations = {o.name: o for o in self.checks.operations}
        self.seen, self.without, self.recorded = collections.Counter(), set(), set()
        self._validators = {}
        self.checks.formats.checks("date-time")(lambda v: not isinstance(v, str) or bool(TIME.fullmatch(v)))

    def operation_at(self, method, path):
        """The operation of a request line; None: there is none."""
        for op in self.operations.values():
            pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(op.path))
            if op.method == ("get" if method == "HEAD" else method.lower()) and re.fullmatch(pattern, path):
                return op
        return None

    def _faults(self, key, schema, value):
        if key not in self._validators:
            self._validators[key] = self.checks.of(schema)
        return [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:300]}" for e in self._validators[key].iter_errors(value)][:5]

    def _media(self, described, answer):
        media = answer.header("Content-Type", "").split(";")[0].strip()
        content = described.get("content", {})
        if not content:
            if answer.body:
                raise Fault(f"a body where none is described: {answer.body[:200]!r}")
            return None, None
        if media not in content:
            raise Fault(f"Content-Type {media!r} is none of {sorted(content)}: {answer.body[:300]!r}")
        return media, content[media].get("schema", {})

    def _body(self, op, answer, media, schema):
        """Checks the body; binary ones have no schema to speak of."""
        if media.endswith("json"):
            faults = self._faults((op.name if op else "", answer.status, media), schema, parse(answer.body))
        elif media == "application/jsonl":
            faults = [f for line in answer.body.splitlines() for f in self._faults((op.name, "line"), schema, parse(line))]
        elif media.startswith("text/"):
            answer.body.decode("utf-8")
            faults = []
        else:
            faults = [] if answer.body else ["empty"]
        if faults:
            raise Fault("the body does not fit: " + "; ".join(faults) + f"\n{answer.body[:600]!r}")

    def _headers(self, described, answer, media):
        for name in described.get("headers", {}):
            if name == "X-Next-Cursor":
                continue
            schema = model.follow(self.document, described["headers"][name])["schema"]
            value = answer.header(name)
            if value is None or len(value) > schema.get("maxLength", 100000) or value == "":
                raise Fault(f"header {name} is {value!r}")
        if media == "text/csv" and answer.header("X-Next-Cursor") == "":
            raise Fault("an empty X-Next-Cursor")

    def _problem(self, answer):
        body = parse(answer.body)
        if body["status"] != answer.status:
            raise Fault(f"the problem says {body['status']}")
        if body.get("request_id") not in (None, answer.header("X-Request-Id")):
            raise Fault(f"request_id is {body['request_id']}, X-Request-Id {answer.header('X-Request-Id')}")
        if not body.get("detail") and answer.status < 500:
            raise Fault("a problem without detail helps nobody")
        if not body.get("action"):
            raise Fault("a problem without action leaves one standing")
        for row in [body, *body.get("errors", [])]:
            if "pointer" in row and row["pointer"][:1] not in ("", "/"):
                raise Fault(f"pointer is {row['pointer']!r}: a parameter or header is a field")

    def check(self, op, method, answer):
        """Raises Fault. op: None where the address is none of ours."""
        status = answer.status
        if status >= 500 and status not in (501, 503, 505):
            raise Fault(f"{status}: {answer.body[:600]!r}")
        if not answer.header("X-Request-Id"):
            raise Fault("X-Request-Id is missing")
        if answer.header("X-Content-Type-Options") != "nosniff":
            raise Fault("X-Content-Type-Options is missing")
        described = op.answers.get(str(status)) if op else None
        if described is None:
            if status not in TRANSPORT | (set() if op else {404}) and not self.unwritten(answer):
                raise Fault(f"{status} is not described for {op.name if op else 'an unknown address'}: {answer.body[:600]!r}")
            described = self.document["components"]["responses"]["Problem"]
        if op:
            self.seen[op.name, status] += not self.unwritten(answer)
            if self.unwritten(answer):
                self.without.add(op.name)
        if method == "HEAD" or status == 304:
            if answer.body:
                raise Fault(f"{method} {status} with a body")
            return
        media, schema = self._media(described, answer)
        if media:
            self._body(op, answer, media, schema)
        self._headers(described, answer, media)
        if media == "application/problem+json":
            self._problem(answer)

    @staticmethod
    def unwritten(answer):
        """An operation whose handler is still to be written says so."""
        return answer.status == 415 and UNWRITTEN.encode() in answer.body

    def save(self, path):
        """For covered.py."""
        rows = {"seen": [key for key, n in self.seen.items() if n], "unwritten": sorted(self.without),
                "recorded": sorted(self.recorded)}
        pathlib.Path(path).write_text(json.dumps(rows), encoding="utf-8")
