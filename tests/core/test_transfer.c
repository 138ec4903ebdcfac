/* People taken out and in again: what belongs to them comes along, and what must not be is refused. */
#include "core/export.h"
#include "core/import.h"
#include "support.h"
#include "world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- what an export gave ---- */

typedef struct {
    world *w; /* keeps it */
    mn_import_person people[80];
    size_t n, fail_at;
} given;

static const void *copy(world *w, const void *bytes, size_t n)
{
    void *out = mn_arena_alloc(w->arena, n + 1);
    assert_non_null(out);
    if (n)
        memcpy(out, bytes, n);
    ((char *)out)[n] = 0;
    return out;
}

static const char *text(world *w, const char *t)
{
    return t ? copy(w, t, strlen(t)) : NULL;
}

static mn_code keep(void *ctx, const mn_export_person *p, mn_error *err)
{
    given *g = ctx;
    world *w = g->w;
    const mn_person_view *v = p->view;
    if (g->fail_at == g->n + 1)
        return mn_fail(err, MN_E_FULL, "the disk is full");
    assert_true(g->n < 80);
    mn_import_list *lists = mn_arena_calloc(w->arena, v->n_lists + 1, sizeof *lists);
    mn_consent *consents = mn_arena_calloc(w->arena, v->n_consents + 1, sizeof *consents);
    mn_import_face *faces = mn_arena_calloc(w->arena, v->n_faces + 1, sizeof *faces);
    for (size_t i = 0; i < v->n_lists; i++)
        lists[i] = (mn_import_list){text(w, v->lists[i].name), true, v->lists[i].purpose};
    for (size_t i = 0; i < v->n_consents; i++) {
        consents[i] = v->consents[i];
        consents[i].method = text(w, consents[i].method);
        consents[i].evidence = text(w, consents[i].evidence);
    }
    for (size_t i = 0; i < v->n_faces; i++) {
        const mn_export_face *f = &p->faces[i];
        faces[i] = (mn_import_face){.id = v->faces[i].id,
                                    .source = text(w, v->faces[i].source),
                                    .quality = v->faces[i].quality,
                                    .created = v->faces[i].created,
                                    .model = text(w, p->model),
                                    .v = f->v ? copy(w, f->v, (size_t)p->dim * sizeof(float)) : NULL,
                                    .dim = p->dim,
                                    .jpeg = f->jpeg ? copy(w, f->jpeg, f->n) : NULL,
                                    .n = f->n};
    }
    g->people[g->n++] = (mn_import_person){.id = v->person.id,
                                           .external_id = text(w, v->person.external_id),
                                           .name = text(w, v->person.name),
                                           .user_data = text(w, v->person.user_data),
                                           .active = v->person.active,
                                           .created = v->person.created,
                                           .lists = lists,
                                           .n_lists = v->n_lists,
                                           .consents = consents,
                                           .n_consents = v->n_consents,
                                           .faces = faces,
                                           .n_faces = v->n_faces};
    return MN_OK;
}

static given *take_out(world *w, const char *list)
{
    uint64_t n = 0;
    given *g = mn_arena_calloc(w->arena, 1, sizeof *g);
    g->w = w;
    const mn_export what = {
        .list = list, .reason = "a move", .vectors = true, .samples = true, .person = keep, .ctx = g};
    assert_ok(mn_core_export(w->core, &ann, &what, &n, err));
    assert_int_equal(n, g->n);
    return g;
}

static void put_in(world *w, mn_import_person *people, size_t n, bool dry_run)
{
    mn_import *i = NULL;
    assert_ok(mn_core_import_open(w->core, &ann, dry_run, &i, err));
    assert_ok(mn_core_import_people(i, people, n, err));
    mn_core_import_close(i);
}

static world *another(void)
{
    void *state = NULL;
    assert_int_equal(world_setup(&state), 0);
    return state;
}

static void end(world *w)
{
    void *state = w;
    world_teardown(&state);
}

