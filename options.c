/* options.c: reads the command line by getopt_long. */
#include "options.h"

#include "report/complaint.h"
#include "report/timetext.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char options_help[] =
    "Usage: pushwatch [options] FILE...        analyse saved captures (- is stdin)\n"
    "       pushwatch [options] -i INTERFACE   capture live (with sudo)\n"
    "       pushwatch [options] --netstat FILE --syslog FILE   without a capture\n"
    "       pushwatch --list-interfaces\n"
    "       pushwatch --explain [ID...]        what a finding means\n"
    "\n"
    "Tells for each TCP connection to port 5223 what it carries, how it ended, who\n"
    "ended it, and what got stuck. Several files are one capture in order of time.\n"
    "\n"
    "What to look at\n"
    "  -p, --ports PORT[,PORT...]|any  watched ports (default: 5223)\n"
    "  -f, --filter BPF                only packets that match: pcap-filter(7)\n"
    "      --count N                   stop after N packets\n"
    "      --duration SECONDS          stop after this time\n"
    "      --checksum MODE             what a wrong one means: auto (damage, if its\n"
    "                                  sender has shown right ones; default), strict\n"
    "                                  (packet not used), ignore\n"
    "      --keylog FILE               open TLS with the secrets in a key log, which\n"
    "                                  may grow meanwhile (SSLKEYLOGFILE)\n"
    "      --no-ndpi                   do not ask nDPI what each connection is\n"
    "\n"
    "Other witnesses (each may be given several times, also without a capture)\n"
    "      --netstat FILE              what netstat -An, netstat -tan or ss -tanoi\n"
    "                                  printed, on macOS, BSD or Linux\n"
    "      --netstat-at TIME           when that was, such as 2014-05-25T12:10:44Z\n"
    "                                  (default: date's line in it, else its mtime)\n"
    "      --syslog FILE               system.log, or what log show printed, or a .gz\n"
    "      --tz ZONE                   of their clocks: +02:00, Europe/Berlin, local\n"
    "                                  (default: UTC)\n"
    "\n"
    "What to write\n"
    "  -o, --output FORMAT[:PATH]      text, json, junit or sarif, to PATH or\n"
    "                                  standard output; may be given several times\n"
    "                                  (default: text)\n"
    "      --fail-on WHAT[,WHAT...]    exit with 1 if there is a finding of this\n"
    "                                  severity or above, or with this id\n"
    "      --baseline FILE             a former JSON report: what it has found does\n"
    "                                  not count for --fail-on\n"
    "      --order first|end           connections as they began (default) or as they\n"
    "                                  end, so that none waits for another\n"
    "  -v, --verbose                   print every connection, with its certificates\n"
    "      --show-secrets              with a key log: write what APNs commands hold,\n"
    "                                  tokens and payloads too (json)\n"
    "  -q, --quiet                     no progress and no remarks on standard error\n"
    "\n"
    "Certificates\n"
    "      --trust WHERE               whom to trust: system (default), a file or a\n"
    "                                  folder; may be given several times\n"
    "      --at WHEN                   judge chains for the time of their packets:\n"
    "                                  capture (default), now, or a date\n"
    "      --pem                       certificates themselves in the JSON report\n"
    "      --policy FILE               which certificates are expected (default: what\n"
    "                                  is known of Apple's push service)\n"
    "      --print-policy              print that, to begin a policy with\n"
    "      --known FILE                certificates that earlier runs saw: tell which\n"
    "                                  are new for a name, and what has changed\n"
    "      --learn[=all]               write this run's into it, too; with all, also\n"
    "                                  those of another issuer than before\n"
    "\n"
    "What it may take\n"
    "  -j, --jobs N                    threads, 1 to 64 (default: a thread per core)\n"
    "      --max-flows N               connections followed at once\n"
    "      --max-memory SIZE           such as 256M or 2G; beyond either limit, the\n"
    "                                  least valuable connections are ended early\n"
    "\n"
    "Live\n"
    "  -i, --interface INTERFACE       capture here; \"any\" is all of them on Linux\n"
    "      --list-interfaces           show which there are\n"
    "      --interval SECONDS          show open connections now and then (SIGUSR1)\n"
    "      --snaplen BYTES             of each packet (default: all of it)\n"
    "  -Z, --user NAME                 become this user once the interface is open\n"
    "                                  (default: who called sudo, else nobody)\n"
    "\n"
    "  -h, --help                      show this\n"
    "  -V, --version                   show versions\n"
    "\n"
    "Exit status: 0 done, 1 findings that --fail-on names, 2 wrong usage, 3 input\n"
    "could not be read to its end (what was read is reported), 4 internal error.\n"
    "More in pushwatch(1).\n";

