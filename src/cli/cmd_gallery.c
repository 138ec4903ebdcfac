/* mien gallery stats, rebuild: the descriptors in memory, and their snapshot on the disk.
 *
 * Neither needs a network to run: the pack only says what the descriptors are like. */
#include "cli/engine.h"
#include "cli/out.h"
#include "cli/say.h"

static int finish(mn_engine *e, mn_code code, const mn_error *err)
{
    mn_engine_close(e);
    if (code == MN_OK)
        return MN_EXIT_DONE;
    mn_say_error(NULL, err);
    return MN_EXIT_FAILURE;
}

/* ---- output ---- */

static json_t *snapshot_json(const mn_core_gallery_state *s)
{
    if (!s->snapshot)
        return json_null();
    return json_pack("{sI sI sI so sI sI}", "bytes", (json_int_t)s->snapshot_bytes, "rows",
                     (json_int_t)s->snapshot_faces, "generation", (json_int_t)s->snapshot_generation,
                     "written", mn_json_time(s->snapshot_written), "age_s",
                     (json_int_t)((mn_time_now() - s->snapshot_written) / MN_TIME_SECOND), "behind",
                     (json_int_t)(s->generation - s->snapshot_generation));
}

/* null: all descriptors are compared. */
static json_t *prefilter_json(const mn_core_gallery_state *s)
{
    return s->missed_max > 0 ? json_pack("{sf}", "missed_max", s->missed_max) : json_null();
}

static double bytes_per_row(const mn_core_gallery_state *s)
{
    uint64_t rows = s->rows + s->tombstones;
    return rows ? (double)s->bytes / (double)rows : 0;
}

static mn_code print_json(const mn_cli *cli, const mn_core_gallery_state *s, mn_error *err)
{
    return mn_json_print(
        cli->out,
        json_pack("{sI sI sI si sI sI sI sI so sI sI sf sI sb so}", "rows", (json_int_t)s->rows, "people",
                  (json_int_t)s->people, "lists", (json_int_t)s->lists, "dim", s->dim, "chunks",
                  (json_int_t)s->chunks, "tombstones", (json_int_t)s->tombstones, "unreadable",
                  (json_int_t)s->unreadable, "sketched_chunks", (json_int_t)s->sketched, "prefilter",
                  prefilter_json(s), "bytes", (json_int_t)s->bytes, "cold_bytes", (json_int_t)s->cold_bytes,
                  "bytes_per_row", bytes_per_row(s), "generation", (json_int_t)s->generation, "from_snapshot",
                  (int)s->from_snapshot, "snapshot", snapshot_json(s)),
        err);
}

static void print_count(const mn_cli *cli, const char *what, uint64_t n, const char *unit)
{
    char count[MN_RATE_TEXT];
    fprintf(cli->out, "%-12s %s%s\n", what, mn_text_count(n, count), unit);
}

static void print_snapshot(const mn_cli *cli, const mn_core_gallery_state *s)
{
    char when[MN_TIME_TEXT];
    if (!s->snapshot) {
        fprintf(cli->out, "%-12s none\n", "snapshot");
        return;
    }
    mn_time_format(s->snapshot_written, when);
    fprintf(cli->out, "%-12s of %s%s\n", "snapshot", when, s->from_snapshot ? ", used just now" : "");
    print_count(cli, "  rows", s->snapshot_faces, "");
    print_count(cli, "  size", s->snapshot_bytes, " bytes");
    print_count(cli, "  generation", s->snapshot_generation, "");
}

static mn_code print_state(const mn_cli *cli, const mn_core_gallery_state *s, mn_error *err)
{
    if (cli->json)
        return print_json(cli, s, err);
    print_count(cli, "rows", s->rows, "");
    print_count(cli, "people", s->people, "");
    print_count(cli, "lists", s->lists, "");
    print_count(cli, "dimensions", (uint64_t)s->dim, "");
    fprintf(cli->out, "%-12s %.1f bytes a row, and %.1f in files\n", "memory", bytes_per_row(s),
            s->rows ? (double)s->cold_bytes / (double)(s->rows + s->tombstones) : 0.0);
    print_count(cli, "chunks", s->chunks, "");
    print_count(cli, "  sketched", s->sketched, "");
    if (s->missed_max > 0)
        fprintf(cli->out, "%-12s on: passes over 1 in %.0f mates at cosine 0.6, at most\n", "prefilter",
                1 / s->missed_max);
    else
        fprintf(cli->out, "%-12s off: every descriptor is compared\n", "prefilter");
    print_count(cli, "tombstones", s->tombstones, "");
    if (s->unreadable > 0)
        print_count(cli, "unreadable", s->unreadable, " people: see mien store check");
    print_count(cli, "generation", s->generation, "");
    print_snapshot(cli, s);
    return MN_OK;
}

/* ---- commands ---- */

int mn_cmd_gallery_stats(mn_cli *cli)
{
    mn_error err = {0};
    mn_engine e;
    mn_core_gallery_state state;
    const mn_core_gallery_options options = {.cancel = cli->cancel};
    mn_code code = mn_engine_open_gallery(cli, &options, &e, &err);
    if (code == MN_OK)
        code = mn_core_gallery_look(e.core, &state, &err);
    if (code == MN_OK)
        code = print_state(cli, &state, &err);
    return finish(&e, code, &err);
}

static void show_progress(void *user, uint64_t people)
{
    mn_progress_show(user, (size_t)people, "");
}

static mn_code count_people(const mn_cli *cli, uint64_t *people, mn_error *err)
{
    mn_core *records = NULL;
    mn_store_counts counts = {0};
    mn_code code = mn_engine_open_records(cli, &records, err);
    if (code == MN_OK)
        code = mn_core_counts(records, &counts, err);
    mn_core_close(records);
    *people = counts.people;
    return code;
}

int mn_cmd_gallery_rebuild(mn_cli *cli)
{
    mn_error err = {0};
    mn_engine e = {0};
    uint64_t people = 0;
    mn_core_gallery_state state;
    mn_code code = count_people(cli, &people, &err);
    mn_progress p = mn_progress_start(cli, (size_t)people);
    const mn_core_gallery_options options = {
        .fresh = true, .progress = show_progress, .user = &p, .cancel = cli->cancel};
    if (code == MN_OK)
        code = mn_engine_open_gallery(cli, &options, &e, &err);
    mn_progress_clear(&p);
    if (code == MN_OK)
        code = mn_core_gallery_save(e.core, cli->cancel, &err);
    if (code == MN_OK)
        code = mn_core_gallery_look(e.core, &state, &err);
    if (code == MN_OK)
        code = print_state(cli, &state, &err);
    return finish(&e, code, &err);
}
