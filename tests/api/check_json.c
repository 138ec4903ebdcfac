/* For differential.py: reads lines "name<TAB>JSON" and says for each whether the JSON fits the schema of that
 * name, a component's or "operation media-type" of a body: "fits", or "where what" of the first fault. */
#include "app/api.h"
#include "app/api_schemas.h"
#include "net/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const mn_schema *find_schema(const char *name)
{
    for (size_t i = 0; i < mn_api_schemas_n; i++)
        if (strcmp(mn_api_schemas[i].tag, name) == 0)
            return mn_api_schemas[i].schema;
    const char *space = strchr(name, ' ');
    for (int op = 0; space && op < MN_OPS; op++) {
        const mn_route *r = mn_api_routes[op];
        const mn_media *media;
        if (strlen(r->name) == (size_t)(space - name) && memcmp(r->name, name, strlen(r->name)) == 0 &&
            mn_route_media(r, space + 1, &media, NULL) == MN_OK)
            return media->schema;
    }
    fprintf(stderr, "there is no schema %s\n", name);
    exit(2);
}

int main(void)
{
    /* Of any size: what is compared here is the schema's word, not the limits of reading. */
    const mn_json_limits limits = {.bytes = SIZE_MAX, .depth = 100, .values = SIZE_MAX};
    char *line = NULL;
    size_t room = 0;
    for (ssize_t n; (n = getline(&line, &room, stdin)) > 0;) {
        char *tab = memchr(line, '\t', (size_t)n);
        if (!tab)
            return 2;
        *tab = '\0';
        const mn_schema *schema = find_schema(line);
        /* One level around it, since texts and numbers alone are no documents. */
        mn_error err = {0};
        json_t *value = NULL;
        if (mn_json_read(tab + 1, (size_t)(line + n - tab - 1), &limits, &value, &err) != MN_OK) {
            printf("unreadable %s\n", err.text);
        } else {
            mn_fault found;
            mn_faults faults = {.v = &found, .max = 1};
            if (mn_schema_check(schema, json_array_get(value, 0), NULL, &faults, &err) == MN_OK)
                puts("fits");
            else
                printf("%s %s\n", found.where, found.what);
        }
        json_decref(value);
        fflush(stdout);
    }
    free(line);
    return 0;
}
