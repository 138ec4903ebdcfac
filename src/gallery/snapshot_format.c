#include "gallery/snapshot_parts.h"

#include <math.h>
#include <sodium.h>
#include <string.h>

static const uint8_t magic[8] = {'m', 'i', 'e', 'n', '-', 'g', 'a', 'l'};

/* Where the header's fields are. */
enum {
    AT_FORMAT = 8,
    AT_DIM = 12,
    AT_METRIC = 16,
    AT_CHUNKS = 20,
    AT_POSITIONS = 24,
    AT_ERROR = 28,
    AT_NORM = 32,
    AT_FACES = 40,
    AT_PEOPLE = 48,
    AT_BYTES = 56,
    AT_DIRECTORY = 64,
    AT_KEY_ID = 72,
    AT_SALT = 80,
    AT_OWNER = 112,
    AT_STAMP = 144,
    AT_TAG = 240
};
_Static_assert(AT_STAMP + MN_SNAPSHOT_STAMP == AT_TAG && AT_TAG + MN_SNAPSHOT_TAG == MN_SNAPSHOT_HEADER,
               "header");

static void put32(uint8_t *at, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(v >> (8 * i));
}

static void put64(uint8_t *at, uint64_t v)
{
    for (int i = 0; i < 8; i++)
        at[i] = (uint8_t)(v >> (8 * i));
}

