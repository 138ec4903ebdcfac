/* Vectors in NumPy's .npy files: one matrix, a vector a row.
 *
 * Read: format versions 1 to 3, little-endian float32 ('<f4') and float16 ('<f2'), C order, two dimensions, 1
 * … MN_NPY_COLUMNS_MAX columns, a header of at most MN_NPY_HEADER_MAX bytes. Rows are read where they stand,
 * so a file may be larger than memory. Written: version 1. The format is described in NumPy's documentation
 * (numpy.lib.format). A reader or writer belongs to one thread. */
#ifndef MN_EXCHANGE_NPY_H
#define MN_EXCHANGE_NPY_H

#include "base/error.h"
#include <stddef.h>
#include <stdint.h>

#define MN_NPY_COLUMNS_MAX 4096
#define MN_NPY_HEADER_MAX  65536

typedef enum { MN_NPY_F4, MN_NPY_F2 } mn_npy_type;

typedef struct {
    mn_npy_type type;
    uint64_t rows;
    size_t columns;
    size_t offset; /* of the first row in the file */
} mn_npy_shape;

/* The header at the beginning of a file, of which the first n bytes are given. MN_E_UNSUPPORTED for a file
 * that NumPy reads and this does not, MN_E_DECODE for what is no such file. Pure. */
mn_code mn_npy_parse(const uint8_t *bytes, size_t n, mn_npy_shape *out, mn_error *err);

typedef struct mn_npy mn_npy;
/* MN_E_DECODE also where the file ends before its last row. */
mn_code mn_npy_open(const char *path, mn_npy **out, mn_error *err);
void mn_npy_close(mn_npy *f);
mn_npy_shape mn_npy_shape_of(const mn_npy *f);
/* Into `columns` floats. MN_E_NOT_FOUND where there is no such row. */
mn_code mn_npy_row(const mn_npy *f, uint64_t row, float *out, mn_error *err);

/* Written beside the target, which is there, complete, after mn_npy_finish alone. Mode 0600. */
typedef struct mn_npy_writer mn_npy_writer;
mn_code mn_npy_create(const char *path, mn_npy_type type, size_t columns, mn_npy_writer **out, mn_error *err);
/* *row: its number. */
mn_code mn_npy_append(mn_npy_writer *w, const float *v, uint64_t *row, mn_error *err);
/* Closes, also on failure; then the target is as it was. */
mn_code mn_npy_finish(mn_npy_writer *w, mn_error *err);
void mn_npy_abandon(mn_npy_writer *w);

float mn_half_to_float(uint16_t h);
uint16_t mn_float_to_half(float f); /* to the nearest, ties to even */

#endif
