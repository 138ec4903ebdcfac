#include "image/exif.h"
#include "image/bytes.h"
#include <string.h>

enum { TAG_WIDTH = 256, TAG_HEIGHT = 257, TAG_ORIENTATION = 274, TYPE_SHORT = 3, TYPE_LONG = 4 };

typedef struct {
    const uint8_t *bytes;
    size_t n;
    bool big; /* big-endian */
} tiff;

static uint32_t get16(const tiff *t, size_t at)
{
    return t->big ? mn_be16(t->bytes + at) : mn_le16(t->bytes + at);
}

static uint32_t get32(const tiff *t, size_t at)
{
    return t->big ? mn_be32(t->bytes + at) : mn_le32(t->bytes + at);
}

/* Sizes of the twelve types: bytes, text, short, long, rational, the same signed, undefined, float and
 * double. */
static bool is_within(const tiff *t, size_t at)
{
    static const uint8_t sizes[13] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8};
    uint32_t type = get16(t, at + 2), count = get32(t, at + 4);
    uint64_t size = type < 13 ? (uint64_t)sizes[type] * count : 0;
    return size <= 4 || (size <= t->n && get32(t, at + 8) <= t->n - size);
}

/* An entry is tag, type, count and value (or where it is): 2 + 2 + 4 + 4 bytes. */
static void read_entry(const tiff *t, size_t at, mn_tiff_facts *facts)
{
    uint32_t tag = get16(t, at), type = get16(t, at + 2), count = get32(t, at + 4);
    if (count != 1 || (type != TYPE_SHORT && type != TYPE_LONG))
        return;
    uint32_t value = type == TYPE_SHORT ? get16(t, at + 8) : get32(t, at + 8);
    if (tag == TAG_WIDTH)
        facts->width = value;
    else if (tag == TAG_HEIGHT)
        facts->height = value;
    else if (tag == TAG_ORIENTATION && value >= 1 && value <= 8)
        facts->orientation = (int)value;
}

bool mn_tiff_read(const uint8_t *bytes, size_t n, mn_tiff_facts *out)
{
    if (n < 8 || (memcmp(bytes, "II*\0", 4) != 0 && memcmp(bytes, "MM\0*", 4) != 0))
        return false;
    tiff t = {bytes, n, bytes[0] == 'M'};
    size_t at = get32(&t, 4);
    if (at > n - 2)
        return false;
    size_t entries = get16(&t, at);
    if (entries > (n - at - 2) / 12)
        return false;
    mn_tiff_facts facts = {.orientation = 1};
    facts.complete = n - at - 2 - 12 * entries >= 4; /* where the next directory is */
    for (size_t i = 0; i < entries; i++) {
        read_entry(&t, at + 2 + 12 * i, &facts);
        facts.complete &= is_within(&t, at + 2 + 12 * i);
    }
    *out = facts;
    return true;
}

int mn_exif_orientation(const uint8_t *bytes, size_t n)
{
    if (n >= 6 && memcmp(bytes, "Exif\0\0", 6) == 0) {
        bytes += 6;
        n -= 6;
    }
    mn_tiff_facts facts;
    return mn_tiff_read(bytes, n, &facts) ? facts.orientation : 1;
}