static uint32_t get32(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint64_t get64(const uint8_t *at)
{
    return get32(at) | (uint64_t)get32(at + 4) << 32;
}

static void put_float(uint8_t *at, float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    put32(at, bits);
}

static float get_float(const uint8_t *at)
{
    uint32_t bits = get32(at);
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* ---- header ---- */

void mn_snapshot_derive(const uint8_t owner_key[MN_SNAPSHOT_KEY], const uint8_t salt[32],
                        mn_snapshot_key *out, uint8_t key_id[8])
{
    static const uint8_t label[] = "mien.snapshot.id";
    uint8_t id[32];
    crypto_generichash(out->bytes, sizeof out->bytes, salt, 32, owner_key, MN_SNAPSHOT_KEY);
    crypto_generichash(id, sizeof id, label, sizeof label, owner_key, MN_SNAPSHOT_KEY);
    memcpy(key_id, id, 8);
}

static void tag_header(const uint8_t *header, const mn_snapshot_key *key, uint8_t tag[MN_SNAPSHOT_TAG])
{
    crypto_generichash(tag, MN_SNAPSHOT_TAG, header, AT_TAG, key->bytes, sizeof key->bytes);
}

void mn_snapshot_put_header(const mn_snapshot_header *h, const mn_snapshot_key *key,
                            uint8_t out[MN_SNAPSHOT_HEADER])
{
    memset(out, 0, MN_SNAPSHOT_HEADER);
    memcpy(out, magic, sizeof magic);
    put32(out + AT_FORMAT, MN_SNAPSHOT_FORMAT);
    put32(out + AT_DIM, h->dim);
    put32(out + AT_METRIC, h->metric);
    put32(out + AT_CHUNKS, h->chunks);
    put32(out + AT_POSITIONS, h->positions);
    put_float(out + AT_ERROR, h->max_error);
    put_float(out + AT_NORM, h->max_norm);
    put64(out + AT_FACES, h->faces);
    put64(out + AT_PEOPLE, h->people);
    put64(out + AT_BYTES, h->file_bytes);
    put64(out + AT_DIRECTORY, h->directory);
    memcpy(out + AT_KEY_ID, h->key_id, sizeof h->key_id);
    memcpy(out + AT_SALT, h->salt, sizeof h->salt);
    memcpy(out + AT_OWNER, h->owner, sizeof h->owner);
    memcpy(out + AT_STAMP, h->stamp, sizeof h->stamp);
    tag_header(out, key, out + AT_TAG);
}

static bool sizes_fit(const mn_snapshot_header *h)
{
    uint64_t rows = (uint64_t)h->chunks * MN_CHUNK_ROWS;
    return h->dim >= 64 && h->dim <= 1024 && h->metric <= MN_METRIC_L2 && h->chunks <= h->positions &&
           h->positions <= MN_SNAPSHOT_CHUNKS_MAX && h->people <= h->faces && h->faces <= rows &&
           h->directory >= MN_SNAPSHOT_HEADER && h->directory <= h->file_bytes &&
           h->file_bytes - h->directory ==
               mn_snapshot_sealed((uint64_t)h->chunks * MN_SNAPSHOT_ENTRY, MN_SNAPSHOT_PIECE) &&
           isfinite(h->max_error) && isfinite(h->max_norm) && h->max_error >= 0 && h->max_norm >= 0;
}

mn_code mn_snapshot_get_header(const uint8_t in[MN_SNAPSHOT_HEADER], mn_snapshot_header *out, mn_error *err)
{
    if (memcmp(in, magic, sizeof magic) != 0)
        return mn_fail(err, MN_E_CORRUPT, "it does not begin like a snapshot of a gallery");
    if (get32(in + AT_FORMAT) != MN_SNAPSHOT_FORMAT)
        return mn_fail(err, MN_E_UNSUPPORTED, "it has format %u, and this version reads format %d",
                       get32(in + AT_FORMAT), MN_SNAPSHOT_FORMAT);
    mn_snapshot_header h = {
        .dim = get32(in + AT_DIM),
        .metric = get32(in + AT_METRIC),
        .chunks = get32(in + AT_CHUNKS),
        .positions = get32(in + AT_POSITIONS),
        .faces = get64(in + AT_FACES),
        .people = get64(in + AT_PEOPLE),
        .file_bytes = get64(in + AT_BYTES),
        .directory = get64(in + AT_DIRECTORY),
        .max_error = get_float(in + AT_ERROR),
        .max_norm = get_float(in + AT_NORM),
    };
    memcpy(h.key_id, in + AT_KEY_ID, sizeof h.key_id);
    memcpy(h.salt, in + AT_SALT, sizeof h.salt);
    memcpy(h.owner, in + AT_OWNER, sizeof h.owner);
    memcpy(h.stamp, in + AT_STAMP, sizeof h.stamp);
    if (!sizes_fit(&h))
        return mn_fail(err, MN_E_CORRUPT, "the sizes in its header contradict each other");
    *out = h;
    return MN_OK;
}

bool mn_snapshot_proven(const uint8_t in[MN_SNAPSHOT_HEADER], const mn_snapshot_key *key)
{
    uint8_t tag[MN_SNAPSHOT_TAG];
    tag_header(in, key, tag);
    return sodium_memcmp(tag, in + AT_TAG, sizeof tag) == 0;
}

/* ---- directory ---- */

void mn_snapshot_put_entry(const mn_snapshot_entry *e, uint8_t out[MN_SNAPSHOT_ENTRY])
{
    memset(out, 0, MN_SNAPSHOT_ENTRY);
    put32(out, e->position);
    put32(out + 4, e->rows);
    put64(out + 8, e->offset);
    put64(out + 16, e->sets_bytes);
}

mn_code mn_snapshot_get_entries(const uint8_t *bytes, const mn_snapshot_header *h, mn_snapshot_entry *out,
                                mn_error *err)
{
    uint64_t at = MN_SNAPSHOT_HEADER;
    size_t stride = ((size_t)h->dim + 63) / 64 * 64;
    for (uint32_t i = 0; i < h->chunks; i++, bytes += MN_SNAPSHOT_ENTRY) {
        mn_snapshot_entry e = {get32(bytes), get32(bytes + 4), get64(bytes + 8), get64(bytes + 16)};
        bool fits = e.position < h->positions && (i == 0 || e.position > out[i - 1].position) &&
                    e.rows >= 1 && e.rows <= MN_CHUNK_ROWS && e.offset == at &&
                    e.sets_bytes <= MN_SNAPSHOT_SETS_MAX;
        for (int c = 0; fits && c < MN_COLUMN_SETS; c++) {
            size_t row = mn_snapshot_row_bytes(c, stride, h->metric == MN_METRIC_L2);
            at += mn_snapshot_sealed((uint64_t)e.rows * row, mn_snapshot_piece(row));
        }
        at += fits ? mn_snapshot_sealed(e.sets_bytes, MN_SNAPSHOT_PIECE) : 0;
        if (!fits || at > h->directory)
            return mn_fail(err, MN_E_CORRUPT, "chunk %u of its directory is not where it can be", i);
        out[i] = e;
    }
    return at == h->directory ? MN_OK : mn_fail(err, MN_E_CORRUPT, "its directory leaves bytes over");
}

/* ---- pieces ---- */

size_t mn_snapshot_row_bytes(int column, size_t stride, bool halves)
{
    switch (column) {
    case MN_COLUMN_ROWS:
        return stride;
    case MN_COLUMN_SCALES:
        return sizeof(float);
    case MN_COLUMN_HALVES:
        return halves ? sizeof(float) : 0;
    case MN_COLUMN_FACES:
    case MN_COLUMN_PEOPLE:
        return sizeof(mn_id);
    case MN_COLUMN_UNTIL:
        return sizeof(uint32_t);
    default:
        return 0;
    }
}

size_t mn_snapshot_piece(size_t row_bytes)
{
    return row_bytes ? MN_SNAPSHOT_PIECE / row_bytes * row_bytes : MN_SNAPSHOT_PIECE;
}

uint64_t mn_snapshot_sealed(uint64_t bytes, size_t piece)
{
    return bytes + (bytes + piece - 1) / piece * MN_SNAPSHOT_TAG;
}

static void make_nonce(const mn_snapshot_place *at,
                       uint8_t nonce[crypto_aead_xchacha20poly1305_ietf_NPUBBYTES])
{
    memset(nonce, 0, crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
    put32(nonce, at->chunk);
    put32(nonce + 4, at->column);
    put32(nonce + 8, at->piece);
}

void mn_snapshot_close_piece(const mn_snapshot_key *key, const mn_snapshot_place *at, uint8_t *bytes,
                             size_t n, uint8_t tag[MN_SNAPSHOT_TAG])
{
    uint8_t nonce[crypto_aead_xchacha20poly1305_ietf_NPUBBYTES];
    make_nonce(at, nonce);
    crypto_aead_xchacha20poly1305_ietf_encrypt_detached(bytes, tag, NULL, bytes, n, NULL, 0, NULL, nonce,
                                                        key->bytes);
}

bool mn_snapshot_open_piece(const mn_snapshot_key *key, const mn_snapshot_place *at, const uint8_t *sealed,
                            size_t n, const uint8_t tag[MN_SNAPSHOT_TAG], uint8_t *out)
{
    uint8_t nonce[crypto_aead_xchacha20poly1305_ietf_NPUBBYTES];
    make_nonce(at, nonce);
    return crypto_aead_xchacha20poly1305_ietf_decrypt_detached(out, NULL, sealed, n, tag, NULL, 0, nonce,
                                                               key->bytes) == 0;
}
