#include "base/error.h"
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *word;
    int http;
    const char *meaning;
} codes[] = {
#define X(name, word, http, text) {word, http, text},
    MN_ERRORS(X)
#undef X
};

/* A number that is no code can only come from a fault in mien. */
static mn_code known(mn_code code)
{
    return (unsigned)code < MN_E_COUNT ? code : MN_E_INTERNAL;
}

const char *mn_code_word(mn_code code)
{
    return codes[known(code)].word;
}

int mn_code_http(mn_code code)
{
    return codes[known(code)].http;
}

const char *mn_code_meaning(mn_code code)
{
    return codes[known(code)].meaning;
}

/* Takes off what vsnprintf left of a character that was cut in two. */
static void trim_broken_tail(char *text)
{
    size_t len = strlen(text), tail = 0;
    while (tail < len && tail < 3 && ((unsigned char)text[len - 1 - tail] & 0xc0) == 0x80)
        tail++;
    if (tail == len)
        return;
    unsigned char lead = (unsigned char)text[len - 1 - tail];
    size_t follow = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
    if (tail < follow)
        text[len - 1 - tail] = 0;
}

/* Formats aside first: an argument may be err->text itself. */
static void set_text(mn_error *err, const char *format, va_list args)
{
    char text[MN_ERROR_TEXT];
    int n = vsnprintf(text, sizeof text, format, args);
    if (n < 0)
        text[0] = 0;
    else if ((size_t)n >= sizeof text)
        trim_broken_tail(text);
    memcpy(err->text, text, strlen(text) + 1);
}

static void append_text(mn_error *err, const char *joint, const char *more)
{
    size_t len = strlen(err->text), room = sizeof err->text - len;
    int n = snprintf(err->text + len, room, "%s%s", joint, more);
    if (n >= 0 && (size_t)n >= room)
        trim_broken_tail(err->text);
}

mn_code mn_error_set(mn_error *err, mn_code code, const char *file, int line, const char *format, ...)
{
    if (!err)
        return code;
    va_list args;
    va_start(args, format);
    set_text(err, format, args);
    va_end(args);
    err->code = code;
    err->file = file;
    err->line = line;
    return code;
}

static mn_code code_of_errno(int errnum)
{
    switch (errnum) {
    case ENOENT:
    case ENOTDIR:
        return MN_E_NOT_FOUND;
    case EEXIST:
        return MN_E_EXISTS;
    case ENOSPC:
    case EDQUOT:
        return MN_E_FULL;
    case ENOMEM:
        return MN_E_MEMORY;
    case EAGAIN:
    case EBUSY:
        return MN_E_BUSY;
    case ETIMEDOUT:
        return MN_E_TIMEOUT;
    case ECANCELED:
        return MN_E_CANCELLED;
    case EISDIR:
    case ENAMETOOLONG:
    case ELOOP:
        return MN_E_INVALID;
    case EFBIG:
        return MN_E_LIMIT;
    default:
        return MN_E_IO;
    }
}

/* What to do, where the system's words alone leave one standing. */
static const char *advice_of_errno(int errnum)
{
    switch (errnum) {
    case ENOSPC:
    case EDQUOT:
        return ": make room and try again";
    case EACCES:
    case EPERM:
        return ": look at owner and mode, of its folder too";
    case EROFS:
        return ": mount it so that it may be written";
    default:
        return "";
    }
}

mn_code mn_error_set_errno(mn_error *err, int errnum, const char *file, int line, const char *format, ...)
{
    mn_code code = code_of_errno(errnum);
    if (!err)
        return code;
    va_list args;
    va_start(args, format);
    set_text(err, format, args);
    va_end(args);
    char words[128];
    append_text(err, ": ", strerror_r(errnum, words, sizeof words));
    append_text(err, "", advice_of_errno(errnum));
    err->code = code;
    err->file = file;
    err->line = line;
    return code;
}

mn_code mn_error_prefix(mn_error *err, const char *format, ...)
{
    if (!err)
        return MN_E_INTERNAL;
    char cause[MN_ERROR_TEXT];
    memcpy(cause, err->text, strlen(err->text) + 1);
    va_list args;
    va_start(args, format);
    set_text(err, format, args);
    va_end(args);
    append_text(err, ": ", cause);
    return err->code;
}
