/* Log: one line per event on stderr, as text for people or as JSON for collectors. Thread-safe, one write()
 * per line.
 *
 * Only app and cli log above debug; the rooms below return errors. Never log names, descriptors, keys or
 * passwords. */
#ifndef MN_BASE_LOG_H
#define MN_BASE_LOG_H

#include <stdbool.h>

typedef enum { MN_LOG_DEBUG, MN_LOG_INFO, MN_LOG_WARN, MN_LOG_ERROR } mn_log_level;
typedef enum { MN_LOG_TEXT, MN_LOG_JSON } mn_log_format;

void mn_log_setup(mn_log_level lowest, mn_log_format format,
                  int fd); /* before threads start; default WARN, TEXT, 2 */
bool mn_log_parse_level(const char *word, mn_log_level *level); /* debug, info, warn, error */

/* module: a short static word such as "infer". The message must not contain a newline (it would be escaped).
 */
void mn_log(mn_log_level level, const char *module, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
