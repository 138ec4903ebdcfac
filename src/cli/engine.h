/* What recognising needs, opened as the settings say: runtime, pack, pipeline, and the people enrolled.
 *
 * Only the networks that a command wants are opened. Filled before threads start, read-only afterwards. */
#ifndef MN_CLI_ENGINE_H
#define MN_CLI_ENGINE_H

#include "cli/cli.h"
#include "core/core.h"

typedef struct {
    mn_runtime *runtime;
    mn_pack *pack;
    mn_pipeline *pipeline;
    mn_core *core; /* NULL unless asked for */
} mn_engine;

typedef enum {
    MN_PEOPLE_NONE,   /* the data directory is only asked which pack it was made with */
    MN_PEOPLE_READ,   /* it must be there */
    MN_PEOPLE_CREATE, /* it is made when missing */
    MN_PEOPLE_CHANGE, /* it must be there; made with another pack, the change to this one begins */
} mn_people_use;

/* Which pack, by --pack, the data directory, and what is installed. Says on standard error when it fell back.
 */
mn_code mn_engine_choose_pack(const mn_cli *cli, const char *model_dir, mn_pack **out, mn_error *err);
mn_code mn_engine_open_runtime(const mn_cli *cli, mn_runtime **out, mn_error *err);
/* want: MN_WANT_* bits; their networks are opened and warmed up. Ends with mn_engine_close, also after a
 * failure. */
mn_code mn_engine_open(const mn_cli *cli, unsigned want, mn_people_use people, mn_engine *out, mn_error *err);
void mn_engine_close(mn_engine *e);

/* The gallery, with its pack and without networks. The data directory must be there. Ends with
 * mn_engine_close, also after a failure. */
mn_code mn_engine_open_gallery(const mn_cli *cli, const mn_core_gallery_options *options, mn_engine *out,
                               mn_error *err);
/* The records alone, without any model. The data directory must be there. */
mn_code mn_engine_open_records(const mn_cli *cli, mn_core **out, mn_error *err);
/* The same, made when it is missing. */
mn_code mn_engine_make_records(const mn_cli *cli, mn_core **out, mn_error *err);
/* "cli:" and the name of the user, for the audit log. */
mn_actor mn_engine_actor(void);

#endif