/* As the network made it; turning it and turning it back costs the last bit or two. */
static void assert_descriptor(const float *v, unsigned who, unsigned look)
{
    float made[DIM];
    make_descriptor(who, look, made);
    for (int i = 0; i < DIM; i++)
        assert_float_equal(v[i], made[i], 1e-6f);
}

/* ---- there and back ---- */

static void test_round(void **state)
{
    world *w = *state, *v = another();
    const mn_enrolment a = enrol(w, "Anna", "staff", 1, 0);
    enrol(w, "Anna", "staff", 1, 1);
    enrol(w, "Berta", "guests", 2, 0);
    given *g = take_out(w, NULL);
    assert_int_equal(g->n, 2);
    assert_int_equal(g->people[0].n_faces, 2);
    assert_descriptor(g->people[0].faces[0].v, 1, 0);
    assert_true(g->people[0].faces[0].n > 100);

    put_in(v, g->people, 2, false);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(g->people[i].code, MN_OK);
        assert_true(g->people[i].is_new);
    }
    assert_int_equal(g->people[0].faces_new, 2);
    const mn_identification found = look_for(v, v->core, 1);
    assert_int_equal(found.n, 1);
    assert_string_equal(found.matches[0].name, "Anna");
    assert_string_equal(found.matches[0].list, "staff");
    assert_memory_equal(&found.matches[0].person, &a.person, sizeof a.person);

    given *back = take_out(v, NULL);
    assert_int_equal(back->n, 2);
    for (size_t i = 0; i < 2; i++) {
        const mn_import_person *x = &g->people[i], *y = &back->people[i];
        assert_memory_equal(&x->id, &y->id, sizeof x->id);
        assert_true(x->created == y->created && y->active);
        assert_int_equal(y->n_lists, 1);
        assert_string_equal(x->lists[0].name, y->lists[0].name);
        assert_int_equal(y->n_consents, 1);
        assert_string_equal(y->consents[0].evidence, "cabinet 3");
        assert_true(x->consents[0].given == y->consents[0].given);
        assert_int_equal(x->n_faces, y->n_faces);
        for (size_t j = 0; j < x->n_faces; j++) {
            assert_memory_equal(&x->faces[j].id, &y->faces[j].id, sizeof x->faces[j].id);
            for (int k = 0; k < DIM; k++) /* made unit length once more */
                assert_float_equal(x->faces[j].v[k], y->faces[j].v[k], 1e-6f);
            assert_int_equal(x->faces[j].n, y->faces[j].n);
            assert_memory_equal(x->faces[j].jpeg, y->faces[j].jpeg, x->faces[j].n);
        }
    }
    end(v);
}

static void test_one_list(void **state)
{
    world *w = *state;
    enrol(w, "Anna", "staff", 1, 0);
    enrol(w, "Berta", "guests", 2, 0);
    given *g = take_out(w, "guests");
    assert_int_equal(g->n, 1);
    assert_string_equal(g->people[0].name, "Berta");
    uint64_t n = 77;
    const mn_export nowhere = {.list = "nowhere", .reason = "r", .person = keep, .ctx = g};
    assert_code(mn_core_export(w->core, &ann, &nowhere, &n, err), MN_E_NOT_FOUND);
    const mn_export why = {.person = keep, .ctx = g};
    assert_code(mn_core_export(w->core, &ann, &why, &n, err), MN_E_INVALID);
    assert_int_equal(n, 77);
}

