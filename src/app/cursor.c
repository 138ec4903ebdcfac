/* Cursors: the key that a page ends with, sealed. So no client can build one, nor read the name of somebody
 * in it, nor bring one of another operation or account. They live as long as the process. */
#include "app/internal.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define KEY_MAX 320
#define NONCE   crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG     crypto_aead_xchacha20poly1305_ietf_ABYTES

/* What a cursor belongs to. */
typedef struct {
    uint8_t account[16];
    int32_t operation;
} scope;

static scope scope_of(const mn_api_call *call)
{
    scope s;
    memset(&s, 0, sizeof s);
    memcpy(s.account, call->actor->account.bytes, sizeof s.account);
    s.operation = call->route->operation;
    return s;
}

mn_code mn_app_cursor_make(mn_api_call *call, const char *key, const char **text, mn_error *err)
{
    uint8_t sealed[NONCE + KEY_MAX + TAG];
    unsigned long long n = 0;
    const scope s = scope_of(call);
    size_t len = strlen(key);
    if (len > KEY_MAX)
        return mn_fail(err, MN_E_INTERNAL, "a cursor of %zu bytes", len);
    randombytes_buf(sealed, NONCE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + NONCE, &n, (const uint8_t *)key, len,
                                               (const uint8_t *)&s, sizeof s, NULL, sealed,
                                               call->app->cursor_key);
    size_t size = sodium_base64_ENCODED_LEN(NONCE + n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *out = mn_arena_alloc(call->arena, size);
    if (!out)
        return mn_fail(err, MN_E_MEMORY, "no memory for a cursor");
    sodium_bin2base64(out, size, sealed, NONCE + n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    *text = out;
    return MN_OK;
}

mn_code mn_api_cursor(mn_api_call *call, int param, const char **key, mn_error *err)
{
    const char *text = mn_api_text(call, param);
    uint8_t sealed[NONCE + KEY_MAX + TAG];
    size_t n = 0;
    unsigned long long len = 0;
    const scope s = scope_of(call);
    *key = NULL;
    if (!text)
        return MN_OK;
    char *out = mn_arena_calloc(call->arena, 1, KEY_MAX + 1);
    if (!out)
        return mn_fail(err, MN_E_MEMORY, "no memory for a cursor");
    if (sodium_base642bin(sealed, sizeof sealed, text, strlen(text), NULL, &n, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        n < NONCE + TAG ||
        crypto_aead_xchacha20poly1305_ietf_decrypt((uint8_t *)out, &len, NULL, sealed + NONCE, n - NONCE,
                                                   (const uint8_t *)&s, sizeof s, sealed,
                                                   call->app->cursor_key) != 0)
        return mn_fail(err, MN_E_INVALID,
                       "cursor: it is not one that was given here, or the server was started again: begin "
                       "with the first page");
    out[len] = 0;
    *key = out;
    return MN_OK;
}

const char *mn_place_make(const mn_api_call *call, const mn_id *id, mn_time time, const char *name)
{
    char text[MN_ID_TEXT];
    mn_id_format(id, text);
    return mn_arena_printf(call->arena, "%s %" PRId64 " %s", text, time, name ? name : "");
}

bool mn_place_read(const char *key, mn_id *id, mn_time *time, const char **name)
{
    char text[MN_ID_TEXT];
    int end = 0;
    if (sscanf(key, "%36[0-9a-f-] %" SCNd64 "%n", text, time, &end) != 2 || !mn_id_parse(text, id) ||
        key[end] != ' ')
        return false;
    *name = key + end + 1;
    return true;
}

mn_code mn_api_place(mn_api_call *call, int param, mn_place *room, const mn_place **out, mn_error *err)
{
    const char *key = NULL;
    mn_code code = mn_api_cursor(call, param, &key, err);
    *out = key && mn_place_read(key, &room->id, &room->time, &room->name) ? room : NULL;
    return code;
}
