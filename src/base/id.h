/* Identifiers: UUID version 7 (RFC 9562): 48 bits of milliseconds, then random bits from the kernel.
 * Ids made by one process rise strictly, also within a millisecond. Thread-safe. */
#ifndef MN_BASE_ID_H
#define MN_BASE_ID_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint8_t bytes[16];
} mn_id;

#define MN_ID_TEXT 37 /* "0190a3f2-…" and the zero byte */

mn_id mn_id_make(void);
bool mn_id_is_nil(const mn_id *id);
int mn_id_compare(const mn_id *a, const mn_id *b); /* as memcmp: by time */
void mn_id_format(const mn_id *id, char text[MN_ID_TEXT]);
bool mn_id_parse(const char *text, mn_id *id); /* any case, with dashes; untouched on failure */

#endif
