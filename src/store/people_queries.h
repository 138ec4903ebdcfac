/* The statements that look through people, lists, members and consents, and those of kept answers: the same
 * for both back ends but for how a parameter is written, A(n), a part of a text is looked for, L(text, n),
 * custom fields are compared, C(n), an id is looked for among some, I(id, n), and a planner is told to look
 * for one member after the other, EACH.
 *
 * Each order has an index that ends in the id, so that a page costs the same wherever it begins and however
 * many people there are. Members in the order of their ids come from the list's own index. In another order a
 * small list is sorted (FEW), and a large one is a filter, as all conditions are. */
#ifndef MN_STORE_PEOPLE_QUERIES_H
#define MN_STORE_PEOPLE_QUERIES_H

#include "store/record_queries.h"

/* clang-format off */
#define PEOPLE_WHERE(A, L, C)                                                                                \
    " WHERE p.account = " A(1) " AND (" L("p.name", 2) " OR " L("p.external_id", 2) " OR " A(2) " IS NULL)"  \
    " AND (EXISTS (SELECT 1 FROM member o WHERE o.person = p.id AND o.list = " A(3) " AND o.until > " A(7)   \
    ") OR " A(3) " IS NULL)"                                                                                 \
    " AND " YES_OR_NO(A, 4, "p.active")                                                                      \
    " AND " YES_OR_NO(A, 5, "EXISTS (SELECT 1 FROM face f WHERE f.person = p.id)")                           \
    " AND (EXISTS (SELECT 1 FROM consent c WHERE c.person = p.id AND c.purpose = " A(6)                      \
    " AND c.given <= " A(7) " AND c.until > " A(7) " AND c.withdrawn > " A(7) ") OR " A(6) " IS NULL)"       \
    " AND p.created >= " A(8) " AND p.created < " A(9)                                                       \
    " AND p.updated >= " A(10) " AND p.updated < " A(11)                                                     \
    " AND (" C(12) " OR " A(12) " IS NULL)"
/* A member of any of some lists. */
#define PEOPLE_AMONG(A, I, n)                                                                                \
    " AND (EXISTS (SELECT 1 FROM member o WHERE o.person = p.id AND o.until > " A(7) " AND " I("o.list", n)   \
    ") OR " A(n) " IS NULL)"
#define PEOPLE_BY(A, L, C, I, compare, order)                                                                \
    "SELECT " PERSON_COLUMNS " FROM person p" PEOPLE_WHERE(A, L, C) PEOPLE_AMONG(A, I, 13)                   \
    " AND " compare " (" A(14) ", " A(15) ") ORDER BY " order " LIMIT " A(16)
#define PEOPLE_IN(A, L, C, compare, order)                                                                   \
    "SELECT " PERSON_COLUMNS " FROM member m JOIN person p ON p.id = m.person" PEOPLE_WHERE(A, L, C)         \
    " AND m.list = " A(3) " AND m.person " compare " " A(13) " ORDER BY m.person" order " LIMIT " A(14)
#define PEOPLE_FEW(A, L, C, EACH, compare, order)                                                            \
    "SELECT " PERSON_COLUMNS " FROM (SELECT person FROM member WHERE list = " A(3)                           \
    " ORDER BY person LIMIT " A(16) ") m " EACH PEOPLE_WHERE(A, L, C) " AND p.id = m.person"                                                        \
    " AND " compare " (" A(13) ", " A(14) ") ORDER BY " order " LIMIT " A(15)
#define LISTS_BY(A, L, compare, order)                                                                       \
    "SELECT " LIST_COLUMNS ", (SELECT count(*) FROM member m WHERE m.list = l.id AND m.until > " A(8)        \
    ") FROM (SELECT * FROM list l"                                                                           \
    " WHERE l.account = " A(1) " AND (" L("l.name", 2) " OR " A(2) " IS NULL) AND (l.purpose = " A(3)        \
    " OR " A(3) " IS NULL) AND " YES_OR_NO(A, 4, "(NOT l.inactive)")                                         \
    " AND " compare " (" A(5) ", " A(6) ") ORDER BY " order " LIMIT " A(7) ") l ORDER BY " order
/* Members in the order of their ids are read up to the page's end; in another order all of them are sorted. */
#define MEMBERS_BY(A, L, EACH, after, order)                                                                 \
    "SELECT m.person, p.name, p.external_id, m.added, m.until FROM member m " EACH                           \
    " WHERE p.id = m.person AND m.list = " A(1) " AND (" L("p.name", 2) " OR " L("p.external_id", 2)         \
    " OR " A(2) " IS NULL) AND m.until > " A(3) " AND " after " ORDER BY " order " LIMIT "
