/* whole_run.c: see whole_run.h. */
#include "whole_run.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../capture/savefile.h"
#include "../dissect/pipeline.h"
#include "../report/judge/trust.h"
#include "../report/report.h"
#include "json_check.h"

enum { BLOCK = 4096, COLUMNS = 80 };

struct wiring {
    struct source *source;
    struct report *report;
};

static struct source *open_bytes(struct source_error *error, struct span capture, size_t block)
{
    int fd = memfd_create("capture", MFD_CLOEXEC);
    if (fd < 0 || write(fd, capture.p, capture.n) != (ssize_t)capture.n ||
        lseek(fd, 0, SEEK_SET) != 0)
        abort();
    return savefile_open_fd(error, fd, "capture", block ? block : BLOCK, NULL);
}

static void commit(void *context, struct flow_record *record, void *item)
{
    struct wiring *wiring = context;
    report_commit(wiring->report, item, record, record->n);
}

static void settle(void *context)
{
    struct wiring *wiring = context;
    report_settle(wiring->report);
}

static void prepare(void *context, const struct flow_record *record, void *item)
{
    struct wiring *wiring = context;
    report_prepare(wiring->report, item, record);
}

static void render(void *context, const struct flow_record *record, void *item)
{
    struct wiring *wiring = context;
    report_render(wiring->report, item, record);
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

static void show_cert(void *context, const struct cert *cert)
{
    struct wiring *wiring = context;
    report_certificate(wiring->report, cert);
}

static const char *interface_name(void *context, uint16_t interface)
{
    struct wiring *wiring = context;
    return source_interface_name(wiring->source, interface);
}

static struct pipeline *begin(struct wiring *wiring, const struct sink *sink,
                              const struct whole_options *options)
{
    static const uint16_t ports[] = {5223};
    const struct pipeline_options how = {.ports = ports,
                                         .port_count = options->any_port ? 0 : COUNT_OF(ports),
                                         .threads = options->threads,
                                         .order_end = options->order_end,
                                         .max_flows = options->max_flows,
                                         .interface_name = interface_name,
                                         .interface_context = wiring,
                                         .hash_key = {1, 2}};
    return pipeline_new(&how, sink);
}

static enum source_status read_all(struct whole_run *run, struct source *source,
                                   struct pipeline *pipeline)
{
    struct packet packet;
    enum source_status status;
    while ((status = source_next(source, &packet)) == SOURCE_PACKET) {
        pipeline_packet(pipeline, &packet);
        run->packets++;
    }
    return status;
}

static void finish(struct whole_run *run, struct wiring *wiring, struct pipeline *pipeline)
{
    if (!pipeline_finish(pipeline, 0, NULL, NULL))
        abort();
    pipeline_visit_certs(pipeline, show_cert, wiring);
    run->flows = pipeline_counts(pipeline).flows;
    const struct run_end end = {.counts = pipeline_counts(pipeline),
                                .clean = run->clean,
                                .damage = run->clean ? NULL : run->error};
    if (!report_finish(wiring->report, &end))
        abort();
}

void whole_run(struct whole_run *run, struct span capture, const struct whole_options *options)
{
    static const char *const name = "capture";
    struct source_error error = {""};
    struct wiring wiring = {.source = open_bytes(&error, capture, options->block)};
    run->opened = wiring.source != NULL;
    if (!run->opened) {
        snprintf(run->error, sizeof run->error, "%s", error.text);
        return;
    }
    FILE *json = open_memstream(&run->json, &run->json_size);
    FILE *text = open_memstream(&run->text, &run->text_size);
    if (!json || !text)
        abort();
    struct trust *trust = trust_new(); /* with nobody in it */
    const struct run_meta meta = {.version = "0",
                                  .libpcap = "0",
                                  .openssl = "0",
                                  .ports = options->any_port ? "any" : "5223",
                                  .inputs = &name,
                                  .input_count = 1,
                                  .trust = trust};
    const struct report_options how = {.columns = COLUMNS, .verbose = true};
    wiring.report = report_new(&meta);
    report_add_output(wiring.report, REPORT_JSON, json, &how);
    report_add_output(wiring.report, REPORT_TEXT, text, &how);
    report_begin(wiring.report);
    const struct sink sink = {&wiring, commit, settle, prepare, render, item_new, item_free};
    struct pipeline *pipeline = begin(&wiring, &sink, options);
    run->clean = read_all(run, wiring.source, pipeline) == SOURCE_END;
    snprintf(run->error, sizeof run->error, "%s", source_error(wiring.source));
    finish(run, &wiring, pipeline);
    pipeline_free(pipeline);
    report_free(wiring.report);
    trust_free(trust);
    source_close(wiring.source);
    fclose(json);
    fclose(text);
}

void whole_run_done(struct whole_run *run)
{
    free(run->json);
    free(run->text);
    *run = (struct whole_run){0};
}

/* --- what came out --- */

static bool is_of_type(struct span line, const char *type)
{
    char begin[32];
    int n = snprintf(begin, sizeof begin, "{\"type\":\"%s\"", type);
    return line.n >= (size_t)n && memcmp(line.p, begin, (size_t)n) == 0;
}

static const char *json_fault(const struct whole_run *run)
{
    struct span rest = {(const uint8_t *)run->json, run->json_size}, line = {NULL, 0};
    uint64_t flows = 0, lines = 0;
    while (rest.n) {
        const uint8_t *end = memchr(rest.p, '\n', rest.n);
        if (!end)
            return "the last line of JSON has no end";
        line = span_of(rest.p, (size_t)(end - rest.p));
        rest = span_of(end + 1, rest.n - line.n - 1);
        if (!json_check(line))
            return "a line that is not JSON";
        if ((lines++ == 0) != is_of_type(line, "meta"))
            return "meta is not the first line";
        flows += is_of_type(line, "flow");
    }
    if (!is_of_type(line, "summary"))
        return "the summary is not the last line";
    return flows == run->flows ? NULL : "not every flow was told";
}

static const char *text_fault(const struct whole_run *run)
{
    for (size_t i = 0; i < run->text_size; i++) {
        uint8_t c = (uint8_t)run->text[i];
        if ((c < 0x20 && c != '\n') || c == 0x7f)
            return "a control character in the text report";
    }
    return run->text_size ? NULL : "no text report";
}

const char *whole_run_fault(const struct whole_run *run)
{
    if ((!run->opened || !run->clean) != (*run->error != '\0'))
        return "broken without a reason, or a reason without need";
    if (!run->opened)
        return NULL;
    const char *fault = json_fault(run);
    return fault ? fault : text_fault(run);
}
