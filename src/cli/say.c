#include "cli/say.h"
#include "base/time.h"
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

/* Only kinds whose texts cannot know what the user of the command line would do. */
static const struct {
    mn_code code;
    const char *advice;
} advices[] = {
    {MN_E_DECODE, "get it again from where it came from"},
    {MN_E_NO_FACE, "try a picture where the face is larger, brighter and turned to the camera"},
    {MN_E_SEVERAL_FACES, "cut out the one that is meant, or choose with --face"},
    {MN_E_CONSENT, "record it with --consent PURPOSE --consent-method TEXT"},
    {MN_E_MEMORY, "fewer --threads need less"},
};

const char *mn_say_advice(mn_code code)
{
    for (size_t i = 0; i < sizeof advices / sizeof *advices; i++)
        if (advices[i].code == code)
            return advices[i].advice;
    return NULL;
}

/* Rooms that know the file begin with its name. */
static bool names_file(const char *text, const char *file)
{
    size_t n = strlen(file);
    return strncmp(text, file, n) == 0 && text[n] == ':';
}

void mn_say_error(const char *file, const mn_error *err)
{
    const char *text = err->text[0] ? err->text : mn_code_meaning(err->code);
    const char *advice = mn_say_advice(err->code);
    bool named = !file || names_file(text, file);
    fprintf(stderr, "mien: %s%s%s%s%s%s\n", named ? "" : file, named ? "" : ": ", text, advice ? " (" : "",
            advice ? advice : "", advice ? ")" : "");
}

void mn_say_note(const mn_cli *cli, const char *format, ...)
{
    char text[1024];
    va_list args;
    if (cli->quiet)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fprintf(stderr, "mien: note: %s\n", text);
}

int mn_say_usage(const mn_command *command, const char *text)
{
    fprintf(stderr, "mien: %s\nTry 'mien %s%s'.\n", text, command ? command->name : "help",
            command ? " --help" : "");
    return MN_EXIT_USAGE;
}

/* ---- questions ---- */

/* Without SA_RESTART a signal ends the waiting. */
static void let_signals_interrupt(void)
{
    struct sigaction action;
    sigaction(SIGINT, NULL, &action);
    action.sa_flags &= ~SA_RESTART;
    sigaction(SIGINT, &action, NULL);
}

bool mn_say_ask(const mn_cli *cli, const char *format, ...)
{
    char line[16], text[512];
    va_list args;
    if (cli->args->value[MN_O_YES])
        return true;
    let_signals_interrupt();
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fprintf(stderr, "%s [y/N] ", text);
    fflush(stderr);
    return fgets(line, sizeof line, stdin) && (line[0] == 'y' || line[0] == 'Y');
}

/* ---- progress ---- */

#define REDRAW_NS (INT64_C(100) * 1000 * 1000)

mn_progress mn_progress_start(const mn_cli *cli, size_t total)
{
    bool shown = !cli->json && !cli->quiet && total > 1 && isatty(STDERR_FILENO);
    int64_t now = mn_monotonic_ns();
    return (mn_progress){.shown = shown, .total = total, .start_ns = now, .last_ns = now};
}

void mn_progress_format_time(int64_t seconds, char *out, size_t size)
{
    int s = (int)(seconds % 60), m = (int)(seconds / 60 % 60);
    long long h = seconds / 3600;
    if (h)
        snprintf(out, size, "%lld:%02d:%02d", h, m, s);
    else
        snprintf(out, size, "%d:%02d", m, s);
}

void mn_progress_show(mn_progress *p, size_t done, const char *what)
{
    int64_t now = mn_monotonic_ns();
    char left[32];
    bool drawn = p->last_ns > p->start_ns; /* what is over at once needs no line, and has no rate yet */
    if (!p->shown || (now - p->last_ns < REDRAW_NS && (done < p->total || !drawn)))
        return;
    p->last_ns = now;
    if (done > p->total) /* it was an estimate */
        done = p->total;
    double seconds = (double)(now - p->start_ns) / 1e9, rate = seconds > 0 ? (double)done / seconds : 0;
    mn_progress_format_time(rate > 0 ? (int64_t)((double)(p->total - done) / rate) : 0, left, sizeof left);
    fprintf(stderr, "\r\033[K%zu of %zu  %.0f %%  %.1f/s  %s left%s%s", done, p->total,
            100.0 * (double)done / (double)p->total, rate, left, *what ? "  " : "", what);
    fflush(stderr);
}

void mn_progress_clear(const mn_progress *p)
{
    if (p->shown)
        fprintf(stderr, "\r\033[K");
}
