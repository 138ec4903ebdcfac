/* The same lines, written. */
#include "exchange/person.h"

#include "base/alloc.h"

#include <sodium.h>
#include <string.h>

static json_t *id_json(const mn_id *id)
{
    char text[MN_ID_TEXT];
    mn_id_format(id, text);
    return json_string(text);
}

static json_t *time_json(mn_time t)
{
    char text[MN_TIME_TEXT];
    if (t == MN_TIME_NEVER)
        return json_null();
    mn_time_format(t, text);
    return json_string(text);
}

json_t *mn_exchange_header_json(const char *model, int dim, const char *vectors, json_t *lists,
                                json_t *fields)
{
    return json_pack("{ss si ss* so* ss* so so}", "mien", "people", "version", MN_EXCHANGE_VERSION, "model",
                     dim > 0 ? model : NULL, "dim", dim > 0 ? json_integer(dim) : NULL, "vectors", vectors,
                     "lists", lists, "fields", fields);
}

json_t *mn_exchange_list_json(const mn_list *l)
{
    return json_pack("{ss ss ss* ss* so so sb sb sb}", "name", l->name, "purpose",
                     mn_purpose_word(l->purpose), "comment", l->comment, "color", l->color, "retention_s",
                     l->retention == MN_TIME_NEVER ? json_null()
                                                   : json_integer(l->retention / MN_TIME_SECOND),
                     "fmr", l->fmr > 0 ? json_real(l->fmr) : json_null(), "active", (int)!l->inactive,
                     "acknowledge", (int)l->acknowledge, "sound", (int)l->sound);
}

static json_t *vector_json(const float *v, size_t dim)
{
    size_t n = dim * sizeof(float), room = sodium_base64_ENCODED_LEN(n, sodium_base64_VARIANT_ORIGINAL);
    uint8_t *bytes = mn_alloc(n);
    char *text = mn_alloc(room);
    for (size_t i = 0; bytes && i < dim; i++) {
        uint32_t bits;
        memcpy(&bits, &v[i], sizeof bits);
        for (size_t b = 0; b < 4; b++)
            bytes[4 * i + b] = (uint8_t)(bits >> 8 * b);
    }
    json_t *out = NULL;
    if (bytes && text)
        out = json_string(sodium_bin2base64(text, room, bytes, n, sodium_base64_VARIANT_ORIGINAL));
    mn_free(bytes);
    mn_free(text);
    return out;
}

json_t *mn_exchange_face_json(const mn_face_record *f, const char *model, const float *v, size_t dim,
                              uint64_t row, const char *sample)
{
    json_t *o = json_pack("{so ss* sf so}", "face", id_json(&f->id), "source", f->source, "quality",
                          (double)f->quality, "created", time_json(f->created));
    bool bad = !o;
    if (v)
        bad |= json_object_set_new(o, "model", json_string(model)) != 0;
    if (v && row != MN_EXCHANGE_NO_ROW)
        bad |= json_object_set_new(o, "row", json_integer((json_int_t)row)) != 0;
    else if (v)
        bad |= json_object_set_new(o, "vector", vector_json(v, dim)) != 0;
    if (sample)
        bad |= json_object_set_new(o, "sample", json_string(sample)) != 0;
    if (!bad)
        return o;
    json_decref(o);
    return NULL;
}

static json_t *lists_json(const mn_list *lists, size_t n)
{
    json_t *all = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(
            all, json_pack("{ss ss}", "name", lists[i].name, "purpose", mn_purpose_word(lists[i].purpose)));
    return all;
}

static json_t *consents_json(const mn_consent *c, size_t n)
{
    json_t *all = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(all, json_pack("{ss ss* ss* so so so}", "purpose",
                                             mn_purpose_word(c[i].purpose), "method", c[i].method, "evidence",
                                             c[i].evidence, "given", time_json(c[i].given), "until",
                                             time_json(c[i].until), "withdrawn", time_json(c[i].withdrawn)));
    return all;
}

json_t *mn_exchange_person_json(const mn_person *p, const mn_list *lists, size_t n_lists,
                                const mn_consent *consents, size_t n_consents, json_t *faces)
{
    json_t *custom = p->custom ? json_loads(p->custom, 0, NULL) : NULL;
    json_t *o =
        json_pack("{so ss* ss* ss* sb so so* so* so so so}", "person", id_json(&p->id), "external_id",
                  p->external_id, "name", p->name, "user_data", p->user_data, "active", (int)p->active,
                  "created", time_json(p->created), "custom", custom, "avatar",
                  mn_id_is_nil(&p->avatar) ? NULL : id_json(&p->avatar), "lists", lists_json(lists, n_lists),
                  "consents", consents_json(consents, n_consents), "faces", faces);
    if (o && !custom == !p->custom && json_array_size(json_object_get(o, "lists")) == n_lists &&
        json_array_size(json_object_get(o, "consents")) == n_consents)
        return o;
    json_decref(o);
    return NULL;
}
