/* Looking through people, members and consents, and kept answers, in SQLite. */
#include "store/sqlite_layer.h"

#include <stdlib.h>
#include <string.h>

#define OPS mn_sqlite_people_ops
#include "store/people.inc"
