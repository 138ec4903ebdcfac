/* Marks for people to look at, with cairo.
 *
 * The tones are from the palette of Okabe and Ito, which stays apart for the usual kinds of colour blindness;
 * "no" is dashed as well, so that nothing hangs on colour alone. Every line has a dark edge, to be seen on
 * any ground. */
#include "image/draw.h"
#include "image/image_internal.h"
#include <cairo.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#define LABEL_MAX 120 /* bytes; longer ones end in "…" */

typedef struct {
    double r, g, b;
    bool dark_text, dashed;
} tone;

static const tone tones[] = {
    {1.00, 1.00, 1.00, true, false}, /* neutral: white */
    {0.00, 0.62, 0.90, true, false}, /* yes: sky blue */
    {0.90, 0.45, 0.00, true, true},  /* no: orange */
};

typedef struct {
    cairo_t *cairo;
    double width, height, line, font;
} sheet;

static void to_cairo(const mn_image *image, cairo_surface_t *surface)
{
    uint8_t *pixels = cairo_image_surface_get_data(surface);
    int stride = cairo_image_surface_get_stride(surface), channels = mn_image_channels(image);
    for (int y = 0; y < mn_image_height(image); y++) {
        const uint8_t *from = mn_image_row(image, y);
        uint32_t *to = (uint32_t *)(void *)(pixels + (size_t)y * (size_t)stride);
        for (int x = 0; x < mn_image_width(image); x++, from += channels)
            to[x] = (uint32_t)from[0] << 16 | (uint32_t)from[channels / 2] << 8 | from[channels - 1];
    }
    cairo_surface_mark_dirty(surface);
}

static void from_cairo(cairo_surface_t *surface, mn_image *image)
{
    cairo_surface_flush(surface);
    const uint8_t *pixels = cairo_image_surface_get_data(surface);
    int stride = cairo_image_surface_get_stride(surface);
    for (int y = 0; y < mn_image_height(image); y++) {
        const uint32_t *from = (const uint32_t *)(const void *)(pixels + (size_t)y * (size_t)stride);
        uint8_t *to = mn_image_row_mut(image, y);
        for (int x = 0; x < mn_image_width(image); x++, to += 3) {
            to[0] = (uint8_t)(from[x] >> 16);
            to[1] = (uint8_t)(from[x] >> 8);
            to[2] = (uint8_t)from[x];
        }
    }
}

static void set_tone(const sheet *s, const tone *t, double opacity)
{
    cairo_set_source_rgba(s->cairo, t->r, t->g, t->b, opacity);
}

static void draw_box(const sheet *s, const mn_box *box, const tone *t)
{
    double dash[2] = {s->line * 4, s->line * 3};
    cairo_rectangle(s->cairo, (double)box->x, (double)box->y, (double)box->width, (double)box->height);
    cairo_set_source_rgba(s->cairo, 0, 0, 0, 0.55);
    cairo_set_line_width(s->cairo, s->line * 2);
    cairo_stroke_preserve(s->cairo);
    set_tone(s, t, 1);
    cairo_set_line_width(s->cairo, s->line);
    cairo_set_dash(s->cairo, dash, t->dashed ? 2 : 0, 0);
    cairo_stroke(s->cairo);
    cairo_set_dash(s->cairo, NULL, 0, 0);
}

/* A dot is at most a fiftieth of its face, so that the points of a small one stay apart. */
static void draw_points(const sheet *s, const mn_mark *mark, const tone *t)
{
    double radius = fmin(s->line * 1.2, fmax(0.8, (double)mark->box.width / 50));
    for (size_t i = 0; i < mark->n_points; i++) {
        double x = (double)mark->points[i].x + 0.5,
               y = (double)mark->points[i].y + 0.5; /* centre of the pixel */
        cairo_arc(s->cairo, x, y, radius * 1.6, 0, 2 * M_PI);
        cairo_set_source_rgba(s->cairo, 0, 0, 0, 0.55);
        cairo_fill(s->cairo);
        cairo_arc(s->cairo, x, y, radius, 0, 2 * M_PI);
        set_tone(s, t, 1);
        cairo_fill(s->cairo);
    }
}

