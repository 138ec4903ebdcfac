/* JPEG by libjpeg-turbo.
 *
 * The library reports errors by a call that must not return, so every entry sets a jump target first; all
 * state that is looked at after a jump lives in the job, not in locals. */
#include "base/alloc.h"
#include "base/time.h"
#include "image/decode_internal.h"
#include "image/exif.h"
#include "image/header.h"
#include "image/image_internal.h"
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h> /* first: jerror.h lacks codes without its configuration */

#include <jerror.h>

/* Honest progressive files have about 10 scans; a bomb repeats scans of a few bytes, each of which costs a
 * full pass. */
#define SCANS_MAX 200

typedef struct {
    struct jpeg_decompress_struct cinfo;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    mn_deadline deadline;
    int64_t max_ms;
    mn_code code;
    mn_error *err;
    mn_image *image;
    uint8_t *cmyk; /* one row, where the file is CMYK */
} jpeg_job;

static jpeg_job *job_of(j_common_ptr cinfo)
{
    return cinfo->client_data;
}

static _Noreturn void escape(jpeg_job *job, mn_code code)
{
    job->code = code;
    longjmp(job->escape, 1);
}

static _Noreturn void fail_truncated(jpeg_job *job)
{
    escape(job,
           mn_fail(job->err, MN_E_DECODE, "the JPEG is truncated: the file ends before the picture does"));
}

static _Noreturn void on_error(j_common_ptr cinfo)
{
    jpeg_job *job = job_of(cinfo);
    char text[JMSG_LENGTH_MAX];
    cinfo->err->format_message(cinfo, text);
    switch (cinfo->err->msg_code) {
    case JERR_OUT_OF_MEMORY:
        escape(job, mn_fail(job->err, MN_E_MEMORY, "no memory to decode a JPEG"));
    case JERR_INPUT_EOF:
    case JERR_INPUT_EMPTY:
        fail_truncated(job);
    case JERR_BAD_PRECISION:
    case JERR_SOF_UNSUPPORTED:
    case JERR_CONVERSION_NOTIMPL:
        escape(job, mn_fail(job->err, MN_E_UNSUPPORTED, "this kind of JPEG is not read here: %s", text));
    default:
        escape(job, mn_fail(job->err, MN_E_DECODE, "the JPEG is damaged: %s", text));
    }
}

/* Warnings after which part of the picture is made up are errors here; the rest (stray bytes and the like) is
 * harmless. */
static void on_message(j_common_ptr cinfo, int level)
{
    if (level >= 0)
        return;
    switch (cinfo->err->msg_code) {
    case JWRN_JPEG_EOF:
        fail_truncated(job_of(cinfo));
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
        on_error(cinfo);
    default:
        break;
    }
}

static void on_output(j_common_ptr cinfo)
{
    (void)cinfo;
}

/* Called for every row of blocks while scans are collected, and for every row that is put out. */
static void on_progress(j_common_ptr cinfo)
{
    jpeg_job *job = job_of(cinfo);
    if (mn_deadline_passed(job->deadline))
        escape(job, mn_fail(job->err, MN_E_LIMIT, "decoding the JPEG takes longer than the limit of %lld ms",
                            (long long)job->max_ms));
    if (job->cinfo.input_scan_number > SCANS_MAX)
        escape(job, mn_fail(job->err, MN_E_LIMIT, "the JPEG has more than %d scans, the limit", SCANS_MAX));
}

static void start(jpeg_job *job, const mn_decode_limits *limits, mn_error *err)
{
    memset(job, 0, sizeof *job);
    job->err = err;
    job->max_ms = limits->max_ms;
    job->deadline = limits->max_ms > 0 ? mn_deadline_in_ms(limits->max_ms) : 0;
    job->cinfo.err = jpeg_std_error(&job->errors);
    job->errors.error_exit = on_error;
    job->errors.emit_message = on_message;
    job->errors.output_message = on_output;
    job->cinfo.client_data = job;
    job->progress.progress_monitor = on_progress;
}

static void finish(jpeg_job *job)
{
    jpeg_destroy_decompress(&job->cinfo);
    mn_free(job->cmyk);
}

static int orientation_of(const struct jpeg_decompress_struct *cinfo)
{
    for (jpeg_saved_marker_ptr m = cinfo->marker_list; m; m = m->next)
        if (m->data_length >= 6 && memcmp(m->data, "Exif\0\0", 6) == 0)
            return mn_exif_orientation(m->data, m->data_length);
    return 1;
}

static int scale_down_for(const mn_image_info *info, int wanted_side)
{
    int longer = info->width > info->height ? info->width : info->height, by = 8;
    while (by > 1 && (wanted_side <= 0 || longer / by < wanted_side))
        by /= 2;
    return by;
}

