#include "base/alloc.h"
#include "cli/out.h"
#include <math.h>
#include <string.h>

/* Seven digits hold what a float knows; nine bring a descriptor back bit by bit. */
#define DIGITS            7
#define DIGITS_DESCRIPTOR 9

json_t *mn_json_text(const char *text)
{
    if (!text)
        return json_null();
    json_t *o = json_string(text);
    if (o)
        return o;
    char *clean = mn_strdup(text);
    for (char *c = clean; c && *c; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    o = clean ? json_string(clean) : NULL;
    mn_free(clean);
    return o;
}

json_t *mn_json_real(double v)
{
    return isfinite(v) ? json_real(v) : json_null();
}

json_t *mn_json_picture(const mn_picture *p, json_t *faces)
{
    float scale = mn_image_scale(p->image);
    return json_pack("{so si si so}", "file", mn_json_text(p->input->path), "width",
                     (int)(scale * (float)mn_image_width(p->image)), "height",
                     (int)(scale * (float)mn_image_height(p->image)), "faces", faces);
}

json_t *mn_json_failure(const char *label, const mn_error *error)
{
    return json_pack("{so s{ss so}}", "file", mn_json_text(label), "error", "code", mn_code_word(error->code),
                     "text", mn_json_text(error->text));
}

json_t *mn_json_id(const mn_id *id)
{
    char text[MN_ID_TEXT];
    mn_id_format(id, text);
    return json_string(text);
}

json_t *mn_json_time(mn_time t)
{
    char text[MN_TIME_TEXT];
    if (t == MN_TIME_NEVER)
        return json_null();
    mn_time_format(t, text);
    return json_string(text);
}

/* Are there descriptors in it? They need more digits than anything else. */
static bool holds_descriptors(const json_t *document)
{
    const json_t *face = json_array_get(json_object_get(document, "faces"), 0);
    return json_object_get(face, "descriptor") || json_object_get(document, "descriptor");
}

mn_code mn_json_print(FILE *out, json_t *document, mn_error *err)
{
    if (!document)
        return mn_fail(err, MN_E_MEMORY, "no memory for the JSON document");
    int digits = holds_descriptors(document) ? DIGITS_DESCRIPTOR : DIGITS;
    int rc = json_dumpf(document, out, JSON_COMPACT | JSON_REAL_PRECISION(digits));
    json_decref(document);
    if (rc != 0 && !ferror(out))
        return mn_fail(err, MN_E_MEMORY, "no memory for the JSON text");
    fputc('\n', out);
    return MN_OK;
}
