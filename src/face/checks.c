#include "face/checks.h"
#include "face/skin.h"
#include <math.h>
#include <string.h>

static const mn_check_info infos[MN_CHECKS] = {
#define RANGE(id, word, unit, min, max, lowest, highest, needs, text)                                        \
    {word, unit, text, NULL, lowest, highest, needs},
#define STATE(id, word, states, allowed, needs, text) {word, "", text, states, 0, 0, needs},
#include "face/checks.def"
#undef RANGE
#undef STATE
};

/* What icao asks for. */
static const struct {
    double min, max;
    const char *allowed;
} defaults[MN_CHECKS] = {
#define RANGE(id, word, unit, min, max, lowest, highest, needs, text) {min, max, NULL},
#define STATE(id, word, states, allowed, needs, text)                 {0, 0, allowed},
#include "face/checks.def"
#undef RANGE
#undef STATE
};

const mn_check_info *mn_check_describe(mn_check_id id)
{
    return &infos[id];
}

bool mn_check_parse(const char *word, mn_check_id *out)
{
    for (int i = 0; i < MN_CHECKS; i++)
        if (strcmp(infos[i].word, word) == 0) {
            *out = (mn_check_id)i;
            return true;
        }
    return false;
}

const char *mn_check_state(mn_check_id id, unsigned i, size_t *n)
{
    const char *p = infos[id].states;
    for (; p && i > 0; i--) {
        p = strchr(p, '|');
        p = p ? p + 1 : NULL;
    }
    if (p)
        *n = strcspn(p, "|");
    return p;
}

/* The bit of a state; 0: there is none of this name. */
static unsigned state_bit(mn_check_id id, const char *word, size_t length)
{
    size_t n;
    for (unsigned i = 0; i < MN_CHECK_STATES; i++) {
        const char *state = mn_check_state(id, i, &n);
        if (!state)
            break;
        if (n == length && memcmp(state, word, n) == 0)
            return 1u << i;
    }
    return 0;
}

/* ---- profiles ---- */

mn_check_profile mn_check_profile_icao(void)
{
    mn_check_profile p = {0};
    for (int i = 0; i < MN_CHECKS; i++) {
        p.of[i] = (mn_check_rule){.wanted = true, .min = defaults[i].min, .max = defaults[i].max};
        for (const char *w = defaults[i].allowed; w && *w;) {
            size_t n = strcspn(w, "|");
            p.of[i].allowed |= state_bit((mn_check_id)i, w, n);
            w += n + (w[n] == '|');
        }
    }
    return p;
}

mn_check_profile mn_check_profile_recognition(void)
{
    static const struct {
        mn_check_id id;
        double min, max;
    } wanted[] = {{MN_CHECK_BLUR, 0.3, 1},
                  {MN_CHECK_UNDEREXPOSURE, 0.4, 1},
                  {MN_CHECK_OVEREXPOSURE, 0.4, 1},
                  {MN_CHECK_FACE_ILLUMINATION_UNIFORMITY, 0.3, 1},
                  {MN_CHECK_HEAD_YAW, -30, 30},
                  {MN_CHECK_HEAD_PITCH, -30, 30},
                  {MN_CHECK_HEAD_ROLL, -40, 40},
                  {MN_CHECK_EYE_DISTANCE, 24, 65500},
                  {MN_CHECK_SKIN_DYNAMIC_RANGE, 0.25, 1}};
    mn_check_profile p = mn_check_profile_icao();
    for (int i = 0; i < MN_CHECKS; i++)
        p.of[i].wanted = false;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        p.of[wanted[i].id] = (mn_check_rule){.wanted = true, .min = wanted[i].min, .max = wanted[i].max};
    return p;
}

bool mn_check_profile_parse(const char *word, mn_check_profile *out)
{
    bool icao = strcmp(word, "icao") == 0;
    if (!icao && strcmp(word, "recognition") != 0)
        return false;
    *out = icao ? mn_check_profile_icao() : mn_check_profile_recognition();
    return true;
}

