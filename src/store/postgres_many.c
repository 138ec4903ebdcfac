/* Many records in one statement: each column is an array, in PostgreSQL's binary form. */
#include "store/audit.h"
#include "store/postgres_internal.h"

#include <endian.h>
#include <stddef.h>
#include <string.h>

#define ROOM ((size_t)1 << 30) /* the arrays of one call; PostgreSQL takes no larger value either */

/* ---- arrays ---- */

/* One dimension, maybe with NULLs, the type's number, how many, and that they are counted from 1. */
#define HEAD 20

static const uint32_t type_number[] = {
    [MN_PG_ID] = 2950,   [MN_PG_ID_OR_NIL] = 2950, [MN_PG_WORD] = 25, [MN_PG_PURPOSE] = 25,
    [MN_PG_BYTES] = 17,  [MN_PG_HASH] = 17,        [MN_PG_TIME] = 20, [MN_PG_NUMBER] = 20,
    [MN_PG_FLOAT] = 701, [MN_PG_FLAG] = 16,
};

typedef struct {
    const void *bytes; /* NULL: the value is NULL */
    size_t n;
    uint64_t number; /* where the bytes are its own */
} value;

static void put_number(value *v, uint64_t bits)
{
    v->number = htobe64(bits);
    v->bytes = &v->number;
    v->n = sizeof v->number;
}

static void put_text(value *v, const char *text)
{
    v->bytes = text;
    v->n = text ? strlen(text) : 0;
}

static void put_pair(value *v, const void *field)
{
    const uint8_t *bytes;
    memcpy(&bytes, field, sizeof bytes);
    memcpy(&v->n, (const char *)field + sizeof bytes, sizeof v->n);
    v->bytes = bytes ? (const void *)bytes : "";
}

static void put_real(value *v, float of)
{
    uint64_t bits;
    double real = (double)of;
    memcpy(&bits, &real, sizeof bits);
    put_number(v, bits);
}

static void read_value(mn_pg_kind kind, const void *field, value *v)
{
    switch (kind) {
    case MN_PG_ID:
    case MN_PG_ID_OR_NIL:
        *v = (value){.bytes = kind == MN_PG_ID_OR_NIL && mn_id_is_nil(field) ? NULL : field,
                     .n = sizeof(mn_id)};
        break;
    case MN_PG_HASH:
        *v = (value){.bytes = field, .n = 32};
        break;
    case MN_PG_WORD:
        put_text(v, *(const char *const *)field);
        break;
    case MN_PG_PURPOSE:
        put_text(v, mn_purpose_word(*(const mn_purpose *)field));
        break;
    case MN_PG_BYTES:
        put_pair(v, field);
        break;
    case MN_PG_TIME:
        put_number(v, *(const uint64_t *)field);
        break;
    case MN_PG_NUMBER:
        put_number(v, (uint64_t)(int64_t) * (const int *)field);
        break;
    case MN_PG_FLOAT:
        put_real(v, *(const float *)field);
        break;
    case MN_PG_FLAG:
        *v = (value){.bytes = *(const bool *)field ? "\1" : "\0", .n = 1};
        break;
    }
}

static uint8_t *put32(uint8_t *at, uint32_t v)
{
    v = htobe32(v);
    memcpy(at, &v, sizeof v);
    return at + sizeof v;
}

static size_t array_size(mn_pg_kind kind, const char *field, size_t stride, size_t n)
{
    size_t size = HEAD;
    value v;
    for (size_t i = 0; i < n && size < ROOM; i++) {
        read_value(kind, field + i * stride, &v);
        size += sizeof(uint32_t) + (v.bytes ? v.n : 0);
    }
    return size;
}

static void fill_array(uint8_t *at, mn_pg_kind kind, const char *field, size_t stride, size_t n)
{
    at = put32(at, 1);
    at = put32(at, 1);
    at = put32(at, type_number[kind]);
    at = put32(at, (uint32_t)n);
    at = put32(at, 1);
    for (size_t i = 0; i < n; i++) {
        value v;
        read_value(kind, field + i * stride, &v);
        at = put32(at, v.bytes ? (uint32_t)v.n : UINT32_MAX);
        if (v.bytes)
            memcpy(at, v.bytes, v.n);
        at += v.bytes ? v.n : 0;
    }
}

