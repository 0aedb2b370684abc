/* sink_json.c: the flow record's native form, NDJSON: one object a line, its keys in the order of
 * flow-record.schema.json. This file holds the objects; the parts of a flow are in
 * json_flow.c. */
#include "json_capture.h"
#include "json_flow.h"
#include "json_witness.h"
#include "judge/trust.h"
#include "judge/verdict.h"
#include "members.h"
#include "names.h"
#include "sinks.h"

#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

/* Lines are written this many bytes at a time: a call of the system costs as much as a flow. What
 * is borrowed is written as it is where it is so much: another thread has made it, and copying it
 * from that one's cache takes as long as making it. */
enum { WRITE_LEAST = 64 << 10, WRITE_BORROWED = 16 << 10 };

enum { BORROWED_MOST = 256 };

/* A text that somebody else keeps, and before which byte of `lines` it belongs. */
struct borrowed {
    size_t at;
    struct span text;
};

struct json_sink {
    const struct run_meta *meta;
    FILE *out;
    struct buf lines; /* not yet written, but for: */
    struct borrowed borrowed[BORROWED_MOST];
    size_t borrowed_count, borrowed_bytes;
    struct json_capture_told told;
};

static void begin_line(struct json *json, struct json_sink *sink, const char *type)
{
    json_begin(json, &sink->lines);
    json_open_object(json, NULL);
    json_text(json, "type", type);
}

/* All that is not yet written, in its order: lines and what is borrowed by turns. Returns how many
 * parts there are. */
static size_t gather(struct iovec parts[2 * BORROWED_MOST + 1], const struct json_sink *sink)
{
    size_t count = 0, from = 0;
    for (size_t i = 0; i < sink->borrowed_count; i++) {
        const struct borrowed *borrowed = &sink->borrowed[i];
        parts[count++] = (struct iovec){sink->lines.p + from, borrowed->at - from};
        parts[count++] = (struct iovec){(void *)(uintptr_t)borrowed->text.p, borrowed->text.n};
        from = borrowed->at;
    }
    parts[count++] = (struct iovec){sink->lines.p + from, sink->lines.n - from};
    return count;
}

/* A failed write shows in ferror(out), which the report looks at in the end: what could not be
 * written at once, stdio writes, or finds that it can't. */
static void write_parts(FILE *out, const struct iovec *parts, size_t count)
{
    ssize_t n = fflush(out) == 0 ? writev(fileno(out), parts, (int)count) : -1;
    size_t written = n > 0 ? (size_t)n : 0;
    for (size_t i = 0; i < count; i++) {
        size_t done = written < parts[i].iov_len ? written : parts[i].iov_len;
        written -= done;
        fwrite((const char *)parts[i].iov_base + done, 1, parts[i].iov_len - done, out);
    }
}

static void json_flush(void *context)
{
    struct json_sink *sink = context;
    struct iovec parts[2 * BORROWED_MOST + 1];
    if (sink->lines.n == 0)
        return;
    write_parts(sink->out, parts, gather(parts, sink));
    sink->lines.n = sink->borrowed_count = sink->borrowed_bytes = 0;
}

static void write_if_enough(struct json_sink *sink)
{
    if (sink->lines.n >= WRITE_LEAST)
        json_flush(sink);
}

/* Copies what is borrowed to where it belongs. */
static void keep_borrowed(struct json_sink *sink)
{
    struct iovec parts[2 * BORROWED_MOST + 1];
    size_t count = gather(parts, sink), before = sink->borrowed[0].at;
    struct buf behind = {0};
    for (size_t i = 1; i < count; i++)
        buf_append(&behind, parts[i].iov_base, parts[i].iov_len);
    sink->lines.n = before;
    buf_append(&sink->lines, behind.p, behind.n);
    buf_done(&behind);
    sink->borrowed_count = sink->borrowed_bytes = 0;
    write_if_enough(sink);
}

static void json_settle(void *context)
{
    struct json_sink *sink = context;
    if (sink->borrowed_bytes >= WRITE_BORROWED)
        json_flush(sink);
    else if (sink->borrowed_count > 0)
        keep_borrowed(sink);
}

