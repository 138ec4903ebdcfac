/* Which operation a request means, by method and path: a static tree of path segments, made by tools/api from
 * api/openapi.yaml. Finding allocates nothing, compares each segment with a handful of texts, and is safe
 * from every thread. Nothing here knows what the operations are: access rights are numbers of the table's
 * owner. */
#ifndef MN_NET_ROUTE_H
#define MN_NET_ROUTE_H

#include "base/error.h"
#include "net/params.h"

typedef enum { MN_GET, MN_POST, MN_PUT, MN_PATCH, MN_DELETE, MN_METHODS } mn_method;
const char *mn_method_word(mn_method m);              /* "GET" */
bool mn_method_parse(const char *word, mn_method *m); /* HEAD is GET; false for what no route has */

typedef enum {
    MN_RUN_INLINE,    /* on the connection's thread: must not wait */
    MN_RUN_RECORDS,   /* on a worker that may wait for the store */
    MN_RUN_PIXELS,    /* on a worker that may run networks */
    MN_RUN_PASSWORDS, /* on a worker that may hash a password */
    MN_RUN_TRANSFERS, /* on a worker for what takes long and goes on piece by piece */
} mn_run;

typedef enum {
    MN_ACCESS_ANYBODY,
    MN_ACCESS_SESSION, /* anybody signed in */
    MN_ACCESS_RIGHT,   /* resource and verb */
} mn_access;

typedef struct {
    const char *type; /* "application/json", or a range: "image/" followed by an asterisk */
    const mn_schema *schema;
} mn_media;

typedef struct {
    short status; /* 0: every other one */
    const mn_media *media;
    size_t n_media; /* 0: no body */
} mn_route_answer;

typedef struct {
    const char *name; /* "people_list" */
    int operation;    /* the number of it, MN_OP_… */
    mn_method method;
    const char *path; /* "/v1/people/{person}", to show */
    mn_access access;
    short resource, verb;         /* of MN_ACCESS_RIGHT */
    bool csv;                     /* there is an answer as CSV */
    short csv_resource, csv_verb; /* the right that it needs; -1: no further one */
    mn_run run;
    int body_setting;    /* mn_setting of the largest body; -1: the next says it */
    size_t body_limit;   /* bytes; 0: the request has no body */
    unsigned json_depth; /* no document that fits is deeper */
    size_t json_values;  /* nor has more values */
    const char *audit;   /* action in the audit log; NULL: none of its own */
    const mn_param *params;
    size_t n_params;
    bool body_required;
    bool in_pieces; /* the body is not kept, but taken piece by piece (mn_http_take_body) */
    const mn_media *bodies;
    size_t n_bodies;
    const mn_route_answer
        *answers; /* documented ones, by rising status; first of them the one for every other status */
    size_t n_answers;
} mn_route;

typedef struct mn_route_node mn_route_node;
struct mn_route_node {
    const char *text; /* of the segment; NULL: a parameter */
    size_t n;
    const mn_route_node *children; /* texts first, in order of length, then bytes; a parameter last */
    size_t n_children;
    const mn_route *routes[MN_METHODS];
};

#define MN_ROUTE_DEPTH 8 /* segments */

typedef struct {
    const mn_route *route;
    struct {
        const char *text; /* into the path; still percent-encoded */
        size_t n;
    } args[MN_ROUTE_DEPTH]; /* in the order of the path, which is that of the route's path parameters */
    size_t n_args;
    unsigned allowed; /* 1 << mn_method of what the address has; also filled on MN_E_METHOD */
} mn_route_match;

/* path: n bytes, without query. MN_E_NOT_FOUND: there is no such address; MN_E_METHOD: it has other methods.
 */
mn_code mn_route_find(const mn_route_node *root, mn_method method, const char *path, size_t n,
                      mn_route_match *out, mn_error *err);

/* The body's schema for a Content-Type (parameters like charset are passed over): MN_E_UNSUPPORTED says what
 * would be read. */
mn_code mn_route_media(const mn_route *route, const char *content_type, const mn_media **out, mn_error *err);

#endif
