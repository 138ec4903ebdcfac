/* A request line and parameters from anywhere: "METHOD PATH\nname=text\n…" (">name=text": a header). An
 * address that is found has the arguments that its operation names, and parameters are taken whole or refused
 * with words. */
#include "app/api.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST 64

static size_t split(const char *at, const char *end, char names[MOST][64], mn_param_raw *raw)
{
    size_t n = 0;
    while (at < end && n < MOST) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop ? stop : end;
        mn_param_raw r = {.in = at < stop && *at == '>' ? MN_IN_HEADER : MN_IN_QUERY};
        at += r.in == MN_IN_HEADER;
        const char *equals = memchr(at, '=', (size_t)(stop - at));
        if (equals && equals - at < 64 && !memchr(at, '\0', (size_t)(equals - at))) {
            memcpy(names[n], at, (size_t)(equals - at));
            names[n][equals - at] = '\0';
            r.name = names[n];
            r.text = equals + 1;
            r.n = (size_t)(stop - equals - 1);
            raw[n++] = r;
        }
        at = stop + 1;
    }
    return n;
}

static void read_params(const mn_route_match *m, mn_param_raw *raw, size_t n)
{
    mn_arena *arena = mn_arena_create(4 << 20);
    mn_param_value values[32] = {0};
    mn_fault found[4];
    mn_faults faults = {.v = found, .max = 4};
    mn_error err = {0};
    if (!arena || m->route->n_params > 32)
        abort();
    for (size_t i = 0; i < m->n_args; i++)
        raw[n++] = (mn_param_raw){MN_IN_PATH, m->route->params[i].name, m->args[i].text, m->args[i].n};
    mn_code code =
        mn_params_read(m->route->params, m->route->n_params, raw, n, NULL, arena, values, &faults, &err);
    if ((code == MN_OK) != (faults.n == 0))
        abort();
    for (size_t i = 0; code == MN_OK && i < m->route->n_params; i++)
        if (m->route->params[i].required && (values[i].n == 0 || !values[i].given))
            abort();
    mn_arena_destroy(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *end = text + size;
    const char *line = memchr(text, '\n', size);
    const char *space = memchr(text, ' ', line ? (size_t)(line - text) : size);
    char word[8] = "";
    mn_method method;
    if (!space || space - text >= (long)sizeof word)
        return 0;
    memcpy(word, text, (size_t)(space - text));
    if (!mn_method_parse(word, &method))
        return 0;
    mn_route_match m = {0};
    mn_error err = {0};
    line = line ? line : end;
    if (mn_route_find(&mn_api_root, method, space + 1, (size_t)(line - space - 1), &m, &err) != MN_OK)
        return 0;
    static char names[MOST][64];
    mn_param_raw raw[MOST + MN_ROUTE_DEPTH];
    read_params(&m, raw, split(line < end ? line + 1 : end, end, names, raw));
    return 0;
}
