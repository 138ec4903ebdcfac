#include "image/encode.h"
#include "base/alloc.h"
#include <limits.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <jpeglib.h>
#include <libavcodec/avcodec.h>
#include <libavutil/imgutils.h>
#include <webp/encode.h>

#define JPEG_PIECE 16384

typedef struct {
    struct jpeg_compress_struct cinfo;
    struct jpeg_error_mgr errors;
    struct jpeg_destination_mgr to;
    jmp_buf escape;
    mn_buf *out;
    mn_error *err;
    mn_code code;
} jpeg_job;

static _Noreturn void on_error(j_common_ptr cinfo)
{
    jpeg_job *job = cinfo->client_data;
    char text[JMSG_LENGTH_MAX];
    cinfo->err->format_message(cinfo, text);
    job->code = mn_fail(job->err, MN_E_INTERNAL, "encoding a JPEG failed: %s", text);
    longjmp(job->escape, 1);
}

static void on_message(j_common_ptr cinfo, int level)
{
    (void)cinfo;
    (void)level;
}

static void next_piece(j_compress_ptr cinfo)
{
    jpeg_job *job = cinfo->client_data;
    uint8_t *at;
    job->code = mn_buf_reserve(job->out, JPEG_PIECE, &at, job->err);
    if (job->code != MN_OK)
        longjmp(job->escape, 1);
    job->to.next_output_byte = at;
    job->to.free_in_buffer = JPEG_PIECE;
}

/* libjpeg calls this when the piece is full, whatever free_in_buffer says. */
static boolean piece_full(j_compress_ptr cinfo)
{
    jpeg_job *job = cinfo->client_data;
    mn_buf_commit(job->out, JPEG_PIECE);
    next_piece(cinfo);
    return TRUE;
}

static void last_piece(j_compress_ptr cinfo)
{
    jpeg_job *job = cinfo->client_data;
    mn_buf_commit(job->out, JPEG_PIECE - job->to.free_in_buffer);
}

static void write_jpeg(jpeg_job *job, const mn_image *image, int quality)
{
    struct jpeg_compress_struct *cinfo = &job->cinfo;
    bool grey = mn_image_channels(image) == 1;
    jpeg_create_compress(cinfo);
    job->to = (struct jpeg_destination_mgr){
        .init_destination = next_piece, .empty_output_buffer = piece_full, .term_destination = last_piece};
    cinfo->dest = &job->to;
    cinfo->image_width = (JDIMENSION)mn_image_width(image);
    cinfo->image_height = (JDIMENSION)mn_image_height(image);
    cinfo->input_components = grey ? 1 : 3;
    cinfo->in_color_space = grey ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(cinfo);
    jpeg_set_quality(cinfo, quality, TRUE);
    if (!grey && quality >= 90)
        cinfo->comp_info[0].h_samp_factor = cinfo->comp_info[0].v_samp_factor = 1; /* 4:4:4 */
    jpeg_start_compress(cinfo, TRUE);
    while (cinfo->next_scanline < cinfo->image_height) {
        JSAMPROW row = (JSAMPROW)(uintptr_t)mn_image_row(image, (int)cinfo->next_scanline);
        jpeg_write_scanlines(cinfo, &row, 1);
    }
    jpeg_finish_compress(cinfo);
}

static mn_code encode_jpeg(const mn_image *image, int quality, mn_buf *out, mn_error *err)
{
    jpeg_job job = {.out = out, .err = err, .code = MN_OK};
    job.cinfo.err = jpeg_std_error(&job.errors);
    job.errors.error_exit = on_error;
    job.errors.emit_message = on_message;
    job.cinfo.client_data = &job;
    if (setjmp(job.escape) == 0)
        write_jpeg(&job, image, quality);
    jpeg_destroy_compress(&job.cinfo);
    return job.code;
}

static mn_code encode_png(const mn_image *image, mn_buf *out, mn_error *err)
{
    mn_code code = MN_E_MEMORY;
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_PNG);
    if (!codec)
        return mn_fail(err, MN_E_UNSUPPORTED, "the installed FFmpeg cannot write PNG");
    AVCodecContext *context = avcodec_alloc_context3(codec);
    AVFrame *frame = av_frame_alloc();
    AVPacket *packet = av_packet_alloc();
    if (!context || !frame || !packet)
        goto done;
    frame->format = context->pix_fmt = mn_image_channels(image) == 1 ? AV_PIX_FMT_GRAY8 : AV_PIX_FMT_RGB24;
    frame->width = context->width = mn_image_width(image);
    frame->height = context->height = mn_image_height(image);
    frame->data[0] = (uint8_t *)(uintptr_t)mn_image_row(image, 0);
    frame->linesize[0] = (int)mn_image_stride(image);
    context->time_base = (AVRational){1, 1};
    context->thread_count = 1;
    if (avcodec_open2(context, codec, NULL) < 0 || avcodec_send_frame(context, frame) < 0 ||
        avcodec_send_frame(context, NULL) < 0 || avcodec_receive_packet(context, packet) < 0)
        goto done;
    code = mn_buf_append(out, packet->data, (size_t)packet->size, err);
