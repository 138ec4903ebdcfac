/* The frame of the commands that answer for each picture (detect, describe, identify): gather the inputs,
 * open the engine, let show() print each picture in order, and make the exit status. Faults of one picture
 * are said; the others go on. */
#ifndef MN_CLI_ROUND_H
#define MN_CLI_ROUND_H

#include "cli/crew.h"

typedef struct mn_round mn_round;
struct mn_round {
    const mn_cli *cli;
    unsigned want;
    mn_people_use people;
    mn_code (*show)(mn_round *r, mn_picture *p,
                    mn_error *err);                /* a picture that could be read; counts in r->found */
    mn_code (*finish)(mn_round *r, mn_error *err); /* after the last picture; may be NULL */
    void *ctx;
    FILE *out;   /* standard output unless changed */
    mn_box box;  /* --box, read by mn_round_run */
    size_t skip; /* operands before the pictures */

    mn_engine engine;
    bool several;  /* pictures were asked for */
    size_t found;  /* pictures in which there was what was looked for */
    size_t failed; /* pictures or folders that could not be worked on */
};

/* The exit status: failure where any failed, done where any was found, else no. */
int mn_round_run(mn_round *r);

/* --with into MN_WANT_* bits. MN_E_INVALID for an unknown part. */
mn_code mn_parts_parse(const mn_args *args, unsigned *want, mn_error *err);
/* Says, once, which of the parts asked for the pack cannot make. */
void mn_parts_note_missing(const mn_cli *cli, const mn_pipeline *pipeline, unsigned want);

#endif
