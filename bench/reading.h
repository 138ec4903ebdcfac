/* How long as many threads take to read as many bytes: the least that any exact search can take. */
#ifndef MN_BENCH_READING_H
#define MN_BENCH_READING_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define THREADS_MAX 64

/* Threads that wait for work, so that starting them is not measured. */
typedef void (*share_fn)(void *ctx, unsigned thread, unsigned threads);

typedef struct reading reading;

/* NULL: no memory or no threads. */
reading *reading_create(size_t bytes, unsigned threads);
void reading_destroy(reading *r);
double reading_ms(reading *r);
/* How long the same threads take for so many multiplications of bytes on registers alone: the least that many queries
 * at a time can take. 0: not known for this processor (known: AVX-512 VNNI). */
double reading_multiply_ms(reading *r, double products);
/* The same threads with other work: milliseconds until all shares are done. */
double reading_run(reading *r, share_fn fn, void *ctx);

void *map_huge(size_t bytes); /* on huge pages where they are to be had; NULL: out of memory */

#ifdef __cplusplus
}
#endif

#endif
