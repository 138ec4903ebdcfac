/* A user in an answer. */
#ifndef MN_APP_USER_JSON_H
#define MN_APP_USER_JSON_H

#include "app/call.h"
#include "core/users.h"

/* once: their one-time password; "" or NULL: none was made. */
json_t *mn_user_json(const mn_user *u, const char *once);

#endif
