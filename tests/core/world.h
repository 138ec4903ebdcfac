/* A small world for the tests of core: a data directory, a descriptor model that never sees a picture, and
 * people made of random numbers. Two descriptors of one person have a cosine of about 0.9, of two people
 * about 0. */
#ifndef MN_TESTS_CORE_WORLD_H
#define MN_TESTS_CORE_WORLD_H

#include "core/internal.h"

#define DIM 128

typedef struct {
    char dir[300];
    mn_settings *settings; /* NULL: all in dir */
    mn_core *core;
    mn_arena *arena;
} world;

extern mn_actor ann; /* may do everything, from world_setup on */
extern const mn_model_info fp32_model, int8_model, other_model;

/* Says for each new world where its parts are; NULL: all in its data directory. */
extern void (*world_place)(mn_settings *s);
int world_setup(void **state); /* cmocka fixtures: an empty data directory, opened */
int world_teardown(void **state);
mn_code world_open(const world *w, const char *pack, const mn_model_info *model, bool create, mn_core **out,
                   mn_error *err);
void world_reopen(world *w);

/* The look-th descriptor of person `who`, unit length. */
void make_descriptor(unsigned who, unsigned look, float out[DIM]);
/* A face with descriptor, quality and a small sample (unreferenced with the arena). */
mn_face *make_face(world *w, unsigned who, unsigned look);
mn_consent_given agreed(mn_purpose purpose);

/* Enrols person `who` under the name into the list, for identification. */
mn_enrolment enrol(world *w, const char *name, const char *list, unsigned who, unsigned look);
mn_code try_enrol(world *w, const char *name, const char *list, const mn_consent_given *consent, unsigned who,
                  unsigned look, mn_enrolment *out, mn_error *err);
/* Another picture of person `who` against all lists for identification. */
mn_identification look_for(world *w, mn_core *core, unsigned who);
uint64_t count_audit(world *w, const char *action, char *last_detail, size_t size);

/* In an mn_identify: only this list. */
#define IN(name) .lists = (const char *const[]){name}, .n_lists = 1

#endif
