/* The application that the server's tests serve, and its server.
 *
 *   /hello          "hello"                              /echo        POST: the body, on the I/O thread
 *   /work           the worker's answer; echoes a body   /gate        a worker that waits for gate_open
 *   /json           9 000 bytes of JSON                  /media       0123456789 as image/jpeg with ETag "v1"
 *   /file           the same from a file                 /stream?N    N lines, made by a worker
 *   /stream-cut     breaks after 100 lines               /refuse      401 from head
 *   /who            peer, secure, id                     /empty       204
 *   /q/...          path, query                          /fail        an error of the store
 *   /long           waits for the stop alone             /late?MS     waits for that deadline or the stop
 *   /bad-header     sets what must not be set            /held?C      "told", held until gate_open, then
 *                                                                     released with the code C; nobody works
 *                                                                     meanwhile */
#ifndef MN_TESTS_HTTP_APP_H
#define MN_TESTS_HTTP_APP_H

#include "net/http.h"

typedef struct {
    mn_http_server *server;
    int port;
    /* of the last request that was done */
    _Atomic int done_status;
    _Atomic int done_complete;
    _Atomic unsigned done; /* how many */
    _Atomic unsigned in_gate, streams_whole, streams_cut;
    _Atomic int gate;
    _Atomic unsigned holding, waiting; /* at /held; at /late and /long */
} http_app;

extern http_app app;

mn_http_options app_options(void);
void app_start(const mn_http_options *o);
void app_stop(void);
void gate_open(void);
/* Waits until the counter has at least this value. */
void wait_until(_Atomic unsigned *counter, unsigned value);

#endif
