/* How the databases carry out the statements: by an index and a condition on it, except for those that are
 * meant to read everything (`whole` says why) and for tables that are small. And every foreign key has an
 * index, for who deletes a person looks for all that refers to them.
 *
 * PostgreSQL plans by what it knows of the tables. So its plans are looked at in tables of some thousand
 * rows, without statistics, as after a large import, and with them; each time the generic plan, which a
 * prepared statement may get to keep. */
#include "postgres_server.h"
#include "store/postgres_queries.h"
#include "store/sqlite_queries.h"
#include "support.h"

#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define PLAN_MAX     100
#define LINE_MAX     400
#define SQL_MAX      16384

typedef struct {
    const char *name, *sql;
} statement;
static const statement in_sqlite[] = {
#define X(name, sql) {#name, sql},
    MN_SQLITE_STATEMENTS(X)
#undef X
};
static const statement in_postgres[] = {
#define X(name, sql) {#name, sql},
    MN_POSTGRES_STATEMENTS(X)
#undef X
};

/* A plan, line by line. */
typedef struct {
    const char *of;
    size_t n;
    char lines[PLAN_MAX][LINE_MAX];
} plan;

static void add_line(plan *p, const char *line)
{
    assert_true(p->n < PLAN_MAX);
    snprintf(p->lines[p->n++], LINE_MAX, "%s", line);
}

static bool has(const plan *p, const char *part)
{
    for (size_t i = 0; i < p->n; i++)
        if (strstr(p->lines[i], part))
            return true;
    return false;
}

static void refuse(const plan *p, const char *line)
{
    fprintf(stderr, "%s:\n", p->of);
    for (size_t i = 0; i < p->n; i++)
        fprintf(stderr, "    %s\n", p->lines[i]);
    fail_msg("%s: %s", p->of, line);
}

/* Statements that may read a whole table; a * stands for what follows. */
static bool whole(const char *name)
{
    static const char *const meant[] = {
        "COUNTS",      "ACCOUNT_USE",     /* they count */
        "CHECK_*",                        /* look at everything */
        "AUDIT_LAST",                     /* the newest row, by its number */
        "TOKENS_*",    "SESSIONS_*",      /* an account's or a user's are sorted */
        "ONCE_EXPIRE", "WITHOUT_CONSENT", /* what ended, which may be a third, for all that is known */
    };
    for (size_t i = 0; i < COUNT(meant); i++) {
        size_t n = strcspn(meant[i], "*");
        if (strncmp(name, meant[i], n) == 0 && (meant[i][n] || !name[n]))
            return true;
    }
    return false;
}

static bool is_small(const char *table)
{
    static const char *const small[] = {
        "account", "access_state", "list",  "l",       "login_user",
        "role",    "meta",         "trash", "erasure", "b", /* the numbers of the audit log's blocks */
    };
    for (size_t i = 0; i < COUNT(small); i++)
        if (strcmp(table, small[i]) == 0)
            return true;
    return false;
}

/* What each search, enrolment or look runs, and what it must find its rows by. */
static const struct {
    const char *name, *sqlite, *postgres;
} wanted[] = {
    {"GENERATION", "SEARCH change", "change_seq_key"},
    {"CHANGES", "SEARCH change USING INTEGER PRIMARY KEY (rowid>?)", "change_seq_key"},
    {"ENDED", "consent_until (until>? AND until<?)", "member_until"},
    {"ENDED", "member_until (until>? AND until<?)", "Index Cond: ((until > $1) AND (until <= $2))"},
    {"PERSON_WHOLE", "consent_person (person=?)", "consent_person"},
    {"PERSON_WHOLE", "member_person (person=?)", "member_person"},
    {"CONSENT_LIST", "consent_person (person=?)", "consent_person"},
    {"PERSON_BY_EXTERNAL_ID", "(account=? AND external_id=?)", "person_account_external_id_key"},
    {"PEOPLE_NAMED", "person_name (account=? AND name=?)", "person_name"},
    {"FACE_BY_SOURCE", "(person=? AND source_hash=?)", "(person = $1)"},
    {"DESCRIPTOR_GET", "(face=? AND model=?)", "descriptor_pkey"},
    {"DOSSIER_FACES", "(face=? AND model=?)", "descriptor_pkey"},
    {"TOKEN_BY_HASH", "(hash=?)", "token_hash_key"},
    {"SESSION_BY_HASH", "(hash=?)", "session_hash_key"},
    {"ONCE_GET", "(account=? AND caller=? AND key=?)", "once_pkey"},
    {"AUDIT_ABOUT_UP", "audit_block (<expr>=? AND <expr>=?", "audit_block"},
    {"AUDIT_ABOUT_UP", "audit_block", "(substr(target, 33) = substr($5, 33))"},
    {"AUDIT_ABOUT_DOWN", "audit_block (<expr>=? AND <expr>=?", "audit_block"},
    {"AUDIT_ABOUT_DOWN", "audit_block", "(substr(target, 33) = substr($5, 33))"},
    {"AUDIT_OF_UP", "audit_account (account=? AND seq>?)", "audit_account"},
    {"AUDIT_OF_DOWN", "audit_account (account=? AND seq<?)", "audit_account"},
};

