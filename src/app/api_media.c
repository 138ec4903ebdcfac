/* Samples, whole pictures and other files: bytes that do not change while they are there, so that clients may
 * keep them and ask for parts. Each look is on record, whatever part is asked for. */
#include "app/internal.h"
#include "app/pictures.h"
#include "core/faces.h"

#include <sodium.h>

/* The tag is a hash of the bytes under the server's key: it tells nothing of them. */
void mn_api_send_file(mn_api_call *call, const char *type, mn_buf *buf)
{
    uint8_t hash[16];
    char etag[2 * sizeof hash + 3] = "\"";
    crypto_generichash(hash, sizeof hash, buf->data, buf->len, call->app->cursor_key,
                       sizeof call->app->cursor_key);
    sodium_bin2hex(etag + 1, 2 * sizeof hash + 1, hash, sizeof hash);
    etag[1 + 2 * sizeof hash] = '"';
    etag[2 + 2 * sizeof hash] = 0;
    mn_http_body_buf(call->answer, type, buf);
    mn_http_header_add(call->answer, "Cache-Control", "private, no-cache");
    mn_http_validators(call->answer, etag, 0);
}

static mn_code send_sample(mn_api_call *call, const mn_id *id, mn_error *err)
{
    mn_buf buf;
    mn_buf_init(&buf, (size_t)mn_settings_int(call->settings, MN_S_IMAGE_MAX_BYTES));
    mn_code code = mn_api_sample(call, id, &buf, err);
    if (code == MN_OK)
        mn_api_send_file(call, "image/jpeg", &buf);
    else
        mn_buf_finish(&buf);
    return code;
}

mn_code mn_api_sample_get(mn_api_call *call, mn_error *err)
{
    const mn_id id = mn_api_id(call, MN_P_SAMPLE_GET_SAMPLE);
    return send_sample(call, &id, err);
}

#define ORIGINAL_MAX ((size_t)1 << 30)

mn_code mn_api_original_get(mn_api_call *call, mn_error *err)
{
    mn_buf buf;
    const char *type = NULL;
    const mn_id id = mn_api_id(call, MN_P_ORIGINAL_GET_ORIGINAL);
    mn_buf_init(&buf, ORIGINAL_MAX);
    mn_code code = mn_core_original(call->core, call->actor, &id, &buf, &type, err);
    if (code == MN_OK)
        mn_api_send_file(call, type, &buf);
    else
        mn_buf_finish(&buf);
    return code;
}

mn_code mn_api_original_delete(mn_api_call *call, mn_error *err)
{
    const mn_id id = mn_api_id(call, MN_P_ORIGINAL_DELETE_ORIGINAL);
    mn_code code = mn_core_original_delete(call->core, call->actor, &id, err);
    return code == MN_OK ? mn_api_nothing(call, err) : code;
}
