/* outputs.c: opens the streams that reports are written to, and asks terminals what they can show.
 */
#include "outputs.h"

#include <errno.h>
#include <langinfo.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COLUMNS_MIN = 80, COLUMNS_MAX = 200 };

static bool same_file(const char *one, const char *other)
{
    struct stat a, b;
    return stat(one, &a) == 0 && stat(other, &b) == 0 && S_ISREG(a.st_mode) &&
           a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Would writing to a path destroy an input, or an output that is open already? */
static bool is_taken(const struct options *options, const char *path, size_t outputs)
{
    for (size_t i = 0; i < options->file_count; i++)
        if (same_file(options->files[i], path))
            return true;
    if (options->baseline && same_file(options->baseline, path))
        return true;
    if (options->known && same_file(options->known, path))
        return true;
    for (size_t i = 0; i < options->netstat_count; i++)
        if (same_file(options->netstats[i], path))
            return true;
    for (size_t i = 0; i < options->syslog_count; i++)
        if (same_file(options->syslogs[i], path))
            return true;
    for (size_t i = 0; i < outputs; i++)
        if (options->outputs[i].path && same_file(options->outputs[i].path, path))
            return true;
    return false;
}

bool outputs_open(FILE **streams, char *error, size_t size, const struct options *options)
{
    for (size_t i = 0; i < options->output_count; i++) {
        const char *path = options->outputs[i].path;
        if (path && is_taken(options, path, i)) {
            snprintf(error, size, "%s: is an input or another output", path);
            return false;
        }
        streams[i] = path ? fopen(path, "we") : stdout;
        if (!streams[i]) {
            snprintf(error, size, "%s: %s", path, strerror(errno));
            return false;
        }
    }
    return true;
}

static unsigned columns_of(FILE *stream)
{
    struct winsize size = {0};
    if (!isatty(fileno(stream)) || ioctl(fileno(stream), TIOCGWINSZ, &size) != 0)
        return COLUMNS_MIN;
    if (size.ws_col < COLUMNS_MIN)
        return COLUMNS_MIN;
    return size.ws_col > COLUMNS_MAX ? COLUMNS_MAX : size.ws_col;
}

static bool wants_colour(FILE *stream)
{
    const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
    if (!isatty(fileno(stream)) || (no_colour && *no_colour))
        return false;
    return term && strcmp(term, "dumb") != 0;
}

/* A terminal that is not UTF-8 could take bytes beyond ASCII for control characters. */
static bool wants_ascii(FILE *stream)
{
    return isatty(fileno(stream)) && strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
}

struct report_options outputs_style(FILE *stream)
{
    return (struct report_options){.columns = columns_of(stream),
                                   .colour = wants_colour(stream),
                                   .ascii = wants_ascii(stream)};
}

void outputs_close(FILE **streams)
{
    for (size_t i = 0; i < OUTPUTS_MAX; i++)
        if (streams[i] && streams[i] != stdout)
            fclose(streams[i]);
}
