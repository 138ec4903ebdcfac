/* The manifest's text to a pack. Unknown keys are left alone, so that a manifest can say more than this
 * version reads; what is read must be of its type and within its range, or the model and the key are named in
 * the error. */
#include "infer/manifest.h"
#include "base/alloc.h"
#include <jansson.h>
#include <math.h>
#include <string.h>

#define TEXT_MAX        4096
#define MODEL_BYTES_MAX (INT64_C(1) << 30)
#define DIM_MAX         4096
#define SUPPORT_MAX     4096 /* points of a calibration */
#define LEAST_MAX       1000000
#define MANIFEST_MAX    ((size_t)4 << 20)
#define ARENA_MAX       ((size_t)16 << 20)

/* What is being read, for the error: "mobilefacenet-128: calibration". */
typedef struct {
    mn_arena *arena;
    const char *where;
} reader;

static mn_code bad(const reader *r, const char *key, const char *why, mn_error *err)
{
    return mn_fail(err, MN_E_INVALID, "manifest: %s: \"%s\" %s", r->where, key, why);
}

static mn_code out_of_memory(const reader *r, mn_error *err)
{
    return mn_fail(err, MN_E_MEMORY, "manifest: %s: no memory", r->where);
}

/* Absent (or null) leaves *out as it is, unless it is required. */
static mn_code get_text(const reader *r, const json_t *from, const char *key, bool required, const char **out,
                        mn_error *err)
{
    const json_t *v = json_object_get(from, key);
    if (!v || json_is_null(v))
        return required ? bad(r, key, "is missing", err) : MN_OK;
    if (!json_is_string(v))
        return bad(r, key, "must be a text", err);
    size_t n = json_string_length(v);
    if (n == 0 || n > TEXT_MAX)
        return bad(r, key, "must have 1 to 4096 bytes", err);
    const char *copy = mn_arena_strdup(r->arena, json_string_value(v));
    if (!copy)
        return out_of_memory(r, err);
    *out = copy;
    return MN_OK;
}

static mn_code get_int(const reader *r, const json_t *from, const char *key, int64_t low, int64_t high,
                       int64_t *out, mn_error *err)
{
    const json_t *v = json_object_get(from, key);
    if (!v)
        return bad(r, key, "is missing", err);
    if (!json_is_integer(v))
        return bad(r, key, "must be a whole number", err);
    if (json_integer_value(v) < low || json_integer_value(v) > high)
        return mn_fail(err, MN_E_INVALID, "manifest: %s: \"%s\" must be %lld to %lld", r->where, key,
                       (long long)low, (long long)high);
    *out = json_integer_value(v);
    return MN_OK;
}

static mn_code get_flag(const reader *r, const json_t *from, const char *key, bool *out, mn_error *err)
{
    const json_t *v = json_object_get(from, key);
    if (v && !json_is_boolean(v))
        return bad(r, key, "must be true or false", err);
    *out = json_is_true(v);
    return MN_OK;
}

static bool all_of(const char *text, const char *allowed)
{
    return text[strspn(text, allowed)] == 0;
}

#define LOWER   "abcdefghijklmnopqrstuvwxyz"
#define DIGITS  "0123456789"
#define LETTERS LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* A path inside the pack's folder: no way up, no hidden parts, nothing a shell or a log would stumble over.
 */
static bool is_inner_path(const char *path)
{
    if (!all_of(path, LETTERS DIGITS "._-/") || strlen(path) > 200)
        return false;
    for (const char *part = path;; part++) {
        if (*part == '.' || *part == '/' || *part == 0)
            return false;
        part = strchr(part, '/');
        if (!part)
            return true;
    }
}

static bool is_web_address(const char *url)
{
    return strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0;
}

static mn_code read_texts(reader *r, const json_t *from, mn_model_info *m, mn_error *err)
{
    mn_code code = get_text(r, from, "name", true, &m->name, err);
    if (code)
        return code;
    if (!all_of(m->name, LETTERS DIGITS "._-") || strlen(m->name) > 64)
        return bad(r, "name", "must be at most 64 letters, digits, '.', '_' and '-'", err);
    r->where = m->name;
    m->precision = "fp32";
    const struct {
        const char *key;
        bool required;
        const char **out;
    } texts[] = {
        {"task", true, &m->task},       {"file", true, &m->file},     {"sha256", true, &m->sha256},
        {"license", true, &m->license}, {"source", true, &m->source}, {"precision", false, &m->precision},
        {"url", false, &m->url},        {"note", false, &m->note},    {"made_from", false, &m->made_from}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts && !code; i++)
        code = get_text(r, from, texts[i].key, texts[i].required, texts[i].out, err);
    return code;
}

