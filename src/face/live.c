#include "face/live.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

mn_live_rules mn_live_rules_default(void)
{
    return (mn_live_rules){.threshold = 0.5f,
                           .min_quality = 0.5f,
                           .min_width = 60,
                           .border = 0.1f,
                           .max_yaw = 40,
                           .max_pitch = 30};
}

const char *mn_live_word(mn_live_verdict v)
{
    return v == MN_LIVE_LIVE ? "live" : v == MN_LIVE_SPOOF ? "spoof" : "unknown";
}

static unsigned reasons_of(const mn_face *f, float width, float height, const mn_live_rules *r)
{
    const mn_box *b = &f->box;
    float room = r->border * b->width;
    unsigned reasons = 0;
    if (!f->liveness.made)
        reasons |= MN_LIVE_NO_MODEL;
    if (!(b->width >= r->min_width))
        reasons |= MN_LIVE_SMALL;
    if (!(b->x >= room && b->y >= room && b->x + b->width + room <= width &&
          b->y + b->height + room <= height))
        reasons |= MN_LIVE_BORDER;
    if (!(f->pose.made && fabsf(f->pose.yaw) <= r->max_yaw && fabsf(f->pose.pitch) <= r->max_pitch))
        reasons |= MN_LIVE_TURNED;
    if (!(f->quality.made && f->quality.overall >= r->min_quality))
        reasons |= MN_LIVE_QUALITY;
    return reasons;
}

static mn_live_verdict verdict_of(float score, const mn_live_rules *r)
{
    return score >= r->threshold ? MN_LIVE_LIVE : MN_LIVE_SPOOF;
}

mn_live mn_live_judge(const mn_face *face, float width, float height, const mn_live_rules *rules)
{
    mn_live out = {.reasons = reasons_of(face, width, height, rules)};
    out.scored = face->liveness.made && isfinite(face->liveness.score);
    if (out.scored)
        out.score = face->liveness.score;
    else
        out.reasons |= MN_LIVE_NO_MODEL;
    if (!out.reasons)
        out.verdict = verdict_of(out.score, rules);
    return out;
}

mn_live mn_live_judge_together(const mn_live *each, size_t n, const mn_live_rules *rules)
{
    double sum = 0;
    size_t judged = 0;
    for (size_t i = 0; i < n; i++)
        if (each[i].verdict != MN_LIVE_UNKNOWN) {
            sum += (double)each[i].score;
            judged++;
        }
    if (judged == 0)
        return (mn_live){.reasons = MN_LIVE_NO_FACE};
    float score = (float)(sum / (double)judged);
    return (mn_live){.verdict = verdict_of(score, rules), .scored = true, .score = score};
}

void mn_live_reasons(unsigned reasons, const mn_live_rules *r, char text[MN_LIVE_TEXT])
{
    char small[48], turned[64], quality[48];
    snprintf(small, sizeof small, "the face is under %.0f px wide", (double)r->min_width);
    snprintf(turned, sizeof turned, "the head is turned by more than %.0f° or %.0f°", (double)r->max_yaw,
             (double)r->max_pitch);
    snprintf(quality, sizeof quality, "the quality is under %.2f", (double)r->min_quality);
    const struct {
        unsigned bit;
        const char *text;
    } all[] = {{MN_LIVE_NO_MODEL, "the pack has no model for it"},
               {MN_LIVE_SMALL, small},
               {MN_LIVE_BORDER, "the face is too near the edge"},
               {MN_LIVE_TURNED, turned},
               {MN_LIVE_QUALITY, quality},
               {MN_LIVE_NO_FACE, "no picture could be judged"}};
    size_t used = 0;
    text[0] = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if ((reasons & all[i].bit) && used < MN_LIVE_TEXT) {
            int n = snprintf(text + used, MN_LIVE_TEXT - used, "%s%s", used ? "; " : "", all[i].text);
            used += n > 0 ? (size_t)n : 0;
        }
}
