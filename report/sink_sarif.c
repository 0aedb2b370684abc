/* sink_sarif.c: SARIF 2.1.0 (OASIS), for code scanning and its like: a rule for each finding of the
 * table, a result for each finding of the run. */
#include "identity.h"
#include "json.h"
#include "shark_filter.h"
#include "sinks.h"
#include "text_table.h"

#include <stdlib.h>

#define SARIF_SCHEMA "https://json.schemastore.org/sarif-2.1.0.json"

enum { WRITE_LEAST = 64 << 10 };

struct sarif_sink {
    const struct run_meta *meta;
    FILE *out;
    struct buf text; /* not yet written */
    bool any_result;
};

static void *sarif_create(const struct run_meta *meta, FILE *out,
                          const struct report_options *options)
{
    (void)options;
    struct sarif_sink *sink = xcalloc(1, sizeof(*sink));
    sink->meta = meta;
    sink->out = out;
    return sink;
}

static void sarif_flush(void *context)
{
    struct sarif_sink *sink = context;
    fwrite(sink->text.p, 1, sink->text.n, sink->out);
    sink->text.n = 0;
}

/* SARIF knows three levels for what is wrong: section 3.27.10. */
static const char *level_of(enum severity severity)
{
    static const char *const levels[SEVERITIES] = {
        [SEVERITY_INFO] = "note",
        [SEVERITY_NOTICE] = "note",
        [SEVERITY_WARNING] = "warning",
        [SEVERITY_CRITICAL] = "error",
    };
    return levels[severity];
}

static void put_message(struct json *json, const char *key, struct span text)
{
    json_open_object(json, key);
    json_span(json, "text", text);
    json_close_object(json);
}

static void put_clause(struct json *json, const char *key, const char *lead, const char *clause)
{
    struct buf text = {0};
    finding_sentence(&text, lead, clause);
    put_message(json, key, span_of(text.p, text.n));
    buf_done(&text);
}

static void put_rule(struct json *json, enum finding_id id)
{
    struct finding_texts texts = finding_texts(id);
    struct buf help = {0};
    if (texts.harmless)
        finding_sentence(&help, "Harmless if ", texts.harmless);
    if (texts.next)
        finding_sentence(&help, help.n ? " Next: " : "Next: ", texts.next);
    json_open_object(json, NULL);
    json_word(json, "id", finding_name(id));
    put_clause(json, "shortDescription", "", finding_title(id));
    if (texts.why)
        put_clause(json, "fullDescription", "", texts.why);
    json_open_object(json, "defaultConfiguration");
    json_word(json, "level", level_of(texts.severity));
    json_close_object(json);
    if (help.n > 0)
        put_message(json, "help", span_of(help.p, help.n));
    json_close_object(json);
    buf_done(&help);
}

