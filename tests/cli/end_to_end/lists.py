#!/usr/bin/env python3
"""Lists of people as records. See program.py."""
import json
import time

from program import Case, CONSENT, main, mien, portrait, scratch, terminal

FIELDS = {"list", "name", "purpose", "comment", "retention_s", "fmr", "color", "active", "acknowledge", "sound", "members",
          "created", "updated"}


class Lists(Case):
    def test_life(self):
        data = ["--data", scratch / "lists"]
        self.refused(mien("lists", "list", *data), 3, "nobody is enrolled here")
        made = self.ok(mien("lists", "create", *data, "--json", "--purpose", "attendance", "--retention", "90d", "--threshold", "1e-5",
                            "--color", "#2f6fde", "--comment", "Mondays", "course")).json
        self.assertEqual(set(made), FIELDS)
        self.assertEqual((made["name"], made["purpose"], made["retention_s"], made["fmr"], made["color"], made["comment"],
                          made["active"], made["acknowledge"], made["sound"], made["members"]),
                         ("course", "attendance", 90 * 86400, 1e-5, "#2f6fde", "Mondays", True, False, False, 0))
        plain = self.ok(mien("lists", "create", *data, "--json", "--purpose", "identification", "staff")).json
        self.assertEqual((plain["retention_s"], plain["fmr"], plain["color"], plain["comment"]), (None, None, None, ""))
        self.assertEqual(self.ok(mien("lists", "show", *data, "--json", "course", plain["list"])).json["lists"], [made, plain])
        text = self.ok(mien("lists", "show", *data, "course")).out
        for line in ("course\n", "purpose      attendance", "retention    90 days from joining on", "threshold    1 in 100 000",
                     "color        #2f6fde", "comment      Mondays", "state        active"):
            self.assertIn(line, text)
        self.change(data, made)
        self.delete(data, plain)

    def change(self, data, made):
        changed = self.ok(mien("lists", "change", *data, "--json", "--name", "course 7", "--retention", "none", "--threshold", "none",
                               "--color", "none", "--comment", "", "--active", "no", "--acknowledge", "yes", "--sound", "yes",
                               "course")).json
        expected = {**made, "name": "course 7", "retention_s": None, "fmr": None, "color": None, "comment": "", "active": False,
                    "acknowledge": True, "sound": True, "updated": changed["updated"]}
        self.assertEqual(changed, expected)
        self.assertGreater(changed["updated"], made["updated"])
        again = self.ok(mien("lists", "change", *data, "--json", "--active", "yes", "course 7")).json
        self.assertEqual({**again, "updated": None}, {**expected, "active": True, "updated": None})
        self.refused(mien("lists", "change", *data, "course"), 3, 'there is no list "course"')
        self.refused(mien("lists", "change", *data, "--name", "staff", "course 7"), 3, 'there is a list "staff" already')
        self.refused(mien("lists", "change", *data, "--purpose", "attendance", "course 7"), 2, "takes no --purpose")

    def delete(self, data, plain):
        self.refused(mien("lists", "delete", *data, "staff"), 2, "needs --yes")
        self.ok(terminal("n", "lists", "delete", *data, "staff"), 1)
        self.assertIn("staff", self.ok(mien("lists", "list", *data)).out)
        self.ok(terminal("y", "lists", "delete", *data, "course 7"))
        gone = self.ok(mien("lists", "delete", *data, "--yes", "--json", "none", "staff"), 3)
        self.assertEqual(gone.json, {"lists": [{"list": plain["list"], "name": "staff", "members": 0}]})
        self.assertIn('there is no list "none"', gone.err)
        self.assertEqual(self.ok(mien("lists", "list", *data)).out, "no list\n")
        actions = [r["action"] for r in self.ok(mien("audit", "export", *data)).lines]
        self.assertEqual([a for a in actions if a.startswith("list.")],
                         ["list.create"] * 2 + ["list.change"] * 2 + ["list.delete"] * 2)

    def test_what_is_wrong(self):
        data = ["--data", scratch / "wrong-lists"]
        create = ("lists", "create", *data)
        self.refused(mien(*create, "staff"), 2, "--purpose")
        create += ("--purpose", "identification")
        for option, value, words in (("--retention", "soon", "--retention soon"), ("--threshold", "often", "--threshold often"),
                                     ("--threshold", "0", "--threshold 0"), ("--active", "maybe", "yes, no")):
            self.refused(mien(*create, option, value, "staff"), 2, words)
        self.assertFalse((scratch / "wrong-lists").exists())
        self.refused(mien(*create, "--color", "red", "staff"), 3, "#rrggbb")
        self.refused(mien(*create, "a" * 201), 3, "longer than 200 bytes")
        self.ok(mien(*create, "staff"))
        self.refused(mien(*create, "staff"), 3, "already")
        self.refused(mien("lists", "list", *data, "--after", "none"), 3, 'there is no list "none"')
        self.refused(mien("lists", "list", *data, "--limit", "0"), 2, "--limit")

    def test_page_after_page(self):
        data = ["--data", scratch / "pages"]
        for i in range(5):
            purpose = "attendance" if i % 2 else "identification"
            self.ok(mien("lists", "create", *data, "--purpose", purpose, f"list {i}"))
        everything = self.ok(mien("lists", "list", *data, "--json")).json
        self.assertEqual(([l["name"] for l in everything["lists"]], everything["next"]), ([f"list {i}" for i in range(5)], None))
        seen, after = [], []
        while after is not None:
            page = self.ok(mien("lists", "list", *data, "--json", "--limit", "2", *after)).json
            self.assertLessEqual(len(page["lists"]), 2)
            seen += page["lists"]
            after = ["--after", page["next"]] if page["next"] else None
        self.assertEqual(seen, everything["lists"])
        self.assertIsNone(self.ok(mien("lists", "list", *data, "--json", "--limit", "5")).json["next"])
        text = self.ok(mien("lists", "list", *data, "--limit", "2"))
        self.assertEqual(len(text.out.splitlines()), 2)
        self.assertIn("--after 'list 1'", text.err)
        some = self.ok(mien("lists", "list", *data, "--json", "--purpose", "attendance", "--after", "list 1")).json["lists"]
        self.assertEqual([l["name"] for l in some], ["list 3"])
        self.assertEqual([l["name"] for l in self.ok(mien("lists", "list", *data, "--json", "--like", "T 4")).json["lists"]], ["list 4"])

    def test_who_is_in_it(self):
        data = ["--data", scratch / "members"]
        self.ok(mien("enroll", *data, "--name", "Anna", "--list", "staff", *CONSENT, portrait("Anna")))
        self.ok(mien("lists", "create", *data, "--purpose", "identification", "--retention", "30d", "visitors"))
        self.ok(mien("lists", "create", *data, "--purpose", "attendance", "course"))
        added = self.ok(mien("lists", "add", *data, "--json", "visitors", "nobody", "Anna"), 3)
        self.assertEqual([(p["name"], set(p)) for p in added.json["people"]], [("Anna", {"person", "name", "list", "until"})])
        self.assertIn("nobody", added.err)
        self.assertIsNotNone(added.json["people"][0]["until"])
        self.ok(mien("identify", *data, "--list", "visitors", portrait("Anna")))
        self.refused(mien("lists", "add", *data, "course", "Anna"), 3, "attendance")  # not agreed to
        self.assertIn("Anna is not any more in visitors", self.ok(mien("lists", "remove", *data, "visitors", "Anna")).out)
        self.refused(mien("lists", "remove", *data, "visitors", "Anna"), 3, "Anna")
        shown = self.ok(mien("people", "show", *data, "--json", "Anna")).json["people"][0]
        self.assertEqual(shown["lists"], ["staff"])

    def test_its_retention_ends(self):
        data = ["--data", scratch / "brief"]
        self.ok(mien("enroll", *data, "--name", "Anna", "--list", "staff", *CONSENT, portrait("Anna")))
        self.ok(mien("lists", "create", *data, "--purpose", "identification", "--retention", "1s", "visitors"))
        self.ok(mien("lists", "add", *data, "visitors", "Anna"))
        time.sleep(1.1)
        gone = self.ok(mien("store", "expire", *data, "--json")).json
        self.assertEqual(gone, {"people": 0, "memberships": 1})
        self.assertEqual(self.ok(mien("lists", "show", *data, "--json", "visitors")).json["lists"][0]["members"], 0)
        self.assertEqual(self.ok(mien("people", "show", *data, "--json", "Anna")).json["people"][0]["lists"], ["staff"])
        self.ok(mien("identify", *data, "--list", "visitors", portrait("Anna")), 1)
        self.ok(mien("identify", *data, "--list", "staff", portrait("Anna")))
        log = [json.loads(line) for line in self.ok(mien("audit", "export", *data)).out.splitlines()]
        self.assertEqual([r["actor"] for r in log if r["action"] == "list.members.expire"], ["mien"])
        self.assertIn("memberships that ended: 0", self.ok(mien("store", "expire", *data)).out)

    def test_its_rules_hold(self):
        """What was set here is what enrolment and search go by."""
        data = ["--data", scratch / "ruled"]
        self.ok(mien("lists", "create", *data, "--purpose", "identification", "--retention", "30d", "staff"))
        self.ok(mien("enroll", *data, "--name", "Anna", "--list", "staff", *CONSENT, portrait("Anna")))
        self.assertEqual(self.ok(mien("lists", "show", *data, "--json", "staff")).json["lists"][0]["members"], 1)
        verify = ("verify", *data, "--json", "--list", "staff", "Anna", portrait("Anna"))
        self.ok(mien("lists", "change", *data, "--threshold", "1e-3", "staff"))
        self.assertEqual(self.ok(mien(*verify)).json["threshold"]["fmr"], 1e-3)
        self.ok(mien("lists", "change", *data, "--active", "no", "staff"))
        self.assertNotEqual(mien("identify", *data, "--list", "staff", portrait("Anna")).status, 0)
        self.ok(mien("lists", "change", *data, "--active", "yes", "staff"))
        self.ok(mien("identify", *data, "--list", "staff", portrait("Anna")))
        self.ok(mien("lists", "delete", *data, "--yes", "staff"))
        self.assertEqual([p["name"] for p in self.ok(mien("people", "list", *data, "--json")).json["people"]], ["Anna"])
        self.ok(mien("identify", *data, portrait("Anna")), 1)


if __name__ == "__main__":
    main()