/* The length of the UTF-8 character at text (RFC 3629), or 0 where there is none. */
static size_t character_length(const uint8_t *text)
{
    size_t n = text[0] < 0x80                      ? 1
               : text[0] >= 0xc2 && text[0] < 0xe0 ? 2
               : text[0] >= 0xe0 && text[0] < 0xf0 ? 3
               : text[0] >= 0xf0 && text[0] < 0xf5 ? 4
                                                   : 0;
    for (size_t i = 1; i < n; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    bool long_form = (text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xf0 && text[1] < 0x90);
    bool not_a_character = (text[0] == 0xed && text[1] >= 0xa0) || (text[0] == 0xf4 && text[1] >= 0x90);
    return long_form || not_a_character ? 0 : n;
}

/* A label that cairo takes: valid UTF-8 on one line. */
static void clean_label(const char *label, char out[LABEL_MAX + 4])
{
    const uint8_t *from = (const uint8_t *)label;
    size_t at = 0;
    while (*from) {
        size_t n = character_length(from);
        if (at + (n ? n : 1) > LABEL_MAX) {
            memcpy(out + at, "…", 3);
            at += 3;
            break;
        }
        if (n == 0 || (n == 1 && (*from < ' ' || *from == 0x7f))) {
            out[at++] = n ? ' ' : '?';
            from++;
            continue;
        }
        memcpy(out + at, from, n);
        at += n;
        from += n;
    }
    out[at] = '\0';
}

/* On a plate above the box; inside it where there is no room above; never outside the picture. */
static void draw_label(const sheet *s, const mn_mark *mark, const tone *t)
{
    char text[LABEL_MAX + 4];
    cairo_text_extents_t size;
    cairo_font_extents_t font;
    clean_label(mark->label, text);
    cairo_set_font_size(s->cairo, s->font);
    cairo_text_extents(s->cairo, text, &size);
    double room = s->width - s->font;
    if (size.x_advance > room && room > 0) {
        cairo_set_font_size(s->cairo, fmax(s->font * room / size.x_advance, 6));
        cairo_text_extents(s->cairo, text, &size);
    }
    cairo_font_extents(s->cairo, &font);
    double pad = s->font * 0.3, width = size.x_advance + 2 * pad, height = font.ascent + font.descent + pad;
    double x = fmax(0, fmin((double)mark->box.x - s->line / 2, s->width - width));
    double y = (double)mark->box.y - s->line - height;
    y = y < 0 ? fmax(0, fmin((double)mark->box.y + s->line, s->height - height))
              : fmin(y, s->height - height);
    cairo_rectangle(s->cairo, x, y, width, height);
    set_tone(s, t, 0.9);
    cairo_fill(s->cairo);
    cairo_set_source_rgb(s->cairo, t->dark_text ? 0 : 1, t->dark_text ? 0 : 1, t->dark_text ? 0 : 1);
    cairo_move_to(s->cairo, x + pad, y + pad / 2 + font.ascent);
    cairo_show_text(s->cairo, text);
}

static bool is_drawable(const mn_mark *mark)
{
    bool finite = isfinite(mark->box.x) && isfinite(mark->box.y) && isfinite(mark->box.width) &&
                  isfinite(mark->box.height);
    for (size_t i = 0; i < mark->n_points; i++)
        finite = finite && isfinite(mark->points[i].x) && isfinite(mark->points[i].y);
    return finite && mark->tone >= 0 && mark->tone < (int)(sizeof tones / sizeof *tones);
}

static void draw_marks(cairo_surface_t *surface, cairo_t *cairo, const mn_mark *marks, size_t n)
{
    sheet s = {.cairo = cairo,
               .width = cairo_image_surface_get_width(surface),
               .height = cairo_image_surface_get_height(surface)};
    double side = fmin(s.width, s.height);
    s.line = fmax(1.5, side / 300);
    s.font = fmax(11, side / 36);
    cairo_select_font_face(cairo, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_BOLD);
    for (size_t i = 0; i < n; i++) {
        draw_box(&s, &marks[i].box, &tones[marks[i].tone]);
        draw_points(&s, &marks[i], &tones[marks[i].tone]);
    }
    for (size_t i = 0; i < n; i++) /* over all boxes */
        if (marks[i].label && *marks[i].label)
            draw_label(&s, &marks[i], &tones[marks[i].tone]);
}

mn_code mn_image_draw(const mn_image *image, const mn_mark *marks, size_t n, mn_image **out, mn_error *err)
{
    for (size_t i = 0; i < n; i++)
        if (!is_drawable(&marks[i]))
            return mn_fail(err, MN_E_INVALID, "mark %zu cannot be drawn: not finite, or of an unknown tone",
                           i);
    mn_image *made = NULL;
    int width = mn_image_width(image), height = mn_image_height(image);
    mn_code code = mn_image_create(width, height, 3, &made, err);
    if (code != MN_OK)
        return code;
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    cairo_t *cairo =
        cairo_create(surface); /* after a failure, both are harmless to use and say so at the end */
    if (cairo_status(cairo) == CAIRO_STATUS_SUCCESS) {
        to_cairo(image, surface);
        draw_marks(surface, cairo, marks, n);
    }
    cairo_status_t status = cairo_status(cairo);
    if (status == CAIRO_STATUS_SUCCESS)
        from_cairo(surface, made);
    cairo_destroy(cairo);
    cairo_surface_destroy(surface);
    if (status != CAIRO_STATUS_SUCCESS) {
        mn_image_unref(made);
        return mn_fail(err, status == CAIRO_STATUS_NO_MEMORY ? MN_E_MEMORY : MN_E_LIMIT,
                       "drawing on a picture of %d × %d pixels failed: %s", width, height,
                       cairo_status_to_string(status));
    }
    mn_image_set_scale(made, mn_image_scale(image));
    *out = made;
    return MN_OK;
}
