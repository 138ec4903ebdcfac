/* --draw: pictures with boxes, points and names on them. */
#ifndef MN_CLI_DRAWING_H
#define MN_CLI_DRAWING_H

#include "cli/crew.h"
#include "image/draw.h"

/* Where the drawing of this picture goes: the --draw value itself, or for several pictures a file in that
 * folder, named by the picture's path with / as _. JPEG where the name's ending is none that can be written.
 */
mn_code mn_drawing_path(const char *draw, bool several, const char *input, char *out, size_t size,
                        mn_error *err);

/* Does nothing without --draw. labels: n_faces texts, or NULL; tones likewise (see mn_mark). */
mn_code mn_drawing_save(const mn_cli *cli, bool several, const mn_picture *p, const char *const *labels,
                        const int *tones, mn_error *err);

#endif
