#include "core/once.h"

#include "core/internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define CONTEXT_MAX 256
#define LINE_MAX_N  ((size_t)1 << 20) /* method, path and query */

static mn_once row_of(const mn_actor *who, const mn_once_request *r)
{
    return (mn_once){.account = who->account, .caller = r->caller, .key = r->key, .person = r->person};
}

/* Under the deployment's key: a body could be guessed from a plain hash. */
static mn_code hash_request(const mn_core *c, const mn_once_request *r, uint8_t out[32], mn_error *err)
{
    mn_buf line;
    uint8_t body[32];
    mn_buf_init(&line, LINE_MAX_N);
    mn_key_hash(c->deployment, r->body ? (const void *)r->body : "", r->n_body, body);
    mn_code code = mn_buf_printf(&line, err, "%s %s?%s\n", r->method, r->path, r->query ? r->query : "");
    if (code == MN_OK)
        code = mn_buf_append(&line, body, sizeof body, err);
    if (code == MN_OK)
        mn_key_hash(c->deployment, line.data, line.len, out);
    mn_buf_finish(&line);
    return code;
}

static size_t context_of(const mn_once *o, char text[CONTEXT_MAX])
{
    char account[MN_ID_TEXT], caller[MN_ID_TEXT];
    mn_id_format(&o->account, account);
    mn_id_format(&o->caller, caller);
    return (size_t)snprintf(text, CONTEXT_MAX, "once %s %s %.128s", account, caller, o->key);
}

/* ---- the first answer again ---- */

static const char *copy_text(const json_t *object, const char *name, mn_arena *arena)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? mn_arena_strdup(arena, text) : NULL;
}

static mn_code open_answer(const mn_core *c, const mn_once *o, mn_arena *arena, mn_once_answer *out,
                           mn_error *err)
{
    char context[CONTEXT_MAX];
    mn_buf plain;
    mn_buf_init(&plain, o->answer_len + 1);
    mn_code code =
        mn_unseal(c->deployment, context, context_of(o, context), o->answer, o->answer_len, &plain, err);
    json_t *answer = code == MN_OK ? json_loadb((const char *)plain.data, plain.len, 0, NULL) : NULL;
    mn_buf_finish(&plain);
    if (code == MN_OK && !json_is_object(answer))
        code = mn_fail(err, MN_E_CORRUPT, "a kept answer cannot be read");
    if (code == MN_OK) {
        *out = (mn_once_answer){
            .status = (int)json_integer_value(json_object_get(answer, "status")),
            .location = copy_text(answer, "location", arena),
            .etag = copy_text(answer, "etag", arena),
            .body = copy_text(answer, "body", arena),
        };
        if (!out->body)
            code = mn_fail(err, MN_E_MEMORY, "no memory for a kept answer");
    }
    json_decref(answer);
    return code;
}

/* The key was there. *again stays false where its time is over: then it is taken anew. */
static mn_code answer_again(mn_core *c, const mn_actor *who, const mn_once_request *r, const uint8_t hash[32],
                            mn_arena *arena, bool *again, mn_once_answer *out, mn_error *err)
{
    mn_once found;
    mn_code code =
        c->store->ops->people->once_get(c->store, &who->account, &r->caller, r->key, arena, &found, err);
    if (code == MN_E_NOT_FOUND)
        return MN_OK; /* gone in between */
    if (code != MN_OK)
        return code;
    if (found.until <= mn_time_now())
        return c->store->ops->people->once_drop(c->store, &found, err);
    if (sodium_memcmp(found.hash, hash, sizeof found.hash) != 0)
        return mn_fail(err, MN_E_CONFLICT,
                       "the Idempotency-Key was used for another request: give each request one of its own");
    if (!found.answer)
        return mn_fail(
            err, MN_E_CONFLICT,
            "the request with this Idempotency-Key is being worked on, or was cut off: wait, then look "
            "whether it was done; if not, send it with another key");
    *again = true;
    code = open_answer(c, &found, arena, out, err);
    out->person = found.person;
    return code;
}

mn_code mn_core_once_told(mn_core *c, const mn_actor *who, const mn_once_answer *answer, mn_error *err)
{
    return mn_id_is_nil(&answer->person)
               ? MN_OK
               : mn_core_note_look(c, who, "answer.again", &answer->person, "{}", err);
}

mn_code mn_core_once_begin(mn_core *c, const mn_actor *who, const mn_once_request *r, mn_arena *arena,
                           bool *again, mn_once_answer *out, mn_error *err)
{
    mn_once o = row_of(who, r);
    *again = false;
    mn_code code = hash_request(c, r, o.hash, err);
    o.until = mn_time_now() + r->keep;
    for (int tries = 0; code == MN_OK && tries < 2; tries++) {
        mn_error own = {0};
        code = c->store->ops->people->once_take(c->store, &o, &own);
        if (code != MN_E_EXISTS) {
            if (code != MN_OK && err)
                *err = own;
            return code;
        }
        code = answer_again(c, who, r, o.hash, arena, again, out, err);
        if (*again)
            return code;
    }
    return code == MN_OK ? mn_fail(err, MN_E_BUSY, "others use this Idempotency-Key just now: try again")
                         : code;
}

/* ---- keeping it ---- */

static mn_code seal_answer(const mn_core *c, const mn_once *o, const mn_once_answer *answer, mn_buf *sealed,
                           mn_error *err)
{
    char context[CONTEXT_MAX];
    json_t *all = json_pack("{s:i, s:s*, s:s*, s:s}", "status", answer->status, "location", answer->location,
                            "etag", answer->etag, "body", answer->body);
    char *text = all ? json_dumps(all, JSON_COMPACT) : NULL;
    mn_code code =
        text ? mn_seal(c->deployment, context, context_of(o, context), text, strlen(text), sealed, err)
             : mn_fail(err, MN_E_MEMORY, "no memory to keep an answer");
    free(text);
    json_decref(all);
    return code;
}

mn_code mn_core_once_done(mn_core *c, const mn_actor *who, const mn_once_request *r,
                          const mn_once_answer *answer, size_t max, mn_error *err)
{
    mn_buf sealed;
    mn_once o = row_of(who, r);
    if (!mn_id_is_nil(&answer->person))
        o.person = answer->person;
    if (strlen(answer->body) > max)
        return MN_OK;
    mn_buf_init(&sealed, 8 * max + 4096); /* JSON in JSON: quotes take more */
    mn_code code = seal_answer(c, &o, answer, &sealed, err);
    o.answer = sealed.data;
    o.answer_len = sealed.len;
    if (code == MN_OK)
        code = c->store->ops->people->once_keep(c->store, &o, err);
    mn_buf_finish(&sealed);
    return code;
}

void mn_core_once_failed(mn_core *c, const mn_actor *who, const mn_once_request *r, mn_code why)
{
    const mn_once o = row_of(who, r);
    /* Of these nobody can say whether the work was done. */
    if (why == MN_E_IO || why == MN_E_TIMEOUT || why == MN_E_INTERNAL || why == MN_E_CORRUPT)
        return;
    c->store->ops->people->once_drop(c->store, &o, NULL); /* else its time runs out */
}

mn_code mn_core_once_forget(mn_core *c, const mn_actor *who, const mn_once_request *r, mn_error *err)
{
    const mn_once o = row_of(who, r);
    return c->store->ops->people->once_drop(c->store, &o, err);
}

mn_code mn_core_once_expire(mn_core *c, mn_error *err)
{
    return c->store->ops->people->once_expire(c->store, mn_time_now(), err);
}
