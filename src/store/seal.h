/* Sealing: XChaCha20-Poly1305 (libsodium) under a key per person, itself wrapped by the master key.
 *
 * Destroying a person's wrapped key makes everything sealed under it unreadable, backups included. `context`
 * binds a sealed text to its place (record kind and id): moved elsewhere it does not open. Keys live in
 * locked memory (sodium_malloc). Thread-safe.
 *
 * The master key comes from one of three places:
 *   file         <path>, 32 bytes, mode 0600; while it is being exchanged (store/rotate.h) also <path>.new
 * and <path>.old environment  MIEN_MASTER_KEY, 32 bytes in base64, taken out of the environment when read;
 * for an exchange also MIEN_MASTER_KEY_NEW credential   $CREDENTIALS_DIRECTORY/mien-master-key of systemd, 32
 * bytes, as they are or in base64; for an exchange also mien-master-key-new The newest of them wraps; all of
 * them open, for a wrapped key says by which one it was wrapped. Files are read again when they have changed,
 * so that a process goes on through an exchange that another one makes. */
#ifndef MN_STORE_SEAL_H
#define MN_STORE_SEAL_H

#include "base/buf.h"
#include <stdbool.h>

typedef struct mn_master mn_master; /* the master key */
typedef struct mn_key mn_key;       /* one person's key, open */

typedef enum { MN_MASTER_FILE, MN_MASTER_ENVIRONMENT, MN_MASTER_CREDENTIAL } mn_master_source;
bool mn_master_source_parse(const char *word, mn_master_source *out); /* as in the setting key.source */

/* path: of the key file, for that source only. A file is made, with mode 0600, when it is missing and create
 * is true. Refuses a file that others can read (MN_E_FORBIDDEN). MN_E_NOT_FOUND: there is no key. */
mn_code mn_master_open(mn_master_source source, const char *path, int create, mn_master **out, mn_error *err);
mn_code mn_master_open_file(const char *path, int create, mn_master **out, mn_error *err);
void mn_master_close(mn_master *m);

#define MN_MASTER_ID_TEXT 17 /* 16 hexadecimal digits, which betray nothing of the key */
/* Of the key that wraps now. */
mn_code mn_master_id(const mn_master *m, char text[MN_MASTER_ID_TEXT], mn_error *err);

mn_code mn_key_make(const mn_master *m, const void *context, size_t context_len, mn_key **key,
                    mn_buf *wrapped, mn_error *err);
/* MN_E_CORRUPT: another master key, another context, or changed bytes. */
mn_code mn_key_unwrap(const mn_master *m, const void *context, size_t context_len, const void *wrapped,
                      size_t n, mn_key **key, mn_error *err);
/* The same key, wrapped by the master key that wraps now. *current: it was already, and out is untouched. */
mn_code mn_key_rewrap(const mn_master *m, const void *context, size_t context_len, const void *wrapped,
                      size_t n, bool *current, mn_buf *out, mn_error *err);
/* Is it wrapped by the master key that wraps now? */
mn_code mn_key_is_current(const mn_master *m, const void *wrapped, size_t n, bool *current, mn_error *err);
void mn_key_close(mn_key *key);

#define MN_KEY_ID_TEXT                                                                                       \
    17 /* 16 hexadecimal digits: the same for the same key, and betraying nothing of it                      \
        */
void mn_key_id(const mn_key *key, char text[MN_KEY_ID_TEXT]);

/* A keyed BLAKE2b-256 of some bytes: the same for the same bytes and key, and meaningless without the key. */
void mn_key_hash(const mn_key *key, const void *bytes, size_t n, uint8_t out[32]);

mn_code mn_seal(const mn_key *key, const void *context, size_t context_len, const void *plain, size_t n,
                mn_buf *out, mn_error *err);
mn_code mn_unseal(const mn_key *key, const void *context, size_t context_len, const void *sealed, size_t n,
                  mn_buf *out, mn_error *err);
/* The same into `size` bytes of the caller's, which are zeroed on failure. MN_E_CORRUPT also for a text of
 * another length. */
mn_code mn_unseal_to(const mn_key *key, const void *context, size_t context_len, const void *sealed, size_t n,
                     void *out, size_t size, mn_error *err);

#endif
