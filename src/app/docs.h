/* The files of /docs: the API's description and a viewer for it, both part of the program, so that nothing is
 * fetched from elsewhere. The viewer is there where its package was when mien was built (tools/setup).
 * Constant; safe from every thread; bytes are read from the program's file when somebody asks for them. */
#ifndef MN_APP_DOCS_H
#define MN_APP_DOCS_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    const char *name;     /* "index.html" */
    const char *type;     /* Content-Type */
    const char *etag;     /* with its quotes; changes with the bytes */
    const uint8_t *bytes; /* followed by a zero byte */
    size_t n;
} mn_docs_file;

/* index.html is /docs itself, openapi.json is /v1/openapi.json, the others are /docs/NAME. NULL: there is
 * none of that name. */
const mn_docs_file *mn_docs_find(const char *name);

/* What the page may do, as Content-Security-Policy: scripts, styles and data from here only. */
#define MN_DOCS_POLICY                                                                                       \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "    \
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/* All of them, up to one without a name. */
extern const mn_docs_file mn_docs_files[];

#endif
