/* The three facts that are needed from a TIFF directory, which is also what EXIF is. */
#ifndef MN_IMAGE_EXIF_H
#define MN_IMAGE_EXIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint32_t width, height; /* 0 where not said, as in EXIF */
    int orientation;        /* 1 … 8; 1 where not said, or where it is something else */
    bool complete; /* the directory's end, and every value that stands outside of it, is within the bytes */
} mn_tiff_facts;

/* bytes: from the byte-order mark on ("II*" or "MM*"). False, and *out untouched, when the directory is not
 * within. */
bool mn_tiff_read(const uint8_t *bytes, size_t n, mn_tiff_facts *out);
/* An EXIF block, with or without "Exif\0\0" before it, to an orientation; 1 for anything odd. */
int mn_exif_orientation(const uint8_t *bytes, size_t n);

#endif
