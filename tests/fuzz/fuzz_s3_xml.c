/* What an S3 server answers, read as a page of a listing and as an error: taken whole or refused with a text,
 * and nothing comes out that is longer or stranger than promised. */
#include "store/s3_xml.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static mn_code see(void *ctx, const char *key, uint64_t size, mn_error *err)
{
    unsigned *n = ctx;
    if (!key[0] || strlen(key) >= 2048 || size > 999999999999999999)
        abort();
    return ++*n == 1000 ? mn_fail(err, MN_E_CANCELLED, "enough") : MN_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mn_error err = {0};
    mn_s3_page page = {.truncated = false, .token = "untouched"};
    char word[MN_S3_CODE];
    unsigned n = 0;
    mn_code code = mn_s3_read_page(data, size, see, &n, &page, &err);
    if (code && (err.code != code || !err.text[0] || strcmp(page.token, "untouched") != 0))
        abort();
    if (!code && (strlen(page.token) >= 2048 || (page.truncated && !page.token[0])))
        abort();
    mn_s3_read_error(data, size, word);
    for (const char *c = word; *c; c++)
        if (!isalnum((unsigned char)*c))
            abort();
    return 0;
}
