"""Is on the audit log what api/openapi.yaml promises? All requests of a module are compared with the log at its end.

A record of what was asked over HTTP names the request, so that requests that overlap are told apart; those of the command line and of
the server itself name none.
"""
import collections
import json
import re
import threading
import time
import urllib.parse

ANY = "somebody"  # whose id the request and its answer do not tell
SPEAKERS = ("user:", "token:", "login")


def now_us():
    """As the server's clock has it."""
    return time.time_ns() // 1000


class Asked:
    """One request and what came of it."""

    def __init__(self, op, target, body, headers, who):
        self.op, self.who, self.headers = op, who, headers
        path, _, query = target.partition("?")
        found = re.fullmatch(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(op.path)), path)
        self.path = {n: urllib.parse.unquote(v) for n, v in found.groupdict().items()} if found else {}
        self.query = dict(urllib.parse.parse_qsl(query))
        self.body, self._sent = None, body if headers.get("Content-Type") == "application/json" else None
        self.begun, self.ended, self.status, self.answer, self.again, self.id, self.actions = now_us(), None, None, None, False, None, set()

    @staticmethod
    def _json(data):
        try:
            return json.loads(data)
        except (TypeError, ValueError):
            return None

    def end(self, answer, again):
        """again: it was sent twice, as the connection had gone."""
        self.ended, self.status, self.again, self.id = now_us(), answer.status, again, answer.header("X-Request-Id")
        if self.done and answer.header("Content-Type", "").endswith("json"):
            self.answer = self._json(answer.body)
        if self.done and answer.header("Content-Type", "") == "application/jsonl":
            self.answer = [json.loads(line) for line in answer.body.splitlines()]
        if self.done:
            self.body = self._json(self._sent)
        self._sent = None

    @property
    def done(self):
        """Did it do what it is there for? Of a file no part may be there that was asked for: it was looked at all the same."""
        return self.status < 300 or self.status in (304, 416)

    def actor(self):
        """As the log names who asked; None: anybody."""
        return self.who.actor() if self.who else None


class Diary:
    """The requests of a module."""

    def __init__(self):
        self._all, self._lock = [], threading.Lock()

    def note(self, asked):
        """One that was answered."""
        with self._lock:
            self._all.append(asked)

    def told_apart(self):
        """Those that have an id of their own, in their order: a client may give several the same one."""
        ids = collections.Counter(asked.id for asked in self._all)
        return [asked for asked in sorted(self._all, key=lambda a: a.begun) if asked.id and ids[asked.id] == 1]

    def _learn_attributes(self):
        for asked in self._all:
            if asked.op.name == "extract" and asked.answer and asked.done:
                attributes.update({a["attribute"]: a["person"] for a in extracted(asked)})

    def faults(self, log):
        """log: records as dictionaries. What is not as promised, and which operations left which records, ("name", "") where it was done."""
        rows, out, seen, keys, perhaps = {}, [], set(), set(), unclear(self._all)
        for record in log:
            detail = json.loads(record["detail"])
            if record["actor"].startswith(SPEAKERS):
                rows.setdefault(detail.get("request"), []).append(record)
            if "operation" in detail:  # what was cut has no answer that it could be compared with
                seen.add((detail["operation"], record["action"]))
        out += [f"a record {r['action']} by {r['actor']} names no request" for r in rows.pop(None, [])]
        self._learn_attributes()
        for asked in self.told_apart():
            out += [f"{asked.op.name} {asked.status}: {fault}" for fault in compare(asked, rows.get(asked.id, []), keys, perhaps)]
            seen |= {(asked.op.name, action) for action in asked.actions} | ({(asked.op.name, "")} if asked.done else set())
        return out, seen


# ---- what is promised