enum {
    OPT_AT = 256,
    OPT_BASELINE,
    OPT_CHECKSUM,
    OPT_COUNT,
    OPT_DURATION,
    OPT_EXPLAIN,
    OPT_FAIL_ON,
    OPT_INTERVAL,
    OPT_KEYLOG,
    OPT_KNOWN,
    OPT_LEARN,
    OPT_LIST,
    OPT_MAX_FLOWS,
    OPT_MAX_MEMORY,
    OPT_NETSTAT,
    OPT_NETSTAT_AT,
    OPT_NO_NDPI,
    OPT_ORDER,
    OPT_PEM,
    OPT_POLICY,
    OPT_PRINT_POLICY,
    OPT_SHOW_SECRETS,
    OPT_SNAPLEN,
    OPT_SYSLOG,
    OPT_TRUST,
    OPT_TZ
};

static const struct option longs[] = {
    {"ports", required_argument, NULL, 'p'},
    {"filter", required_argument, NULL, 'f'},
    {"output", required_argument, NULL, 'o'},
    {"interface", required_argument, NULL, 'i'},
    {"jobs", required_argument, NULL, 'j'},
    {"user", required_argument, NULL, 'Z'},
    {"verbose", no_argument, NULL, 'v'},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {"at", required_argument, NULL, OPT_AT},
    {"baseline", required_argument, NULL, OPT_BASELINE},
    {"checksum", required_argument, NULL, OPT_CHECKSUM},
    {"count", required_argument, NULL, OPT_COUNT},
    {"duration", required_argument, NULL, OPT_DURATION},
    {"explain", no_argument, NULL, OPT_EXPLAIN},
    {"fail-on", required_argument, NULL, OPT_FAIL_ON},
    {"interval", required_argument, NULL, OPT_INTERVAL},
    {"keylog", required_argument, NULL, OPT_KEYLOG},
    {"known", required_argument, NULL, OPT_KNOWN},
    {"learn", optional_argument, NULL, OPT_LEARN},
    {"list-interfaces", no_argument, NULL, OPT_LIST},
    {"max-flows", required_argument, NULL, OPT_MAX_FLOWS},
    {"max-memory", required_argument, NULL, OPT_MAX_MEMORY},
    {"netstat", required_argument, NULL, OPT_NETSTAT},
    {"netstat-at", required_argument, NULL, OPT_NETSTAT_AT},
    {"no-ndpi", no_argument, NULL, OPT_NO_NDPI},
    {"order", required_argument, NULL, OPT_ORDER},
    {"pem", no_argument, NULL, OPT_PEM},
    {"policy", required_argument, NULL, OPT_POLICY},
    {"print-policy", no_argument, NULL, OPT_PRINT_POLICY},
    {"show-secrets", no_argument, NULL, OPT_SHOW_SECRETS},
    {"snaplen", required_argument, NULL, OPT_SNAPLEN},
    {"syslog", required_argument, NULL, OPT_SYSLOG},
    {"trust", required_argument, NULL, OPT_TRUST},
    {"tz", required_argument, NULL, OPT_TZ},
    {NULL, 0, NULL, 0},
};

/* A whole decimal number from `least` to `most`, with nothing around it. */
static bool read_number(uint64_t *out, const char *text, uint64_t least, uint64_t most)
{
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (*end || errno || value < least || value > most)
        return false;
    *out = value;
    return true;
}

static bool read_seconds(nanotime *out, const char *text)
{
    char *end;
    enum { LONGEST = 10 * 366 * 24 * 3600 };
    if (text[strspn(text, "0123456789.")]) /* strtod knows more: hexadecimal, inf, locales */
        return false;
    double value = strtod(text, &end);
    if (end == text || *end || !isfinite(value) || value < 1e-3 || value > LONGEST)
        return false;
    *out = (nanotime)(value * (double)NS_PER_SECOND);
    return true;
}

