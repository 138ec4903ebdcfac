#include "base/settings_internal.h"
#include <string.h>

#define SAMPLE_WIDTH 100

/* "face" of "face.max". */
static size_t group_length(const char *name)
{
    return strcspn(name, ".");
}

static bool starts_group(mn_setting which)
{
    if (which == 0)
        return true;
    const char *name = mn_setting_describe(which)->name, *before = mn_setting_describe(which - 1)->name;
    size_t n = group_length(name);
    return n != group_length(before) || memcmp(name, before, n) != 0;
}

/* The text as comment lines, broken at blanks. */
static mn_code write_comment(mn_buf *out, const char *text, mn_error *err)
{
    while (*text) {
        size_t n = strlen(text);
        if (n > SAMPLE_WIDTH) {
            n = SAMPLE_WIDTH;
            while (n && text[n] != ' ')
                n--;
            n = n ? n : SAMPLE_WIDTH;
        }
        mn_code code = mn_buf_printf(out, err, "# %.*s\n", (int)n, text);
        if (code)
            return code;
        text += n + (text[n] == ' ');
    }
    return MN_OK;
}

static mn_code write_sample_setting(mn_buf *out, mn_setting which, mn_error *err)
{
    const mn_setting_info *info = mn_setting_describe(which);
    char allowed[MN_SETTING_ALLOWED];
    mn_setting_allowed(which, allowed);
    const char *quote = *info->def ? "" : "\"";
    mn_code code = mn_buf_printf(out, err, "\n");
    if (!code)
        code = write_comment(out, info->text, err);
    if (!code)
        code =
            mn_buf_printf(out, err, "# (%s)\n#%s = %s%s%s\n", allowed, info->name, quote, info->def, quote);
    return code;
}

mn_code mn_settings_write_sample(mn_buf *out, mn_error *err)
{
    size_t before = out->len;
    mn_code code =
        mn_buf_printf(out, err,
                      "# Settings of mien. Lines with a # say what is the default; take the # away and\n"
                      "# change the value. The environment and the command line override this file.\n");
    for (unsigned i = 0; i < MN_S_COUNT && !code; i++)
        code = write_sample_setting(out, (mn_setting)i, err);
    if (code)
        mn_buf_cut(out, before);
    return code;
}

static mn_code write_row(mn_buf *out, mn_setting which, mn_error *err)
{
    const mn_setting_info *info = mn_setting_describe(which);
    char allowed[MN_SETTING_ALLOWED], variable[MN_SETTING_ENVIRONMENT_NAME];
    mn_setting_allowed(which, allowed);
    mn_setting_environment_name(which, variable);
    for (char *bar = strchr(allowed, '|'); bar; bar = strchr(bar, '|'))
        *bar = '/'; /* a bar would end the table's cell */
    const char *code_mark = *info->def ? "`" : "";
    return mn_buf_printf(out, err, "| `%s`<br>`%s` | %s%s%s | %s | %s | %s |\n", info->name, variable,
                         code_mark, *info->def ? info->def : "empty", code_mark, allowed,
                         info->live ? "yes" : "no", info->text);
}

static const char page_head[] =
    "# Settings\n"
    "\n"
    "<!-- Made from src/base/settings.def by `mien settings markdown`: change it there. -->\n"
    "\n"
    "Where a setting is given more than once, the first of these counts:\n"
    "\n"
    "1. the command line: `--set face.min_size=40`, or the option of its own that some settings have;\n"
    "2. the environment: `MIEN_FACE_MIN_SIZE=40`; an empty variable counts as not set;\n"
    "3. the file: `/etc/mien.conf`, or the one given with `--config`;\n"
    "4. what is kept with the records: set by `mien settings change` or through `/v1/settings`;\n"
    "5. the default below.\n"
    "\n"
    "Only what says *yes* under *while running* may be kept with the records. It changes in running servers "
    "too:\n"
    "there within two seconds, in the file when they read it again (`SIGHUP`). Commands go by what is kept "
    "as well,\n"
    "but for those about the store itself: `store check|migrate|copy`, `backup`, `restore`, `keys`.\n"
    "\n"
    "The file has lines of `name = value`. A `#` at the start of a line or after a blank begins a comment. A "
    "value may\n"
    "stand in double quotes (then `\\\"` and `\\\\` are a quote and a backslash). An unknown name or a value "
    "that is not\n"
    "allowed stops mien with a message that names the line. `mien settings sample` prints a file to start "
    "from,\n"
    "`mien settings` what is in force and where it comes from.\n";

mn_code mn_settings_write_markdown(mn_buf *out, mn_error *err)
{
    size_t before = out->len;
    mn_code code = mn_buf_append(out, page_head, sizeof page_head - 1, err);
    for (unsigned i = 0; i < MN_S_COUNT && !code; i++) {
        const char *name = mn_setting_describe((mn_setting)i)->name;
        if (starts_group((mn_setting)i))
            code = mn_buf_printf(out, err,
                                 "\n## %.*s\n\n| setting | default | allowed | while running | meaning |\n"
                                 "|---|---|---|---|---|\n",
                                 (int)group_length(name), name);
        if (!code)
            code = write_row(out, (mn_setting)i, err);
    }
    if (code)
        mn_buf_cut(out, before);
    return code;
}
