#include "cli/help.h"
#include <ctype.h>
#include <string.h>

/* ---- shared ---- */

/* Is this the first command that begins with its first word? So that "people" is offered once. */
static bool first_of_group(size_t i)
{
    const char *name = mn_command_at(i)->name;
    size_t n = strcspn(name, " ");
    for (size_t j = 0; j < i; j++)
        if (strncmp(mn_command_at(j)->name, name, n) == 0 && mn_command_at(j)->name[n] == ' ')
            return false;
    return true;
}

static void first_words(FILE *out)
{
    for (size_t i = 0; i < mn_command_count(); i++)
        if (first_of_group(i))
            fprintf(out, "%s%.*s", i ? " " : "", (int)strcspn(mn_command_at(i)->name, " "),
                    mn_command_at(i)->name);
}

/* "list show erase" for "people". */
static void second_words(FILE *out, const char *name)
{
    size_t n = strcspn(name, " ");
    const char *gap = "";
    for (size_t i = 0; i < mn_command_count(); i++) {
        const char *other = mn_command_at(i)->name;
        if (strncmp(other, name, n) == 0 && other[n] == ' ') {
            fprintf(out, "%s%s", gap, other + n + 1);
            gap = " ";
        }
    }
}

static void choices(FILE *out, const char *list)
{
    for (; *list; list++)
        fputc(*list == '|' ? ' ' : *list, out);
}

static bool is_choice(const char *completion)
{
    return strchr(completion, '|') != NULL;
}

/* Operands that are words and no files: "bash|zsh|fish", "[show|sample|markdown]". */
static bool word_operands(const mn_command *c, char *out, size_t size)
{
    size_t n = 0;
    if (!is_choice(c->operands))
        return false;
    for (const char *p = c->operands; *p && n + 1 < size; p++)
        if (*p != '[' && *p != ']')
            out[n++] = *p == '|' ? ' ' : *p;
    out[n] = 0;
    return true;
}

/* ---- bash ---- */

static void bash_options(FILE *out, const mn_command *c)
{
    fprintf(out, "    \"%s\") options=\"", c->name);
    for (int i = 0; i < MN_O_COUNT; i++)
        if (mn_command_takes(c, (mn_option)i))
            fprintf(out, "--%s ", mn_option_describe((mn_option)i)->name);
    fputs("\"", out);
    char words[128];
    if (word_operands(c, words, sizeof words))
        fprintf(out, " words=\"%s\"", words);
    fputs(" ;;\n", out);
}

static void bash_values(FILE *out)
{
    for (int i = 0; i < MN_O_COUNT; i++) {
        const mn_option_info *o = mn_option_describe((mn_option)i);
        if (!o->value)
            continue;
        fprintf(out, "    --%s", o->name);
        if (o->letter)
            fprintf(out, " | -%c", o->letter);
        fputs(") ", out);
        if (strcmp(o->completion, "file") == 0)
            fputs("compopt -o filenames; COMPREPLY=($(compgen -f -- \"$cur\"))", out);
        else if (strcmp(o->completion, "folder") == 0)
            fputs("compopt -o filenames; COMPREPLY=($(compgen -d -- \"$cur\"))", out);
        else if (is_choice(o->completion)) {
            fputs("COMPREPLY=($(compgen -W \"", out);
            choices(out, o->completion);
            fputs("\" -- \"$cur\"))", out);
        } else
            fputs("COMPREPLY=()", out);
        fputs("; return ;;\n", out);
    }
}

void mn_completion_bash(FILE *out)
{
    fputs("# bash completion for mien, made by: mien completion bash\n"
          "_mien() {\n"
          "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
          "    local first=${COMP_WORDS[1]-} second=${COMP_WORDS[2]-} options= words=\n"
          "    if [ \"$COMP_CWORD\" = 1 ]; then\n"
          "        COMPREPLY=($(compgen -W \"",
          out);
    first_words(out);
    fputs("\" -- \"$cur\"))\n        return\n    fi\n    case $prev in\n", out);
    bash_values(out);
    fputs("    esac\n    if [ \"$COMP_CWORD\" = 2 ]; then\n        case $first in\n", out);
    for (size_t i = 0; i < mn_command_count(); i++) {
        const char *name = mn_command_at(i)->name;
        if (!strchr(name, ' ') || !first_of_group(i))
            continue;
        fprintf(out, "        %.*s) COMPREPLY=($(compgen -W \"", (int)strcspn(name, " "), name);
        second_words(out, name);
        fputs("\" -- \"$cur\")); return ;;\n", out);
    }
    fputs("        help) COMPREPLY=($(compgen -W \"", out);
    first_words(out);
    fputs("\" -- \"$cur\")); return ;;\n        esac\n    fi\n", out);
    fputs("    case \"$first $second\" in\n    ", out);
    const char *gap = "";
    for (size_t i = 0; i < mn_command_count(); i++)
        if (strchr(mn_command_at(i)->name, ' ')) {
            fprintf(out, "%s\"%s\"", gap, mn_command_at(i)->name);
            gap = " | ";
        }
    fputs(") first=\"$first $second\" ;;\n    esac\n    case $first in\n", out);
    for (size_t i = 0; i < mn_command_count(); i++)
        bash_options(out, mn_command_at(i));
    fputs("    esac\n"
          "    case $cur in\n"
          "    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$cur\")) ;;\n"
          "    *) if [ -n \"$words\" ]; then\n"
          "           COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
          "       else\n"
          "           compopt -o filenames\n"
          "           COMPREPLY=($(compgen -f -- \"$cur\"))\n"
          "       fi ;;\n"
          "    esac\n"
          "}\n"
          "complete -F _mien mien\n",
          out);
}

/* ---- zsh ---- */