/* A number of bytes, with a suffix for powers of 1024. */
static bool read_size(uint64_t *out, const char *text)
{
    static const char suffixes[] = "KMG";
    char digits[24] = "";
    size_t n = strspn(text, "0123456789");
    const char *suffix = text[n] ? strchr(suffixes, text[n]) : NULL;
    unsigned shift = suffix ? 10 * (unsigned)(suffix - suffixes + 1) : 0;
    if (n >= sizeof digits || text[n + (suffix != NULL)])
        return false;
    memcpy(digits, text, n);
    if (!read_number(out, digits, 0, INT64_MAX >> shift))
        return false;
    *out <<= shift;
    return true;
}

/* As many threads as the machine can run at once. */
static unsigned usual_jobs(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : cores > JOBS_MAX ? JOBS_MAX : (unsigned)cores;
}

static bool read_ports(struct options *options, const struct complaint *to, const char *text)
{
    options->ports_text = text;
    options->port_count = 0;
    if (strcmp(text, "any") == 0)
        return true;
    for (const char *at = text;; at++) {
        char one[8] = "";
        uint64_t port;
        size_t n = strcspn(at, ",");
        if (n < sizeof one)
            memcpy(one, at, n);
        if (!read_number(&port, one, 1, UINT16_MAX))
            return complain(to, "--ports: '%.*s' is not a port (1 to 65535, or 'any')", (int)n, at);
        if (options->port_count == PORTS_MAX)
            return complain(to, "--ports: more than %d ports; 'any' watches all", PORTS_MAX);
        options->ports[options->port_count++] = (uint16_t)port;
        at += n;
        if (!*at)
            return true;
    }
}

static bool read_format(enum report_format *out, struct span word)
{
    static const char *const names[REPORT_FORMATS] = {
        [REPORT_JSON] = "json",
        [REPORT_TEXT] = "text",
        [REPORT_JUNIT] = "junit",
        [REPORT_SARIF] = "sarif",
    };
    for (unsigned format = 0; format < REPORT_FORMATS; format++)
        if (span_equal(word, span_of(names[format], strlen(names[format])))) {
            *out = (enum report_format)format;
            return true;
        }
    return false;
}

static bool read_gate(struct options *options, const struct complaint *to, const char *text)
{
    struct span wrong;
    if (gate_parse(&options->gate, &wrong, text))
        return true;
    return complain(to,
                    "--fail-on: '%.*s' is neither a severity (info, notice, warning, critical) nor "
                    "a finding (--explain lists them)",
                    (int)wrong.n, (const char *)wrong.p);
}

static bool read_output(struct options *options, const struct complaint *to, const char *text)
{
    size_t n = strcspn(text, ":");
    struct output output = {.path = text[n] ? text + n + 1 : NULL};
    if (!read_format(&output.format, span_of(text, n)))
        return complain(to, "--output: '%.*s' is not a format (text, json, junit, sarif)", (int)n,
                        text);
    if (output.path && (!*output.path || strcmp(output.path, "-") == 0))
        output.path = NULL;
    if (options->output_count == OUTPUTS_MAX)
        return complain(to, "--output: more than %d outputs", OUTPUTS_MAX);
    options->outputs[options->output_count++] = output;
    return true;
}

static bool read_at(struct options *options, const struct complaint *to, const char *text)
{
    options->at = 0;
    options->at_now = strcmp(text, "now") == 0;
    if (options->at_now || strcmp(text, "capture") == 0)
        return true;
    if (!timetext_read(&options->at, text) || options->at == 0)
        return complain(to,
                        "--at: '%s' is not a time (capture, now, 2014-05-25 or "
                        "2014-05-25T00:48:01Z)",
                        text);
    return true;
}

static bool read_trust(struct options *options, const struct complaint *to, const char *text)
{
    if (options->trust_count == TRUST_MAX)
        return complain(to, "--trust: more than %d stores", TRUST_MAX);
    options->trust[options->trust_count++] = text;
    return true;
}

static bool read_learn(struct options *options, const struct complaint *to, const char *text)
{
    options->learn = text ? LEARN_ALL : LEARN_ROTATIONS;
    if (text && strcmp(text, "all") != 0)
        return complain(to, "--learn: '%s' is not known (--learn, --learn=all)", text);
    return true;
}

static bool read_order(struct options *options, const struct complaint *to, const char *text)
{
    options->order_end = strcmp(text, "end") == 0;
    if (!options->order_end && strcmp(text, "first") != 0)
        return complain(to, "--order: '%s' is not an order (first, end)", text);
    return true;
}

