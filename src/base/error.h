/* Errors: a code that programs act on, and a text that people read.
 *
 * A function that can fail returns mn_code (0 = ok) and fills the caller's mn_error. Outputs are untouched on
 * failure. The error keeps the place where it arose; a layer above may prefix the text once with what it was
 * doing. NULL is allowed where the caller does not want the text. Nothing here allocates; safe from every
 * thread. */
#ifndef MN_BASE_ERROR_H
#define MN_BASE_ERROR_H

#include <stdarg.h>

/* name, stable word (API, JSON), HTTP status, what it means */
#define MN_ERRORS(X)                                                                                         \
    X(OK, "ok", 200, "done")                                                                                 \
    X(INVALID, "invalid", 400, "an argument or a document is not what it must be")                           \
    X(UNAUTHENTICATED, "unauthenticated", 401, "nobody is signed in, or name and password do not fit")       \
    X(FORBIDDEN, "forbidden", 403, "the actor may not do this")                                              \
    X(CONSENT, "consent_required", 403, "no valid consent for this purpose is on record")                    \
    X(PURPOSE, "purpose_mismatch", 403, "the list serves another purpose than the request")                  \
    X(ACCOUNT, "account_closed", 403, "the account is suspended or has expired")                             \
    X(QUOTA, "quota", 403, "a limit of the account is reached")                                              \
    X(NOT_FOUND, "not_found", 404, "there is no such thing")                                                 \
    X(METHOD, "method_not_allowed", 405, "the method is not one of this address")                            \
    X(ACCEPT, "not_acceptable", 406, "there is no answer in a format that was asked for")                    \
    X(EXISTS, "exists", 409, "there is such a thing already")                                                \
    X(CONFLICT, "conflict", 409, "what is there does not allow it")                                          \
    X(DUPLICATE, "duplicate", 409, "somebody else enrolled looks the same")                                  \
    X(PACK, "pack_mismatch", 409, "the data were made with another model pack")                              \
    X(PRECONDITION, "precondition_failed", 412, "somebody else changed it in between")                       \
    X(LIMIT, "limit", 413, "a limit was exceeded")                                                           \
    X(UNSUPPORTED, "unsupported", 415, "the format is not one that is read here")                            \
    X(DECODE, "decode", 422, "the picture or document is damaged")                                           \
    X(NO_FACE, "no_face", 422, "no face was found")                                                          \
    X(SEVERAL_FACES, "several_faces", 422, "several faces were found where one was wanted")                  \
    X(QUALITY, "low_quality", 422, "the face is not good enough for this use")                               \
    X(RATE, "rate_limited", 429, "too many requests or attempts: wait, then try again")                      \
    X(CANCELLED, "cancelled", 499, "the work was cancelled")                                                 \
    X(INTERNAL, "internal", 500, "a fact that must hold does not: a fault in mien")                          \
    X(CORRUPT, "corrupt", 500, "stored data are damaged or were changed by somebody else")                   \
    X(MEMORY, "memory", 503, "out of memory")                                                                \
    X(BUSY, "busy", 503, "a queue is full or a resource is in use: try again")                               \
    X(TIMEOUT, "timeout", 503, "the deadline passed")                                                        \
    X(IO, "io", 503, "reading or writing failed")                                                            \
    X(MODEL, "model", 503, "a model is missing or is not what its manifest says")                            \
    X(RUNTIME, "runtime", 503, "the inference library is missing or failed")                                 \
    X(FULL, "disk_full", 507, "there is no room left on the disk")

typedef enum {
#define X(name, word, http, text) MN_E_##name,
    MN_ERRORS(X)
#undef X
        MN_E_COUNT
} mn_code;
#define MN_OK MN_E_OK

#define MN_ERROR_TEXT 512

typedef struct {
    mn_code code;
    const char *file; /* static string */
    int line;
    char text[MN_ERROR_TEXT]; /* UTF-8, cut at the limit */
} mn_error;

const char *mn_code_word(mn_code code); /* "not_found" */
int mn_code_http(mn_code code);
const char *mn_code_meaning(mn_code code);

/* Fills err (where not NULL) and returns code, so that `return mn_fail(err, MN_E_IO, "...")` reads as one
 * thought. */
#ifdef __clang_analyzer__ /* which would believe that the answer may be MN_OK */
#define mn_fail(err, code, ...) (mn_error_set((err), (code), __FILE__, __LINE__, __VA_ARGS__), (code))
#else
#define mn_fail(err, code, ...) mn_error_set((err), (code), __FILE__, __LINE__, __VA_ARGS__)
#endif
mn_code mn_error_set(mn_error *err, mn_code code, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* The same for a failed system call: the code follows errno (ENOENT, ENOSPC, ENOMEM, ...), the text ends in
 * its words. */
#define mn_fail_errno(err, errnum, ...) mn_error_set_errno((err), (errnum), __FILE__, __LINE__, __VA_ARGS__)
mn_code mn_error_set_errno(mn_error *err, int errnum, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* "what: text". Keeps code and place; returns the code. Without an err the code is not known here
 * (MN_E_INTERNAL comes back), so where err may be NULL, return the code you have. */
mn_code mn_error_prefix(mn_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
