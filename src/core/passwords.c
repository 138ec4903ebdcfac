/* Passwords: what is allowed, and Argon2id. Its memory is what makes guessing dear, so it is also what
 * bounds how many are worked on at once. */
#include "core/signin_state.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <strings.h>

#define AT_WORK   2
#define WAITING   16
#define WAIT_S    10
#define ONCE_PART 5

/* Words that lists of broken passwords begin with; digits and signs at the end make them no better. */
static const char *const common[] = {
    "password", "passwort",   "passw0rd", "qwerty",        "qwertz",   "qwertyuiop", "asdfghjkl", "letmein",
    "welcome",  "willkommen", "admin",    "administrator", "iloveyou", "monkey",     "dragon",    "football",
    "baseball", "sunshine",   "princess", "trustno",       "changeme", "default",    "secret",    "master",
    "superman", "starwars",   "hello",    "login",         "mien",     "test",       "guest",     "root",
};

/* "abcdef", "121212", "aaaa": every character follows from the ones before. */
static bool is_pattern(const char *p, size_t n)
{
    for (size_t period = 1; period <= 4 && period * 2 <= n; period++) {
        bool repeats = true;
        for (size_t i = period; i < n && repeats; i++)
            repeats = p[i] == p[i - period];
        if (repeats)
            return true;
    }
    bool run = n > 2;
    int step = n > 1 ? p[1] - p[0] : 0;
    for (size_t i = 2; i < n && run; i++)
        run = p[i] - p[i - 1] == step || (p[i - 1] == '9' && p[i] == '0');
    return run && step >= -1 && step <= 1;
}

static bool is_common(const char *password)
{
    size_t n = strlen(password);
    while (
        n > 0 &&
        !(((unsigned char)password[n - 1] | 0x20) >= 'a' && ((unsigned char)password[n - 1] | 0x20) <= 'z') &&
        (unsigned char)password[n - 1] < 0x80)
        n--;
    if (n == 0)
        return is_pattern(password, strlen(password));
    for (size_t i = 0; i < sizeof common / sizeof *common; i++)
        if (strlen(common[i]) == n && strncasecmp(password, common[i], n) == 0)
            return true;
    return is_pattern(password, strlen(password));
}

/* A name of three letters is in many words; from four on it is the name. */
static bool has_name(const char *password, const char *name)
{
    return name && strlen(name) >= 4 && strcasestr(password, name) != NULL;
}

mn_code mn_core_password_check(mn_core *c, const char *password, const char *login, const char *name,
                               mn_error *err)
{
    size_t least = mn_signin_policy_of(c).password_min, n = password ? strlen(password) : 0;
    if (!password || n < least)
        return mn_fail(err, MN_E_INVALID, "the password is too short: it needs %zu characters", least);
    if (n > MN_PASSWORD_MAX)
        return mn_fail(err, MN_E_INVALID, "the password is longer than %d bytes", MN_PASSWORD_MAX);
    mn_code code = mn_core_check_text("the password", password, err);
    if (code != MN_OK)
        return code;
    if (is_common(password))
        return mn_fail(err, MN_E_INVALID,
                       "the password is one of those that are tried first: take several words instead");
    if (has_name(password, login) || has_name(password, name))
        return mn_fail(err, MN_E_INVALID, "the password has the user's name in it: take another one");
    return MN_OK;
}

/* ---- work ---- */

static mn_code enter(mn_signin *s, mn_error *err)
{
    struct timespec until;
    mn_code code = MN_OK;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAIT_S;
    pthread_mutex_lock(&s->work_lock);
    if (s->at_work >= AT_WORK && s->waiting >= WAITING)
        code = MN_E_BUSY;
    s->waiting++;
    while (code == MN_OK && s->at_work >= AT_WORK)
        if (pthread_cond_timedwait(&s->work_done, &s->work_lock, &until) == ETIMEDOUT)
            code = MN_E_BUSY;
    s->waiting--;
    s->at_work += code == MN_OK;
    pthread_mutex_unlock(&s->work_lock);
    return code == MN_OK ? code
                         : mn_fail(err, code, "too many people sign in at once: try again in a moment");
}

static void leave(mn_signin *s)
{
    pthread_mutex_lock(&s->work_lock);
    s->at_work--;
    pthread_cond_signal(&s->work_done);
    pthread_mutex_unlock(&s->work_lock);
}

static mn_code hash(const mn_signin_policy *p, const char *password, char out[MN_PASSWORD_HASH],
                    mn_error *err)
{
    char made[crypto_pwhash_STRBYTES];
    if (crypto_pwhash_str_alg(made, password, strlen(password), p->passes, p->memory,
                              crypto_pwhash_ALG_ARGON2ID13) != 0)
        return mn_fail(err, MN_E_MEMORY, "no memory to hash a password: lower login.memory_kib");
    memcpy(out, made, sizeof made);
    return MN_OK;
}

mn_code mn_password_hash(mn_core *c, const char *password, char out[MN_PASSWORD_HASH], mn_error *err)
{
    const mn_signin_policy p = mn_signin_policy_of(c);
    mn_code code = enter(c->signin, err);
    if (code != MN_OK)
        return code;
    code = hash(&p, password, out, err);
    leave(c->signin);
    return code;
}

/* What those are compared with who do not exist. Made by the first who needs it; who comes at the same time
 * makes one too, and uses it once. */
static mn_code hash_of_nobody(mn_signin *s, const mn_signin_policy *p, char out[MN_PASSWORD_HASH],
                              mn_error *err)
{
    char random[MN_ONCE_TEXT];
    pthread_mutex_lock(&s->work_lock);
    memcpy(out, s->nobody, sizeof s->nobody);
    pthread_mutex_unlock(&s->work_lock);
    if (out[0])
        return MN_OK;
    mn_password_once(random);
    mn_code code = hash(p, random, out, err);
    if (code != MN_OK)
        return code;
    pthread_mutex_lock(&s->work_lock);
    memcpy(s->nobody, out, sizeof s->nobody);
    pthread_mutex_unlock(&s->work_lock);
    return MN_OK;
}

mn_code mn_password_verify(mn_core *c, const char *stored, const char *password, bool *fits, bool *stale,
                           mn_error *err)
{
    char nobody[MN_PASSWORD_HASH];
    mn_signin *s = c->signin;
    const mn_signin_policy p = mn_signin_policy_of(c);
    mn_code code = enter(s, err);
    if (code != MN_OK)
        return code;
    *fits = *stale = false;
    if (!stored)
        code = hash_of_nobody(s, &p, nobody, err);
    if (code == MN_OK) {
        bool same = crypto_pwhash_str_verify(stored ? stored : nobody, password, strlen(password)) == 0;
        *fits = same && stored;
        *stale = *fits && crypto_pwhash_str_needs_rehash(stored, p.passes, p.memory) != 0;
    }
    leave(s);
    return code;
}

/* Four groups of five characters, 100 random bits; none that are taken for one another. */
void mn_password_once(char out[MN_ONCE_TEXT])
{
    static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
    uint8_t bytes[4 * ONCE_PART];
    size_t at = 0;
    randombytes_buf(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++) {
        if (i > 0 && i % ONCE_PART == 0)
            out[at++] = '-';
        out[at++] = letters[bytes[i] % 32];
    }
    out[at] = 0;
    sodium_memzero(bytes, sizeof bytes);
}
