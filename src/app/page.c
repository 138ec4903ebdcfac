/* Pages of rows, as JSON or as a table. */
#include "app/internal.h"

#include <string.h>

#define CSV_MAX ((size_t)64 << 20)

/* The value that "a.b" names. */
static const json_t *look_up(const json_t *row, const char *column)
{
    char name[64];
    for (;;) {
        size_t n = strcspn(column, ".");
        snprintf(name, sizeof name, "%.*s", (int)n, column);
        row = json_object_get(row, name);
        if (!column[n])
            return row;
        column += n + 1;
    }
}

/* Spreadsheets run cells that begin like a formula: these get an apostrophe. */
static mn_code put_cell_text(mn_buf *out, const char *text, mn_error *err)
{
    mn_code code = mn_buf_append(out, "\"", 1, err);
    if (code == MN_OK && strchr("=+-@\t\r", text[0]) && text[0])
        code = mn_buf_append(out, "'", 1, err);
    while (code == MN_OK && *text) {
        size_t n = strcspn(text, "\"");
        code = mn_buf_append(out, text, n, err);
        if (code == MN_OK && text[n])
            code = mn_buf_append(out, "\"\"", 2, err);
        text += n + (text[n] ? 1 : 0);
    }
    return code == MN_OK ? mn_buf_append(out, "\"", 1, err) : code;
}

static mn_code put_cell(mn_buf *out, const json_t *v, mn_error *err)
{
    if (!v || json_is_null(v))
        return MN_OK;
    if (json_is_string(v))
        return put_cell_text(out, json_string_value(v), err);
    char *text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);
    if (!text)
        return mn_fail(err, MN_E_MEMORY, "no memory for a table");
    mn_code code = json_is_object(v) || json_is_array(v) ? put_cell_text(out, text, err)
                                                         : mn_buf_append(out, text, strlen(text), err);
    free(text);
    return code;
}

static mn_code put_row(mn_buf *out, const json_t *row, const char *const *columns, mn_error *err)
{
    mn_code code = MN_OK;
    for (size_t i = 0; code == MN_OK && columns[i]; i++) {
        if (i > 0)
            code = mn_buf_append(out, ",", 1, err);
        if (code == MN_OK)
            code = row ? put_cell(out, look_up(row, columns[i]), err) : put_cell_text(out, columns[i], err);
    }
    return code == MN_OK ? mn_buf_append(out, "\r\n", 2, err) : code;
}

static mn_code answer_table(mn_api_call *call, const json_t *rows, const char *cursor,
                            const char *const *columns, mn_error *err)
{
    mn_buf out;
    mn_buf_init(&out, CSV_MAX);
    mn_code code = put_row(&out, NULL, columns, err);
    for (size_t i = 0; code == MN_OK && i < json_array_size(rows); i++)
        code = put_row(&out, json_array_get(rows, i), columns, err);
    if (code != MN_OK) {
        mn_buf_finish(&out);
        return code;
    }
    if (cursor)
        mn_http_header_add(call->answer, "X-Next-Cursor", cursor);
    mn_http_body_buf(call->answer, "text/csv; charset=utf-8", &out);
    return MN_OK;
}

mn_code mn_api_page(mn_api_call *call, const char *name, json_t *rows, const char *next,
                    const char *const *columns, mn_error *err)
{
    const char *cursor = NULL;
    mn_code code = rows ? MN_OK : mn_fail(err, MN_E_MEMORY, "no memory for a page");
    if (code == MN_OK && next)
        code = mn_app_cursor_make(call, next, &cursor, err);
    if (code == MN_OK && call->csv) {
        code = answer_table(call, rows, cursor, columns, err);
        json_decref(rows);
        return code;
    }
    if (code != MN_OK) {
        json_decref(rows);
        return code;
    }
    return mn_api_answer(call, 200, json_pack("{s:o, s:s?}", name, rows, "next", cursor), err);
}

mn_code mn_api_all(mn_api_call *call, const char *name, json_t *rows, const char *const *columns,
                   mn_error *err)
{
    if (!rows)
        return mn_fail(err, MN_E_MEMORY, "no memory for a list");
    if (!call->csv)
        return mn_api_answer(call, 200, json_pack("{s:o}", name, rows), err);
    mn_code code = answer_table(call, rows, NULL, columns, err);
    json_decref(rows);
    return code;
}

void mn_api_page_begin(mn_json_out *o, mn_buf *room, const char *name)
{
    mn_api_write(o, room);
    mn_json_begin(o, NULL, '{');
    mn_json_begin(o, name, '[');
}

/* Tables are asked for now and then: they are made of the text. */
static mn_code table_of_text(mn_api_call *call, const mn_buf *text, const char *cursor,
                             const char *const *columns, mn_error *err)
{
    json_t *page = json_loadb((const char *)text->data, text->len, 0, NULL);
    if (!page)
        return mn_fail(err, MN_E_MEMORY, "no memory for a table");
    const json_t *rows = json_object_iter_value(json_object_iter(page));
    mn_code code = answer_table(call, rows, cursor, columns, err);
    json_decref(page);
    return code;
}

mn_code mn_api_page_end(mn_api_call *call, mn_json_out *o, const char *next, const char *const *columns,
                        mn_error *err)
{
    const char *cursor = NULL;
    mn_code code = next ? mn_app_cursor_make(call, next, &cursor, err) : MN_OK;
    mn_json_end(o, ']');
    mn_json_put_text(o, "next", cursor);
    mn_json_end(o, '}');
    if (code == MN_OK && (o->code != MN_OK || !call->csv))
        return mn_api_written(call, 200, o, err);
    if (code == MN_OK)
        code = table_of_text(call, o->out, cursor, columns, err);
    mn_buf_finish(o->out);
    return code;
}
