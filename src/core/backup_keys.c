/* The keys file of a backup folder: slots of 128 bytes in the order of ids, after a head of 128 bytes. A slot
 * lies within one sector, so that overwriting one is done or not done. Integers are little-endian.
 *
 *   head  "mien.keys.1\n" and zeros (16) · count (8) · seq (8) · hash of that audit record (32) · zeros · sum
 * (8) slot  person (16) · destroyed_seq (8) · destroyed (8) · erased (1) · length (1) · wrapped key (86) ·
 * sum (8)
 *
 * sum: the first 8 bytes of BLAKE2b-128 over the 120 before it. */
#include "core/backup_internal.h"

#include "base/alloc.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SLOT     128
#define SUM_AT   120
#define FILE_MAX ((size_t)16 << 30)
#define KEY_PAGE 1000
#define WAIT_MS  10000

static const uint8_t magic[16] = "mien.keys.1\n";
static const mn_id master_note = {{[15] = 1}};

static void put_number(uint8_t *at, uint64_t v)
{
    for (int i = 0; i < 8; i++)
        at[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t get_number(const uint8_t *at)
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v |= (uint64_t)at[i] << (8 * i);
    return v;
}

static void sum(const uint8_t slot[SLOT], uint8_t out[8])
{
    uint8_t hash[16];
    crypto_generichash(hash, sizeof hash, slot, SUM_AT, NULL, 0);
    memcpy(out, hash, 8);
}

static void encode(const mn_key_slot *s, uint8_t out[SLOT])
{
    memset(out, 0, SLOT);
    memcpy(out, s->person.bytes, 16);
    put_number(out + 16, s->destroyed_seq);
    put_number(out + 24, (uint64_t)s->destroyed);
    out[32] = s->erased;
    out[33] = s->len;
    memcpy(out + 34, s->wrapped, s->len);
    sum(out, out + SUM_AT);
}

static bool decode(const uint8_t in[SLOT], mn_key_slot *s)
{
    uint8_t want[8];
    sum(in, want);
    if (memcmp(want, in + SUM_AT, 8) != 0 || in[32] > 1 || in[33] > sizeof s->wrapped)
        return false;
    *s = (mn_key_slot){.destroyed_seq = get_number(in + 16),
                       .destroyed = (mn_time)get_number(in + 24),
                       .erased = in[32] == 1,
                       .len = in[33]};
    memcpy(s->person.bytes, in, 16);
    memcpy(s->wrapped, in + 34, s->len);
    return true;
}

void mn_key_file_finish(mn_key_file *k)
{
    mn_free(k->slots);
    *k = (mn_key_file){0};
}

static mn_code add(mn_key_file *k, const mn_key_slot *s, mn_error *err)
{
    if (k->n == k->room) {
        size_t room = k->room ? k->room * 2 : 256;
        mn_key_slot *more = mn_realloc(k->slots, room * sizeof *more);
        if (!more)
            return mn_fail(err, MN_E_MEMORY, "no memory for the keys of %zu people", room);
        k->slots = more;
        k->room = room;
    }
    k->slots[k->n++] = *s;
    return MN_OK;
}

/* ---- reading ---- */

static mn_code decode_file(const char *path, const mn_buf *file, mn_key_file *out, mn_error *err)
{
    uint8_t want[8];
    mn_code code = MN_OK;
    if (file->len < SLOT || memcmp(file->data, magic, sizeof magic) != 0)
        return mn_fail(err, MN_E_CORRUPT, "%s is damaged: it does not begin as a file of keys", path);
    sum(file->data, want);
    if (memcmp(want, file->data + SUM_AT, 8) != 0 || get_number(file->data + 16) != file->len / SLOT - 1 ||
        file->len % SLOT != 0)
        return mn_fail(err, MN_E_CORRUPT, "%s is damaged: its head does not match, or it was cut", path);
    out->seq = get_number(file->data + 24);
    memcpy(out->head, file->data + 32, 32);
    for (size_t at = SLOT; code == MN_OK && at < file->len; at += SLOT) {
        mn_key_slot s;
        bool good = decode(file->data + at, &s) &&
                    (out->n == 0 || mn_id_compare(&out->slots[out->n - 1].person, &s.person) < 0);
        code = good ? add(out, &s, err)
                    : mn_fail(err, MN_E_CORRUPT, "%s is damaged at byte %zu: make a new backup", path, at);
    }
    return code;
}

mn_code mn_key_file_read(const char *folder, mn_key_file *out, mn_error *err)
{
    char path[PATH_MAX];
    mn_buf file;
    mn_key_file found = {0};
    mn_code code = mn_backup_path(folder, "keys", NULL, path, err);
    if (code == MN_OK && !mn_file_exists(path))
        return mn_fail(err, MN_E_NOT_FOUND, "%s is missing: make a new backup", path);
    mn_buf_init(&file, FILE_MAX);
    if (code == MN_OK)
        code = mn_file_read(path, &file, err);
    if (code == MN_OK)
        code = decode_file(path, &file, &found, err);
    mn_buf_finish(&file);
    if (code != MN_OK) {
        mn_key_file_finish(&found);
        return code;
    }
    *out = found;
    return MN_OK;
}

const mn_key_slot *mn_key_file_find(const mn_key_file *k, const mn_id *person)
{
    size_t low = 0, high = k->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = mn_id_compare(&k->slots[middle].person, person);
        if (order == 0)
            return &k->slots[middle];
        *(order < 0 ? &low : &high) = order < 0 ? middle + 1 : middle;
    }
    return NULL;
}

