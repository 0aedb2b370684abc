/* options.h: the command line. */
#ifndef PUSHWATCH_OPTIONS_H
#define PUSHWATCH_OPTIONS_H

#include "capture/base.h"
#include "capture/zone.h"
#include "dissect/checksum.h"
#include "dissect/text_time.h"
#include "report/gate.h"
#include "report/report.h"

enum { OUTPUTS_MAX = 8, PORTS_MAX = 64, TRUST_MAX = 16, JOBS_MAX = 64, WITNESS_FILES_MAX = 64 };

/* The least --max-memory in bytes: with less, buffers and libraries leave connections no room. */
#define MEMORY_LEAST (UINT64_C(64) << 20)
/* For each thread: two windows of a capture whose records are large, with what hangs on them, take
 * 1.5 MiB, and of the least there is there has to be enough left for connections. */
#define MEMORY_OF_THREAD (UINT64_C(32) << 20)

struct output {
    enum report_format format;
    const char *path; /* NULL: standard output */
};

enum command {
    COMMAND_ANALYSE,
    COMMAND_EXPLAIN, /* `files` are ids of findings */
    COMMAND_HELP,
    COMMAND_VERSION,
    COMMAND_LIST_INTERFACES,
    COMMAND_PRINT_POLICY
};

/* Which certificates --learn takes into the file of --known. */
enum learn { LEARN_NOTHING, LEARN_ROTATIONS, LEARN_ALL };

/* Strings belong to argv. */
struct options {
    enum command command;
    const char *interface; /* live; NULL: read files */
    char **files;
    size_t file_count;
    const char *ports_text;
    uint16_t ports[PORTS_MAX];
    size_t port_count; /* 0: any */
    const char *filter;
    struct output outputs[OUTPUTS_MAX];
    size_t output_count;
    nanotime interval, duration; /* 0: none */
    const char *keylog;          /* NULL: none */
    uint64_t count;              /* packets; 0: no limit */
    struct gate gate;            /* --fail-on */
    const char *baseline;        /* path; NULL: none */
    const char *known;           /* path; NULL: none */
    enum learn learn;
    const char *user;
    uint32_t snaplen;
    unsigned jobs;                  /* threads, 1 to JOBS_MAX */
    uint64_t max_flows, max_memory; /* flows, bytes; 0: the built-in limit, none */
    enum checksum_mode checksums;
    const char *trust[TRUST_MAX]; /* stores of anchors; none: the system's */
    size_t trust_count;
    nanotime at;        /* the time for which chains are judged; 0: the packets' */
    bool at_now;        /* that is the time of day */
    bool pem;           /* certificates themselves in the JSON report */
    const char *policy; /* a file; NULL: the built-in one */
    bool order_end;     /* report flows as they end, not as they began */
    bool no_ndpi, quiet, verbose, show_secrets;
    const char *netstats[WITNESS_FILES_MAX], *syslogs[WITNESS_FILES_MAX]; /* files to read */
    size_t netstat_count, syslog_count;
    struct text_time netstat_at; /* when the tables were printed; month is 0 if not given */
    struct zone zone;            /* of the clocks in them; UTC if not given */
    const char *zone_text;       /* as it was given; NULL if not */
};

/* options_parse reads the command line. Returns false with a line for the user in error if it is
 * wrong. */
MUST_CHECK bool options_parse(struct options *options, char *error, size_t size, int argc,
                              char **argv);

/* options_help is the text for --help, at most 80 columns wide. */
extern const char options_help[];

#endif
