/* What every command gets, and how it ends.
 *
 * A command is a function in a file of its own (cmd_*.c) that loads, runs and prints, in that order. Results
 * go to standard output; progress, notes and errors to standard error. */
#ifndef MN_CLI_CLI_H
#define MN_CLI_CLI_H

#include "base/settings.h"
#include "base/thread.h"
#include "cli/args.h"
#include <stdio.h>

typedef enum {
    MN_EXIT_DONE = 0,
    MN_EXIT_NO = 1,      /* a clear answer, and it is no: not the same, nobody found */
    MN_EXIT_USAGE = 2,   /* the command line is wrong */
    MN_EXIT_FAILURE = 3, /* something could not be done; said on standard error */
} mn_exit;

struct mn_cli {
    const mn_args *args;
    const mn_settings
        *settings;     /* the command line, the environment, the file, mostly the store, the defaults */
    mn_cancel *cancel; /* set by Ctrl-C */
    FILE *out;
    bool json, quiet;
};

/* The commands, see commands.c. */
int mn_cmd_detect(mn_cli *cli);
int mn_cmd_describe(mn_cli *cli);
int mn_cmd_quality(mn_cli *cli);
int mn_cmd_liveness(mn_cli *cli);
int mn_cmd_compare(mn_cli *cli);
int mn_cmd_verify(mn_cli *cli);
int mn_cmd_enroll(mn_cli *cli);
int mn_cmd_identify(mn_cli *cli);
int mn_cmd_people_list(mn_cli *cli);
int mn_cmd_people_show(mn_cli *cli);
int mn_cmd_people_erase(mn_cli *cli);
int mn_cmd_people_withdraw(mn_cli *cli);
int mn_cmd_people_match(mn_cli *cli);
int mn_cmd_people_duplicates(mn_cli *cli);
int mn_cmd_lists_list(mn_cli *cli);
int mn_cmd_lists_show(mn_cli *cli);
int mn_cmd_lists_create(mn_cli *cli);
int mn_cmd_lists_change(mn_cli *cli);
int mn_cmd_lists_delete(mn_cli *cli);
int mn_cmd_lists_add(mn_cli *cli);
int mn_cmd_lists_remove(mn_cli *cli);
int mn_cmd_roles(mn_cli *cli);
int mn_cmd_user_add(mn_cli *cli);
int mn_cmd_user_list(mn_cli *cli);
int mn_cmd_user_passwd(mn_cli *cli);
int mn_cmd_user_disable(mn_cli *cli);
int mn_cmd_user_enable(mn_cli *cli);
int mn_cmd_user_remove(mn_cli *cli);
int mn_cmd_account_add(mn_cli *cli);
int mn_cmd_account_list(mn_cli *cli);
int mn_cmd_account_suspend(mn_cli *cli);
int mn_cmd_account_resume(mn_cli *cli);
int mn_cmd_export(mn_cli *cli);
int mn_cmd_import(mn_cli *cli);
int mn_cmd_audit_verify(mn_cli *cli);
int mn_cmd_audit_export(mn_cli *cli);
int mn_cmd_keys_show(mn_cli *cli);
int mn_cmd_keys_rotate(mn_cli *cli);
int mn_cmd_serve(mn_cli *cli);
int mn_cmd_gallery_stats(mn_cli *cli);
int mn_cmd_gallery_rebuild(mn_cli *cli);
int mn_cmd_store_check(mn_cli *cli);
int mn_cmd_store_reextract(mn_cli *cli);
int mn_cmd_store_stats(mn_cli *cli);
int mn_cmd_store_expire(mn_cli *cli);
int mn_cmd_store_migrate(mn_cli *cli);
int mn_cmd_store_copy(mn_cli *cli);
int mn_cmd_backup(mn_cli *cli);
int mn_cmd_backup_list(mn_cli *cli);
int mn_cmd_backup_verify(mn_cli *cli);
int mn_cmd_backup_prune(mn_cli *cli);
int mn_cmd_restore(mn_cli *cli);
int mn_cmd_models_list(mn_cli *cli);
int mn_cmd_models_pull(mn_cli *cli);
int mn_cmd_models_check(mn_cli *cli);
int mn_cmd_eval_verify(mn_cli *cli);
int mn_cmd_eval_identify(mn_cli *cli);
int mn_cmd_eval_calibrate(mn_cli *cli);
int mn_cmd_bench_pipeline(mn_cli *cli);
int mn_cmd_settings(mn_cli *cli);
int mn_cmd_settings_change(mn_cli *cli);
int mn_cmd_version(mn_cli *cli);
int mn_cmd_completion(mn_cli *cli);
int mn_cmd_help(mn_cli *cli);

#endif
