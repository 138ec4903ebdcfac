/* What the files of the conformance suite share: a store of its own for each test, and small records by
 * number. */
#ifndef MN_TESTS_STORE_CONFORMANCE_PARTS_H
#define MN_TESTS_STORE_CONFORMANCE_PARTS_H

#include "conformance.h"
#include "support.h"

typedef struct {
    const char *where;
    mn_store *s;
    mn_arena *a;
} fixture;

/* Id n of kind k ('p' person, 'f' face, 's' sample, 'l' list, 'c' consent): tests can say which is smaller.
 */
int setup(void **state);
int teardown(void **state);
void reopen(fixture *f);
mn_id make_id(uint8_t kind, uint8_t n);
mn_person make_person(uint8_t n, const char *name, const char *external_id);
void put_person(fixture *f, uint8_t n, const char *name);
void put_list(fixture *f, uint8_t n, const char *name);
void put_face(fixture *f, uint8_t n, uint8_t person, const char *hash);
void put_descriptor(fixture *f, uint8_t face, const char *model, const char *sealed);
void assert_id(mn_id got, uint8_t kind, uint8_t n);

int conformance_dossiers(const char *name); /* number of failed tests */
int conformance_ended(const char *name);
int conformance_people(const char *name);
int conformance_faces(const char *name); /* the same */
int conformance_audit(const char *name); /* the same */

#endif
