/* The other formats, by FFmpeg: one packet in, one frame out, then to RGB on white. */
#include "base/alloc.h"
#include "base/time.h"
#include "image/decode_internal.h"
#include "image/image_internal.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavutil/imgutils.h>
#include <libavutil/log.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

#define WORDS 128

typedef struct {
    const char *name; /* of the format, for messages */
    const mn_image_info *info;
    const mn_decode_limits *limits;
    mn_deadline deadline;
    mn_error *err;
    AVCodecContext *context;
    AVFrame *frame;
    char words[WORDS]; /* the first thing that the decoder complained about */
} av_job;

static int take_frame(AVCodecContext *context, AVFrame *frame, int flags)
{
    const av_job *job = context->opaque;
    if ((int64_t)frame->width * frame->height > job->limits->max_pixels)
        return AVERROR_INVALIDDATA; /* larger than its header said */
    return avcodec_default_get_buffer2(context, frame, flags);
}

/* FFmpeg's log is one for the process. What our decoders say becomes the error's text, the rest is dropped.
 */
static void keep_words(void *from, int level, const char *format, va_list args)
{
    if (!from || level > AV_LOG_ERROR || *(const AVClass **)from != avcodec_get_class())
        return;
    AVCodecContext *context = from;
    if (context->get_buffer2 != take_frame)
        return; /* somebody else's */
    av_job *job = context->opaque;
    if (job->words[0])
        return;
    vsnprintf(job->words, sizeof job->words, format, args);
    job->words[strcspn(job->words, "\n")] = '\0';
}

static void hush(void)
{
    av_log_set_callback(keep_words);
}

/* The closed list. No decoder is ever found by a name or a number that comes from outside. */
static const char *decoder_for(mn_image_format format, const uint8_t *bytes)
{
    switch (format) {
    case MN_FORMAT_PNG:
        return "png";
    case MN_FORMAT_WEBP:
        return "webp";
    case MN_FORMAT_BMP:
        return "bmp";
    case MN_FORMAT_PNM:
        return bytes[1] == '1' || bytes[1] == '4'   ? "pbm"
               : bytes[1] == '2' || bytes[1] == '5' ? "pgm"
                                                    : "ppm";
    case MN_FORMAT_TIFF:
        return "tiff";
    case MN_FORMAT_JP2:
        return "jpeg2000";
    case MN_FORMAT_JPEG:
    case MN_FORMAT_UNKNOWN:
        break;
    }
    return NULL;
}

static mn_code fail_av(av_job *job, int result)
{
    if (result == AVERROR(ENOMEM))
        return mn_fail(job->err, MN_E_MEMORY, "no memory to decode a %s", job->name);
    if (result == AVERROR_PATCHWELCOME)
        return mn_fail(job->err, MN_E_UNSUPPORTED, "this kind of %s is not read here: %s", job->name,
                       job->words[0] ? job->words : "it uses a feature that the decoder lacks");
    return mn_fail(job->err, MN_E_DECODE, "the %s is damaged or truncated: %s", job->name,
                   job->words[0] ? job->words : "its data do not make a picture");
}

static mn_code check_time(const av_job *job)
{
    if (!mn_deadline_passed(job->deadline))
        return MN_OK;
    return mn_fail(job->err, MN_E_LIMIT, "decoding the %s takes longer than the limit of %lld ms", job->name,
                   (long long)job->limits->max_ms);
}

static mn_code open_decoder(av_job *job, const char *decoder)
{
    const AVCodec *codec = avcodec_find_decoder_by_name(decoder);
    if (!codec)
        return mn_fail(job->err, MN_E_UNSUPPORTED, "the installed FFmpeg has no decoder for %s", job->name);
    job->context = avcodec_alloc_context3(codec);
    if (!job->context)
        return fail_av(job, AVERROR(ENOMEM));
    job->context->opaque = job;
    job->context->get_buffer2 = take_frame;
    job->context->thread_count = 1;
    job->context->max_pixels = job->limits->max_pixels;
    /* Of TIFF, "explode" would refuse every tag that the decoder has no use for, orientation among them; its
     * complaints are looked at after decoding instead. */
    if (job->info->format != MN_FORMAT_TIFF)
        job->context->err_recognition = AV_EF_CRCCHECK | AV_EF_BITSTREAM | AV_EF_BUFFER | AV_EF_EXPLODE;
    int result = avcodec_open2(job->context, codec, NULL);
    return result < 0 ? fail_av(job, result) : MN_OK;
}