/* ---- the ledger ---- */

mn_code mn_key_file_note(mn_key_file *k, const mn_audit_record *r, mn_error *err)
{
    mn_key_slot s = {.destroyed_seq = r->seq, .destroyed = r->time};
    if (!r->target || !r->action || !mn_id_parse(r->target, &s.person))
        return MN_OK;
    s.erased = strcmp(r->action, "person.erase") == 0;
    if (!s.erased) {
        json_t *detail = r->detail ? json_loads(r->detail, 0, NULL) : NULL;
        bool destroyed = json_is_true(json_object_get(detail, "key_destroyed"));
        json_decref(detail);
        if (!destroyed)
            return MN_OK;
    }
    return add(k, &s, err);
}

static int by_id(const void *a, const void *b)
{
    return mn_id_compare(&((const mn_key_slot *)a)->person, &((const mn_key_slot *)b)->person);
}

/* Of two slots of one person: the key from the one that has it, the newest destruction. */
static void merge(mn_key_slot *into, const mn_key_slot *other)
{
    if (into->len == 0) {
        into->len = other->len;
        memcpy(into->wrapped, other->wrapped, other->len);
    }
    if (other->destroyed_seq > into->destroyed_seq) {
        into->destroyed_seq = other->destroyed_seq;
        into->destroyed = other->destroyed;
    }
    into->erased |= other->erased;
}

void mn_key_file_sort(mn_key_file *k)
{
    size_t kept = 0;
    if (k->n > 1)
        qsort(k->slots, k->n, sizeof *k->slots, by_id);
    for (size_t i = 0; i < k->n; i++) {
        if (kept > 0 && by_id(&k->slots[kept - 1], &k->slots[i]) == 0)
            merge(&k->slots[kept - 1], &k->slots[i]);
        else
            k->slots[kept++] = k->slots[i];
    }
    k->n = kept;
}

/* ---- what the store says ---- */

typedef struct {
    mn_key_file *into;
    const mn_key_file *known; /* the file before */
    bool first, follows;      /* is the log the one that the file before was made from? */
    mn_id last;
    size_t n;
} gathering;

static mn_code gather_record(void *ctx, const mn_audit_record *r, mn_error *err)
{
    gathering *g = ctx;
    if (g->first) {
        g->first = false;
        g->follows = r->seq == g->known->seq && memcmp(r->hash, g->known->head, 32) == 0;
    }
    g->into->seq = r->seq;
    memcpy(g->into->head, r->hash, 32);
    return mn_key_file_note(g->into, r, err);
}

static mn_code gather_ledger(mn_store *s, const mn_key_file *known, mn_key_file *into, bool *follows,
                             mn_error *err)
{
    gathering g = {.into = into, .known = known, .first = true};
    mn_code code = MN_OK;
    if (known->seq > 0)
        code = s->ops->audit_each(s, known->seq, gather_record, &g, err);
    *follows = g.follows;
    if (code != MN_OK || g.follows)
        return code;
    into->n = 0; /* another log, or a shorter one: from its beginning */
    into->seq = 0;
    return s->ops->audit_each(s, 1, gather_record, &g, err);
}

