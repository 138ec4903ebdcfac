"""What is stored of somebody's face, by their consent: every route that shows or uses it, in every state.

    agreed   to identification and verification
    less     identification withdrawn, verification stands; still in the list for identification
    ended    both withdrawn; what is stored waits for the end of the grace period
    expired  both ran out
"""
import base64

from world import Api, in_time, need_pictures, picture, stamp, tearDownModule, until, world  # pylint: disable=unused-import

STATES = {"expired": "Dora", "agreed": "Anna", "less": "Berta", "ended": "Clara"}  # whose picture; the first one is made first
IMAGE = {"media": "image/jpeg"}


def setUpModule():  # pylint: disable=invalid-name
    """What is stored stays for an hour, so that it can be asked for."""
    world.start(consent__grace_hours=1, face__originals="true")


def pictures(t):
    """A body that works on their sample."""
    return {"body": {"pictures": [{"type": "sample", "sample": t["sample"]}]}}


def sources(kind):
    """A body that looks for who is like theirs."""
    return lambda t: {"body": {"sources": [{"type": kind, kind: t[kind]}]}}


def sides(kind, **more):
    """A body that compares theirs with a picture."""
    return lambda t: {"body": {"a": t["probe"], "b": {"type": kind, kind: t[kind]}}, **more}


def references(kind):
    """A body that matches theirs with a list."""
    return lambda t: {"body": {"references": [{"type": kind, kind: t[kind]}], "candidates": [{"lists": ["consents"]}]}}


NO, GONE = "consent_required", "not_found"
ANY = (None, None, NO, NO)  # any consent allows it
THIS = (None, NO, NO, NO)  # one for the purpose
HERE = (None, None, GONE, GONE)  # in memory, and gone with the last consent
COLUMNS = ("agreed", "less", "ended", "expired")
TABLE = [
    ("person_avatar", lambda t: {}, ANY), ("sample_get", lambda t: {}, ANY), ("original_get", lambda t: {}, ANY),
    ("descriptor_get", lambda t: {}, ANY),
    ("detect", pictures, ANY), ("quality", pictures, ANY), ("liveness", pictures, ANY), ("extract", pictures, ANY),
    ("extract", lambda t: {"body": picture("Elena"), **IMAGE, "person": t["person"], "ttl": 2000}, ANY),
    ("face_create", lambda t: {"body": picture("Elena"), **IMAGE, "person": t["person"], "on_duplicate": "report"}, THIS),
    ("face_create", lambda t: {"body": {"type": "face", "face": t["face"]}, "person": t["somebody"], "on_duplicate": "report"}, ANY),
    ("face_create", lambda t: {"body": {"type": "attribute", "attribute": t["attribute"]}, "on_duplicate": "report"}, (None, NO, GONE, GONE)),
    ("member_add", lambda t: {}, THIS),
    ("verify", sides("person"), ANY), ("verify", sides("face"), ANY), ("verify", sides("sample"), ANY),
    ("verify", sides("person", purpose="identification"), THIS), ("verify", sides("face", purpose="identification"), THIS),
    ("verify", sides("person", purpose="attendance"), (NO, NO, NO, NO)), ("verify", sides("attribute"), HERE),
    ("identify", sources("person"), THIS), ("identify", sources("face"), THIS), ("identify", sources("sample"), THIS),
    ("identify", sources("attribute"), HERE),
    ("match", references("person"), THIS), ("match", references("face"), THIS), ("match", references("sample"), THIS),
    ("match", references("attribute"), HERE),
    ("attribute_get", lambda t: {}, HERE), ("decision_get", lambda t: {}, HERE),
    ("decision_make", lambda t: {"body": {"action": "create"}}, (None, NO, GONE, GONE)),
]
# Of these each entry tells for itself; in the order of COLUMNS: are they there?
ONLY_AGREED = (True, False, False, False)
# Two records of one person, the one that stays and the one that goes: the purposes that are left, or why it is not done. `later`: agreed
# after the other one withdrew.
BOTH, CONFLICT = {"identification", "verification"}, "conflict"
MERGES = {
    ("agreed", "agreed"): BOTH, ("agreed", "less"): {"verification"}, ("less", "agreed"): {"verification"}, ("less", "less"): {"verification"},
    ("less", "later"): BOTH, ("later", "less"): BOTH,
    ("agreed", "ended"): CONFLICT, ("ended", "agreed"): CONFLICT, ("agreed", "expired"): CONFLICT, ("expired", "agreed"): CONFLICT,
}