mn_code mn_check_set_range(mn_check_profile *p, mn_check_id id, const double *min, const double *max,
                           mn_error *err)
{
    const mn_check_info *info = &infos[id];
    double low = min ? *min : p->of[id].min, high = max ? *max : p->of[id].max;
    if (info->states)
        return mn_fail(err, MN_E_INVALID, "%s has no range: it is one of %s", info->word, info->states);
    if (!(low >= info->lowest && high <= info->highest))
        return mn_fail(err, MN_E_INVALID, "%s: a range lies within %g and %g, %g to %g does not", info->word,
                       info->lowest, info->highest, low, high);
    if (low > high)
        return mn_fail(err, MN_E_INVALID, "%s: nothing is at least %g and at most %g", info->word, low, high);
    p->of[id].wanted = true;
    p->of[id].min = low, p->of[id].max = high;
    return MN_OK;
}

mn_code mn_check_set_allowed(mn_check_profile *p, mn_check_id id, const char *const *words, size_t n,
                             mn_error *err)
{
    const mn_check_info *info = &infos[id];
    unsigned allowed = 0;
    if (!info->states)
        return mn_fail(err, MN_E_INVALID, "%s is a number: it has a range, min and max", info->word);
    if (n == 0)
        return mn_fail(err, MN_E_INVALID, "%s: at least one of %s must be allowed", info->word, info->states);
    for (size_t i = 0; i < n; i++) {
        unsigned bit = state_bit(id, words[i], strlen(words[i]));
        if (!bit)
            return mn_fail(err, MN_E_INVALID, "%s is never %.40s: it is one of %s", info->word, words[i],
                           info->states);
        allowed |= bit;
    }
    p->of[id].wanted = true;
    p->of[id].allowed = allowed;
    return MN_OK;
}

unsigned mn_check_profile_want(const mn_check_profile *p)
{
    unsigned want = MN_WANT_BOXES;
    for (int i = 0; i < MN_CHECKS; i++)
        if (p->of[i].wanted)
            want |= infos[i].needs;
    return want;
}

const char *mn_check_verdict_word(mn_check_verdict v)
{
    return v == MN_CHECK_PASSED ? "passed" : v == MN_CHECK_FAILED ? "failed" : "not_made";
}

/* ---- measuring: each group of checks is measured when the first of it is wanted ---- */

typedef struct {
    const mn_check_subject *s;
    float width, height; /* px of the file */
    bool has_skin, has_background, has_box;
    mn_skin skin;
    mn_background background;
    mn_box box;          /* of the mesh's oval, px of the file */
    mn_point eyes, chin; /* middle of the eyes; px of the file */
    float eye_distance, width_of_head;
} bench;

/* A number, a state, or the reason why there is neither. */
typedef struct {
    double value;
    unsigned state;
    const char *reason;
} result;

static result number(double v)
{
    return isfinite(v) ? (result){.value = v} : (result){.reason = "it could not be measured on this face"};
}

static result state(unsigned i)
{
    return (result){.state = i};
}

static result not_made(const char *reason)
{
    return (result){.reason = reason};
}

static float clamp01(float v)
{
    return v > 0 ? (v < 1 ? v : 1) : 0; /* also 0 for what is not a number */
}

static const mn_skin *skin_of(bench *b)
{
    if (!b->has_skin)
        b->skin = mn_skin_measure(b->s->image, b->s->face);
    b->has_skin = true;
    return b->skin.n >= MN_SKIN_LEAST ? &b->skin : NULL;
}

