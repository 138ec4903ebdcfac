/* Every statement of the PostgreSQL back end, prepared once on each connection. One operation is one
 * statement, so that it is there as a whole or not at all, and costs one round trip. */
#ifndef MN_STORE_POSTGRES_QUERIES_H
#define MN_STORE_POSTGRES_QUERIES_H

#include "store/access_queries.h"
#include "store/audit_queries.h"
#include "store/erasure_queries.h"
#include "store/face_queries.h"
#include "store/people_queries.h"

#define PERSON_COLUMNS                                                                                       \
    "p.id, p.account, p.external_id, p.name, p.user_data, p.active, p.created, p.updated, "                  \
    "p.custom, p.avatar"
#define CONSENT_COLUMNS "id, person, purpose, method, evidence, given, until, withdrawn"
#define LIST_COLUMNS                                                                                         \
    "l.id, l.account, l.name, l.purpose, l.retention, l.fmr, l.created, l.updated, l.comment, l.color, "     \
    "l.inactive, l.acknowledge, l.sound"
#define FACE_COLUMNS "id, person, source, source_hash, quality, sample, created"
/* The columns' collation is "C": only A-Z are the same in either case. */
#define NAME_LIKE "($4::text IS NULL OR p.name ILIKE $4 OR p.external_id ILIKE $4)"
/* The end of a membership; 9223372036854775807 is MN_TIME_NEVER. */
#define MEMBER_UNTIL(added)                                                                                  \
    "CASE WHEN l.retention > 9223372036854775807 - " added " THEN 9223372036854775807 ELSE " added           \
    " + l.retention END"
/* Notes the people that `part` of the statement touched in the change log. How many these are is what the
 * statement answers. */
#define NOTE_CHANGE(part)                                                                                    \
    "INSERT INTO change (person, seq) SELECT person, nextval('change_seq') FROM " part                       \
    " ON CONFLICT (person) DO UPDATE SET seq = excluded.seq"

/* Part of whatever takes biometric data out, see MN_STORE_SNAPSHOT_META. */
#define SHRED "shred AS (DELETE FROM meta WHERE key = '" MN_STORE_SNAPSHOT_META "')"

/* The rows of several arrays: `types` has one "$n::type[]" for each of the `columns`. */
#define ROWS(types, columns) "FROM unnest(" types ") AS r (" columns ")"
#define PUT_PEOPLE                                                                                           \
    "p AS (INSERT INTO person (id, account, external_id, name, user_data, active, created, updated, "        \
    "custom, avatar) SELECT * " ROWS(                                                                        \
        "$1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bool[], $7::int8[], $8::int8[], "   \
        "$43::text[], $44::uuid[]",                                                                          \
        "id, account, external_id, name, user_data, active, created, updated, custom, avatar")               \
        PUT_PERSON_AGAIN " RETURNING id AS person)"
#define PUT_PERSON_AGAIN                                                                                     \
    " ON CONFLICT (id) DO UPDATE SET external_id = excluded.external_id, name = excluded.name, "             \
    "user_data = excluded.user_data, active = excluded.active, updated = excluded.updated, "                 \
    "custom = excluded.custom, avatar = excluded.avatar"
#define PUT_KEYS                                                                                             \
    "k AS (INSERT INTO person_key (person, wrapped) SELECT * " ROWS(                                         \
        "$9::uuid[], $10::bytea[]", "person, wrapped") " ON CONFLICT (person) DO UPDATE SET "                \
                                                       "wrapped = excluded.wrapped)"
#define PUT_CONSENTS                                                                                         \
    "c AS (INSERT INTO consent (" CONSENT_COLUMNS ") SELECT * " ROWS(                                        \
        "$11::uuid[], $12::uuid[], $13::text[], $14::text[], $15::text[], $16::int8[], $17::int8[], "        \
        "$18::int8[]",                                                                                       \
        CONSENT_COLUMNS) " ON CONFLICT (id) DO UPDATE SET method = excluded.method, "                        \
                         "evidence = excluded.evidence, until = excluded.until, "                            \
                         "withdrawn = excluded.withdrawn RETURNING person)"
