/* mien describe: the descriptors of the faces in pictures. */
#include "cli/out.h"
#include "cli/round.h"
#include "cli/say.h"
#include "cli/together.h"
#include <errno.h>
#include <fcntl.h>

#define SHOWN 4 /* numbers of a descriptor in the text */

static mn_code print_json(mn_round *r, const mn_picture *p, mn_error *err)
{
    json_t *faces = json_array();
    for (size_t i = 0; i < p->n_faces; i++) {
        json_t *face = mn_json_face(&p->faces[i]);
        json_object_set_new(face, "descriptor", mn_json_descriptor(&p->faces[i].descriptor));
        json_array_append_new(faces, face);
    }
    return mn_json_print(r->out, mn_json_picture(p, faces), err);
}

static void print_text(mn_round *r, const mn_picture *p)
{
    mn_text_faces_head(r->out, p);
    for (size_t i = 0; i < p->n_faces; i++) {
        const mn_descriptor *d = &p->faces[i].descriptor;
        mn_text_face(r->out, i + 1, &p->faces[i]);
        fprintf(r->out, "      %s, %d numbers:", d->model, d->dim);
        for (int j = 0; j < SHOWN && j < d->dim; j++)
            fprintf(r->out, " %.3f", (double)d->v[j]);
        fprintf(r->out, " …\n");
    }
}

static mn_code show(mn_round *r, mn_picture *p, mn_error *err)
{
    r->found += p->n_faces > 0;
    if (r->cli->json)
        return print_json(r, p, err);
    print_text(r, p);
    return MN_OK;
}

/* ---- --aggregate ---- */

static mn_code keep(mn_round *r, mn_picture *p, mn_error *err)
{
    return mn_together_keep(r->ctx, r->cli, p, err);
}

static mn_code print_together(mn_round *r, const mn_descriptor *d, float quality, mn_error *err)
{
    const mn_together *t = r->ctx;
    if (r->cli->json)
        return mn_json_print(r->out,
                             json_pack("{sI sf so}", "pictures", (json_int_t)t->n, "quality", (double)quality,
                                       "descriptor", mn_json_descriptor(d)),
                             err);
    fprintf(r->out, "%zu pictures of one person, quality %.2f\n      %s, %d numbers:", t->n, (double)quality,
            d->model, d->dim);
    for (int j = 0; j < SHOWN && j < d->dim; j++)
        fprintf(r->out, " %.3f", (double)d->v[j]);
    fprintf(r->out, " …\n");
    return MN_OK;
}

/* One picture that failed is enough to make none: nobody asked for the descriptor of the others. */
static mn_code make_together(mn_round *r, mn_error *err)
{
    mn_descriptor d;
    float quality;
    const mn_together *t = r->ctx;
    if (r->failed)
        return mn_fail(err, MN_E_INVALID,
                       "no descriptor was made, because %zu of the pictures could not be used", r->failed);
    mn_arena *arena = mn_arena_create(1 << 20);
    if (!arena)
        return mn_fail(err, MN_E_MEMORY, "no memory for a descriptor");
    mn_code code =
        mn_together_make(t, mn_pipeline_descriptor_model(r->engine.pipeline), arena, &d, &quality, err);
    if (code == MN_OK)
        code = print_together(r, &d, quality, err);
    r->found = code == MN_OK;
    mn_arena_destroy(arena);
    return code;
}

/* Written as it comes, so that the number of pictures is not bounded by memory. Readable by the owner alone.
 */
static int run_to_file(mn_round *r, const char *path)
{
    mn_error err = {0};
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    r->out = fd < 0 ? NULL : fdopen(fd, "w");
    if (!r->out) {
        mn_fail_errno(&err, errno, "%s: cannot write", path);
        mn_say_error(NULL, &err);
        return MN_EXIT_FAILURE;
    }
    int status = mn_round_run(r);
    return mn_out_close(r->out, path) ? status : MN_EXIT_FAILURE;
}

int mn_cmd_describe(mn_cli *cli)
{
    mn_error err = {0};
    mn_round round = {.cli = cli, .want = MN_WANT_DESCRIPTOR, .show = show};
    if (mn_parts_parse(cli->args, &round.want, &err) != MN_OK)
        return mn_say_usage(cli->args->command, err.text);
    mn_together together = {0};
    if (cli->args->value[MN_O_AGGREGATE]) {
        round.want |= MN_WANT_QUALITY;
        round.show = keep;
        round.finish = make_together;
        round.ctx = &together;
    }
    const char *path = cli->args->value[MN_O_OUTPUT];
    int status = path ? run_to_file(&round, path) : mn_round_run(&round);
    mn_together_finish(&together);
    return status;
}