static mn_code decode_frame(av_job *job, const uint8_t *bytes, size_t n)
{
    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = job->frame = av_frame_alloc();
    if (!packet || !frame || n > INT32_MAX - AV_INPUT_BUFFER_PADDING_SIZE) {
        av_packet_free(&packet);
        return fail_av(job, AVERROR(ENOMEM));
    }
    packet->data = (uint8_t *)(uintptr_t)bytes; /* without a buffer of its own, FFmpeg makes a padded copy */
    packet->size = (int)n;
    int result = avcodec_send_packet(job->context, packet);
    av_packet_free(&packet);
    if (result >= 0)
        result = avcodec_send_packet(job->context, NULL);
    if (result >= 0)
        result = avcodec_receive_frame(job->context, frame);
    if (result < 0)
        return fail_av(job, result);
    if (frame->width != job->info->width || frame->height != job->info->height)
        return mn_fail(job->err, MN_E_DECODE,
                       "the %s is damaged: it is %d × %d in its header and %d × %d inside", job->name,
                       job->info->width, job->info->height, frame->width, frame->height);
    bool complained = job->info->format == MN_FORMAT_TIFF && job->words[0];
    if (complained || frame->decode_error_flags || (frame->flags & AV_FRAME_FLAG_CORRUPT))
        return fail_av(job, AVERROR_INVALIDDATA);
    return check_time(job);
}

/* What of the packed pixels swscale gives is put on white. */
static void lay_over_white(const uint8_t *rgba, int width, uint8_t *rgb)
{
    for (int x = 0; x < width; x++, rgba += 4, rgb += 3) {
        unsigned alpha = rgba[3];
        for (int c = 0; c < 3; c++)
            rgb[c] = (uint8_t)((rgba[c] * alpha + 255u * (255u - alpha) + 127u) / 255u);
    }
}

/* Colours of the frame to 8 bits in the wanted packing. Rounds, and interpolates halved chroma. */
static mn_code convert(av_job *job, enum AVPixelFormat to, uint8_t *pixels, size_t stride)
{
    const AVFrame *frame = job->frame;
    if (!sws_isSupportedInput(frame->format))
        return mn_fail(job->err, MN_E_UNSUPPORTED,
                       "the pixels of this %s are of a kind that is not read here", job->name);
    struct SwsContext *sws = sws_getContext(
        frame->width, frame->height, frame->format, frame->width, frame->height, to,
        SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP, NULL, NULL, NULL);
    if (!sws)
        return fail_av(job, AVERROR(ENOMEM));
    int rows = sws_scale(sws, (const uint8_t *const *)frame->data, frame->linesize, 0, frame->height,
                         (uint8_t *const[4]){pixels}, (const int[4]){(int)stride});
    sws_freeContext(sws);
    return rows == frame->height ? check_time(job) : fail_av(job, AVERROR_INVALIDDATA);
}

static mn_code to_rgb(av_job *job, mn_image **out)
{
    int width = job->frame->width, height = job->frame->height;
    mn_image *image = NULL;
    mn_code code = mn_image_create(width, height, 3, &image, job->err);
    if (code == MN_OK)
        code = convert(job, AV_PIX_FMT_RGB24, mn_image_row_mut(image, 0), mn_image_stride(image));
    if (code != MN_OK) {
        mn_image_unref(image);
        return code;
    }
    *out = image;
    return MN_OK;
}

static mn_code over_white(av_job *job, mn_image **out)
{
    int width = job->frame->width, height = job->frame->height;
    size_t stride = ((size_t)width * 4 + 63) & ~(size_t)63;
    uint8_t *rgba = mn_alloc_aligned(stride * (size_t)height);
    if (!rgba)
        return mn_fail(job->err, MN_E_MEMORY, "no memory for a picture of %d × %d pixels", width, height);
    mn_image *image = NULL;
    mn_code code = convert(job, AV_PIX_FMT_RGBA, rgba, stride);
    if (code == MN_OK) {
        av_frame_unref(job->frame); /* before the next large piece */
        code = mn_image_create(width, height, 3, &image, job->err);
    }
    for (int y = 0; code == MN_OK && y < height; y++)
        lay_over_white(rgba + (size_t)y * stride, width, mn_image_row_mut(image, y));
    mn_free_aligned(rgba);
    if (code == MN_OK)
        *out = image;
    return code;
}

mn_code mn_av_decode(const uint8_t *bytes, size_t n, const mn_image_info *info,
                     const mn_decode_limits *limits, mn_image **out, mn_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, hush);
    av_job job = {.name = mn_image_format_name(info->format), .info = info, .limits = limits, .err = err};
    job.deadline = limits->max_ms > 0 ? mn_deadline_in_ms(limits->max_ms) : 0;
    mn_code code = open_decoder(&job, decoder_for(info->format, bytes));
    if (code == MN_OK)
        code = decode_frame(&job, bytes, n);
    avcodec_free_context(&job.context);
    if (code == MN_OK) {
        const AVPixFmtDescriptor *pixels = av_pix_fmt_desc_get(job.frame->format);
        bool alpha = pixels && (pixels->flags & (AV_PIX_FMT_FLAG_ALPHA | AV_PIX_FMT_FLAG_PAL)) != 0;
        code = alpha ? over_white(&job, out) : to_rgb(&job, out);
    }
    av_frame_free(&job.frame);
    return code;
}
