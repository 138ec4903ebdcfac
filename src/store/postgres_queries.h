/* The statements that are PostgreSQL's alone, and the list of all, which are prepared once on each
 * connection. One operation is one statement, so that it is there as a whole or not at all, and costs one
 * round trip. */
#ifndef MN_STORE_POSTGRES_QUERIES_H
#define MN_STORE_POSTGRES_QUERIES_H

#include "store/access_queries.h"
#include "store/audit_queries.h"
#include "store/erasure_queries.h"
#include "store/face_queries.h"
#include "store/people_queries.h"
#include "store/record_queries.h"

/* Notes the people that `part` of the statement touched in the change log. How many these are is what the
 * statement answers. */
#define NOTE_CHANGE(part)                                                                                    \
    "INSERT INTO change (person, seq) SELECT person, nextval('change_seq') FROM " part                       \
    " ON CONFLICT (person) DO UPDATE SET seq = excluded.seq"

/* A write that does so; `who` tells the person from a row that was written. */
#define MN_POSTGRES_NOTED(write, who)                                                                        \
    "WITH put AS (" write " RETURNING " who " AS person) " NOTE_CHANGE("put")

/* Part of whatever takes biometric data out, see MN_STORE_SNAPSHOT_META. */
#define SHRED "shred AS (DELETE FROM meta WHERE key = '" MN_STORE_SNAPSHOT_META "')"

/* The rows of several arrays: `types` has one "$n::type[]" for each of the `columns`. */
#define ROWS(types, columns) "FROM unnest(" types ") AS r (" columns ")"
#define PUT_PEOPLE                                                                                           \
    "p AS (INSERT INTO person (id, account, external_id, name, user_data, active, created, updated, "        \
    "custom, avatar) SELECT * " ROWS(                                                                        \
        "$1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bool[], $7::int8[], $8::int8[], "   \
        "$43::text[], $44::uuid[]",                                                                          \
        "id, account, external_id, name, user_data, active, created, updated, custom, avatar") PERSON_AGAIN  \
        " RETURNING id AS person)"
#define PUT_KEYS                                                                                             \
    "k AS (INSERT INTO person_key (person, wrapped) SELECT * " ROWS("$9::uuid[], $10::bytea[]",              \
                                                                    "person, wrapped") KEY_AGAIN ")"
#define PUT_CONSENTS                                                                                         \
    "c AS (INSERT INTO consent (" CONSENT_COLUMNS ") SELECT * " ROWS(                                        \
        "$11::uuid[], $12::uuid[], $13::text[], $14::text[], $15::text[], $16::int8[], $17::int8[], "        \
        "$18::int8[]",                                                                                       \
        CONSENT_COLUMNS) CONSENT_AGAIN " RETURNING person)"
/* A list that is not there is told by the foreign key. */
#define PUT_MEMBERS                                                                                          \
    "m AS (INSERT INTO member (list, person, added, until) "                                                 \
    "SELECT r.list, r.person, r.added, coalesce(" MEMBER_UNTIL("r.added") ", r.added) " ROWS(                \
        "$19::uuid[], $20::uuid[], $21::int8[]",                                                             \
        "list, person, added") " LEFT JOIN list l ON l.id = r.list" MEMBER_AGAIN " RETURNING person)"
#define PUT_FACES                                                                                            \
    "f AS (INSERT INTO face (" FACE_COLUMNS ") SELECT * " ROWS(                                              \
        "$22::uuid[], $23::uuid[], $24::text[], $25::text[], $26::float8[], $27::uuid[], $28::int8[]",       \
        FACE_COLUMNS) FACE_AGAIN " RETURNING person)"
#define PUT_DESCRIPTORS                                                                                      \
    "d AS (INSERT INTO descriptor (face, model, dim, sealed) SELECT * " ROWS(                                \
        "$29::uuid[], $30::text[], $31::int8[], $32::bytea[]", "face, model, dim, sealed") DESCRIPTOR_AGAIN  \
        " RETURNING face)"
#define PUT_AUDIT                                                                                            \
    "a AS (INSERT INTO audit (" AUDIT_COLUMNS ") SELECT * " ROWS(                                            \
        "$33::int8[], $34::int8[], $35::uuid[], $36::text[], $37::text[], $38::text[], $39::text[], "        \
        "$40::bytea[], $41::bytea[]",                                                                        \
        AUDIT_COLUMNS) "), h AS (INSERT INTO meta (key, value) SELECT 'audit_head', $42 "                    \
                       "WHERE $42::text IS NOT NULL ON CONFLICT (key) DO UPDATE SET value = excluded.value)"
