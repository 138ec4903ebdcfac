/* People taken out and in again: what belongs to them comes along, and what must not be is refused. */
#include "core/export.h"
#include "core/fields.h"
#include "core/import.h"
#include "core/records.h"
#include "places.h"
#include "support.h"
#include "world.h"

#include "base/alloc.h"
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
                                           .custom = text(w, v->person.custom),
                                           .avatar = v->person.avatar,
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

/* ---- lists and custom fields ---- */

static void define_fields(world *w)
{
    mn_time updated;
    json_t *fields = json_pack("[{ss ss ss} {ss ss ss so sb} {ss ss ss}]", "name", "office", "label",
                               "Office", "type", "text", "name", "floors", "label", "Floors", "type",
                               "choice", "choices", json_pack("[s s]", "one", "two"), "multiple", 1, "name",
                               "born", "label", "Born", "type", "date");
    assert_non_null(fields);
    assert_ok(mn_core_fields_put(w->core, &ann, fields, false, NULL, w->arena, &updated, err));
    json_decref(fields);
}

static const mn_list_fields *look_of_visitors(void)
{
    static const mn_purpose purpose = MN_PURPOSE_IDENTIFICATION;
    static const mn_time retention = 90 * MN_TIME_DAY;
    static const double fmr = 3e-6;
    static const bool no = false, yes = true;
    static const mn_list_fields fields = {.name = "visitors",
                                          .purpose = &purpose,
                                          .comment = {.set = true, .text = "of the day\nand the night"},
                                          .color = {.set = true, .text = "#2f6fde"},
                                          .retention = &retention,
                                          .fmr = &fmr,
                                          .active = &no,
                                          .acknowledge = &yes,
                                          .sound = &yes};
    return &fields;
}

static void assert_same_look(const mn_list *a, const mn_list *b)
{
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->purpose, b->purpose);
    assert_string_equal(a->comment ? a->comment : "none", b->comment ? b->comment : "none");
    assert_string_equal(a->color ? a->color : "none", b->color ? b->color : "none");
    assert_true(a->retention == b->retention && a->fmr == b->fmr);
    assert_true(a->inactive == b->inactive && a->acknowledge == b->acknowledge && a->sound == b->sound);
}

typedef struct {
    mn_list *lists;
    size_t n;
    json_t *fields;
} head;

static head take_head(world *w, const char *list)
{
    head h;
    assert_ok(mn_core_export_head(w->core, &ann, list, w->arena, &h.lists, &h.n, &h.fields, err));
    return h;
}

/* How many were made. */
static size_t put_head(world *w, const head *h, bool dry_run, mn_import **out)
{
    size_t n = 0;
    bool made;
    assert_ok(mn_core_import_open(w->core, &ann, dry_run, out, err));
    for (size_t i = 0; i < json_array_size(h->fields); i++, n += made) {
        char *json = json_dumps(json_array_get(h->fields, i), 0);
        assert_ok(mn_core_import_field(*out, json, &made, err));
        free(json);
    }
    for (size_t i = 0; i < h->n; i++, n += made)
        assert_ok(mn_core_import_list(*out, &h->lists[i], &made, err));
    return n;
}

static world *a_world_with_looks(world *w)
{
    mn_list_view list;
    mn_person_view person;
    define_fields(w);
    assert_ok(mn_core_list_create(w->core, &ann, look_of_visitors(), w->arena, &list, err));
    const mn_enrolment a = enrol(w, "Anna", "visitors", 1, 0), more = enrol(w, "Anna", "visitors", 1, 1);
    enrol(w, "Berta", "staff", 2, 0);
    const mn_person_fields change = {
        .custom = "{\"office\": \"B 7\", \"floors\": [\"one\", \"two\"], \"born\": \"1990-02-28\"}",
        .avatar = &more.face};
    assert_ok(mn_core_person_change(w->core, &ann, &a.person, &change, NULL, w->arena, &person, err));
    return w;
}

