/* A small HTTP client over raw sockets that sends exactly what it is told to. */
#ifndef MN_TESTS_HTTP_CLIENT_H
#define MN_TESTS_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#define CLIENT_MAX        (8 * 1024 * 1024)
#define CLIENT_PATIENCE_S 60 /* it waits no longer than this for the next bytes */

typedef struct {
    int status;       /* 0: the connection ended without an answer */
    char head[16384]; /* with the empty line */
    char *body;       /* chunks joined; zero-terminated; of reply_free */
    size_t n;
    bool whole; /* the body came to its announced end */
} reply;

int dial(int port);
void say_bytes(int fd, const void *bytes, size_t n); /* what the server no longer takes is dropped */
void say(int fd, const char *text);
reply hear(int fd);      /* the next answer; of 100 the one after it is heard by the next call */
reply hear_head(int fd); /* of an answer to HEAD: no body */
void reply_free(reply *r);
void shutdown_sending(int fd);
bool is_refused(int port); /* nobody listens there */
bool is_closed(int fd);    /* waits for the end of the connection */

/* One request on a connection of its own. */
reply ask(int port, const char *request);
/* "GET path HTTP/1.1", Host, the headers given (each with \r\n at its end), Connection: close. */
reply get(int port, const char *path, const char *headers);
/* The value of a header of the answer, or NULL; valid until the next call. */
const char *header(const reply *r, const char *name);

#endif