static void end_line(struct json_sink *sink, struct json *json)
{
    json_end_line(json);
    write_if_enough(sink);
}

static void *json_create(const struct run_meta *meta, FILE *out,
                         const struct report_options *options)
{
    (void)options;
    struct json_sink *sink = xcalloc(1, sizeof(*sink));
    sink->meta = meta;
    sink->out = out;
    return sink;
}

/* Whom chains may lead to, and for which time they are judged. */
static void meta_trust(struct json *json, const struct run_meta *meta)
{
    json_open_array(json, "trust");
    for (size_t i = 0; i < trust_count(meta->trust); i++) {
        const struct trust_store *store = trust_at(meta->trust, i);
        json_open_object(json, NULL);
        json_text(json, "store", store->name);
        if (store->path) {
            json_text(json, "path", store->path);
            json_hex(json, "sha256", span_of(store->sha256, sizeof store->sha256));
        }
        json_uint(json, "anchors", store->anchors);
        json_close_object(json);
    }
    json_close_array(json);
    if (meta->policy_name)
        json_text(json, "policy", meta->policy_name);
    if (meta->known_name)
        json_text(json, "known", meta->known_name);
    if (meta->at)
        json_time(json, "at", meta->at);
    else
        json_word(json, "at", "capture");
}

static void json_meta(void *context)
{
    struct json_sink *sink = context;
    const struct run_meta *meta = sink->meta;
    struct json json;
    begin_line(&json, sink, "meta");
    json_word(&json, "schema", REPORT_SCHEMA_VERSION);
    json_text(&json, "pushwatch", meta->version);
    json_text(&json, "libpcap", meta->libpcap);
    if (meta->ndpi)
        json_text(&json, "ndpi", meta->ndpi);
    json_text(&json, "openssl", meta->openssl);
    json_text(&json, "ports", meta->ports);
    if (meta->filter)
        json_text(&json, "filter", meta->filter);
    json_open_array(&json, "inputs");
    for (size_t i = 0; i < meta->input_count; i++)
        json_text(&json, NULL, meta->inputs[i]);
    json_close_array(&json);
    json_bool(&json, "live", meta->live);
    json_keys(&json, meta);
    if (meta->trust)
        meta_trust(&json, meta);
    json_capture(&json, &sink->told, meta, meta->facts, false);
    end_line(sink, &json);
}

/* All of a flow's line that follows its ordinal. */
static void json_render(struct buf *out, const struct flow_record *record,
                        const struct findings *findings, struct cert_texts *certs)
{
    struct json json;
    json_begin(&json, out);
    json_flow(&json, record, findings, certs);
    json_end_line(&json);
}

static void json_flow_line(void *context, const struct flow_record *record,
                           const struct findings *findings, struct span rendered)
{
    struct json_sink *sink = context;
    struct buf *lines = &sink->lines;
    (void)findings;
    buf_reserve(lines, 2 * MEMBER_MOST);
    char *at = (char *)lines->p + lines->n;
    at = member_uint(member_key(at, "{" KEY("type") "\"flow\","), KEY("n"), record->n);
    lines->n = (size_t)(at - (char *)lines->p);
    sink->borrowed[sink->borrowed_count++] = (struct borrowed){lines->n, rendered};
    sink->borrowed_bytes += rendered.n;
    if (sink->borrowed_count == BORROWED_MOST)
        json_flush(sink);
}

static void json_certificate(void *context, const struct cert *cert)
{
    struct json_sink *sink = context;
    struct json json;
    begin_line(&json, sink, "certificate");
    json_cert(&json, cert, sink->meta->pem);
    end_line(sink, &json);
}

static void json_snapshot_end(void *context, nanotime now)
{
    (void)context;
    (void)now;
}

/* Writes the member only if it counts something. */
static void count_if_any(struct json *json, const char *key, uint64_t count)
{
    if (count > 0)
        json_uint(json, key, count);
}

