/* Looking through people, members and consents, and kept answers, in PostgreSQL. */
#include "store/postgres_layer.h"

#include <stdlib.h>
#include <string.h>

#define OPS mn_pg_people_ops
#include "store/people.inc"
