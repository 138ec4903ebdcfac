#include "base/log.h"
#include "base/time.h"
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MESSAGE_MAX 2048
#define LINE_MAX_   (MESSAGE_MAX * 6 + 256) /* a byte becomes at most \u001f */

/* Atomic because log.level may change while threads log. */
static atomic_int log_lowest = MN_LOG_WARN, log_format = MN_LOG_TEXT, log_fd = 2;

static const char *const level_words[] = {"debug", "info", "warn", "error"};

void mn_log_setup(mn_log_level lowest, mn_log_format format, int fd)
{
    atomic_store(&log_lowest, (int)lowest);
    atomic_store(&log_format, (int)format);
    atomic_store(&log_fd, fd);
}

bool mn_log_parse_level(const char *word, mn_log_level *level)
{
    for (unsigned i = 0; i < sizeof level_words / sizeof *level_words; i++)
        if (strcmp(word, level_words[i]) == 0) {
            *level = (mn_log_level)i;
            return true;
        }
    return false;
}

/* Bytes of the UTF-8 character at p (end: the zero byte), or 0 when it is none (overlong, surrogate, cut,
 * stray). */
static unsigned utf8_length(const unsigned char *p)
{
    unsigned n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
    for (unsigned i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
    bool beyond = (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf4 && p[1] > 0x8f);
    return n > 1 && (overlong || beyond) ? 0 : n;
}

/* Terminals act on C0, DEL and C1 characters, so none of them leaves here as it came. */
static bool is_control(const unsigned char *p, unsigned *code)
{
    *code = p[0] == 0xc2 ? p[1] : p[0];
    return *code < 0x20 || (*code >= 0x7f && *code < 0xa0 && (p[0] == 0xc2 || p[0] == 0x7f));
}

/* Appends message to line with escapes; broken UTF-8 becomes U+FFFD. Returns the new end. */
static char *escape(char *at, const char *message, bool json)
{
    const unsigned char *p = (const unsigned char *)message;
    while (*p) {
        unsigned n = utf8_length(p), code;
        if (n == 0) {
            at = mempcpy(at, "\xef\xbf\xbd", 3);
            p++;
            continue;
        }
        if (is_control(p, &code))
            at += snprintf(at, 7, code == '\n' ? "\\n" : code == '\t' ? "\\t" : "\\u%04x", code);
        else if (json && (*p == '"' || *p == '\\'))
            at += snprintf(at, 3, "\\%c", *p);
        else
            at = mempcpy(at, p, n);
        p += n;
    }
    return at;
}

static void write_line(int fd, const char *line, size_t n)
{
    ssize_t written;
    do
        written = write(fd, line, n);
    while (written < 0 && errno == EINTR);
    /* There is nowhere left to report that the log itself cannot be written. */
}

void mn_log(mn_log_level level, const char *module, const char *format, ...)
{
    if ((int)level < atomic_load_explicit(&log_lowest, memory_order_relaxed))
        return;
    int saved = errno;
    char message[MESSAGE_MAX], line[LINE_MAX_], time[MN_TIME_TEXT];
    va_list args;
    va_start(args, format);
    if (vsnprintf(message, sizeof message, format, args) < 0)
        message[0] = 0;
    va_end(args);
    mn_time_format(mn_time_now(), time);
    bool json = atomic_load_explicit(&log_format, memory_order_relaxed) == MN_LOG_JSON;
    const char *head =
        json ? "{\"time\":\"%s\",\"level\":\"%s\",\"module\":\"%.64s\",\"message\":\"" : "%s %s %.64s: ";
    char *end = line + snprintf(line, 200, head, time, level_words[level], module);
    end = escape(end, message, json);
    end = mempcpy(end, json ? "\"}\n" : "\n", json ? 3 : 1);
    write_line(atomic_load_explicit(&log_fd, memory_order_relaxed), line, (size_t)(end - line));
    errno = saved;
}