static mn_code gather_key(void *ctx, const mn_id *person, const uint8_t *wrapped, size_t n, mn_error *err)
{
    gathering *g = ctx;
    mn_key_slot s = {.person = *person, .len = (uint8_t)n};
    if (n > sizeof s.wrapped)
        return mn_fail(err, MN_E_LIMIT, "a wrapped key of %zu bytes does not fit into a backup", n);
    memcpy(s.wrapped, wrapped, n);
    g->last = *person;
    g->n++;
    return add(g->into, &s, err);
}

static mn_code gather_keys(mn_store *s, mn_key_file *into, mn_error *err)
{
    gathering g = {.into = into};
    mn_code code = MN_OK;
    do {
        const mn_id after = g.last;
        g.n = 0;
        code = s->ops->key_each(s, &after, KEY_PAGE, gather_key, &g, err);
    } while (code == MN_OK && g.n == KEY_PAGE);
    return code;
}

/* The deployment key stands in meta in hexadecimal; the note of the master key's id is a text. */
static mn_code gather_metas(mn_store *s, mn_key_file *into, mn_error *err)
{
    const char *deployment = NULL, *note = NULL;
    size_t n = 0;
    mn_arena *arena = mn_arena_create(1 << 20);
    mn_key_slot d = {0}, m = {.person = master_note};
    mn_code code = arena ? s->ops->meta_get(s, MN_CORE_DEPLOYMENT_META, arena, &deployment, err)
                         : mn_fail(err, MN_E_MEMORY, "no memory for the keys");
    if (code == MN_OK)
        code = s->ops->meta_get(s, "master_key", arena, &note, err);
    if (code == MN_OK && deployment) {
        if (sodium_hex2bin(d.wrapped, sizeof d.wrapped, deployment, strlen(deployment), NULL, &n, NULL) != 0)
            code = mn_fail(err, MN_E_CORRUPT, "the store's deployment key is damaged");
        d.len = (uint8_t)n;
        if (code == MN_OK)
            code = add(into, &d, err);
    }
    if (code == MN_OK && note && strlen(note) <= sizeof m.wrapped) {
        m.len = (uint8_t)strlen(note);
        memcpy(m.wrapped, note, m.len);
        code = add(into, &m, err);
    }
    mn_arena_destroy(arena);
    return code;
}

/* The key is in the store no more, and its log tells nothing of it: destroyed all the same. */
static mn_code note_unknown_end(mn_store *s, uint64_t seq, mn_arena *arena, mn_key_slot *slot, mn_error *err)
{
    mn_person p;
    mn_arena_reset(arena);
    mn_code code = s->ops->person_get(s, &slot->person, arena, &p, err);
    if (code != MN_OK && code != MN_E_NOT_FOUND)
        return code;
    slot->destroyed_seq = seq;
    slot->destroyed = mn_time_now();
    slot->erased = code == MN_E_NOT_FOUND;
    return MN_OK;
}

/* What the file before knows of destroyed keys is kept. The numbers of another log mean nothing in this one:
 * then the times decide (1: destroyed at some time). */
static mn_code carry(mn_store *s, const mn_key_file *known, bool follows, mn_key_file *into, mn_arena *arena,
                     mn_error *err)
{
    mn_key_file more = {0};
    mn_code code = MN_OK;
    for (size_t i = 0; code == MN_OK && i < known->n; i++) {
        const mn_key_slot *old = &known->slots[i], *found = mn_key_file_find(into, &old->person);
        mn_key_slot slot = {.person = old->person,
                            .destroyed_seq = follows || old->destroyed_seq == 0 ? old->destroyed_seq : 1,
                            .destroyed = old->destroyed,
                            .erased = old->erased};
        bool person = mn_id_compare(&old->person, &master_note) > 0;
        if (person && old->len > 0 && (!found || (found->len == 0 && found->destroyed_seq == 0)))
            code = note_unknown_end(s, into->seq, arena, &slot, err);
        if (code == MN_OK && slot.destroyed_seq > 0)
            code = add(&more, &slot, err);
    }
    for (size_t i = 0; code == MN_OK && i < more.n; i++)
        code = add(into, &more.slots[i], err);
    mn_key_file_finish(&more);
    return code;
}