static void measure_box(bench *b)
{
    const mn_point3 *m = b->s->face->mesh;
    float left = INFINITY, right = -INFINITY, top = INFINITY, bottom = -INFINITY;
    if (b->has_box)
        return;
    for (int i = 0; i < MN_MESH_POINTS; i++) {
        left = fminf(left, m[i].x), right = fmaxf(right, m[i].x);
        top = fminf(top, m[i].y), bottom = fmaxf(bottom, m[i].y);
    }
    mn_point l = {(m[33].x + m[133].x) / 2, (m[33].y + m[133].y) / 2};
    mn_point r = {(m[362].x + m[263].x) / 2, (m[362].y + m[263].y) / 2};
    b->box = (mn_box){left, top, right - left, bottom - top};
    b->eyes = (mn_point){(l.x + r.x) / 2, (l.y + r.y) / 2};
    b->chin = (mn_point){m[152].x, m[152].y};
    b->eye_distance = hypotf(r.x - l.x, r.y - l.y);
    b->width_of_head = hypotf(m[454].x - m[234].x, m[454].y - m[234].y);
    b->has_box = true;
}

static result of_file(const bench *b, mn_check_id id)
{
    static const char *const words[] = {
        [MN_FORMAT_JPEG] = "jpeg", [MN_FORMAT_PNG] = "png", [MN_FORMAT_JP2] = "jpeg2000",
        [MN_FORMAT_WEBP] = "webp", [MN_FORMAT_BMP] = "bmp", [MN_FORMAT_PNM] = "pnm",
        [MN_FORMAT_TIFF] = "tiff"};
    if (b->s->format == MN_FORMAT_UNKNOWN || b->s->file_bytes == 0)
        return not_made("there is no file, only pixels");
    if (id == MN_CHECK_FILE_SIZE)
        return number((double)b->s->file_bytes);
    unsigned bit = state_bit(id, words[b->s->format], strlen(words[b->s->format])), i = 0;
    while (bit > 1)
        bit >>= 1, i++;
    return state(i);
}

static result of_picture(const bench *b, mn_check_id id)
{
    return number(id == MN_CHECK_WIDTH    ? (double)b->width
                  : id == MN_CHECK_HEIGHT ? (double)b->height
                                          : (double)b->width / (double)b->height);
}

static result of_light(bench *b, mn_check_id id)
{
    const mn_skin *s = skin_of(b);
    float low = INFINITY, high = 0;
    if (!s)
        return not_made("too little of the face lies in the picture");
    for (int i = 0; i < MN_ZONES; i++)
        low = fminf(low, s->zone[i]), high = fmaxf(high, s->zone[i]);
    switch (id) {
    case MN_CHECK_ILLUMINATION_UNIFORMITY:
        return number((double)(high > 0 ? low / high : 0));
    case MN_CHECK_FACE_ILLUMINATION_UNIFORMITY:
        high = fmaxf(s->half[0], s->half[1]);
        return number((double)(high > 0 ? fminf(s->half[0], s->half[1]) / high : 0));
    case MN_CHECK_SPECULARITY:
        return number((double)clamp01(1 - s->glare / 0.1f));
    case MN_CHECK_UNDEREXPOSURE:
        return number((double)(clamp01(s->mean / 0.3f) * (1 - s->dark)));
    case MN_CHECK_OVEREXPOSURE:
        return number((double)(clamp01((1 - s->mean) / 0.3f) * (1 - s->bright)));
    default:
        return number((double)s->range);
    }
}

#define GREY 3.0f /* mean distance of the channels, of 255: JPEG leaves grey pictures below 1 */

/* CIELAB of natural skin: a* 5 to 25, b* 5 to 35 (ISO/IEC 29794-5, natural colour). */
#define OFF_COLOUR 5.0f

static result of_colour(bench *b, mn_check_id id)
{
    bool grey = mn_image_colourfulness(b->s->image) < GREY;
    const mn_skin *s;
    if (id == MN_CHECK_COLOR_TYPE)
        return state(grey);
    if (grey)
        return not_made("the picture is grey");
    s = skin_of(b);
    if (!s)
        return not_made("too little of the face lies in the picture");
    float da = fmaxf(fmaxf(5 - s->lab_a, s->lab_a - 25), 0),
          db = fmaxf(fmaxf(5 - s->lab_b, s->lab_b - 35), 0);
    return state(hypotf(da, db) > OFF_COLOUR);
}

#define BACKGROUND_LEAST 0.03f

