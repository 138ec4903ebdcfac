/* What a client shows to prove who it is, and words of rights; the first byte says as what. A secret has one
 * text only, and a set of rights that was read is written in a text that reads the same. */
#include "core/rights.h"
#include "core/signin.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void secret(char kind, const char *text)
{
    uint8_t bytes[MN_SECRET_BYTES];
    char coded[MN_SECRET_TEXT];
    if (!mn_secret_read(kind, text, bytes))
        return;
    if (kind == 't' && strncmp(text, "mien_", 5) != 0)
        abort();
    sodium_bin2base64(coded, sizeof coded, bytes, sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    if (strcmp(coded, text + (kind == 't' ? 5 : 0)) != 0)
        abort();
}

static void rights(const char *text)
{
    mn_rights first, second;
    char again[MN_RIGHTS_TEXT];
    mn_error err = {0};
    mn_code code = mn_rights_parse_all(text, &first, &err);
    if (code != MN_OK) {
        if (err.code != code || !err.text[0])
            abort();
        return;
    }
    mn_rights_format(&first, again);
    if (mn_rights_parse_all(again, &second, &err) != MN_OK || memcmp(&first, &second, sizeof first) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    char *text = malloc(size);
    if (!text)
        return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = 0;
    if (data[0] == 's' || data[0] == 't')
        secret((char)data[0], text);
    else
        rights(text);
    free(text);
    return 0;
}