/* More than a page, in order; and a reader who fails. */
static void test_pages(void **state)
{
    world *w = *state;
    char name[32], detail[1024];
    for (unsigned i = 0; i < 70; i++) {
        snprintf(name, sizeof name, "person %u", i);
        enrol(w, name, "staff", i, 0);
    }
    given *g = take_out(w, NULL);
    assert_int_equal(g->n, 70);
    for (unsigned i = 0; i < 70; i++) {
        snprintf(name, sizeof name, "person %u", i);
        assert_string_equal(g->people[i].name, name);
    }
    assert_int_equal(count_audit(w, "person.export", detail, sizeof detail), 70);
    assert_non_null(strstr(detail, "\"reason\":\"a move\""));
    assert_non_null(strstr(detail, "\"vectors\":true"));
    uint64_t n = 77;
    g->n = 0;
    g->fail_at = 3;
    const mn_export what = {.reason = "a move", .person = keep, .ctx = g};
    assert_code(mn_core_export(w->core, &ann, &what, &n, err), MN_E_FULL);
    assert_int_equal(n, 77);
    mn_cancel cancel = {0};
    mn_cancel_set(&cancel);
    const mn_export none = {.reason = "a move", .cancel = &cancel, .person = keep, .ctx = g};
    assert_code(mn_core_export(w->core, &ann, &none, &n, err), MN_E_CANCELLED);
}

static void test_needs_no_model(void **state)
{
    world *w = *state;
    uint64_t n = 0;
    char model[MN_CORE_MODEL_NAME];
    int dim;
    enrol(w, "Anna", "staff", 1, 0);
    mn_core_close(w->core);
    const mn_core_options options = {.data_dir = w->dir, .fmr = 1e-3};
    assert_ok(mn_core_open_records(&options, &w->core, err));
    assert_ok(mn_core_model_of(w->core, model, &dim, err));
    assert_string_equal(model, "synthetic-128");
    assert_int_equal(dim, 128);
    given *g = take_out(w, NULL);
    assert_descriptor(g->people[0].faces[0].v, 1, 0);
    mn_import *i = NULL;
    assert_code(mn_core_import_open(w->core, &ann, false, &i, err), MN_E_INTERNAL);
    (void)n;
}

/* ---- importing ---- */

static mn_import_face a_face(world *w, unsigned who, unsigned look)
{
    const mn_face *f = make_face(w, who, look);
    return (mn_import_face){
        .model = "synthetic-128", .v = f->descriptor.v, .dim = DIM, .created = MN_TIME_NEVER};
}

static const mn_import_list staff = {"staff", true, MN_PURPOSE_IDENTIFICATION};

static mn_consent form(mn_purpose purpose)
{
    const mn_consent_given g = agreed(purpose);
    return (mn_consent){.purpose = purpose,
                        .method = g.method,
                        .evidence = g.evidence,
                        .given = g.given,
                        .until = g.until,
                        .withdrawn = MN_TIME_NEVER};
}

static mn_import_person a_person(const char *external_id, const mn_import_face *face,
                                 const mn_consent *consent)
{
    return (mn_import_person){.external_id = external_id,
                              .active = true,
                              .created = MN_TIME_NEVER,
                              .lists = &staff,
                              .n_lists = 1,
                              .consents = consent,
                              .n_consents = consent ? 1 : 0,
                              .faces = face,
                              .n_faces = 1};
}

static void test_second_run(void **state)
{
    world *w = *state;
    const mn_consent consent = form(MN_PURPOSE_IDENTIFICATION);
    const mn_import_face faces[2] = {a_face(w, 1, 0), a_face(w, 1, 1)};
    mn_import_person p = a_person("A7", faces, &consent);
    put_in(w, &p, 1, false);
    assert_true(p.code == MN_OK && p.is_new);
    const mn_id person = p.person;
    p.n_faces = 2;
    put_in(w, &p, 1, false);
    assert_int_equal(p.code, MN_OK);
    assert_false(p.is_new);
    assert_memory_equal(&p.person, &person, sizeof person);
    assert_int_equal(p.faces_new, 1);
    assert_int_equal(p.faces_known, 1);
    mn_person_view v;
    assert_ok(mn_core_person(w->core, &ann, "A7", w->arena, &v, err));
    assert_int_equal(v.n_faces, 2);
    assert_int_equal(v.n_consents, 1);
    assert_string_equal(v.person.name, "A7");
    assert_int_equal(look_for(w, w->core, 1).n, 1);
}

