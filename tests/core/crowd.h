/* Many people at once, straight into the store: sealed as core seals them, in one transaction. */
#ifndef MN_TESTS_CORE_CROWD_H
#define MN_TESTS_CORE_CROWD_H

#include "world.h"

typedef struct {
    mn_purpose purpose; /* of list and consent */
    const char *list;   /* made when missing; NULL: in none */
    mn_time until;      /* of the consent; 0: 2100 */
    mn_time retention;  /* of a list that is made here; 0: for ever */
    bool inactive;
} crowd_kind;

/* People number from … from + n - 1, each with one face, look 0. */
void crowd_enrol(world *w, unsigned from, unsigned n, const crowd_kind *kind);
/* The one whose number is given: by what make_descriptor makes of it. False: nobody is found at 0.5 and more.
 */
bool crowd_finds(world *w, unsigned who);
/* The same by the gallery alone, which is neither brought up to date nor confirmed by the store. */
bool crowd_gallery_finds(world *w, unsigned who);
mn_id crowd_person(world *w, unsigned who); /* their id */

#endif