/* Fills info; jumps or returns a code. The caller has set the jump target. */
static mn_code read_header(jpeg_job *job, const uint8_t *bytes, size_t n, const mn_decode_limits *limits,
                           mn_image_info *info)
{
    struct jpeg_decompress_struct *cinfo = &job->cinfo;
    jpeg_create_decompress(cinfo);
    cinfo->progress = &job->progress;
    jpeg_mem_src(cinfo, bytes, (unsigned long)n);
    jpeg_save_markers(cinfo, JPEG_APP0 + 1, 0xffff);
    jpeg_read_header(cinfo, TRUE);
    if (cinfo->num_components != 1 && cinfo->num_components != 3 && cinfo->num_components != 4)
        return mn_fail(job->err, MN_E_UNSUPPORTED, "the JPEG has %d components; 1, 3 and 4 are read",
                       cinfo->num_components);
    *info = (mn_image_info){.format = MN_FORMAT_JPEG,
                            .width = (int)cinfo->image_width,
                            .height = (int)cinfo->image_height,
                            .orientation = orientation_of(cinfo)};
    /* Several scans: all coefficients, of two bytes, wait for the last one. */
    unsigned work = jpeg_has_multiple_scans(cinfo) ? 2 * (unsigned)cinfo->num_components : 0;
    info->memory = mn_decode_memory(info, work, (unsigned)scale_down_for(info, limits->wanted_side));
    return mn_header_check(info, limits, job->err);
}

/* Ink to light. Adobe's files hold inverted ink, which is nearly light already. */
static void cmyk_to_rgb(const uint8_t *cmyk, int width, bool inverted, uint8_t *rgb)
{
    for (int x = 0; x < width; x++, cmyk += 4, rgb += 3) {
        unsigned key = inverted ? cmyk[3] : 255u - cmyk[3];
        for (int c = 0; c < 3; c++)
            rgb[c] = (uint8_t)(((inverted ? cmyk[c] : 255u - cmyk[c]) * key + 127) / 255);
    }
}

static mn_code read_rows(jpeg_job *job)
{
    struct jpeg_decompress_struct *cinfo = &job->cinfo;
    int width = (int)cinfo->output_width;
    bool cmyk = cinfo->out_color_space == JCS_CMYK;
    if (cmyk && !(job->cmyk = mn_alloc((size_t)width * 4)))
        return mn_fail(job->err, MN_E_MEMORY, "no memory for a row of %d pixels", width);
    while (cinfo->output_scanline < cinfo->output_height) {
        uint8_t *row = mn_image_row_mut(job->image, (int)cinfo->output_scanline);
        JSAMPROW into = cmyk ? job->cmyk : row;
        jpeg_read_scanlines(cinfo, &into, 1);
        if (cmyk)
            cmyk_to_rgb(job->cmyk, width, cinfo->saw_Adobe_marker, row);
    }
    return MN_OK;
}

static mn_code decode(jpeg_job *job, const uint8_t *bytes, size_t n, const mn_decode_limits *limits,
                      mn_image_info *info)
{
    struct jpeg_decompress_struct *cinfo = &job->cinfo;
    mn_code code = read_header(job, bytes, n, limits, info);
    if (code != MN_OK)
        return code;
    int by = scale_down_for(info, limits->wanted_side);
    cinfo->scale_num = 1;
    cinfo->scale_denom = (unsigned)by;
    cinfo->out_color_space = cinfo->num_components == 4 ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(cinfo);
    code = mn_image_create((int)cinfo->output_width, (int)cinfo->output_height, 3, &job->image, job->err);
    if (code != MN_OK)
        return code;
    mn_image_set_scale(job->image, (float)by);
    return read_rows(job);
}

mn_code mn_jpeg_probe(const uint8_t *bytes, size_t n, const mn_decode_limits *limits, mn_image_info *info,
                      mn_error *err)
{
    jpeg_job job;
    start(&job, limits, err);
    if (setjmp(job.escape) == 0)
        job.code = read_header(&job, bytes, n, limits, info);
    finish(&job);
    return job.code;
}

mn_code mn_jpeg_decode(const uint8_t *bytes, size_t n, const mn_decode_limits *limits, mn_image_info *info,
                       mn_image **out, mn_error *err)
{
    jpeg_job job;
    start(&job, limits, err);
    if (setjmp(job.escape) == 0)
        job.code = decode(&job, bytes, n, limits, info);
    finish(&job);
    if (job.code == MN_OK)
        *out = job.image;
    else
        mn_image_unref(job.image);
    return job.code;
}
