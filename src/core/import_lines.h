/* An import from lines of JSON (exchange/person.h), as `mien import` and the server take them: people gather
 * until a batch of core/import.h is full. What is wrong with a line is told, and the others go in.
 *
 * Memory: a batch of `batch` people or 32 MB, whatever comes first, and one person more. One thread at a
 * time. */
#ifndef MN_CORE_IMPORT_LINES_H
#define MN_CORE_IMPORT_LINES_H

#include "core/import.h"

/* What stands beside the lines, in files that they name. Results are the arena's. */
typedef struct {
    mn_code (*open_vectors)(void *ctx, const char *name, mn_error *err);
    mn_code (*vector)(void *ctx, uint64_t row, mn_arena *arena, const float **v, int *dim, mn_error *err);
    mn_code (*sample)(void *ctx, const char *name, mn_arena *arena, const uint8_t **jpeg, size_t *n,
                      mn_error *err);
} mn_import_beside;

typedef struct {
    uint64_t new_lists, new_fields, new_people, known_people, new_faces, known_faces, refused;
} mn_import_counts;

typedef struct {
    const char *model;              /* of faces that name none; NULL: the header's */
    const char *list;               /* for all of them, besides their own; NULL: none */
    const mn_consent *consent;      /* the same */
    size_t batch;                   /* people, at most MN_ENROL_BATCH_MAX */
    const mn_import_beside *beside; /* NULL: nothing is; who names a file is refused */
    /* A failure of it ends the import. */
    mn_code (*refused)(void *ctx, uint64_t line, const mn_error *why, mn_error *err);
    void (*settled)(void *ctx, const mn_import_counts *counts); /* a batch is in; may be NULL */
    void *ctx;
} mn_import_given;

typedef struct mn_import_lines mn_import_lines;
/* Importer and what is given, with what it points to, outlive it. */
mn_code mn_import_lines_create(mn_import *importer, const mn_import_given *given, mn_import_lines **out,
                               mn_error *err);
void mn_import_lines_destroy(mn_import_lines *l); /* drops who is in no batch yet; NULL is allowed */
/* A line, without its end; number: from 1 on. Fails where the import cannot go on. */
mn_code mn_import_lines_take(mn_import_lines *l, uint64_t number, const char *text, size_t n, mn_error *err);
/* A line that could not even be read. */
mn_code mn_import_lines_refuse(mn_import_lines *l, uint64_t number, const mn_error *why, mn_error *err);
/* The last batch. */
mn_code mn_import_lines_finish(mn_import_lines *l, mn_error *err);
mn_import_counts mn_import_lines_counts(const mn_import_lines *l);

#endif
