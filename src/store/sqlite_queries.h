/* Every statement of the SQLite back end, prepared on first use and kept. Parameters are bound in the order
 * of their numbers. */
#ifndef MN_STORE_SQLITE_QUERIES_H
#define MN_STORE_SQLITE_QUERIES_H

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
#define NAME_LIKE    "(?4 IS NULL OR p.name LIKE ?4 ESCAPE '\\' OR p.external_id LIKE ?4 ESCAPE '\\')"
/* The end of a membership; 9223372036854775807 is MN_TIME_NEVER. */
#define MEMBER_UNTIL(added)                                                                                  \
    "CASE WHEN l.retention > 9223372036854775807 - " added " THEN 9223372036854775807 ELSE " added           \
    " + l.retention END"

#define MN_SQLITE_QUERIES(X)                                                                                 \
    X(BEGIN, "BEGIN IMMEDIATE")                                                                              \
    X(BEGIN_READ, "BEGIN")                                                                                   \
    X(COMMIT, "COMMIT")                                                                                      \
    X(ROLLBACK, "ROLLBACK")                                                                                  \
    X(SAVE, "SAVEPOINT mien_many")                                                                           \
    X(SAVE_KEEP, "RELEASE mien_many")                                                                        \
    X(SAVE_UNDO, "ROLLBACK TO mien_many")                                                                    \
    X(CHANGE_PERSON, "INSERT OR REPLACE INTO change (person) VALUES (?1)")                                   \
    X(CHANGE_MEMBERS, "INSERT OR REPLACE INTO change (person) SELECT person FROM member WHERE list = ?1")    \
    X(CHANGE_OF_FACE, "INSERT OR REPLACE INTO change (person) SELECT person FROM face WHERE id = ?1")        \
    X(GENERATION, "SELECT coalesce(max(seq), 0) FROM change")                                                \
    X(CHANGES, "SELECT person, seq FROM change WHERE seq > ?1 ORDER BY seq LIMIT ?2")                        \
    X(ENDED, "SELECT person FROM consent WHERE until > ?1 AND until <= ?2 "                                  \
             "UNION SELECT person FROM member WHERE until > ?1 AND until <= ?2")                             \
    X(META_GET, "SELECT value FROM meta WHERE key = ?1")                                                     \
    X(META_PUT, "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2")  \
    X(PERSON_PUT,                                                                                            \
      "INSERT INTO person (id, account, external_id, name, user_data, active, created, updated, custom, "    \
      "avatar) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (id) DO UPDATE SET "             \
      "external_id = ?3, name = ?4, user_data = ?5, active = ?6, updated = ?8, custom = ?9, avatar = ?10")   \
    X(PERSON_GET, "SELECT " PERSON_COLUMNS " FROM person p WHERE id = ?1")                                   \
    X(PERSON_BY_EXTERNAL_ID,                                                                                 \
      "SELECT " PERSON_COLUMNS " FROM person p WHERE account = ?1 AND external_id = ?2")                     \
    X(PEOPLE_NAMED, "SELECT " PERSON_COLUMNS " FROM person p WHERE account = ?1 AND name = ?2 AND EXISTS "   \
                    "(SELECT 1 FROM member m WHERE m.list = ?3 AND m.person = p.id)")                        \
    X(PERSON_LIST, "SELECT " PERSON_COLUMNS " FROM person p WHERE account = ?1 AND id > ?2 AND " NAME_LIKE   \
                   " ORDER BY id LIMIT ?3")                                                                  \
    X(PERSON_LIST_MEMBERS,                                                                                   \
      "SELECT " PERSON_COLUMNS " FROM member m JOIN person p ON p.id = m.person "                            \
      "WHERE p.account = ?1 AND m.list = ?5 AND m.person > ?2 AND " NAME_LIKE " ORDER BY m.person LIMIT ?3") \
    X(PERSON_LIST_NAMED,                                                                                     \
      "SELECT " PERSON_COLUMNS " FROM person p WHERE account = ?1 AND id > ?2 AND " NAME_LIKE                \
      " AND name = ?6 AND (?5 IS NULL OR EXISTS "                                                            \
      "(SELECT 1 FROM member m WHERE m.list = ?5 AND m.person = p.id)) ORDER BY id LIMIT ?3")                \
    X(PERSON_TRASH,                                                                                          \
      "INSERT OR IGNORE INTO trash (blob) SELECT sample FROM face WHERE person = ?1 AND sample IS NOT NULL") \
    X(PERSON_DELETE, "DELETE FROM person WHERE id = ?1")                                                     \
    X(KEY_PUT, "INSERT INTO person_key (person, wrapped) VALUES (?1, ?2) "                                   \
               "ON CONFLICT (person) DO UPDATE SET wrapped = ?2")                                            \
    X(KEY_DELETE, "DELETE FROM person_key WHERE person = ?1")                                                \
    X(KEY_GET, "SELECT wrapped FROM person_key WHERE person = ?1")                                           \
    X(KEY_EACH, "SELECT person, wrapped FROM person_key WHERE person > ?1 ORDER BY person LIMIT ?2")         \
    X(KEY_REPLACE, "UPDATE person_key SET wrapped = ?3 WHERE person = ?1 AND wrapped = ?2")                  \
    X(CONSENT_PUT, "INSERT INTO consent (" CONSENT_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) "      \
                   "ON CONFLICT (id) DO UPDATE SET method = ?4, evidence = ?5, until = ?7, withdrawn = ?8")  \
    X(CONSENT_LIST, "SELECT " CONSENT_COLUMNS " FROM consent WHERE person = ?1 ORDER BY id")                 \
    X(LIST_PUT, "INSERT INTO list (id, account, name, purpose, retention, fmr, created, updated, comment, "  \
                "color, inactive, acknowledge, sound) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "     \
                "?11, ?12, ?13) "                                                                            \
                "ON CONFLICT (id) DO UPDATE SET name = ?3, purpose = ?4, retention = ?5, fmr = ?6, "         \
                "updated = ?8, comment = ?9, color = ?10, inactive = ?11, acknowledge = ?12, sound = ?13")   \
    X(LIST_GET, "SELECT " LIST_COLUMNS " FROM list l WHERE id = ?1")                                         \
    X(LIST_BY_NAME, "SELECT " LIST_COLUMNS " FROM list l WHERE account = ?1 AND name = ?2")                  \
    X(LIST_LIST, "SELECT " LIST_COLUMNS " FROM list l WHERE account = ?1 ORDER BY name")                     \
    X(LIST_RETENTION,                                                                                        \
      "UPDATE member SET until = (SELECT " MEMBER_UNTIL("member.added") " FROM list l WHERE l.id = ?1) "     \
                                                                        "WHERE list = ?1")                   \
    X(MEMBER_PUT,                                                                                            \
      "INSERT INTO member (list, person, added, until) "                                                     \
      "SELECT l.id, ?2, ?3, " MEMBER_UNTIL(                                                                  \
          "?3") " FROM list l WHERE l.id = ?1 "                                                              \
                "ON CONFLICT (list, person) DO UPDATE SET added = excluded.added, until = excluded.until")   \
    X(MEMBER_DELETE, "DELETE FROM member WHERE list = ?1 AND person = ?2")                                   \
    X(LISTS_OF, "SELECT " LIST_COLUMNS ", m.added, m.until FROM member m JOIN list l ON l.id = m.list "      \
                "WHERE m.person = ?1 ORDER BY l.name")                                                       \
    X(FACE_PUT, "INSERT INTO face (" FACE_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "                   \
                "ON CONFLICT (id) DO UPDATE SET source = ?3, source_hash = ?4, quality = ?5, sample = ?6")   \
    X(FACE_GET, "SELECT " FACE_COLUMNS " FROM face WHERE id = ?1")                                           \
    X(FACE_TRASH,                                                                                            \
      "INSERT OR IGNORE INTO trash (blob) SELECT sample FROM face WHERE id = ?1 AND sample IS NOT NULL")     \
    X(FACE_DELETE, "DELETE FROM face WHERE id = ?1")                                                         \
    X(FACES_OF, "SELECT " FACE_COLUMNS ", EXISTS (SELECT 1 FROM original o WHERE o.face = face.id) "         \
                "FROM face WHERE person = ?1 ORDER BY id")                                                   \
    X(FACE_BY_SOURCE, "SELECT " FACE_COLUMNS " FROM face WHERE person = ?1 AND source_hash = ?2")            \
    X(DESCRIPTOR_PUT, "INSERT INTO descriptor (face, model, dim, sealed) VALUES (?1, ?2, ?3, ?4) "           \
                      "ON CONFLICT (face, model) DO UPDATE SET dim = ?3, sealed = ?4")                       \
    X(DESCRIPTOR_GET, "SELECT face, model, dim, sealed FROM descriptor WHERE face = ?1 AND model = ?2")      \
    X(DESCRIPTOR_DELETE, "DELETE FROM descriptor WHERE face = ?1 AND model = ?2")                            \
    X(FACES_PAGE, "SELECT " FACE_COLUMNS " FROM face f WHERE id > ?1 AND (?2 IS NULL OR EXISTS "             \
                  "(SELECT 1 FROM descriptor d WHERE d.face = f.id AND d.model = ?2)) AND (?3 IS NULL OR "   \
                  "NOT EXISTS (SELECT 1 FROM descriptor d WHERE d.face = f.id AND d.model = ?3)) "           \
                  "ORDER BY id LIMIT ?4")                                                                    \
    X(DESCRIPTOR_EACH, "SELECT d.face, d.model, d.dim, d.sealed, f.person FROM face f "                      \
                       "JOIN descriptor d ON d.face = f.id AND d.model = ?1 ORDER BY f.person, f.id")        \
    X(DOSSIER_PEOPLE,                                                                                        \
      "SELECT p.id, p.active, k.wrapped FROM person p LEFT JOIN person_key k ON k.person = p.id "            \
      "WHERE p.id > ?1 ORDER BY p.id LIMIT ?2")                                                              \
    X(DOSSIER_CONSENTS, "SELECT id, person, purpose, NULL, NULL, given, until, withdrawn FROM consent "      \
                        "WHERE person > ?1 AND person <= ?2 ORDER BY person")                                \
    X(DOSSIER_LISTS,                                                                                         \
      "SELECT m.person, m.list, l.purpose, m.until FROM member m JOIN list l ON l.id = m.list "              \
      "WHERE NOT l.inactive AND m.person > ?1 AND m.person <= ?2 ORDER BY m.person")                         \
    X(DOSSIER_FACES, "SELECT f.person, d.face, d.dim, d.sealed FROM face f "                                 \
                     "JOIN descriptor d ON d.face = f.id AND d.model = ?3 "                                  \
                     "WHERE f.person > ?1 AND f.person <= ?2 ORDER BY f.person, f.id")                       \
    X(SNAPSHOT_SHRED, "DELETE FROM meta WHERE key = '" MN_STORE_SNAPSHOT_META "'")                           \
    X(TRASH_LIST, "SELECT blob FROM trash ORDER BY blob LIMIT ?1")                                           \
    X(TRASH_DROP, "DELETE FROM trash WHERE blob = ?1")                                                       \
    X(AUDIT_LAST, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")                                   \
    X(AUDIT_APPEND, "INSERT INTO audit (seq, time, account, actor, action, target, detail, prev, hash) "     \
                    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")                                           \
    X(AUDIT_EACH, "SELECT seq, time, account, actor, action, target, detail, prev, hash FROM audit "         \
                  "WHERE seq >= ?1 ORDER BY seq")                                                            \
    X(COUNTS, "SELECT (SELECT count(*) FROM person), (SELECT count(*) FROM face), (SELECT count(*) FROM "    \
              "descriptor), "                                                                                \
              "(SELECT count(*) FROM list), (SELECT count(*) FROM consent), (SELECT count(*) FROM audit)")   \
    X(CHECK, "PRAGMA integrity_check(1)")                                                                    \
    X(CHECK_KEYS, "PRAGMA foreign_key_check")                                                                \
    X(SCRUB, "PRAGMA wal_checkpoint(TRUNCATE)")

