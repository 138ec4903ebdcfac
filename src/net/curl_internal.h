/* libcurl, started once a process and allocating through base/alloc. */
#ifndef MN_NET_CURL_INTERNAL_H
#define MN_NET_CURL_INTERNAL_H

#include <curl/curl.h>

CURL *mn_curl_create(void); /* NULL: libcurl cannot be started, or out of memory. Any thread */

#endif
