/* A file of records: taken whole or refused with a text. The input is the frames without their sums, which
 * are put in here: type (1 byte), length (2), payload. What is read is written again and must be the same
 * records. */
#include "base/alloc.h"
#include "store/stream.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SUM 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_frame(FILE *f, uint8_t type, const uint8_t *payload, size_t n, uint8_t sum[SUM])
{
    const uint8_t head[5] = {type, (uint8_t)n, (uint8_t)(n >> 8), 0, 0};
    crypto_generichash_state h;
    crypto_generichash_init(&h, NULL, 0, SUM);
    crypto_generichash_update(&h, sum, SUM);
    crypto_generichash_update(&h, head, sizeof head);
    crypto_generichash_update(&h, payload, n);
    crypto_generichash_final(&h, sum, SUM);
    fwrite(head, 1, sizeof head, f);
    fwrite(payload, 1, n, f);
    fwrite(sum, 1, SUM, f);
}

static void write_file(const char *path, const uint8_t *data, size_t size)
{
    uint8_t sum[SUM] = {0};
    FILE *f = fopen(path, "wb");
    if (!f)
        abort();
    fwrite("mien.records.1\n", 1, 16, f);
    while (size >= 3) {
        size_t n = (size_t)data[1] | (size_t)data[2] << 8;
        if (n > size - 3)
            n = size - 3;
        write_frame(f, data[0], data + 3, n, sum);
        data += 3 + n;
        size -= 3 + n;
    }
    fwrite(data, 1, size, f); /* what is no frame */
    fclose(f);
}

static mn_code measure(const char *path, mn_stream_totals *t, mn_error *err)
{
    const mn_stream_options o = {0};
    mn_source *source = NULL;
    mn_code code = mn_source_open_file(path, &source, err);
    if (code == MN_OK)
        code = mn_stream_measure(source, &o, t, err);
    mn_source_close(source);
    return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char path[64], again[80];
    const mn_stream_options o = {0};
    mn_error err = {0};
    mn_stream_totals t, t2;
    mn_source *source = NULL;
    if (!*path) {
        snprintf(path, sizeof path, "/tmp/fuzz_records.%ld", (long)getpid());
        snprintf(again, sizeof again, "%s.again", path);
    }
    write_file(path, data, size);
    mn_code code = measure(path, &t, &err);
    if (code != MN_OK && (err.code != code || !err.text[0]))
        abort();
    if (code == MN_OK) {
        if (mn_source_open_file(path, &source, NULL) != MN_OK ||
            mn_stream_write(source, again, &o, &t2, NULL) != MN_OK ||
            mn_stream_compare(&t, &t2, NULL) != MN_OK || measure(again, &t2, NULL) != MN_OK ||
            mn_stream_compare(&t, &t2, NULL) != MN_OK)
            abort();
        mn_source_close(source);
        unlink(again);
    }
    unlink(path);
    return 0;
}