/* A list that is not there is told by the foreign key. */
#define PUT_MEMBERS                                                                                          \
    "m AS (INSERT INTO member (list, person, added, until) "                                                 \
    "SELECT r.list, r.person, r.added, coalesce(" MEMBER_UNTIL("r.added") ", r.added) " ROWS(                \
        "$19::uuid[], $20::uuid[], $21::int8[]",                                                             \
        "list, person, added") " LEFT JOIN list l ON l.id = r.list ON CONFLICT (list, person) "              \
                               "DO UPDATE SET added = excluded.added, until = excluded.until "               \
                               "RETURNING person)"
#define PUT_FACES                                                                                            \
    "f AS (INSERT INTO face (" FACE_COLUMNS ") SELECT * " ROWS(                                              \
        "$22::uuid[], $23::uuid[], $24::text[], $25::text[], $26::float8[], $27::uuid[], $28::int8[]",       \
        FACE_COLUMNS) " ON CONFLICT (id) DO UPDATE SET source = excluded.source, "                           \
                      "source_hash = excluded.source_hash, quality = excluded.quality, "                     \
                      "sample = excluded.sample RETURNING person)"
#define PUT_DESCRIPTORS                                                                                      \
    "d AS (INSERT INTO descriptor (face, model, dim, sealed) SELECT * " ROWS(                                \
        "$29::uuid[], $30::text[], $31::int8[], $32::bytea[]",                                               \
        "face, model, dim, sealed") " ON CONFLICT (face, model) DO UPDATE SET dim = excluded.dim, "          \
                                    "sealed = excluded.sealed RETURNING face)"
#define PUT_AUDIT                                                                                            \
    "a AS (INSERT INTO audit (seq, time, account, actor, action, target, detail, prev, hash) SELECT "        \
    "* " ROWS(                                                                                               \
        "$33::int8[], $34::int8[], $35::uuid[], $36::text[], $37::text[], $38::text[], $39::text[], "        \
        "$40::bytea[], $41::bytea[]",                                                                        \
        "seq, time, account, actor, action, target, detail, prev, hash") "), h AS (INSERT INTO meta "        \
                                                                         "(key, value) SELECT "              \
                                                                         "'audit_head', $42 WHERE "          \
                                                                         "$42::text IS NOT NULL "            \
                                                                         "ON CONFLICT (key) DO UPDATE SET "  \
                                                                         "value = excluded.value)"
/* Each person once, also those of descriptors whose faces were there before; the new faces are not seen by
 * the statement that makes them, and their people are among the others. */
#define PUT_TOUCHED                                                                                          \
    "touched AS (SELECT person FROM p UNION SELECT person FROM c UNION SELECT person FROM m "                \
    "UNION SELECT person FROM f UNION SELECT (SELECT o.person FROM face o WHERE o.id = d.face) FROM d)"

