/* What PostgreSQL and libpq say, as a code and advice. Of a failed statement only the primary message is
 * shown: details and hints may hold the values of a record. */
#include "store/postgres_internal.h"

#include <string.h>

#define WORDS 200

/* libpq's messages in one line. */
static void flatten(const char *message, char out[WORDS])
{
    size_t n = 0;
    for (; message && *message && n < WORDS - 1; message++)
        if ((unsigned char)*message > ' ')
            out[n++] = *message;
        else if (n > 0 && out[n - 1] != ' ' && message[1])
            out[n++] = ' ';
    out[n] = 0;
}

static bool any_of(const char *state, const char *const *states)
{
    for (; *states; states++)
        if (strncmp(state, *states, strlen(*states)) == 0)
            return true;
    return false;
}

/* SQLSTATE (or the class that its first two characters are) → code and what to do. */
static const struct {
    const char *state;
    mn_code code;
    const char *advice;
} failures[] = {
    {"53100", MN_E_FULL, "no room left on its disk: make room and try again; what was stored before is safe"},
    {"53200", MN_E_MEMORY, "the server is out of memory: try again, or give it more"},
    {"53300", MN_E_BUSY, "it has no connection left: try again, or raise its max_connections"},
    {"53", MN_E_BUSY, "the server is short of something: look at its log, and try again"},
    {"40", MN_E_BUSY, "another process was in the way, and nothing was stored: try again"},
    {"55P03", MN_E_BUSY, "another process keeps the store in use: try again, or stop the other one"},
    {"57014", MN_E_TIMEOUT,
     "the statement took too long, and nothing was stored: try again when it is less busy"},
    {"25006", MN_E_IO, "it accepts no writes: name the primary server, and not a standby, in store.url"},
    {"42501", MN_E_IO, "its user lacks rights: let it own the database or the schema"},
    {"58", MN_E_IO, "the server's disk failed: look at its log, and keep a copy of its data"},
    {"XX001", MN_E_CORRUPT, "its data are damaged: put their backup back"},
    {"XX002", MN_E_CORRUPT, "an index is damaged: run REINDEX DATABASE, and check the disk"},
    {"54", MN_E_LIMIT, "a value is too large for the store"},
    {"22", MN_E_INVALID, "the store refuses this value"},
    {"23", MN_E_INVALID, "the store refuses this record"},
};

static mn_code fail_state(const mn_postgres *s, const char *state, const char *words, mn_error *err)
{
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++)
        if (strncmp(state, failures[i].state, strlen(failures[i].state)) == 0)
            return mn_fail(err, failures[i].code, "%s: %s (%s)", s->place, failures[i].advice, words);
    return mn_fail(err, MN_E_INTERNAL, "%s: %s (%s)", s->place, words, state);
}

mn_code mn_pg_fail(const mn_postgres *s, mn_pg_conn *c, const PGresult *r, mn_error *err)
{
    /* The server closes the connection after each of these. What has no SQLSTATE is from libpq, and about the
     * connection. */
    static const char *const closing[] = {"08", "57P", "25P03", NULL};
    char words[WORDS];
    if (c->silent)
        return mn_fail(
            err, MN_E_IO,
            "%s did not answer within %d ms and was given up, and nothing was stored: see what its "
            "machine and disk do; it is asked again by itself",
            s->place, mn_pg_silence_ms(s));
    const char *state = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
    const char *primary = r ? PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    flatten(primary ? primary : PQerrorMessage(c->pg), words);
    if (!state || PQstatus(c->pg) == CONNECTION_BAD || any_of(state, closing)) {
        c->lost = true;
        return mn_fail(
            err, MN_E_IO,
            "the connection to %s was lost, and nothing was stored (%s): try again when the server "
            "runs",
            s->place, words);
    }
    if (strcmp(state, "23505") == 0)
        return mn_fail(err, MN_E_EXISTS, "there is such a record already (%s)", words);
    if (strcmp(state, "23503") == 0)
        return mn_fail(err, MN_E_NOT_FOUND,
                       "the account, person, list or face that this record belongs to is not there");
    return fail_state(s, state, words, err);
}

/* libpq has no SQLSTATE for what happens while connecting. FATAL is the server's word: it runs, and refuses.
 */
static const char *connect_advice(const PGconn *pg, const char *words)
{
    if (PQconnectionNeedsPassword(pg))
        return "it asks for a password: give it in store.url, in PGPASSWORD or in a passfile";
    if (strstr(words, "FATAL:") && !strstr(words, "the database system is"))
        return "it runs and refuses: check user, password and database of store.url, and its pg_hba.conf";
    return "check that the server runs, and store.url";
}

mn_code mn_pg_fail_connect(const mn_postgres *s, const PGconn *pg, mn_error *err)
{
    char words[WORDS];
    flatten(PQerrorMessage(pg), words);
    return mn_fail(err, MN_E_IO, "%s cannot be reached: %s (%s)", s->place, connect_advice(pg, words), words);
}
