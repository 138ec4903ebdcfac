/* The tables, as numbered migrations that only go forward. user_version is the number of those that ran. A
 * migration that was released never changes: what comes later is one more. */
#include "store/sqlite_internal.h"

#include <stdio.h>

#define APPLICATION_ID 0x6d69656e /* "mien" */

#define ACCESS_TRIGGER(name, when)                                                                           \
    "CREATE TRIGGER " name " AFTER " when " BEGIN UPDATE access_state SET generation = generation + 1; END;"

/* Times are microseconds since 1970 UTC; 9223372036854775807 is never. Ids are 16 bytes. */
static const char *const migrations[] = {
    /* 1: accounts, people and their keys, consent, lists, faces, descriptors, change log, trash, audit log */
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"

    "CREATE TABLE account (id BLOB PRIMARY KEY CHECK (length(id) = 16), name TEXT NOT NULL UNIQUE,"
    " created INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "INSERT INTO account VALUES (zeroblob(16), 'default', CAST(strftime('%s', 'now') AS INTEGER) * 1000000);"

    "CREATE TABLE person (id BLOB PRIMARY KEY CHECK (length(id) = 16), account BLOB NOT NULL REFERENCES "
    "account (id),"
    " external_id TEXT, name TEXT NOT NULL, user_data TEXT, active INTEGER NOT NULL CHECK (active IN (0, 1)),"
    " created INTEGER NOT NULL, updated INTEGER NOT NULL, UNIQUE (account, external_id)) STRICT, WITHOUT "
    "ROWID;"
    "CREATE INDEX person_name ON person (account, name);"

    "CREATE TABLE person_key (person BLOB PRIMARY KEY REFERENCES person (id) ON DELETE CASCADE, wrapped BLOB "
    "NOT NULL)"
    " STRICT, WITHOUT ROWID;"

    "CREATE TABLE consent (id BLOB PRIMARY KEY CHECK (length(id) = 16),"
    " person BLOB NOT NULL REFERENCES person (id) ON DELETE CASCADE,"
    " purpose TEXT NOT NULL CHECK (purpose IN ('verification', 'identification', 'live_identification', "
    "'attendance')),"
    " method TEXT NOT NULL, evidence TEXT, given INTEGER NOT NULL, until INTEGER NOT NULL, withdrawn INTEGER "
    "NOT NULL)"
    " STRICT, WITHOUT ROWID;"
    "CREATE INDEX consent_person ON consent (person);"
    "CREATE INDEX consent_until ON consent (until);"

    "CREATE TABLE list (id BLOB PRIMARY KEY CHECK (length(id) = 16), account BLOB NOT NULL REFERENCES "
    "account (id),"
    " name TEXT NOT NULL,"
    " purpose TEXT NOT NULL CHECK (purpose IN ('verification', 'identification', 'live_identification', "
    "'attendance')),"
    " retention INTEGER NOT NULL CHECK (retention > 0), fmr REAL NOT NULL, created INTEGER NOT NULL,"
    " UNIQUE (account, name)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE member (list BLOB NOT NULL REFERENCES list (id) ON DELETE CASCADE,"
    " person BLOB NOT NULL REFERENCES person (id) ON DELETE CASCADE, added INTEGER NOT NULL, until INTEGER "
    "NOT NULL,"
    " PRIMARY KEY (list, person)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX member_person ON member (person);"
    "CREATE INDEX member_until ON member (until);"

    "CREATE TABLE face (id BLOB PRIMARY KEY CHECK (length(id) = 16),"
    " person BLOB NOT NULL REFERENCES person (id) ON DELETE CASCADE, source TEXT, source_hash TEXT,"
    " quality REAL NOT NULL, sample BLOB, created INTEGER NOT NULL, UNIQUE (person, source_hash))"
    " STRICT, WITHOUT ROWID;"

    /* With rowid: the rows are large, and new ones go to the end. */
    "CREATE TABLE descriptor (face BLOB NOT NULL REFERENCES face (id) ON DELETE CASCADE, model TEXT NOT NULL,"
    " dim INTEGER NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (face, model)) STRICT;"

    /* One row a person, with the number of the newest change: the log does not grow with the number of
       changes. */
    "CREATE TABLE change (seq INTEGER PRIMARY KEY AUTOINCREMENT, person BLOB NOT NULL UNIQUE) STRICT;"

    "CREATE TABLE trash (blob BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;"

    "CREATE TABLE audit (seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, account BLOB NOT NULL, actor TEXT "
    "NOT NULL,"
    " action TEXT NOT NULL, target TEXT, detail TEXT, prev BLOB NOT NULL, hash BLOB NOT NULL) STRICT;"
    "CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit"
    " BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;"
    "CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit"
    " BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;",

    /* 2: limits of accounts; users, roles, tokens, sessions, and the number that says they changed */
    "ALTER TABLE account ADD COLUMN suspended INTEGER NOT NULL DEFAULT 0 CHECK (suspended IN (0, 1));"
    "ALTER TABLE account ADD COLUMN expires INTEGER NOT NULL DEFAULT 9223372036854775807;"
    "ALTER TABLE account ADD COLUMN people_max INTEGER NOT NULL DEFAULT 0 CHECK (people_max >= 0);"
    "ALTER TABLE account ADD COLUMN faces_max INTEGER NOT NULL DEFAULT 0 CHECK (faces_max >= 0);"
    "ALTER TABLE account ADD COLUMN cameras_max INTEGER NOT NULL DEFAULT 0 CHECK (cameras_max >= 0);"
    "ALTER TABLE account ADD COLUMN features TEXT;"
    "ALTER TABLE account ADD COLUMN comment TEXT;"
    "ALTER TABLE account ADD COLUMN updated INTEGER NOT NULL DEFAULT 0;"

    "CREATE TABLE login_user (id BLOB PRIMARY KEY CHECK (length(id) = 16),"
    " account BLOB NOT NULL REFERENCES account (id), login TEXT NOT NULL, name TEXT NOT NULL, comment TEXT,"
    " password TEXT, roles TEXT NOT NULL, limited INTEGER NOT NULL CHECK (limited IN (0, 1)),"
    " lists BLOB NOT NULL CHECK (length(lists) % 16 = 0), once INTEGER NOT NULL CHECK (once IN (0, 1)),"
    " disabled INTEGER NOT NULL CHECK (disabled IN (0, 1)), created INTEGER NOT NULL,"
    " updated INTEGER NOT NULL, seen INTEGER NOT NULL, failures INTEGER NOT NULL, locked INTEGER NOT NULL,"
    " UNIQUE (account, login)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE role (id BLOB PRIMARY KEY CHECK (length(id) = 16),"
    " account BLOB NOT NULL REFERENCES account (id), name TEXT NOT NULL, text TEXT, rights TEXT NOT NULL,"
    " limited INTEGER NOT NULL CHECK (limited IN (0, 1)), lists BLOB NOT NULL CHECK (length(lists) % 16 = 0),"
    " created INTEGER NOT NULL, updated INTEGER NOT NULL, UNIQUE (account, name)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE token (id BLOB PRIMARY KEY CHECK (length(id) = 16),"
    " account BLOB NOT NULL REFERENCES account (id),"
    " owner BLOB NOT NULL REFERENCES login_user (id) ON DELETE CASCADE, name TEXT NOT NULL,"
    " hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32), rights TEXT NOT NULL,"
    " limited INTEGER NOT NULL CHECK (limited IN (0, 1)), lists BLOB NOT NULL CHECK (length(lists) % 16 = 0),"
    " created INTEGER NOT NULL, until INTEGER NOT NULL, used INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX token_account ON token (account, id);"
    "CREATE INDEX token_owner ON token (owner);"

    "CREATE TABLE session (id BLOB PRIMARY KEY CHECK (length(id) = 16),"
    " account BLOB NOT NULL REFERENCES account (id),"
    " owner BLOB NOT NULL REFERENCES login_user (id) ON DELETE CASCADE,"
    " hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32), address TEXT, program TEXT,"
    " created INTEGER NOT NULL, seen INTEGER NOT NULL, until INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX session_owner ON session (owner, id);"

    "CREATE TABLE access_state (id INTEGER PRIMARY KEY CHECK (id = 1), generation INTEGER NOT NULL) STRICT;"
    "INSERT INTO access_state VALUES (1, 1);" ACCESS_TRIGGER("account_changed", "UPDATE ON account")
        ACCESS_TRIGGER("user_changed",
                       "UPDATE OF login, password, roles, limited, lists, once, disabled ON login_user")
            ACCESS_TRIGGER("user_deleted", "DELETE ON login_user") ACCESS_TRIGGER(
                "role_changed", "UPDATE ON role") ACCESS_TRIGGER("role_deleted", "DELETE ON role")
                ACCESS_TRIGGER("token_changed", "UPDATE OF name, rights, limited, lists, until ON token")
                    ACCESS_TRIGGER("token_deleted", "DELETE ON token")
                        ACCESS_TRIGGER("session_deleted", "DELETE ON session"),

    /* 3: what is going to be destroyed, and when */
    "CREATE TABLE erasure (person BLOB PRIMARY KEY REFERENCES person (id) ON DELETE CASCADE,"
    " asked INTEGER NOT NULL, due INTEGER NOT NULL,"
    " why TEXT NOT NULL CHECK (why IN ('withdrawn', 'expired', 'asked')),"
    " whole INTEGER NOT NULL CHECK (whole IN (0, 1))) STRICT, WITHOUT ROWID;"
    "CREATE INDEX erasure_due ON erasure (due);",

    /* 4: whole pictures; looking through faces */
    "CREATE TABLE original (face BLOB PRIMARY KEY REFERENCES face (id) ON DELETE CASCADE,"
    " blob BLOB NOT NULL CHECK (length(blob) = 16), format TEXT NOT NULL,"
    " bytes INTEGER NOT NULL CHECK (bytes >= 0)) STRICT, WITHOUT ROWID;"
    "CREATE TRIGGER original_deleted AFTER DELETE ON original BEGIN"
    " INSERT OR IGNORE INTO trash (blob) VALUES (old.blob); END;"
    "CREATE INDEX face_created ON face (created, id);"
    "CREATE INDEX face_quality ON face (quality, id);",

    /* 5: custom fields; what lists look like; evidence of consents; kept answers; looking through people */
    "ALTER TABLE person ADD COLUMN custom TEXT;"
    "ALTER TABLE person ADD COLUMN avatar BLOB CHECK (length(avatar) = 16);"
    "CREATE INDEX person_created ON person (account, created, id);"
    "CREATE INDEX person_updated ON person (account, updated, id);"
    "ALTER TABLE list ADD COLUMN updated INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE list ADD COLUMN comment TEXT;"
    "ALTER TABLE list ADD COLUMN color TEXT;"
    "ALTER TABLE list ADD COLUMN inactive INTEGER NOT NULL DEFAULT 0 CHECK (inactive IN (0, 1));"
    "ALTER TABLE list ADD COLUMN acknowledge INTEGER NOT NULL DEFAULT 0 CHECK (acknowledge IN (0, 1));"
    "ALTER TABLE list ADD COLUMN sound INTEGER NOT NULL DEFAULT 0 CHECK (sound IN (0, 1));"
    "UPDATE list SET updated = created;"

    "CREATE TABLE evidence (consent BLOB PRIMARY KEY REFERENCES consent (id) ON DELETE CASCADE,"
    " blob BLOB NOT NULL CHECK (length(blob) = 16), format TEXT NOT NULL,"
    " bytes INTEGER NOT NULL CHECK (bytes >= 0)) STRICT, WITHOUT ROWID;"
    "CREATE TRIGGER evidence_deleted AFTER DELETE ON evidence BEGIN"
    " INSERT OR IGNORE INTO trash (blob) VALUES (old.blob); END;"

    "CREATE TABLE once (account BLOB NOT NULL, caller BLOB NOT NULL, key TEXT NOT NULL,"
    " hash BLOB NOT NULL CHECK (length(hash) = 32), until INTEGER NOT NULL, person BLOB, answer BLOB,"
    " PRIMARY KEY (account, caller, key)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX once_until ON once (until);"
    "CREATE INDEX once_person ON once (person) WHERE person IS NOT NULL;"
    "CREATE TRIGGER once_person_deleted AFTER DELETE ON person BEGIN"
    " DELETE FROM once WHERE person = old.id; END;",

    /* 6: looking through the audit log */
    "CREATE INDEX audit_account ON audit (account, seq);"
    "CREATE INDEX audit_target ON audit (target, seq);",

    /* 7: what an account may do is said by its limits and by roles */
    "ALTER TABLE account DROP COLUMN features;",

    /* 8: records by target, a block at a time (audit_queries.h) */
    "DROP INDEX audit_target;"
    "CREATE INDEX audit_block ON audit ((seq / 4096), (substr(target, 33)));",
};
#define VERSION ((int)(sizeof migrations / sizeof *migrations))

