/* The manual page in mdoc, from the tables. */
#include "cli/help.h"
#include <string.h>

#define LINE_MAX_CHARS 70

/* A dot or quote at a line's start and every backslash would be read as markup. */
static void roff(FILE *out, const char *text, size_t n, bool line_start)
{
    if (line_start && n && (*text == '.' || *text == '\''))
        fputs("\\&", out);
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '\\')
            fputs("\\e", out);
        else if (text[i] == '-')
            fputs("\\-", out);
        else
            fputc(text[i], out);
    }
}

static bool ends_sentence(const char *word, size_t n)
{
    bool abbreviation = n == 4 && strncmp(word, "e.g.", n) == 0;
    return n && (word[n - 1] == '.' || word[n - 1] == '?') && word[n] && !abbreviation;
}

/* Each sentence begins on a line of its own, and no line is longer than LINE_MAX_CHARS, as mdoc wants it. */
static void sentences(FILE *out, const char *text)
{
    size_t at = 0;
    while (*text) {
        size_t n = strcspn(text, " ");
        if (at && at + 1 + n > LINE_MAX_CHARS) {
            fputc('\n', out);
            at = 0;
        } else if (at) {
            fputc(' ', out);
            at++;
        }
        roff(out, text, n, at == 0);
        at = ends_sentence(text, n) ? 0 : at + n;
        if (!at && text[n])
            fputc('\n', out);
        text += n + (text[n] == ' ');
    }
    fputc('\n', out);
}

static void option_items(FILE *out, mn_option_set options)
{
    fputs(".Bl -tag -width Ds\n", out);
    for (int i = 0; i < MN_O_COUNT; i++) {
        if (!((options >> i) & 1))
            continue;
        const mn_option_info *o = mn_option_describe((mn_option)i);
        fputs(".It ", out);
        if (o->letter)
            fprintf(out, "Fl %c , ", o->letter);
        fprintf(out, "Fl Fl %s", o->name);
        if (o->value)
            fprintf(out, " Ar %s", o->value);
        fputc('\n', out);
        sentences(out, o->text);
    }
    fputs(".El\n", out);
}

static void example_items(FILE *out, const char *examples)
{
    fputs(".Bd -literal -offset indent -compact\n", out);
    for (const char *line = examples; *line;) {
        size_t n = strcspn(line, "\n");
        roff(out, line, n, true);
        fputc('\n', out);
        line += n + (line[n] == '\n');
    }
    fputs(".Ed\n", out);
}

static void command_section(FILE *out, const mn_command *c)
{
    fprintf(out, ".Ss mien %s\n", c->name);
    sentences(out, c->text);
    fprintf(out, ".Pp\n.Dl mien %s [options]%s%s\n", c->name, *c->operands ? " " : "", c->operands);
    if (c->more) {
        fputs(".Pp\n", out);
        sentences(out, c->more);
    }
    if (c->options & ~MN_O_SHARED)
        option_items(out, c->options & ~MN_O_SHARED);
    if (c->no) {
        char text[512];
        snprintf(text, sizeof text, "Exit status 1: %s.", c->no);
        fputs(".Pp\n", out);
        sentences(out, text);
    }
    fputs(".Pp\n", out);
    example_items(out, c->examples);
}

static const char head[] = ".Dd November 21, 2026\n"
                           ".Dt MIEN 1\n"
                           ".Os\n"
                           ".Sh NAME\n"
                           ".Nm mien\n"
                           ".Nd find, compare and identify faces\n"
                           ".Sh SYNOPSIS\n"
                           ".Nm\n"
                           ".Ar command\n"
                           ".Op Ar options\n"
                           ".Op Ar\n"
                           ".Sh DESCRIPTION\n"
                           ".Nm\n"
                           "finds faces in pictures, tells whether two of them are the same person,\n"
                           "and knows the people who agreed to be known.\n"
                           "A\n"
                           ".Ar FILE\n"
                           "may be a picture (JPEG, PNG, WebP, BMP, PPM/PGM, TIFF or JPEG 2000),\n"
                           "a folder that is searched through for pictures, or \\- for standard input.\n"
                           "Options may stand anywhere after the command; what follows\n"
                           ".Fl Fl\n"
                           "is no option.\n"
                           ".Pp\n"
                           "Results go to standard output, errors, notes and progress to standard error.\n"
                           "With\n"
                           ".Fl Fl json\n"
                           "a result is one JSON document, and one object a line where there may be\n"
                           "several pictures.\n";

static const char tail[] = ".Sh ENVIRONMENT\n"
                           "Every setting may be given as a variable: MIEN_ and its name in capitals,\n"
                           "with dots as underscores.\n"
                           ".Bl -tag -width Ds\n"
                           ".It Ev MIEN_MODEL_DIR\n"
                           "Folder of the model packs.\n"
                           ".It Ev MIEN_INFER_LIBRARY\n"
                           "Path of the ONNX Runtime library.\n"
                           ".El\n"
                           ".Sh FILES\n"
                           ".Bl -tag -width Ds\n"
                           ".It Pa /etc/mien.conf\n"
                           "Settings, see\n"
                           ".Ql mien settings sample .\n"
                           ".It Pa ~/.local/share/mien\n"
                           "The data directory, unless\n"
                           ".Fl Fl data\n"
                           "names another.\n"
                           ".El\n"
                           ".Sh EXIT STATUS\n"
                           ".Bl -tag -width Ds -compact\n"
                           ".It 0\n"
                           "Done; the same person; somebody was found.\n"
                           ".It 1\n"
                           "No: not the same person, nobody found, a picture refused; each command\n"
                           "says what it means.\n"
                           ".It 2\n"
                           "The command line is wrong.\n"
                           ".It 3\n"
                           "Something failed; standard error says what.\n"
                           ".El\n";

void mn_help_manual(FILE *out)
{
    fputs(head, out);
    fputs(".Ss Options of every command\n", out);
    option_items(out, MN_O_SHARED);
    fputs(".Sh COMMANDS\n", out);
    for (size_t i = 0; i < mn_command_count(); i++)
        command_section(out, mn_command_at(i));
    fputs(tail, out);
}
