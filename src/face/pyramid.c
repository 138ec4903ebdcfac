#include "face/pyramid.h"
#include <math.h>

mn_pyramid mn_pyramid_of(const mn_image *image)
{
    return (mn_pyramid){.level = {image}};
}

void mn_pyramid_finish(mn_pyramid *p)
{
    for (int i = 1; i < MN_PYRAMID_LEVELS; i++)
        mn_image_unref(p->level[i]);
    *p = (mn_pyramid){0};
}

static int halved(int size, int times)
{
    return size >> times > 0 ? size >> times : 1;
}

int mn_pyramid_width(const mn_pyramid *p, int level)
{
    return halved(mn_image_width(p->level[0]), level);
}

int mn_pyramid_height(const mn_pyramid *p, int level)
{
    return halved(mn_image_height(p->level[0]), level);
}

mn_code mn_pyramid_get(mn_pyramid *p, int level, const mn_image **out, mn_error *err)
{
    for (int i = 1; i <= level; i++) {
        mn_image *made = NULL;
        if (p->level[i])
            continue;
        mn_code code =
            mn_image_resize(p->level[i - 1], mn_pyramid_width(p, i), mn_pyramid_height(p, i), &made, err);
        if (code != MN_OK)
            return code;
        p->level[i] = made;
    }
    *out = p->level[level];
    return MN_OK;
}

/* Resizing keeps the corners of the picture in place, so centres move by half a pixel of each scale. */
mn_affine mn_pyramid_to_picture(const mn_pyramid *p, int level)
{
    float rx = (float)mn_image_width(p->level[0]) / (float)mn_pyramid_width(p, level);
    float ry = (float)mn_image_height(p->level[0]) / (float)mn_pyramid_height(p, level);
    return (mn_affine){.a = rx, .c = (rx - 1) / 2, .e = ry, .f = (ry - 1) / 2};
}

int mn_pyramid_level_for(const mn_pyramid *p, float shrink)
{
    int level = 0;
    while (level + 1 < MN_PYRAMID_LEVELS && shrink >= (float)(2 << level) && mn_pyramid_width(p, level) > 1 &&
           mn_pyramid_height(p, level) > 1)
        level++;
    return level;
}

mn_affine mn_affine_chain(const mn_affine *first, const mn_affine *second)
{
    const mn_affine *m = second, *n = first;
    return (mn_affine){
        .a = m->a * n->a + m->b * n->d,
        .b = m->a * n->b + m->b * n->e,
        .c = m->a * n->c + m->b * n->f + m->c,
        .d = m->d * n->a + m->e * n->d,
        .e = m->d * n->b + m->e * n->e,
        .f = m->d * n->c + m->e * n->f + m->f,
    };
}

mn_code mn_pyramid_warp(mn_pyramid *p, const mn_affine *m, int width, int height, mn_image **out,
                        mn_error *err)
{
    const mn_image *from;
    float shrink = sqrtf(fabsf(m->a * m->e - m->b * m->d));
    int level = mn_pyramid_level_for(p, shrink);
    mn_code code = mn_pyramid_get(p, level, &from, err);
    if (code != MN_OK)
        return code;
    mn_affine up = mn_pyramid_to_picture(p, level);
    mn_affine down = {.a = 1 / up.a, .c = -up.c / up.a, .e = 1 / up.e, .f = -up.f / up.e};
    mn_affine to_level = mn_affine_chain(m, &down);
    return mn_image_warp(from, &to_level, width, height, out, err);
}
