/* mien detect: where are faces, and what are they like? */
#include "cli/drawing.h"
#include "cli/out.h"
#include "cli/round.h"
#include "cli/say.h"

static mn_code print_json(mn_round *r, const mn_picture *p, mn_error *err)
{
    json_t *faces = json_array();
    for (size_t i = 0; i < p->n_faces; i++)
        json_array_append_new(faces, mn_json_face(&p->faces[i]));
    return mn_json_print(r->out, mn_json_picture(p, faces), err);
}

static void print_text(mn_round *r, const mn_picture *p)
{
    mn_text_faces_head(r->out, p);
    for (size_t i = 0; i < p->n_faces; i++)
        mn_text_face(r->out, i + 1, &p->faces[i]);
}

static mn_code show(mn_round *r, mn_picture *p, mn_error *err)
{
    r->found += p->n_faces > 0;
    mn_code code = mn_drawing_save(r->cli, r->several, p, NULL, NULL, err);
    if (code != MN_OK)
        return code;
    if (r->cli->json)
        return print_json(r, p, err);
    print_text(r, p);
    return MN_OK;
}

int mn_cmd_detect(mn_cli *cli)
{
    mn_error err = {0};
    mn_round round = {.cli = cli, .want = MN_WANT_POSE | MN_WANT_QUALITY, .show = show};
    if (mn_parts_parse(cli->args, &round.want, &err) != MN_OK)
        return mn_say_usage(cli->args->command, err.text);
    return mn_round_run(&round);
}
