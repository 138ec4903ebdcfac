/* The statements about erasures that are due: the same for both back ends but for how a parameter is written,
 * A(n). */
#ifndef MN_STORE_ERASURE_QUERIES_H
#define MN_STORE_ERASURE_QUERIES_H

#define ERASURE_COLUMNS "person, asked, due, why, whole"

#define MN_ERASURE_QUERIES(X, A)                                                                             \
    X(ERASURE_PUT, "INSERT INTO erasure (" ERASURE_COLUMNS ") VALUES (" A(1) ", " A(2) ", " A(3) ", " A(     \
                       4) ", " A(5) ") ON CONFLICT (person) DO UPDATE SET asked = excluded.asked, "          \
                                    "due = excluded.due, why = excluded.why, whole = excluded.whole")        \
    X(ERASURE_GET, "SELECT " ERASURE_COLUMNS " FROM erasure WHERE person = " A(1))                           \
    X(ERASURE_DROP, "DELETE FROM erasure WHERE person = " A(1))                                              \
    X(ERASURES_DUE,                                                                                          \
      "SELECT " ERASURE_COLUMNS " FROM erasure WHERE due <= " A(1) " ORDER BY due, person LIMIT " A(2))      \
    X(WITHOUT_CONSENT,                                                                                       \
      "SELECT DISTINCT c.person FROM consent c WHERE c.until <= " A(1) " AND c.person > " A(                 \
          2) " AND EXISTS (SELECT 1 FROM person_key k WHERE k.person = c.person) "                           \
             "AND NOT EXISTS (SELECT 1 FROM erasure e WHERE e.person = c.person) "                           \
             "AND NOT EXISTS (SELECT 1 FROM consent v WHERE v.person = c.person AND v.given <= " A(          \
                 1) " AND v.until > " A(1) " AND v.withdrawn > " A(1) ") ORDER BY c.person LIMIT " A(3))

#endif
