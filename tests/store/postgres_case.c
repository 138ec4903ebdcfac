#include "postgres_case.h"

#include <stdlib.h>
#include <string.h>

int postgres_timeout_ms;

mn_code open_as(const char *schema, mn_store_how how, int version, mn_store **out, mn_error *err)
{
    const mn_store_where where = {.url = postgres_url(schema), .timeout_ms = postgres_timeout_ms};
    return mn_store_open_as(&where, how, version, out, err);
}

int postgres_setup(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    postgres_start();
    f->schema = postgres_new_schema();
    f->a = mn_arena_create(16 << 20);
    assert_non_null(f->a);
    assert_ok(open_as(f->schema, MN_STORE_MIGRATE, 0, &f->s, err));
    *state = f;
    return 0;
}

int postgres_teardown(void **state)
{
    fixture *f = *state;
    postgres_thaw();
    postgres_start();
    f->s->ops->close(f->s);
    mn_arena_destroy(f->a);
    free(f);
    return 0;
}

const char *get(fixture *f, const char *key)
{
    const char *value = NULL;
    assert_ok(f->s->ops->meta_get(f->s, key, f->a, &value, err));
    return value ? value : "";
}

void put(fixture *f, const char *key, const char *value)
{
    assert_ok(f->s->ops->meta_put(f->s, key, value, err));
}

void assert_says(const mn_error *e, const char *part)
{
    if (!strstr(e->text, part))
        fail_msg("\"%s\" does not say \"%s\"", e->text, part);
    if (strstr(e->text, POSTGRES_PASSWORD) || strstr(e->text, "hunter2"))
        fail_msg("\"%s\" tells the password", e->text);
}
