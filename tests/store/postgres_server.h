/* A private PostgreSQL for tests: made and started once a program, in a folder of its own, reachable through
 * a socket in it only, gone at exit. By root it is run as another user, for it refuses root. fsync is on. */
#ifndef MN_TESTS_STORE_POSTGRES_SERVER_H
#define MN_TESTS_STORE_POSTGRES_SERVER_H

#include "store/store.h"

#define POSTGRES_PASSWORD "hunter2-secret" /* the server asks for none; no message may hold it */

void postgres_need(void);  /* skips the running test where PostgreSQL 15 is not installed */
void postgres_start(void); /* makes it at first; does nothing while it runs */
void postgres_stop(
    int signal_number); /* SIGINT: orderly; SIGQUIT: at once; SIGKILL: its first process dies */

/* All its processes stop as they are, and go on: connections stay, and nothing is answered meanwhile. */
void postgres_freeze(void);
void postgres_thaw(void);

const char *postgres_folder(void); /* its socket, its data and its log are there */

/* Each schema is a store of its own. The address is valid until the next call. */
const char *postgres_url(const char *schema);
void postgres_sql(const char *schema, const char *sql); /* fails the test when it fails */
/* A commit that a killed client had sent already is carried out after its end: waits until the server has
 * ended all sessions but its own, fails the test after five minutes. */
void postgres_settle(void);
/* For mn_store_backend: the schema has the folder's name, and is made when it is not there. */
mn_code postgres_open(const char *where, mn_store **out, mn_error *err);
const char *postgres_new_schema(void);
void postgres_own(const char *folder); /* gives a folder of mn_test_folder to the server's user */

#endif
