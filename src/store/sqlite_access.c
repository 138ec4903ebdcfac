/* Accounts, users, roles, tokens and sessions in SQLite. */
#include "store/sqlite_layer.h"

#define OPS mn_sqlite_access
#include "store/access.inc"
