/* main.c: wires a packet source, the dissection and the report together, and runs them.
 *
 * The only file that prints errors and decides the exit status. */
#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "capture/confine.h"
#include "capture/interfaces.h"
#include "capture/linktype.h"
#include "dissect/appid.h"
#include "dissect/x509.h"
#include "known_file.h"
#include "outputs.h"
#include "process.h"
#include "report/baseline.h"
#include "report/explain.h"
#include "report/judge/policy.h"
#include "report/judge/trust.h"
#include "report/report.h"
#include "report/terminal_text.h"
#include "watch.h"
#include "witness_files.h"

enum exit_status {
    EXIT_DONE = 0,
    EXIT_FOUND = 1,
    EXIT_USAGE = 2,
    EXIT_INPUT = 3,
    EXIT_INTERNAL = 4
};

struct run {
    const struct options *options;
    struct watch watch;
    struct keys keys;
    struct run_keys keys_told;
    struct report *report;
    FILE *streams[OUTPUTS_MAX];
    struct baseline *baseline;
    struct sink sink;
    struct run_meta meta;
    struct trust *trust;
    struct policy *policy;
    struct known_certs *known; /* NULL: not asked for */
    struct learning learning;  /* learned is NULL if not asked for */
    uint64_t certs_reported;
    struct witness_files witnesses;
};

static enum exit_status fail(enum exit_status status, const char *format, ...) PRINTF_LIKE(2, 3);

/* A line may hold the name of a file, and that may hold anything. */
static enum exit_status fail(enum exit_status status, const char *format, ...)
{
    const struct text_style style = {.ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0};
    struct buf text = {0}, safe = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    terminal_append(&safe, &style, span_of(text.p, text.n), WIRE_TEXT);
    fprintf(stderr, "pushwatch: %s\n", buf_text(&safe));
    buf_done(&text);
    buf_done(&safe);
    return status;
}

/* --- opening --- */

/* How many rings a live capture is spread over: as many as there are threads to read them. A number
 * of packets can only be counted in one. */
static size_t rings_of(const struct options *options)
{
    return options->count ? 1 : options->jobs;
}

/* One file is read by as many threads as there are; of several, or a pipe, one reads for all. */
static size_t open_saved(struct source_error *error, struct source **out,
                         const struct options *options)
{
    if (options->file_count == 1)
        return source_open_file_often(error, out, options->jobs, options->files[0]);
    out[0] = source_open_files(error, options->files, options->file_count);
    return out[0] ? 1 : 0;
}

static enum exit_status open_sources(struct run *run)
{
    const struct options *options = run->options;
    struct watch *watch = &run->watch;
    struct source *rings[SOURCE_RINGS_MAX] = {NULL};
    struct source_error error = {""};
    bool wrong_filter = false;
    if (options->interface) {
        const struct live_options live = {.snaplen = options->snaplen, .filter = options->filter};
        watch->source_count = source_open_live(&error, &wrong_filter, rings, rings_of(options),
                                               options->interface, &live);
    } else {
        watch->source_count = open_saved(&error, rings, options);
    }
    for (size_t i = 0; i < watch->source_count; i++)
        watch->sources[i].source = rings[i];
    /* With one thread as with several, so that a round is the same for any number of them. */
    watch->same_input =
        !options->interface && watch->source_count > 0 && source_opens_often(rings[0]);
    if (watch->source_count > 0)
        return EXIT_DONE;
    return fail(wrong_filter ? EXIT_USAGE : EXIT_INPUT, "%s", error.text);
}

/* The filter of a live capture runs in the kernel; here it is only checked. */
static enum exit_status open_filter(struct run *run)
{
    char error[256];
    if (!run->options->filter)
        return EXIT_DONE;
    run->watch.filter = filter_new(error, sizeof error, run->options->filter);
    if (!run->watch.filter)
        return fail(EXIT_USAGE, "--filter: %s", error);
    return EXIT_DONE;
}

static enum exit_status open_baseline(struct run *run)
{
    const char *path = run->options->baseline;
    char error[128];
    if (!path)
        return EXIT_DONE;
    FILE *in = fopen(path, "re");
    if (!in)
        return fail(EXIT_USAGE, "--baseline: %s: %s", path, strerror(errno));
    run->baseline = baseline_read(in, error, sizeof error);
    fclose(in);
    if (!run->baseline)
        return fail(EXIT_USAGE, "--baseline: %s: %s", path, error);
    return EXIT_DONE;
}

