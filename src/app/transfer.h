/* What exports, imports and matchings of whole lists share. They take long, so only server.transfers of them
 * go on at once, each for server.transfer_s at most; and what they answer are JSON Lines, made as fast as the
 * client reads: one line and a piece are in memory, whatever there is to tell.
 *
 * One thread at a time works on a transfer. */
#ifndef MN_APP_TRANSFER_H
#define MN_APP_TRANSFER_H

#include "app/call.h"

typedef struct {
    mn_app *app;    /* NULL: has no place, and nothing to give back */
    mn_actor actor; /* the caller as of the last check, without a holder: no answer could be kept back */
    const mn_identity *caller;
    mn_identity *own; /* a reference to it; NULL: the request's */
    mn_arena *lists;  /* of the actor */
    /* May the actor go on? Asked when it became another one. Set by who began; NULL: not yet. */
    mn_code (*may)(void *job, mn_error *err);
    void *job;
    mn_http_request *request;
    const mn_route *route;
    mn_deadline until;
    mn_buf line; /* the one on its way */
    size_t sent; /* of it */
} mn_transfer;

/* Takes a place. MN_E_BUSY: there is none. The transfer may live as long as the request. */
mn_code mn_transfer_begin(mn_api_call *call, mn_transfer *t, mn_error *err);
void mn_transfer_end(mn_transfer *t); /* gives it back; any thread */
/* Before each piece. MN_E_TIMEOUT when its time is over, MN_E_CANCELLED when the server stops; and where the
 * caller lost the session, the token or a right that it needs, which is put on record, why. */
mn_code mn_transfer_check(mn_transfer *t, mn_error *err);
/* The next line, when the one before is given. Takes `line` over; NULL: there was no memory for it. */
mn_code mn_transfer_put(mn_transfer *t, json_t *line, mn_error *err);
/* Moves of the line what is wanted in a piece. True: all of it, and there is room for another one. */
bool mn_transfer_give(mn_transfer *t, mn_buf *piece);
bool mn_transfer_given(const mn_transfer *t); /* all of the line */
/* Says in the log why the client is cut off, which sees no more than that it is. */
void mn_transfer_cut_off(const mn_transfer *t, const mn_error *why);

#endif
