"""Every body and every parameter with what does not belong there: a plain refusal, never a failure, and nothing is done.

Documents are made from the schemas, as the differential test makes them, and spoiled at every place. Only what does not fit is
sent, so that nothing may come of it but 400.
"""
import copy
import json
import pathlib
import sys

from running import SANITIZED
from spec import model
from world import Api, NO_ID, png, setUpModule, tearDownModule, world  # pylint: disable=unused-import

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from checks import Checks  # noqa: E402  pylint: disable=wrong-import-position
from differential import Maker, unsafe, whole  # noqa: E402  pylint: disable=wrong-import-position

ODD = [None, True, 0, -1, 1.5, 1e300, "", "x" * 5000, "\x00", "\ud83d\ude00", [], {}, [None], [[]], {"x": 1}]
EACH = 2 if SANITIZED else 6


def spoiled(value, maker):
    """(what was done, the document) for every place."""
    for place in list(maker.places(value))[:60]:
        for odd in ODD:
            yield f"{place} is {str(odd)[:20]!r}", put(value, place, odd)
        if isinstance(at(value, place), dict):
            yield f"{place} has one more", put(value, place + ("no_such_field",), 1)
        if place and isinstance(place[-1], str):
            yield f"{place} is missing", put(value, place, KeyError)


def at(value, place):
    """What is there."""
    for key in place:
        value = value[key]
    return value


def put(value, place, new):
    """A copy with another thing there; KeyError: with nothing."""
    box = {"": copy.deepcopy(value)}
    inner, last = at(box, ("",) + place[:-1]) if place else box, place[-1] if place else ""
    if new is KeyError:
        del inner[last]
    else:
        inner[last] = new
    return box[""]


def path_given(op):
    """Ids for a path."""
    return {p["name"]: {"role": "reception", "file": "x.css"}.get(p["name"], NO_ID) for p in op.parameters if p["in"] == "path"}


class Bodies(Api):
    """JSON."""

    def json_operations(self):
        """Those that take JSON."""
        return [op for op in world.spec.operations.values() if "application/json" in op.bodies]

    def test_every_field_of_every_body(self):
        count = 0
        checks = Checks()
        for op in self.json_operations():
            schema = op.bodies["application/json"]
            validator, maker = checks.of(schema), Maker(world.spec.document, "wrong " + op.name)
            for _ in range(EACH):
                good = whole(maker.make(schema))
                for what, value in self.sample(list(spoiled(good, maker)), maker):
                    if unsafe(value) or validator.is_valid(whole(value)) or (value is None and not op.body_required):
                        continue
                    answer = self.admin.call(op.name, (400, 413), body=value, **path_given(op))
                    self.assertIn(answer.code, ("invalid", "limit"), f"{op.name} {what}: {answer.body[:300]!r}")
                    count += 1
        self.assertGreater(count, 500 if SANITIZED else 2000)

    @staticmethod
    def sample(rows, maker):
        """Some of many."""
        return rows if len(rows) <= 60 else maker.random.sample(rows, 60)

    def test_a_fault_says_where(self):
        answer = self.admin.call("person_create", 400, body={"name": "A", "consents": [{"purpose": "spying", "method": "x"}], "strange": 1})
        self.assertEqual({e["pointer"] for e in answer.json["errors"]}, {"/consents/0/purpose", "/strange"})
        self.assertEqual({name for e in answer.json["errors"] for name in e}, {"pointer", "detail"})
        self.assertEqual((answer.json["pointer"], "field" in answer.json), (answer.json["errors"][0]["pointer"], False))
        answer = self.admin.call("people_list", 400, limit=0, sort="beauty")
        self.assertEqual({e["field"] for e in answer.json["errors"]}, {"limit", "sort"})
        self.assertEqual((answer.json["field"], "pointer" in answer.json), (answer.json["errors"][0]["field"], False))
        answer = self.admin.call("person_create", 400, body=[])
        self.assertEqual(answer.json["pointer"], "")

    def test_what_is_no_json(self):
        texts = [b"", b"{", b"}", b"nul", b"{}x", b"\xff\xfe{}", b"\xef\xbb\xbf{}", b'{"name":"\xff"}', b'{"name":"\xed\xa0\x80"}', b'{"a":1,"a":2}',
                 b"{'a':1}", b'{"name":NaN}', b'{"name":1e999}', b'{"name":1' + b"0" * 4000 + b"}", b'{"name":"\\ud800"}', b'{"name":"\\u0000"}',
                 b"[" * 60000, b'{"a":' * 20000, b"[" * 30000 + b"]" * 30000, b'{"name":"' + b"a" * 30000, b"[" + b"[],[],{}," * 5000 + b"1]",
                 b"{" + b",".join(b'"%d":1' % i for i in range(5000)) + b"}", b'"text"', b"1", b"null", b"[]", b"true"]
        for op in self.json_operations():
            if op.name == "descriptors_import" and SANITIZED:
                continue
            for text in texts if op.body_required else texts[1:]:
                answer = self.admin.call(op.name, (400, 413), body=text, media="application/json", **path_given(op))
                self.assertIn(answer.code, ("invalid", "limit"))

    def test_what_is_larger_than_the_route_takes(self):
        for op in self.json_operations():
            if not isinstance(op.body_limit, int) or op.body_limit > 300000:
                continue
            answer = self.admin.call(op.name, 413, body=b'"' + b" " * op.body_limit + b'"', media="application/json", **path_given(op))
            self.assertEqual(answer.code, "limit")

    def test_media_types_that_are_not_read(self):
        for op in world.spec.operations.values():
            if not op.bodies:
                continue
            for media in ("text/plain", "application/xml", "application/x-www-form-urlencoded", "json", "application/json; charset=utf-16",
                          "multipart/form-data", "multipart/mixed; boundary=x", "video/mp4"):
                answer = self.admin.call(op.name, (400, 415, 422), body=b"{", media=media, **path_given(op))
                self.assertIn(answer.code, ("invalid", "unsupported", "decode"), f"{op.name} {media}")

    def test_bodies_where_none_is_read(self):
        for op in world.spec.operations.values():
            if op.bodies or op.right == "none" or op.name == "logout" or op.method == "get":
                continue
            answer = self.admin.call(op.name, (400, 413), body=b"{}", media="application/json", **path_given(op))
            self.assertIn(answer.code, ("invalid", "limit"), op.name)


