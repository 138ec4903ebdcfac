/* Looking through the audit log in SQLite. */
#include "store/sqlite_layer.h"

#define AUDIT_FIND mn_sqlite_audit_find
#include "store/audit.inc"