/* As with one more picture: who is in the list stays from the day they came, and who was in it begins anew.
 */
static void test_retention_goes_on(void **state)
{
    world *w = *state;
    mn_store *s = w->core->store;
    mn_list l;
    mn_membership *before = NULL, *after = NULL;
    size_t n = 0;
    const mn_id nil = {{0}};
    const mn_consent consent = form(MN_PURPOSE_IDENTIFICATION);
    const mn_import_face faces[2] = {a_face(w, 1, 0), a_face(w, 1, 1)};
    mn_import_person p = a_person("A7", faces, &consent);
    put_in(w, &p, 1, false);
    assert_int_equal(p.code, MN_OK);
    assert_ok(s->ops->list_by_name(s, &nil, "staff", w->arena, &l, err));
    l.retention = MN_TIME_DAY;
    assert_ok(s->ops->list_put(s, &l, err));
    assert_ok(s->ops->lists_of(s, &p.person, w->arena, &before, &n, err));
    p.n_faces = 2;
    usleep(20 * 1000);
    put_in(w, &p, 1, false);
    assert_ok(s->ops->lists_of(s, &p.person, w->arena, &after, &n, err));
    assert_int_equal(after->added, before->added);
    assert_int_equal(after->until, before->added + MN_TIME_DAY);
    l.retention = 10 * 1000;
    assert_ok(s->ops->list_put(s, &l, err));
    put_in(w, &p, 1, false);
    assert_ok(s->ops->lists_of(s, &p.person, w->arena, &after, &n, err));
    assert_true(after->added > before->added);
}

static void test_dry_run(void **state)
{
    world *w = *state;
    mn_store_counts before, after;
    const mn_consent consent = form(MN_PURPOSE_IDENTIFICATION);
    const mn_import_face face = a_face(w, 1, 0);
    mn_import_person people[2] = {a_person("A7", &face, &consent), a_person("B8", &face, NULL)};
    assert_ok(mn_core_counts(w->core, &before, err));
    put_in(w, people, 2, true);
    assert_int_equal(people[0].code, MN_OK);
    assert_int_equal(people[1].code, MN_E_CONSENT);
    assert_ok(mn_core_counts(w->core, &after, err));
    assert_memory_equal(&before, &after, sizeof before);
}

