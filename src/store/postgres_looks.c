/* Looking through faces, and originals, in PostgreSQL. */
#include "store/postgres_layer.h"

#include <string.h>

#define OPS mn_pg_face_ops
#include "store/faces.inc"
