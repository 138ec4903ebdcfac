/* Accounts, users, roles, tokens and sessions in PostgreSQL. */
#include "store/postgres_layer.h"

#include <string.h>

#define OPS mn_pg_access
#include "store/access.inc"
