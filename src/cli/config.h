/* Settings of this run, and the folders that follow from them. */
#ifndef MN_CLI_CONFIG_H
#define MN_CLI_CONFIG_H

#include "base/error.h"
#include "base/settings.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "image/decode.h"
#include <stddef.h>

#define MN_PATH_SIZE 4096

/* Defaults, then the file (--config, else /etc/mien.conf where there is one), the environment, the command
 * line. *usage is set where the fault is on the command line. */
mn_code mn_config_load(const mn_args *args, const mn_settings **out, bool *usage, mn_error *err);

/* Only what the command line sets: options that stand for a setting, and each --set. */
mn_code mn_config_from_args(mn_settings *s, const mn_args *args, mn_error *err);

/* Puts what is kept in the store of *settings beneath what was given: the command line, the environment and
 * the file win over it, and it over the defaults. *settings is exchanged for the mixture, and stays as it was
 * where there is no store yet. Looks into the store without changing anything there. */
mn_code mn_config_add_stored(const mn_settings **settings, mn_error *err);

/* data.dir, else $XDG_DATA_HOME/mien, else ~/.local/share/mien. */
mn_code mn_config_data_dir(const mn_settings *s, char out[MN_PATH_SIZE], mn_error *err);
/* model.dir, else models beside the program, else ../share/mien/models. */
mn_code mn_config_model_dir(const mn_settings *s, char out[MN_PATH_SIZE], mn_error *err);
unsigned mn_config_workers(const mn_settings *s);

/* A whole number given with an option, or `otherwise` where it was not. MN_E_INVALID outside of low … high.
 */
mn_code mn_config_number(const mn_args *args, mn_option option, long low, long high, long otherwise,
                         long *out, mn_error *err);

/* --box X,Y,W,H. *given: was it? */
mn_code mn_config_box(const mn_args *args, mn_box *out, bool *given, mn_error *err);

#endif
