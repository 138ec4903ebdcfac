/* Problem details (RFC 9457): how the API says that something did not work.
 *
 *   {"type":"about:blank","title":"Bad Request","status":400,"code":"invalid","detail":"threshold: 3 is not
 * in 0..1", "pointer":"/threshold","action":"give a number in 0..1","request_id":"0190…"}
 *
 * `code` is stable and for programs (mn_code_word, or a word of the HTTP layer); detail and action are for
 * people. Pure functions. */
#ifndef MN_NET_PROBLEM_H
#define MN_NET_PROBLEM_H

#include "base/buf.h"

#define MN_PROBLEM_TYPE "application/problem+json"
#define MN_PROBLEM_MAX  8192 /* bytes of a rendered problem */

/* NULL members are left out; all texts are UTF-8 (what is not becomes U+FFFD) and are cut at 1 024 bytes. */
typedef struct {
    int status;          /* 400..599 */
    const char *code;    /* "not_found" */
    const char *title;   /* NULL: the reason phrase of the status */
    const char *detail;  /* what is wrong here */
    const char *field;   /* name of the query parameter or header */
    const char *pointer; /* JSON pointer into the body, "/people/3/name" */
    const char *action;  /* what to do */
    int retry_after_s;   /* > 0: as header Retry-After, too */
} mn_problem;

/* A problem that says what an error says. The texts are the error's: it must outlive the problem. Status 500
 * has no detail: what is wrong inside is for the log. The action is the code's. */
mn_problem mn_problem_of(const mn_error *why);

/* What one can do about such an error. Static. */
const char *mn_problem_action(mn_code code);

/* Appends JSON. */
mn_code mn_problem_render(const mn_problem *p, const char *request_id, mn_buf *out, mn_error *err);

/* "Not Found"; "Error" for a status without a name. Static. */
const char *mn_http_reason(int status);

#endif