/* Each person once, also those of descriptors whose faces were there before; the new faces are not seen by
 * the statement that makes them, and their people are among the others. */
#define PUT_TOUCHED                                                                                          \
    "touched AS (SELECT person FROM p UNION SELECT person FROM c UNION SELECT person FROM m "                \
    "UNION SELECT person FROM f UNION SELECT (SELECT o.person FROM face o WHERE o.id = d.face) FROM d)"

#define MN_POSTGRES_QUERIES(X)                                                                               \
    /* Text by text: joined freely, a planner without statistics reads the whole account. More than two of a \
       name tell no more than two. */                                                                        \
    X(PEOPLE_BY_EXTERNAL_ID,                                                                                 \
      "SELECT " PERSON_COLUMNS " FROM unnest($2::text[]) AS t (text) CROSS JOIN LATERAL (SELECT * FROM "     \
      "person o WHERE o.account = $1 AND o.external_id = t.text LIMIT 1) p")                                 \
    X(PEOPLE_NAMED,                                                                                          \
      "SELECT " PERSON_COLUMNS " FROM unnest($2::text[]) AS t (text) CROSS JOIN LATERAL ("                   \
      "SELECT * FROM person o WHERE o.account = $1 AND o.name = t.text AND EXISTS "                          \
      "(SELECT 1 FROM member m WHERE m.list = $3 AND m.person = o.id AND m.until > $4) LIMIT 2) p")          \
    X(PEOPLE_OWNERS, "SELECT o.id, o.account FROM unnest($1::uuid[]) AS t (id) CROSS JOIN LATERAL ("         \
                     "SELECT id, account FROM person WHERE id = t.id LIMIT 1) o")                            \
    X(FACES_OWNERS, "SELECT o.id, o.person FROM unnest($1::uuid[]) AS t (id) CROSS JOIN LATERAL ("           \
                    "SELECT id, person FROM face WHERE id = t.id LIMIT 1) o")                                \
    X(PUT_MANY, "WITH " PUT_PEOPLE ", " PUT_KEYS ", " PUT_CONSENTS ", " PUT_MEMBERS ", " PUT_FACES           \
                ", " PUT_DESCRIPTORS ", " PUT_AUDIT ", " PUT_TOUCHED                                         \
                " " NOTE_CHANGE("touched WHERE person IS NOT NULL"))                                         \
    X(PERSON_DELETE,                                                                                         \
      "WITH samples AS (INSERT INTO trash (blob) SELECT sample FROM face WHERE person = $1 AND sample IS "   \
      "NOT NULL ON CONFLICT DO NOTHING), " SHRED                                                             \
      ", gone AS (DELETE FROM person WHERE id = $1 RETURNING id AS "                                         \
      "person) " NOTE_CHANGE("gone"))                                                                        \
    X(KEY_DELETE, "WITH " SHRED " DELETE FROM person_key WHERE person = $1")                                 \
    X(MEMBER_PUT, MN_POSTGRES_NOTED("INSERT INTO member (list, person, added, until) "                       \
                                    "SELECT l.id, $2::uuid, $3::int8, " MEMBER_UNTIL(                        \
                                        "$3::int8") " FROM list l WHERE l.id = $1" MEMBER_AGAIN,             \
                                    "person"))                                                               \
    X(CHANGE_MEMBERS, NOTE_CHANGE("member WHERE list = $1"))                                                 \
    X(FACE_DELETE,                                                                                           \
      "WITH " SHRED                                                                                          \
      ", gone AS (DELETE FROM face WHERE id = $1 RETURNING person, sample), samples AS (INSERT INTO "        \
      "trash (blob) SELECT sample FROM gone WHERE sample IS NOT NULL ON CONFLICT DO NOTHING) " NOTE_CHANGE(  \
          "gone"))                                                                                           \
    X(DESCRIPTOR_PUT,                                                                                        \
      "WITH put AS (INSERT INTO descriptor (face, model, dim, sealed) VALUES ($1, $2, $3, "                  \
      "$4)" DESCRIPTOR_AGAIN " RETURNING face) " NOTE_CHANGE("face WHERE id IN (SELECT put.face FROM put)")) \
    X(DESCRIPTOR_DELETE, "WITH " SHRED ", gone AS (DELETE FROM descriptor WHERE face = $1 AND model = $2 "   \
                         "RETURNING face) " NOTE_CHANGE("face WHERE id IN (SELECT gone.face FROM gone)"))    \
    X(AUDIT_APPEND,                                                                                          \
      "WITH put AS (INSERT INTO audit (" AUDIT_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)) "     \
      "INSERT INTO meta (key, value) VALUES ('audit_head', $10) "                                            \
      "ON CONFLICT (key) DO UPDATE SET value = excluded.value")                                              \
    X(CHECK_KEYS,                                                                                            \
      "SELECT 'person' WHERE EXISTS (SELECT account FROM person EXCEPT SELECT id FROM account) "             \
      "UNION ALL "                                                                                           \
      "SELECT 'list' WHERE EXISTS (SELECT account FROM list EXCEPT SELECT id FROM account) UNION ALL "       \
      "SELECT 'person_key' WHERE EXISTS (SELECT person FROM person_key EXCEPT SELECT id FROM person) "       \
      "UNION ALL "                                                                                           \
      "SELECT 'consent' WHERE EXISTS (SELECT person FROM consent EXCEPT SELECT id FROM person) UNION ALL "   \
      "SELECT 'member' WHERE EXISTS (SELECT person FROM member EXCEPT SELECT id FROM person) UNION ALL "     \
      "SELECT 'member' WHERE EXISTS (SELECT list FROM member EXCEPT SELECT id FROM list) UNION ALL "         \
      "SELECT 'erasure' WHERE EXISTS (SELECT person FROM erasure EXCEPT SELECT id FROM person) UNION ALL "   \
      "SELECT 'face' WHERE EXISTS (SELECT person FROM face EXCEPT SELECT id FROM person) UNION ALL "         \
      "SELECT 'descriptor' WHERE EXISTS (SELECT face FROM descriptor EXCEPT SELECT id FROM face)")           \
    X(CHECK_PARTS, "SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "         \
                   "WHERE c.relnamespace = current_schema()::regnamespace AND NOT i.indisvalid UNION ALL "   \
                   "SELECT conname::text FROM pg_constraint "                                                \
                   "WHERE connamespace = current_schema()::regnamespace AND NOT convalidated UNION ALL "     \
                   "SELECT 'audit_is_append_only' WHERE NOT EXISTS (SELECT 1 FROM pg_trigger WHERE "         \
                   "tgrelid = 'audit'::regclass AND tgname = 'audit_is_append_only' AND tgenabled <> 'D')")