class Forms(Api):
    """multipart/form-data."""

    @staticmethod
    def wrong(op):
        """(what, parts) of forms that are not as described."""
        schema, maker, image = op.bodies["multipart/form-data"], Maker(world.spec.document, "form " + op.name), png(64, 64)
        good = [(name, image, "x.png") for name in schema["required"]]
        for name, inner in schema["properties"].items():
            inner = model.follow(world.spec.document, inner)
            if inner["type"] == "array" and inner["items"].get("format") == "binary":
                yield f"too many {name}", [(name, image, "x.png")] * (inner["maxItems"] + 1)
            elif inner.get("format") == "binary":
                yield f"{name} twice", good + [(name, image, "x.png")]
            else:
                value = json.dumps(whole(maker.make(inner))).encode()
                yield f"{name} twice", good + [(name, value)] * 2
                for text in (b"", b"{", b"nul", b"\xff", b"[" * 3000, b"x" * 70000):
                    yield f"{name} is {text[:10]}", good + [(name, text)]
                rows = [v for _, v in spoiled(whole(maker.make(inner)), maker) if not unsafe(v) and not world.spec.checks.of(inner).is_valid(whole(v))]
                for value in Bodies.sample(rows, maker):
                    yield f"{name} is {str(value)[:40]}", good + [(name, json.dumps(value).encode())]
        for name in ("picture", "a", "b", "box", "boxes", "checks", "strange"):
            if name not in schema["properties"]:
                yield f"{name} is none of it", good + [(name, b"[]" if name in ("boxes", "checks") else image)]
        for name in schema["required"]:
            yield f"{name} is missing", [part for part in good if part[0] != name]

    def test_every_part_of_every_form(self):
        count = 0
        for op in world.spec.operations.values():
            for what, parts in self.wrong(op) if "multipart/form-data" in op.bodies else ():
                answer = self.admin.call(op.name, (400, 413), parts=parts, **path_given(op))
                self.assertIn(answer.code, ("invalid", "limit"), f"{op.name} {what}: {answer.body[:300]!r}")
                count += 1
        self.assertGreater(count, 200)


class Parameters(Api):
    """Path, query and headers."""
    TEXTS = ["", "\x00", "a b", "'", "../..", "%", "1e9", "-1", "0", "99999999999999999999", "true", "null", "x" * 3000, "\u00e9", "\U0001f600",
             "a:b", ":", "2026-13-01T00:00:00Z", "01931f6c9a417c3e8d526f1b2a9c4e07", NO_ID, "[]", "{}", "-name"]

    def fits(self, schema, text):
        """Could this text be a value of it?"""
        schema = model.follow(world.spec.document, schema)
        if schema.get("type") == "array":
            return self.fits(schema["items"], text)
        try:
            value = json.loads(text) if schema.get("type") in ("integer", "number", "boolean") else text
        except ValueError:
            return False
        return world.spec.checks.of(schema).is_valid(value)

    def test_every_parameter(self):
        count = 0
        for op in world.spec.operations.values():
            given = path_given(op)
            for p in op.parameters:
                for text in self.TEXTS:
                    if p["in"] == "path" and (text in ("", "../..", "\x00") or "/" in text):
                        continue
                    if p["in"] == "header" and not (text.isascii() and text.isprintable() and text):
                        continue
                    if self.fits(p["schema"], text):
                        continue
                    key = p["name"].replace("-", "_")
                    caller = world.nobody() if op.right == "none" else self.admin
                    answer = caller.call(op.name, 400, **{**given, key: [text]})
                    self.assertEqual(answer.code, "invalid", f"{op.name} {key}={text!r}")
                    count += 1
        self.assertGreater(count, 2500)

    def test_unknown_and_repeated_ones(self):
        for op in world.spec.operations.values():
            caller = world.nobody() if op.right == "none" else self.admin
            self.assertEqual(caller.call(op.name, 400, no_such_parameter="1", **path_given(op)).code, "invalid")
            for p in op.parameters:
                if p["in"] != "query" or model.follow(world.spec.document, p["schema"]).get("type") == "array":
                    continue
                answer = caller.call(op.name, 400, **{**path_given(op), p["name"]: ["1", "1"]})
                self.assertEqual(answer.code, "invalid", f"{op.name} {p['name']} twice")

    def test_very_many(self):
        answer = self.admin.call("people_list", 400, **{f"p{i}": "1" for i in range(200)})
        self.assertEqual(answer.code, "invalid")
        answer = self.admin.call("people_list", 413, **{f"p{i}": "1" for i in range(1000)})
        self.refused(answer, 413, "limit", "256 parameters")
        self.admin.call("me_get", 200)
