#include "crowd.h"

#include "support.h"

#include <stdio.h>
#include <string.h>

static mn_id numbered(char kind, unsigned who)
{
    mn_id id = {{1, [6] = 0x70}};
    id.bytes[7] = (uint8_t)kind;
    for (int i = 0; i < 4; i++)
        id.bytes[12 + i] = (uint8_t)(who >> (24 - 8 * i));
    return id;
}

mn_id crowd_person(world *w, unsigned who)
{
    (void)w;
    return numbered('p', who);
}

static mn_id need_list(world *w, const crowd_kind *kind)
{
    mn_list list;
    mn_store *s = w->core->store;
    const mn_id account = {{0}};
    if (s->ops->list_by_name(s, &account, kind->list, w->arena, &list, NULL) == MN_OK)
        return list.id;
    list = (mn_list){.id = mn_id_make(),
                     .name = kind->list,
                     .purpose = kind->purpose,
                     .retention = kind->retention ? kind->retention : MN_TIME_NEVER,
                     .created = mn_time_now()};
    assert_ok(s->ops->list_put(s, &list, err));
    return list.id;
}

static void put_face(world *w, unsigned who, const mn_key *key)
{
    mn_store *s = w->core->store;
    float v[DIM];
    mn_buf sealed;
    const mn_face_record face = {
        .id = numbered('f', who), .person = numbered('p', who), .quality = 0.9f, .created = mn_time_now()};
    mn_buf_init(&sealed, 4096);
    make_descriptor(who, 0, v);
    assert_ok(s->ops->face_put(s, &face, err));
    assert_ok(mn_core_seal_descriptor(w->core, key, &face.id, v, &sealed, err));
    const mn_descriptor_record d = {.face = face.id,
                                    .model = "synthetic-128",
                                    .dim = DIM,
                                    .sealed = sealed.data,
                                    .sealed_len = sealed.len};
    assert_ok(s->ops->descriptor_put(s, &d, err));
    mn_buf_finish(&sealed);
}

static void put_person(world *w, unsigned who, const crowd_kind *kind, const mn_id *list)
{
    char name[24];
    mn_store *s = w->core->store;
    mn_key *key = NULL;
    snprintf(name, sizeof name, "person %u", who);
    const mn_person p = {.id = numbered('p', who),
                         .name = name,
                         .active = !kind->inactive,
                         .created = mn_time_now(),
                         .updated = mn_time_now()};
    const mn_consent c = {.id = numbered('c', who),
                          .person = p.id,
                          .purpose = kind->purpose,
                          .method = "form",
                          .given = 1,
                          .until = kind->until ? kind->until : INT64_C(4102444800000000),
                          .withdrawn = MN_TIME_NEVER};
    assert_ok(s->ops->person_put(s, &p, err));
    assert_ok(s->ops->consent_put(s, &c, err));
    if (list)
        assert_ok(s->ops->member_put(s, list, &p.id, mn_time_now(), err));
    assert_ok(mn_core_make_person_key(w->core, &p.id, &key, err));
    put_face(w, who, key);
    mn_key_close(key);
}

void crowd_enrol(world *w, unsigned from, unsigned n, const crowd_kind *kind)
{
    mn_store *s = w->core->store;
    mn_id list = {{0}};
    assert_ok(s->ops->begin(s, err));
    if (kind->list)
        list = need_list(w, kind);
    for (unsigned i = 0; i < n; i++)
        put_person(w, from + i, kind, kind->list ? &list : NULL);
    assert_ok(s->ops->commit(s, err));
}

bool crowd_finds(world *w, unsigned who)
{
    mn_identification found = look_for(w, w->core, who);
    mn_id want = numbered('p', who);
    return found.n > 0 && mn_id_compare(&found.matches[0].person, &want) == 0;
}

bool crowd_gallery_finds(world *w, unsigned who)
{
    float v[DIM], turned[DIM];
    mn_candidate best;
    mn_id want = numbered('p', who);
    size_t n = 0;
    make_descriptor(who, 77, v);
    mn_core_turn(w->core, v, turned);
    const mn_query q = {.probe = turned, .k = 1, .min_raw = 0.5f};
    assert_ok(mn_gallery_search(w->core->gallery, &q, &best, &n, NULL, err));
    return n == 1 && mn_id_compare(&best.person, &want) == 0;
}
