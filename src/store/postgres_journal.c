/* What a transaction wrote since its savepoint.
 *
 * A refused record must not end a transaction, and to PostgreSQL every error does. A savepoint for each write
 * would be the plain answer, and a slow one: each is a transaction of its own to the row locks, so that the
 * locks on an account's or a list's row, one for each record that belongs to it, become a list that grows
 * with the transaction. So there is one savepoint, and after a refusal the writes since then are done again:
 * with the same result, for no other writer can be in between. When they are many, the savepoint moves up.
 */
#include "store/postgres_internal.h"

#include <string.h>

#define MANY ((size_t)256 << 10)

typedef struct {
    int which, bound;
} entry;

typedef struct {
    int length; /* -1: NULL */
    int format;
} parameter;

static int size_of(const mn_pg *q, int i)
{
    if (!q->values[i])
        return -1;
    return q->formats[i] == MN_PG_TEXT ? (int)strlen(q->values[i]) + 1 : q->lengths[i];
}

static mn_code add_entry(mn_buf *b, const mn_pg *q, mn_error *err)
{
    const entry e = {(int)q->which, q->bound};
    mn_code code = mn_buf_append(b, &e, sizeof e, err);
    for (int i = 0; code == MN_OK && i < q->bound; i++) {
        const parameter p = {size_of(q, i), q->formats[i]};
        code = mn_buf_append(b, &p, sizeof p, err);
        if (code == MN_OK && p.length > 0)
            code = mn_buf_append(b, q->values[i], (size_t)p.length, err);
    }
    return code;
}

mn_code mn_pg_journal_add(mn_pg_conn *c, const mn_pg *q, size_t *start, mn_error *err)
{
    if (c->journal.len > MANY) {
        mn_code code = mn_pg_command(q->s, c, "RELEASE mien_write; SAVEPOINT mien_write", err);
        if (code != MN_OK)
            return code;
        mn_buf_clear(&c->journal);
    }
    *start = c->journal.len;
    mn_code code = add_entry(&c->journal, q, err);
    if (code != MN_OK)
        mn_buf_cut(&c->journal, *start);
    return code;
}

bool mn_pg_journal_next(const mn_pg_conn *c, size_t *at, mn_pg *q)
{
    entry e;
    if (*at == c->journal.len)
        return false;
    memcpy(&e, c->journal.data + *at, sizeof e);
    *at += sizeof e;
    *q = (mn_pg){.s = q->s, .which = (mn_pg_query)e.which, .bound = e.bound};
    for (int i = 0; i < e.bound; i++) {
        parameter p;
        memcpy(&p, c->journal.data + *at, sizeof p);
        *at += sizeof p;
        q->values[i] = p.length < 0 ? NULL : (const char *)c->journal.data + *at;
        q->lengths[i] = p.length;
        q->formats[i] = p.format;
        *at += p.length > 0 ? (size_t)p.length : 0;
    }
    return true;
}