static void test_looks_come_along(void **state)
{
    world *w = a_world_with_looks(*state), *v = another();
    mn_import *i = NULL;
    given *g = take_out(w, NULL);
    const head h = take_head(w, NULL);
    assert_int_equal(h.n, 2);
    assert_int_equal(json_array_size(h.fields), 3);
    assert_int_equal(put_head(v, &h, false, &i), 5);
    assert_ok(mn_core_import_people(i, g->people, g->n, err));
    mn_core_import_close(i);
    for (size_t k = 0; k < g->n; k++)
        assert_int_equal(g->people[k].code, MN_OK);
    const head back = take_head(v, NULL);
    assert_true(json_equal(h.fields, back.fields));
    assert_int_equal(back.n, 2);
    for (size_t k = 0; k < 2; k++)
        assert_same_look(&h.lists[k], &back.lists[k]);
    given *again = take_out(v, NULL);
    assert_int_equal(again->n, 2);
    assert_string_equal(again->people[0].custom, g->people[0].custom);
    assert_non_null(strstr(again->people[0].custom, "\"born\":\"1990-02-28\""));
    assert_memory_equal(&again->people[0].avatar, &g->people[0].faces[1].id, sizeof(mn_id));
    assert_null(again->people[1].custom);
    assert_true(mn_id_is_nil(&again->people[1].avatar));
    assert_int_equal(put_head(v, &h, false, &i), 0); /* all of it is there */
    mn_core_import_close(i);
    end(v);
}

static void test_one_lists_look(void **state)
{
    world *w = a_world_with_looks(*state);
    mn_list *lists;
    json_t *fields;
    size_t n;
    const head h = take_head(w, "visitors");
    assert_int_equal(h.n, 1);
    assert_string_equal(h.lists[0].color, "#2f6fde");
    assert_code(mn_core_export_head(w->core, &ann, "nowhere", w->arena, &lists, &n, &fields, err),
                MN_E_NOT_FOUND);
    const mn_actor operator= {.name = "test:op", .rights = mn_rights_of_role(MN_ROLE_OPERATOR)};
    assert_code(mn_core_export_head(w->core, &operator, NULL, w->arena, &lists, &n, &fields, err),
                MN_E_FORBIDDEN);
}

static void test_looks_that_do_not_fit(void **state)
{
    world *w = a_world_with_looks(*state);
    mn_import *i = NULL;
    bool made = false;
    assert_ok(mn_core_import_open(w->core, &ann, false, &i, err));
    mn_list l = {.name = "visitors", .purpose = MN_PURPOSE_ATTENDANCE, .retention = MN_TIME_NEVER};
    assert_code(mn_core_import_list(i, &l, &made, err), MN_E_PURPOSE);
    l.name = "new";
    l.color = "blue";
    assert_code(mn_core_import_list(i, &l, &made, err), MN_E_INVALID);
    assert_code(mn_core_import_field(i, "{\"name\": \"office\", \"type\": \"number\"}", &made, err),
                MN_E_CONFLICT);
    assert_code(
        mn_core_import_field(i, "{\"name\": \"c\", \"label\": \"C\", \"type\": \"choice\"}", &made, err),
        MN_E_INVALID);
    assert_false(made);
    mn_core_import_close(i);
    mn_actor operator= {.name = "test:op"};
    assert_ok(mn_rights_parse_all("people.create consents.create descriptors.create", &operator.rights, err));
    assert_ok(mn_core_import_open(w->core, &operator, false, &i, err));
    l.color = NULL;
    assert_code(mn_core_import_list(i, &l, &made, err), MN_E_FORBIDDEN);
    assert_code(
        mn_core_import_field(i, "{\"name\": \"c\", \"label\": \"C\", \"type\": \"text\"}", &made, err),
        MN_E_FORBIDDEN);
    assert_ok(mn_core_import_field(i, "{\"name\": \"office\", \"type\": \"text\"}", &made, err));
    mn_core_import_close(i);
}