static size_t check_wanted(const plan *p, bool postgres)
{
    size_t found = 0;
    for (size_t i = 0; i < COUNT(wanted); i++) {
        const char *part = postgres ? wanted[i].postgres : wanted[i].sqlite;
        if (strcmp(p->of, wanted[i].name) != 0)
            continue;
        if (!has(p, part))
            refuse(p, part);
        found++;
    }
    return found;
}

/* ---- SQLite ---- */

static sqlite3 *open_sqlite(void)
{
    mn_store *s = NULL;
    sqlite3 *db = NULL;
    char path[500];
    const char *folder = mn_test_folder();
    assert_ok(mn_store_open(folder, NULL, &s, err));
    s->ops->close(s);
    snprintf(path, sizeof path, "%s/mien.db", folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    return db;
}

static void ask_sqlite(sqlite3 *db, const char *sql, plan *out)
{
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    while (sqlite3_step(st) == SQLITE_ROW)
        add_line(out, (const char *)sqlite3_column_text(st, sqlite3_column_count(st) - 1));
    sqlite3_finalize(st);
}

/* "SCAN p USING …" reads all of it, unless p is what the plan made before. */
static void check_sqlite(const plan *p)
{
    for (size_t i = 0; i < p->n; i++) {
        char table[64] = "", made[80], kept[80];
        if (sscanf(p->lines[i], "SCAN %63s", table) != 1 || strcmp(table, "CONSTANT") == 0 ||
            strstr(p->lines[i], "VIRTUAL TABLE") || is_small(table))
            continue;
        snprintf(made, sizeof made, "CO-ROUTINE %s", table);
        snprintf(kept, sizeof kept, "MATERIALIZE %s", table);
        if (!has(p, made) && !has(p, kept))
            refuse(p, p->lines[i]);
    }
}

static void test_sqlite(void **state)
{
    static plan p;
    size_t found = 0;
    char sql[SQL_MAX];
    sqlite3 *db = open_sqlite();
    (void)state;
    for (size_t i = 0; i < COUNT(in_sqlite); i++) {
        p = (plan){.of = in_sqlite[i].name};
        assert_true((size_t)snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", in_sqlite[i].sql) <
                    sizeof sql);
        ask_sqlite(db, sql, &p);
        if (!whole(p.of))
            check_sqlite(&p);
        found += check_wanted(&p, false);
    }
    assert_int_equal(found, COUNT(wanted));
    sqlite3_close(db);
}

static void test_sqlite_foreign_keys(void **state)
{
    static plan without;
    sqlite3 *db = open_sqlite();
    (void)state;
    ask_sqlite(db,
               "SELECT t.name || '.' || k.\"from\" FROM sqlite_schema t, pragma_foreign_key_list(t.name) k "
               "WHERE t.type = 'table' AND k.\"table\" NOT IN ('account') AND NOT EXISTS (SELECT 1 FROM "
               "pragma_index_list(t.name) i, pragma_index_info(i.name) c WHERE c.seqno = 0 AND c.name = "
               "k.\"from\")",
               &without);
    if (without.n > 0)
        fail_msg("no index for %s", without.lines[0]);
    sqlite3_close(db);
}

/* ---- PostgreSQL ---- */

static const char fill[] =
    "DO $$ DECLARE t text; BEGIN FOR t IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace ="
    " current_schema()::regnamespace LOOP EXECUTE format('ALTER TABLE %I SET (autovacuum_enabled = off)', t);"
    " END LOOP; END $$;"
    "INSERT INTO list SELECT md5('l' || n)::uuid, a.id, 'list ' || n, 'identification', 1000, 0, n"
    " FROM account a, generate_series(1, 40) n;"
    "INSERT INTO person (id, account, external_id, name, active, created, updated)"
    " SELECT md5('p' || n)::uuid, a.id, 'x' || n, 'name ' || n, true, n, n FROM account a,"
    " generate_series(1, 20000) n;"
    "INSERT INTO person_key SELECT id, '' FROM person;"
    "INSERT INTO consent SELECT md5('c' || id)::uuid, id, 'identification', 'form', '', created,"
    " created + 100000, 9223372036854775807 FROM person;"
    "INSERT INTO member SELECT md5('l' || 1 + created % 40)::uuid, id, created, created + 100000 FROM person;"
    "INSERT INTO face SELECT md5('f' || id)::uuid, id, 'source', name, 0.5, id, created FROM person;"
    "INSERT INTO descriptor SELECT id, 'model', 128, '' FROM face;"
    "INSERT INTO original SELECT id, id, 'jpeg', 1 FROM face;"
    "INSERT INTO evidence SELECT id, id, 'jpeg', 1 FROM consent;"
    "INSERT INTO audit SELECT created, created, md5('a' || created % 20)::uuid, 'somebody', 'search', "
    "id::text, '{}', '', ''"
    " FROM person;"
    "INSERT INTO once SELECT account, id, 'k', decode(repeat('00', 32), 'hex'), created, id FROM person;"
    "INSERT INTO change SELECT id, created FROM person ON CONFLICT DO NOTHING;"
    "INSERT INTO login_user (id, account, login, name, roles, limited, lists, once, disabled, created, "
    "updated,"
    " seen, failures, locked) SELECT id, id, 'u', 'u', '', false, '', false, false, 0, 0, 0, 0, 0 FROM "
    "account;"
    "INSERT INTO session (id, account, owner, hash, created, seen, until) SELECT p.id, a.id, a.id,"
    " sha256(p.name::bytea), p.created, p.created, p.created FROM account a, person p;"
    "INSERT INTO token SELECT id, account, owner, '', hash, '', false, '', 0, created, created FROM session;";

/* "x" is the statement; parameters are nothing in particular. */
static void ask_postgres(PGconn *pg, const statement *s, plan *out)
{
    char sql[2000];
    PGresult *r = PQprepare(pg, "x", s->sql, 0, NULL);
    if (PQresultStatus(r) != PGRES_COMMAND_OK)
        fail_msg("%s: %s", s->name, PQerrorMessage(pg));
    PQclear(r);
    r = PQexec(pg, "SELECT repeat(', NULL', cardinality(parameter_types)) FROM pg_prepared_statements "
                   "WHERE name = 'x'");
    const char *nulls = PQgetvalue(r, 0, 0);
    snprintf(sql, sizeof sql, "EXPLAIN (COSTS OFF) EXECUTE x%s%s%s", *nulls ? "(" : "",
             *nulls ? nulls + 2 : "", *nulls ? ")" : "");
    PQclear(r);
    r = PQexec(pg, sql);
    if (PQresultStatus(r) != PGRES_TUPLES_OK)
        fail_msg("%s: %s", s->name, PQerrorMessage(pg));
    for (int i = 0; i < PQntuples(r); i++)
        add_line(out, PQgetvalue(r, i, 0));
    PQclear(r);
    PQclear(PQexec(pg, "DEALLOCATE x"));
}

/* "Seq Scan on person p" reads all of it, and so does an index without an "Index Cond" below it. */
static void check_postgres(const plan *p)
{
    for (size_t i = 0; i < p->n; i++) {
        const char *line = p->lines[i], *scan = strstr(line, "Scan "), *on = strstr(line, " on ");
        char table[64] = "";
        if (!scan || !on || strstr(line, "Bitmap") || strstr(line, "CTE") || strstr(line, "Subquery") ||
            strstr(line, "Function") || strstr(line, "WorkTable") || sscanf(on, " on %63s", table) != 1 ||
            is_small(table))
            continue;
        if (!strstr(line, "Index") || i + 1 == p->n || !strstr(p->lines[i + 1], "Index Cond:"))
            refuse(p, line);
    }
}

static void check_plans(const char *schema)
{
    static plan p;
    size_t found = 0;
    PGconn *pg = PQconnectdb(postgres_url(schema));
    PQclear(PQexec(pg, "SET plan_cache_mode = force_generic_plan"));
    for (size_t i = 0; i < COUNT(in_postgres); i++) {
        p = (plan){.of = in_postgres[i].name};
        ask_postgres(pg, &in_postgres[i], &p);
        if (!whole(p.of))
            check_postgres(&p);
        found += check_wanted(&p, true);
    }
    assert_int_equal(found, COUNT(wanted));
    PQfinish(pg);
}

static const char *new_postgres(void)
{
    mn_store *s = NULL;
    postgres_need();
    postgres_start();
    const char *schema = postgres_new_schema();
    assert_ok(mn_store_open_postgres(postgres_url(schema), &s, err));
    s->ops->close(s);
    return schema;
}

static void test_postgres(void **state)
{
    const char *schema = new_postgres();
    (void)state;
    postgres_sql(schema, fill);
    check_plans(schema);
    postgres_sql(schema, "ANALYZE");
    check_plans(schema);
}

static void test_postgres_foreign_keys(void **state)
{
    const char *schema = new_postgres();
    (void)state;
    postgres_sql(
        schema,
        "DO $$ DECLARE r record; BEGIN FOR r IN SELECT c.conrelid::regclass AS t, c.conkey[1] AS k FROM "
        "pg_constraint c WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace AND "
        "c.confrelid <> 'account'::regclass LOOP "
        "IF NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = r.t AND i.indkey[0] = r.k) "
        "THEN RAISE EXCEPTION 'no index for column % of %', r.k, r.t; END IF; END LOOP; END $$");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sqlite),
        cmocka_unit_test(test_sqlite_foreign_keys),
        cmocka_unit_test(test_postgres),
        cmocka_unit_test(test_postgres_foreign_keys),
    };
    return cmocka_run_group_tests_name("plans", tests, NULL, NULL);
}
