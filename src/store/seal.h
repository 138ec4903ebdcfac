/* Sealing: XChaCha20-Poly1305 (libsodium) under a key per person, itself wrapped by the master key.
 *
 * Destroying a person's wrapped key makes everything sealed under it unreadable, backups included. `context`
 * binds a sealed text to its place (record kind and id): moved elsewhere it does not open. Keys live in
 * locked memory (sodium_malloc). */
#ifndef MN_STORE_SEAL_H
#define MN_STORE_SEAL_H

#include "base/buf.h"

typedef struct mn_master mn_master; /* the master key */
typedef struct mn_key mn_key;       /* one person's key, open */

/* Reads the key file, or creates it with mode 0600 when missing and create is true. Refuses a file that
 * others can read. */
mn_code mn_master_open_file(const char *path, int create, mn_master **out, mn_error *err);
void mn_master_close(mn_master *m);

mn_code mn_key_make(const mn_master *m, const void *context, size_t context_len, mn_key **key,
                    mn_buf *wrapped, mn_error *err);
/* MN_E_CORRUPT: another master key, another context, or changed bytes. */
mn_code mn_key_unwrap(const mn_master *m, const void *context, size_t context_len, const void *wrapped,
                      size_t n, mn_key **key, mn_error *err);
void mn_key_close(mn_key *key);

/* A keyed BLAKE2b-256 of some bytes: the same for the same bytes and key, and meaningless without the key. */
void mn_key_hash(const mn_key *key, const void *bytes, size_t n, uint8_t out[32]);

mn_code mn_seal(const mn_key *key, const void *context, size_t context_len, const void *plain, size_t n,
                mn_buf *out, mn_error *err);
mn_code mn_unseal(const mn_key *key, const void *context, size_t context_len, const void *sealed, size_t n,
                  mn_buf *out, mn_error *err);

#endif
