/* What the parsers of HTTP's small languages share: characters, tokens, percent-decoding. Pure functions. */
#ifndef MN_NET_TEXT_H
#define MN_NET_TEXT_H

#include <stdbool.h>
#include <stddef.h>

bool mn_is_tchar(unsigned char c);                  /* of a token (RFC 9110, 5.6.2) */
bool mn_is_token(const char *text, size_t n);       /* at least one tchar, nothing else */
bool mn_is_field_value(const char *text, size_t n); /* no control character but tab */
bool mn_is_utf8(const char *text, size_t n);        /* valid, and without NUL */
/* Length of the UTF-8 character at text, of which n > 0 bytes are there; 0: it is none, or NUL. */
size_t mn_utf8_character(const char *text, size_t n);
bool mn_same_word(const char *text, size_t n, const char *word); /* ASCII case does not matter */
int mn_hex_digit(char c);                                        /* -1: none */

/* Decodes %XX (and "+" as a blank where `form`) into out, which holds n bytes or more; out may be text.
 * False: a percent sign without two digits after it; then out is undefined. */
bool mn_percent_decode(const char *text, size_t n, bool form, char *out, size_t *len);

/* Without blanks and tabs at both ends. */
void mn_trim(const char **text, size_t *n);

/* A walk through what stands between commas (`separator`), outside of quoted strings, trimmed; empty ones are
 * left out. False: no more. */
bool mn_next_item(const char **at, const char *end, char separator, const char **item, size_t *n);

/* Copies a token or quoted string (unescaped) at *at into out (size bytes, zero-terminated) and moves *at
 * behind it. False: neither, or too long. */
bool mn_take_word(const char **at, const char *end, char *out, size_t size);

#endif
