/* fuzz_options.c: any words as a command line. Words are separated by NUL. What is accepted must
 * keep to the limits; what is not must be explained in a line. */
#include "../../options.h"

#include <getopt.h>
#include <stdlib.h>

enum { WORDS_MAX = 32, LINE_MAX_BYTES = 512 };

static void need(bool good)
{
    if (!good)
        abort();
}

static void check(const struct options *options)
{
    need(options->jobs >= 1 && options->jobs <= JOBS_MAX);
    need(options->port_count <= PORTS_MAX && options->ports_text);
    for (size_t i = 0; i < options->port_count; i++)
        need(options->ports[i] != 0);
    need(options->output_count >= 1 && options->output_count <= OUTPUTS_MAX);
    need(options->interval >= 0 && options->duration >= 0);
    need(options->max_memory == 0 || options->max_memory >= MEMORY_LEAST);
    bool witnesses = options->netstat_count + options->syslog_count > 0;
    if (options->command == COMMAND_ANALYSE)
        need((options->interface != NULL) + (options->file_count != 0) == 1 ||
             (witnesses && !options->interface && options->file_count == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *argv[WORDS_MAX + 1] = {NULL}, error[LINE_MAX_BYTES] = "";
    static char name[] = "pushwatch";
    int argc = 0;
    char *text = xmemdup(data, size); /* ends with a NUL */
    argv[argc++] = name;
    for (size_t at = 0; at < size && argc < WORDS_MAX; at += strlen(text + at) + 1)
        argv[argc++] = text + at;
    struct options options;
    optind = 0; /* getopt begins anew */
    if (options_parse(&options, error, sizeof error, argc, argv))
        check(&options);
    else
        need(*error != '\0');
    free(text);
    return 0;
}
