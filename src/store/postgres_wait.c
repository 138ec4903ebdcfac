/* Asking PostgreSQL without waiting for ever. libpq's own calls have no end where the server keeps its
 * connections and says nothing: its disk hangs, it was stopped, its machine is starved. TCP notices nothing
 * then, for the kernel of the other end still acknowledges.
 *
 * statement_timeout is the server's to keep. Whoever is silent for two seconds longer than that is given
 * up: the socket is shut down, so that nothing waits on it any more, and the connection is not used again. */
#include "store/postgres_internal.h"

#include "base/time.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

/* Ready, or broken so that libpq is going to say why; false: silent for too long. */
static bool wait_for(const mn_postgres *s, const mn_pg_conn *c, short events)
{
    struct pollfd p = {.fd = PQsocket(c->pg), .events = events};
    int64_t until = mn_deadline_in_ms(mn_pg_silence_ms(s));
    int ready = p.fd < 0;
    while (ready == 0) {
        int64_t left = (until - mn_monotonic_ns()) / 1000000 + 1;
        if (!c->patient && left <= 0)
            return false;
        ready = poll(&p, 1, c->patient ? -1 : (int)left);
        if (ready < 0 && errno == EINTR)
            ready = 0;
    }
    return true;
}

/* What arrived. Twice: of a TLS record that is larger than its buffer libpq leaves the rest to the second
 * call, and the socket does not tell of it. False: the connection broke. */
static bool take_in(const mn_pg_conn *c)
{
    return PQconsumeInput(c->pg) && (!PQisBusy(c->pg) || PQconsumeInput(c->pg));
}

static bool send_all(const mn_postgres *s, const mn_pg_conn *c)
{
    while (PQflush(c->pg) == 1) {
        if (!wait_for(s, c, POLLIN | POLLOUT))
            return false;
        if (!take_in(c)) /* the answer says why */
            return true;
    }
    return true;
}

static bool wait_for_answer(const mn_postgres *s, const mn_pg_conn *c)
{
    while (PQisBusy(c->pg)) {
        if (!wait_for(s, c, POLLIN))
            return false;
        if (!take_in(c))
            return true;
    }
    return true;
}

int mn_pg_silence_ms(const mn_postgres *s)
{
    return s->timeout_ms + 2000;
}

static void give_up(mn_postgres *s, mn_pg_conn *c)
{
    shutdown(PQsocket(c->pg), SHUT_RDWR);
    c->silent = c->lost = true;
    atomic_fetch_add(&s->silences, 1);
}

PGresult *mn_pg_answer(mn_postgres *s, mn_pg_conn *c, int sent)
{
    PGresult *last = NULL, *next = NULL;
    if (!sent)
        return NULL;
    bool heard = send_all(s, c);
    do {
        heard = heard && wait_for_answer(s, c);
        next = heard ? PQgetResult(c->pg) : NULL;
        if (next) {
            PQclear(last);
            last = next;
        }
    } while (next && PQstatus(c->pg) != CONNECTION_BAD);
    if (heard)
        return last;
    give_up(s, c);
    PQclear(last);
    return NULL;
}

mn_code mn_pg_be_patient(mn_postgres *s, mn_pg_conn *c, mn_error *err)
{
    mn_code code = mn_pg_command(s, c, "SET LOCAL statement_timeout = 0", err);
    c->patient = code == MN_OK;
    return code;
}
