/* The statements that look through the audit log: the same for both back ends but for how a parameter is
 * written, A(n). Each in the order of seq; by account there is an index in that order.
 *
 * An index by target in that order would be changed by each record at another place, and each commit would
 * write all these pages. So there is one by block of 4 096 records and then by the end of target, which is
 * short and, in ids, random: what is written together stands together. Who looks for a target looks into
 * each block, in the order of blocks. */
#ifndef MN_STORE_AUDIT_QUERIES_H
#define MN_STORE_AUDIT_QUERIES_H

#define AUDIT_BLOCK 4096 /* records: as the statements and the index say it */

/* clang-format off */
/* which: what the index is of, "account = $1 AND "; compare: " > "; order: "" or " DESC" */
#define AUDIT_WHERE(A, from, which, compare, order)                                                          \
    "SELECT seq, time, account, actor, action, target, detail, prev, hash FROM " from " WHERE " which        \
    "(account = " A(1) " OR " A(1) " IS NULL) AND (actor = " A(2) " OR " A(2) " IS NULL) AND "               \
    "(action >= " A(3) " AND action < " A(4) " OR " A(3) " IS NULL) AND "                                    \
    "(target = " A(5) " OR " A(5) " IS NULL) AND time >= " A(6) " AND time < " A(7) " AND "                  \
    "seq" compare A(8) " ORDER BY seq" order " LIMIT " A(9)

/* In the blocks from number $10 to $11. Begins with SELECT, as what only reads does. For SQLite n + 0 has no
 * type that would keep it from the index, and for "target = $5" by itself it would make one of the whole log. */
#define AUDIT_BLOCKS(A)                                                                                      \
    "(WITH RECURSIVE b (n) AS (SELECT CAST(" A(10) " AS bigint) UNION ALL "                                  \
    "SELECT n + 1 FROM b WHERE n < " A(11) ") SELECT n FROM b) block CROSS JOIN audit"
#define AUDIT_ABOUT(A, compare, order)                                                                       \
    AUDIT_WHERE(A, AUDIT_BLOCKS(A), "seq / 4096 = n + 0 AND substr(target, 33) = substr(" A(5) ", 33) AND ", \
                compare, order)

#define MN_AUDIT_QUERIES(X, A)                                                                               \
    X(AUDIT_UP, AUDIT_WHERE(A, "audit", "", " > ", ""))                                                      \
    X(AUDIT_DOWN, AUDIT_WHERE(A, "audit", "", " < ", " DESC"))                                               \
    X(AUDIT_OF_UP, AUDIT_WHERE(A, "audit", "account = " A(1) " AND ", " > ", ""))                            \
    X(AUDIT_OF_DOWN, AUDIT_WHERE(A, "audit", "account = " A(1) " AND ", " < ", " DESC"))                     \
    X(AUDIT_ABOUT_UP, AUDIT_ABOUT(A, " > ", ""))                                                             \
    X(AUDIT_ABOUT_DOWN, AUDIT_ABOUT(A, " < ", " DESC"))
/* clang-format on */

#endif