static enum exit_status open_outputs(struct run *run)
{
    char error[512];
    if (!outputs_open(run->streams, error, sizeof error, run->options))
        return fail(EXIT_USAGE, "--output: %s", error);
    return EXIT_DONE;
}

static bool reads_standard_input(const struct options *options)
{
    for (size_t i = 0; i < options->file_count; i++)
        if (strcmp(options->files[i], "-") == 0)
            return true;
    return false;
}

/* A key log that grows is followed in a live run, and while packets come from a pipe. */
static bool open_keys(struct run *run)
{
    const struct options *options = run->options;
    bool follow = options->interface || reads_standard_input(options);
    run->watch.keys = &run->keys;
    run->keys.pipe = reads_standard_input(options);
    run->keys.source = options->interface ? NULL : run->watch.sources[0].source;
    return !options->keylog || keys_open(&run->keys, options->keylog, follow);
}

static void complain_of_witness(const char *line)
{
    (void)fail(EXIT_INPUT, "%s", line);
}

static void remark_nothing(const char *line)
{
    (void)line;
}

/* One that can't be read does not keep the others from being reported. */
static enum exit_status open_witnesses(struct run *run)
{
    const struct options *options = run->options;
    witness_files_read(&run->witnesses, options, complain_of_witness,
                       options->quiet ? remark_nothing : complain_of_witness);
    bool other = options->interface || options->file_count > 0;
    return other || witness_files_any(&run->witnesses) ? EXIT_DONE : EXIT_INPUT;
}

/* --- from the pipeline to the report --- */

static void report_cert(void *context, const struct cert *cert)
{
    struct run *run = context;
    report_certificate(run->report, cert);
    run->certs_reported++;
}

/* A live run shows a certificate before the first flow that has it. */
static void on_flow(void *context, struct flow_record *record, void *item)
{
    struct run *run = context;
    if (run->meta.live && pipeline_cert_count(run->watch.pipeline) > run->certs_reported)
        pipeline_visit_certs(run->watch.pipeline, report_cert, run);
    report_commit(run->report, item, record, record->n);
}

static void settle(void *context)
{
    struct run *run = context;
    report_settle(run->report);
}

static void prepare(void *context, const struct flow_record *record, void *item)
{
    const struct run *run = context;
    report_prepare(run->report, item, record);
}

static void render(void *context, const struct flow_record *record, void *item)
{
    const struct run *run = context;
    report_render(run->report, item, record);
}

static void *item_new(void *context)
{
    (void)context;
    return xcalloc(1, sizeof(struct report_item));
}

static void item_free(void *context, void *item)
{
    (void)context;
    report_item_done(item);
    free(item);
}

/* While whoever started it may still read them. */
static enum exit_status open_trust(struct run *run)
{
    const struct options *options = run->options;
    char error[512];
    run->trust = trust_new();
    for (size_t i = 0; i < options->trust_count; i++)
        if (!trust_add(run->trust, error, sizeof error, options->trust[i]))
            return fail(EXIT_INPUT, "--trust: %s", error);
    return EXIT_DONE;
}

static enum exit_status open_policy(struct run *run)
{
    char error[512];
    const char *path = run->options->policy;
    run->policy = path ? policy_read(error, sizeof error, path)
                       : policy_new(error, sizeof error, policy_builtin);
    return run->policy ? EXIT_DONE : fail(EXIT_USAGE, "--policy: %s", error);
}

static enum exit_status open_known(struct run *run)
{
    const struct options *options = run->options;
    bool learn = options->learn != LEARN_NOTHING;
    struct source_error error;
    if (!options->known)
        return EXIT_DONE;
    run->known = known_certs_new();
    if (!known_file_read(run->known, &error, options->known, learn))
        return fail(EXIT_USAGE, "--known: %s", error.text);
    if (learn)
        run->learning =
            (struct learning){.learned = known_certs_new(), .all = options->learn == LEARN_ALL};
    return EXIT_DONE;
}