#define MN_SQLITE_PARAMETER(n)  "?" #n
#define MN_SQLITE_LIKE(text, n) text " LIKE ?" #n " ESCAPE '\\'"
/* Ids back to back, as bind_ids has them. */
#define MN_SQLITE_AMONG(id, n) "instr(?" #n ", " id ") > 0"
/* Each value wanted is the field's, or one of the field's. */
#define MN_SQLITE_CUSTOM(n)                                                                                  \
    "NOT EXISTS (SELECT 1 FROM json_tree(?" #n ") w WHERE w.atom IS NOT NULL AND NOT EXISTS (SELECT 1 FROM " \
    "json_tree(p.custom) h WHERE h.atom = w.atom AND h.type = w.type AND h.path = w.path AND "               \
    "(w.path <> '$' OR h.key = w.key)))"

typedef enum {
#define X(name, sql) Q_##name,
    MN_SQLITE_QUERIES(X) MN_ACCESS_QUERIES(X, MN_SQLITE_PARAMETER) MN_AUDIT_QUERIES(X, MN_SQLITE_PARAMETER)
        MN_ERASURE_QUERIES(X, MN_SQLITE_PARAMETER) MN_FACE_QUERIES(X, MN_SQLITE_PARAMETER, MN_SQLITE_AMONG)
            MN_PEOPLE_QUERIES(X, MN_SQLITE_PARAMETER, MN_SQLITE_LIKE, MN_SQLITE_CUSTOM, MN_SQLITE_AMONG)
#undef X
                Q_COUNT
} mn_sqlite_query;

#endif
