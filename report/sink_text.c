/* sink_text.c: the report for people. Offline, everything waits for the summary, which stands at
 * the top; live, a connection's lines are printed when it ends, and the summary comes last. */
#include "judge/verdict.h"
#include "sinks.h"
#include "spool.h"
#include "text_apns.h"
#include "text_certs.h"
#include "text_story.h"
#include "text_summary.h"
#include "text_table.h"
#include "text_verdict.h"
#include "text_witness.h"
#include "timetext.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
    COLUMNS_LEAST = 80,
    ROWS_MAX = 200,  /* of the table: what people look through; -v shows all */
    STREAMS_MAX = 20 /* of APNs streams, likewise */
};

struct text_sink {
    const struct run_meta *meta;
    FILE *out;
    struct text_style style;
    bool verbose;
    struct text_table table, snapshot_table;
    struct spool rows, snapshot_rows, cert_text, stream_text;
    uint64_t row_count, snapshot_count, stream_count;
    struct text_certs certs;
    struct text_stories *stories;
    struct buf scratch;
};

static void *text_create(const struct run_meta *meta, FILE *out,
                         const struct report_options *options)
{
    struct text_sink *sink = xcalloc(1, sizeof(*sink));
    sink->meta = meta;
    sink->out = out;
    sink->style.columns = options->columns > COLUMNS_LEAST ? options->columns : COLUMNS_LEAST;
    sink->style.colour = options->colour;
    sink->style.ascii = options->ascii;
    sink->verbose = options->verbose;
    sink->stories = text_stories_new(&sink->style, meta->live);
    return sink;
}

static void print(struct text_sink *sink, struct buf *text)
{
    if (text->n > 0)
        fwrite(text->p, 1, text->n, sink->out);
    text->n = 0;
}

static void say_if_missing(struct text_sink *sink, bool whole)
{
    if (!whole)
        fputs("(a part of this is missing: the temporary file could not hold it)\n", sink->out);
}

static void print_spool(struct text_sink *sink, struct spool *spool)
{
    say_if_missing(sink, spool_print(spool, sink->out));
}

static void text_begin(void *context)
{
    struct text_sink *sink = context;
    if (!sink->meta->live || sink->meta->input_count == 0)
        return;
    struct buf name = {0};
    const char *interface = sink->meta->inputs[0];
    terminal_append(&name, &sink->style, span_of(interface, strlen(interface)), WIRE_TEXT);
    fprintf(sink->out, "Watching %s, TCP port %s. Connections appear here when they end.\n\n",
            buf_text(&name), sink->meta->ports);
    buf_done(&name);
}

/* In a live run the next row may follow much later: nothing may be kept back. */
static void flow_live(struct text_sink *sink, struct span story)
{
    print_spool(sink, &sink->rows);
    spool_done(&sink->rows);
    if (story.n > 0)
        fwrite(story.p, 1, story.n, sink->out);
    print_spool(sink, &sink->cert_text);
    spool_done(&sink->cert_text);
    print_spool(sink, &sink->stream_text);
    spool_done(&sink->stream_text);
}

static void add_row(struct text_sink *sink, const struct flow_record *record)
{
    if (++sink->row_count > ROWS_MAX && !sink->verbose && !sink->meta->live)
        return;
    text_table_row(&sink->scratch, &sink->table, &sink->style, record);
    spool_add(&sink->rows, &sink->scratch);
}

static void add_stream(struct text_sink *sink, const struct flow_record *record)
{
    text_apns_flow(&sink->scratch, &sink->style, record);
    if (sink->scratch.n == 0)
        return;
    if (++sink->stream_count > STREAMS_MAX && !sink->verbose && !sink->meta->live)
        sink->scratch.n = 0;
    else
        spool_add(&sink->stream_text, &sink->scratch);
}

static void text_flow(void *context, const struct flow_record *record,
                      const struct findings *findings, struct span rendered)
{
    struct text_sink *sink = context;
    (void)rendered;
    if (!record->final) {
        text_table_row(&sink->scratch, &sink->snapshot_table, &sink->style, record);
        spool_add(&sink->snapshot_rows, &sink->scratch);
        sink->snapshot_count++;
        return;
    }
    add_row(sink, record);
    if (sink->verbose) {
        text_certs_flow(&sink->scratch, &sink->certs, &sink->style, record);
        spool_add(&sink->cert_text, &sink->scratch);
    }
    add_stream(sink, record);
    struct span story = text_stories_add(sink->stories, record, findings);
    if (sink->meta->live)
        flow_live(sink, story);
}