static bool read_checksum(struct options *options, const struct complaint *to, const char *text)
{
    static const char *const names[] = {
        [CHECKSUMS_AUTO] = "auto", [CHECKSUMS_STRICT] = "strict", [CHECKSUMS_IGNORE] = "ignore"};
    for (unsigned mode = 0; mode < COUNT_OF(names); mode++)
        if (strcmp(text, names[mode]) == 0) {
            options->checksums = (enum checksum_mode)mode;
            return true;
        }
    return complain(to, "--checksum: '%s' is none of auto, strict, ignore", text);
}

static bool read_max_memory(struct options *options, const struct complaint *to, const char *text)
{
    if (!read_size(&options->max_memory, text))
        return complain(to, "--max-memory: '%s' is not a size (such as 256M or 2G)", text);
    if (options->max_memory < MEMORY_LEAST)
        return complain(to, "--max-memory: '%s' is too little: buffers and libraries need 64M",
                        text);
    return true;
}

static bool add_file(const char **files, size_t *count, const struct complaint *to,
                     const char *option, const char *file)
{
    if (*count == WITNESS_FILES_MAX)
        return complain(to, "%s: more than %d files", option, WITNESS_FILES_MAX);
    if (!*file)
        return complain(to, "%s: no file is named", option);
    files[(*count)++] = file;
    return true;
}

static bool read_netstat_at(struct options *options, const struct complaint *to, const char *text)
{
    if (!text_time_date(&options->netstat_at, span_of(text, strlen(text))))
        return complain(to,
                        "--netstat-at: '%s' is not a time (such as 2014-05-25T12:10:44+02:00, or "
                        "as date prints it)",
                        text);
    return true;
}

static bool read_zone(struct options *options, const struct complaint *to, const char *text)
{
    if (!zone_read(&options->zone, text))
        return complain(to, "--tz: '%s' is no time zone that is known here (such as +02:00)", text);
    options->zone_text = text;
    return true;
}

static bool read_option(struct options *options, const struct complaint *to, int option,
                        const char *value)
{
    uint64_t number = 0;
    switch (option) {
    case 'p':
        return read_ports(options, to, value);
    case 'f':
        options->filter = value;
        return true;
    case 'o':
        return read_output(options, to, value);
    case 'i':
        options->interface = value;
        return true;
    case 'j':
        if (!read_number(&number, value, 1, JOBS_MAX))
            return complain(to, "--jobs: '%s' is not a number of threads from 1 to %d", value,
                            JOBS_MAX);
        options->jobs = (unsigned)number;
        return true;
    case 'Z':
        options->user = value;
        return true;
    case 'v':
        options->verbose = true;
        return true;
    case 'q':
        options->quiet = true;
        return true;
    case 'h':
        options->command = COMMAND_HELP;
        return true;
    case 'V':
        options->command = COMMAND_VERSION;
        return true;
    case OPT_BASELINE:
        options->baseline = value;
        return true;
    case OPT_FAIL_ON:
        return read_gate(options, to, value);
    case OPT_EXPLAIN:
        options->command = COMMAND_EXPLAIN;
        return true;
    case OPT_KNOWN:
        options->known = value;
        return true;
    case OPT_LEARN:
        return read_learn(options, to, value);
    case OPT_LIST:
        options->command = COMMAND_LIST_INTERFACES;
        return true;
    case OPT_MAX_FLOWS:
        if (!read_number(&options->max_flows, value, 1, INT64_MAX))
            return complain(to, "--max-flows: '%s' is not a number of connections", value);
        return true;
    case OPT_MAX_MEMORY:
        return read_max_memory(options, to, value);
    case OPT_CHECKSUM:
        return read_checksum(options, to, value);
    case OPT_NETSTAT:
        return add_file(options->netstats, &options->netstat_count, to, "--netstat", value);
    case OPT_NETSTAT_AT:
        return read_netstat_at(options, to, value);
    case OPT_SYSLOG:
        return add_file(options->syslogs, &options->syslog_count, to, "--syslog", value);
    case OPT_TZ:
        return read_zone(options, to, value);
    case OPT_ORDER:
        return read_order(options, to, value);
    case OPT_KEYLOG:
        options->keylog = value;
        return true;
    case OPT_SHOW_SECRETS:
        options->show_secrets = true;
        return true;
    case OPT_NO_NDPI:
        options->no_ndpi = true;
        return true;
    case OPT_AT:
        return read_at(options, to, value);
    case OPT_TRUST:
        return read_trust(options, to, value);
    case OPT_POLICY:
        options->policy = value;
        return true;
    case OPT_PRINT_POLICY:
        options->command = COMMAND_PRINT_POLICY;
        return true;
    case OPT_PEM:
        options->pem = true;
        return true;
    case OPT_COUNT:
        if (!read_number(&options->count, value, 1, INT64_MAX))
            return complain(to, "--count: '%s' is not a number of packets", value);
        return true;
    case OPT_SNAPLEN:
        if (!read_number(&number, value, 64, 262144))
            return complain(to, "--snaplen: '%s' is not a number from 64 to 262144", value);
        options->snaplen = (uint32_t)number;
        return true;
    case OPT_DURATION:
        if (!read_seconds(&options->duration, value))
            return complain(to, "--duration: '%s' is not a number of seconds", value);
        return true;
    case OPT_INTERVAL:
        if (!read_seconds(&options->interval, value))
            return complain(to, "--interval: '%s' is not a number of seconds", value);
        return true;
    default: /* getopt has no value for it, or does not know it */
        return false;
    }
}