static mn_code read_pragma(mn_sqlite *s, const char *sql, int *out, mn_error *err)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    if (rc == SQLITE_ROW)
        *out = sqlite3_column_int(st, 0);
    sqlite3_finalize(st);
    return rc == SQLITE_ROW ? MN_OK : mn_sql_fail(s, rc, err);
}

/* Is this file ours, or an empty one that is going to be? */
static mn_code check_owner(mn_sqlite *s, int *version, mn_error *err)
{
    int id = 0, tables = 0;
    mn_code code = read_pragma(s, "PRAGMA application_id", &id, err);
    if (code == MN_OK)
        code = read_pragma(s, "PRAGMA user_version", version, err);
    if (code == MN_OK)
        code = read_pragma(s, "SELECT count(*) FROM sqlite_schema", &tables, err);
    if (code != MN_OK)
        return code;
    bool fresh = id == 0 && *version == 0 && tables == 0;
    if (!fresh && (id != APPLICATION_ID || *version < 1))
        return mn_fail(err, MN_E_CORRUPT,
                       "%s is a database, but not one of mien: name another data directory", s->path);
    if (*version > VERSION)
        return mn_fail(err, MN_E_CORRUPT,
                       "%s was written by a newer mien (store version %d, this one knows %d): use that one",
                       s->path, *version, VERSION);
    return MN_OK;
}