static void summary_checksums(struct json *json, const struct checksum_counts *counts)
{
    if (counts->left_out + counts->wrong + counts->ip_wrong == 0)
        return;
    json_open_object(json, "checksums");
    json_uint(json, "left_out", counts->left_out);
    json_uint(json, "wrong", counts->wrong);
    json_uint(json, "ip_wrong", counts->ip_wrong);
    json_close_object(json);
}

static void summary_fragments(struct json *json, const struct fragment_counts *counts)
{
    if (counts->fragments == 0)
        return;
    json_open_object(json, "fragments");
    json_uint(json, "seen", counts->fragments);
    json_uint(json, "packets", counts->packets);
    count_if_any(json, "overlapping", counts->overlapping);
    count_if_any(json, "timed_out", counts->timed_out);
    count_if_any(json, "evicted", counts->evicted);
    count_if_any(json, "malformed", counts->malformed);
    json_close_object(json);
}

static void summary_input(struct json *json, const struct run_end *end)
{
    const struct dissect_counts *counts = &end->counts;
    json_uint(json, "packets", counts->packets);
    json_uint(json, "bytes", counts->bytes);
    json_uint(json, "matched", counts->matched);
    json_open_object(json, "skipped");
    for (unsigned note = NOTE_NONE + 1; note < NOTES; note++)
        count_if_any(json, note_name((enum note)note), counts->skipped[note]);
    json_close_object(json);
    summary_fragments(json, &counts->fragments);
    summary_checksums(json, &counts->checksums);
    json_uint(json, "cut_payload", counts->cut_payload);
}

static void summary_states(struct json *json, const char *key, const uint64_t *by_state)
{
    json_open_object(json, key);
    for (unsigned state = 0; state < SIDE_STATES; state++)
        count_if_any(json, names_state((enum tcp_state)state), by_state[state]);
    json_close_object(json);
}

static void summary_flows(struct json *json, const struct summary *summary)
{
    json_uint(json, "flows", summary->flows);
    json_open_object(json, "teardown");
    for (unsigned i = 0; i < TEARDOWNS; i++)
        count_if_any(json, names_teardown((enum teardown)i), summary->by_teardown[i]);
    json_close_object(json);
    json_open_object(json, "conn_state");
    for (size_t i = 0; i < summary->conn_states.used; i++)
        json_uint(json, summary->conn_states.items[i].name, summary->conn_states.items[i].count);
    json_close_object(json);
    json_open_object(json, "states");
    summary_states(json, "client", summary->by_state[CLIENT]);
    summary_states(json, "server", summary->by_state[SERVER]);
    json_close_object(json);
    json_open_object(json, "stuck");
    for (unsigned i = STUCK_NOT + 1; i < COUNT_OF(summary->by_cause); i++)
        count_if_any(json, names_stuck_cause((enum stuck_cause)i), summary->by_cause[i]);
    json_close_object(json);
}

static void summary_tls(struct json *json, const struct summary *summary,
                        const struct dissect_counts *counts)
{
    json_uint(json, "tls_flows", summary->tls_flows);
    json_open_object(json, "tls_versions");
    for (size_t i = 0; i < summary->version_count; i++) {
        struct name_room room;
        json_uint(json, names_tls_version(&room, summary->versions[i].version),
                  summary->versions[i].count);
    }
    count_if_any(json, "other", summary->versions_other);
    json_close_object(json);
    json_uint(json, "certificates", summary->certificates);
    count_if_any(json, "certificates_dropped", counts->certificates_dropped);
}

static void summary_findings(struct json *json, const struct summary *summary)
{
    json_open_object(json, "findings");
    for (unsigned i = 0; i < FINDINGS; i++)
        count_if_any(json, finding_name((enum finding_id)i), summary->by_finding[i]);
    json_close_object(json);
}

