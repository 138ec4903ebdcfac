#include "net/path.h"
#include "net/text.h"
#include <string.h>

/* One segment, decoded: at out, of n bytes. */
static mn_code check_segment(const char *out, size_t n, bool last, mn_error *err)
{
    if (n == 0 && !last)
        return mn_fail(err, MN_E_INVALID, "the path has an empty segment (\"//\")");
    if ((n == 1 && out[0] == '.') || (n == 2 && out[0] == '.' && out[1] == '.'))
        return mn_fail(err, MN_E_INVALID, "the path has a segment \".\" or \"..\"");
    for (size_t i = 0; i < n; i++) {
        if (out[i] == '/' || out[i] == '\\')
            return mn_fail(err, MN_E_INVALID, "the path has an encoded slash or a backslash");
        if ((unsigned char)out[i] < 0x20 || out[i] == 0x7f)
            return mn_fail(err, MN_E_INVALID, "the path has a control character");
    }
    if (!mn_is_utf8(out, n))
        return mn_fail(err, MN_E_INVALID, "the path is not UTF-8");
    return MN_OK;
}

mn_code mn_path_decode(const char *raw, size_t n, char *out, mn_error *err)
{
    if (!n || raw[0] != '/')
        return mn_fail(err, MN_E_INVALID, "the path must begin with \"/\"");
    size_t at = 0;
    const char *end = raw + n;
    while (raw < end) {
        out[at++] = *raw++; /* the slash */
        const char *slash = memchr(raw, '/', (size_t)(end - raw));
        size_t len = slash ? (size_t)(slash - raw) : (size_t)(end - raw), got;
        if (!mn_percent_decode(raw, len, false, out + at, &got))
            return mn_fail(err, MN_E_INVALID,
                           "the path has a \"%%\" without two hexadecimal digits after it");
        mn_code code = check_segment(out + at, got, !slash, err);
        if (code)
            return code;
        at += got;
        raw += len;
    }
    out[at] = 0;
    return MN_OK;
}
