/* A network of a few hundred bytes, written here by hand, so that tests need no model files.
 *
 * y = 2·x + 1 and t = 2·x, both of x's shape. */
#ifndef MN_TESTS_TINY_MODEL_H
#define MN_TESTS_TINY_MODEL_H

#include "base/buf.h"

typedef struct {
    int64_t dims[5]; /* of x, y and t; -1: free */
    size_t rank;
    int element;      /* ONNX element type of x: 1 f32, 11 f64 */
    unsigned inputs;  /* 1, or 2: another input that is added */
    unsigned outputs; /* 1: y, 2: y and t, more: y, t and copies of y */
} tiny_shape;

/* Appends the ONNX file. */
void tiny_model(mn_buf *out, const tiny_shape *shape);

/* Writes <dir>/tiny/<file> and appends a manifest of a pack "tiny" with this one model, "tiny", of the right
 * sum. */
void tiny_pack(const char *dir, const char *file, const mn_buf *model, mn_buf *manifest);

#endif
