/* The statements that look through faces, and those about originals: the same for both back ends but for how
 * a parameter is written, A(n), and an id is looked for among some, I(id, n). */
#ifndef MN_STORE_FACE_QUERIES_H
#define MN_STORE_FACE_QUERIES_H

#define FOUND_COLUMNS                                                                                        \
    "f.id, f.person, f.source, f.source_hash, f.quality, f.sample, f.created, " HAS_ORIGINAL("f.id")

/* compare: "(f.created, f.id) >"; order: "f.created, f.id" */
/* clang-format off */
#define FACES_OF(A, which, n)                                                                                \
    " AND (EXISTS (SELECT 1 FROM member m WHERE m.person = f.person AND m.until > " A(12) " AND " which ") OR " A(n) " IS NULL)"
#define FACES_WHERE(A, I, compare, order)                                                                    \
    "SELECT " FOUND_COLUMNS " FROM face f JOIN person p ON p.id = f.person WHERE p.account = " A(1)          \
    FACES_OF(A, "m.list = " A(2), 2) FACES_OF(A, I("m.list", 3), 3)                                          \
    " AND (f.person = " A(4) " OR " A(4) " IS NULL)"                                                         \
    " AND f.quality >= " A(5) " AND f.quality <= " A(6) " AND f.created >= " A(7) " AND f.created < " A(8)   \
    " AND " compare " (" A(9) ", " A(10) ") ORDER BY " order " LIMIT " A(11)
/* clang-format on */

#define MN_FACE_QUERIES(X, A, I)                                                                             \
    X(FACES_OLDEST, FACES_WHERE(A, I, "(f.created, f.id) >", "f.created, f.id"))                             \
    X(FACES_NEWEST, FACES_WHERE(A, I, "(f.created, f.id) <", "f.created DESC, f.id DESC"))                   \
    X(FACES_WORST, FACES_WHERE(A, I, "(f.quality, f.id) >", "f.quality, f.id"))                              \
    X(FACES_BEST, FACES_WHERE(A, I, "(f.quality, f.id) <", "f.quality DESC, f.id DESC"))                     \
    X(ORIGINAL_PUT,                                                                                          \
      "INSERT INTO original (face, blob, format, bytes) VALUES (" A(1) ", " A(2) ", " A(3) ", " A(4) ")")    \
    X(ORIGINAL_GET, "SELECT face, blob, format, bytes FROM original WHERE face = " A(1))                     \
    X(ORIGINAL_DELETE, "DELETE FROM original WHERE face = " A(1))

#endif
