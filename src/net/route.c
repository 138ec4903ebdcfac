#include "net/route.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *const methods[MN_METHODS] = {"GET", "POST", "PUT", "PATCH", "DELETE"};

const char *mn_method_word(mn_method m)
{
    return methods[m];
}

bool mn_method_parse(const char *word, mn_method *m)
{
    if (strcmp(word, "HEAD") == 0)
        word = "GET";
    for (int i = 0; i < MN_METHODS; i++)
        if (strcmp(word, methods[i]) == 0) {
            *m = (mn_method)i;
            return true;
        }
    return false;
}

static const mn_route_node *child_of(const mn_route_node *node, const char *text, size_t n)
{
    if (node->n_children == 0)
        return NULL;
    const mn_route_node *last = &node->children[node->n_children - 1];
    bool has_param = !last->text;
    for (size_t low = 0, high = node->n_children - (has_param ? 1 : 0); low < high;) {
        size_t mid = (low + high) / 2;
        const mn_route_node *child = &node->children[mid];
        int order = child->n != n ? (child->n < n ? -1 : 1) : memcmp(child->text, text, n);
        if (order == 0)
            return child;
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return has_param && n > 0 ? last : NULL;
}

mn_code mn_route_find(const mn_route_node *root, mn_method method, const char *path, size_t n,
                      mn_route_match *out, mn_error *err)
{
    mn_route_match m = {0};
    const mn_route_node *node = root;
    size_t at = 0;
    for (unsigned depth = 0; node && at < n && path[at] == '/' && depth < MN_ROUTE_DEPTH; depth++) {
        const char *start = path + at + 1;
        const char *slash = memchr(start, '/', n - at - 1);
        size_t len = slash ? (size_t)(slash - start) : n - at - 1;
        node = child_of(node, start, len);
        if (node && !node->text) {
            m.args[m.n_args].text = start;
            m.args[m.n_args++].n = len;
        }
        at += 1 + len;
    }
    for (int i = 0; node && at == n && i < MN_METHODS; i++)
        m.allowed |= node->routes[i] ? 1U << i : 0;
    if (m.allowed == 0)
        return mn_fail(err, MN_E_NOT_FOUND, "there is no such address: see /docs");
    m.route = node->routes[method];
    *out = m;
    if (!m.route)
        return mn_fail(err, MN_E_METHOD, "this address has no %s", methods[method]);
    return MN_OK;
}

static bool type_fits(const char *have, const char *type, size_t n)
{
    size_t len = strlen(have);
    if (len > 2 && have[len - 1] == '*')
        return n > len - 1 && strncasecmp(have, type, len - 1) == 0;
    return n == len && strncasecmp(have, type, n) == 0;
}

mn_code mn_route_media(const mn_route *route, const char *content_type, const mn_media **out, mn_error *err)
{
    size_t n = content_type ? strcspn(content_type, "; \t") : 0;
    for (size_t i = 0; i < route->n_bodies; i++)
        if (type_fits(route->bodies[i].type, content_type ? content_type : "", n)) {
            *out = &route->bodies[i];
            return MN_OK;
        }
    char list[256] = "";
    size_t used = 0;
    for (size_t i = 0; i < route->n_bodies && used < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "",
                                 route->bodies[i].type);
    return mn_fail(err, MN_E_UNSUPPORTED, "Content-Type is %.*s%s: send %s", (int)(n < 100 ? n : 100),
                   n > 0 ? content_type : "", n > 0 ? "" : "missing", route->n_bodies > 0 ? list : "no body");
}
