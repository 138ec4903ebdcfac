/* The statements about accounts, users, roles, tokens and sessions: the same for both back ends but for how
 * a parameter is written, A(n), and a part of a text is looked for, L(text, n). Each is one statement; the
 * generation is raised by triggers. */
#ifndef MN_STORE_ACCESS_QUERIES_H
#define MN_STORE_ACCESS_QUERIES_H

/* An mn_choice: any, or whether it is so. */
#define YES_OR_NO(A, n, what) "(" A(n) " < CAST(0 AS bigint) OR " what " = (" A(n) " = 1))"

#define ACCOUNT_COLUMNS                                                                                      \
    "id, name, comment, suspended, created, updated, expires, people_max, faces_max, cameras_max"
#define USER_COLUMNS                                                                                         \
    "id, account, login, name, comment, password, roles, limited, lists, once, disabled, created, updated, " \
    "seen, failures, locked"
#define ROLE_COLUMNS    "id, account, name, text, rights, limited, lists, created, updated"
#define TOKEN_COLUMNS   "id, account, owner, name, hash, rights, limited, lists, created, until, used"
#define SESSION_COLUMNS "id, account, owner, hash, address, program, created, seen, until"

/* clang-format off */
#define A9(A)  A(1) ", " A(2) ", " A(3) ", " A(4) ", " A(5) ", " A(6) ", " A(7) ", " A(8) ", " A(9)
#define A10(A) A9(A) ", " A(10)
#define A11(A) A10(A) ", " A(11)
#define A16(A) A11(A) ", " A(12) ", " A(13) ", " A(14) ", " A(15) ", " A(16)

/* Of these there are few: a page of them is cut out of all that are sorted. */
#define ACCOUNTS_BY(A, L, compare, order)                                                                    \
    "SELECT " ACCOUNT_COLUMNS " FROM account WHERE (" L("name", 1) " OR " A(1) " IS NULL)"                   \
    " AND " YES_OR_NO(A, 2, "(NOT suspended)")                                                               \
    " AND (expires < " A(3) " OR " A(3) " = 9223372036854775807)"                                            \
    " AND " compare " (" A(4) ", " A(5) ") ORDER BY " order " LIMIT " A(6)
#define TOKENS_BY(A, L, compare, order)                                                                      \
    "SELECT " TOKEN_COLUMNS " FROM token WHERE account = " A(1) " AND (owner = " A(2) " OR " A(2) " IS NULL)" \
    " AND (" L("name", 3) " OR " A(3) " IS NULL) AND " YES_OR_NO(A, 4, "(until > " A(5) ")")                 \
    " AND used < " A(6) " AND " compare " (" A(7) ", " A(8) ") ORDER BY " order " LIMIT " A(9)
#define SESSIONS_BY(A, compare, order)                                                                       \
    "SELECT " SESSION_COLUMNS " FROM session WHERE owner = " A(1)                                            \
    " AND " compare " (" A(2) ", " A(3) ") ORDER BY " order " LIMIT " A(4)
/* clang-format on */

