#include "cli/out.h"
#include "cli/say.h"
#include "gallery/calibration.h"
#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

static FILE *standard;
static int standard_fault; /* errno of the first write that failed, else 0 */

static ssize_t write_standard(void *cookie, const char *bytes, size_t n)
{
    size_t done = 0;
    (void)cookie;
    while (done < n) {
        ssize_t r = write(STDOUT_FILENO, bytes + done, n - done);
        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0) {
            standard_fault = standard_fault ? standard_fault : errno;
            return 0; /* an error, as fopencookie has it */
        }
        done += (size_t)r;
    }
    return (ssize_t)n;
}

static int close_standard(void *cookie)
{
    (void)cookie;
    return close(STDOUT_FILENO); /* a network's disk may say only now that it is full */
}

FILE *mn_out_open_standard(void)
{
    standard =
        fopencookie(NULL, "w", (cookie_io_functions_t){.write = write_standard, .close = close_standard});
    if (standard && isatty(STDOUT_FILENO))
        setvbuf(standard, NULL, _IOLBF, BUFSIZ);
    return standard;
}

bool mn_out_close(FILE *out, const char *name)
{
    mn_error err = {0};
    bool wrong = ferror(out) != 0;
    errno = 0;
    if (fflush(out) != 0)
        wrong = true;
    int why = errno;
    if (fclose(out) != 0 && !wrong)
        wrong = true, why = errno;
    if (out == standard && standard_fault)
        why = standard_fault;
    if (!wrong)
        return true;
    mn_fail_errno(&err, why ? why : EIO, "%s: cannot write the result", name);
    mn_say_error(NULL, &err);
    return false;
}

const char *mn_text_count(uint64_t n, char out[MN_RATE_TEXT])
{
    char digits[24];
    size_t len = (size_t)snprintf(digits, sizeof digits, "%llu", (unsigned long long)n), at = 0;
    for (size_t i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            out[at++] = ' ';
        out[at++] = digits[i];
    }
    out[at] = 0;
    return out;
}

const char *mn_text_rate(double rate, char out[MN_RATE_TEXT])
{
    char count[MN_RATE_TEXT];
    if (!(rate > 0)) {
        snprintf(out, MN_RATE_TEXT, "0");
    } else if (rate >= 0.01) {
        snprintf(out, MN_RATE_TEXT, "%.3g %%", 100 * rate);
    } else {
        /* Two significant digits: the third of a rate like this is noise. */
        double one_in = 1 / rate, unit = pow(10, floor(log10(one_in)) - 1);
        double shown = round(one_in / unit) * unit;
        snprintf(out, MN_RATE_TEXT, "1 in %s",
                 mn_text_count(shown < 1e15 ? (uint64_t)(shown + 0.5) : UINT64_C(1000000000000000), count));
    }
    return out;
}

const char *mn_text_measured_rate(double rate, const mn_calibration *c, size_t people, char out[MN_RATE_TEXT])
{
    char text[MN_RATE_TEXT];
    double least = c->n ? mn_fmr_1n(pow(10, (double)c->log10_fmr[c->n - 1]), (double)people) : 0;
    bool floor = rate <= least * (1 + 1e-6);
    snprintf(out, MN_RATE_TEXT, "%s%.*s", floor ? "at most " : "", MN_RATE_TEXT - 9,
             mn_text_rate(rate, text));
    return out;
}

void mn_text_pad(FILE *out, const char *text, int width)
{
    int n = 0;
    for (const char *c = text; *c; c++)
        n += ((unsigned char)*c & 0xc0) != 0x80; /* bytes that begin a UTF-8 character */
    fprintf(out, "%s%*s", text, n < width ? width - n : 0, "");
}

void mn_text_faces_head(FILE *out, const mn_picture *p)
{
    float scale = mn_image_scale(p->image);
    fprintf(out, "%s  %d×%d  ", p->label, (int)(scale * (float)mn_image_width(p->image)),
            (int)(scale * (float)mn_image_height(p->image)));
    if (!p->n_faces)
        fprintf(out, "no face\n");
    else
        fprintf(out, "%zu face%s\n", p->n_faces, p->n_faces == 1 ? "" : "s");
}

void mn_text_face(FILE *out, size_t number, const mn_face *f)
{
    char place[64];
    snprintf(place, sizeof place, "%.0f×%.0f at %.0f,%.0f", (double)f->box.width, (double)f->box.height,
             (double)f->box.x, (double)f->box.y);
    fprintf(out, "%4zu  ", number);
    mn_text_pad(out, place, 24);
    fprintf(out, "score %.2f", (double)f->score);
    if (f->quality.made)
        fprintf(out, "  quality %.2f", (double)f->quality.overall);
    if (f->pose.made)
        fprintf(out, "  yaw %+4.0f°  pitch %+4.0f°  roll %+4.0f°", (double)f->pose.yaw, (double)f->pose.pitch,
                (double)f->pose.roll);
    if (f->expression.made)
        fprintf(out, "  eyes open %.2f %.2f  mouth open %.2f", (double)f->expression.left_open,
                (double)f->expression.right_open, (double)f->expression.mouth_open);
    if (f->liveness.made)
        fprintf(out, "  live %.2f", (double)f->liveness.score);
    if (f->age.made)
        fprintf(out, "  age %.0f", (double)f->age.years);
    fputc('\n', out);
}

mn_code mn_out_document(FILE *out, mn_code (*write)(mn_buf *text, mn_error *err), mn_error *err)
{
    mn_buf text;
    mn_buf_init(&text, (size_t)1 << 20);
    mn_code code = write(&text, err);
    if (code == MN_OK)
        fwrite(text.data, 1, text.len, out);
    mn_buf_finish(&text);
    return code;
}