/* Each alone is refused with its reason, and the good ones around them go in. */
static void test_refused(void **state)
{
    world *w = *state;
    const mn_consent good = form(MN_PURPOSE_IDENTIFICATION);
    mn_consent other = form(MN_PURPOSE_ATTENDANCE), late = good, over = good, withdrawn = good, silent = good;
    late.given = mn_time_now() + MN_TIME_DAY;
    over.until = mn_time_now() - MN_TIME_SECOND;
    withdrawn.withdrawn = mn_time_now() - MN_TIME_SECOND;
    silent.method = "";
    float long_one[DIM], not_finite[DIM], zero[DIM] = {0};
    make_descriptor(5, 0, long_one);
    make_descriptor(5, 0, not_finite);
    for (int i = 0; i < DIM; i++)
        long_one[i] *= 1.05f;
    not_finite[7] = NAN;
    const mn_import_face face = a_face(w, 3, 0);
    mn_import_face f_model = face, f_none = face, f_dim = face, f_long = face, f_nan = face, f_zero = face,
                   f_bare = face, f_jpeg = face;
    f_model.model = "another-128";
    f_none.model = NULL;
    f_dim.dim = 64;
    f_long.v = long_one;
    f_nan.v = not_finite;
    f_zero.v = zero;
    f_bare.v = NULL;
    f_jpeg.jpeg = (const uint8_t *)"GIF89a";
    f_jpeg.n = 6;
    const mn_import_list purpose = {"staff", true, MN_PURPOSE_ATTENDANCE}, nowhere = {.name = "nowhere"};
    mn_import_person no_list = a_person("x", &face, &good), wrong_list = a_person("x", &face, &other),
                     unknown_list = a_person("x", &face, &good);
    const mn_consent both[2] = {good, late};
    mn_import_person and_late = a_person("x", &face, both);
    and_late.n_consents = 2;
    no_list.n_lists = 0;
    wrong_list.lists = &purpose;
    unknown_list.lists = &nowhere;
    struct {
        mn_import_person p;
        mn_code code;
        const char *words;
    } all[] = {
        {a_person("good 1", &face, &good), MN_OK, ""},
        {a_person("x", &face, NULL), MN_E_CONSENT, "needs a consent to identification"},
        {a_person("x", &face, &other), MN_E_CONSENT, "valid now"},
        {a_person("x", &face, &late), MN_E_CONSENT, "in the future"},
        {and_late, MN_E_CONSENT, "in the future"}, /* beside a good one */
        {a_person("x", &face, &over), MN_E_CONSENT, "valid now"},
        {a_person("x", &face, &withdrawn), MN_E_CONSENT, "valid now"},
        {a_person("x", &face, &silent), MN_E_INVALID, "how the consent was given"},
        {a_person(NULL, &face, &good), MN_E_INVALID, "neither an id nor an external id"},
        {a_person("x\n", &face, &good), MN_E_INVALID, "control character"},
        {no_list, MN_E_INVALID, "in no list"},
        {wrong_list, MN_E_PURPOSE, "is for identification here"},
        {unknown_list, MN_E_NOT_FOUND, "there is no list \"nowhere\""},
        {a_person("x", &f_model, &good), MN_E_PACK, "cannot be compared"},
        {a_person("x", &f_none, &good), MN_E_INVALID, "which model"},
        {a_person("x", &f_dim, &good), MN_E_INVALID, "has 64 numbers"},
        {a_person("x", &f_long, &good), MN_E_INVALID, "has the length 1.05"},
        {a_person("x", &f_nan, &good), MN_E_INVALID, "face 1: number 7"},
        {a_person("x", &f_zero, &good), MN_E_INVALID, "are 0"},
        {a_person("x", &f_bare, &good), MN_E_INVALID, "no descriptor"},
        {a_person("x", &f_jpeg, &good), MN_E_INVALID, "no JPEG"},
        {a_person("good 2", &face, &good), MN_OK, ""},
    };
    mn_import_person people[32];
    size_t n = sizeof all / sizeof *all;
    for (size_t i = 0; i < n; i++)
        people[i] = all[i].p;
    put_in(w, people, n, false);
    for (size_t i = 0; i < n; i++)
        if (people[i].code != all[i].code || !strstr(people[i].error.text, all[i].words))
            fail_msg("%zu: %s: %s", i, mn_code_word(people[i].code), people[i].error.text);
    mn_store_counts counts;
    assert_ok(mn_core_counts(w->core, &counts, err));
    assert_int_equal(counts.people, 2);
    assert_int_equal(counts.faces, 2);
    assert_int_equal(counts.lists, 1);
}

/* Half precision moves the length by a thousandth: made 1 again, so that scores stay within their bounds. */
static void test_unit_length(void **state)
{
    world *w = *state;
    float v[DIM];
    const mn_consent consent = form(MN_PURPOSE_IDENTIFICATION);
    mn_import_face face = a_face(w, 1, 0);
    make_descriptor(1, 0, v);
    for (int i = 0; i < DIM; i++)
        v[i] *= 1.015f;
    face.v = v;
    mn_import_person p = a_person("A7", &face, &consent);
    put_in(w, &p, 1, false);
    assert_int_equal(p.code, MN_OK);
    given *g = take_out(w, NULL);
    double sum = 0;
    for (int i = 0; i < DIM; i++)
        sum += (double)g->people[0].faces[0].v[i] * (double)g->people[0].faces[0].v[i];
    assert_true(fabs(sum - 1) < 1e-6);
}