static mn_code run_migrations(mn_sqlite *s, int to, mn_error *err)
{
    int version = 0;
    mn_code code = check_owner(s, &version, err); /* again: another process may have been faster */
    for (int v = version; code == MN_OK && v < to && v < VERSION; v++) {
        char mark[96];
        snprintf(mark, sizeof mark, "PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION_ID,
                 v + 1);
        code = mn_sql_exec(s, migrations[v], err);
        if (code == MN_OK)
            code = mn_sql_exec(s, mark, err);
        if (code != MN_OK)
            mn_error_prefix(err, "migration %d", v + 1);
    }
    return code;
}

int mn_store_newest_version(void)
{
    return VERSION;
}

mn_code mn_sqlite_migrate(mn_sqlite *s, mn_store_how how, int to, mn_error *err)
{
    int version = 0;
    bool own = false;
    mn_code code = check_owner(s, &version, err);
    if (code == MN_OK)
        code = mn_store_plan(how, s->path, version, &to, err);
    if (code != MN_OK || version >= to)
        return code;
    code = mn_sqlite_enter(s, &own, err);
    if (code != MN_OK)
        return code;
    return mn_sqlite_leave(s, own, run_migrations(s, to, err), err);
}

mn_code mn_sqlite_version(mn_store *store, int *out, mn_error *err)
{
    mn_sqlite *s = (mn_sqlite *)store;
    int version = 0;
    pthread_mutex_lock(&s->lock);
    mn_code code = read_pragma(s, "PRAGMA user_version", &version, err);
    pthread_mutex_unlock(&s->lock);
    if (code == MN_OK)
        *out = version;
    return code;
}