/* Earlier runs' certificates and this one's. */
static enum exit_status write_known(struct run *run)
{
    struct learning *learning = &run->learning;
    struct source_error error;
    if (!learning->learned)
        return EXIT_DONE;
    learning->dropped += known_certs_merge(run->known, learning->learned);
    if (!run->options->quiet && learning->refused > 0)
        fail(EXIT_DONE,
             "--learn: the certificates of %" PRIu64
             " connection%s were not taken: see what was found there",
             learning->refused, learning->refused == 1 ? "" : "s");
    if (!run->options->quiet && learning->dropped > 0)
        fail(EXIT_DONE, "--learn: there is no room for %" PRIu64 " more", learning->dropped);
    if (!known_file_write(&error, run->options->known, run->known))
        return fail(EXIT_INTERNAL, "--learn: %s", error.text);
    return EXIT_DONE;
}

static bool has_capture(const struct run *run)
{
    return run->watch.source_count > 0;
}

static void begin_report(struct run *run)
{
    const struct options *options = run->options;
    run->meta = (struct run_meta){
        .version = PUSHWATCH_VERSION,
        .libpcap = filter_library_version(),
        .ndpi = options->no_ndpi ? NULL : appid_version(),
        .openssl = x509_library_version(),
        .ports = options->ports_text,
        .filter = options->filter,
        .inputs =
            options->interface ? &options->interface : (const char *const *)(uintptr_t)options->files,
        .input_count = options->interface ? 1 : options->file_count,
        .live = options->interface != NULL,
        .keys = &run->keys_told,
        .facts = has_capture(run) ? source_facts(run->watch.sources[0].source) : NULL,
        .witnesses = witness_files_any(&run->witnesses) ? &run->witnesses.told : NULL,
        .trust = run->trust,
        .at = options->at_now ? watch_clock() : options->at,
        .at_now = options->at_now,
        .pem = options->pem,
        .policy = run->policy,
        .policy_name = options->policy ? options->policy : "built-in",
        .known = run->known,
        .known_name = options->known,
        .learning = run->learning.learned ? &run->learning : NULL,
        .gate = &options->gate,
        .baseline = run->baseline,
    };
    keys_tell(&run->keys_told, &run->keys);
    run->report = report_new(&run->meta);
    for (size_t i = 0; i < options->output_count; i++) {
        struct report_options how = outputs_style(run->streams[i]);
        how.verbose = options->verbose;
        report_add_output(run->report, options->outputs[i].format, run->streams[i], &how);
    }
    report_begin(run->report);
}

static void begin_pipeline(struct run *run)
{
    struct pipeline_options how = {.ports = run->options->ports,
                                   .port_count = run->options->port_count,
                                   .ndpi = !run->options->no_ndpi,
                                   .live = run->options->interface != NULL,
                                   .show_secrets = run->options->show_secrets,
                                   .threads = run->options->jobs,
                                   .inputs = (unsigned)run->watch.source_count,
                                   .same_input = run->watch.same_input,
                                   .large = watch_is_large(&run->watch),
                                   .order_end = run->options->order_end,
                                   .checksums = run->options->checksums,
                                   .max_flows = run->options->max_flows,
                                   .max_memory = run->options->max_memory,
                                   .interface_name = watch_interface_name,
                                   .process = watch_process,
                                   .interface_context = &run->watch};
    if (getentropy(how.hash_key, sizeof how.hash_key) != 0)
        abort(); /* only a kernel without random numbers gets here */
    run->sink = (struct sink){run, on_flow, settle, prepare, render, item_new, item_free};
    run->watch.pipeline = pipeline_new(&how, &run->sink);
}

/* What is written down before the first packet opens all sessions, wherever it stands. */
static bool begin_secrets(struct run *run)
{
    return keys_take(&run->keys, run->watch.pipeline, !run->keys.follow);
}

/* --- running --- */