done:
    av_packet_free(&packet);
    av_frame_free(&frame);
    avcodec_free_context(&context);
    return code == MN_E_MEMORY ? mn_fail(err, code, "no memory to write a PNG") : code;
}

/* WebP knows no grey. */
static mn_code spread_grey(const mn_image *grey, mn_image **out, mn_error *err)
{
    mn_code code = mn_image_create(mn_image_width(grey), mn_image_height(grey), 3, out, err);
    for (int y = 0; code == MN_OK && y < mn_image_height(grey); y++) {
        const uint8_t *from = mn_image_row(grey, y);
        uint8_t *to = mn_image_row_mut(*out, y);
        for (int x = 0; x < mn_image_width(grey); x++, to += 3)
            to[0] = to[1] = to[2] = from[x];
    }
    return code;
}

static mn_code encode_webp(const mn_image *image, int quality, mn_buf *out, mn_error *err)
{
    int width = mn_image_width(image), height = mn_image_height(image);
    if (width > WEBP_MAX_DIMENSION || height > WEBP_MAX_DIMENSION)
        return mn_fail(err, MN_E_LIMIT, "the picture is %d × %d pixels; WebP allows %d a side", width, height,
                       WEBP_MAX_DIMENSION);
    mn_image *spread = NULL;
    mn_code code = mn_image_channels(image) == 1 ? spread_grey(image, &spread, err) : MN_OK;
    if (code != MN_OK)
        return code;
    const mn_image *rgb = spread ? spread : image;
    uint8_t *bytes = NULL;
    size_t n =
        WebPEncodeRGB(mn_image_row(rgb, 0), width, height, (int)mn_image_stride(rgb), (float)quality, &bytes);
    mn_image_unref(spread);
    if (n == 0)
        return mn_fail(err, MN_E_MEMORY, "no memory to write a WebP");
    code = mn_buf_append(out, bytes, n, err);
    WebPFree(bytes);
    return code;
}

mn_code mn_image_encode(const mn_image *image, mn_image_format format, int quality, mn_buf *out,
                        mn_error *err)
{
    if (quality < 1 || quality > 100)
        return mn_fail(err, MN_E_INVALID, "the quality is %d; it must be 1 to 100", quality);
    size_t before = out->len;
    mn_code code;
    switch (format) {
    case MN_FORMAT_JPEG:
        code = encode_jpeg(image, quality, out, err);
        break;
    case MN_FORMAT_PNG:
        code = encode_png(image, out, err);
        break;
    case MN_FORMAT_WEBP:
        code = encode_webp(image, quality, out, err);
        break;
    default:
        return mn_fail(err, MN_E_UNSUPPORTED, "%s is not written here: JPEG, PNG and WebP are",
                       mn_image_format_name(format));
    }
    if (code != MN_OK && out->data) {
        out->len = before; /* the pieces that were written already */
        out->data[before] = 0;
    }
    return code;
}

mn_image_format mn_image_format_of_name(const char *path)
{
    static const struct {
        const char *ending;
        mn_image_format format;
    } endings[] = {
        {"jpg", MN_FORMAT_JPEG}, {"jpeg", MN_FORMAT_JPEG}, {"png", MN_FORMAT_PNG}, {"webp", MN_FORMAT_WEBP},
        {"bmp", MN_FORMAT_BMP},  {"ppm", MN_FORMAT_PNM},   {"pgm", MN_FORMAT_PNM}, {"pbm", MN_FORMAT_PNM},
        {"tif", MN_FORMAT_TIFF}, {"tiff", MN_FORMAT_TIFF}, {"jp2", MN_FORMAT_JP2}, {"j2k", MN_FORMAT_JP2},
    };
    const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
    if (!dot || (slash && dot < slash))
        return MN_FORMAT_UNKNOWN;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (strcasecmp(dot + 1, endings[i].ending) == 0)
            return endings[i].format;
    return MN_FORMAT_UNKNOWN;
}
