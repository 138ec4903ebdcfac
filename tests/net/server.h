/* tests/net/server.py as a child: it ends with the test, whatever way that ends. */
#ifndef MN_TESTS_SERVER_H
#define MN_TESTS_SERVER_H

#include <stddef.h>

#define SERVER_BYTES 200000
/* sha256 of the 200 000 bytes i·7 mod 251. */
#define SERVER_SUM "ff41b7e9cc397e9de1484b9ba8bd73b47c1bdfbc363d738bde401789cca5ef56"

void server_start(void);
void server_stop(void);
/* "http://127.0.0.1:PORT/path". */
const char *server_address(const char *path, char out[128]);
/* The requests since the last call: "name:range name:range". */
void server_log(char *out, size_t size);

#endif