# Attributes that were extracted, and whose they are.
attributes = {}
# Whose id an answer tells, of what was made; of the rest the path tells it.
MADE = {"person_create": "person", "list_create": "list_id", "user_create": "user", "token_create": "token"}
# About no one thing.
ABOUT_NONE = {"people_list", "consents_list", "faces_list", "attributes_list", "settings_change", "fields_put", "audit_list", "audit_verify",
              "audit_export", "list_match", "list_duplicates"}


def target(asked):
    """Whom the record of an operation is about, as far as request and answer tell."""
    if asked.op.name in ABOUT_NONE:
        return None
    if asked.op.name in MADE:
        return asked.answer[MADE[asked.op.name]]
    return next((asked.path[n] for n in ("list_id", "person", "user", "token", "account") if n in asked.path), ANY)


def sources(asked):
    """What the body refers to, as (type, id)."""
    body = asked.body or {}
    rows = [body] if "type" in body else [body.get("a"), body.get("b")] if "a" in body else body.get("sources") or body.get("references") or []
    return [(r["type"], r.get(r["type"])) for r in rows if isinstance(r, dict) and "type" in r]


def results(asked):
    """Of a batch, the ids of what was done."""
    return [r["id"] for r in asked.answer["results"] if "error" not in r]


def once(asked):
    """One record for a success."""
    return [(asked.op.audit, target(asked))]


def person_create(asked):
    """With each consent."""
    return once(asked) + [("consent.give", asked.answer["person"])] * len(asked.body.get("consents", []))


def people_create_batch(asked):
    """The same for each who was created."""
    rows = zip(asked.body["people"], asked.answer["results"])
    return [(action, row["id"]) for one, row in rows if "error" not in row
            for action in ["person.create"] + ["consent.give"] * len(one.get("consents", []))]


def people_erase_batch(asked):
    """Each at once, or at the end of the grace period."""
    return [("person.erase erasure.ask", i) for i in results(asked)]


def faces_delete_batch(asked):
    """Each, about its person."""
    return [("face.delete", ANY)] * len(results(asked))


def each(asked):
    """Each of a batch that was done."""
    return [(asked.op.audit, i) for i in results(asked)]


def consents_give_batch(asked):
    """Each, about its person."""
    return [("consent.give", c["person"]) for c, row in zip(asked.body["consents"], asked.answer["results"]) if "error" not in row]


def consents_withdraw_batch(asked):
    """Each, about its person."""
    return [("consent.withdraw", ANY)] * len(results(asked))


def attributes_delete_batch(asked):
    """Each of somebody known."""
    return [("attribute.delete", attributes[i]) for i in results(asked) if attributes.get(i)]


def erase(asked):
    """At once, or at the end of the grace period."""
    return [("person.erase" if asked.answer["erased"] else "erasure.ask", asked.path["person"])]


def merge(asked):
    """One goes, with its certificate."""
    return once(asked) + [("person.erase", asked.body["from"])]


def decision_make(asked):
    """Enrolled, or forgotten."""
    return [("person.enrol" if asked.status == 200 else "decision.cancel", ANY)]


def descriptors_export(asked):
    """Each person whose descriptor is given out."""
    return [("descriptor.export", d["person"]) for d in asked.answer["descriptors"]]


def descriptors_import(asked):
    """All of it, and each face."""
    done = [d["person"] for d, row in zip(asked.body["descriptors"], asked.answer["results"]) if "error" not in row]
    return [("descriptor.import", None)] * bool(done) + [("person.enrol", p) for p in done]


def people_export(asked):
    """Each person that was given."""
    return [("person.export", line["person"]) for line in asked.answer if "person" in line]


def people_import(asked):
    """Each person that went in or was there."""
    return [] if asked.answer["dry_run"] else [("person.import", ANY)] * (asked.answer["people_new"] + asked.answer["people_known"])


def members_change(asked):
    """One, where anything changed."""
    return once(asked) if results(asked) else []


