/* The operations on SQLite: those that are written once for both back ends, see access.inc, and the table of
 * all. */
#include "store/audit.h"
#include "store/sqlite_layer.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "store/records.inc"

#include "store/access.inc"
#include "store/dossiers.inc"
#include "store/erasure.inc"
#include "store/faces.inc"
#include "store/log.inc"
#include "store/people.inc"

#define OPS  mn_sqlite_ops
#define NAME "sqlite"
#include "store/operations.inc"
