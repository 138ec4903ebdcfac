#include "base/id.h"
#include "base/time.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* An id is 48 bits of milliseconds, 12 bits `high` and 62 bits `low`; version and variant stand between them.
 * Within a millisecond the 74 bits are counted up by random steps of at most 2^56: rising, hard to guess, and
 * room for more than 100 000 ids in each millisecond. When they run out, or the clock is set back, the
 * millisecond is counted on from the last one. */
#define HIGH_BITS 12
#define LOW_BITS  62
#define STEP_BITS 56
#define MASK(n)   ((UINT64_C(1) << (n)) - 1)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    uint64_t ms, high, low;
} last; /* under lock */

/* Drawn from the kernel some at a time; under lock. A child of fork must not use the parent's again. */
static struct {
    uint64_t v[32]; /* 256 bytes: getrandom gives so many at once, whatever signals come */
    size_t left;
    bool watched;
} drawn;

static void forget_drawn(void)
{
    drawn.left = 0;
}

/* Ids that can be guessed or collide would corrupt records, so there is no second-best source. */
static void draw(void)
{
    ssize_t n;
    if (!drawn.watched)
        drawn.watched = pthread_atfork(NULL, NULL, forget_drawn) == 0;
    do
        n = getrandom(drawn.v, sizeof drawn.v, 0);
    while (n < 0 && errno == EINTR);
    if (n != sizeof drawn.v) {
        fprintf(stderr, "mien: the kernel gives no random numbers: %s\n", strerror(errno));
        abort();
    }
    drawn.left = drawn.watched ? sizeof drawn.v / sizeof *drawn.v : 1;
}

static uint64_t random64(void)
{
    if (drawn.left == 0)
        draw();
    return drawn.v[--drawn.left];
}

/* The top bit starts as 0, so that at least half of the range is left to count. */
static void start_millisecond(uint64_t ms)
{
    last.ms = ms;
    last.high = random64() & MASK(HIGH_BITS - 1);
    last.low = random64() & MASK(LOW_BITS);
}

static void step(void)
{
    last.low += (random64() & MASK(STEP_BITS)) + 1;
    last.high += last.low >> LOW_BITS;
    last.low &= MASK(LOW_BITS);
    if (last.high > MASK(HIGH_BITS))
        start_millisecond(last.ms + 1);
}

static void put_big_endian(uint8_t *at, uint64_t value, int n)
{
    for (int i = n - 1; i >= 0; i--, value >>= 8)
        at[i] = (uint8_t)value;
}

mn_id mn_id_make(void)
{
    mn_id id;
    pthread_mutex_lock(&lock);
    uint64_t ms = (uint64_t)(mn_time_now() / 1000);
    if (ms > last.ms)
        start_millisecond(ms);
    else
        step();
    put_big_endian(id.bytes, last.ms, 6);
    put_big_endian(id.bytes + 6, UINT64_C(7) << HIGH_BITS | last.high, 2);
    put_big_endian(id.bytes + 8, UINT64_C(2) << LOW_BITS | last.low, 8);
    pthread_mutex_unlock(&lock);
    return id;
}

bool mn_id_is_nil(const mn_id *id)
{
    static const mn_id nil;
    return mn_id_compare(id, &nil) == 0;
}

int mn_id_compare(const mn_id *a, const mn_id *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

static bool dash_before(int byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

void mn_id_format(const mn_id *id, char text[MN_ID_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < 16; i++) {
        if (dash_before(i))
            *text++ = '-';
        *text++ = digits[id->bytes[i] >> 4];
        *text++ = digits[id->bytes[i] & 15];
    }
    *text = 0;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool mn_id_parse(const char *text, mn_id *id)
{
    mn_id parsed;
    for (int i = 0; i < 16; i++) {
        if (dash_before(i) && *text++ != '-')
            return false;
        int high = hex_value(text[0]);
        int low = high < 0 ? -1 : hex_value(text[1]);
        if (low < 0)
            return false;
        parsed.bytes[i] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    if (*text)
        return false;
    *id = parsed;
    return true;
}
