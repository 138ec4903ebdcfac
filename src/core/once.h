/* Requests that come twice and are done once. The caller gives a request a key of their own; the first one
 * that comes with it is worked on, and its answer kept; the same request again gets that answer, another
 * request with the key is refused.
 *
 * What is promised: whatever a request with a key does is done at most once while the key is kept. The key is
 * on the disk before the work begins, and the answer after it is done. A process that dies in between leaves
 * the key without an answer: the request is then refused (MN_E_CONFLICT) until the key is forgotten, since
 * nobody can say whether it was done; the caller looks, and takes another key. A request that failed leaves
 * no key, unless it is unknown whether it was done (the disk, the database). The same holds for several
 * processes on one database. Answers are sealed under the deployment's key; one that speaks of a person goes
 * with them. Thread-safe; two durable commits a request. */
#ifndef MN_CORE_ONCE_H
#define MN_CORE_ONCE_H

#include "core/core.h"

typedef struct {
    mn_id caller;    /* whose key it is */
    const char *key; /* 1 to 128 bytes, the operation's name in it */
    const char *method, *path, *query;
    const uint8_t *body;
    size_t n_body;
    mn_id person; /* nil: none is known yet */
    mn_time keep; /* how long a new key is kept */
} mn_once_request;

typedef struct {
    int status;
    const char *location, *etag; /* NULL: none */
    const char *body;            /* UTF-8; "": none */
    mn_id person;                /* whom it speaks of; nil: nobody, or the request's */
} mn_once_answer;

/* *again: *out is the first answer, the arena's; else the request is to be worked on, and one of the next two
 * called. MN_E_CONFLICT: the key belongs to another request, or to one that is being worked on or was cut
 * off. */
mn_code mn_core_once_begin(mn_core *c, const mn_actor *who, const mn_once_request *r, mn_arena *arena,
                           bool *again, mn_once_answer *out, mn_error *err);
/* It was done. An answer of more than `max` bytes is not kept: the key stays, as after a process that died.
 */
mn_code mn_core_once_done(mn_core *c, const mn_actor *who, const mn_once_request *r,
                          const mn_once_answer *answer, size_t max, mn_error *err);
/* It failed with this code. */
void mn_core_once_failed(mn_core *c, const mn_actor *who, const mn_once_request *r, mn_code why);

/* Before an answer is told again: rights and lists may be others by now. What it speaks of: */
typedef enum {
    MN_ONCE_PERSON,
    MN_ONCE_FACE,
    MN_ONCE_CONSENT,
    MN_ONCE_LIST,
    MN_ONCE_USER,
    MN_ONCE_ROLE, /* by its name, all others by their ids */
    MN_ONCE_TOKEN,
    MN_ONCE_ACCOUNT,
    MN_ONCE_ATTRIBUTE
} mn_once_kind;
/* May the actor still be told of what they made? MN_E_FORBIDDEN: not any more, since it is in none of their
 * lists, or may more than they. MN_E_NOT_FOUND: an attribute that is over. What was deleted meanwhile may be
 * told of. */
mn_code mn_core_once_stands(mn_core *c, const mn_actor *who, mn_once_kind kind, const char *ref,
                            mn_arena *arena, mn_error *err);
/* It is told again, which is on record where it speaks of a person. */
mn_code mn_core_once_told(mn_core *c, const mn_actor *who, const mn_once_answer *answer, mn_error *err);
/* The answer says nothing any more: the request is to be worked on anew. */
mn_code mn_core_once_forget(mn_core *c, const mn_actor *who, const mn_once_request *r, mn_error *err);
/* Forgets keys whose time is over. */
mn_code mn_core_once_expire(mn_core *c, mn_error *err);

#endif