def extracted(asked):
    """The attributes that an answer tells of."""
    faces = [f for image in asked.answer["images"] for f in image.get("faces", [])]
    return [f["attribute"] for f in faces if "attribute" in f] + [a for a in [asked.answer.get("aggregate")] if a]


def extract(asked):
    """Each attribute of somebody known."""
    return [("attribute.keep", a["person"]) for a in extracted(asked) if a["person"]] + work_on_samples(asked)


def sample(which):
    """The look at a stored sample."""
    if which not in attributes:
        return [("face.sample", ANY)]
    return [("attribute.view", attributes[which])] if attributes[which] else []


def sample_get(asked):
    """Of a face, or of an attribute."""
    return sample(asked.path["sample"])


def work_on_samples(asked):
    """Each stored sample that could be worked on."""
    rows = zip((asked.body or {}).get("pictures", []), asked.answer["images"])
    return [r for source, image in rows if source.get("type") == "sample" and "error" not in image for r in sample(source["sample"])]


def verify(asked):
    """Each side that is somebody enrolled, after the look at a sample or an attribute."""
    out = []
    for kind, which in sources(asked):
        enrolled = kind in ("person", "face") or (kind == "sample" and which not in attributes)
        out += [("verify", which if kind == "person" else ANY)] * enrolled
        out += sample(which) if kind in ("sample", "attribute") else []
    return out


def best(candidates):
    """Whom a search is about."""
    return candidates[0]["person"] if candidates else None


def identify(asked):
    """Each face that was looked for."""
    faces = [f for image in asked.answer["images"] for f in image.get("faces", [])]
    return [("identify", best(f["candidates"])) for f in faces if "candidates" in f]


def match(asked):
    """Each search; whom a set names is compared one by one."""
    out = []
    for row in asked.answer["matches"]:
        a_set = asked.body["candidates"][row["set"]]
        if "error" not in row and not {"people", "faces", "attributes"} & set(a_set):
            out.append(("identify", best(row["candidates"])))
    return out


def attributes_list(asked):
    """Where one of somebody known is among them."""
    return [("attribute.list", None)] if any(a["person"] for a in asked.answer["attributes"]) else []


def attribute(asked):
    """Where it is of somebody known."""
    known = attributes.get(asked.path["attribute"])
    return [(asked.op.audit, known)] if known else []


def logout(asked):
    """Not of a token, which is no session."""
    return [] if asked.who and asked.who.token else once(asked)


def first_page(asked):
    """Not of the next ones."""
    return [] if "cursor" in asked.query else once(asked)


# Exactly these records, where it is not one for each success.
EXACTLY = {
    "person_create": person_create, "people_create_batch": people_create_batch, "people_erase_batch": people_erase_batch, "person_erase": erase,
    "person_merge": merge, "decision_make": decision_make, "faces_delete_batch": faces_delete_batch, "descriptors_export": descriptors_export,
    "descriptors_import": descriptors_import, "members_change": members_change, "extract": extract, "verify": verify, "identify": identify,
    "lists_create_batch": each, "lists_delete_batch": each, "tokens_revoke_batch": each, "consents_give_batch": consents_give_batch,
    "consents_withdraw_batch": consents_withdraw_batch, "attributes_delete_batch": attributes_delete_batch, "match": match, "attributes_list": attributes_list, "attribute_get": attribute, "attribute_delete": attribute, "audit_list": first_page,
    "detect": work_on_samples, "quality": work_on_samples, "liveness": work_on_samples, "sample_get": sample_get, "logout": logout,
    "people_export": people_export, "people_import": people_import,
    "account_create": lambda asked: once(asked) + [("user.create", asked.answer["admin"]["user"])],
}
NEEDS_NO_ANSWER = (once, merge, decision_make, first_page, sample_get, attribute, logout)
# Looks at what a request names, also where it is refused afterwards.
AT_SOURCES = {"face.sample", "attribute.view", "compare", "verify"}


