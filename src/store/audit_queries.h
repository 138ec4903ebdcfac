/* The statements that look through the audit log: the same for both back ends but for how a parameter is
 * written, A(n). Each in the order of seq; by account or by target there is an index in that order. */
#ifndef MN_STORE_AUDIT_QUERIES_H
#define MN_STORE_AUDIT_QUERIES_H

/* clang-format off */
/* which: what the index is of, "account = $1 AND "; compare: " > "; order: "" or " DESC" */
#define AUDIT_WHERE(A, which, compare, order)                                                                \
    "SELECT seq, time, account, actor, action, target, detail, prev, hash FROM audit WHERE " which           \
    "(account = " A(1) " OR " A(1) " IS NULL) AND (actor = " A(2) " OR " A(2) " IS NULL) AND "               \
    "(action >= " A(3) " AND action < " A(4) " OR " A(3) " IS NULL) AND "                                    \
    "(target = " A(5) " OR " A(5) " IS NULL) AND time >= " A(6) " AND time < " A(7) " AND "                  \
    "seq" compare A(8) " ORDER BY seq" order " LIMIT " A(9)

#define MN_AUDIT_QUERIES(X, A)                                                                               \
    X(AUDIT_UP, AUDIT_WHERE(A, "", " > ", ""))                                                               \
    X(AUDIT_DOWN, AUDIT_WHERE(A, "", " < ", " DESC"))                                                        \
    X(AUDIT_OF_UP, AUDIT_WHERE(A, "account = " A(1) " AND ", " > ", ""))                                     \
    X(AUDIT_OF_DOWN, AUDIT_WHERE(A, "account = " A(1) " AND ", " < ", " DESC"))                              \
    X(AUDIT_ABOUT_UP, AUDIT_WHERE(A, "target = " A(5) " AND ", " > ", ""))                                   \
    X(AUDIT_ABOUT_DOWN, AUDIT_WHERE(A, "target = " A(5) " AND ", " < ", " DESC"))
/* clang-format on */

#endif
