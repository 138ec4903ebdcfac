/* Named forms of texts: what `format` says in api/openapi.yaml. Fixed code instead of patterns, so that
 * checking costs one pass and no client can make it slow. Locale-free; nothing allocates; safe from every
 * thread. */
#ifndef MN_NET_FORMAT_H
#define MN_NET_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

/* id, word in the description, what a text must be */
#define MN_FORMS(X)                                                                                          \
    X(NONE, "", "any text")                                                                                  \
    X(BASE64, "base64", "base64 with padding, without blanks")                                               \
    X(BASE64URL, "base64url", "letters, digits, - and _")                                                    \
    X(BINARY, "binary", "bytes")                                                                             \
    X(COLOR, "color", "a colour like #2f6fde")                                                               \
    X(DATE_TIME, "date-time", "a time like 2026-01-31T12:00:00.000Z, from 1970 to 9999, with its zone")      \
    X(FILE_NAME, "file-name", "letters, digits, . - and _, not beginning with a dot")                        \
    X(HTTP_URL, "http-url", "an address that begins with http:// or https://, without blanks")               \
    X(IDENTIFIER, "identifier", "small letters, digits, _ and -, beginning with a letter")                   \
    X(LINE, "line", "one line of text without control characters, blanks at its ends")                       \
    X(LOGIN, "login", "letters, digits and . _ @ + -, beginning with a letter or digit")                     \
    X(MODEL, "model", "letters, digits and . _ -, beginning with a letter or digit")                         \
    X(SETTING_NAME, "setting-name", "the name of a setting, like face.min_size")                             \
    X(TEXT, "text", "text without control characters other than tab and line ends")                          \
    X(TOKEN, "token", "letters, digits and !#$%&'*+-.^_`|~")                                                 \
    X(URI_REFERENCE, "uri-reference", "an address")                                                          \
    X(UUID, "uuid", "an id like 01931f6c-9a41-7c3e-8d52-6f1b2a9c4e07")

typedef enum {
#define X(id, word, text) MN_FORM_##id,
    MN_FORMS(X)
#undef X
        MN_FORM_COUNT
} mn_form;

const char *mn_form_text(mn_form f); /* "a colour like #2f6fde" */
/* text: n bytes of valid UTF-8, not necessarily ended by a zero. Length is not this function's business. */
bool mn_form_fits(mn_form f, const char *text, size_t n);
#endif