static void text_certificate(void *context, const struct cert *cert)
{
    (void)context;
    (void)cert;
}

static void text_snapshot_end(void *context, nanotime now)
{
    struct text_sink *sink = context;
    struct time_room room;
    struct buf title = {0};
    buf_printf(&title, "Open at %s UTC: %" PRIu64 " connection%s", timetext_day_second(&room, now),
               sink->snapshot_count, sink->snapshot_count == 1 ? "" : "s");
    terminal_heading(&sink->scratch, &sink->style, buf_text(&title));
    buf_done(&title);
    print(sink, &sink->scratch);
    print_spool(sink, &sink->snapshot_rows);
    fputs("\n", sink->out);
    spool_done(&sink->snapshot_rows);
    text_table_done(&sink->snapshot_table);
    sink->snapshot_count = 0;
}

static void finish_table(struct text_sink *sink)
{
    if (sink->meta->live || spool_empty(&sink->rows))
        return;
    fputs("\n", sink->out);
    terminal_heading(&sink->scratch, &sink->style,
                     "Connections (times are UTC; unacked: bytes sent and not acknowledged)");
    print(sink, &sink->scratch);
    print_spool(sink, &sink->rows);
    if (sink->row_count > ROWS_MAX && !sink->verbose)
        fprintf(sink->out,
                "%s and %" PRIu64 " more connections; -v shows all, and -o json has all.\n",
                sink->style.ascii ? "..." : "\xe2\x80\xa6", sink->row_count - ROWS_MAX);
}

static void finish_streams(struct text_sink *sink)
{
    if (sink->meta->live || spool_empty(&sink->stream_text))
        return;
    fputs("\n", sink->out);
    terminal_heading(&sink->scratch, &sink->style,
                     "APNs commands (as the key log shows them; times are UTC)");
    print(sink, &sink->scratch);
    print_spool(sink, &sink->stream_text);
    if (sink->stream_count > STREAMS_MAX && !sink->verbose)
        fprintf(sink->out, "%s and those of %" PRIu64 " more connections; -v shows all.\n",
                sink->style.ascii ? "..." : "\xe2\x80\xa6", sink->stream_count - STREAMS_MAX);
}

static void finish_certificates(struct text_sink *sink)
{
    if (sink->meta->live || spool_empty(&sink->cert_text))
        return;
    fputs("\n", sink->out);
    terminal_heading(&sink->scratch, &sink->style, "Certificates");
    print(sink, &sink->scratch);
    print_spool(sink, &sink->cert_text);
}

static void text_finish(void *context, const struct findings *findings,
                        const struct summary *summary, const struct verdict *verdict,
                        const struct run_end *end)
{
    struct text_sink *sink = context;
    if (sink->meta->live)
        fputs("\n", sink->out);
    text_verdict_print(&sink->scratch, &sink->style, sink->meta, verdict);
    text_summary_print(&sink->scratch, &sink->style, sink->meta, summary, verdict_healthy(verdict),
                       end);
    print(sink, &sink->scratch);
    text_stories_print(sink->out, sink->stories, findings);
    if (sink->meta->live)
        text_stories_rest(&sink->scratch, sink->stories);
    if (summary->testimony)
        text_witness_print(&sink->scratch, &sink->style, summary->testimony);
    print(sink, &sink->scratch);
    finish_table(sink);
    finish_streams(sink);
    finish_certificates(sink);
    text_limits_print(&sink->scratch, &sink->style, summary, end);
    print(sink, &sink->scratch);
}

static void text_destroy(void *context)
{
    struct text_sink *sink = context;
    text_stories_free(sink->stories);
    text_certs_done(&sink->certs);
    text_table_done(&sink->table);
    text_table_done(&sink->snapshot_table);
    spool_done(&sink->rows);
    spool_done(&sink->snapshot_rows);
    spool_done(&sink->cert_text);
    spool_done(&sink->stream_text);
    buf_done(&sink->scratch);
    free(sink);
}

const struct report_sink sink_text = {
    .create = text_create,
    .begin = text_begin,
    .flow = text_flow,
    .certificate = text_certificate,
    .snapshot_end = text_snapshot_end,
    .finish = text_finish,
    .destroy = text_destroy,
};