#define MN_ACCESS_QUERIES(X, A, L)                                                                           \
    X(ACCESS_GENERATION, "SELECT generation FROM access_state")                                              \
    X(ACCOUNT_PUT,                                                                                           \
      "INSERT INTO account (" ACCOUNT_COLUMNS ") VALUES (" A10(                                              \
          A) ") ON CONFLICT (id) DO UPDATE SET "                                                             \
             "name = excluded.name, comment = excluded.comment, suspended = excluded.suspended, "            \
             "updated = excluded.updated, expires = excluded.expires, people_max = excluded.people_max, "    \
             "faces_max = excluded.faces_max, cameras_max = excluded.cameras_max")                           \
    X(ACCOUNT_GET, "SELECT " ACCOUNT_COLUMNS " FROM account WHERE id = " A(1))                               \
    X(ACCOUNT_BY_NAME, "SELECT " ACCOUNT_COLUMNS " FROM account WHERE name = " A(1))                         \
    X(ACCOUNTS_NAME, ACCOUNTS_BY(A, L, "(name, id) >", "name, id"))                                          \
    X(ACCOUNTS_NAME_DOWN, ACCOUNTS_BY(A, L, "(name, id) <", "name DESC, id DESC"))                           \
    X(ACCOUNTS_CREATED, ACCOUNTS_BY(A, L, "(created, id) >", "created, id"))                                 \
    X(ACCOUNTS_CREATED_DOWN, ACCOUNTS_BY(A, L, "(created, id) <", "created DESC, id DESC"))                  \
    X(ACCOUNTS_EXPIRES, ACCOUNTS_BY(A, L, "(expires, id) >", "expires, id"))                                 \
    X(ACCOUNTS_EXPIRES_DOWN, ACCOUNTS_BY(A, L, "(expires, id) <", "expires DESC, id DESC"))                  \
    X(ACCOUNT_USE, "SELECT (SELECT count(*) FROM person WHERE account = " A(                                 \
                       1) "), (SELECT count(*) FROM face f JOIN person p ON p.id = f.person "                \
                          "WHERE p.account = " A(1) ")")                                                     \
    X(ACCOUNT_USERS_DELETE, "DELETE FROM login_user WHERE account = " A(1))                                  \
    X(ACCOUNT_ROLES_DELETE, "DELETE FROM role WHERE account = " A(1))                                        \
    X(ACCOUNT_DELETE, "DELETE FROM account WHERE id = " A(1))                                                \
    X(USER_PUT, "INSERT INTO login_user (" USER_COLUMNS ") VALUES (" A16(                                    \
                    A) ") ON CONFLICT (id) DO UPDATE SET "                                                   \
                       "login = excluded.login, name = excluded.name, comment = excluded.comment, "          \
                       "password = excluded.password, roles = excluded.roles, limited = excluded.limited, "  \
                       "lists = excluded.lists, once = excluded.once, disabled = excluded.disabled, "        \
                       "updated = excluded.updated")                                                         \
    X(USER_GET, "SELECT " USER_COLUMNS " FROM login_user WHERE id = " A(1))                                  \
    X(USER_BY_LOGIN, "SELECT " USER_COLUMNS " FROM login_user WHERE account = " A(1) " AND login = " A(2))   \
    X(USER_LIST, "SELECT " USER_COLUMNS " FROM login_user WHERE account = " A(1) " AND login > " A(          \
                     2) " ORDER BY login LIMIT " A(3))                                                       \
    X(USER_NOTED,                                                                                            \
      "UPDATE login_user SET seen = " A(2) ", failures = " A(3) ", locked = " A(4) " WHERE id = " A(1))      \
    X(USER_DELETE, "DELETE FROM login_user WHERE id = " A(1))                                                \
    X(ROLE_PUT,                                                                                              \
      "INSERT INTO role (" ROLE_COLUMNS                                                                      \
      ") VALUES (" A9(A) ") ON CONFLICT (id) DO UPDATE SET "                                                 \
                         "name = excluded.name, text = excluded.text, rights = excluded.rights, "            \
                         "limited = excluded.limited, lists = excluded.lists, updated = excluded.updated")   \
    X(ROLE_GET, "SELECT " ROLE_COLUMNS " FROM role WHERE id = " A(1))                                        \
    X(ROLE_LIST, "SELECT " ROLE_COLUMNS                                                                      \
                 " FROM role WHERE account = " A(1) " AND name > " A(2) " ORDER BY name LIMIT " A(3))        \
    X(ROLE_DELETE, "DELETE FROM role WHERE id = " A(1))                                                      \
    X(TOKEN_PUT,                                                                                             \
      "INSERT INTO token (" TOKEN_COLUMNS                                                                    \
      ") VALUES (" A11(A) ") ON CONFLICT (id) DO UPDATE SET "                                                \
                          "name = excluded.name, rights = excluded.rights, limited = excluded.limited, "     \
                          "lists = excluded.lists, until = excluded.until")                                  \
    X(TOKEN_GET, "SELECT " TOKEN_COLUMNS " FROM token WHERE id = " A(1))                                     \
    X(TOKEN_BY_HASH, "SELECT " TOKEN_COLUMNS " FROM token WHERE hash = " A(1))                               \
    X(TOKENS_CREATED, TOKENS_BY(A, L, "(created, id) >", "created, id"))                                     \
    X(TOKENS_CREATED_DOWN, TOKENS_BY(A, L, "(created, id) <", "created DESC, id DESC"))                      \
    X(TOKENS_NAME, TOKENS_BY(A, L, "(name, id) >", "name, id"))                                              \
    X(TOKENS_NAME_DOWN, TOKENS_BY(A, L, "(name, id) <", "name DESC, id DESC"))                               \
    X(TOKENS_USED, TOKENS_BY(A, L, "(used, id) >", "used, id"))                                              \
    X(TOKENS_USED_DOWN, TOKENS_BY(A, L, "(used, id) <", "used DESC, id DESC"))                               \
    X(TOKENS_UNTIL, TOKENS_BY(A, L, "(until, id) >", "until, id"))                                           \
    X(TOKENS_UNTIL_DOWN, TOKENS_BY(A, L, "(until, id) <", "until DESC, id DESC"))                            \
    X(TOKEN_USED, "UPDATE token SET used = " A(2) " WHERE id = " A(1))                                       \
    X(TOKEN_DELETE, "DELETE FROM token WHERE id = " A(1))                                                    \
    X(SESSION_PUT, "INSERT INTO session (" SESSION_COLUMNS ") VALUES (" A9(A) ")")                           \
    X(SESSION_GET, "SELECT " SESSION_COLUMNS " FROM session WHERE id = " A(1))                               \
    X(SESSION_BY_HASH, "SELECT " SESSION_COLUMNS " FROM session WHERE hash = " A(1))                         \
    X(SESSIONS_CREATED, SESSIONS_BY(A, "(created, id) >", "created, id"))                                    \
    X(SESSIONS_CREATED_DOWN, SESSIONS_BY(A, "(created, id) <", "created DESC, id DESC"))                     \
    X(SESSIONS_SEEN, SESSIONS_BY(A, "(seen, id) >", "seen, id"))                                             \
    X(SESSIONS_SEEN_DOWN, SESSIONS_BY(A, "(seen, id) <", "seen DESC, id DESC"))                              \
    X(SESSION_SEEN, "UPDATE session SET seen = " A(2) " WHERE id = " A(1))                                   \
    X(SESSION_DELETE, "DELETE FROM session WHERE id = " A(1))                                                \
    X(SESSIONS_END, "DELETE FROM session WHERE owner = " A(1) " AND id <> " A(2))                            \
    X(SESSIONS_EXPIRE, "DELETE FROM session WHERE until <= " A(1) " OR seen <= " A(2))

#endif
