/* mien backup, backup list, verify, prune, and restore. */
#include "base/file.h"
#include "cli/config.h"
#include "cli/engine.h"
#include "cli/out.h"
#include "cli/say.h"
#include "core/backup.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LIST_ARENA ((size_t)64 << 20)

static int fail(const mn_error *err)
{
    mn_say_error(NULL, err);
    return MN_EXIT_FAILURE;
}

/* ---- progress: one line for each kind of work ---- */

typedef struct {
    const mn_cli *cli;
    mn_progress line;
    const char *what;
} meter;

static void show(void *user, const char *what, uint64_t done, uint64_t total)
{
    meter *m = user;
    if (m->what != what) {
        if (m->what)
            mn_progress_clear(&m->line);
        m->line = mn_progress_start(m->cli, (size_t)total);
        m->what = what;
    }
    mn_progress_show(&m->line, (size_t)(done < total ? done : total), what);
}

static mn_backup_options watched(meter *m, const mn_cli *cli)
{
    *m = (meter){.cli = cli};
    return (mn_backup_options){.progress = show, .user = m, .cancel = cli->cancel};
}

static void done_with(meter *m)
{
    if (m->what)
        mn_progress_clear(&m->line);
    m->what = NULL;
}

/* ---- how a backup looks ---- */

static json_t *info_json(const mn_backup_info *i)
{
    return json_pack("{ss so si sI sI sI sI sI sI}", "name", i->name, "made", mn_json_time(i->made),
                     "store_version", i->version, "people", (json_int_t)i->people, "faces",
                     (json_int_t)i->faces, "audit", (json_int_t)i->audit, "samples", (json_int_t)i->samples,
                     "sample_bytes", (json_int_t)i->sample_bytes, "missing", (json_int_t)i->missing);
}

static void print_info(FILE *out, const mn_backup_info *i)
{
    char people[MN_RATE_TEXT], faces[MN_RATE_TEXT], samples[MN_RATE_TEXT], audit[MN_RATE_TEXT];
    fprintf(out,
            "backup       %s\npeople       %s\nfaces        %s\nsamples      %s, %.1f MB\naudit        %s "
            "records\n",
            i->name, mn_text_count(i->people, people), mn_text_count(i->faces, faces),
            mn_text_count(i->samples, samples), (double)i->sample_bytes / 1e6,
            mn_text_count(i->audit, audit));
}

/* ---- make, verify ---- */

static mn_code print_made(const mn_cli *cli, const mn_backup_info *i, bool verified, mn_error *err)
{
    char copied[MN_RATE_TEXT];
    if (i->missing > 0)
        mn_say_note(cli, "%" PRIu64 " samples that records name are nowhere, and not in the backup",
                    i->missing);
    if (cli->json) {
        json_t *root = info_json(i);
        json_object_set_new(root, "copied", json_integer((json_int_t)i->copied));
        json_object_set_new(root, "verified", json_boolean(verified));
        return mn_json_print(cli->out, root, err);
    }
    print_info(cli->out, i);
    fprintf(cli->out, "copied       %s samples that were not there yet\n", mn_text_count(i->copied, copied));
    if (verified)
        fprintf(cli->out, "verified     read back, every checksum matches\n");
    return MN_OK;
}

int mn_cmd_backup(mn_cli *cli)
{
    mn_error err = {0};
    mn_core *core = NULL;
    mn_backup_info info = {0}, again;
    meter m;
    const mn_backup_options o = watched(&m, cli);
    const mn_actor who = mn_engine_actor();
    const char *folder = cli->args->operands[0];
    bool verify = cli->args->value[MN_O_VERIFY] != NULL;
    mn_code code = mn_engine_open_records(cli, &core, &err);
    if (code == MN_OK)
        code = mn_core_backup(core, &who, folder, &o, &info, &err);
    mn_core_close(core);
    if (code == MN_OK && verify)
        code = mn_backup_verify(folder, info.name, &o, &again, &err);
    done_with(&m);
    if (code == MN_OK)
        code = print_made(cli, &info, verify, &err);
    return code == MN_OK ? MN_EXIT_DONE : fail(&err);
}

static mn_code print_verdict(const mn_cli *cli, const mn_backup_info *i, const mn_error *broken,
                             mn_error *err)
{
    if (cli->json) {
        json_t *root = broken ? json_pack("{sb s{ss ss}}", "sound", 0, "error", "code",
                                          mn_code_word(broken->code), "text", broken->text)
                              : info_json(i);
        if (!broken)
            json_object_set_new(root, "sound", json_true());
        return mn_json_print(cli->out, root, err);
    }
    if (broken)
        fprintf(cli->out, "the backup is damaged: %s\n", broken->text);
    else
        print_info(cli->out, i);
    return MN_OK;
}

int mn_cmd_backup_verify(mn_cli *cli)
{
    mn_error err = {0}, broken = {0};
    mn_backup_info info = {0};
    meter m;
    const mn_backup_options o = watched(&m, cli);
    const char *name = cli->args->n_operands > 1 ? cli->args->operands[1] : NULL;
    mn_code verdict = mn_backup_verify(cli->args->operands[0], name, &o, &info, &broken);
    done_with(&m);
    if (verdict != MN_OK && verdict != MN_E_CORRUPT)
        return fail(&broken);
    if (print_verdict(cli, &info, verdict == MN_OK ? NULL : &broken, &err) != MN_OK)
        return fail(&err);
    return verdict == MN_OK ? MN_EXIT_DONE : MN_EXIT_NO;
}

