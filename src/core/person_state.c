/* What a look at a person, or at a face, shows, as a number. */
#include "core/faces.h"
#include "core/records.h"

#include <sodium.h>
#include <string.h>

typedef crypto_generichash_state hash;

static void add(hash *h, const void *bytes, size_t n)
{
    crypto_generichash_update(h, bytes, n);
}

/* None is another text than an empty one. */
static void add_text(hash *h, const char *text)
{
    const uint8_t none = 0xff; /* in no UTF-8 */
    if (text)
        add(h, text, strlen(text) + 1);
    else
        add(h, &none, 1);
}

static void add_number(hash *h, int64_t n)
{
    add(h, &n, sizeof n);
}

static void add_id(hash *h, const mn_id *id)
{
    add(h, id->bytes, sizeof id->bytes);
}

static void add_record(hash *h, const mn_person *p)
{
    add_id(h, &p->id);
    add_id(h, &p->avatar);
    add_text(h, p->name);
    add_text(h, p->external_id);
    add_text(h, p->user_data);
    add_text(h, p->custom);
    add_number(h, p->active);
    add_number(h, p->created);
    add_number(h, p->updated);
}

static void add_consent(hash *h, const mn_consent *c, mn_time now)
{
    add_id(h, &c->id);
    add_number(h, c->withdrawn <= now ? 2 : c->until <= now);
    add_number(h, c->purpose);
    add_text(h, c->method);
    add_text(h, c->evidence);
    add_number(h, c->given);
    add_number(h, c->until);
    add_number(h, c->withdrawn);
}

static void add_face(hash *h, const mn_face_record *f)
{
    add_id(h, &f->id);
    add_text(h, f->source);
    add(h, &f->quality, sizeof f->quality);
    add_number(h, !mn_id_is_nil(&f->sample));
    add_number(h, f->original);
    add_number(h, f->created);
}

static void begin(hash *h)
{
    crypto_generichash_init(h, NULL, 0, crypto_generichash_BYTES_MIN);
}

static int64_t number_of(hash *h)
{
    uint8_t out[crypto_generichash_BYTES_MIN];
    int64_t state;
    crypto_generichash_final(h, out, sizeof out);
    memcpy(&state, out, sizeof state);
    return state;
}

int64_t mn_core_face_state(const mn_face_found *found)
{
    hash h;
    mn_face_record f = found->face;
    f.original = found->original;
    begin(&h);
    add_id(&h, &f.person);
    add_face(&h, &f);
    return number_of(&h);
}

int64_t mn_core_person_state(const mn_person_view *v)
{
    hash h;
    const mn_time now = mn_time_now();
    begin(&h);
    add_record(&h, &v->person);
    add_number(&h, v->erasure_due);
    add_number(&h, (int64_t)v->n_lists);
    for (size_t i = 0; i < v->n_lists; i++)
        add_text(&h, v->lists[i].name);
    add_number(&h, (int64_t)v->n_consents);
    for (size_t i = 0; i < v->n_consents; i++)
        add_consent(&h, &v->consents[i], now);
    add_number(&h, (int64_t)v->n_faces);
    for (size_t i = 0; i < v->n_faces; i++)
        add_face(&h, &v->faces[i]);
    return number_of(&h);
}
