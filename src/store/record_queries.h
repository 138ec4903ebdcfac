/* The statements about records, the change log and the audit log: the same for both back ends but for how a
 * parameter is written, A(n), a part of a text is looked for, L(text, n), and a write notes its person in the
 * change log, N(write, who): `who` tells the person from a row that was written. Parameters are bound in the
 * order of their numbers. */
#ifndef MN_STORE_RECORD_QUERIES_H
#define MN_STORE_RECORD_QUERIES_H

#include "store/access_queries.h"

#define PERSON_COLUMNS                                                                                       \
    "p.id, p.account, p.external_id, p.name, p.user_data, p.active, p.created, p.updated, "                  \
    "p.custom, p.avatar"
#define CONSENT_COLUMNS "id, person, purpose, method, evidence, given, until, withdrawn"
#define LIST_COLUMNS                                                                                         \
    "l.id, l.account, l.name, l.purpose, l.retention, l.fmr, l.created, l.updated, l.comment, l.color, "     \
    "l.inactive, l.acknowledge, l.sound"
#define FACE_COLUMNS  "id, person, source, source_hash, quality, sample, created"
#define AUDIT_COLUMNS "seq, time, account, actor, action, target, detail, prev, hash"

/* The end of a membership; 9223372036854775807 is MN_TIME_NEVER. */
#define MEMBER_UNTIL(added)                                                                                  \
    "CASE WHEN l.retention > 9223372036854775807 - " added " THEN 9223372036854775807 ELSE " added           \
    " + l.retention END"

#define PERSON_AGAIN                                                                                         \
    " ON CONFLICT (id) DO UPDATE SET external_id = excluded.external_id, name = excluded.name, "             \
    "user_data = excluded.user_data, active = excluded.active, updated = excluded.updated, "                 \
    "custom = excluded.custom, avatar = excluded.avatar"
#define KEY_AGAIN " ON CONFLICT (person) DO UPDATE SET wrapped = excluded.wrapped"
#define CONSENT_AGAIN                                                                                        \
    " ON CONFLICT (id) DO UPDATE SET method = excluded.method, evidence = excluded.evidence, "               \
    "until = excluded.until, withdrawn = excluded.withdrawn"
#define MEMBER_AGAIN                                                                                         \
    " ON CONFLICT (list, person) DO UPDATE SET added = excluded.added, until = excluded.until"
#define FACE_AGAIN                                                                                           \
    " ON CONFLICT (id) DO UPDATE SET source = excluded.source, source_hash = excluded.source_hash, "         \
    "quality = excluded.quality, sample = excluded.sample"
#define DESCRIPTOR_AGAIN                                                                                     \
    " ON CONFLICT (face, model) DO UPDATE SET dim = excluded.dim, sealed = excluded.sealed"

/* clang-format off */
#define A7(A)  A(1) ", " A(2) ", " A(3) ", " A(4) ", " A(5) ", " A(6) ", " A(7)
#define A8(A)  A7(A) ", " A(8)
#define A13(A) A11(A) ", " A(12) ", " A(13)

#define NAME_LIKE(A, L) "(CAST(" A(4) " AS text) IS NULL OR " L("p.name", 4) " OR " L("p.external_id", 4) ")"
/* Not EXISTS: for that a planner may read the whole table first, and look into it then. */
#define HAS_ORIGINAL(face) "(SELECT o.face FROM original o WHERE o.face = " face ") IS NOT NULL"
#define HAS_DESCRIPTOR(A, n)                                                                                 \
    "((SELECT d.face FROM descriptor d WHERE d.face = f.id AND d.model = " A(n) ") IS NOT NULL)"

