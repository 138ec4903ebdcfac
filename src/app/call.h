/* One request to the API, from its route to its answer: what a handler gets, and how it answers.
 *
 * A handler is `mn_code mn_api_<operation>(mn_api_call *call, mn_error *err)` in one of the files api_*.c,
 * declared by the generated app/api.h. When it runs, the caller is known and has the right of the route;
 * parameters and body fit their schemas and have their defaults. It asks core, and answers with one of
 * mn_api_answer and its like; an error that it returns becomes problem details. It logs nothing, and checks
 * nothing that the schema says. All memory is the arena's, which ends with the request. One thread at a time
 * works on a call. */
#ifndef MN_APP_CALL_H
#define MN_APP_CALL_H

#include "app/api.h"
#include "app/app.h"
#include "core/sessions.h"
#include "net/json.h"

#include <jansson.h>

/* What is noted of an answer, for requests that may come twice (once.c). */
typedef struct {
    int status;
    const char *location, *etag, *body; /* the arena's; NULL: none, or no memory */
} mn_app_kept;

struct mn_api_call {
    mn_app *app;
    mn_core *core;
    mn_pipeline *pipeline;
    const mn_settings *settings;
    const mn_route *route;
    mn_http_request *request;
    mn_http_response *answer;
    mn_arena *arena;
    const mn_actor *actor;     /* never NULL; without any right where the route is for anybody */
    const mn_identity *caller; /* NULL where the route is for anybody */
    mn_param_value *params;
    json_t *body;      /* of a JSON body, with defaults; NULL: none came */
    const char *media; /* of the body, as the route's table has it; NULL: none came */
    bool csv;          /* the answer is wanted as CSV */
    mn_app_kept *kept; /* NULL: nobody wants to know */
};

/* ---- parameters, by their numbers MN_P_<OPERATION>_<NAME> ---- */
bool mn_api_given(const mn_api_call *call, int param);
const char *mn_api_text(const mn_api_call *call, int param); /* NULL: neither given nor a default */
int64_t mn_api_whole(const mn_api_call *call, int param);    /* 0 where there is none, as with the next */
double mn_api_number(const mn_api_call *call, int param);
bool mn_api_yes(const mn_api_call *call, int param);
mn_id mn_api_id(const mn_api_call *call, int param); /* of a uuid */
mn_time mn_api_time(const mn_api_call *call, int param, mn_time otherwise);
/* Which of these words (NULL-ended) it is: the number of an order, as its enum has them. */
int mn_api_choice(const mn_api_call *call, int param, const char *const words[]);
mn_choice mn_api_yes_or_no(const mn_api_call *call, int param); /* MN_ANY where it is not given */
/* Is this word among those of a parameter that may come several times? */
bool mn_api_has(const mn_api_call *call, int param, const char *word);

/* ---- fields of an object that fits its schema; missing and null are the same ---- */
const char *mn_field_text(const json_t *object, const char *name); /* NULL */
bool mn_field_yes(const json_t *object, const char *name, bool otherwise);
double mn_field_number(const json_t *object, const char *name, double otherwise);
int64_t mn_field_whole(const json_t *object, const char *name, int64_t otherwise);
bool mn_field_id(const json_t *object, const char *name, mn_id *out); /* false: missing */
mn_time mn_field_time(const json_t *object, const char *name, mn_time otherwise);
/* An array of texts or of ids, in the arena. NULL with *n 0 where it is missing or empty; MN_E_MEMORY. */
mn_code mn_field_texts(const mn_api_call *call, const json_t *object, const char *name,
                       const char *const **out, size_t *n, mn_error *err);
mn_code mn_field_ids(const mn_api_call *call, const json_t *array, const mn_id **out, size_t *n,
                     mn_error *err);

/* Is there such a field, null too? */
bool mn_field_given(const json_t *object, const char *name);
/* The field `lists`: null is "all". *given is false, and the rest untouched, where it is missing. */
mn_code mn_field_scope(const mn_api_call *call, const json_t *object, bool *given, bool *limited,
                       const mn_id **lists, size_t *n, mn_error *err);
