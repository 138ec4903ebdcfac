/* Content negotiation: Accept-Encoding, Accept, and media types. Pure functions; texts need no zero byte. */
#ifndef MN_NET_ACCEPT_H
#define MN_NET_ACCEPT_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>

/* Weight in thousandths (0..1000) that Accept-Encoding gives to `coding` ("gzip"): its own entry, else that
 * of "*", else 0. A header that cannot be read weighs nothing. */
int mn_accept_coding(const char *header, const char *coding);

/* Weight that Accept gives to the media type `type` ("application/json"), by its most specific range; NULL or
 * empty: 1000. */
int mn_accept_type(const char *header, const char *type);

#define MN_MEDIA_TYPE_MAX   128
#define MN_MEDIA_PARAMETERS 8

typedef struct {
    char type[MN_MEDIA_TYPE_MAX]; /* "multipart/form-data", small letters */
    struct {
        char name[32];   /* small letters */
        char value[160]; /* unquoted, as it is */
    } parameters[MN_MEDIA_PARAMETERS];
    size_t n;
} mn_media_type;

/* Content-Type: type/subtype and parameters, each once. MN_E_INVALID says what is wrong. */
mn_code mn_media_type_parse(const char *header, mn_media_type *out, mn_error *err);
const char *mn_media_type_parameter(const mn_media_type *m, const char *name); /* NULL: there is none */
/* The pattern is a type ("image/jpeg"), all of a kind ("image" with a star for the subtype), or two stars; no
 * parameters. Case does not matter. */
bool mn_media_type_matches(const char *type, const char *pattern);

/* Text, JSON, XML, SVG, JavaScript, CSV: what gets smaller. Parameters may follow. */
bool mn_media_type_compressible(const char *type);

#endif
