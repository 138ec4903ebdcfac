/* tests/store/s3/gate.py, with a real S3 server behind it, as a child: it ends with the test, whatever way
 * that ends. */
#ifndef MN_TESTS_STORE_GATE_H
#define MN_TESTS_STORE_GATE_H

#include <stddef.h>

#define GATE_ACCESS "test-access"
#define GATE_SECRET "test/secret+KEY"
#define GATE_REGION "eu-test-1"

void gate_start(void); /* unless it runs; skips the test where the package is missing */
void gate_stop(void);
int gate_port(void);
const char *gate_folder(void);
void gate_tell(const char *format, ...) __attribute__((format(printf, 1, 2))); /* see gate.py */
typedef struct {
    int requests, connections, refused;
} gate_counts;
gate_counts gate_count(void);

#endif
