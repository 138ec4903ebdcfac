/* What a JSON value must be, and whether it is: the schemas of api/openapi.yaml, compiled by tools/api into
 * static tables, and the check of a value against one.
 *
 * A schema is constant and shared by all threads. Checking allocates nothing but, for arrays whose entries
 * must differ, one table of pointers; it looks at each value once, recurses as deep as the schema (which
 * never contains itself), and stops when the room for faults is full.
 *
 * What a schema allows at most is what program and clients are made for. Where it names a setting, who runs
 * the server may allow less: more than that is MN_E_LIMIT, and the words name the setting. */
#ifndef MN_NET_SCHEMA_H
#define MN_NET_SCHEMA_H

#include "base/error.h"
#include "base/settings.h"
#include "net/format.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MN_SAFE_INTEGER                                                                                      \
    INT64_C(9007199254740991) /* a JavaScript number holds every whole number up to it                       \
                               */

enum {
    MN_TYPE_NULL = 1,
    MN_TYPE_BOOL = 2,
    MN_TYPE_INT = 4, /* written without point and exponent: 5, not 5.0 */
    MN_TYPE_NUMBER = 8,
    MN_TYPE_STRING = 16,
    MN_TYPE_ARRAY = 32,
    MN_TYPE_OBJECT = 64,
};

typedef struct mn_schema mn_schema;

typedef struct {
    const char *name;
    const mn_schema *schema;
    bool required;
    const char *fallback; /* default as a JSON text; NULL: none */
} mn_schema_field;

typedef struct {
    const char *tag;
    const mn_schema *schema;
} mn_schema_case;

struct mn_schema {
    const char *name;              /* of the component; NULL for one without */
    unsigned types;                /* any of these; 0: every type, nothing else is looked at */
    double least, most;            /* of numbers; -INFINITY, INFINITY: no bound */
    mn_form format;                /* of texts, as the following */
    size_t min_length, max_length; /* code points; SIZE_MAX: no bound */
    const char *const *choices;    /* sorted; NULL: any */
    size_t n_choices;
    const mn_schema *items; /* of arrays, as the following; NULL: any */
    size_t min_items, max_items;
    bool unique;
    unsigned
        setting; /* 1 + the mn_setting that max_items, or most of a whole number, is lowered by; 0: none */
    const mn_schema_field *fields; /* of objects, as the following; sorted by name */
    size_t n_fields, min_fields, max_fields;
    const mn_schema *names;      /* what the names of further fields must be */
    const mn_schema *rest;       /* what further fields must be; NULL: there may be none */
    const char *tag;             /* oneOf by the value of this field: one of the cases; NULL: no cases */
    const mn_schema_case *cases; /* sorted by tag */
    size_t n_cases;
};

#define MN_FAULT_WHERE 256
#define MN_FAULT_WHAT  256

typedef struct {
    char
        where[MN_FAULT_WHERE]; /* a JSON pointer ("" is the whole), or a parameter's name; cut at the limit */
    char what[MN_FAULT_WHAT];  /* what was expected, and what came; UTF-8, cut at the limit */
    bool named;                /* `where` is a parameter's name */
    mn_code code;              /* MN_E_INVALID, or MN_E_LIMIT where a setting allows less */
} mn_fault;

typedef struct {
    mn_fault *v; /* the caller's */
    size_t max, n;
} mn_faults;

/* Does the value fit? MN_E_INVALID or MN_E_LIMIT: it does not; faults (may be NULL) gets what is wrong, up to
 * its max; err the first one. settings NULL: only what the schema says. MN_E_MEMORY. */
mn_code mn_schema_check(const mn_schema *s, const json_t *value, const mn_settings *settings,
                        mn_faults *faults, mn_error *err);

/* Puts the defaults of fields that are missing into a value that fits, at every depth; none is more than its
 * setting allows. MN_E_MEMORY leaves some of them in. */
mn_code mn_schema_complete(const mn_schema *s, json_t *value, const mn_settings *settings, mn_error *err);

/* How much the setting of a schema allows; INT64_MAX where it names none, or settings is NULL. */
int64_t mn_schema_most(const mn_schema *s, const mn_settings *settings);
/* The name of that setting, of a schema that has one. */
const char *mn_schema_setting(const mn_schema *s);

/* The same checks for a single text or number that is no JSON: NULL where it fits, else the words of what was
 * expected, in `room`. */
const char *mn_schema_text_fault(const mn_schema *s, const char *text, size_t n, char room[MN_FAULT_WHAT]);
const char *mn_schema_number_fault(const mn_schema *s, double number, char room[MN_FAULT_WHAT]);

/* Notes a parameter's fault; false when there is no room for more. */
bool mn_faults_add(mn_faults *f, const char *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