/* Who gave a wrong file should know; the secrets that it has are used. */
static void remark_keys(const struct run *run)
{
    const struct keys *keys = &run->keys;
    const struct keylog_counts *file = &keys->in_file, *capture = &keys->in_capture;
    if (run->options->quiet)
        return;
    if (file->malformed)
        fail(EXIT_DONE,
             "%s: %" PRIu64 " of %" PRIu64
             " lines are not those of a key log, the first is line %" PRIu64,
             keys->path, file->malformed, file->lines, file->first_malformed);
    if (keys->path && file->secrets == 0)
        fail(EXIT_DONE, "%s: holds no TLS secrets", keys->path);
    if (capture->malformed)
        fail(EXIT_DONE, "%" PRIu64 " lines of secrets in the capture are not those of a key log",
             capture->malformed);
    if (file->dropped + capture->dropped > 0)
        fail(EXIT_DONE, "%" PRIu64 " TLS secrets were left out: there are too many",
             file->dropped + capture->dropped);
}

/* A capture of a kind that is not read should not look like one in which nothing happened. */
static void remark_link_type(const struct run *run)
{
    if (run->options->quiet || !run->watch.has_unread_link)
        return;
    fprintf(stderr, "pushwatch: packets of link type %u (%s) are not read\n",
            run->watch.unread_link, linktype_name(run->watch.unread_link));
}

static void show_flows(void *context, uint64_t flows)
{
    struct run *run = context;
    progress_update(&run->watch.progress, 0, 0, run->watch.sources[0].packets, flows);
}

/* Ends the flows, and writes what stands behind them. What an offline run took of the machine is no
 * part of its report: the same input gives the same bytes. */
static enum exit_status finish(struct run *run, enum source_status status)
{
    struct pipeline *pipeline = run->watch.pipeline;
    struct source_drops drops = watch_drops(&run->watch);
    /* A live run ends by a signal, and so does one that reads somebody's pipe. */
    bool interrupted = watch_was_signalled() && !run->meta.live &&
                       !reads_standard_input(run->options) && status != SOURCE_BROKEN;
    const char *damage = status == SOURCE_BROKEN ? source_error(run->watch.sources[0].source)
                         : interrupted           ? "interrupted before the end of the input"
                                                 : NULL;
    bool whole = pipeline_finish(pipeline, run->meta.live ? watch_clock() : 0, show_flows, run);
    progress_end(&run->watch.progress);
    pipeline_visit_certs(pipeline, report_cert, run);
    const struct run_end end = {.counts = pipeline_counts(pipeline),
                                .clean = !damage,
                                .damage = damage,
                                .received = drops.received,
                                .drops_kernel = drops.kernel,
                                .drops_interface = drops.interface,
                                .peak_memory = run->meta.live ? process_peak_memory() : 0,
                                .facts = run->meta.facts};
    witness_files_settle(&run->witnesses, end.counts.last_time);
    bool written = report_finish(run->report, &end);
    if (run->options->verbose && !run->options->quiet)
        fprintf(stderr, "pushwatch: peak memory %.1f MiB\n",
                (double)process_peak_memory() / (1 << 20));
    if (end.counts.ndpi_failed && !run->options->quiet)
        fail(EXIT_DONE, "nDPI does not start: connections have no application label");
    if (damage)
        fail(EXIT_INPUT, "%s", damage);
    if (!whole)
        return fail(EXIT_INTERNAL, "flows are missing: the temporary file could not hold them");
    if (!written)
        return fail(EXIT_INTERNAL, "the report could not be written: %s", strerror(errno));
    if (write_known(run) != EXIT_DONE)
        return EXIT_INTERNAL;
    return damage ? EXIT_INPUT : report_stopped(run->report) > 0 ? EXIT_FOUND : EXIT_DONE;
}

/* Socket tables and logs alone. */
static enum exit_status finish_without_capture(struct run *run)
{
    const struct run_end end = {.clean = true};
    witness_files_settle(&run->witnesses, 0);
    begin_report(run);
    if (!report_finish(run->report, &end))
        return fail(EXIT_INTERNAL, "the report could not be written: %s", strerror(errno));
    return report_stopped(run->report) > 0 ? EXIT_FOUND : EXIT_DONE;
}