static mn_code check_texts(const reader *r, const mn_model_info *m, mn_error *err)
{
    if (!all_of(m->task, LOWER DIGITS "-_") || strlen(m->task) > 32)
        return bad(r, "task", "must be at most 32 small letters, digits, '-' and '_'", err);
    if (!is_inner_path(m->file))
        return bad(r, "file", "must be a path inside the pack, without '..', hidden or odd parts", err);
    if (strlen(m->sha256) != 64 || !all_of(m->sha256, DIGITS "abcdef"))
        return bad(r, "sha256", "must be 64 small hexadecimal digits", err);
    if (strcmp(m->precision, "fp32") != 0 && strcmp(m->precision, "int8") != 0)
        return bad(r, "precision", "must be fp32 or int8", err);
    if (m->url && !is_web_address(m->url))
        return bad(r, "url", "must begin with https:// or http://", err);
    return MN_OK;
}

/* An array of finite numbers, as long as the calibration's others (*n, or 0 before the first is read). */
static mn_code get_numbers(const reader *r, const json_t *from, const char *key, size_t *n, const float **out,
                           mn_error *err)
{
    const json_t *list = json_object_get(from, key);
    size_t count = json_array_size(list); /* 0 for what is no array */
    if (count < 2 || count > SUPPORT_MAX || (*n && count != *n))
        return bad(r, key, "must be a list of 2 to 4096 numbers, as long as its neighbours", err);
    float *numbers = mn_arena_calloc(r->arena, count, sizeof *numbers);
    if (!numbers)
        return out_of_memory(r, err);
    for (size_t i = 0; i < count; i++) {
        const json_t *v = json_array_get(list, i);
        numbers[i] = (float)json_number_value(v);
        if (!json_is_number(v) || !isfinite(numbers[i]))
            return bad(r, key, "must hold finite numbers only", err);
    }
    *n = count;
    *out = numbers;
    return MN_OK;
}

static mn_code check_order(const reader *r, const mn_calibration *c, mn_error *err)
{
    for (size_t i = 0; i < c->n; i++) {
        if (i && c->raw[i] <= c->raw[i - 1])
            return bad(r, "raw", "must rise", err);
        if (i && c->log10_fmr[i] > c->log10_fmr[i - 1])
            return bad(r, "log10_fmr", "must not rise", err);
        if (i && c->similarity[i] < c->similarity[i - 1])
            return bad(r, "similarity", "must not fall", err);
        if (c->log10_fmr[i] > 0)
            return bad(r, "log10_fmr", "must be at most 0", err);
        if (c->similarity[i] < 0 || c->similarity[i] > 1)
            return bad(r, "similarity", "must be 0 to 1", err);
    }
    return MN_OK;
}

static mn_code get_real(const reader *r, const json_t *from, const char *key, float *out, mn_error *err)
{
    const json_t *v = json_object_get(from, key);
    if (!v)
        return MN_OK;
    float value = (float)json_number_value(v);
    if (!json_is_number(v) || !isfinite(value))
        return bad(r, key, "must be a finite number", err);
    *out = value;
    return MN_OK;
}

static mn_code read_calibration(const reader *r, const json_t *from, mn_calibration *c, mn_error *err)
{
    mn_code code = get_numbers(r, from, "raw", &c->n, &c->raw, err);
    if (!code)
        code = get_numbers(r, from, "log10_fmr", &c->n, &c->log10_fmr, err);
    if (!code)
        code = get_numbers(r, from, "similarity", &c->n, &c->similarity, err);
    if (!code)
        code = check_order(r, c, err);
    if (!code)
        code = get_real(r, from, "cohort_mean", &c->cohort_mean, err);
    if (!code)
        code = get_real(r, from, "cohort_std", &c->cohort_std, err);
    if (!code && c->cohort_std < 0)
        code = bad(r, "cohort_std", "must not be negative", err);
    return code;
}

static mn_code read_normalisation(const reader *r, const json_t *from, mn_normalisation *n, mn_error *err)
{
    if (!json_is_object(from))
        return bad(r, "normalised", "must be an object", err);
    int64_t least = 0;
    mn_code code = get_int(r, from, "least", 3, LEAST_MAX, &least, err);
    if (!code)
        code = get_real(r, from, "share", &n->share, err);
    if (!code && !(n->share > 0 && n->share <= 1))
        code = bad(r, "share", "must be more than 0 and at most 1", err);
    if (!code)
        code = read_calibration(r, from, &n->calibration, err);
    n->least = (int)least;
    return code;
}

static mn_code read_scores(const reader *r, const json_t *from, mn_model_info *m, mn_error *err)
{
    if (!json_is_object(from))
        return bad(r, "calibration", "must be an object", err);
    const json_t *normalised = json_object_get(from, "normalised");
    mn_code code = read_calibration(r, from, &m->calibration, err);
    return code || !normalised ? code : read_normalisation(r, normalised, &m->normalisation, err);
}