def promised(asked):
    """(records as (action, target), further actions that there may be)."""
    op, may = asked.op, set(asked.op.audit_also)
    if asked.status == 503:  # what it began may still be done
        return [], may | {op.audit, op.audit_refused}
    if not asked.done:
        return [], may & AT_SOURCES | ({op.audit_refused} - {None})
    if not op.audit:
        return [], set()
    rule = EXACTLY.get(op.name, once)
    if asked.answer is None and rule not in NEEDS_NO_ANSWER:
        return [], may | {op.audit}
    may |= {op.audit} if op.name == "descriptors_import" else set()
    return rule(asked), may


def key_of(asked):
    """By what it is known again; None: by nothing."""
    key = next((v for n, v in asked.headers.items() if n.lower() == "idempotency-key"), None)
    return key and any(p["name"] == "Idempotency-Key" for p in asked.op.parameters) and (asked.op.name, key, asked.actor())


def unclear(rows):
    """Keys of requests that may have been done by another one of the same key: one without an answer, or at the same time."""
    last, out = {}, set()
    for asked in sorted(rows, key=lambda a: a.begun):
        key = key_of(asked)
        if asked.again or asked.status in (None, 503) or asked.begun < last.get(key, 0):
            out.add(key)
        last[key] = max(last.get(key, 0), asked.ended or 0)
    return out


def again(asked, records, keys, perhaps):
    """Is it a request that was done before?"""
    key = key_of(asked)
    if not key or not asked.done:
        return False
    if key in perhaps and not {r["action"] for r in records} - {"answer.again"}:
        return True  # whichever did it
    known = key in keys
    keys.add(key)
    return known


def purposes(asked):
    """What the records of a request may say that it was for; None: anything."""
    if asked.op.name in ("verify", "identify"):
        default = next(p for p in asked.op.parameters if p["name"] == "purpose")["schema"]["default"]
        return {asked.query.get("purpose", default)}
    if asked.op.name == "match":
        return {s.get("purpose", "identification") for s in asked.body["candidates"]} if asked.body else None
    if asked.op.name == "consent_give" and asked.body:
        return {asked.body.get("purpose")}
    return None


def compare(asked, records, keys, perhaps):
    """What is not as promised. keys: of the requests before, by Idempotency-Key; perhaps: see unclear."""
    must, may = promised(asked)
    if again(asked, records, keys, perhaps):
        must, may = [], {"answer.again"}
    out, left = [], list(records)
    for action, who in must:
        one = next((r for r in left if r["action"] in action.split() and (r["target"] == who if who is not ANY else r["target"])), None)
        if one:
            left.remove(one)
        else:
            out.append(f"no record {action} about {who}, but {[(r['action'], r['target']) for r in records]}")
    out += [f"a record {r['action']} about {r['target']} that nothing promises: {r['detail'][:200]}" for r in left if r["action"] not in may]
    for record in records:
        out += of_record(asked, record)
    asked.actions = {r["action"] for r in records}
    return out


def of_record(asked, record):
    """Is it by whom it must be, and for what was asked?"""
    out, actor = [], "login" if record["action"] == "session.refused" else asked.actor()
    if actor and not record["actor"].endswith(actor):
        out.append(f"{record['action']} is by {record['actor']}, not {actor}")
    account = asked.answer["account"] if asked.op.name == "account_create" else asked.who and asked.who.me and asked.who.me["account"]
    if account and record["action"] != "account.create" and record["account"] != account:
        out.append(f"{record['action']} is of the account {record['account']}")
    purpose, allowed = json.loads(record["detail"]).get("purpose"), purposes(asked)
    if record["action"] in ("identify", "verify", "compare", "consent.give", "consent.withdraw") and not purpose:
        out.append(f"{record['action']} names no purpose: {record['detail'][:200]}")
    if purpose and allowed and purpose not in allowed:
        out.append(f"{record['action']} is for {purpose}, and {allowed} was asked for")
    return out
