/* Looking for what must not be readable, in every file below a folder. */
#ifndef MN_TESTS_CORE_NEEDLES_H
#define MN_TESTS_CORE_NEEDLES_H

#include "world.h"

typedef struct {
    const void *bytes;
    size_t n; /* at most 64 */
    const char *what;
} needle;

enum { NEEDLE_PEOPLE = 8, NEEDLES = 3 * NEEDLE_PEOPLE + 1 };

/* Enrols people p0 … p7 and fills in what their descriptors and samples would be readable by: twelve values
 * in a row, as float and as the gallery and others quantise them, and a JPEG's head. */
void needles_enrol(world *w, needle out[NEEDLES]);
/* As they are, and in hexadecimal as a dump writes them. Returns how many files were read. */
size_t assert_nowhere(const char *folder, const needle *what, size_t n);

#endif
