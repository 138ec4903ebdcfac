#include "reading.h"

#include "base/alloc.h"
#include "base/time.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define HELD_MAX ((size_t)2 << 30) /* more is read by reading it again: no cache holds as much */

typedef struct {
    reading *of;
    unsigned index;
    pthread_t thread;
} member;

struct reading {
    pthread_barrier_t start, end;
    unsigned threads;
    share_fn fn; /* NULL: go home */
    void *ctx;
    member members[THREADS_MAX];
    uint64_t *words;
    size_t n, times, rest; /* words in memory; how often all of them are read, and how many once more */
    double products;
    uint64_t sums[THREADS_MAX][8]; /* a cache line each; kept so that reading is not optimised away */
};

static void *work(void *arg)
{
    const member *m = arg;
    for (;;) {
        pthread_barrier_wait(&m->of->start);
        if (!m->of->fn)
            return NULL;
        m->of->fn(m->of->ctx, m->index, m->of->threads);
        pthread_barrier_wait(&m->of->end);
    }
}

double reading_run(reading *r, share_fn fn, void *ctx)
{
    r->fn = fn;
    r->ctx = ctx;
    int64_t from = mn_monotonic_ns();
    pthread_barrier_wait(&r->start);
    pthread_barrier_wait(&r->end);
    return (double)(mn_monotonic_ns() - from) / 1e6;
}

static void read_words(const uint64_t *words, size_t n, uint64_t sums[8])
{
    for (size_t i = 0; i + 8 <= n; i += 8)
        for (size_t j = 0; j < 8; j++)
            sums[j] += words[i + j];
}

static void read_share(void *ctx, unsigned thread, unsigned threads)
{
    reading *r = ctx;
    size_t from = r->n * thread / threads / 8 * 8, to = r->n * (thread + 1) / threads / 8 * 8;
    uint64_t sums[8] = {0};
    for (size_t i = 0; i < r->times; i++)
        read_words(r->words + from, to - from, sums);
    read_words(r->words + from, r->rest / threads, sums);
    memcpy(r->sums[thread], sums, sizeof sums);
}

double reading_ms(reading *r)
{
    return reading_run(r, read_share, r);
}

#if defined(__x86_64__)
#define SUMS 16 /* enough that no multiplication waits for the one before */

__attribute__((target("avx512f,avx512vnni"))) static void multiply(uint64_t rounds, uint64_t *kept)
{
    __m512i sums[SUMS], rows = _mm512_set1_epi32(0x01020304), probe = _mm512_set1_epi32(0x04030201);
    for (size_t i = 0; i < SUMS; i++)
        sums[i] = _mm512_setzero_si512();
    for (uint64_t round = 0; round < rounds; round++)
        for (size_t i = 0; i < SUMS; i++) {
            sums[i] = _mm512_dpbusd_epi32(sums[i], rows, probe);
            __asm__("" : "+v"(sums[i])); /* or the compiler would do it once */
        }
    for (size_t i = 0; i < SUMS; i++)
        *kept += (uint32_t)_mm512_reduce_add_epi32(sums[i]);
}

static void multiply_share(void *ctx, unsigned thread, unsigned threads)
{
    reading *r = ctx;
    multiply((uint64_t)(r->products / threads / (64 * SUMS)), r->sums[thread]);
}
#endif

double reading_multiply_ms(reading *r, double products)
{
#if defined(__x86_64__)
    r->products = products;
    if (__builtin_cpu_supports("avx512vnni"))
        return reading_run(r, multiply_share, r);
#endif
    (void)r, (void)products;
    return 0;
}

void *map_huge(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    (void)madvise(memory, bytes, MADV_HUGEPAGE);
    return memory;
}

reading *reading_create(size_t bytes, unsigned threads)
{
    reading *r = mn_calloc(1, sizeof *r);
    if (!r)
        return NULL;
    size_t held = bytes < HELD_MAX ? bytes : HELD_MAX;
    r->words = map_huge(held);
    if (!r->words) {
        mn_free(r);
        return NULL;
    }
    r->n = held / sizeof *r->words;
    r->times = bytes / held;
    r->rest = bytes % held / sizeof *r->words;
    memset(r->words, 1, held);
    r->threads = threads;
    pthread_barrier_init(&r->start, NULL, threads + 1);
    pthread_barrier_init(&r->end, NULL, threads + 1);
    for (unsigned i = 0; i < threads; i++) {
        r->members[i] = (member){.of = r, .index = i};
        /* Where a thread is refused, those that wait already end with the process. */
        if (pthread_create(&r->members[i].thread, NULL, work, &r->members[i]) != 0)
            return NULL;
    }
    return r;
}

void reading_destroy(reading *r)
{
    r->fn = NULL;
    pthread_barrier_wait(&r->start);
    for (unsigned i = 0; i < r->threads; i++)
        pthread_join(r->members[i].thread, NULL);
    pthread_barrier_destroy(&r->start);
    pthread_barrier_destroy(&r->end);
    munmap(r->words, r->n * sizeof *r->words);
    mn_free(r);
}