mn_code mn_pg_array(mn_pg *q, mn_pg_kind kind, const void *first, size_t stride, size_t n, mn_arena *a,
                    mn_error *err)
{
    size_t size = array_size(kind, first, stride, n);
    if (size >= ROOM)
        return mn_fail(err, MN_E_LIMIT, "more than 1 GiB for the store at once: write less in one call");
    uint8_t *bytes = mn_arena_alloc(a, size);
    if (!bytes)
        return mn_fail(err, MN_E_MEMORY, "no memory for %zu records to be written", n);
    fill_array(bytes, kind, first, stride, n);
    mn_pg_blob(q, bytes, size);
    return MN_OK;
}

/* ---- the statement ---- */

/* The columns in the order of the statement's parameters. */
#define COLUMNS(X)                                                                                           \
    X(people, mn_person, id, MN_PG_ID)                                                                       \
    X(people, mn_person, account, MN_PG_ID)                                                                  \
    X(people, mn_person, external_id, MN_PG_WORD)                                                            \
    X(people, mn_person, name, MN_PG_WORD)                                                                   \
    X(people, mn_person, user_data, MN_PG_WORD)                                                              \
    X(people, mn_person, active, MN_PG_FLAG)                                                                 \
    X(people, mn_person, created, MN_PG_TIME)                                                                \
    X(people, mn_person, updated, MN_PG_TIME)                                                                \
    X(keys, mn_key_record, person, MN_PG_ID)                                                                 \
    X(keys, mn_key_record, wrapped, MN_PG_BYTES)                                                             \
    X(consents, mn_consent, id, MN_PG_ID)                                                                    \
    X(consents, mn_consent, person, MN_PG_ID)                                                                \
    X(consents, mn_consent, purpose, MN_PG_PURPOSE)                                                          \
    X(consents, mn_consent, method, MN_PG_WORD)                                                              \
    X(consents, mn_consent, evidence, MN_PG_WORD)                                                            \
    X(consents, mn_consent, given, MN_PG_TIME)                                                               \
    X(consents, mn_consent, until, MN_PG_TIME)                                                               \
    X(consents, mn_consent, withdrawn, MN_PG_TIME)                                                           \
    X(members, mn_member_record, list, MN_PG_ID)                                                             \
    X(members, mn_member_record, person, MN_PG_ID)                                                           \
    X(members, mn_member_record, added, MN_PG_TIME)                                                          \
    X(faces, mn_face_record, id, MN_PG_ID)                                                                   \
    X(faces, mn_face_record, person, MN_PG_ID)                                                               \
    X(faces, mn_face_record, source, MN_PG_WORD)                                                             \
    X(faces, mn_face_record, source_hash, MN_PG_WORD)                                                        \
    X(faces, mn_face_record, quality, MN_PG_FLOAT)                                                           \
    X(faces, mn_face_record, sample, MN_PG_ID_OR_NIL)                                                        \
    X(faces, mn_face_record, created, MN_PG_TIME)                                                            \
    X(descriptors, mn_descriptor_record, face, MN_PG_ID)                                                     \
    X(descriptors, mn_descriptor_record, model, MN_PG_WORD)                                                  \
    X(descriptors, mn_descriptor_record, dim, MN_PG_NUMBER)                                                  \
    X(descriptors, mn_descriptor_record, sealed, MN_PG_BYTES)                                                \
    X(audit, mn_audit_record, seq, MN_PG_TIME)                                                               \
    X(audit, mn_audit_record, time, MN_PG_TIME)                                                              \
    X(audit, mn_audit_record, account, MN_PG_ID)                                                             \
    X(audit, mn_audit_record, actor, MN_PG_WORD)                                                             \
    X(audit, mn_audit_record, action, MN_PG_WORD)                                                            \
    X(audit, mn_audit_record, target, MN_PG_WORD)                                                            \
    X(audit, mn_audit_record, detail, MN_PG_WORD)                                                            \
    X(audit, mn_audit_record, prev, MN_PG_HASH)                                                              \
    X(audit, mn_audit_record, hash, MN_PG_HASH)
/* Behind the head of the audit log. */
#define MORE_COLUMNS(X)                                                                                      \
    X(people, mn_person, custom, MN_PG_WORD)                                                                 \
    X(people, mn_person, avatar, MN_PG_ID_OR_NIL)

_Static_assert(offsetof(mn_key_record, n) == offsetof(mn_key_record, wrapped) + sizeof(uint8_t *), "a pair");
_Static_assert(offsetof(mn_descriptor_record, sealed_len) ==
                   offsetof(mn_descriptor_record, sealed) + sizeof(uint8_t *),
               "a pair");

