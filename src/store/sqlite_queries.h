/* The statements that are SQLite's alone, and the list of all, which are prepared on first use and kept.
 * Parameters are bound in the order of their numbers. */
#ifndef MN_STORE_SQLITE_QUERIES_H
#define MN_STORE_SQLITE_QUERIES_H

#include "store/access_queries.h"
#include "store/audit_queries.h"
#include "store/erasure_queries.h"
#include "store/face_queries.h"
#include "store/people_queries.h"
#include "store/record_queries.h"

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
    X(PERSON_OWNER, "SELECT id, account FROM person WHERE id = ?1")                                          \
    X(FACE_OWNER, "SELECT id, person FROM face WHERE id = ?1")                                               \
    X(PEOPLE_NAMED,                                                                                          \
      "SELECT " PERSON_COLUMNS " FROM person p WHERE account = ?1 AND name = ?2 AND EXISTS "                 \
      "(SELECT 1 FROM member m WHERE m.list = ?3 AND m.person = p.id AND m.until > ?4) LIMIT 2")             \
    X(PERSON_TRASH,                                                                                          \
      "INSERT OR IGNORE INTO trash (blob) SELECT sample FROM face WHERE person = ?1 AND sample IS NOT NULL") \
    X(PERSON_DELETE, "DELETE FROM person WHERE id = ?1")                                                     \
    X(KEY_DELETE, "DELETE FROM person_key WHERE person = ?1")                                                \
    X(MEMBER_PUT, "INSERT INTO member (list, person, added, until) SELECT l.id, ?2, ?3, " MEMBER_UNTIL(      \
                      "?3") " FROM list l WHERE l.id = ?1" MEMBER_AGAIN)                                     \
    X(FACE_TRASH,                                                                                            \
      "INSERT OR IGNORE INTO trash (blob) SELECT sample FROM face WHERE id = ?1 AND sample IS NOT NULL")     \
    X(FACE_DELETE, "DELETE FROM face WHERE id = ?1")                                                         \
    X(DESCRIPTOR_PUT,                                                                                        \
      "INSERT INTO descriptor (face, model, dim, sealed) VALUES (?1, ?2, ?3, ?4)" DESCRIPTOR_AGAIN)          \
    X(DESCRIPTOR_DELETE, "DELETE FROM descriptor WHERE face = ?1 AND model = ?2")                            \
    X(SNAPSHOT_SHRED, "DELETE FROM meta WHERE key = '" MN_STORE_SNAPSHOT_META "'")                           \
    X(AUDIT_APPEND, "INSERT INTO audit (" AUDIT_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")     \
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
/* Goes from left to right. */
#define MN_SQLITE_EACH          "CROSS JOIN person p"
#define MN_SQLITE_DESCRIPTOR(n) "JOIN descriptor d ON d.face = f.id AND d.model = ?" #n
/* A statement writes; the note is another one, see mn_sql_write_noted. */
#define MN_SQLITE_NOTED(write, who) write

#define MN_SQLITE_STATEMENTS(X)                                                                              \
    MN_SQLITE_QUERIES(X)                                                                                     \
    MN_RECORD_QUERIES(X, MN_SQLITE_PARAMETER, MN_SQLITE_LIKE, MN_SQLITE_NOTED, MN_SQLITE_DESCRIPTOR)         \
    MN_ACCESS_QUERIES(X, MN_SQLITE_PARAMETER, MN_SQLITE_LIKE)                                                \
    MN_AUDIT_QUERIES(X, MN_SQLITE_PARAMETER)                                                                 \
    MN_ERASURE_QUERIES(X, MN_SQLITE_PARAMETER)                                                               \
    MN_FACE_QUERIES(X, MN_SQLITE_PARAMETER, MN_SQLITE_AMONG)                                                 \
    MN_PEOPLE_QUERIES(X, MN_SQLITE_PARAMETER, MN_SQLITE_LIKE, MN_SQLITE_CUSTOM, MN_SQLITE_AMONG,             \
                      MN_SQLITE_EACH)

typedef enum {
#define X(name, sql) Q_##name,
    MN_SQLITE_STATEMENTS(X)
#undef X
        Q_COUNT
} mn_sqlite_query;

#endif
