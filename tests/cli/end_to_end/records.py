#!/usr/bin/env python3
"""Users, accounts, the audit log, backups, the master key, the store. See program.py."""
import json
import shutil
import sqlite3

from program import Case, CONSENT, file, main, mien, portrait, scratch


class Records(Case):
    """The audit log, the master key and the store as a whole, on data directories of their own."""

    def data(self, name):
        data = ["--data", scratch / name]
        for person in ("Anna", "Dora"):
            self.ok(mien("enroll", *data, "--name", person, "--list", "staff", *CONSENT, portrait(person)))
        return data

    def test_nobody_there(self):
        for command in ("audit verify", "audit export", "keys show", "keys rotate", "store check", "store stats",
                        "gallery stats", "gallery rebuild"):
            self.refused(mien(*command.split(), "--data", scratch / "none"), 3, "nobody is enrolled here")
        self.assertFalse((scratch / "none").exists())

    def test_users(self):
        data = ["--data", scratch / "users", "--set", "login.memory_kib=8192"]
        made = self.ok(mien("user", "add", *data, "--role", "administrator", "admin", "--json")).json
        self.assertEqual((made["login"], made["roles"], made["active"], made["password_change"]),
                         ("admin", ["administrator"], True, True))
        self.assertRegex(made["one_time_password"], r"^[a-km-np-z2-9]{5}(-[a-km-np-z2-9]{5}){3}$")
        jan = self.ok(mien("user", "add", *data, "--name", "Jan Okafor", "--role", "operator,auditor", "--password", "jan",
                           "--json", input=b"correct horse battery\n")).json
        self.assertEqual((jan["name"], jan["roles"], jan["password_change"]), ("Jan Okafor", ["operator", "auditor"], False))
        self.assertNotIn("one_time_password", jan)
        add = ("user", "add", *data, "eva")
        self.refused(mien(*add), 3, "--role")
        self.refused(mien(*add, "--role", "king"), 3, "king")
        self.refused(mien(*add, "--role", "operator", "--password", input=b"short\n"), 3, "too short")
        self.refused(mien("user", "add", *data, "--role", "operator", "jan"), 3, "already")
        self.assertFalse(self.ok(mien("user", "disable", *data, "jan", "--json")).json["active"])
        self.assertTrue(self.ok(mien("user", "enable", *data, "jan", "--json")).json["active"])
        self.assertIn("one_time_password", self.ok(mien("user", "passwd", *data, "jan", "--json")).json)
        self.assertEqual([u["login"] for u in self.ok(mien("user", "list", *data, "--json")).lines], ["admin", "jan"])
        self.ok(mien("user", "remove", *data, "jan"))
        self.refused(mien("user", "remove", *data, "jan"), 3, "jan")
        self.refused(mien("user", "remove", *data, "admin"), 3, "last administrator")

    def test_accounts(self):
        data = ["--data", scratch / "accounts", "--set", "login.memory_kib=8192"]
        acme = self.ok(mien("account", "add", *data, "--admin", "boss", "--max-people", "5000", "acme", "--json")).json
        self.assertEqual((acme["name"], acme["active"], acme["max_people"], acme["max_faces"], acme["admin"]["login"]),
                         ("acme", True, 5000, None, "boss"))
        self.assertEqual([u["login"] for u in self.ok(mien("user", "list", *data, "--account", "acme", "--json")).lines],
                         ["boss"])
        self.assertEqual(self.ok(mien("user", "list", *data)).out, "")
        self.assertFalse(self.ok(mien("account", "suspend", *data, "acme", "--json")).json["active"])
        self.assertTrue(self.ok(mien("account", "resume", *data, acme["account"], "--json")).json["active"])
        self.refused(mien("account", "suspend", *data, "default"), 3, "first account")
        self.refused(mien("account", "add", *data, "a/b"), 3, "/")
        self.refused(mien("account", "add", *data, "--max-people", "many", "b"), 3, "--max-people")
        self.refused(mien("user", "list", *data, "--account", "none"), 3, "none")
        self.assertEqual([a["name"] for a in self.ok(mien("account", "list", *data, "--json")).lines], ["acme", "default"])

    def test_audit(self):
        data = self.data("audited")
        self.ok(mien("identify", *data, portrait("Anna")))
        verified = self.ok(mien("audit", "verify", *data, "--json")).json
        self.assertEqual((verified["intact"], verified["records"]), (True, 3))
        exported = self.ok(mien("audit", "export", *data)).lines
        self.assertEqual([r["seq"] for r in exported], [1, 2, 3, 4])
        self.assertEqual([r["action"] for r in exported], ["person.enrol", "person.enrol", "identify", "audit.export"])
        self.assertEqual(exported[2]["hash"], verified["head"])
        self.assertEqual([r["prev"] for r in exported[1:]], [r["hash"] for r in exported[:-1]])
        self.assertEqual(set(exported[0]), {"seq", "time", "time_us", "account", "actor", "action", "target", "detail",
                                            "prev", "hash"})
        self.assertTrue(exported[0]["actor"].startswith("cli:"))
        self.assertEqual(json.loads(exported[3]["detail"]), {"from": "1970-01-01T00:00:00.000Z", "to": "never"})
        self.assertEqual(self.ok(mien("audit", "export", *data, "--to", "1h")).out, "")
        self.assertEqual(len(self.ok(mien("audit", "export", *data, "--from", "1h")).lines), 6)
        self.assertIn("records      6, none changed", self.ok(mien("audit", "verify", *data)).out)

    def test_a_changed_audit_log(self):
        data = self.data("tampered")
        self.ok(mien("store", "check", *data))
        db = sqlite3.connect(scratch / "tampered/mien.db")
        for trigger in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'").fetchall():
            db.execute(f"DROP TRIGGER {trigger[0]}")
        db.execute("UPDATE audit SET actor = 'cli:nobody' WHERE seq = 1")
        db.commit()
        db.close()
        self.assertIn("audit record 1 was changed", self.ok(mien("audit", "verify", *data), 1).out)
        broken = self.ok(mien("audit", "verify", *data, "--json"), 1).json
        self.assertEqual((broken["intact"], broken["error"]["code"]), (False, "corrupt"))
        self.assertFalse(self.ok(mien("store", "check", *data, "--json"), 1).json["sound"])

    def test_backup_and_restore(self):
        data, folder = self.data("saved"), scratch / "backups"
        made = self.ok(mien("backup", "--verify", "--json", *data, folder)).json
        self.assertEqual((made["people"], made["samples"], made["copied"], made["verified"]), (2, 2, 2, True))
        self.assertEqual(self.ok(mien("backup", *data, folder, "--json")).json["copied"], 0)
        self.assertEqual(self.ok(mien("people", "erase", "--yes", *data, "Dora")).err, "")
        listed = self.ok(mien("backup", "list", folder, "--json")).json["backups"]
        self.assertEqual([b["people"] for b in listed], [2, 2])
        self.assertIn("people 2", self.ok(mien("backup", "list", folder)).out)
        self.ok(mien("backup", "verify", folder, made["name"]))
        new = ["--data", scratch / "saved-again"]
        back = self.ok(mien("restore", *new, folder, made["name"], "--json")).json
        self.assertEqual((back["people"], back["erased"], back["samples"]), (1, 1, 1))
        again = self.ok(mien("restore", *new, folder, made["name"], "--json"))
        self.assertEqual(again.json, back)
        self.assertIn("restored there already, and is whole", again.err)
        refused = self.ok(mien("people", "list", *new), 3)
        self.assertIn("master", refused.err)
        shutil.copy2(scratch / "saved/master.key", scratch / "saved-again/master.key")
        people = self.ok(mien("people", "list", *new, "--json")).json["people"]
        self.assertEqual([p["name"] for p in people], ["Anna"])
        self.ok(mien("store", "check", *new))
        self.assertIn("nothing is overwritten", self.ok(mien("restore", *new, folder), 3).err)
        pruned = self.ok(mien("backup", "prune", "--keep", "1", folder, "--json")).json
        self.assertEqual((pruned["removed"], pruned["left"]), (1, 1))
        self.assertIn("--keep", self.ok(mien("backup", "prune", folder), 2).err)
        records = scratch / "backups" / listed[1]["name"] / "records"
        whole = records.read_bytes()
        records.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        self.assertIn("damaged", self.ok(mien("backup", "verify", folder), 1).out)
        self.assertFalse(self.ok(mien("backup", "verify", folder, "--json"), 1).json["sound"])
        self.assertIn("damaged", self.ok(mien("restore", "--data", scratch / "no", folder), 3).err)
        self.assertFalse((scratch / "no").exists())

    def test_erased_while_the_backup_is_away(self):
        data, folder = self.data("away"), scratch / "far"
        self.ok(mien("backup", *data, folder))
        folder.rename(scratch / "unplugged")
        self.assertIn("could not be reached", self.ok(mien("people", "erase", "--yes", *data, "Anna")).err)
        (scratch / "unplugged").rename(folder)
        self.ok(mien("people", "list", *data))
        self.ok(mien("restore", "--data", scratch / "away-again", folder))
        db = sqlite3.connect(scratch / "away-again/mien.db")
        self.assertEqual(db.execute("SELECT name FROM person").fetchall(), [("Dora",)])
        db.close()

    def test_migrate_and_copy(self):
        data = self.data("moving")
        newest = self.ok(mien("store", "migrate", *data, "--json", "--dry-run")).json
        self.assertEqual((newest["version"], newest["migrated"]), (newest["newest"], False))
        self.assertIn("nothing to do", self.ok(mien("store", "migrate", *data)).out)
        self.ok(mien("store", "migrate", "--data", scratch / "nowhere"), 3)
        copied = self.ok(mien("store", "copy", *data, scratch / "moved", "--json")).json
        self.assertFalse(copied["moved_on"])
        self.assertEqual(self.ok(mien("store", "copy", *data, scratch / "moved", "--json")).json, copied)  # whole already
        shutil.copy2(scratch / "moving/master.key", scratch / "moved/master.key")
        head = self.ok(mien("audit", "verify", *data, "--json")).json
        self.assertEqual(self.ok(mien("audit", "verify", "--data", scratch / "moved", "--json")).json, head)
        # It is used, so it is not the copy any more.
        self.ok(mien("lists", "create", "--data", scratch / "moved", "--purpose", "identification", "later"))
        self.assertIn("nothing is overwritten", self.ok(mien("store", "copy", *data, scratch / "moved"), 3).err)
        self.ok(mien("store", "copy", *data, "mysql://elsewhere"), 3)

    def test_gallery(self):
        data = self.data("searched")
        fields = {"rows", "people", "lists", "dim", "chunks", "tombstones", "sketched_chunks", "bytes", "cold_bytes",
                  "bytes_per_row", "generation", "from_snapshot", "snapshot", "prefilter", "unreadable"}
        stats = self.ok(mien("gallery", "stats", *data, "--json")).json
        self.assertEqual(set(stats), fields)
        self.assertEqual((stats["rows"], stats["people"], stats["lists"], stats["tombstones"]), (2, 2, 1, 0))
        self.assertIsNone(stats["snapshot"])
        rebuilt = self.ok(mien("gallery", "rebuild", *data, "--json")).json
        self.assertFalse(rebuilt["from_snapshot"])
        self.assertEqual((rebuilt["snapshot"]["rows"], rebuilt["snapshot"]["behind"]), (2, 0))
        file, = (scratch / "searched").glob("gallery.*.snapshot")
        self.assertEqual(rebuilt["snapshot"]["bytes"], file.stat().st_size)
        stats = self.ok(mien("gallery", "stats", *data, "--json")).json
        self.assertTrue(stats["from_snapshot"])
        self.assertRegex(self.ok(mien("gallery", "stats", *data)).out, r"rows +2\n[^$]*used just now")
        self.ok(mien("identify", *data, portrait("Anna")))
        self.ok(mien("people", "erase", "--yes", *data, "Dora"))
        stats = self.ok(mien("gallery", "stats", *data, "--json")).json
        self.assertEqual((stats["rows"], stats["from_snapshot"]), (1, False))  # it died with her
        self.ok(mien("gallery", "rebuild", *data))
        whole = file.read_bytes()
        file.write_bytes(whole[:-1])
        broken = self.ok(mien("identify", *data, portrait("Anna")))
        self.assertIn("thrown away", broken.err)
        self.assertFalse(file.exists())

    def test_store(self):
        data = self.data("counted")
        stats = self.ok(mien("store", "stats", *data, "--json")).json
        self.assertEqual(stats, {"people": 2, "faces": 2, "descriptors": 2, "consents": 2, "lists": 1, "audit": 2})
        self.assertRegex(self.ok(mien("store", "stats", *data)).out, r"(?m)^people +2$")
        self.assertEqual(self.ok(mien("store", "check", *data, "--json")).json,
                         {"sound": True, "audit": 2, "keys": 2, "descriptors": 2, "blobs": 2, "damaged": 0, "orphans": 0,
                          "found": []})
        db = sqlite3.connect(scratch / "counted/mien.db")
        person, sealed = db.execute("SELECT lower(hex(person)), sealed FROM descriptor JOIN face ON face = id").fetchone()
        db.execute("UPDATE descriptor SET sealed = ? WHERE sealed = ?", (sealed[:-1] + bytes([sealed[-1] ^ 1]), sealed))
        db.commit()
        db.close()
        broken = self.ok(mien("store", "check", *data, "--json"), 1).json
        self.assertEqual((broken["sound"], broken["damaged"], broken["found"][0]["kind"]), (False, 1, "descriptor"))
        self.assertEqual(broken["found"][0]["person"].replace("-", ""), person)
        self.assertIn(broken["found"][0]["person"], self.ok(mien("store", "check", *data), 1).out)
        # Nobody else is the worse for it.
        self.assertIn("store check", self.ok(mien("gallery", "rebuild", *data)).err)
        self.assertIn("unreadable", self.ok(mien("gallery", "rebuild", *data)).out)

    def test_key_file(self):
        data = self.data("rotated")
        key = scratch / "rotated/master.key"
        before, old = self.ok(mien("keys", "show", *data, "--json")).json, key.read_bytes()
        self.assertEqual((before["source"], before["current"], before["older"]), ("file", 2, 0))
        done = self.ok(mien("keys", "rotate", *data, "--json")).json
        self.assertEqual((done["keys"], done["resumed"]), (2, False))
        after = self.ok(mien("keys", "show", *data, "--json")).json
        self.assertEqual(after["master_key"], done["master_key"])
        self.assertNotEqual(after["master_key"], before["master_key"])
        self.assertEqual((after["current"], after["older"]), (2, 0))
        self.assertNotEqual(key.read_bytes(), old)
        self.assertEqual({p.name for p in key.parent.glob("master.key*")}, {"master.key"})
        self.ok(mien("identify", *data, portrait("Anna")))
        record = [r for r in self.ok(mien("audit", "export", *data)).lines if r["action"] == "master.rotate"]
        self.assertEqual(len(record), 1)
        self.assertEqual(json.loads(record[0]["detail"])["to"], after["master_key"])
        key.write_bytes(old)
        self.refused(mien("people", "list", *data), 3, "the store's deployment key", after["master_key"])

    def test_key_from_the_environment(self):
        first, second = {"MIEN_MASTER_KEY": "A" * 43 + "="}, {"MIEN_MASTER_KEY": "B" * 42 + "A="}
        both = {**first, "MIEN_MASTER_KEY_NEW": second["MIEN_MASTER_KEY"]}
        data = ["--data", scratch / "environment", "--set", "key.source=environment"]
        self.ok(mien("enroll", *data, "--name", "Anna", "--list", "staff", *CONSENT, portrait("Anna"), env=first))
        self.assertFalse((scratch / "environment/master.key").exists())
        self.refused(mien("people", "list", *data), 3, "MIEN_MASTER_KEY is not set")
        self.refused(mien("keys", "rotate", *data, env=first), 3, "MIEN_MASTER_KEY_NEW")
        self.assertIn("people       1 wrapped by it", self.ok(mien("keys", "rotate", *data, env=both)).out)
        self.assertIn("from: environment", self.ok(mien("keys", "show", *data, env=second)).out)
        self.ok(mien("identify", *data, portrait("Anna"), env=second))
        self.refused(mien("people", "list", *data, env=first), 3, "which is not here")


if __name__ == "__main__":
    main()