/* ---- list, prune ---- */

static mn_code print_list(const mn_cli *cli, const mn_backup_info *all, size_t n, mn_error *err)
{
    json_t *backups = cli->json ? json_array() : NULL;
    for (size_t i = 0; i < n; i++) {
        const mn_backup_info *b = &all[i];
        if (backups)
            json_array_append_new(backups, b->fault ? json_pack("{ss ss}", "name", b->name, "fault", b->fault)
                                                    : info_json(b));
        else if (b->fault)
            fprintf(cli->out, "%s  damaged: %s\n", b->name, b->fault);
        else
            fprintf(cli->out, "%s  people %" PRIu64 ", faces %" PRIu64 ", samples %" PRIu64 " (%.1f MB)\n",
                    b->name, b->people, b->faces, b->samples, (double)b->sample_bytes / 1e6);
    }
    return backups ? mn_json_print(cli->out, json_pack("{so}", "backups", backups), err) : MN_OK;
}

int mn_cmd_backup_list(mn_cli *cli)
{
    mn_error err = {0};
    mn_backup_info *all = NULL;
    size_t n = 0;
    mn_arena *arena = mn_arena_create(LIST_ARENA);
    mn_code code = arena ? mn_backup_list(cli->args->operands[0], arena, &all, &n, &err)
                         : mn_fail(&err, MN_E_MEMORY, "no memory for the list of backups");
    if (code == MN_OK)
        code = print_list(cli, all, n, &err);
    mn_arena_destroy(arena);
    return code == MN_OK ? MN_EXIT_DONE : fail(&err);
}

int mn_cmd_backup_prune(mn_cli *cli)
{
    mn_error err = {0};
    mn_backup_pruned done;
    long keep = 0;
    if (!cli->args->value[MN_O_KEEP])
        return mn_say_usage(cli->args->command, "how many backups are to be kept? --keep N");
    mn_code code = mn_config_number(cli->args, MN_O_KEEP, 1, 100000, 1, &keep, &err);
    if (code != MN_OK)
        return mn_say_usage(cli->args->command, err.text);
    code = mn_backup_prune(cli->args->operands[0], (uint64_t)keep, &done, &err);
    if (code == MN_OK && cli->json)
        code = mn_json_print(cli->out,
                             json_pack("{sI sI sI}", "removed", (json_int_t)done.removed, "left",
                                       (json_int_t)done.left, "samples_removed", (json_int_t)done.samples),
                             &err);
    else if (code == MN_OK)
        fprintf(cli->out,
                "removed      backups %" PRIu64 ", samples %" PRIu64 "\nleft         backups %" PRIu64 "\n",
                done.removed, done.samples, done.left);
    return code == MN_OK ? MN_EXIT_DONE : fail(&err);
}

/* ---- restore ---- */

static mn_code print_restored(const mn_cli *cli, const char *dir, const mn_restore_report *r, mn_error *err)
{
    const char *source = mn_settings_text(cli->settings, MN_S_KEY_SOURCE);
    if (r->whole)
        mn_say_note(cli, "it was restored there already, and is whole");
    if (cli->json)
        return mn_json_print(cli->out,
                             json_pack("{so sI sI sI sI}", "backup", info_json(&r->backup), "people",
                                       (json_int_t)r->people, "erased", (json_int_t)r->erased, "closed",
                                       (json_int_t)r->closed, "samples", (json_int_t)r->samples),
                             err);
    fprintf(cli->out,
            "backup       %s\npeople       %" PRIu64 "\nsamples      %" PRIu64 "\nerased since %" PRIu64
            " people, not restored\nclosed since %" PRIu64 " people, restored without biometrics\n",
            r->backup.name, r->people, r->samples, r->erased, r->closed);
    if (strcmp(source, "file") == 0)
        mn_say_note(cli, "the master key is in no backup: put it to %s/master.key, mode 0600", dir);
    return MN_OK;
}

int mn_cmd_restore(mn_cli *cli)
{
    mn_error err = {0};
    mn_restore_report report = {0};
    char dir[MN_PATH_SIZE];
    meter m;
    const mn_backup_options o = watched(&m, cli);
    const mn_actor who = mn_engine_actor();
    const char *name = cli->args->n_operands > 1 ? cli->args->operands[1] : NULL;
    mn_code code = mn_config_data_dir(cli->settings, dir, &err);
    const mn_core_options where = {.data_dir = dir, .settings = cli->settings};
    if (code == MN_OK)
        code = mn_core_restore(&where, &who, cli->args->operands[0], name, cli->args->value[MN_O_LEDGER], &o,
                               &report, &err);
    done_with(&m);
    if (code == MN_OK)
        code = print_restored(cli, dir, &report, &err);
    return code == MN_OK ? MN_EXIT_DONE : fail(&err);
}
