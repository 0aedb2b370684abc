/* report.c: one record in, one judgement, every output. */
#include "report.h"

#include "baseline.h"
#include "cert_texts.h"
#include "gate.h"
#include "identity.h"
#include "judge/judge.h"
#include "judge/verdict.h"
#include "sinks.h"

#include <stdlib.h>

/* A screen, a file, a pipe to another program: nobody needs more outputs of one run. */
enum { OUTPUTS_MAX = 16 };

struct output {
    const struct report_sink *sink;
    enum report_format format;
    void *context;
    FILE *out;
};

static const struct report_sink *const sinks[REPORT_FORMATS] = {
    [REPORT_JSON] = &sink_json,
    [REPORT_TEXT] = &sink_text,
    [REPORT_JUNIT] = &sink_junit,
    [REPORT_SARIF] = &sink_sarif,
};

struct report {
    const struct run_meta *meta;
    struct judge *judge;
    struct summary summary;
    uint64_t stopped;
    struct output outputs[OUTPUTS_MAX];
    size_t output_count;
    bool renders[REPORT_FORMATS]; /* formats that an output wants rendered ahead */
    struct cert_texts *certs;     /* what they say of certificates */
};

struct report *report_new(const struct run_meta *meta)
{
    struct report *report = xcalloc(1, sizeof(*report));
    report->meta = meta;
    report->judge = judge_new(meta);
    report->certs = cert_texts_new();
    return report;
}

void report_add_output(struct report *report, enum report_format format, FILE *out,
                       const struct report_options *options)
{
    if (report->output_count == OUTPUTS_MAX)
        return;
    struct output *output = &report->outputs[report->output_count++];
    output->sink = sinks[format];
    output->format = format;
    output->out = out;
    if (output->sink->render)
        report->renders[format] = true;
    output->context = output->sink->create(report->meta, out, options);
}

/* Returns false if anything could not be written. */
static bool flush(const struct output *output)
{
    if (output->sink->flush)
        output->sink->flush(output->context);
    return fflush(output->out) == 0 && !ferror(output->out);
}

void report_flush(struct report *report)
{
    for (size_t i = 0; i < report->output_count; i++)
        (void)flush(&report->outputs[i]);
}

/* Whoever watches a live run wants to see each flow as it ends. */
static void flush_if_live(struct report *report)
{
    if (report->meta->live)
        report_flush(report);
}

void report_begin(struct report *report)
{
    for (size_t i = 0; i < report->output_count; i++)
        report->outputs[i].sink->begin(report->outputs[i].context);
    flush_if_live(report);
}

/* `record` is NULL where findings belong to no single flow. */
static void mark_known(const struct report *report, struct findings *findings,
                       const struct flow_record *record)
{
    struct buf identity = {0};
    if (!report->meta->baseline)
        return;
    for (size_t i = 0; i < findings->count; i++) {
        identity.n = 0;
        if (record)
            identity_of_flow(&identity, record, &findings->items[i]);
        else
            identity_of_finding(&identity, &findings->items[i]);
        findings->items[i].known =
            baseline_knows(report->meta->baseline, span_of(identity.p, identity.n));
    }
    buf_done(&identity);
}

static void count_stopped(struct report *report, const struct findings *findings)
{
    if (!report->meta->gate)
        return;
    for (size_t i = 0; i < findings->count; i++)
        report->stopped += gate_stops(report->meta->gate, &findings->items[i]);
}

uint64_t report_stopped(const struct report *report)
{
    return report->stopped;
}

void report_prepare(const struct report *report, struct report_item *item,
                    const struct flow_record *record)
{
    findings_clear(&item->findings);
    judge_flow(report->judge, &item->findings, record);
    mark_known(report, &item->findings, record);
}

void report_render(const struct report *report, struct report_item *item,
                   const struct flow_record *record)
{
    for (unsigned format = 0; format < REPORT_FORMATS; format++) {
        item->rendered[format].n = 0;
        if (report->renders[format])
            sinks[format]->render(&item->rendered[format], record, &item->findings, report->certs);
    }
}

void report_commit(struct report *report, const struct report_item *item,
                   struct flow_record *record, uint64_t n)
{
    record->n = n;
    judge_remember(report->judge, record, &item->findings);
    if (record->final) {
        summary_add_flow(&report->summary, record, &item->findings);
        count_stopped(report, &item->findings);
    }
    for (size_t i = 0; i < report->output_count; i++) {
        const struct output *output = &report->outputs[i];
        const struct buf *rendered = &item->rendered[output->format];
        output->sink->flow(output->context, record, &item->findings,
                           span_of(rendered->p, rendered->n));
    }
    flush_if_live(report);
}

void report_settle(struct report *report)
{
    for (size_t i = 0; i < report->output_count; i++)
        if (report->outputs[i].sink->settle)
            report->outputs[i].sink->settle(report->outputs[i].context);
}

void report_item_done(struct report_item *item)
{
    findings_done(&item->findings);
    for (unsigned format = 0; format < REPORT_FORMATS; format++)
        buf_done(&item->rendered[format]);
}

void report_certificate(void *context, const struct cert *cert)
{
    struct report *report = context;
    report->summary.certificates++;
    for (size_t i = 0; i < report->output_count; i++)
        report->outputs[i].sink->certificate(report->outputs[i].context, cert);
    flush_if_live(report);
}

void report_snapshot_end(struct report *report, nanotime now)
{
    for (size_t i = 0; i < report->output_count; i++)
        report->outputs[i].sink->snapshot_end(report->outputs[i].context, now);
    flush_if_live(report);
}

bool report_finish(struct report *report, const struct run_end *end)
{
    bool written = true;
    struct findings findings = {0};
    report->summary.testimony = judge_finish(report->judge, &findings, end);
    mark_known(report, &findings, NULL);
    summary_add_findings(&report->summary, &findings);
    count_stopped(report, &findings);
    struct verdict verdict;
    verdict_reach(&verdict, report->meta, &report->summary, &findings, end);
    for (size_t i = 0; i < report->output_count; i++) {
        struct output *output = &report->outputs[i];
        output->sink->finish(output->context, &findings, &report->summary, &verdict, end);
        written &= flush(output);
    }
    findings_done(&findings);
    verdict_done(&verdict);
    return written;
}

void report_free(struct report *report)
{
    if (!report)
        return;
    for (size_t i = 0; i < report->output_count; i++)
        report->outputs[i].sink->destroy(report->outputs[i].context);
    judge_free(report->judge);
    cert_texts_free(report->certs);
    summary_done(&report->summary);
    free(report);
}