static result of_background(bench *b, mn_check_id id)
{
    if (!b->has_background)
        b->background = mn_background_measure(b->s->image, b->s->face);
    b->has_background = true;
    if (b->background.share < BACKGROUND_LEAST)
        return not_made("too little of the picture lies beside the head");
    return number((double)(id == MN_CHECK_BACKGROUND_LIGHTNESS ? b->background.mean
                                                               : clamp01(1 - 5 * b->background.deviation)));
}

static result of_geometry(bench *b, mn_check_id id)
{
    measure_box(b);
    const mn_box *x = &b->box;
    switch (id) {
    case MN_CHECK_FACE_WIDTH:
        return number((double)x->width);
    case MN_CHECK_FACE_HEIGHT:
        return number((double)x->height);
    case MN_CHECK_OFFSET_TOP:
        return number((double)x->y);
    case MN_CHECK_OFFSET_BOTTOM:
        return number((double)(b->height - x->y - x->height));
    case MN_CHECK_OFFSET_LEFT:
        return number((double)x->x);
    case MN_CHECK_OFFSET_RIGHT:
        return number((double)(b->width - x->x - x->width));
    case MN_CHECK_EYE_DISTANCE:
        return number((double)b->eye_distance);
    case MN_CHECK_HEAD_WIDTH:
        return number((double)(b->width_of_head / b->width));
    case MN_CHECK_HEAD_HEIGHT:
        return number((double)(2 * hypotf(b->chin.x - b->eyes.x, b->chin.y - b->eyes.y) / b->height));
    case MN_CHECK_HEAD_CENTER_X:
        return number((double)(b->eyes.x / b->width));
    default:
        return number((double)(b->eyes.y / b->height));
    }
}

static result of_pose(const bench *b, mn_check_id id)
{
    const mn_pose *p = &b->s->face->pose;
    if (!p->made)
        return not_made("the pose could not be worked out");
    return number((double)(id == MN_CHECK_HEAD_YAW     ? p->yaw
                           : id == MN_CHECK_HEAD_PITCH ? p->pitch
                                                       : p->roll));
}

#define SMILE      0.5f
#define EYE_SHUT   0.3f
#define MOUTH_OPEN 0.08f
#define RED        0.3f

static result of_red_eyes(const bench *b)
{
    const mn_expression *e = &b->s->face->expression;
    if (mn_image_colourfulness(b->s->image) < GREY)
        return not_made("the picture is grey");
    if (e->left_open < EYE_SHUT && e->right_open < EYE_SHUT)
        return not_made("the eyes are shut");
    float share = mn_red_eye_share(b->s->image, b->s->face);
    return share < 0 ? not_made("the eyes are too small to be looked into") : state(share > RED);
}

static result of_expression(const bench *b, mn_check_id id)
{
    const mn_expression *e = &b->s->face->expression;
    switch (id) {
    case MN_CHECK_SMILE:
        return number((double)mn_smile_of_mesh(b->s->face->mesh));
    case MN_CHECK_MOUTH_OPEN:
        return number((double)e->mouth_open);
    case MN_CHECK_LEFT_EYE:
        return state(e->left_open < EYE_SHUT);
    case MN_CHECK_RIGHT_EYE:
        return state(e->right_open < EYE_SHUT);
    case MN_CHECK_RED_EYES:
        return of_red_eyes(b);
    default:
        if (mn_smile_of_mesh(b->s->face->mesh) < SMILE)
            return state(0);
        return state(e->mouth_open < MOUTH_OPEN ? 1 : 2);
    }
}

static result of_quality(const bench *b)
{
    return b->s->face->quality.made ? number((double)b->s->face->quality.sharpness)
                                    : not_made("the quality was not measured");
}