/* Brackets, colons and quotes mean something in an _arguments specification. */
static void zsh_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", out);
        else if (strchr("[]:\\", *text))
            fprintf(out, "\\%c", *text);
        else
            fputc(*text, out);
    }
}

static void zsh_option(FILE *out, const mn_option_info *o)
{
    fprintf(out, "        '%s--%s[", strcmp(o->name, "set") == 0 ? "*" : "", o->name);
    zsh_text(out, o->text);
    fputc(']', out);
    if (o->value) {
        fprintf(out, ":%s:", o->value);
        if (strcmp(o->completion, "file") == 0)
            fputs("_files", out);
        else if (strcmp(o->completion, "folder") == 0)
            fputs("_files -/", out);
        else if (is_choice(o->completion)) {
            fputc('(', out);
            choices(out, o->completion);
            fputc(')', out);
        }
    }
    fputs("' \\\n", out);
}

static void zsh_command(FILE *out, const mn_command *c)
{
    char words[128];
    fprintf(out, "    (%s)\n        _arguments \\\n", c->name);
    for (int i = 0; i < MN_O_COUNT; i++)
        if (mn_command_takes(c, (mn_option)i))
            zsh_option(out, mn_option_describe((mn_option)i));
    if (word_operands(c, words, sizeof words))
        fprintf(out, "        '1:word:(%s)' ;;\n", words);
    else
        fprintf(out, "        '*:%s:_files' ;;\n", *c->operands ? "file" : "");
}

void mn_completion_zsh(FILE *out)
{
    fputs("#compdef mien\n# zsh completion for mien, made by: mien completion zsh\n"
          "_mien() {\n    local -a commands\n    if (( CURRENT == 2 )); then\n        commands=(\n",
          out);
    for (size_t i = 0; i < mn_command_count(); i++) {
        const mn_command *c = mn_command_at(i);
        if (!first_of_group(i))
            continue;
        fprintf(out, "            '%.*s:", (int)strcspn(c->name, " "), c->name);
        if (strchr(c->name, ' '))
            second_words(out, c->name);
        else
            zsh_text(out, c->text);
        fputs("'\n", out);
    }
    fputs("        )\n        _describe command commands\n        return\n    fi\n    local name=$words[2]\n "
          "   case $name in\n",
          out);
    for (size_t i = 0; i < mn_command_count(); i++) {
        const char *name = mn_command_at(i)->name;
        if (!strchr(name, ' ') || !first_of_group(i))
            continue;
        fprintf(out, "    (%.*s)\n        if (( CURRENT == 3 )); then\n            compadd ",
                (int)strcspn(name, " "), name);
        second_words(out, name);
        fputs("\n            return\n        fi\n        name=\"$name $words[3]\"; shift words; (( CURRENT-- "
              ")) ;;\n",
              out);
    }
    fputs("    esac\n    shift words; (( CURRENT-- ))\n    case $name in\n", out);
    for (size_t i = 0; i < mn_command_count(); i++)
        zsh_command(out, mn_command_at(i));
    fputs("    esac\n}\n_mien \"$@\"\n", out);
}

/* ---- fish ---- */

static void fish_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            fputc('\\', out);
        fputc(*text, out);
    }
}

/* Condition under which a command's options are offered. */
static void fish_when(FILE *out, const char *name)
{
    size_t n = strcspn(name, " ");
    fprintf(out, "complete -c mien -n '__fish_seen_subcommand_from %.*s", (int)n, name);
    if (name[n])
        fprintf(out, "; and __fish_seen_subcommand_from %s", name + n + 1);
    fputs("'", out);
}

static void fish_option(FILE *out, const mn_option_info *o)
{
    fprintf(out, " -l %s", o->name);
    if (o->letter)
        fprintf(out, " -s %c", o->letter);
    if (o->value)
        fputs(strcmp(o->completion, "file") == 0 || strcmp(o->completion, "folder") == 0 ? " -r -F" : " -x",
              out);
    if (is_choice(o->completion)) {
        fputs(" -a '", out);
        choices(out, o->completion);
        fputc('\'', out);
    }
    fputs(" -d '", out);
    fish_text(out, o->text);
    fputs("'\n", out);
}

static void fish_command(FILE *out, size_t i)
{
    const mn_command *c = mn_command_at(i);
    const char *second = strchr(c->name, ' ');
    char words[128];
    if (first_of_group(i)) {
        fprintf(out, "complete -c mien -n __fish_use_subcommand -x -a %.*s -d '", (int)strcspn(c->name, " "),
                c->name);
        if (second)
            second_words(out, c->name);
        else
            fish_text(out, c->text);
        fputs("'\n", out);
    }
    if (second) {
        fprintf(out, "complete -c mien -n '__fish_seen_subcommand_from %.*s' -a %s -d '",
                (int)(second - c->name), c->name, second + 1);
        fish_text(out, c->text);
        fputs("'\n", out);
    }
    if (word_operands(c, words, sizeof words)) {
        fish_when(out, c->name);
        fprintf(out, " -x -a '%s'\n", words);
    }
    for (int o = 0; o < MN_O_COUNT; o++)
        if ((c->options >> o) & 1) {
            fish_when(out, c->name);
            fish_option(out, mn_option_describe((mn_option)o));
        }
}

void mn_completion_fish(FILE *out)
{
    fputs("# fish completion for mien, made by: mien completion fish\n", out);
    for (int o = 0; o < MN_O_COUNT; o++)
        if ((MN_O_SHARED >> o) & 1) {
            fputs("complete -c mien", out);
            fish_option(out, mn_option_describe((mn_option)o));
        }
    for (size_t i = 0; i < mn_command_count(); i++)
        fish_command(out, i);
}
