/* Inside infer only: SHA-256 (FIPS 180-4) of bytes in memory, by the CPU's own instructions where it has
 * them.
 *
 * Opening a model hashes all of it: on a busy machine the 22 MB of the offline pack's descriptor network took
 * 160 ms in portable C and 36 ms with them, in a program that should answer in half a second. */
#ifndef MN_INFER_SHA256_H
#define MN_INFER_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define MN_SHA256_BYTES 32

void mn_sha256(const uint8_t *bytes, size_t n, uint8_t sum[MN_SHA256_BYTES]);

#endif