/* T(n): each face's descriptor of one model */
#define MN_RECORD_QUERIES(X, A, L, N, T)                                                                      \
    X(GENERATION, "SELECT coalesce(max(seq), 0) FROM change")                                                \
    X(CHANGES, "SELECT person, seq FROM change WHERE seq > " A(1) " ORDER BY seq LIMIT " A(2))               \
    X(ENDED, "SELECT person FROM consent WHERE until > " A(1) " AND until <= " A(2)                          \
      " UNION SELECT person FROM member WHERE until > " A(1) " AND until <= " A(2) " ORDER BY 1")            \
    X(META_GET, "SELECT value FROM meta WHERE key = " A(1))                                                  \
    X(META_PUT, "INSERT INTO meta (key, value) VALUES (" A(1) ", " A(2) ") "                                 \
      "ON CONFLICT (key) DO UPDATE SET value = excluded.value")                                              \
    X(PERSON_PUT, N("INSERT INTO person (id, account, external_id, name, user_data, active, created, "       \
      "updated, custom, avatar) VALUES (" A10(A) ")" PERSON_AGAIN, "id"))                                    \
    X(PERSON_GET, "SELECT " PERSON_COLUMNS " FROM person p WHERE id = " A(1))                                \
    X(PERSON_BY_EXTERNAL_ID, "SELECT " PERSON_COLUMNS " FROM person p WHERE account = " A(1)                 \
      " AND external_id = " A(2))                                                                            \
    X(PERSON_LIST, "SELECT " PERSON_COLUMNS " FROM person p WHERE account = " A(1) " AND id > " A(2)         \
      " AND " NAME_LIKE(A, L) " ORDER BY id LIMIT " A(3))                                                    \
    X(PERSON_LIST_MEMBERS, "SELECT " PERSON_COLUMNS " FROM member m JOIN person p ON p.id = m.person "       \
      "WHERE p.account = " A(1) " AND m.list = " A(5) " AND m.until > " A(6) " AND m.person > " A(2) " AND " NAME_LIKE(A, L) \
      " ORDER BY m.person LIMIT " A(3))                                                                      \
    X(PERSON_LIST_NAMED, "SELECT " PERSON_COLUMNS " FROM person p WHERE account = " A(1) " AND id > " A(2)   \
      " AND " NAME_LIKE(A, L) " AND name = " A(7) " AND (EXISTS (SELECT 1 FROM member m WHERE m.list = "     \
      A(5) " AND m.person = p.id AND m.until > " A(6) ") OR " A(5) " IS NULL) ORDER BY id LIMIT " A(3))                             \
    X(KEY_PUT, "INSERT INTO person_key (person, wrapped) VALUES (" A(1) ", " A(2) ")" KEY_AGAIN)             \
    X(KEY_GET, "SELECT wrapped FROM person_key WHERE person = " A(1))                                        \
    X(KEY_EACH, "SELECT person, wrapped FROM person_key WHERE person > " A(1) " ORDER BY person LIMIT "      \
      A(2))                                                                                                  \
    X(KEY_REPLACE, "UPDATE person_key SET wrapped = " A(3) " WHERE person = " A(1) " AND wrapped = " A(2))   \
    X(CONSENT_PUT, N("INSERT INTO consent (" CONSENT_COLUMNS ") VALUES (" A8(A) ")" CONSENT_AGAIN,           \
      "person"))                                                                                             \
    X(CONSENT_LIST, "SELECT " CONSENT_COLUMNS " FROM consent WHERE person = " A(1) " ORDER BY id")           \
    X(LIST_PUT, "INSERT INTO list (id, account, name, purpose, retention, fmr, created, updated, comment, "  \
      "color, inactive, acknowledge, sound) VALUES (" A13(A) ") ON CONFLICT (id) DO UPDATE SET "             \
      "name = excluded.name, purpose = excluded.purpose, retention = excluded.retention, "                   \
      "fmr = excluded.fmr, updated = excluded.updated, comment = excluded.comment, "                         \
      "color = excluded.color, inactive = excluded.inactive, acknowledge = excluded.acknowledge, "           \
      "sound = excluded.sound")                                                                              \
    X(LIST_AS_BEFORE, "SELECT count(*) FROM list WHERE id = " A(1) " AND purpose = " A(2)                     \
      " AND retention = " A(3) " AND inactive = " A(4))                                                      \
    X(LIST_RETENTION, "UPDATE member SET until = (SELECT " MEMBER_UNTIL("member.added")                      \
      " FROM list l WHERE l.id = " A(1) ") WHERE list = " A(1) " AND until > " A(2))                                              \
    X(LIST_GET, "SELECT " LIST_COLUMNS " FROM list l WHERE id = " A(1))                                      \
    X(LIST_BY_NAME, "SELECT " LIST_COLUMNS " FROM list l WHERE account = " A(1) " AND name = " A(2))         \
    X(LIST_LIST, "SELECT " LIST_COLUMNS " FROM list l WHERE account = " A(1) " ORDER BY name")               \
    X(MEMBER_DELETE, N("DELETE FROM member WHERE list = " A(1) " AND person = " A(2) " AND until > " A(3), "person"))             \
    X(LISTS_OF, "SELECT " LIST_COLUMNS ", m.added, m.until FROM member m JOIN list l ON l.id = m.list "      \
      "WHERE m.person = " A(1) " AND m.until > " A(2) " ORDER BY l.name")                                                           \
    X(FACE_PUT, N("INSERT INTO face (" FACE_COLUMNS ") VALUES (" A7(A) ")" FACE_AGAIN, "person"))            \
    X(FACE_GET, "SELECT " FACE_COLUMNS " FROM face WHERE id = " A(1))                                        \
    X(FACES_OF, "SELECT " FACE_COLUMNS ", " HAS_ORIGINAL("face.id") " "                                        \
      "FROM face WHERE person = " A(1) " ORDER BY id")                                                       \
    X(FACE_BY_SOURCE, "SELECT " FACE_COLUMNS " FROM face WHERE person = " A(1) " AND source_hash = " A(2))   \
    X(FACES_PAGE, "SELECT " FACE_COLUMNS " FROM face f WHERE id > " A(1) " AND (CAST(" A(2)                  \
      " AS text) IS NULL OR " HAS_DESCRIPTOR(A, 2) ") AND (CAST(" A(3) " AS text) IS NULL OR NOT "           \
      HAS_DESCRIPTOR(A, 3) ") ORDER BY id LIMIT " A(4))                                                      \
    X(DESCRIPTOR_GET, "SELECT face, model, dim, sealed FROM descriptor WHERE face = " A(1) " AND model = "   \
      A(2))                                                                                                  \
    X(DESCRIPTOR_WITH_KEY, "SELECT d.face, d.model, d.dim, d.sealed, f.person, k.wrapped FROM face f "       \
      "JOIN descriptor d ON d.face = f.id LEFT JOIN person_key k ON k.person = f.person WHERE f.id = " A(1)  \
      " AND d.model = " A(2))                                                                                \
    X(DESCRIPTOR_PAGE, "SELECT d.face, d.model, d.dim, d.sealed, f.person FROM face f "                      \
      "JOIN descriptor d ON d.face = f.id AND d.model = " A(1) " WHERE (f.person, f.id) > (" A(2) ", " A(3)  \
      ") ORDER BY f.person, f.id LIMIT " A(4))                                                               \
    X(DOSSIER_PEOPLE, "SELECT p.id, p.active, k.wrapped FROM person p "                                      \
      "LEFT JOIN person_key k ON k.person = p.id AND k.person > " A(1) " WHERE p.id > " A(1)                 \
      " ORDER BY p.id LIMIT " A(2))                                                                          \
    X(DOSSIER_CONSENTS, "SELECT id, person, purpose, CAST(NULL AS text), CAST(NULL AS text), given, until, " \
      "withdrawn FROM consent WHERE person > " A(1) " AND person <= " A(2) " ORDER BY person")               \
    X(DOSSIER_LISTS, "SELECT m.person, m.list, l.purpose, m.until FROM member m "                            \
      "JOIN list l ON l.id = m.list WHERE NOT l.inactive AND m.person > " A(1) " AND m.person <= " A(2)      \
      " ORDER BY m.person")                                                                                  \
    X(DOSSIER_FACES, "SELECT f.person, d.face, d.dim, d.sealed FROM face f " T(3) " WHERE f.person > " A(1)  \
      " AND f.person <= " A(2) " ORDER BY f.person, f.id")                                                   \
    X(TRASH_LIST, "SELECT blob FROM trash ORDER BY blob LIMIT " A(1))                                        \
    X(TRASH_DROP, "DELETE FROM trash WHERE blob = " A(1))                                                    \
    X(AUDIT_LAST, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")                                   \
    X(AUDIT_PAGE, "SELECT " AUDIT_COLUMNS " FROM audit WHERE seq >= " A(1) " ORDER BY seq LIMIT " A(2))      \
    X(COUNTS, "SELECT (SELECT count(*) FROM person), (SELECT count(*) FROM face), "                          \
      "(SELECT count(*) FROM descriptor), (SELECT count(*) FROM list), (SELECT count(*) FROM consent), "     \
      "(SELECT count(*) FROM audit)")
/* clang-format on */

#endif