static mn_code gather(mn_store *s, const mn_key_file *known, mn_key_file *into, mn_error *err)
{
    bool follows = false;
    mn_arena *arena = mn_arena_create(16 << 20);
    if (!arena)
        return mn_fail(err, MN_E_MEMORY, "no memory for the keys");
    mn_code code = s->ops->begin_read(s, err);
    if (code == MN_OK) {
        code = gather_ledger(s, known, into, &follows, err);
        if (code == MN_OK)
            code = gather_keys(s, into, err);
        if (code == MN_OK)
            code = gather_metas(s, into, err);
        mn_key_file_sort(into);
        if (code == MN_OK)
            code = carry(s, known, follows, into, arena, err);
        mn_key_file_sort(into);
        s->ops->rollback(s);
    }
    mn_arena_destroy(arena);
    return code;
}

/* ---- writing ---- */

/* Where the old bytes stand on the disk: a new file alone would leave them in freed blocks. */
static mn_code overwrite(const char *path, const mn_key_file *known, const mn_key_file *now, mn_error *err)
{
    uint8_t bytes[SLOT];
    mn_code code = MN_OK;
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? MN_OK : mn_fail_errno(err, errno, "%s: cannot open", path);
    for (size_t i = 0; code == MN_OK && i < known->n; i++) {
        const mn_key_slot *old = &known->slots[i], *new = mn_key_file_find(now, &old->person);
        if (old->len == 0 || !new ||
            (new->len == old->len &&memcmp(new->wrapped, old->wrapped, old->len) == 0))
            continue;
        encode(new, bytes);
        if (pwrite(fd, bytes, SLOT, (off_t)((i + 1) * SLOT)) != SLOT)
            code = mn_fail_errno(err, errno ? errno : EIO, "%s: cannot write", path);
    }
    if (code == MN_OK && fsync(fd) != 0)
        code = mn_fail_errno(err, errno, "%s: cannot write to the disk", path);
    close(fd);
    return code;
}

static mn_code write_file(const char *path, const mn_key_file *k, mn_error *err)
{
    mn_buf file;
    uint8_t bytes[SLOT] = {0};
    mn_buf_init(&file, FILE_MAX);
    memcpy(bytes, magic, sizeof magic);
    put_number(bytes + 16, k->n);
    put_number(bytes + 24, k->seq);
    memcpy(bytes + 32, k->head, 32);
    sum(bytes, bytes + SUM_AT);
    mn_code code = mn_buf_append(&file, bytes, SLOT, err);
    for (size_t i = 0; code == MN_OK && i < k->n; i++) {
        encode(&k->slots[i], bytes);
        code = mn_buf_append(&file, bytes, SLOT, err);
    }
    if (code == MN_OK)
        code = mn_file_write(path, file.data, file.len, 0600, err);
    mn_buf_finish(&file);
    return code;
}

static mn_code update(mn_store *s, const char *folder, mn_error *err)
{
    char path[PATH_MAX];
    mn_key_file known = {0}, now = {0};
    mn_code code = mn_backup_path(folder, "keys", NULL, path, err);
    if (code != MN_OK)
        return code;
    code = mn_key_file_read(folder, &known, err);
    if (code == MN_E_NOT_FOUND || code == MN_E_CORRUPT)
        code = MN_OK; /* all that it must hold is in the store */
    if (code == MN_OK)
        code = gather(s, &known, &now, err);
    if (code == MN_OK)
        code = overwrite(path, &known, &now, err);
    if (code == MN_OK)
        code = write_file(path, &now, err);
    mn_key_file_finish(&known);
    mn_key_file_finish(&now);
    return code;
}

mn_code mn_backup_update_keys(mn_store *s, const char *folder, mn_error *err)
{
    int lock = -1;
    /* The store is read under the lock: of an erasure and a backup at once, whoever comes second sees it. */
    mn_code code = mn_backup_lock_file(folder, "keys.lock", WAIT_MS, &lock, err);
    if (code != MN_OK)
        return code;
    code = update(s, folder, err);
    mn_backup_close(lock);
    return code;
}
