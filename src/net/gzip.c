/* Compression of whole answers. The state of deflate (about 260 KiB) is kept by each thread and used again.
 */
#include "base/alloc.h"
#include "net/http_internal.h"
#include <zlib.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool have_key;

static void *zalloc(void *opaque, unsigned items, unsigned size)
{
    (void)opaque;
    return mn_calloc(items, size);
}

static void zfree(void *opaque, void *p)
{
    (void)opaque;
    mn_free(p);
}

typedef struct {
    z_stream z;
    int level;
} deflater;

static void end(void *p)
{
    deflater *d = p;
    deflateEnd(&d->z);
    mn_free(d);
}

static void make_key(void)
{
    have_key = pthread_key_create(&key, end) == 0;
}

static deflater *create(int level)
{
    deflater *d = mn_calloc(1, sizeof *d);
    if (!d)
        return NULL;
    d->z.zalloc = zalloc;
    d->z.zfree = zfree;
    d->level = level;
    /* 15 bits of window; +16: as gzip */
    if (deflateInit2(&d->z, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        mn_free(d);
        return NULL;
    }
    if (pthread_setspecific(key, d) != 0) {
        end(d);
        return NULL;
    }
    return d;
}

static deflater *of_this_thread(int level)
{
    pthread_once(&once, make_key);
    if (!have_key)
        return NULL;
    deflater *d = pthread_getspecific(key);
    if (d && d->level != level) {
        pthread_setspecific(key, NULL);
        end(d);
        d = NULL;
    }
    return d ? d : create(level);
}

bool mn_gzip(const void *bytes, size_t n, int level, mn_buf *out)
{
    deflater *d = n < UINT32_MAX ? of_this_thread(level) : NULL;
    uint8_t *to;
    /* What does not get smaller by a tenth is sent as it is. */
    size_t room = n - n / 10;
    mn_buf_init(out, room);
    if (!d || mn_buf_reserve(out, room, &to, NULL) != MN_OK)
        return false;
    deflateReset(&d->z);
    d->z.next_in = (Bytef *)(uintptr_t)bytes;
    d->z.avail_in = (uInt)n;
    d->z.next_out = to;
    d->z.avail_out = (uInt)room;
    if (deflate(&d->z, Z_FINISH) != Z_STREAM_END) {
        mn_buf_finish(out);
        return false;
    }
    mn_buf_commit(out, room - d->z.avail_out);
    return true;
}
