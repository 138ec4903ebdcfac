/* Looking through the audit log in PostgreSQL. */
#include "store/postgres_layer.h"

#include <string.h>

#define AUDIT_FIND mn_pg_audit_find
#include "store/audit.inc"