/* What no model or rule here can see. */
static result unseen(mn_check_id id)
{
    static const char *const reasons[MN_CHECKS] = {
        [MN_CHECK_FISHEYE] = "one picture of one face does not betray the lens",
        [MN_CHECK_SHOULDERS] = "no model here sees shoulders",
        [MN_CHECK_GAZE_YAW] = "no model here sees the iris",
        [MN_CHECK_GAZE_PITCH] = "no model here sees the iris",
        [MN_CHECK_MOUTH_OCCLUSION] = "no model here sees what is before a mouth",
        [MN_CHECK_GLASSES] = "no model here sees glasses",
        [MN_CHECK_EYEBROWS] = "the landmarks do not follow eyebrows well enough",
        [MN_CHECK_HEADWEAR] = "no model here sees headwear",
    };
    return not_made(reasons[id] ? reasons[id] : "no model here sees it");
}

static result measure(bench *b, mn_check_id id)
{
    switch (id) {
    case MN_CHECK_FORMAT:
    case MN_CHECK_FILE_SIZE:
        return of_file(b, id);
    case MN_CHECK_WIDTH:
    case MN_CHECK_HEIGHT:
    case MN_CHECK_ASPECT_RATIO:
        return of_picture(b, id);
    case MN_CHECK_ILLUMINATION_UNIFORMITY:
    case MN_CHECK_FACE_ILLUMINATION_UNIFORMITY:
    case MN_CHECK_SPECULARITY:
    case MN_CHECK_UNDEREXPOSURE:
    case MN_CHECK_OVEREXPOSURE:
    case MN_CHECK_SKIN_DYNAMIC_RANGE:
        return of_light(b, id);
    case MN_CHECK_COLOR_TYPE:
    case MN_CHECK_NATURAL_LIGHT:
        return of_colour(b, id);
    case MN_CHECK_BACKGROUND_UNIFORMITY:
    case MN_CHECK_BACKGROUND_LIGHTNESS:
        return of_background(b, id);
    case MN_CHECK_HEAD_YAW:
    case MN_CHECK_HEAD_PITCH:
    case MN_CHECK_HEAD_ROLL:
        return of_pose(b, id);
    case MN_CHECK_BLUR:
        return of_quality(b);
    case MN_CHECK_SMILE:
    case MN_CHECK_MOUTH_OPEN:
    case MN_CHECK_SMILE_PROPERTIES:
    case MN_CHECK_LEFT_EYE:
    case MN_CHECK_RIGHT_EYE:
    case MN_CHECK_RED_EYES:
        return of_expression(b, id);
    default:
        return infos[id].needs & MN_WANT_LANDMARKS ? of_geometry(b, id) : unseen(id);
    }
}

static mn_check judge(mn_check_id id, const mn_check_rule *rule, const result *r)
{
    mn_check c = {.id = id, .value = r->value, .state = r->state, .reason = r->reason};
    if (r->reason)
        c.verdict = MN_CHECK_NOT_MADE;
    else if (infos[id].states)
        c.verdict = rule->allowed >> r->state & 1 ? MN_CHECK_PASSED : MN_CHECK_FAILED;
    else
        c.verdict = r->value >= rule->min && r->value <= rule->max ? MN_CHECK_PASSED : MN_CHECK_FAILED;
    return c;
}

mn_code mn_checks_make(const mn_check_subject *s, const mn_check_profile *p, mn_check out[MN_CHECKS],
                       size_t *n, mn_error *err)
{
    unsigned want = mn_check_profile_want(p);
    bench b = {.s = s};
    size_t made = 0;
    if (mn_image_channels(s->image) != 3)
        return mn_fail(err, MN_E_INVALID, "a picture with 3 channels is needed, this one has %d",
                       mn_image_channels(s->image));
    if ((want & MN_WANT_LANDMARKS) && !s->face->mesh)
        return mn_fail(err, MN_E_INTERNAL, "the face was made without what the checks need");
    b.width = mn_image_scale(s->image) * (float)mn_image_width(s->image);
    b.height = mn_image_scale(s->image) * (float)mn_image_height(s->image);
    for (int i = 0; i < MN_CHECKS; i++)
        if (p->of[i].wanted) {
            const result r = measure(&b, (mn_check_id)i);
            out[made++] = judge((mn_check_id)i, &p->of[i], &r);
        }
    *n = made;
    return MN_OK;
}
