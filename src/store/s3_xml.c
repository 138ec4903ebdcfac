#include "store/s3_xml.h"

#include "base/alloc.h"

#include <ctype.h>
#include <expat.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 16

/* State of one parse. An element's text is known when it ends. */
typedef struct reader {
    XML_Parser parser;
    const char *root; /* what the outermost element must be */
    void (*end)(struct reader *r, const char *name);
    int depth;
    char text[MN_S3_TEXT];
    size_t len;
    bool too_long; /* the text was cut: it counts as none */

    mn_code code; /* first failure: of fn, or of the document */
    mn_error *err;

    /* A listing. */
    mn_code (*fn)(void *ctx, const char *key, uint64_t size, mn_error *err);
    void *ctx;
    bool in_contents;
    char key[MN_S3_TEXT];
    uint64_t size;
    bool sized;
    mn_s3_page page;

    /* An error. */
    char error[MN_S3_CODE];
} reader;

static void stop(reader *r, mn_code code)
{
    r->code = code;
    XML_StopParser(r->parser, XML_FALSE);
}

static void on_start(void *user, const XML_Char *name, const XML_Char **attributes)
{
    (void)attributes;
    reader *r = user;
    r->len = 0;
    r->too_long = false;
    if (r->depth == 0 && strcmp(name, r->root) != 0)
        stop(r, mn_fail(r->err, MN_E_CORRUPT, "the S3 server sent another document than a %s", r->root));
    else if (++r->depth > DEPTH_MAX)
        stop(r, mn_fail(r->err, MN_E_CORRUPT, "the S3 server sent XML of more than %d levels", DEPTH_MAX));
    else if (r->depth == 2 && strcmp(name, "Contents") == 0) {
        r->in_contents = true;
        r->key[0] = 0;
        r->sized = false;
    }
}

static void on_text(void *user, const XML_Char *text, int n)
{
    reader *r = user;
    if ((size_t)n >= sizeof r->text - r->len) {
        r->too_long = true;
        return;
    }
    memcpy(r->text + r->len, text, (size_t)n);
    r->len += (size_t)n;
}

static void on_end(void *user, const XML_Char *name)
{
    reader *r = user;
    r->text[r->too_long ? 0 : r->len] = 0;
    if (r->code == MN_OK)
        r->end(r, name);
    r->depth--;
    r->len = 0;
    r->too_long = false;
}

/* Entities can only be declared in one, and S3 has none. */
static void on_doctype(void *user, const XML_Char *name, const XML_Char *system, const XML_Char *public,
                       int internal)
{
    (void)name, (void)system, (void)public, (void)internal;
    reader *r = user;
    stop(r, mn_fail(r->err, MN_E_CORRUPT, "the S3 server sent XML with a document type"));
}

static mn_code parse(reader *r, const void *xml, size_t n, mn_error *err)
{
    static const XML_Memory_Handling_Suite memory = {mn_alloc, mn_realloc, mn_free};
    if (n > INT_MAX)
        return mn_fail(err, MN_E_LIMIT, "the S3 server sent a document of %zu bytes", n);
    r->err = err;
    r->parser = XML_ParserCreate_MM(NULL, &memory, NULL);
    if (!r->parser)
        return mn_fail(err, MN_E_MEMORY, "no memory to read the S3 server's answer");
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    enum XML_Status status = XML_Parse(r->parser, xml, (int)n, XML_TRUE);
    enum XML_Error why = XML_GetErrorCode(r->parser);
    XML_ParserFree(r->parser);
    if (r->code != MN_OK || status == XML_STATUS_OK)
        return r->code;
    if (why == XML_ERROR_NO_MEMORY)
        return mn_fail(err, MN_E_MEMORY, "no memory to read the S3 server's answer");
    return mn_fail(err, MN_E_CORRUPT, "the S3 server sent no well-formed XML (%s): is it one?",
                   XML_ErrorString(why));
}

/* ---- listings ---- */

static bool parse_size(const char *text, uint64_t *size)
{
    size_t n = strspn(text, "0123456789");
    if (n == 0 || n > 18 || text[n])
        return false;
    *size = strtoull(text, NULL, 10);
    return true;
}

static void end_in_contents(reader *r, const char *name)
{
    if (strcmp(name, "Key") == 0)
        memcpy(r->key, r->text, strlen(r->text) + 1);
    else if (strcmp(name, "Size") == 0)
        r->sized = parse_size(r->text, &r->size);
}

static void end_contents(reader *r)
{
    r->in_contents = false;
    if (!r->sized) {
        stop(r, mn_fail(r->err, MN_E_CORRUPT, "the S3 server listed an object without a size"));
        return;
    }
    mn_code code = r->key[0] ? r->fn(r->ctx, r->key, r->size, r->err) : MN_OK; /* too long to be ours */
    if (code != MN_OK)
        stop(r, code);
}

static void end_in_page(reader *r, const char *name)
{
    if (r->depth == 3 && r->in_contents)
        end_in_contents(r, name);
    else if (r->depth == 2 && r->in_contents)
        end_contents(r);
    else if (r->depth == 2 && strcmp(name, "IsTruncated") == 0)
        r->page.truncated = strcmp(r->text, "true") == 0;
    else if (r->depth == 2 && strcmp(name, "NextContinuationToken") == 0)
        memcpy(r->page.token, r->text, strlen(r->text) + 1);
}

mn_code mn_s3_read_page(const void *xml, size_t n,
                        mn_code (*fn)(void *ctx, const char *key, uint64_t size, mn_error *err), void *ctx,
                        mn_s3_page *out, mn_error *err)
{
    reader r = {.root = "ListBucketResult", .end = end_in_page, .fn = fn, .ctx = ctx};
    mn_code code = parse(&r, xml, n, err);
    if (code != MN_OK)
        return code;
    if (r.page.truncated && !r.page.token[0])
        return mn_fail(err, MN_E_CORRUPT, "the S3 server cut a listing and did not say how it goes on");
    *out = r.page;
    return MN_OK;
}

/* ---- errors ---- */

static void end_in_error(reader *r, const char *name)
{
    if (r->depth != 2 || strcmp(name, "Code") != 0 || strlen(r->text) >= sizeof r->error)
        return;
    for (const char *c = r->text; *c; c++)
        if (!isalnum((unsigned char)*c))
            return;
    memcpy(r->error, r->text, strlen(r->text) + 1);
}

void mn_s3_read_error(const void *xml, size_t n, char code[MN_S3_CODE])
{
    reader r = {.root = "Error", .end = end_in_error};
    code[0] = 0;
    if (n > 0 && parse(&r, xml, n, NULL) == MN_OK)
        memcpy(code, r.error, sizeof r.error);
}
