#include "cli/help.h"
#include <string.h>

#define WIDTH  96
#define INDENT 28

/* Words broken at WIDTH; lines after the first begin at `indent`. */
static void wrap(FILE *out, const char *text, int indent)
{
    int at = indent;
    while (*text) {
        int n = (int)strcspn(text, " ");
        if (at > indent && at + 1 + n > WIDTH) {
            fprintf(out, "\n%*s", indent, "");
            at = indent;
        } else if (at > indent) {
            fputc(' ', out);
            at++;
        }
        fprintf(out, "%.*s", n, text);
        at += n;
        text += n + (text[n] == ' ');
    }
    fputc('\n', out);
}

static void option_line(FILE *out, const mn_option_info *o)
{
    char left[64];
    char letter[8] = "    ";
    if (o->letter)
        snprintf(letter, sizeof letter, "-%c, ", o->letter);
    snprintf(left, sizeof left, "  %s--%s%s%s", letter, o->name, o->value ? " " : "",
             o->value ? o->value : "");
    fprintf(out, "%-*s", INDENT, left);
    if (strlen(left) >= INDENT)
        fprintf(out, "\n%*s", INDENT, "");
    wrap(out, o->text, INDENT);
}

static void option_lines(FILE *out, mn_option_set options)
{
    for (int i = 0; i < MN_O_COUNT; i++)
        if ((options >> i) & 1)
            option_line(out, mn_option_describe((mn_option)i));
}

static void example_lines(FILE *out, const char *examples)
{
    fprintf(out, "\nExamples:\n");
    for (const char *line = examples; *line;) {
        size_t n = strcspn(line, "\n");
        fprintf(out, "  %.*s\n", (int)n, line);
        line += n + (line[n] == '\n');
    }
}

static void exit_status(FILE *out, const mn_command *c)
{
    char text[512];
    snprintf(text, sizeof text, "Exit status: 0 done%s%s; 2 wrong usage; 3 failure.", c->no ? "; 1 " : "",
             c->no ? c->no : "");
    fputc('\n', out);
    wrap(out, text, 0);
}

void mn_help_command(FILE *out, const mn_command *c)
{
    fprintf(out, "%s\n\nUsage: mien %s [options]%s%s\n", c->text, c->name, *c->operands ? " " : "",
            c->operands);
    if (c->more) {
        fputc('\n', out);
        wrap(out, c->more, 0);
    }
    if (c->options & ~MN_O_SHARED) {
        fprintf(out, "\nOptions:\n");
        option_lines(out, c->options & ~MN_O_SHARED);
    }
    fprintf(out, "\nOptions of every command:\n");
    option_lines(out, MN_O_SHARED);
    example_lines(out, c->examples);
    exit_status(out, c);
}

static void command_line(FILE *out, const mn_command *c)
{
    char left[64];
    snprintf(left, sizeof left, "  %s %s", c->name, c->operands);
    fprintf(out, "%-*s%s\n", INDENT + 4, left, c->text);
}

void mn_help_overview(FILE *out)
{
    fprintf(out, "mien finds faces, compares them, and knows the people who agreed to be known.\n\nUsage: "
                 "mien COMMAND [options] ...\n\n");
    for (size_t i = 0; i < mn_command_count(); i++)
        command_line(out, mn_command_at(i));
    fprintf(out, "\nFILE may be a picture (JPEG, PNG, WebP, BMP, PPM/PGM, TIFF, JPEG 2000), a folder, or - "
                 "for standard input.\n"
                 "mien COMMAND --help shows a command's options and examples. Every command takes --json.\n");
}

bool mn_help_group(FILE *out, const char *word)
{
    size_t n = strlen(word), found = 0;
    for (size_t i = 0; i < mn_command_count(); i++) {
        const mn_command *c = mn_command_at(i);
        if (strncmp(c->name, word, n) != 0 || c->name[n] != ' ')
            continue;
        command_line(out, c);
        found++;
    }
    return found > 0;
}