static void test_erased_stays_erased(void **state)
{
    world *w = *state;
    const mn_enrolment done = enrol(w, "Anna", "staff", 1, 0);
    given *g = take_out(w, NULL);
    assert_ok(mn_core_erase(w->core, &ann, &done.person, err));
    put_in(w, g->people, 1, false);
    assert_int_equal(g->people[0].code, MN_E_FORBIDDEN);
    assert_non_null(strstr(g->people[0].error.text, "was erased here"));
    assert_int_equal(look_for(w, w->core, 1).n, 0);
}

static void test_withdrawn_here(void **state)
{
    world *w = *state;
    const mn_enrolment done = enrol(w, "Anna", "staff", 1, 0);
    given *g = take_out(w, NULL);
    assert_ok(mn_core_consent_withdraw(w->core, &ann, &done.person, MN_PURPOSE_IDENTIFICATION, err));
    put_in(w, g->people, 1, false);
    assert_int_equal(g->people[0].code, MN_E_CONSENT);
    mn_consent again = form(MN_PURPOSE_IDENTIFICATION);
    again.given = mn_time_now();
    g->people[0].consents = &again;
    put_in(w, g->people, 1, false);
    assert_int_equal(g->people[0].code, MN_OK);
    assert_int_equal(look_for(w, w->core, 1).n, 1);
}

static void test_taken_ids(void **state)
{
    world *w = *state;
    const mn_consent consent = form(MN_PURPOSE_IDENTIFICATION);
    enrol(w, "Anna", "staff", 1, 0);
    enrol(w, "Berta", "staff", 2, 0);
    given *g = take_out(w, NULL);
    mn_import_face face = a_face(w, 3, 0);
    face.id = g->people[0].faces[0].id;
    mn_import_person p = a_person("C9", &face, &consent);
    put_in(w, &p, 1, false);
    assert_int_equal(p.code, MN_E_EXISTS);
    assert_non_null(strstr(p.error.text, "somebody else"));
    face.id = (mn_id){{0}};
    put_in(w, &p, 1, false);
    assert_int_equal(p.code, MN_OK);
    p.id = g->people[1].id;
    put_in(w, &p, 1, false);
    assert_int_equal(p.code, MN_E_EXISTS);
    assert_non_null(strstr(p.error.text, "two different people"));
    const mn_actor stranger = {.account = mn_id_make(), .name = "test:bob", .rights = mn_rights_all()};
    mn_import *i;
    p.external_id = "D10";
    assert_ok(mn_core_import_open(w->core, &stranger, false, &i, err));
    assert_ok(mn_core_import_people(i, &p, 1, err));
    mn_core_import_close(i);
    assert_int_equal(p.code, MN_E_EXISTS);
    assert_non_null(strstr(p.error.text, "is taken"));
}

static void test_rights(void **state)
{
    world *w = *state;
    given *g = mn_arena_calloc(w->arena, 1, sizeof *g);
    g->w = w;
    uint64_t n;
    mn_import *i;
    const mn_actor operator= {.name = "test:op", .rights = mn_rights_of_role(MN_ROLE_OPERATOR)};
    const mn_export what = {.reason = "r", .person = keep, .ctx = g};
    assert_code(mn_core_export(w->core, &operator, & what, &n, err), MN_E_FORBIDDEN);
    assert_code(mn_core_import_open(w->core, &operator, false, &i, err), MN_E_FORBIDDEN);
    mn_actor kept = ann;
    kept.limited = true;
    assert_code(mn_core_export(w->core, &kept, &what, &n, err), MN_E_FORBIDDEN);
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_round),
        T(test_one_list),
        T(test_pages),
        T(test_needs_no_model),
        T(test_second_run),
        T(test_dry_run),
        T(test_retention_goes_on),
        T(test_refused),
        T(test_unit_length),
        T(test_erased_stays_erased),
        T(test_withdrawn_here),
        T(test_taken_ids),
        T(test_rights),
    };
    return cmocka_run_group_tests_name("transfer", tests, NULL, NULL);
}
