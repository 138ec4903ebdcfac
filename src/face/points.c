/* The 68 points of the usual annotation scheme (iBUG 300-W) among the 468 of the mesh: jaw 17, brows 10, nose
 * 9, eyes 12, mouth 20. The mesh's jaw points lie on the skin's edge as the scheme's do only in frontal
 * pictures. */
#include "face/face.h"

void mn_face_points68(const mn_face *face, mn_point out[68])
{
    static const short index[68] = {
        162, 234, 93,  58,  172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389, /* jaw */
        71,  63,  105, 66,  107, 336, 296, 334, 293, 301,                                    /* brows */
        168, 197, 5,   4,   75,  97,  2,   326, 305,                                         /* nose */
        33,  160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,                          /* eyes */
        61,  39,  37,  0,   267, 269, 291, 405, 314, 17,  84,  181,                          /* outer lips */
        78,  82,  13,  312, 308, 317, 14,  87,                                               /* inner lips */
    };
    for (int i = 0; i < 68; i++)
        out[i] = (mn_point){face->mesh[index[i]].x, face->mesh[index[i]].y};
}
