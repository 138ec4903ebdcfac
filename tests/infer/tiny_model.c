#include "tiny_model.h"
#include "base/file.h"
#include "support.h"
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* Protocol buffers: a field is a number and a wire type (0 varint, 2 bytes); onnx.proto gives the numbers
 * below. */
static void varint(mn_buf *b, uint64_t v)
{
    do {
        uint8_t byte = (uint8_t)((v & 127) | (v > 127 ? 128 : 0));
        assert_ok(mn_buf_append(b, &byte, 1, err));
        v >>= 7;
    } while (v);
}

static void number(mn_buf *b, unsigned field, uint64_t v)
{
    varint(b, field << 3);
    varint(b, v);
}

static void bytes(mn_buf *b, unsigned field, const void *data, size_t n)
{
    varint(b, field << 3 | 2);
    varint(b, n);
    assert_ok(mn_buf_append(b, data, n, err));
}

static void text(mn_buf *b, unsigned field, const char *s)
{
    bytes(b, field, s, strlen(s));
}

/* Puts one message into another and starts it afresh. */
static void message(mn_buf *b, unsigned field, mn_buf *inner)
{
    bytes(b, field, inner->data, inner->len);
    mn_buf_clear(inner);
}

static void node(mn_buf *graph, const char *op, const char *a, const char *b, const char *out)
{
    mn_buf n;
    mn_buf_init(&n, 4096);
    text(&n, 1, a);
    if (b)
        text(&n, 1, b);
    text(&n, 2, out);
    text(&n, 4, op);
    message(graph, 1, &n);
    mn_buf_finish(&n);
}

static void constant(mn_buf *graph, const char *name, double value, int element)
{
    mn_buf t;
    float f = (float)value;
    mn_buf_init(&t, 4096);
    number(&t, 2, (uint64_t)element);
    text(&t, 8, name);
    bytes(&t, 9, element == 1 ? (void *)&f : (void *)&value, element == 1 ? 4 : 8);
    message(graph, 5, &t);
    mn_buf_finish(&t);
}

static void value(mn_buf *graph, unsigned field, const char *name, const tiny_shape *s)
{
    mn_buf dim, shape, tensor, type, info;
    mn_buf *all[] = {&dim, &shape, &tensor, &type, &info};
    for (size_t i = 0; i < 5; i++)
        mn_buf_init(all[i], 4096);
    for (size_t i = 0; i < s->rank; i++) {
        char symbol[32];
        snprintf(symbol, sizeof symbol, "d%zu", i);
        if (s->dims[i] < 0)
            text(&dim, 2, symbol);
        else
            number(&dim, 1, (uint64_t)s->dims[i]);
        message(&shape, 1, &dim);
    }
    number(&tensor, 1, (uint64_t)s->element);
    message(&tensor, 2, &shape);
    message(&type, 1, &tensor);
    text(&info, 1, name);
    message(&info, 2, &type);
    message(graph, field, &info);
    for (size_t i = 0; i < 5; i++)
        mn_buf_finish(all[i]);
}

void tiny_model(mn_buf *out, const tiny_shape *s)
{
    mn_buf graph, opset;
    mn_buf_init(&graph, 65536);
    mn_buf_init(&opset, 64);
    node(&graph, "Mul", "x", "two", "t");
    node(&graph, "Add", "t", s->inputs > 1 ? "x2" : "one", "y");
    text(&graph, 2, "tiny");
    constant(&graph, "two", 2, s->element);
    constant(&graph, "one", 1, s->element);
    value(&graph, 11, "x", s);
    if (s->inputs > 1)
        value(&graph, 11, "x2", s);
    value(&graph, 12, "y", s);
    if (s->outputs > 1)
        value(&graph, 12, "t", s);
    for (unsigned i = 2; i < s->outputs; i++) {
        char name[16];
        snprintf(name, sizeof name, "y%u", i);
        node(&graph, "Identity", "y", NULL, name);
        value(&graph, 12, name, s);
    }
    number(out, 1, 7); /* ir_version */
    message(out, 7, &graph);
    text(&opset, 1, "");
    number(&opset, 2, 13);
    message(out, 8, &opset);
    mn_buf_finish(&graph);
    mn_buf_finish(&opset);
}

void tiny_pack(const char *dir, const char *file, const mn_buf *model, mn_buf *manifest)
{
    char folder[4096], path[4200], hex[65];
    uint8_t sum[32];
    snprintf(folder, sizeof folder, "%s/tiny", dir);
    snprintf(path, sizeof path, "%s/%s", folder, file);
    assert_ok(mn_file_make_folders(folder, 0700, err));
    assert_ok(mn_file_write(path, model->data, model->len, 0600, err));
    crypto_hash_sha256(sum, model->data, model->len);
    sodium_bin2hex(hex, sizeof hex, sum, sizeof sum);
    assert_ok(mn_buf_printf(
        manifest, err,
        "{\"pack\": \"tiny\", \"version\": 1, \"models\": [{\"task\": \"test\", \"name\": \"tiny\", "
        "\"file\": \"%s\", \"bytes\": %zu, \"sha256\": \"%s\", \"license\": \"Apache-2.0\", "
        "\"source\": \"tests/infer/tiny_model.c\"}]}",
        file, model->len, hex));
}
