/* What a liveness score means: live, spoof, or unknown, with the reasons why a picture cannot be judged.
 * Pure.
 *
 * The score is a hint, not a proof: the networks see one colour picture (docs/guide/models.md). */
#ifndef MN_FACE_LIVE_H
#define MN_FACE_LIVE_H

#include "face/face.h"

typedef struct {
    float threshold;          /* scores from here on are live, 0 … 1 */
    float min_quality;        /* overall quality below which nothing is said, 0 … 1 */
    float min_width;          /* px of the file that the face must be wide */
    float border;             /* from the face's box to each edge of the picture, in widths of the box */
    float max_yaw, max_pitch; /* degrees to either side */
} mn_live_rules;

/* 0.5, 0.5, 60 px, 0.1, 40° and 30°. Width, border and angles are chosen by how the networks look, and not
 * measured: a small face is enlarged by the capture or the file already, the crops of a face at the edge are
 * moved off it, and a profile shows them half of it. */
mn_live_rules mn_live_rules_default(void);

typedef enum { MN_LIVE_UNKNOWN, MN_LIVE_LIVE, MN_LIVE_SPOOF } mn_live_verdict;
const char *mn_live_word(mn_live_verdict v); /* "unknown", "live", "spoof" */

enum {
    MN_LIVE_NO_MODEL = 1 << 0, /* the pack has none */
    MN_LIVE_SMALL = 1 << 1,
    MN_LIVE_BORDER = 1 << 2,
    MN_LIVE_TURNED = 1 << 3,
    MN_LIVE_QUALITY = 1 << 4,
    MN_LIVE_NO_FACE = 1 << 5, /* of several pictures: none could be judged */
};

typedef struct {
    mn_live_verdict verdict;
    bool scored;
    float score;      /* also where the verdict is unknown, if scored */
    unsigned reasons; /* why it is unknown, bits; 0 elsewhere */
} mn_live;

/* What the pipeline has to make for mn_live_judge. */
#define MN_LIVE_WANT (MN_WANT_LIVENESS | MN_WANT_QUALITY | MN_WANT_POSE)
/* width, height: of the upright file, px. */
mn_live mn_live_judge(const mn_face *face, float width, float height, const mn_live_rules *rules);
/* Pictures of one person at one time: the mean of the scores that could be judged. */
mn_live mn_live_judge_together(const mn_live *each, size_t n, const mn_live_rules *rules);

/* "the face is too small (60 px wide are needed), and …"; "" for no reason. At most MN_LIVE_TEXT bytes. */
#define MN_LIVE_TEXT 200
void mn_live_reasons(unsigned reasons, const mn_live_rules *rules, char text[MN_LIVE_TEXT]);

#endif