#define CONSENTS_BY(A, compare, order)                                                                       \
    "SELECT c.id, c.person, c.purpose, c.method, c.evidence, c.given, c.until, c.withdrawn "                 \
    "FROM consent c JOIN person p ON p.id = c.person WHERE p.account = " A(1)                                \
    " AND (c.purpose = " A(2) " OR " A(2) " IS NULL) AND (" A(3) " = CAST(0 AS bigint) OR " A(3)             \
    " = CASE WHEN c.withdrawn <= " A(4) " THEN 3 WHEN c.until <= " A(4) " THEN 2 ELSE 1 END)"                \
    " AND c.until >= " A(5) " AND (c.until < " A(6) " OR " A(6) " = 9223372036854775807)"                    \
    " AND c.given >= " A(7) " AND c.given < " A(8)                                                           \
    " AND " compare " (" A(9) ", " A(10) ") ORDER BY " order " LIMIT " A(11)

#define MN_PEOPLE_QUERIES(X, A, L, C, I, EACH)                                                               \
    X(PEOPLE_OLDEST, PEOPLE_BY(A, L, C, I, "(p.created, p.id) >", "p.created, p.id"))                        \
    X(PEOPLE_NEWEST, PEOPLE_BY(A, L, C, I, "(p.created, p.id) <", "p.created DESC, p.id DESC"))              \
    X(PEOPLE_NAME, PEOPLE_BY(A, L, C, I, "(p.name, p.id) >", "p.name, p.id"))                                \
    X(PEOPLE_NAME_DOWN, PEOPLE_BY(A, L, C, I, "(p.name, p.id) <", "p.name DESC, p.id DESC"))                 \
    X(PEOPLE_UPDATED, PEOPLE_BY(A, L, C, I, "(p.updated, p.id) >", "p.updated, p.id"))                       \
    X(PEOPLE_UPDATED_DOWN, PEOPLE_BY(A, L, C, I, "(p.updated, p.id) <", "p.updated DESC, p.id DESC"))        \
    X(PEOPLE_IN_OLDEST, PEOPLE_IN(A, L, C, ">", ""))                                                         \
    X(PEOPLE_IN_NEWEST, PEOPLE_IN(A, L, C, "<", " DESC"))                                                    \
    X(PEOPLE_FEW_NAME, PEOPLE_FEW(A, L, C, EACH, "(p.name, p.id) >", "p.name, p.id"))                        \
    X(PEOPLE_FEW_NAME_DOWN, PEOPLE_FEW(A, L, C, EACH, "(p.name, p.id) <", "p.name DESC, p.id DESC"))         \
    X(PEOPLE_FEW_UPDATED, PEOPLE_FEW(A, L, C, EACH, "(p.updated, p.id) >", "p.updated, p.id"))               \
    X(PEOPLE_FEW_UPDATED_DOWN, PEOPLE_FEW(A, L, C, EACH, "(p.updated, p.id) <", "p.updated DESC, p.id DESC")) \
    X(PEOPLE_EXTERNAL, "SELECT " PERSON_COLUMNS " FROM person p" PEOPLE_WHERE(A, L, C)                       \
      PEOPLE_AMONG(A, I, 13) " AND p.external_id = " A(14))                                                  \
    /* All that a look at a person shows, in one statement; what a row is stands in its first column. */     \
    X(PERSON_WHOLE,                                                                                          \
      "SELECT CAST(1 AS bigint), id, account, avatar, external_id, name, user_data, custom, created, updated, "              \
      "CAST(0 AS bigint), 0.0, active, FALSE, FALSE FROM person WHERE id = " A(1)                            \
      " UNION ALL SELECT 2, id, person, NULL, purpose, method, evidence, NULL, given, until, withdrawn, "    \
      "0.0, FALSE, FALSE, FALSE FROM consent WHERE person = " A(1)                                           \
      " UNION ALL SELECT 3, l.id, l.account, NULL, l.name, l.purpose, l.comment, l.color, l.created, "       \
      "l.updated, l.retention, l.fmr, l.inactive, l.acknowledge, l.sound FROM member m "                     \
      "JOIN list l ON l.id = m.list WHERE m.person = " A(1) " AND m.until > " A(2)                            \
      " UNION ALL SELECT 4, id, person, sample, source, source_hash, NULL, NULL, created, 0, 0, quality, "   \
      HAS_ORIGINAL("face.id") ", FALSE, FALSE FROM face WHERE person = " A(1)                                \
      " UNION ALL SELECT 5, person, NULL, NULL, NULL, NULL, NULL, NULL, asked, due, 0, 0.0, whole, "    \
      "FALSE, FALSE FROM erasure WHERE person = " A(1))                                                      \
    X(MEMBERS_PERSON, MEMBERS_BY(A, L, EACH, "m.person > " A(4), "m.person") A(5))                                 \
    X(MEMBERS_ADDED, MEMBERS_BY(A, L, EACH, "(m.added, m.person) > (" A(4) ", " A(5) ")", "m.added, m.person") A(6))\
    X(MEMBERS_ADDED_DOWN, MEMBERS_BY(A, L, EACH, "(m.added, m.person) < (" A(4) ", " A(5) ")", "m.added DESC, m.person DESC") A(6))\
    X(MEMBERS_NAME, MEMBERS_BY(A, L, EACH, "(p.name, m.person) > (" A(4) ", " A(5) ")", "p.name, m.person") A(6))  \
    X(MEMBERS_NAME_DOWN, MEMBERS_BY(A, L, EACH, "(p.name, m.person) < (" A(4) ", " A(5) ")", "p.name DESC, m.person DESC") A(6))\
    X(MEMBER_COUNT, "SELECT count(*) FROM member WHERE list = " A(1) " AND until > " A(2))                                        \
    X(MEMBER_COUNT_TO, "SELECT count(*) FROM (SELECT 1 FROM member WHERE list = " A(1)                      \
      " ORDER BY person LIMIT " A(2) ") m")                                                                  \
    X(LISTS_NAME, LISTS_BY(A, L, "(l.name, l.id) >", "l.name, l.id"))                                        \
    X(LISTS_NAME_DOWN, LISTS_BY(A, L, "(l.name, l.id) <", "l.name DESC, l.id DESC"))                         \
    X(LISTS_OLDEST, LISTS_BY(A, L, "(l.created, l.id) >", "l.created, l.id"))                                \
    X(LISTS_NEWEST, LISTS_BY(A, L, "(l.created, l.id) <", "l.created DESC, l.id DESC"))                      \
    X(MEMBERS_ENDED, "SELECT m.list, m.person, l.account FROM (SELECT * FROM member WHERE until <= "  \
      A(1) " ORDER BY until LIMIT " A(2) ") m JOIN list l ON l.id = m.list ORDER BY m.list, m.person")       \
    X(LIST_DELETE, "DELETE FROM list WHERE id = " A(1))                                                      \
    X(CONSENT_GET, "SELECT id, person, purpose, method, evidence, given, until, withdrawn FROM consent "     \
      "WHERE id = " A(1))                                                                                    \
    X(CONSENTS_UNTIL, CONSENTS_BY(A, "(c.until, c.id) >", "c.until, c.id"))                                  \
    X(CONSENTS_UNTIL_DOWN, CONSENTS_BY(A, "(c.until, c.id) <", "c.until DESC, c.id DESC"))                   \
    X(CONSENTS_GIVEN, CONSENTS_BY(A, "(c.given, c.id) >", "c.given, c.id"))                                  \
    X(CONSENTS_GIVEN_DOWN, CONSENTS_BY(A, "(c.given, c.id) <", "c.given DESC, c.id DESC"))                   \
    X(EVIDENCE_PUT, "INSERT INTO evidence (consent, blob, format, bytes) VALUES (" A(1) ", " A(2) ", " A(3)  \
      ", " A(4) ")")                                                                                         \
    X(EVIDENCE_GET, "SELECT consent, blob, format, bytes FROM evidence WHERE consent = " A(1))               \
    X(ONCE_TAKE, "INSERT INTO once (account, caller, key, hash, until, person, answer) VALUES (" A(1) ", "   \
      A(2) ", " A(3) ", " A(4) ", " A(5) ", " A(6) ", NULL)")                                                \
    X(ONCE_GET, "SELECT account, caller, key, hash, until, person, answer FROM once WHERE account = " A(1)   \
      " AND caller = " A(2) " AND key = " A(3))                                                              \
    X(ONCE_KEEP, "UPDATE once SET person = " A(4) ", answer = " A(5) " WHERE account = " A(1)                \
      " AND caller = " A(2) " AND key = " A(3))                                                              \
    X(ONCE_DROP, "DELETE FROM once WHERE account = " A(1) " AND caller = " A(2) " AND key = " A(3))          \
    X(ONCE_EXPIRE, "DELETE FROM once WHERE until <= " A(1))
/* clang-format on */

#endif
