/* The operations on PostgreSQL: those that are written once for both back ends, see access.inc, and the table
 * of all. */
#include "store/audit.h"
#include "store/postgres_layer.h"

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

#define OPS  mn_pg_ops
#define NAME "postgresql"
#include "store/operations.inc"
