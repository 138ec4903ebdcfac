/* Numbers out of a file's bytes; the caller has checked that they are there. */
#ifndef MN_IMAGE_BYTES_H
#define MN_IMAGE_BYTES_H

#include <stdint.h>

static inline uint32_t mn_be16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static inline uint32_t mn_be32(const uint8_t *p)
{
    return mn_be16(p) << 16 | mn_be16(p + 2);
}

static inline uint32_t mn_le16(const uint8_t *p)
{
    return (uint32_t)p[1] << 8 | p[0];
}

static inline uint32_t mn_le32(const uint8_t *p)
{
    return mn_le16(p + 2) << 16 | mn_le16(p);
}

#endif
