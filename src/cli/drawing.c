#include "cli/drawing.h"
#include "base/file.h"
#include "image/encode.h"
#include <stdio.h>
#include <string.h>

#define JPEG_QUALITY 92
#define DRAWN_MAX    ((size_t)1 << 30)

static bool writable(const char *path)
{
    mn_image_format f = mn_image_format_of_name(path);
    return f == MN_FORMAT_JPEG || f == MN_FORMAT_PNG || f == MN_FORMAT_WEBP;
}

mn_code mn_drawing_path(const char *draw, bool several, const char *input, char *out, size_t size,
                        mn_error *err)
{
    int n;
    if (!several) {
        if (!writable(draw))
            return mn_fail(err, MN_E_INVALID, "%s: drawings are written as .jpg, .png or .webp", draw);
        n = snprintf(out, size, "%s", draw);
    } else {
        while (strncmp(input, "../", 3) == 0 || strncmp(input, "./", 2) == 0 || *input == '/')
            input = strchr(input, '/') + 1;
        n = snprintf(out, size, "%s/%s%s", draw, strcmp(input, "-") == 0 ? "stdin" : input,
                     writable(input) ? "" : ".jpg");
        for (char *c = out + strlen(draw) + 1; n > 0 && (size_t)n < size && *c; c++)
            if (*c == '/')
                *c = '_';
    }
    return n > 0 && (size_t)n < size
               ? MN_OK
               : mn_fail(err, MN_E_LIMIT, "%s: the path of the drawing is too long", draw);
}

static mn_code draw_and_write(const char *path, const mn_picture *p, const mn_mark *marks, mn_error *err)
{
    mn_image *drawn;
    mn_buf bytes;
    mn_code code = mn_image_draw(p->image, marks, p->n_faces, &drawn, err);
    if (code != MN_OK)
        return code;
    mn_buf_init(&bytes, DRAWN_MAX);
    code = mn_image_encode(drawn, mn_image_format_of_name(path), JPEG_QUALITY, &bytes, err);
    if (code == MN_OK)
        code = mn_file_write(path, bytes.data, bytes.len, 0644, err);
    mn_buf_finish(&bytes);
    mn_image_unref(drawn);
    return code;
}

mn_code mn_drawing_save(const mn_cli *cli, bool several, const mn_picture *p, const char *const *labels,
                        const int *tones, mn_error *err)
{
    const char *draw = cli->args->value[MN_O_DRAW];
    char path[4096];
    if (!draw)
        return MN_OK;
    mn_code code = several ? mn_file_make_folders(draw, 0755, err) : MN_OK;
    if (code == MN_OK)
        code = mn_drawing_path(draw, several, p->input->path, path, sizeof path, err);
    if (code != MN_OK)
        return code;
    mn_mark *marks = mn_arena_calloc(p->arena, p->n_faces ? p->n_faces : 1, sizeof *marks);
    if (!marks)
        return mn_fail(err, MN_E_MEMORY, "no memory for the drawing");
    for (size_t i = 0; i < p->n_faces; i++)
        marks[i] = (mn_mark){.box = p->faces[i].box,
                             .points = p->faces[i].points,
                             .n_points = 5,
                             .label = labels ? labels[i] : NULL,
                             .tone = tones ? tones[i] : 0};
    return draw_and_write(path, p, marks, err);
}