#define MN_POSTGRES_QUERIES(X)                                                                               \
    X(GENERATION, "SELECT coalesce(max(seq), 0) FROM change")                                                \
    X(CHANGES, "SELECT person, seq FROM change WHERE seq > $1 ORDER BY seq LIMIT $2")                        \
    X(ENDED, "SELECT person FROM consent WHERE until > $1 AND until <= $2 "                                  \
             "UNION SELECT person FROM member WHERE until > $1 AND until <= $2 ORDER BY 1")                  \
    X(META_GET, "SELECT value FROM meta WHERE key = $1")                                                     \
    X(META_PUT, "INSERT INTO meta (key, value) VALUES ($1, $2) "                                             \
                "ON CONFLICT (key) DO UPDATE SET value = excluded.value")                                    \
    X(PERSON_PUT,                                                                                            \
      "WITH put AS (INSERT INTO person (id, account, external_id, name, user_data, active, created, "        \
      "updated, custom, avatar) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)" PUT_PERSON_AGAIN           \
      " RETURNING id AS person) " NOTE_CHANGE("put"))                                                        \
    X(PERSON_GET, "SELECT " PERSON_COLUMNS " FROM person p WHERE id = $1")                                   \
    X(PERSON_BY_EXTERNAL_ID,                                                                                 \
      "SELECT " PERSON_COLUMNS " FROM person p WHERE account = $1 AND external_id = $2")                     \
    X(PERSON_LIST, "SELECT " PERSON_COLUMNS " FROM person p WHERE account = $1 AND id > $2 AND " NAME_LIKE   \
                   " ORDER BY id LIMIT $3")                                                                  \
    X(PERSON_LIST_MEMBERS,                                                                                   \
      "SELECT " PERSON_COLUMNS " FROM member m JOIN person p ON p.id = m.person "                            \
      "WHERE p.account = $1 AND m.list = $5 AND m.person > $2 AND " NAME_LIKE " ORDER BY m.person LIMIT $3") \
    X(PERSON_LIST_NAMED,                                                                                     \
      "SELECT " PERSON_COLUMNS " FROM person p WHERE account = $1 AND id > $2 AND " NAME_LIKE                \
      " AND name = $6 AND ($5::uuid IS NULL OR EXISTS "                                                      \
      "(SELECT 1 FROM member m WHERE m.list = $5 AND m.person = p.id)) ORDER BY id LIMIT $3")                \
    /* Text by text: joined freely, a planner without statistics reads the whole account. More than two of a \
       name tell no more than two. */                                                                        \
    X(PEOPLE_BY_EXTERNAL_ID,                                                                                 \
      "SELECT " PERSON_COLUMNS " FROM unnest($2::text[]) AS t (text) CROSS JOIN LATERAL (SELECT * FROM "     \
      "person o WHERE o.account = $1 AND o.external_id = t.text LIMIT 1) p")                                 \
    X(PEOPLE_NAMED, "SELECT " PERSON_COLUMNS " FROM unnest($2::text[]) AS t (text) CROSS JOIN LATERAL ("     \
                    "SELECT * FROM person o WHERE o.account = $1 AND o.name = t.text AND EXISTS "            \
                    "(SELECT 1 FROM member m WHERE m.list = $3 AND m.person = o.id) LIMIT 2) p")             \
    X(PUT_MANY, "WITH " PUT_PEOPLE ", " PUT_KEYS ", " PUT_CONSENTS ", " PUT_MEMBERS ", " PUT_FACES           \
                ", " PUT_DESCRIPTORS ", " PUT_AUDIT ", " PUT_TOUCHED                                         \
                " " NOTE_CHANGE("touched WHERE person IS NOT NULL"))                                         \
    X(PERSON_DELETE,                                                                                         \
      "WITH samples AS (INSERT INTO trash (blob) SELECT sample FROM face WHERE person = $1 AND sample IS "   \
      "NOT NULL ON CONFLICT DO NOTHING), " SHRED                                                             \
      ", gone AS (DELETE FROM person WHERE id = $1 RETURNING id AS "                                         \
      "person) " NOTE_CHANGE("gone"))                                                                        \
    X(KEY_PUT, "INSERT INTO person_key (person, wrapped) VALUES ($1, $2) "                                   \
               "ON CONFLICT (person) DO UPDATE SET wrapped = excluded.wrapped")                              \
    X(KEY_DELETE, "WITH " SHRED " DELETE FROM person_key WHERE person = $1")                                 \
    X(KEY_REPLACE, "UPDATE person_key SET wrapped = $3 WHERE person = $1 AND wrapped = $2")                  \
    X(KEY_EACH, "SELECT person, wrapped FROM person_key WHERE person > $1 ORDER BY person LIMIT $2")         \
    X(KEY_GET, "SELECT wrapped FROM person_key WHERE person = $1")                                           \
    X(CONSENT_PUT,                                                                                           \
      "WITH put AS (INSERT INTO consent (" CONSENT_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "      \
      "ON CONFLICT (id) DO UPDATE SET method = excluded.method, evidence = excluded.evidence, "              \
      "until = excluded.until, withdrawn = excluded.withdrawn RETURNING person) " NOTE_CHANGE("put"))        \
    X(CONSENT_LIST, "SELECT " CONSENT_COLUMNS " FROM consent WHERE person = $1 ORDER BY id")                 \
    /* A list that changed may have another purpose or retention: the ends of its memberships follow. */     \
    X(LIST_PUT,                                                                                              \
      "WITH l AS (INSERT INTO list (id, account, name, purpose, retention, fmr, created, updated, "          \
      "comment, color, inactive, acknowledge, sound) "                                                       \
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (id) DO "                 \
      "UPDATE SET name = excluded.name, "                                                                    \
      "purpose = excluded.purpose, retention = excluded.retention, fmr = excluded.fmr, "                     \
      "updated = excluded.updated, comment = excluded.comment, color = excluded.color, "                     \
      "inactive = excluded.inactive, acknowledge = excluded.acknowledge, sound = excluded.sound "            \
      "RETURNING id, retention), moved AS (UPDATE member m SET until = " MEMBER_UNTIL(                       \
          "m.added") " FROM l WHERE m.list = l.id RETURNING m.person) " NOTE_CHANGE("moved"))                \
    X(LIST_GET, "SELECT " LIST_COLUMNS " FROM list l WHERE id = $1")                                         \
    X(LIST_BY_NAME, "SELECT " LIST_COLUMNS " FROM list l WHERE account = $1 AND name = $2")                  \
    X(LIST_LIST, "SELECT " LIST_COLUMNS " FROM list l WHERE account = $1 ORDER BY name")                     \
    X(MEMBER_PUT,                                                                                            \
      "WITH put AS (INSERT INTO member (list, person, added, until) "                                        \
      "SELECT l.id, $2::uuid, $3::int8, " MEMBER_UNTIL(                                                      \
          "$3::int8") " FROM list l WHERE l.id = $1 ON CONFLICT (list, person) DO UPDATE SET "               \
                      "added = excluded.added, until = excluded.until RETURNING person) " NOTE_CHANGE(       \
                          "put"))                                                                            \
    X(CHANGE_MEMBERS, NOTE_CHANGE("member WHERE list = $1"))                                                 \
    X(MEMBER_DELETE,                                                                                         \
      "WITH gone AS (DELETE FROM member WHERE list = $1 AND person = $2 RETURNING person) " NOTE_CHANGE(     \
          "gone"))                                                                                           \
    X(LISTS_OF, "SELECT " LIST_COLUMNS ", m.added, m.until FROM member m JOIN list l ON l.id = m.list "      \
                "WHERE m.person = $1 ORDER BY l.name")                                                       \
    X(FACE_PUT,                                                                                              \
      "WITH put AS (INSERT INTO face (" FACE_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7) "                \
      "ON CONFLICT (id) DO UPDATE SET source = excluded.source, source_hash = excluded.source_hash, "        \
      "quality = excluded.quality, sample = excluded.sample RETURNING person) " NOTE_CHANGE("put"))          \
    X(FACE_GET, "SELECT " FACE_COLUMNS " FROM face WHERE id = $1")                                           \
    X(FACE_DELETE,                                                                                           \
      "WITH " SHRED                                                                                          \
      ", gone AS (DELETE FROM face WHERE id = $1 RETURNING person, sample), samples AS (INSERT INTO "        \
      "trash (blob) SELECT sample FROM gone WHERE sample IS NOT NULL ON CONFLICT DO NOTHING) " NOTE_CHANGE(  \
          "gone"))                                                                                           \
    X(FACES_OF, "SELECT " FACE_COLUMNS ", EXISTS (SELECT 1 FROM original o WHERE o.face = face.id) "         \
                "FROM face WHERE person = $1 ORDER BY id")                                                   \
    X(FACE_BY_SOURCE, "SELECT " FACE_COLUMNS " FROM face WHERE person = $1 AND source_hash = $2")            \
    X(DESCRIPTOR_PUT,                                                                                        \
      "WITH put AS (INSERT INTO descriptor (face, model, dim, sealed) VALUES ($1, $2, $3, $4) "              \
      "ON CONFLICT (face, model) DO UPDATE SET dim = excluded.dim, sealed = excluded.sealed "                \
      "RETURNING face) " NOTE_CHANGE("face WHERE id IN (SELECT put.face FROM put)"))                         \
    X(DESCRIPTOR_GET, "SELECT face, model, dim, sealed FROM descriptor WHERE face = $1 AND model = $2")      \
    X(DESCRIPTOR_DELETE, "WITH " SHRED ", gone AS (DELETE FROM descriptor WHERE face = $1 AND model = $2 "   \
                         "RETURNING face) " NOTE_CHANGE("face WHERE id IN (SELECT gone.face FROM gone)"))    \
    X(FACES_PAGE, "SELECT " FACE_COLUMNS " FROM face f WHERE id > $1 AND ($2::text IS NULL OR EXISTS "       \
                  "(SELECT 1 FROM descriptor d WHERE d.face = f.id AND d.model = $2)) AND "                  \
                  "($3::text IS NULL OR NOT EXISTS "                                                         \
                  "(SELECT 1 FROM descriptor d WHERE d.face = f.id AND d.model = $3)) ORDER BY id LIMIT $4") \
    X(DESCRIPTOR_PAGE, "SELECT d.face, d.model, d.dim, d.sealed, f.person FROM face f "                      \
                       "JOIN descriptor d ON d.face = f.id AND d.model = $1 "                                \
                       "WHERE (f.person, f.id) > ($2, $3) ORDER BY f.person, f.id LIMIT $4")                 \
    X(DOSSIER_PEOPLE,                                                                                        \
      "SELECT p.id, p.active, k.wrapped FROM person p LEFT JOIN person_key k ON k.person = p.id "            \
      "WHERE p.id > $1 ORDER BY p.id LIMIT $2")                                                              \
    X(DOSSIER_CONSENTS,                                                                                      \
      "SELECT id, person, purpose, NULL::text, NULL::text, given, until, withdrawn FROM consent "            \
      "WHERE person > $1 AND person <= $2 ORDER BY person")                                                  \
    X(DOSSIER_LISTS,                                                                                         \
      "SELECT m.person, m.list, l.purpose, m.until FROM member m JOIN list l ON l.id = m.list "              \
      "WHERE NOT l.inactive AND m.person > $1 AND m.person <= $2 ORDER BY m.person")                         \
    X(DOSSIER_FACES, "SELECT f.person, d.face, d.dim, d.sealed FROM face f "                                 \
                     "JOIN descriptor d ON d.face = f.id AND d.model = $3 "                                  \
                     "WHERE f.person > $1 AND f.person <= $2 ORDER BY f.person, f.id")                       \
    X(TRASH_LIST, "SELECT blob FROM trash ORDER BY blob LIMIT $1")                                           \
    X(TRASH_DROP, "DELETE FROM trash WHERE blob = $1")                                                       \
    X(AUDIT_LAST, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")                                   \
    X(AUDIT_APPEND,                                                                                          \
      "WITH put AS (INSERT INTO audit (seq, time, account, actor, action, target, detail, prev, hash) "      \
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)) INSERT INTO meta (key, value) "                          \
      "VALUES ('audit_head', $10) ON CONFLICT (key) DO UPDATE SET value = excluded.value")                   \
    X(AUDIT_PAGE, "SELECT seq, time, account, actor, action, target, detail, prev, hash FROM audit "         \
                  "WHERE seq >= $1 ORDER BY seq LIMIT $2")                                                   \
    X(COUNTS, "SELECT (SELECT count(*) FROM person), (SELECT count(*) FROM face), "                          \
              "(SELECT count(*) FROM descriptor), (SELECT count(*) FROM list), "                             \
              "(SELECT count(*) FROM consent), (SELECT count(*) FROM audit)")                                \
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

typedef enum {
#define X(name, sql) P_##name,
    MN_POSTGRES_QUERIES(X) MN_ACCESS_QUERIES(X, MN_POSTGRES_PARAMETER)
        MN_AUDIT_QUERIES(X, MN_POSTGRES_PARAMETER) MN_ERASURE_QUERIES(X, MN_POSTGRES_PARAMETER)
            MN_FACE_QUERIES(X, MN_POSTGRES_PARAMETER, MN_POSTGRES_AMONG) MN_PEOPLE_QUERIES(
                X, MN_POSTGRES_PARAMETER, MN_POSTGRES_LIKE, MN_POSTGRES_CUSTOM, MN_POSTGRES_AMONG)
#undef X
                P_COUNT
} mn_pg_query;

#endif
