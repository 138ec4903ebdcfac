/* Erasures that are due, in PostgreSQL. */
#include "store/postgres_layer.h"

#include <string.h>

#define OPS mn_pg_erasure
#include "store/erasure.inc"