/* The field `rights`; nothing where it is missing. */
mn_code mn_field_rights(const json_t *object, mn_rights *out, mn_error *err);

/* ---- values of an answer ---- */
json_t *mn_value_id(const mn_id *id);      /* null for nil */
json_t *mn_value_account(const mn_id *id); /* the first account's id is nil, and an id like any other */
json_t *mn_value_words(const char *text);  /* an array of the words of a text, which blanks are between */
/* What something is kept to: null where it is not limited. */
json_t *mn_value_scope(bool limited, const mn_id *lists, size_t n);
json_t *mn_value_time(mn_time t);        /* null for MN_TIME_NEVER and for 0 */
json_t *mn_value_text(const char *text); /* null for NULL */
json_t *mn_value_real(double v);         /* null for what is not finite */

/* ---- answers. Each takes `body` over, which is NULL only where memory ran out ---- */
mn_code mn_api_answer(mn_api_call *call, int status, json_t *body, mn_error *err);
/* 201 with Location `folder`/`id`. */
mn_code mn_api_created(mn_api_call *call, const char *folder, const char *id, json_t *body, mn_error *err);
mn_code mn_api_nothing(mn_api_call *call, mn_error *err); /* 204 */
/* The same of JSON that is written piece by piece, behind mn_api_write: it goes with the answer. */
void mn_api_write(mn_json_out *o, mn_buf *room);
mn_code mn_api_written(mn_api_call *call, int status, mn_json_out *o, mn_error *err);
mn_code mn_api_created_written(mn_api_call *call, const char *folder, const char *id, mn_json_out *o,
                               mn_error *err);
/* A page: {"<name>": rows, "next": …}. With call->csv a table of `columns` (NULL-ended; "a.b" is field b of
 * object a), and the cursor in a header. next: the key to go on from, NULL: that was all; see mn_api_cursor.
 */
mn_code mn_api_page(mn_api_call *call, const char *name, json_t *rows, const char *next,
                    const char *const *columns, mn_error *err);
/* The same, with the rows written in between. */
void mn_api_page_begin(mn_json_out *o, mn_buf *room, const char *name);
mn_code mn_api_page_end(mn_api_call *call, mn_json_out *o, const char *next, const char *const *columns,
                        mn_error *err);
/* {"<name>": rows} of all that there is, or with call->csv a table, as a page has them. */
mn_code mn_api_all(mn_api_call *call, const char *name, json_t *rows, const char *const *columns,
                   mn_error *err);
/* The key that the parameter `cursor` carries; NULL: from the first. Keys are sealed into cursors together
 * with the operation and the account, so that none fits elsewhere. MN_E_INVALID for a cursor that was not
 * made here. */
mn_code mn_api_cursor(mn_api_call *call, int param, const char **key, mn_error *err);
/* The key of a page that ends with this entry: its id, and what it is sorted by. Arena's; NULL: no memory. */
const char *mn_place_make(const mn_api_call *call, const mn_id *id, mn_time time, const char *name);
/* What such a key says; *name points into it. false: nothing that was made so. */
bool mn_place_read(const char *key, mn_id *id, mn_time *time, const char **name);
/* Of the parameter `cursor`: *out points to *room, or is NULL: from the first. */
mn_code mn_api_place(mn_api_call *call, int param, mn_place *room, const mn_place **out, mn_error *err);

/* ---- states, for If-Match ---- */
void mn_api_etag(mn_api_call *call,
                 mn_time updated); /* ETag of an object that changed then, or of this state */
/* *out points to *room with the time that If-Match names, or is NULL where none was given or "*".
 * MN_E_PRECONDITION for what cannot be an ETag of ours. */
mn_code mn_api_if_match(mn_api_call *call, int param, mn_time *room, const mn_time **out, mn_error *err);

/* ---- problems with more than a text ---- */
/* The members of `more` (taken over; an object) go into the problem that the handler's error becomes. */
void mn_api_problem_more(mn_api_call *call, json_t *more);

#endif