static enum exit_status analyse(struct run *run)
{
    enum exit_status status = open_filter(run);
    if (status == EXIT_DONE)
        status = open_witnesses(run);
    if (status == EXIT_DONE && (run->options->interface || run->options->file_count > 0))
        status = open_sources(run);
    if (status == EXIT_DONE)
        status = open_trust(run);
    if (status == EXIT_DONE)
        status = open_policy(run);
    if (status == EXIT_DONE)
        status = open_baseline(run);
    if (status == EXIT_DONE)
        status = open_known(run);
    if (status == EXIT_DONE)
        status = open_outputs(run);
    if (status != EXIT_DONE)
        return status;
    if (!open_keys(run))
        return fail(EXIT_INPUT, "--keylog: %s: %s", run->options->keylog, strerror(errno));
    struct source_error error;
    if ((run->options->interface || run->options->user) &&
        !confine_drop_user(&error, run->options->user))
        return fail(run->options->user ? EXIT_USAGE : EXIT_INTERNAL, "%s", error.text);
    if (run->learning.learned && !known_file_writable(&error, run->options->known))
        return fail(EXIT_USAGE, "--learn: %s", error.text);
    if (!has_capture(run))
        return finish_without_capture(run);
    watch_catch_signals(&run->watch);
    if (!run->options->interface)
        source_preface(run->watch.sources[0].source);
    begin_pipeline(run);
    if (!begin_secrets(run))
        return fail(EXIT_INPUT, "--keylog: %s: %s", run->options->keylog, strerror(errno));
    begin_report(run);
    run->watch.report = run->report;
    if (run->meta.live && !run->options->quiet)
        fprintf(stderr, "pushwatch: watching %s (Ctrl-C ends and reports)\n",
                run->options->interface);
    progress_begin(&run->watch.progress, run->options->quiet ? NULL : stderr);
    enum source_status how = watch_run(&run->watch);
    remark_link_type(run);
    keys_take(&run->keys, run->watch.pipeline, true);
    keys_tell(&run->keys_told, &run->keys);
    remark_keys(run);
    return finish(run, how);
}

/* What is seen from outside is closed. Memory goes back with the process, all at once: freed piece
 * by piece, nDPI's alone takes longer than to start this program. */
static void close_run(struct run *run)
{
    watch_leave_signals();
    for (size_t i = run->watch.source_count; i-- > 0;) /* the first last: source.h */
        source_close(run->watch.sources[i].source);
    keys_close(&run->keys);
    outputs_close(run->streams);
}

static void print_version(void)
{
    printf("pushwatch %s\n%s\nnDPI %s\n%s\n", PUSHWATCH_VERSION, filter_library_version(),
           appid_version(), x509_library_version());
}

static enum exit_status printed(void)
{
    if (fflush(stdout) != 0 || ferror(stdout))
        return fail(EXIT_INTERNAL, "standard output: %s", strerror(errno));
    return EXIT_DONE;
}

static enum exit_status explain(const struct options *options)
{
    struct buf text = {0};
    enum exit_status status;
    if (explain_named(&text, options->files, options->file_count)) {
        fwrite(text.p, 1, text.n, stdout);
        status = printed();
    } else {
        status = fail(EXIT_USAGE, "--explain: %s", buf_text(&text));
    }
    buf_done(&text);
    return status;
}

static enum exit_status run_command(struct run *run)
{
    const struct options *options = run->options;
    struct source_error error;
    switch (options->command) {
    case COMMAND_EXPLAIN:
        return explain(options);
    case COMMAND_HELP:
        fputs(options_help, stdout);
        return printed();
    case COMMAND_VERSION:
        print_version();
        return printed();
    case COMMAND_PRINT_POLICY:
        fputs(policy_builtin, stdout);
        return printed();
    case COMMAND_LIST_INTERFACES:
        if (!interfaces_list(&error, stdout))
            return fail(EXIT_INPUT, "%s", error.text);
        return printed();
    case COMMAND_ANALYSE:
        break;
    }
    enum exit_status status = analyse(run);
    bool unread = run->witnesses.told.table_count < options->netstat_count ||
                  run->witnesses.told.log_count < options->syslog_count;
    close_run(run);
    return status <= EXIT_FOUND && unread ? EXIT_INPUT : status;
}

/* Ends by exit: what was not freed is still referred to from here, as leak checkers see it. */
int main(int argc, char **argv)
{
    struct options options;
    struct run run = {.options = &options, .watch.options = &options};
    char wrong[256];
    process_keep_standard_streams();
    setlocale(LC_CTYPE, "");
    if (!options_parse(&options, wrong, sizeof wrong, argc, argv))
        return (int)fail(EXIT_USAGE, "%s", wrong);
    exit((int)run_command(&run));
}
