/* report.c: one record in, one judgement, every output. */
#include "report.h"

#include "judge/judge.h"
#include "sinks.h"

#include <stdlib.h>

/* A screen, a file, a pipe to another program: nobody needs more outputs of one run. */
enum { OUTPUTS_MAX = 16 };

struct output {
    const struct report_sink *sink;
    void *context;
    FILE *out;
};

struct report {
    const struct run_meta *meta;
    struct judge *judge;
    struct findings findings; /* of the flow at hand */
    struct summary summary;
    struct output outputs[OUTPUTS_MAX];
    size_t output_count;
};

struct report *report_new(const struct run_meta *meta)
{
    struct report *report = xcalloc(1, sizeof(*report));
    report->meta = meta;
    report->judge = judge_new(meta);
    return report;
}

void report_add_output(struct report *report, enum report_format format, FILE *out,
                       const struct report_options *options)
{
    if (report->output_count == OUTPUTS_MAX)
        return;
    struct output *output = &report->outputs[report->output_count++];
    output->sink = format == REPORT_JSON ? &sink_json : &sink_text;
    output->out = out;
    output->context = output->sink->create(report->meta, out, options);
}

/* Whoever watches a live run wants to see each flow as it ends. */
static void flush_if_live(struct report *report)
{
    for (size_t i = 0; report->meta->live && i < report->output_count; i++)
        fflush(report->outputs[i].out);
}

void report_begin(struct report *report)
{
    for (size_t i = 0; i < report->output_count; i++)
        report->outputs[i].sink->begin(report->outputs[i].context);
    flush_if_live(report);
}

void report_flow(void *context, const struct flow_record *record)
{
    struct report *report = context;
    findings_clear(&report->findings);
    judge_flow(report->judge, &report->findings, record);
    if (record->final)
        summary_add_flow(&report->summary, record, &report->findings);
    for (size_t i = 0; i < report->output_count; i++)
        report->outputs[i].sink->flow(report->outputs[i].context, record, &report->findings);
    flush_if_live(report);
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
    findings_clear(&report->findings);
    judge_finish(report->judge, &report->findings, end);
    summary_add_findings(&report->summary, &report->findings);
    for (size_t i = 0; i < report->output_count; i++) {
        struct output *output = &report->outputs[i];
        output->sink->finish(output->context, &report->findings, &report->summary, end);
        if (fflush(output->out) != 0 || ferror(output->out))
            written = false;
    }
    return written;
}

void report_free(struct report *report)
{
    if (!report)
        return;
    for (size_t i = 0; i < report->output_count; i++)
        report->outputs[i].sink->destroy(report->outputs[i].context);
    findings_done(&report->findings);
    judge_free(report->judge);
    free(report);
}