/* What only networks that describe faces have. */
static mn_code read_descriptor(const reader *r, const json_t *from, mn_model_info *m, mn_error *err)
{
    const char *metric = NULL;
    int64_t dim = 0;
    mn_code code = get_int(r, from, "dim", 1, DIM_MAX, &dim, err);
    if (!code)
        code = get_text(r, from, "metric", true, &metric, err);
    if (code)
        return code;
    if (strcmp(metric, "cosine") != 0 && strcmp(metric, "l2") != 0)
        return bad(r, "metric", "must be cosine or l2", err);
    m->dim = (int)dim;
    m->metric = *metric == 'l' ? MN_METRIC_L2 : MN_METRIC_COSINE;
    const json_t *calibration = json_object_get(from, "calibration");
    return calibration ? read_scores(r, calibration, m, err) : MN_OK;
}

static mn_code read_model(reader *r, const json_t *from, mn_model_info *m, mn_error *err)
{
    if (!json_is_object(from))
        return mn_fail(err, MN_E_INVALID, "manifest: %s must be an object", r->where);
    mn_code code = read_texts(r, from, m, err);
    if (!code)
        code = check_texts(r, m, err);
    if (!code)
        code = get_int(r, from, "bytes", 1, MODEL_BYTES_MAX, &m->bytes, err);
    if (!code)
        code = get_flag(r, from, "optional", &m->optional, err);
    if (!code && strcmp(m->task, "descriptor") == 0)
        code = read_descriptor(r, from, m, err);
    return code;
}

/* What one model alone cannot show: no two of one name and precision, and made_from names an fp32 model that
 * is there. */
static mn_code check_relations(const mn_pack *pack, mn_error *err)
{
    for (size_t i = 0; i < pack->n; i++) {
        const mn_model_info *m = &pack->models[i];
        for (size_t j = 0; j < i; j++)
            if (strcmp(m->name, pack->models[j].name) == 0 &&
                strcmp(m->precision, pack->models[j].precision) == 0)
                return mn_fail(err, MN_E_INVALID, "manifest: %s (%s) is there twice", m->name, m->precision);
        if (m->made_from && !mn_pack_find(pack, NULL, m->made_from, "fp32"))
            return mn_fail(err, MN_E_INVALID,
                           "manifest: %s: \"made_from\" names %s, which is not an fp32 model here", m->name,
                           m->made_from);
    }
    return MN_OK;
}

static mn_code read_models(reader *r, const json_t *list, mn_pack *pack, mn_error *err)
{
    size_t n = json_array_size(list); /* 0 for what is no array */
    if (n < 1 || n > MN_PACK_MODELS_MAX)
        return bad(r, "models", "must be a list of 1 to 64 models", err);
    for (size_t i = 0; i < n; i++) {
        r->where = mn_arena_printf(r->arena, "models[%zu]", i);
        if (!r->where)
            return mn_fail(err, MN_E_MEMORY, "manifest: no memory");
        mn_code code = read_model(r, json_array_get(list, i), &pack->models[i], err);
        if (code)
            return code;
    }
    pack->n = n;
    return check_relations(pack, err);
}

static mn_code read_pack(const json_t *root, mn_pack *pack, mn_error *err)
{
    reader r = {pack->arena, "the pack"};
    int64_t version = 0;
    mn_code code = get_text(&r, root, "pack", true, &pack->name, err);
    if (code)
        return code;
    if (!all_of(pack->name, LOWER DIGITS "-") || strlen(pack->name) > 32)
        return bad(&r, "pack", "must be at most 32 small letters, digits and '-'", err);
    code = get_int(&r, root, "version", 1, 1000000, &version, err);
    pack->version = (int)version;
    return code ? code : read_models(&r, json_object_get(root, "models"), pack, err);
}

static mn_code load_json(const char *text, size_t n, json_t **out, mn_error *err)
{
    if (n > MANIFEST_MAX)
        return mn_fail(err, MN_E_LIMIT, "manifest: larger than %zu bytes", MANIFEST_MAX);
    json_error_t where;
    json_t *root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &where);
    /* jansson has no words for a lack of memory at the very beginning. */
    if (!root && (!*where.text || json_error_code(&where) == json_error_out_of_memory))
        return mn_fail(err, MN_E_MEMORY, "manifest: no memory");
    if (!root)
        return mn_fail(err, MN_E_INVALID, "manifest: line %d: %s", where.line, where.text);
    *out = root;
    return MN_OK;
}

mn_code mn_pack_parse(const char *json, size_t n, const char *dir, mn_pack **out, mn_error *err)
{
    json_t *root = NULL;
    mn_pack *pack = NULL;
    mn_code code = load_json(json, n, &root, err);
    if (code)
        return code;
    pack = mn_calloc(1, sizeof *pack);
    if (pack)
        pack->arena = mn_arena_create(ARENA_MAX);
    if (pack && pack->arena)
        pack->dir = mn_arena_strdup(pack->arena, dir);
    code = pack && pack->dir ? read_pack(root, pack, err) : mn_fail(err, MN_E_MEMORY, "manifest: no memory");
    json_decref(root);
    if (code) {
        mn_pack_close(pack);
        return code;
    }
    *out = pack;
    return MN_OK;
}

void mn_pack_close(mn_pack *pack)
{
    if (!pack)
        return;
    mn_arena_destroy(pack->arena);
    mn_free(pack);
}
