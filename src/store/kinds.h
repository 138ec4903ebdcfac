/* Records as rows: what a backup and a copy carry from one store into another, whatever back end it has.
 *
 * A kind is a table that both back ends have under the same name, with columns of the same names and
 * meaning. One entry in kinds.c is all that a new table needs to be in every backup and copy; a test fails
 * for a table that has none. */
#ifndef MN_STORE_KINDS_H
#define MN_STORE_KINDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MN_KINDS_MAX   64
#define MN_COLUMNS_MAX 32
#define MN_KIND_NAME   41  /* of kinds and columns: 1 to 40 of a-z and _, and the zero byte */
#define MN_KIND_ROWS   500 /* rows in one page */

typedef enum {
    MN_COLUMN_ID,  /* 16 bytes */
    MN_COLUMN_INT, /* 64 bits */
    MN_COLUMN_BOOL,
    MN_COLUMN_REAL,
    MN_COLUMN_TEXT, /* UTF-8 without zero bytes */
    MN_COLUMN_BYTES,
    MN_COLUMN_TYPES
} mn_column_type;

typedef struct {
    char name[MN_KIND_NAME];
    mn_column_type type;
} mn_column;

typedef struct {
    char name[MN_KIND_NAME];
    bool append_only; /* the back end refuses to change what is there */
    size_t keys;      /* the first so many columns are unique together; rows are walked in their order */
    size_t n_columns;
    mn_column columns[MN_COLUMNS_MAX];
} mn_kind;

typedef struct {
    bool null;
    int64_t integer; /* INT, BOOL */
    double real;
    const uint8_t *bytes; /* ID, TEXT (with a zero byte behind it), BYTES */
    size_t n;
} mn_value;

/* All kinds, each after those that it refers to. */
size_t mn_kind_count(void);
const mn_kind *mn_kind_at(size_t i);
const mn_kind *mn_kind_find(const char *name); /* NULL: there is none */
/* The column's place, or n_columns. */
size_t mn_kind_column(const mn_kind *k, const char *name);
/* Names of the allowed letters, no column twice, keys and types in their ranges: for a kind that was read. */
bool mn_kind_sound(const mn_kind *k);

#endif
