/* The audit log's chain: each record carries the hash of the one before it, so that no record can be changed,
 * removed from the middle or put in between without every later hash being wrong.
 *
 * hash = BLAKE2b-256 of, in this order and with nothing between:
 *   the 13 bytes "mien.audit.1\0" · prev (32 bytes; zeros for the first record) · seq (u64) · time (i64,
 * microseconds) · account (16 bytes) · actor, action, target, detail, each as its length (u32) and its bytes;
 * integers are little-endian; a text that is NULL has the length 0xffffffff and no bytes. Back ends call
 * mn_audit_hash and keep the newest record's number and hash as meta "audit_head" too, which betrays records
 * cut off at the end. Whoever can write the whole database can make a new chain: note the head that
 * mn_audit_verify gives somewhere else. */
#ifndef MN_STORE_AUDIT_H
#define MN_STORE_AUDIT_H

#include "base/thread.h"
#include "store/store.h"

#define MN_AUDIT_HEAD_TEXT 90 /* "<seq> <hash in hex>" and the zero byte */

/* From everything in the record but its hash. */
void mn_audit_hash(const mn_audit_record *r, uint8_t hash[32]);
/* Fills seq, prev and hash of n records that follow the one with this number and hash (0 and zeros: none). */
void mn_audit_chain(uint64_t seq, const uint8_t hash[32], mn_audit_record *r, size_t n);
void mn_audit_format_head(uint64_t seq, const uint8_t hash[32], char text[MN_AUDIT_HEAD_TEXT]);

typedef struct {
    uint64_t records;
    uint8_t head[32]; /* hash of the newest record; zeros where there is none */
} mn_audit_report;

/* Walks the whole log. MN_E_CORRUPT names the first record that is not as it was written. */
mn_code mn_audit_verify(mn_store *s, mn_audit_report *out, mn_error *err);
/* The same in pages, so that others get to the store in between: what is appended meanwhile is looked at too.
 * Ends with MN_E_TIMEOUT after the deadline, with MN_E_CANCELLED by cancel (may be
 * NULL). */
mn_code mn_audit_verify_pages(mn_store *s, mn_deadline deadline, const mn_cancel *cancel,
                              mn_audit_report *out, mn_error *err);

#endif
