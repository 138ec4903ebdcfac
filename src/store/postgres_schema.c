/* The tables, as numbered migrations that only go forward. mien_version holds the number of those that ran. A
 * migration that was released never changes: what comes later is one more. They mean what the migrations of
 * the SQLite back end mean. */
#include "store/postgres_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PURPOSES "('verification', 'identification', 'live_identification', 'attendance')"
#define TEXT                                                                                                 \
    "text COLLATE \"C\"" /* by bytes: the same order everywhere, whatever the system's locales become */

#define ACCESS_TRIGGER(name, when)                                                                           \
    "CREATE TRIGGER " name " AFTER " when " FOR EACH ROW EXECUTE FUNCTION access_changed();"

/* Times are microseconds since 1970 UTC; 9223372036854775807 is never. */
static const char *const migrations[] = {
    /* 1: accounts, people and their keys, consent, lists, faces, descriptors, change log, trash, audit log */
    "CREATE TABLE meta (key " TEXT " PRIMARY KEY, value " TEXT " NOT NULL);"

    "CREATE TABLE account (id uuid PRIMARY KEY, name " TEXT " NOT NULL UNIQUE, created bigint NOT NULL);"
    "INSERT INTO account VALUES ('00000000-0000-0000-0000-000000000000', 'default',"
    " extract(epoch FROM now())::bigint * 1000000);"

    "CREATE TABLE person (id uuid PRIMARY KEY, account uuid NOT NULL REFERENCES account (id),"
    " external_id " TEXT ", name " TEXT " NOT NULL, user_data " TEXT ", active boolean NOT NULL,"
    " created bigint NOT NULL, updated bigint NOT NULL, UNIQUE (account, external_id));"
    "CREATE INDEX person_name ON person (account, name);"

    "CREATE TABLE person_key (person uuid PRIMARY KEY REFERENCES person (id) ON DELETE CASCADE,"
    " wrapped bytea NOT NULL);"

    "CREATE TABLE consent (id uuid PRIMARY KEY, person uuid NOT NULL REFERENCES person (id) ON DELETE "
    "CASCADE,"
    " purpose " TEXT " NOT NULL CHECK (purpose IN " PURPOSES "), method " TEXT " NOT NULL, evidence " TEXT ","
    " given bigint NOT NULL, until bigint NOT NULL, withdrawn bigint NOT NULL);"
    "CREATE INDEX consent_person ON consent (person);"
    "CREATE INDEX consent_until ON consent (until);"

    "CREATE TABLE list (id uuid PRIMARY KEY, account uuid NOT NULL REFERENCES account (id),"
    " name " TEXT " NOT NULL, purpose " TEXT " NOT NULL CHECK (purpose IN " PURPOSES "),"
    " retention bigint NOT NULL CHECK (retention > 0), fmr double precision NOT NULL, created bigint NOT "
    "NULL,"
    " UNIQUE (account, name));"

    "CREATE TABLE member (list uuid NOT NULL REFERENCES list (id) ON DELETE CASCADE,"
    " person uuid NOT NULL REFERENCES person (id) ON DELETE CASCADE, added bigint NOT NULL,"
    " until bigint NOT NULL, PRIMARY KEY (list, person));"
    "CREATE INDEX member_person ON member (person);"
    "CREATE INDEX member_until ON member (until);"

    "CREATE TABLE face (id uuid PRIMARY KEY, person uuid NOT NULL REFERENCES person (id) ON DELETE CASCADE,"
    " source " TEXT ", source_hash " TEXT ", quality double precision NOT NULL, sample uuid,"
    " created bigint NOT NULL, UNIQUE (person, source_hash), UNIQUE (person, id));"

    /* What is sealed looks random: trying to compress it costs time and gains nothing. */
    "CREATE TABLE descriptor (face uuid NOT NULL REFERENCES face (id) ON DELETE CASCADE, model " TEXT
    " NOT NULL, dim bigint NOT NULL, sealed bytea NOT NULL, PRIMARY KEY (face, model));"
    "ALTER TABLE descriptor ALTER COLUMN sealed SET STORAGE EXTERNAL;"

    /* One row a person, with the number of the newest change: the log does not grow with the number of
       changes. */
    "CREATE TABLE change (person uuid PRIMARY KEY, seq bigint NOT NULL UNIQUE);"
    "CREATE SEQUENCE change_seq OWNED BY change.seq;"

    "CREATE TABLE trash (blob uuid PRIMARY KEY);"

    "CREATE TABLE audit (seq bigint PRIMARY KEY, time bigint NOT NULL, account uuid NOT NULL,"
    " actor " TEXT " NOT NULL, action " TEXT " NOT NULL, target " TEXT ", detail " TEXT ","
    " prev bytea NOT NULL, hash bytea NOT NULL);"
    "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;"
    "CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit"
    " FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();",

    /* 2: limits of accounts; users, roles, tokens, sessions, and the number that says they changed */
    "ALTER TABLE account ADD COLUMN suspended boolean NOT NULL DEFAULT false,"
    " ADD COLUMN expires bigint NOT NULL DEFAULT 9223372036854775807,"
    " ADD COLUMN people_max bigint NOT NULL DEFAULT 0 CHECK (people_max >= 0),"
    " ADD COLUMN faces_max bigint NOT NULL DEFAULT 0 CHECK (faces_max >= 0),"
    " ADD COLUMN cameras_max bigint NOT NULL DEFAULT 0 CHECK (cameras_max >= 0),"
    " ADD COLUMN features " TEXT ", ADD COLUMN comment " TEXT ","
    " ADD COLUMN updated bigint NOT NULL DEFAULT 0;"

    "CREATE TABLE login_user (id uuid PRIMARY KEY, account uuid NOT NULL REFERENCES account (id),"
    " login " TEXT " NOT NULL, name " TEXT " NOT NULL, comment " TEXT ", password " TEXT ","
    " roles " TEXT " NOT NULL, limited boolean NOT NULL, lists bytea NOT NULL CHECK (length(lists) % 16 = 0),"
    " once boolean NOT NULL, disabled boolean NOT NULL, created bigint NOT NULL, updated bigint NOT NULL,"
    " seen bigint NOT NULL, failures bigint NOT NULL, locked bigint NOT NULL, UNIQUE (account, login));"

    "CREATE TABLE role (id uuid PRIMARY KEY, account uuid NOT NULL REFERENCES account (id),"
    " name " TEXT " NOT NULL, text " TEXT ", rights " TEXT " NOT NULL, limited boolean NOT NULL,"
    " lists bytea NOT NULL CHECK (length(lists) % 16 = 0), created bigint NOT NULL,"
    " updated bigint NOT NULL, UNIQUE (account, name));"

    "CREATE TABLE token (id uuid PRIMARY KEY, account uuid NOT NULL REFERENCES account (id),"
    " owner uuid NOT NULL REFERENCES login_user (id) ON DELETE CASCADE, name " TEXT " NOT NULL,"
    " hash bytea NOT NULL UNIQUE CHECK (length(hash) = 32), rights " TEXT " NOT NULL,"
    " limited boolean NOT NULL, lists bytea NOT NULL CHECK (length(lists) % 16 = 0),"
    " created bigint NOT NULL, until bigint NOT NULL, used bigint NOT NULL);"
    "CREATE INDEX token_account ON token (account, id);"
    "CREATE INDEX token_owner ON token (owner);"

    "CREATE TABLE session (id uuid PRIMARY KEY, account uuid NOT NULL REFERENCES account (id),"
    " owner uuid NOT NULL REFERENCES login_user (id) ON DELETE CASCADE,"
    " hash bytea NOT NULL UNIQUE CHECK (length(hash) = 32), address " TEXT ", program " TEXT ","
    " created bigint NOT NULL, seen bigint NOT NULL, until bigint NOT NULL);"
    "CREATE INDEX session_owner ON session (owner, id);"

    "CREATE TABLE access_state (id bigint PRIMARY KEY CHECK (id = 1), generation bigint NOT NULL);"
    "INSERT INTO access_state VALUES (1, 1);"
    "CREATE FUNCTION access_changed() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN UPDATE access_state SET generation = generation + 1; RETURN NULL; END $$;" ACCESS_TRIGGER(
        "account_changed", "UPDATE ON account")
        ACCESS_TRIGGER("user_changed",
                       "UPDATE OF login, password, roles, limited, lists, once, disabled ON login_user")
            ACCESS_TRIGGER("user_deleted", "DELETE ON login_user") ACCESS_TRIGGER(
                "role_changed", "UPDATE ON role") ACCESS_TRIGGER("role_deleted", "DELETE ON role")
                ACCESS_TRIGGER("token_changed", "UPDATE OF name, rights, limited, lists, until ON token")
                    ACCESS_TRIGGER("token_deleted", "DELETE ON token")
                        ACCESS_TRIGGER("session_deleted", "DELETE ON session"),

    /* 3: what is going to be destroyed, and when */
    "CREATE TABLE erasure (person uuid PRIMARY KEY REFERENCES person (id) ON DELETE CASCADE,"
    " asked bigint NOT NULL, due bigint NOT NULL,"
    " why " TEXT " NOT NULL CHECK (why IN ('withdrawn', 'expired', 'asked')), whole boolean NOT NULL);"
    "CREATE INDEX erasure_due ON erasure (due);",

    /* 4: whole pictures; looking through faces */
    "CREATE TABLE original (face uuid PRIMARY KEY REFERENCES face (id) ON DELETE CASCADE, blob uuid NOT NULL,"
    " format " TEXT " NOT NULL, bytes bigint NOT NULL CHECK (bytes >= 0));"
    "CREATE FUNCTION original_deleted() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN INSERT INTO trash (blob) VALUES (OLD.blob) ON CONFLICT DO NOTHING; RETURN NULL; END $$;"
    "CREATE TRIGGER original_deleted AFTER DELETE ON original FOR EACH ROW EXECUTE FUNCTION "
    "original_deleted();"
    "CREATE INDEX face_created ON face (created, id);"
    "CREATE INDEX face_quality ON face (quality, id);",

    /* 5: custom fields; what lists look like; evidence of consents; kept answers; looking through people */
    "ALTER TABLE person ADD COLUMN custom " TEXT ", ADD COLUMN avatar uuid;"
    "CREATE INDEX person_created ON person (account, created, id);"
    "CREATE INDEX person_updated ON person (account, updated, id);"
    "DROP INDEX person_name;"
    "CREATE INDEX person_name ON person (account, name, id);"
    "CREATE INDEX consent_end ON consent (until, id);"
    "ALTER TABLE list ADD COLUMN updated bigint NOT NULL DEFAULT 0, ADD COLUMN comment " TEXT ","
    " ADD COLUMN color " TEXT ", ADD COLUMN inactive boolean NOT NULL DEFAULT false,"
    " ADD COLUMN acknowledge boolean NOT NULL DEFAULT false, ADD COLUMN sound boolean NOT NULL DEFAULT false;"
    "UPDATE list SET updated = created;"

    "CREATE TABLE evidence (consent uuid PRIMARY KEY REFERENCES consent (id) ON DELETE CASCADE,"
    " blob uuid NOT NULL, format " TEXT " NOT NULL, bytes bigint NOT NULL CHECK (bytes >= 0));"
    "CREATE FUNCTION evidence_deleted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " INSERT INTO trash (blob) VALUES (OLD.blob) ON CONFLICT DO NOTHING; RETURN NULL; END $$;"
    "CREATE TRIGGER evidence_deleted AFTER DELETE ON evidence"
    " FOR EACH ROW EXECUTE FUNCTION evidence_deleted();"

    "CREATE TABLE once (account uuid NOT NULL, caller uuid NOT NULL, key " TEXT " NOT NULL,"
    " hash bytea NOT NULL CHECK (length(hash) = 32), until bigint NOT NULL, person uuid, answer bytea,"
    " PRIMARY KEY (account, caller, key));"
    "CREATE INDEX once_until ON once (until);"
    "CREATE INDEX once_person ON once (person) WHERE person IS NOT NULL;"
    "CREATE FUNCTION once_person_deleted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " DELETE FROM once WHERE person = OLD.id; RETURN NULL; END $$;"
    "CREATE TRIGGER once_person_deleted AFTER DELETE ON person"
    " FOR EACH ROW EXECUTE FUNCTION once_person_deleted();",

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

/* What stands in the schema: is mien's table there, is anything else (that no extension brought) there? */
#define LOOK                                                                                                 \
    "SELECT current_schema(), to_regclass(quote_ident(current_schema()) || '.mien_version') IS NOT NULL,"    \
    " EXISTS (SELECT 1 FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace"                \
    " AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND NOT EXISTS (SELECT 1 FROM pg_depend d"             \
    " WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'))"

typedef struct {
    bool ours, other;
    int version;
} state;

static mn_code ask(mn_postgres *s, mn_pg_conn *c, const char *sql, PGresult **out, mn_error *err)
{
    PGresult *r = mn_pg_answer(s, c, PQsendQuery(c->pg, sql));
    if (PQresultStatus(r) == PGRES_TUPLES_OK && PQntuples(r) == 1) {
        *out = r;
        return MN_OK;
    }
    mn_code code = PQresultStatus(r) == PGRES_TUPLES_OK
                       ? mn_fail(err, MN_E_CORRUPT,
                                 "%s: the table mien_version is damaged: put the backup back", s->place)
                       : mn_pg_fail(s, c, r, err);
    PQclear(r);
    return code;
}

static mn_code look(mn_postgres *s, mn_pg_conn *c, state *out, mn_error *err)
{
    PGresult *r = NULL;
    mn_code code = ask(s, c, LOOK, &r, err);
    if (code != MN_OK)
        return code;
    bool schema = !PQgetisnull(r, 0, 0);
    *out = (state){.ours = *PQgetvalue(r, 0, 1) == 't', .other = *PQgetvalue(r, 0, 2) == 't'};
    PQclear(r);
    if (!schema)
        return mn_fail(err, MN_E_INVALID,
                       "%s: no schema of the search_path is there: create it, or take it out of store.url",
                       s->place);
    if (!out->ours)
        return MN_OK;
    code = ask(s, c, "SELECT version FROM mien_version", &r, err);
    if (code != MN_OK)
        return code;
    out->version = (int)strtol(PQgetvalue(r, 0, 0), NULL, 10);
    PQclear(r);
    return MN_OK;
}

/* Is this database ours, or an empty one that is going to be? */
static mn_code check_owner(mn_postgres *s, mn_pg_conn *c, int *version, mn_error *err)
{
    state found = {0};
    mn_code code = look(s, c, &found, err);
    if (code != MN_OK)
        return code;
    if (found.ours ? found.version < 1 : found.other)
        return mn_fail(err, MN_E_CORRUPT,
                       "%s is a database, but not one of mien: name an empty one in store.url", s->place);
    if (found.version > VERSION)
        return mn_fail(err, MN_E_CORRUPT,
                       "%s was written by a newer mien (store version %d, this one knows %d): use that one",
                       s->place, found.version, VERSION);
    *version = found.version;
    return MN_OK;
}

static mn_code set_version(mn_postgres *s, mn_pg_conn *c, int version, mn_error *err)
{
    char sql[128];
    if (version == 1)
        snprintf(sql, sizeof sql,
                 "CREATE TABLE mien_version (version integer NOT NULL); INSERT INTO mien_version VALUES (1)");
    else
        snprintf(sql, sizeof sql, "UPDATE mien_version SET version = %d", version);
    return mn_pg_command(s, c, sql, err);
}

static mn_code run_migrations(mn_postgres *s, mn_pg_conn *c, int to, mn_error *err)
{
    int version = 0;
    /* A large table takes its time. */
    mn_code code = mn_pg_be_patient(s, c, err);
    if (code == MN_OK)
        code = check_owner(s, c, &version, err); /* again: another process may have been faster */
    for (int v = version; code == MN_OK && v < to && v < VERSION; v++) {
        code = mn_pg_command(s, c, migrations[v], err);
        if (code == MN_OK)
            code = set_version(s, c, v + 1, err);
        if (code != MN_OK)
            mn_error_prefix(err, "migration %d", v + 1);
    }
    return code;
}

static mn_code migrate_with(mn_postgres *s, mn_pg_conn *c, mn_store_how how, int to, mn_error *err)
{
    int version = 0;
    bool own = false;
    mn_code code = check_owner(s, c, &version, err);
    if (code == MN_OK)
        code = mn_store_plan(how, s->place, version, &to, err);
    if (code != MN_OK || version >= to)
        return code;
    code = mn_pg_enter(s, false, &own, err);
    return code == MN_OK ? mn_pg_leave(s, own, run_migrations(s, c, to, err), err) : code;
}

mn_code mn_pg_migrate(mn_postgres *s, mn_store_how how, int to, mn_error *err)
{
    mn_pg_conn *c = NULL;
    mn_code code = mn_pg_take(s, &c, err);
    if (code != MN_OK)
        return code;
    code = migrate_with(s, c, how, to, err); /* a transaction of this thread is on the same connection */
    mn_pg_give(s, c);
    return code;
}

mn_code mn_pg_version(mn_store *store, int *out, mn_error *err)
{
    mn_postgres *s = (mn_postgres *)store;
    mn_pg_conn *c = NULL;
    int version = 0;
    mn_code code = mn_pg_take(s, &c, err);
    if (code != MN_OK)
        return code;
    code = check_owner(s, c, &version, err);
    mn_pg_give(s, c);
    if (code == MN_OK)
        *out = version;
    return code;
}
