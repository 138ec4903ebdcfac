/* Looking through faces, and originals, in SQLite. */
#include "store/sqlite_layer.h"

#define OPS mn_sqlite_face_ops
#include "store/faces.inc"
