/* sinks.h: what every output format fills in. A sink only renders: it is told facts, judgements
 * and counts, and keeps none of them by reference. */
#ifndef PUSHWATCH_REPORT_SINKS_H
#define PUSHWATCH_REPORT_SINKS_H

#include "finding.h"
#include "report.h"
#include "summary.h"

/* The version of report/flow-record.schema.json. */
#define REPORT_SCHEMA_VERSION "1.3"

struct cert_texts; /* cert_texts.h */
struct verdict;    /* judge/verdict.h */

struct report_sink {
    /* Makes the context that all others get first. `meta` and `out` outlive it. */
    void *(*create)(const struct run_meta *meta, FILE *out, const struct report_options *options);
    void (*begin)(void *context);
    /* Appends what can be made of a flow before its ordinal is known: a pure function, but for what
     * it keeps in `certs`, called by several threads at once. NULL if the format makes nothing
     * ahead. */
    void (*render)(struct buf *out, const struct flow_record *record,
                   const struct findings *findings, struct cert_texts *certs);
    /* Takes a flow whose turn it is, with what `render` appended: this alone may be kept by
     * reference, until `settle` or `flush`. */
    void (*flow)(void *context, const struct flow_record *record, const struct findings *findings,
                 struct span rendered);
    void (*settle)(void *context); /* NULL if it keeps nothing */
    void (*certificate)(void *context, const struct cert *cert);
    void (*snapshot_end)(void *context, nanotime now);
    void (*finish)(void *context, const struct findings *findings, const struct summary *summary,
                   const struct verdict *verdict, const struct run_end *end);
    /* Writes what the sink has held back to `out`. NULL if it holds nothing back. */
    void (*flush)(void *context);
    void (*destroy)(void *context);
};

extern const struct report_sink sink_json;  /* NDJSON: sink_json.c */
extern const struct report_sink sink_junit; /* for CI: sink_junit.c */
extern const struct report_sink sink_sarif; /* for code scanning: sink_sarif.c */
extern const struct report_sink sink_text;  /* for people: sink_text.c */

#endif
