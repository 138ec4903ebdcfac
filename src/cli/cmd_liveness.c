/* mien liveness: a live person, or a picture of one? */
#include "cli/out.h"
#include "cli/round.h"
#include "cli/say.h"
#include "face/live.h"

static mn_code print_json(mn_round *r, const mn_picture *p, const mn_live *live, mn_error *err)
{
    char why[MN_LIVE_TEXT];
    json_t *faces = json_array();
    for (size_t i = 0; i < p->n_faces; i++) {
        json_t *face = mn_json_face(&p->faces[i]);
        json_t *answer = json_pack("{ss so}", "verdict", mn_live_word(live[i].verdict), "score",
                                   live[i].scored ? json_real((double)live[i].score) : json_null());
        mn_live_reasons(live[i].reasons, r->ctx, why);
        if (*why)
            json_object_set_new(answer, "reason", json_string(why));
        json_object_set_new(face, "liveness", answer);
        json_array_append_new(faces, face);
    }
    return mn_json_print(r->out, mn_json_picture(p, faces), err);
}

static void print_text(mn_round *r, const mn_picture *p, const mn_live *live)
{
    char why[MN_LIVE_TEXT];
    mn_text_faces_head(r->out, p);
    for (size_t i = 0; i < p->n_faces; i++) {
        const mn_box *b = &p->faces[i].box;
        mn_live_reasons(live[i].reasons, r->ctx, why);
        fprintf(r->out, "%4zu  %4.0f×%-4.0f at %.0f,%.0f  %s", i + 1, (double)b->width, (double)b->height,
                (double)b->x, (double)b->y, mn_live_word(live[i].verdict));
        if (live[i].scored)
            fprintf(r->out, "  score %.3f", (double)live[i].score);
        fprintf(r->out, "%s%s\n", *why ? "  " : "", why);
    }
}

static mn_code show(mn_round *r, mn_picture *p, mn_error *err)
{
    float k = mn_image_scale(p->image);
    float width = k * (float)mn_image_width(p->image), height = k * (float)mn_image_height(p->image);
    bool alive = false;
    mn_live *live = mn_arena_calloc(p->arena, p->n_faces + 1, sizeof *live);
    if (!live)
        return mn_fail(err, MN_E_MEMORY, "no memory for the answers");
    for (size_t i = 0; i < p->n_faces; i++) {
        live[i] = mn_live_judge(&p->faces[i], width, height, r->ctx);
        alive = alive || live[i].verdict == MN_LIVE_LIVE;
    }
    r->found += alive;
    if (r->cli->json)
        return print_json(r, p, live, err);
    print_text(r, p, live);
    return MN_OK;
}

int mn_cmd_liveness(mn_cli *cli)
{
    mn_live_rules rules = mn_live_rules_default();
    mn_round round = {.cli = cli, .want = MN_LIVE_WANT, .show = show, .ctx = &rules};
    rules.threshold = (float)mn_settings_real(cli->settings, MN_S_LIVENESS_THRESHOLD);
    rules.min_quality = (float)mn_settings_real(cli->settings, MN_S_LIVENESS_MIN_QUALITY);
    return mn_round_run(&round);
}