class Consent(Api):
    """The table."""

    @classmethod
    def setUpClass(cls):
        need_pictures()
        api = cls()
        api.setUp()
        cls.one = api.list("consents")
        cls.somebody = api.person("Somebody", "identification")["person"]
        cls.things = {state: in_time(api.make_expiring) if state == "expired" else api.make(state) for state in STATES}
        for state, purposes in (("less", 1), ("ended", 2)):
            t = cls.things[state]
            for consent in t["consents"][:purposes]:
                api.admin.call("consent_withdraw", 200, person=t["person"], consent=consent)
        until(lambda: api.states("expired") == {"expired"})

    def states(self, name):
        """Of all consents of those with this name."""
        people = self.admin.call("people_list", 200, like=name).json["people"]
        return {c["state"] for p in people if p["name"] == name for c in p["consents"]}

    def make_expiring(self, seconds):
        """The same for so many seconds; None: they were over before all was made."""
        try:
            made = self.make("expired", stamp(seconds))
        except AssertionError:
            if "valid" in self.states("expired"):
                raise
            return None
        return made if "valid" in self.states("expired") else None

    def make(self, state, end=None):
        """Somebody with all that can be stored of them, and one who looks the same."""
        name = STATES[state]
        consents = [{"purpose": p, "method": "form", "until": end} for p in ("identification", "verification")]
        made = self.admin.call("person_create", 201, body={"name": state, "lists": ["consents"], "consents": consents}).json
        face = self.enrol(made, picture(name), keep_original=True)["face"]
        kept = self.admin.call("extract", 201, body=picture(name), **IMAGE, person=made["person"], ttl=900).json
        twin = self.person(f"Like {state}", "identification", lists=["consents"])
        self.enrol(twin, picture(name, "-quality", "80"))
        waits = self.admin.call("face_create", 202, person=made["person"], body=picture(name, "-quality", "85"), **IMAGE, on_duplicate="ask").json
        by_purpose = {c["purpose"]: c["consent"] for c in made["consents"]}
        probe = self.admin.call("extract", 201, body=picture(name), **IMAGE).json["images"][0]["faces"][0]["attribute"]["attribute"]
        return {"person": made["person"], "face": face["face"], "sample": face["sample"], "original": face["original"], "list_id": self.one["list_id"],
                "attribute": kept["images"][0]["faces"][0]["attribute"]["attribute"], "decision": waits["decision"], "somebody": self.somebody,
                "consents": [by_purpose["identification"], by_purpose["verification"]], "probe": {"type": "attribute", "attribute": probe},
                "vector": self.admin.call("descriptor_get", 200, face=face["face"]).json}

    def code(self, name, make, t):
        """The code of the problem; None: it worked."""
        op = world.spec.operations[name]
        given = {p["name"]: t[p["name"]] for p in op.parameters if p["in"] == "path"}
        return self.admin.call(name, **{**given, **make(t)}).code

    def test_every_route_in_every_state(self):
        faults = []
        for name, make, wanted in TABLE:
            for state, want in zip(COLUMNS, wanted):
                code = self.code(name, make, self.things[state])
                if code != want:
                    faults.append(f"{name} {make(self.things[state])}"[:120] + f" for who {state}: {code}, not {want}")
        self.assertEqual(faults, [])

    def each(self, shows):
        """Who of the four is there."""
        self.assertEqual(tuple(shows(self.things[state]) for state in COLUMNS), ONLY_AGREED)

    def test_searches(self):
        self.each(lambda t: t["person"] in [c["person"] for c in self.admin.call("identify", 200, body={"sources": [t["probe"]]}).json["images"][0]
                                            ["faces"][0]["candidates"]])

    def test_named_candidates(self):
        for kind, key in (("people", "person"), ("faces", "face")):
            self.each(lambda t, kind=kind, key=key: bool(self.admin.call("match", 200, body={
                "references": [t["probe"]], "candidates": [{kind: [t[key]]}]}).json["matches"][0]["candidates"]))

    def test_descriptors_go_out_for_the_lists_purpose(self):
        given = {d["person"] for d in self.admin.pages("descriptors_export", "descriptors", list="consents", limit=2)}
        self.each(lambda t: t["person"] in given)

    def test_descriptors_come_in(self):
        self.each(lambda t: self.admin.call("descriptors_import", 200, body={"descriptors": [
            {"person": t["person"], **{k: t["vector"][k] for k in ("model", "metric", "values")}}]}).json["done"] == 1)

    def test_lookalikes(self):
        def named(t):
            name = STATES[next(s for s, of in self.things.items() if of is t)]
            made = self.admin.call("face_create", person=self.somebody, body=picture(name, "-quality", "75"), **IMAGE, on_duplicate="ask").json
            return t["person"] in [d["person"] for d in made["duplicates"]]
        self.each(named)

    def record(self, state, *changes):
        """One record of Fanny, with a face; who ended is one of the four, since nothing is merged into or out of theirs."""
        if state in ("ended", "expired"):
            return self.things[state]["person"]
        made = self.person(f"Fanny {state}", *sorted(BOTH), lists=["consents"])
        self.enrol(made, picture("Fanny", *changes))
        return made["person"]

    def records(self, stays, goes):
        """One of each; nobody withdraws before both are there, but for `later`."""
        states, made = {"into": stays, "source": goes}, {}
        changes = {"into": (), "source": ("-quality", "80")}
        for late in (False, True):
            for name, state in states.items():
                if (state == "later") == late:
                    made[name] = self.record(state, *changes[name])
            for name in [n for n, state in states.items() if state == "less" and not late]:
                consents = self.admin.call("person_get", 200, person=made[name]).json["consents"]
                given = next(c["consent"] for c in consents if c["purpose"] == "identification")
                self.admin.call("consent_withdraw", 200, person=made[name], consent=given)
        return made["into"], made["source"]

    def test_merging_keeps_what_was_said_last(self):
        self.assertEqual(world.server.command("store", "expire").returncode, 0)  # who expired waits for the end of the grace period, too
        for (stays, goes), left in MERGES.items():
            with self.subTest(stays=stays, goes=goes):
                into, source = self.records(stays, goes)
                before = [self.admin.call("person_get", 200, person=p).json for p in (into, source)]
                answer = self.admin.call("person_merge", person=into, body={"from": source})
                if left is CONFLICT:
                    self.refused(answer, 409, "conflict", "erased")
                    self.assertEqual([self.admin.call("person_get", 200, person=p).json for p in (into, source)], before)
                else:
                    self.merged(answer, source, left)
                for one in {into, source} - {t["person"] for t in self.things.values()}:
                    self.admin.call("person_erase", person=one)

    def merged(self, answer, source, left):
        """One record, with the faces of both, for these purposes only."""
        person = answer.json["person"]
        probe = {"type": "base64", "data": base64.b64encode(picture("Fanny", "-quality", "70")).decode()}
        self.assertEqual((answer.status, {c["purpose"] for c in answer.json["consents"] if c["state"] == "valid"}), (200, left))
        self.assertEqual(len(answer.json["faces"]), 2)
        for face in answer.json["faces"]:
            self.admin.call("sample_get", 200, sample=face["sample"])
        for purpose in BOTH:
            code = self.admin.call("verify", body={"a": probe, "b": {"type": "person", "person": person}}, purpose=purpose).code
            self.assertEqual(code, None if purpose in left else NO, purpose)
        self.assertEqual(person in self.identified(picture("Fanny", "-quality", "70")), "identification" in left)
        self.admin.call("person_get", 404, person=source)
