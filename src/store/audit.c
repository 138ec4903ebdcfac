#include "store/audit.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static void hash_u64(crypto_generichash_state *h, uint64_t v)
{
    uint8_t b[8];
    for (int i = 0; i < 8; i++)
        b[i] = (uint8_t)(v >> (8 * i));
    crypto_generichash_update(h, b, sizeof b);
}

static void hash_text(crypto_generichash_state *h, const char *text)
{
    size_t n = text ? strlen(text) : 0;
    uint32_t len = text ? (uint32_t)n : UINT32_MAX;
    uint8_t b[4] = {(uint8_t)len, (uint8_t)(len >> 8), (uint8_t)(len >> 16), (uint8_t)(len >> 24)};
    crypto_generichash_update(h, b, sizeof b);
    if (n > 0)
        crypto_generichash_update(h, (const uint8_t *)text, n);
}

void mn_audit_hash(const mn_audit_record *r, uint8_t hash[32])
{
    static const uint8_t label[13] = "mien.audit.1";
    crypto_generichash_state h;
    crypto_generichash_init(&h, NULL, 0, 32);
    crypto_generichash_update(&h, label, sizeof label);
    crypto_generichash_update(&h, r->prev, sizeof r->prev);
    hash_u64(&h, r->seq);
    hash_u64(&h, (uint64_t)r->time);
    crypto_generichash_update(&h, r->account.bytes, sizeof r->account.bytes);
    hash_text(&h, r->actor);
    hash_text(&h, r->action);
    hash_text(&h, r->target);
    hash_text(&h, r->detail);
    crypto_generichash_final(&h, hash, 32);
}

void mn_audit_chain(uint64_t seq, const uint8_t hash[32], mn_audit_record *r, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        r[i].seq = ++seq;
        memcpy(r[i].prev, hash, sizeof r[i].prev);
        mn_audit_hash(&r[i], r[i].hash);
        hash = r[i].hash;
    }
}

void mn_audit_format_head(uint64_t seq, const uint8_t hash[32], char text[MN_AUDIT_HEAD_TEXT])
{
    char hex[65];
    sodium_bin2hex(hex, sizeof hex, hash, 32);
    snprintf(text, MN_AUDIT_HEAD_TEXT, "%" PRIu64 " %s", seq, hex);
}

static mn_code verify_record(void *ctx, const mn_audit_record *r, mn_error *err)
{
    mn_audit_report *seen = ctx;
    if (r->seq != seen->records + 1)
        return mn_fail(err, MN_E_CORRUPT,
                       "audit record %" PRIu64 " is missing: the log goes from %" PRIu64 " to %" PRIu64,
                       seen->records + 1, seen->records, r->seq);
    if (memcmp(r->prev, seen->head, 32) != 0)
        return mn_fail(err, MN_E_CORRUPT, "audit record %" PRIu64 " does not follow the one before it",
                       r->seq);
    uint8_t hash[32];
    mn_audit_hash(r, hash);
    if (memcmp(hash, r->hash, 32) != 0)
        return mn_fail(err, MN_E_CORRUPT, "audit record %" PRIu64 " was changed after it was written",
                       r->seq);
    seen->records = r->seq;
    memcpy(seen->head, hash, 32);
    return MN_OK;
}

/* The last record against what the store remembers as the last. */
static mn_code verify_head(mn_store *s, const mn_audit_report *seen, mn_error *err)
{
    mn_arena *arena = mn_arena_create(1 << 20);
    if (!arena)
        return mn_fail(err, MN_E_MEMORY, "no memory to check the audit log");
    const char *kept = NULL;
    char found[MN_AUDIT_HEAD_TEXT] = "";
    if (seen->records > 0)
        mn_audit_format_head(seen->records, seen->head, found);
    mn_code code = s->ops->meta_get(s, "audit_head", arena, &kept, err);
    if (code == MN_OK && strcmp(found, kept ? kept : "") != 0)
        code =
            mn_fail(err, MN_E_CORRUPT,
                    "the audit log ends at record %" PRIu64 ", and the store remembers another end: \"%s\"",
                    seen->records, kept ? kept : "");
    mn_arena_destroy(arena);
    return code;
}

mn_code mn_audit_verify(mn_store *s, mn_audit_report *out, mn_error *err)
{
    mn_audit_report seen = {0};
    /* One moment's view, so that a record appended meanwhile does not look like a wrong end. */
    mn_code code = s->ops->begin_read(s, err);
    if (code != MN_OK)
        return code;
    code = s->ops->audit_each(s, 1, verify_record, &seen, err);
    if (code == MN_OK)
        code = verify_head(s, &seen, err);
    s->ops->rollback(s);
    if (code == MN_OK)
        *out = seen;
    return code;
}

#define VERIFY_PAGE  2000
#define VERIFY_ARENA ((size_t)256 << 20)

/* The next page; *last: the log ends there, and as the store remembers. */
static mn_code verify_page(mn_store *s, mn_arena *arena, mn_audit_report *seen, bool *last, mn_error *err)
{
    mn_audit_record *r = NULL;
    size_t n = 0;
    const mn_audit_query q = {
        .from = INT64_MIN, .to = INT64_MAX, .after = seen->records, .limit = VERIFY_PAGE};
    mn_code code = s->ops->begin_read(s, err);
    if (code != MN_OK)
        return code;
    code = s->ops->audit_find(s, &q, arena, &r, &n, err);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        code = verify_record(seen, &r[i], err);
    *last = n < VERIFY_PAGE;
    if (code == MN_OK && *last)
        code = verify_head(s, seen, err);
    s->ops->rollback(s);
    return code;
}

mn_code mn_audit_verify_pages(mn_store *s, mn_deadline deadline, const mn_cancel *cancel,
                              mn_audit_report *out, mn_error *err)
{
    mn_audit_report seen = {0};
    bool last = false;
    mn_code code = MN_OK;
    mn_arena *arena = mn_arena_create(VERIFY_ARENA);
    if (!arena)
        return mn_fail(err, MN_E_MEMORY, "no memory to check the audit log");
    while (code == MN_OK && !last) {
        if (mn_cancelled(cancel))
            code = mn_fail(err, MN_E_CANCELLED, "interrupted at audit record %" PRIu64, seen.records);
        else if (mn_deadline_passed(deadline))
            code = mn_fail(err, MN_E_TIMEOUT,
                           "the deadline passed at audit record %" PRIu64
                           ", and all was well so far: use mien audit verify, which has none",
                           seen.records);
        else
            code = verify_page(s, arena, &seen, &last, err);
        mn_arena_reset(arena);
    }
    mn_arena_destroy(arena);
    if (code == MN_OK)
        *out = seen;
    return code;
}