static mn_code bind_arrays(mn_pg *q, const mn_records *r, mn_arena *a, mn_error *err)
{
    mn_code code = MN_OK;
#define X(records, type, field, kind)                                                                        \
    if (code == MN_OK)                                                                                       \
        code = mn_pg_array(q, kind, (const char *)r->records + (r->records ? offsetof(type, field) : 0),     \
                           sizeof(type), r->n_##records, a, err);
    COLUMNS(X)
    return code;
}

static mn_code bind_more(mn_pg *q, const mn_records *r, mn_arena *a, mn_error *err)
{
    mn_code code = MN_OK;
    MORE_COLUMNS(X)
#undef X
    return code;
}

static mn_code run(mn_store *store, const mn_records *r, mn_arena *a, mn_error *err)
{
    mn_pg q;
    char head[MN_AUDIT_HEAD_TEXT];
    const mn_audit_record *last = r->n_audit > 0 ? &r->audit[r->n_audit - 1] : NULL;
    mn_pg_ask(store, P_PUT_MANY, &q);
    mn_code code = bind_arrays(&q, r, a, err);
    if (code != MN_OK)
        return code;
    if (last)
        mn_audit_format_head(last->seq, last->hash, head);
    mn_pg_text(&q, last ? head : NULL);
    code = bind_more(&q, r, a, err);
    return code != MN_OK ? code : mn_pg_write(&q, NULL, err);
}

/* The audit records of the copy are filled; the caller's are, when all of it is written. */
static mn_code put_in_transaction(mn_store *store, mn_records *copy, mn_arena *a, mn_error *err)
{
    size_t size = copy->n_audit * sizeof *copy->audit;
    mn_audit_record *made = mn_arena_alloc(a, size + 1);
    if (!made)
        return mn_fail(err, MN_E_MEMORY, "no memory for %zu audit records", copy->n_audit);
    if (size > 0)
        memcpy(made, copy->audit, size);
    copy->audit = made;
    mn_code code = mn_pg_audit_chain(store, made, copy->n_audit, err);
    return code == MN_OK ? run(store, copy, a, err) : code;
}

mn_code mn_pg_put_many(mn_store *store, const mn_records *r, mn_error *err)
{
    mn_postgres *s = (mn_postgres *)store;
    bool own = false;
    mn_records copy = *r;
    mn_arena *a = mn_arena_create(2 * ROOM);
    if (!a)
        return mn_fail(err, MN_E_MEMORY, "no memory for records to be written");
    mn_code code = mn_pg_enter(s, false, &own, err);
    if (code == MN_OK)
        code = mn_pg_leave(s, own, put_in_transaction(store, &copy, a, err), err);
    if (code == MN_OK && r->n_audit > 0)
        memcpy(r->audit, copy.audit, r->n_audit * sizeof *r->audit);
    mn_arena_destroy(a);
    return code;
}

/* ---- finding many ---- */

mn_code mn_pg_people_find(mn_store *store, const mn_id *account, const mn_id *list, mn_time now,
                          const char *const *texts, size_t n, mn_arena *a, mn_person **out, size_t *n_out,
                          mn_error *err)
{
    mn_pg q;
    mn_pg_ask(store, list ? P_PEOPLE_NAMED : P_PEOPLE_BY_EXTERNAL_ID, &q);
    mn_pg_id(&q, account);
    mn_code code = mn_pg_array(&q, MN_PG_WORD, texts, sizeof *texts, n, a, err);
    if (code != MN_OK)
        return code;
    if (list) {
        mn_pg_id(&q, list);
        mn_pg_int(&q, now);
    }
    return mn_pg_collect(&q, a, mn_pg_read_person, sizeof **out, out, n_out, err);
}

static void read_owned(mn_pg *q, mn_arena *a, void *item)
{
    (void)a;
    *(mn_owned *)item = (mn_owned){mn_pg_column_id(q, 0), mn_pg_column_id(q, 1)};
}

mn_code mn_pg_owners(mn_store *store, mn_owned_kind kind, const mn_id *ids, size_t n, mn_arena *a,
                     mn_owned **out, size_t *n_out, mn_error *err)
{
    mn_pg q;
    mn_pg_ask(store, kind == MN_OWNED_PEOPLE ? P_PEOPLE_OWNERS : P_FACES_OWNERS, &q);
    mn_code code = mn_pg_array(&q, MN_PG_ID, ids, sizeof *ids, n, a, err);
    return code == MN_OK ? mn_pg_collect(&q, a, read_owned, sizeof **out, out, n_out, err) : code;
}