/* What getopt_long could not take, in our words. */
static bool complain_getopt(const struct complaint *to, int answer, char **argv)
{
    const char *word = argv[optind - 1];
    if (optopt && optopt < OPT_AT && !(word[0] == '-' && word[1] == '-'))
        return complain(to, answer == ':' ? "option -%c needs a value" : "no such option: -%c",
                        optopt);
    return complain(to, answer == ':' ? "option %s needs a value" : "no such option: %s", word);
}

static size_t count_standard_inputs(const char *const *files, size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        found += strcmp(files[i], "-") == 0;
    return found;
}

static bool check(struct options *options, const struct complaint *to)
{
    bool witnesses = options->netstat_count + options->syslog_count > 0;
    size_t standard_outputs = 0;
    size_t standard_inputs =
        count_standard_inputs((const char *const *)(uintptr_t)options->files, options->file_count) +
        count_standard_inputs(options->netstats, options->netstat_count) +
        count_standard_inputs(options->syslogs, options->syslog_count) +
        (options->known ? count_standard_inputs(&options->known, 1) : 0);
    for (size_t i = 0; i < options->output_count; i++)
        standard_outputs += !options->outputs[i].path;
    if (options->command != COMMAND_ANALYSE)
        return true;
    if (options->interface && options->file_count)
        return complain(to, "either files or --interface, not both");
    if (!options->interface && !options->file_count && !witnesses)
        return complain(to, "no capture file, and no --interface (--help shows how)");
    if (standard_outputs > 1)
        return complain(to, "--output: two reports can't both go to standard output");
    if (standard_inputs > 1)
        return complain(to, "standard input (-) can be read only once");
    if (options->netstat_at.month > 0 && options->netstat_count == 0)
        return complain(to, "--netstat-at says when a table was printed: --netstat names it");
    if (options->learn != LEARN_NOTHING && !options->known)
        return complain(to, "--learn writes the file that --known names");
    if (options->learn != LEARN_NOTHING && strcmp(options->known, "-") == 0)
        return complain(to, "--learn writes a file, and --known names standard input");
    if (options->learn != LEARN_NOTHING && !options->interface && !options->file_count)
        return complain(to, "--learn takes certificates out of a capture, and there is none");
    if (options->interval && !options->interface)
        return complain(to, "--interval is for live captures (--interface)");
    return true;
}

/* Each thread has buffers of its own, whose size the input decides. */
static void fit_jobs(struct options *options)
{
    uint64_t most = options->max_memory / MEMORY_OF_THREAD;
    if (options->max_memory && options->jobs > most)
        options->jobs = (unsigned)most;
}

bool options_parse(struct options *options, char *error, size_t size, int argc, char **argv)
{
    const struct complaint to = {error, size};
    int option;
    *options = (struct options){
        .ports_text = "5223", .ports = {5223}, .port_count = 1, .jobs = usual_jobs()};
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":p:f:o:i:j:Z:vqhV", longs, NULL)) != -1) {
        if (option == '?' || option == ':')
            return complain_getopt(&to, option, argv);
        if (!read_option(options, &to, option, optarg))
            return false;
    }
    fit_jobs(options);
    options->files = argv + optind;
    options->file_count = (size_t)(argc - optind);
    if (options->output_count == 0)
        options->outputs[options->output_count++] = (struct output){REPORT_TEXT, NULL};
    if (options->trust_count == 0)
        options->trust[options->trust_count++] = "system";
    return check(options, &to);
}