/* What the head promises counts for the people behind it, and is not there afterwards. */
static void test_dry_looks(void **state)
{
    world *w = a_world_with_looks(*state), *v = another();
    mn_import *i = NULL;
    given *g = take_out(w, "visitors");
    const head h = take_head(w, NULL);
    const mn_import_list bare = {.name = "visitors"};
    assert_int_equal(put_head(v, &h, true, &i), 5);
    g->people[0].lists = &bare;
    assert_ok(mn_core_import_people(i, g->people, 1, err));
    assert_int_equal(g->people[0].code, MN_OK);
    g->people[0].custom = "{\"office\": 7}";
    assert_ok(mn_core_import_people(i, g->people, 1, err));
    assert_int_equal(g->people[0].code, MN_E_INVALID);
    assert_non_null(strstr(g->people[0].error.text, "custom.office must be a text"));
    mn_core_import_close(i);
    const head none = take_head(v, NULL);
    assert_int_equal(none.n + json_array_size(none.fields), 0);
    g->people[0].custom = NULL;
    put_in(v, g->people, 1, false);
    assert_int_equal(g->people[0].code, MN_E_NOT_FOUND);
    end(v);
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

/* A consent that is stated for all whom the file names, now, each time that it is imported. */
static void test_said_of_all(void **state)
{
    world *w = *state;
    mn_consent said = form(MN_PURPOSE_IDENTIFICATION);
    const mn_import_face face = a_face(w, 1, 0);
    mn_import_person p = a_person("A7", &face, &said);
    mn_person_view v;
    p.said_of_all = true;
    for (int i = 0; i < 3; i++) {
        said.given = mn_time_now();
        put_in(w, &p, 1, false);
        assert_int_equal(p.code, MN_OK);
    }
    assert_ok(mn_core_person(w->core, &ann, "A7", w->arena, &v, err));
    assert_int_equal(v.n_consents, 1);
    said.method = "web form"; /* says something else */
    put_in(w, &p, 1, false);
    assert_ok(mn_core_person(w->core, &ann, "A7", w->arena, &v, err));
    assert_int_equal(v.n_consents, 2);
    assert_ok(mn_core_consent_withdraw(w->core, &ann, &p.person, MN_PURPOSE_IDENTIFICATION, err));
    said.given = mn_time_now();
    put_in(w, &p, 1, false);
    assert_int_equal(p.code, MN_E_CONSENT); /* who withdrew agrees again for themselves */
    assert_int_equal(look_for(w, w->core, 1).n, 0);
    p.said_of_all = false;
    put_in(w, &p, 1, false);
    assert_int_equal(p.code, MN_OK);
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
    assert_ok(s->ops->lists_of(s, &p.person, 0, w->arena, &before, &n, err));
    p.n_faces = 2;
    mn_time_shift(MN_TIME_SECOND);
    put_in(w, &p, 1, false);
    assert_ok(s->ops->lists_of(s, &p.person, 0, w->arena, &after, &n, err));
    assert_int_equal(after->added, before->added);
    assert_int_equal(after->until, before->added + MN_TIME_DAY);
    l.retention = 10 * 1000;
    assert_ok(s->ops->list_put(s, &l, err));
    put_in(w, &p, 1, false);
    assert_ok(s->ops->lists_of(s, &p.person, 0, w->arena, &after, &n, err));
    assert_true(after->added > before->added);
    mn_time_shift(-MN_TIME_SECOND);
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

static void test_custom_and_avatar_refused(void **state)
{
    world *w = *state;
    const mn_consent consent = form(MN_PURPOSE_IDENTIFICATION);
    mn_import_face faces[2] = {a_face(w, 1, 0), a_face(w, 1, 0)};
    mn_import_person p = a_person("A7", faces, &consent);
    define_fields(w);
    p.custom = "{\"shoes\": 44}";
    put_in(w, &p, 1, false);
    assert_int_equal(p.code, MN_E_INVALID);
    assert_non_null(strstr(p.error.text, "custom.shoes: there is no such field"));
    p.custom = NULL;
    p.avatar = mn_id_make();
    put_in(w, &p, 1, false);
    assert_int_equal(p.code, MN_E_INVALID);
    assert_non_null(strstr(p.error.text, "none of the person's faces"));
    faces[0].id = mn_id_make();
    faces[1].id = p.avatar; /* the same numbers: one face */
    p.n_faces = 2;
    put_in(w, &p, 1, false);
    assert_int_equal(p.code, MN_OK);
    assert_int_equal(p.faces_new, 1);
    mn_person_view v;
    assert_ok(mn_core_person(w->core, &ann, "A7", w->arena, &v, err));
    assert_memory_equal(&v.person.avatar, &faces[0].id, sizeof(mn_id));
}

/* ---- many in one batch ---- */

static void assert_samples_open(world *w, const char *external_id)
{
    mn_person_view v;
    assert_ok(mn_core_person(w->core, &ann, external_id, w->arena, &v, err));
    for (size_t i = 0; i < v.n_faces; i++) {
        mn_buf got;
        mn_buf_init(&got, 1 << 20);
        assert_ok(mn_core_sample(w->core, &ann, &v.faces[i].id, &got, err));
        mn_buf_finish(&got);
    }
}

/* The same people, lists and faces more than once, beside others. */
static void test_batch_in_rounds(void **state)
{
    world *w = *state;
    const mn_consent consent = form(MN_PURPOSE_IDENTIFICATION);
    const mn_import_list both[] = {staff, staff, {"guests", true, MN_PURPOSE_IDENTIFICATION}},
                         other = {"staff", true, MN_PURPOSE_ATTENDANCE};
    static char ids[60][16];
    mn_import_face faces[60];
    mn_import_person people[60];
    const mn_id id = mn_id_make(), face = mn_id_make();
    static const uint8_t sample[] = {0xff, 0xd8, 0xff, 0xd9};
    for (unsigned k = 0; k < 60; k++) {
        unsigned who = k < 40 ? k : k % 8; /* eight of them come two or three times more */
        snprintf(ids[k], sizeof ids[k], "p%u", who);
        faces[k] = a_face(w, who, k / 48);
        faces[k].jpeg = sample;
        faces[k].n = sizeof sample;
        people[k] = a_person(ids[k], &faces[k], &consent);
    }
    people[20].id = id;
    people[21].id = id; /* with another external id: still the same person */
    people[22].lists = both;
    people[22].n_lists = 3;
    faces[23].id = faces[24].id = face;
    people[25].lists = &other;
    people[26].consents = NULL;
    people[26].n_consents = 0;
    put_in(w, people, 60, false);
    for (unsigned k = 0; k < 60; k++) {
        const mn_code want = k == 24 ? MN_E_EXISTS : k == 25 ? MN_E_PURPOSE : k == 26 ? MN_E_CONSENT : MN_OK;
        if (people[k].code != want)
            fail_msg("%u: %s: %s", k, mn_code_word(people[k].code), people[k].error.text);
        if (want == MN_OK)
            assert_int_equal(people[k].is_new, k < 40 && k != 21);
        if (k >= 40)
            assert_memory_equal(&people[k].person, &people[k % 8].person, sizeof(mn_id));
    }
    assert_memory_equal(&people[21].person, &id, sizeof id);
    mn_person_view v;
    assert_ok(mn_core_person(w->core, &ann, "p3", w->arena, &v, err));
    assert_int_equal(v.n_consents, 1);
    assert_int_equal(v.n_faces, 2); /* looks 0 and 1 */
    assert_ok(mn_core_person(w->core, &ann, "p22", w->arena, &v, err));
    assert_int_equal(v.n_lists, 2);
    mn_store_counts c;
    assert_ok(mn_core_counts(w->core, &c, err));
    assert_int_equal(c.people, 36);
    assert_int_equal(c.lists, 2);
    assert_int_equal(count_audit(w, "person.import", NULL, 0), 57);
    assert_int_equal(count_blobs(w), c.faces);
    assert_samples_open(w, "p3");
    put_in(w, people, 60, false); /* and all of it once more */
    mn_store_counts again;
    assert_ok(mn_core_counts(w->core, &again, err));
    assert_int_equal(again.people, c.people);
    assert_int_equal(again.faces, c.faces);
    assert_int_equal(again.consents, c.consents);
    assert_int_equal(count_blobs(w), c.faces);
    assert_int_equal(look_for(w, w->core, 3).n, 1);
}

static void test_batch_limit(void **state)
{
    world *w = *state;
    mn_import *i = NULL;
    assert_ok(mn_core_import_open(w->core, &ann, false, &i, err));
    assert_code(mn_core_import_people(i, NULL, 4097, err), MN_E_LIMIT);
    assert_ok(mn_core_import_people(i, NULL, 0, err));
    mn_core_import_close(i);
}

/* Who is to be erased when the grace period ends, and agreed again elsewhere. */
static void test_agreed_again(void **state)
{
    world *w = *state;
    const mn_enrolment done = enrol(w, "Anna", "staff", 1, 0);
    given *g = take_out(w, NULL);
    mn_erasure e;
    w->core->grace = MN_TIME_DAY;
    assert_ok(mn_core_consent_withdraw(w->core, &ann, &done.person, MN_PURPOSE_IDENTIFICATION, err));
    mn_store *s = w->core->store;
    assert_ok(s->ops->erasure->get(s, &done.person, w->arena, &e, err));
    put_in(w, g->people, 1, false); /* an older consent takes nothing back */
    assert_int_equal(g->people[0].code, MN_E_CONSENT);
    assert_ok(s->ops->erasure->get(s, &done.person, w->arena, &e, err));
    mn_consent again = form(MN_PURPOSE_IDENTIFICATION);
    again.given = mn_time_now();
    g->people[0].consents = &again;
    put_in(w, g->people, 1, false);
    assert_int_equal(g->people[0].code, MN_OK);
    assert_int_equal(s->ops->erasure->get(s, &done.person, w->arena, &e, NULL), MN_E_NOT_FOUND);
    assert_int_equal(count_audit(w, "erasure.undo", NULL, 0), 1);
}

/* ---- when memory fails ---- */

/* Either all of the batch is there, or nothing of it. */
static void test_import_without_memory(void **state)
{
    world *w = *state;
    const mn_consent consent = form(MN_PURPOSE_IDENTIFICATION);
    static const uint8_t jpeg[] = {0xff, 0xd8, 0xff, 0xd9};
    mn_import_face faces[3] = {a_face(w, 1, 0), a_face(w, 2, 0), a_face(w, 3, 0)};
    faces[1].jpeg = faces[2].jpeg = jpeg; /* the latter of somebody of whom nothing is in the store yet */
    faces[1].n = faces[2].n = sizeof jpeg;
    mn_import_person people[3] = {a_person("a", &faces[0], &consent), a_person("b", &faces[1], &consent),
                                  a_person("a", &faces[2], &consent)};
    define_fields(w);
    people[0].custom = "{\"office\": \"B 7\"}";
    mn_code code = MN_E_MEMORY;
    for (long n = 1; code != MN_OK; n++) {
        mn_store_counts c;
        mn_import *i = NULL;
        mn_error e = {0};
        mn_alloc_fail_at(n);
        code = mn_core_import_open(w->core, &ann, false, &i, &e);
        if (code == MN_OK)
            code = mn_core_import_people(i, people, 3, &e);
        mn_core_import_close(i);
        mn_alloc_fail_at(0);
        if (code != MN_OK) {
            assert_int_equal(code, MN_E_MEMORY);
            assert_int_equal(e.code, MN_E_MEMORY);
        }
        assert_ok(mn_core_counts(w->core, &c, err));
        assert_int_equal(c.people, code == MN_OK ? 2 : 0);
        assert_int_equal(c.faces, code == MN_OK ? 3 : 0);
        assert_int_equal(count_blobs(w), code == MN_OK ? 2 : 0);
        assert_true(n < 5000);
    }
}

static void test_head_without_memory(void **state)
{
    world *w = a_world_with_looks(*state), *v = another();
    const head h = take_head(w, NULL);
    char *json = json_dumps(json_array_get(h.fields, 1), 0);
    for (int dry = 1; dry >= 0; dry--) {
        mn_code code = MN_E_MEMORY;
        for (long n = 1; code != MN_OK; n++) {
            mn_import *i = NULL;
            bool made = false;
            mn_alloc_fail_at(n);
            code = mn_core_import_open(v->core, &ann, dry, &i, NULL);
            for (size_t k = 0; code == MN_OK && k < h.n; k++)
                code = mn_core_import_list(i, &h.lists[k], &made, NULL);
            if (code == MN_OK)
                code = mn_core_import_field(i, json, &made, NULL);
            mn_core_import_close(i);
            mn_alloc_fail_at(0);
            assert_true(code == MN_OK || code == MN_E_MEMORY);
            assert_true(n < 5000);
        }
    }
    free(json);
    const head back = take_head(v, NULL);
    assert_int_equal(back.n, 2);
    assert_int_equal(json_array_size(back.fields), 1);
    end(v);
}

static mn_code count_given(void *ctx, const mn_export_person *p, mn_error *err)
{
    (void)p;
    (void)err;
    ++*(size_t *)ctx;
    return MN_OK;
}

/* The outcome says that it is not all. */
static void test_export_without_memory(void **state)
{
    world *w = a_world_with_looks(*state);
    mn_code code = MN_E_MEMORY;
    for (long n = 1; code != MN_OK; n++) {
        uint64_t count = 77;
        size_t told = 0;
        mn_list *lists = NULL;
        size_t n_lists = 77;
        json_t *fields = NULL;
        mn_arena *arena = mn_arena_create(1 << 20);
        const mn_export what = {
            .reason = "a move", .vectors = true, .samples = true, .person = count_given, .ctx = &told};
        mn_alloc_fail_at(n);
        code = mn_core_export_head(w->core, &ann, NULL, arena, &lists, &n_lists, &fields, NULL);
        if (code == MN_OK)
            code = mn_core_export(w->core, &ann, &what, &count, NULL);
        mn_alloc_fail_at(0);
        mn_arena_destroy(arena);
        assert_true(code == MN_OK || code == MN_E_MEMORY);
        assert_int_equal(count, code == MN_OK ? 2 : 77);
        assert_true(code != MN_OK || told == 2);
        assert_true(n < 5000);
    }
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

/* An import takes hours: between two of its batches somebody is erased. */
static void test_erased_meanwhile(void **state)
{
    world *w = *state;
    mn_import *i = NULL;
    enrol(w, "Anna", "staff", 1, 0);
    const mn_enrolment done = enrol(w, "Berta", "staff", 2, 0);
    given *g = take_out(w, NULL);
    assert_ok(mn_core_import_open(w->core, &ann, false, &i, err));
    assert_ok(mn_core_import_people(i, g->people, 1, err));
    assert_int_equal(g->people[0].code, MN_OK);
    assert_ok(mn_core_erase(w->core, &ann, &done.person, err));
    assert_ok(mn_core_import_people(i, g->people + 1, 1, err));
    mn_core_import_close(i);
    assert_int_equal(g->people[1].code, MN_E_FORBIDDEN);
    assert_int_equal(look_for(w, w->core, 2).n, 0);
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
        T(test_looks_come_along),
        T(test_one_lists_look),
        T(test_looks_that_do_not_fit),
        T(test_dry_looks),
        T(test_second_run),
        T(test_said_of_all),
        T(test_dry_run),
        T(test_retention_goes_on),
        T(test_refused),
        T(test_custom_and_avatar_refused),
        T(test_batch_in_rounds),
        T(test_batch_limit),
        T(test_agreed_again),
        T(test_import_without_memory),
        T(test_head_without_memory),
        T(test_export_without_memory),
        T(test_unit_length),
        T(test_erased_stays_erased),
        T(test_erased_meanwhile),
        T(test_withdrawn_here),
        T(test_taken_ids),
        T(test_rights),
    };
    const struct CMUnitTest in_postgres[] = {
        T(test_round),
        T(test_looks_come_along),
        T(test_dry_looks),
        T(test_second_run),
        T(test_said_of_all),
        T(test_dry_run),
        T(test_retention_goes_on),
        T(test_refused),
        T(test_batch_in_rounds),
        T(test_agreed_again),
        T(test_import_without_memory),
        T(test_erased_stays_erased),
        T(test_erased_meanwhile),
        T(test_taken_ids),
    };
    return run_in_both("transfer", tests, in_postgres);
}
