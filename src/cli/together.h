/* --aggregate: one face of each picture, kept until all have been seen, and their one descriptor. */
#ifndef MN_CLI_TOGETHER_H
#define MN_CLI_TOGETHER_H

#include "cli/crew.h"
#include "face/aggregate.h"

typedef struct {
    struct mn_kept *at; /* in the order of the pictures */
    size_t n;
} mn_together;

/* The face of the picture by --face, else the only one. MN_E_LIMIT past MN_AGGREGATE_MAX. */
mn_code mn_together_keep(mn_together *t, const mn_cli *cli, const mn_picture *p, mn_error *err);
/* out: in the arena. The text of an error names the picture that does not fit. */
mn_code mn_together_make(const mn_together *t, const mn_model_info *model, mn_arena *arena,
                         mn_descriptor *out, float *quality, mn_error *err);
/* The first picture's label; valid until mn_together_finish. */
const char *mn_together_label(const mn_together *t);
/* What tells these very pictures, whatever their order; room for MN_AGGREGATE_MAX * MN_TOGETHER_MARK. The
 * answer is its length. */
#define MN_TOGETHER_MARK 32
size_t mn_together_marks(const mn_together *t, uint8_t *out);
void mn_together_finish(mn_together *t); /* empty again */

#endif