/* RFC 3986: what is neither unreserved nor a slash is written as %NN. */
static void put_uri(struct json *json, const char *path)
{
    static const char kept[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    struct buf uri = {0};
    if (path[0] == '/')
        buf_printf(&uri, "file://");
    for (; *path; path++)
        buf_printf(&uri, strchr(kept, *path) ? "%c" : "%%%02X", (unsigned char)*path);
    json_text(json, "uri", buf_text(&uri));
    buf_done(&uri);
}

static void put_tool(struct json *json, const struct run_meta *meta)
{
    json_open_object(json, "tool");
    json_open_object(json, "driver");
    json_word(json, "name", "pushwatch");
    json_text(json, "version", meta->version);
    json_open_array(json, "rules");
    for (unsigned id = 0; id < FINDINGS; id++)
        put_rule(json, (enum finding_id)id);
    json_close_array(json);
    json_close_object(json);
    json_close_object(json);
}

static void put_artifacts(struct json *json, const struct run_meta *meta)
{
    json_open_array(json, "artifacts");
    for (size_t i = 0; i < meta->input_count; i++) {
        json_open_object(json, NULL);
        json_open_object(json, "location");
        put_uri(json, meta->inputs[i]);
        json_close_object(json);
        json_close_object(json);
    }
    json_close_array(json);
}

/* The run is left open for results. */
static void sarif_begin(void *context)
{
    struct sarif_sink *sink = context;
    struct json json;
    json_begin(&json, &sink->text);
    json_open_object(&json, NULL);
    json_word(&json, "$schema", SARIF_SCHEMA);
    json_word(&json, "version", "2.1.0");
    json_open_array(&json, "runs");
    json_open_object(&json, NULL);
    put_tool(&json, sink->meta);
    put_artifacts(&json, sink->meta);
    json_open_array(&json, "results");
    json_end(&json);
}

/* The capture, and the connection inside of it. */
static void put_location(struct json *json, const struct run_meta *meta, struct span flow)
{
    json_open_array(json, "locations");
    json_open_object(json, NULL);
    json_open_object(json, "physicalLocation");
    json_open_object(json, "artifactLocation");
    put_uri(json, meta->inputs[0]);
    json_uint(json, "index", 0);
    json_close_object(json);
    json_close_object(json);
    if (flow.n > 0) {
        json_open_array(json, "logicalLocations");
        json_open_object(json, NULL);
        json_span(json, "fullyQualifiedName", flow);
        json_word(json, "kind", "connection");
        json_close_object(json);
        json_close_array(json);
    }
    json_close_object(json);
    json_close_array(json);
}

static void put_result_message(struct json *json, const struct finding *finding)
{
    struct span pieces[FINDING_PIECES];
    unsigned count = finding_summary(pieces, finding);
    json_open_object(json, "message");
    json_open_text(json, "text");
    for (unsigned i = 0; i < count; i++)
        json_piece(json, pieces[i]);
    json_close_text(json);
    json_close_object(json);
}

static void put_result(struct sarif_sink *sink, const struct finding *finding, struct span flow,
                       struct span identity, struct span filter)
{
    if (sink->any_result)
        buf_append(&sink->text, ",", 1);
    sink->any_result = true;
    struct json json;
    json_begin(&json, &sink->text);
    json_open_object(&json, NULL);
    json_word(&json, "ruleId", finding_name(finding->id));
    json_uint(&json, "ruleIndex", finding->id);
    json_word(&json, "level", level_of(finding->severity));
    put_result_message(&json, finding);
    if (sink->meta->input_count > 0)
        put_location(&json, sink->meta, flow);
    json_open_object(&json, "partialFingerprints");
    json_span(&json, "pushwatch/v1", identity);
    json_close_object(&json);
    if (sink->meta->baseline)
        json_word(&json, "baselineState", finding->known ? "unchanged" : "new");
    json_open_object(&json, "properties");
    json_word(&json, "severity", severity_name(finding->severity));
    json_open_array(&json, "frames");
    for (unsigned i = 0; i < finding->frame_count; i++)
        json_uint(&json, NULL, finding->frames[i]);
    json_close_array(&json);
    if (filter.n > 0)
        json_span(&json, "filter", filter);
    json_close_object(&json);
    json_close_object(&json);
    json_end(&json);
    if (sink->text.n >= WRITE_LEAST)
        sarif_flush(sink);
}

static void sarif_flow(void *context, const struct flow_record *record,
                       const struct findings *findings, struct span rendered)
{
    (void)rendered;
    if (!record->final || findings->count == 0)
        return;
    struct buf flow = {0}, filter = {0}, identity = {0};
    text_flow_ends(&flow, record, true);
    shark_filter_flow(&filter, record);
    for (size_t i = 0; i < findings->count; i++) {
        identity.n = 0;
        identity_of_flow(&identity, record, &findings->items[i]);
        put_result(context, &findings->items[i], span_of(flow.p, flow.n),
                   span_of(identity.p, identity.n), span_of(filter.p, filter.n));
    }
    buf_done(&flow);
    buf_done(&filter);
    buf_done(&identity);
}

static void sarif_certificate(void *context, const struct cert *cert)
{
    (void)context;
    (void)cert;
}

static void sarif_snapshot_end(void *context, nanotime now)
{
    (void)context;
    (void)now;
}

static void put_invocation(struct json *json, const struct run_end *end)
{
    json_open_array(json, "invocations");
    json_open_object(json, NULL);
    json_bool(json, "executionSuccessful", end->clean);
    if (end->damage) {
        json_open_array(json, "toolExecutionNotifications");
        json_open_object(json, NULL);
        json_word(json, "level", "error");
        put_message(json, "message", span_of(end->damage, strlen(end->damage)));
        json_close_object(json);
        json_close_array(json);
    }
    json_close_object(json);
    json_close_array(json);
}

static void sarif_finish(void *context, const struct findings *findings,
                         const struct summary *summary, const struct verdict *verdict,
                         const struct run_end *end)
{
    struct sarif_sink *sink = context;
    struct buf filter = {0}, identity = {0};
    (void)summary;
    (void)verdict;
    for (size_t i = 0; i < findings->count; i++) {
        filter.n = identity.n = 0;
        shark_filter_frames(&filter, &findings->items[i]);
        identity_of_finding(&identity, &findings->items[i]);
        put_result(sink, &findings->items[i], span_of(NULL, 0), span_of(identity.p, identity.n),
                   span_of(filter.p, filter.n));
    }
    buf_append(&sink->text, "],", 2); /* of results */
    struct json json;
    json_begin(&json, &sink->text);
    put_invocation(&json, end);
    json_end(&json);
    buf_append(&sink->text, "}]}\n", 4);
    buf_done(&filter);
    buf_done(&identity);
}

static void sarif_destroy(void *context)
{
    struct sarif_sink *sink = context;
    buf_done(&sink->text);
    free(sink);
}

const struct report_sink sink_sarif = {
    .create = sarif_create,
    .begin = sarif_begin,
    .flow = sarif_flow,
    .certificate = sarif_certificate,
    .snapshot_end = sarif_snapshot_end,
    .finish = sarif_finish,
    .flush = sarif_flush,
    .destroy = sarif_destroy,
};
