/* The statements that look through faces, and those about originals: the same for both back ends but for how
 * a parameter is written, A(n). */
#ifndef MN_STORE_FACE_QUERIES_H
#define MN_STORE_FACE_QUERIES_H

#define FOUND_COLUMNS                                                                                        \
    "f.id, f.person, f.source, f.source_hash, f.quality, f.sample, f.created, "                              \
    "EXISTS (SELECT 1 FROM original o WHERE o.face = f.id)"

/* compare: "(f.created, f.id) >"; order: "f.created, f.id" */
#define FACES_WHERE(A, compare, order)                                                                       \
    "SELECT " FOUND_COLUMNS " FROM face f JOIN person p ON p.id = f.person WHERE p.account = " A(            \
        1) " AND (EXISTS (SELECT 1 FROM "                                                                    \
           "member m WHERE m.person = "                                                                      \
           "f.person AND m.list = " A(2) ") OR " A(2) " IS NULL) AND (f.person = " A(3) " OR " A(            \
               3) " IS NULL) AND "                                                                           \
                  "f.quality >= " A(4) " A"                                                                  \
                                       "ND"                                                                  \
                                       " f"                                                                  \
                                       ".q"                                                                  \
                                       "ua"                                                                  \
                                       "li"                                                                  \
                                       "ty"                                                                  \
                                       " <"                                                                  \
                                       "="                                                                   \
                                       " " A(5) " AND f.created >= " A(6) " AND f.created < " A(             \
                                           7) " AND " compare " (" A(8) ", " A(9) ") ORDER BY " order        \
                                                                                  " LIMIT " A(10)

#define MN_FACE_QUERIES(X, A)                                                                                \
    X(FACES_OLDEST, FACES_WHERE(A, "(f.created, f.id) >", "f.created, f.id"))                                \
    X(FACES_NEWEST, FACES_WHERE(A, "(f.created, f.id) <", "f.created DESC, f.id DESC"))                      \
    X(FACES_WORST, FACES_WHERE(A, "(f.quality, f.id) >", "f.quality, f.id"))                                 \
    X(FACES_BEST, FACES_WHERE(A, "(f.quality, f.id) <", "f.quality DESC, f.id DESC"))                        \
    X(ORIGINAL_PUT,                                                                                          \
      "INSERT INTO original (face, blob, format, bytes) VALUES (" A(1) ", " A(2) ", " A(3) ", " A(4) ")")    \
    X(ORIGINAL_GET, "SELECT face, blob, format, bytes FROM original WHERE face = " A(1))                     \
    X(ORIGINAL_DELETE, "DELETE FROM original WHERE face = " A(1))

#endif
