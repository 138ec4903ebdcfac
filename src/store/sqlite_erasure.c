/* Erasures that are due, in SQLite. */
#include "store/sqlite_layer.h"

#define OPS mn_sqlite_erasure
#include "store/erasure.inc"