static void json_verdict(struct json *json, const struct verdict *verdict)
{
    json_open_object(json, "verdict");
    json_word(json, "answer", verdict_name(verdict->kind));
    json_word(json, "surety", verdict_surety_name(verdict->surety));
    json_span(json, "sentence", span_of(verdict->sentence.p, verdict->sentence.n));
    json_span(json, "sure", span_of(verdict->sure.p, verdict->sure.n));
    if (verdict->change)
        json_text(json, "change", verdict->change);
    if (verdict->works.n > 0)
        json_span(json, "works", span_of(verdict->works.p, verdict->works.n));
    json_text(json, "misbehaves", verdict->misbehaves);
    json_text(json, "check", verdict->check);
    json_close_object(json);
}

static void summary_line(struct json_sink *sink, const struct summary *summary,
                         const struct verdict *verdict, const struct run_end *end)
{
    const struct dissect_counts *counts = &end->counts;
    struct json json;
    begin_line(&json, sink, "summary");
    json_verdict(&json, verdict);
    summary_input(&json, end);
    summary_flows(&json, summary);
    summary_tls(&json, summary, counts);
    summary_findings(&json, summary);
    count_if_any(&json, "known_findings", summary->known);
    json_uint(&json, "flows_evicted", counts->flows_evicted);
    json_uint(&json, "flows_expired", counts->flows_expired);
    if (sink->meta->live) {
        json_open_object(&json, "drops");
        json_uint(&json, "received", end->received);
        json_uint(&json, "kernel", end->drops_kernel);
        json_uint(&json, "interface", end->drops_interface);
        json_close_object(&json);
        /* Not offline: there the same input gives the same bytes. */
        if (end->peak_memory > 0)
            json_uint(&json, "peak_memory", end->peak_memory);
    }
    json_keys(&json, sink->meta);
    json_capture(&json, &sink->told, sink->meta, end->facts, true);
    if (counts->first_time) {
        json_time(&json, "start", counts->first_time);
        json_time(&json, "end", counts->last_time);
        json_seconds(&json, "duration", counts->last_time - counts->first_time);
    }
    json_bool(&json, "clean", end->clean);
    if (end->damage)
        json_text(&json, "damage", end->damage);
    end_line(sink, &json);
}

static void witness_lines(struct json_sink *sink, const struct testimony *told)
{
    const struct witnesses *witnesses = told->witnesses;
    for (size_t i = 0; i < witnesses->table_count; i++) {
        struct json json;
        begin_line(&json, sink, "witness");
        json_table(&json, told, &witnesses->tables[i]);
        end_line(sink, &json);
    }
    for (size_t i = 0; i < witnesses->log_count; i++) {
        struct json json;
        begin_line(&json, sink, "witness");
        json_log_file(&json, &witnesses->logs[i]);
        end_line(sink, &json);
    }
    for (size_t i = 0; i < told->socket_count; i++) {
        struct json json;
        begin_line(&json, sink, "socket");
        json_socket(&json, &told->sockets[i]);
        end_line(sink, &json);
    }
    for (size_t i = 0; i < told->line_count; i++) {
        struct json json;
        begin_line(&json, sink, "log");
        json_log_line(&json, &told->lines[i]);
        end_line(sink, &json);
    }
}

static void json_finish(void *context, const struct findings *findings,
                        const struct summary *summary, const struct verdict *verdict,
                        const struct run_end *end)
{
    struct json_sink *sink = context;
    if (summary->testimony)
        witness_lines(sink, summary->testimony);
    for (size_t i = 0; i < findings->count; i++) {
        struct json json;
        begin_line(&json, sink, "finding");
        json_finding(&json, &findings->items[i]);
        end_line(sink, &json);
    }
    summary_line(sink, summary, verdict, end);
}

static void json_destroy(void *context)
{
    struct json_sink *sink = context;
    buf_done(&sink->lines);
    free(sink);
}

const struct report_sink sink_json = {
    .create = json_create,
    .begin = json_meta,
    .render = json_render,
    .flow = json_flow_line,
    .settle = json_settle,
    .certificate = json_certificate,
    .snapshot_end = json_snapshot_end,
    .finish = json_finish,
    .flush = json_flush,
    .destroy = json_destroy,
};
