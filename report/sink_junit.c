/* sink_junit.c: JUnit's XML, for CI: a test for each finding of the table, which fails if the run
 * found it and --fail-on counts it. The elements and attributes are those that both the schema of
 * Ant's task and that of Jenkins' xUnit plugin want. */
#include "gate.h"
#include "shark_filter.h"
#include "sinks.h"
#include "text_table.h"
#include "timetext.h"

#include <inttypes.h>
#include <stdlib.h>

/* Findings told in full of each kind: the message says how many there are. */
enum { TOLD_MAX = 10 };

struct junit_sink {
    const struct run_meta *meta;
    struct gate gate;
    FILE *out;
    struct {
        uint64_t count;
        struct buf text; /* as XML */
    } failures[FINDINGS];
};

static void *junit_create(const struct run_meta *meta, FILE *out,
                          const struct report_options *options)
{
    (void)options;
    struct junit_sink *sink = xcalloc(1, sizeof(*sink));
    sink->meta = meta;
    sink->out = out;
    if (meta->gate && meta->gate->set)
        sink->gate = *meta->gate;
    else
        sink->gate.severities[SEVERITY_WARNING] = sink->gate.severities[SEVERITY_CRITICAL] = true;
    return sink;
}

static void junit_begin(void *context)
{
    (void)context;
}

/* Text from anywhere: what XML cannot hold (control characters, what is not UTF-8) is escaped as in
 * the text report. */
static void put_xml(struct buf *out, struct span text)
{
    static const struct text_style style = {.ascii = true};
    struct buf safe = {0};
    terminal_append(&safe, &style, text, WIRE_TEXT);
    for (size_t i = 0; i < safe.n; i++)
        switch (safe.p[i]) {
        case '<':
            buf_printf(out, "&lt;");
            break;
        case '>':
            buf_printf(out, "&gt;");
            break;
        case '&':
            buf_printf(out, "&amp;");
            break;
        case '"':
            buf_printf(out, "&quot;");
            break;
        default:
            buf_append(out, &safe.p[i], 1);
        }
    buf_done(&safe);
}

static void put_xml_text(struct buf *out, const char *text)
{
    put_xml(out, span_of(text, strlen(text)));
}

static void add(struct junit_sink *sink, const struct finding *finding, const char *where,
                struct buf *filter)
{
    if (!gate_stops(&sink->gate, finding) || ++sink->failures[finding->id].count > TOLD_MAX)
        return;
    struct buf *out = &sink->failures[finding->id].text;
    struct span pieces[FINDING_PIECES];
    unsigned count = finding_summary(pieces, finding);
    if (*where) {
        put_xml_text(out, where);
        buf_printf(out, ": ");
    }
    for (unsigned i = 0; i < count; i++)
        put_xml(out, pieces[i]);
    if (filter->n > 0) {
        buf_printf(out, " Filter: ");
        put_xml(out, span_of(filter->p, filter->n));
    }
    buf_append(out, "\n", 1);
}

static void junit_flow(void *context, const struct flow_record *record,
                       const struct findings *findings, struct span rendered)
{
    (void)rendered;
    if (!record->final || findings->count == 0)
        return;
    struct buf where = {0}, filter = {0};
    text_flow_ends(&where, record, true);
    shark_filter_flow(&filter, record);
    for (size_t i = 0; i < findings->count; i++)
        add(context, &findings->items[i], buf_text(&where), &filter);
    buf_done(&where);
    buf_done(&filter);
}

static void junit_certificate(void *context, const struct cert *cert)
{
    (void)context;
    (void)cert;
}

static void junit_snapshot_end(void *context, nanotime now)
{
    (void)context;
    (void)now;
}

static void put_case(struct buf *out, struct junit_sink *sink, enum finding_id id)
{
    uint64_t count = sink->failures[id].count;
    buf_printf(out, "<testcase classname=\"pushwatch\" name=\"%s\" time=\"0\"", finding_name(id));
    if (count == 0) {
        buf_printf(out, "/>\n");
        return;
    }
    buf_printf(out, "><failure type=\"%s\" message=\"", finding_name(id));
    put_xml_text(out, finding_title(id));
    buf_printf(out, " (%" PRIu64 ")\">", count);
    buf_append(out, sink->failures[id].text.p, sink->failures[id].text.n);
    if (count > TOLD_MAX)
        buf_printf(out, "... and %" PRIu64 " more; -o json has all.\n", count - TOLD_MAX);
    buf_printf(out, "</failure></testcase>\n");
}

/* An input that could not be read to its end is an error of the suite itself. */
static void put_reading(struct buf *out, const struct run_end *end)
{
    buf_printf(out, "<testcase classname=\"pushwatch\" name=\"input\" time=\"0\"");
    if (end->clean) {
        buf_printf(out, "/>\n");
        return;
    }
    buf_printf(out, "><error type=\"input\" message=\"The input was not read to its end\">");
    put_xml_text(out, end->damage ? end->damage : "");
    buf_printf(out, "</error></testcase>\n");
}

/* The time of the capture, not of the run: the same input gives the same bytes. */
static void put_suite(struct buf *out, const struct junit_sink *sink, const struct run_end *end)
{
    const struct dissect_counts *counts = &end->counts;
    char begun[TIMETEXT_RFC3339_ROOM + 1] = "";
    struct timetext_last last = {0};
    unsigned failures = 0;
    for (unsigned id = 0; id < FINDINGS; id++)
        failures += sink->failures[id].count > 0;
    *timetext_put_rfc3339(begun, &last, counts->first_time) = '\0';
    buf_printf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite name=\"");
    put_xml_text(out, sink->meta->input_count == 1   ? sink->meta->inputs[0]
                      : sink->meta->input_count == 0 ? "socket tables and logs"
                                                     : "several files");
    buf_printf(out,
               "\" package=\"pushwatch\" id=\"0\" hostname=\"localhost\" tests=\"%u\" "
               "failures=\"%u\" errors=\"%u\" timestamp=\"%.19s\" time=\"%" PRId64 "\">\n"
               "<properties/>\n",
               (unsigned)FINDINGS + 1, failures, end->clean ? 0 : 1, begun,
               (counts->last_time - counts->first_time) / NS_PER_SECOND);
}

static void junit_finish(void *context, const struct findings *findings,
                         const struct summary *summary, const struct verdict *verdict,
                         const struct run_end *end)
{
    struct junit_sink *sink = context;
    struct buf out = {0}, filter = {0};
    (void)summary;
    (void)verdict;
    for (size_t i = 0; i < findings->count; i++) {
        filter.n = 0;
        shark_filter_frames(&filter, &findings->items[i]);
        add(sink, &findings->items[i], "", &filter);
    }
    put_suite(&out, sink, end);
    put_reading(&out, end);
    for (unsigned id = 0; id < FINDINGS; id++)
        put_case(&out, sink, (enum finding_id)id);
    buf_printf(&out, "<system-out/>\n<system-err/>\n</testsuite>\n</testsuites>\n");
    fwrite(out.p, 1, out.n, sink->out);
    buf_done(&out);
    buf_done(&filter);
}

static void junit_destroy(void *context)
{
    struct junit_sink *sink = context;
    for (unsigned id = 0; id < FINDINGS; id++)
        buf_done(&sink->failures[id].text);
    free(sink);
}

const struct report_sink sink_junit = {
    .create = junit_create,
    .begin = junit_begin,
    .flow = junit_flow,
    .certificate = junit_certificate,
    .snapshot_end = junit_snapshot_end,
    .finish = junit_finish,
    .destroy = junit_destroy,
};
