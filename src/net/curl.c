#include "base/alloc.h"
#include "net/curl_internal.h"
#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode bad;

static void start(void)
{
    bad = curl_global_init_mem(CURL_GLOBAL_DEFAULT, mn_alloc, mn_free, mn_realloc, mn_strdup, mn_calloc);
}

CURL *mn_curl_create(void)
{
    pthread_once(&once, start);
    return bad ? NULL : curl_easy_init();
}