#define MN_POSTGRES_PARAMETER(n)  "$" #n
#define MN_POSTGRES_LIKE(text, n) text " ILIKE $" #n
/* Ids back to back, as bind_ids has them. */
#define MN_POSTGRES_AMONG(id, n) "position(uuid_send(" id ") IN $" #n "::bytea) > 0"
/* Each value wanted is the field's, or one of the field's. */
#define MN_POSTGRES_CUSTOM(n) "p.custom::jsonb @> $" #n "::text::jsonb"

/* Joined freely, a planner without statistics reads all members again for each person, or everybody for the
 * members of one list, or all descriptors for some thousand faces. */
#define MN_POSTGRES_EACH "CROSS JOIN LATERAL (SELECT * FROM person o WHERE o.id = m.person LIMIT 1) p"

#define MN_POSTGRES_DESCRIPTOR(n)                                                                            \
    "CROSS JOIN LATERAL (SELECT * FROM descriptor o WHERE o.face = f.id AND o.model = $" #n " LIMIT 1) d"

#define MN_POSTGRES_STATEMENTS(X)                                                                            \
    MN_POSTGRES_QUERIES(X)                                                                                   \
    MN_RECORD_QUERIES(X, MN_POSTGRES_PARAMETER, MN_POSTGRES_LIKE, MN_POSTGRES_NOTED, MN_POSTGRES_DESCRIPTOR) \
    MN_ACCESS_QUERIES(X, MN_POSTGRES_PARAMETER, MN_POSTGRES_LIKE)                                            \
    MN_AUDIT_QUERIES(X, MN_POSTGRES_PARAMETER)                                                               \
    MN_ERASURE_QUERIES(X, MN_POSTGRES_PARAMETER)                                                             \
    MN_FACE_QUERIES(X, MN_POSTGRES_PARAMETER, MN_POSTGRES_AMONG)                                             \
    MN_PEOPLE_QUERIES(X, MN_POSTGRES_PARAMETER, MN_POSTGRES_LIKE, MN_POSTGRES_CUSTOM, MN_POSTGRES_AMONG,     \
                      MN_POSTGRES_EACH)

typedef enum {
#define X(name, sql) P_##name,
    MN_POSTGRES_STATEMENTS(X)
#undef X
        P_COUNT
} mn_pg_query;

#endif
