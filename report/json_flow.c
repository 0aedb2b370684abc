/* json_flow.c: a flow as JSON, but for its TCP and TLS parts; findings. */
#include "json_flow.h"

#include <inttypes.h>
#include <stdio.h>

#include "../dissect/fingerprint.h"
#include "address.h"
#include "names.h"
#include "service.h"

static void put_endpoint(struct json *json, const char *key, const struct endpoint *end)
{
    struct address_room room;
    json_open_object(json, key);
    json_word(json, "ip", address_host(&room, end));
    json_uint(json, "port", end->port);
    json_close_object(json);
}

static void put_outermost(struct json *json, const char *key, const struct outer *outer,
                          unsigned end)
{
    struct address_room room;
    struct endpoint address = {.ipv6 = outer->ipv6};
    memcpy(address.ip, outer->ends[end], sizeof address.ip);
    json_word(json, key, address_host(&room, &address));
}

static void put_tunnel(struct json *json, const struct flow_record *record)
{
    const struct outer *outer = record->outer;
    json_open_array(json, "tunnel");
    for (unsigned i = 0; i < outer->count; i++) {
        char text[32];
        const struct tunnel *tunnel = &outer->tunnels[i];
        const char *name = names_tunnel((enum tunnel_kind)tunnel->kind);
        snprintf(text, sizeof text, tunnel->numbered ? "%s:%" PRIu32 : "%s", name, tunnel->number);
        json_word(json, NULL, text);
    }
    json_close_array(json);
    json_open_object(json, "tunnel_ends");
    put_outermost(json, "client", outer, record->outer_client);
    put_outermost(json, "server", outer, !record->outer_client);
    json_close_object(json);
}

static void put_identity(struct json *json, const struct flow_record *record)
{
    char community_id[32];
    fingerprint_community_id(community_id, &record->ends[CLIENT], &record->ends[SERVER]);
    json_word(json, "community_id", community_id);
    json_time(json, "start", record->start);
    json_time(json, "end", record->end);
    json_seconds(json, "duration", record->end - record->start);
    json_uint(json, "first_frame", record->first_frame);
    json_uint(json, "last_frame", record->last_frame);
    put_endpoint(json, "client", &record->ends[CLIENT]);
    put_endpoint(json, "server", &record->ends[SERVER]);
    json_word(json, "client_by", names_client_by(record->client_by));
    if (record->interface)
        json_text(json, "interface", record->interface);
    if (record->vlan_count > 0) {
        json_open_array(json, "vlan");
        for (unsigned i = 0; i < record->vlan_count; i++)
            json_uint(json, NULL, record->vlans[i]);
        json_close_array(json);
    }
    if (record->outer)
        put_tunnel(json, record);
}

/* Who sends and receives on one side of the connection, and for whom. */
static void put_process(struct json *json, const struct packet_process *process)
{
    json_open_object(json, "process");
    if (process->name)
        json_text(json, "name", process->name);
    if (process->pid)
        json_uint(json, "pid", process->pid);
    json_word(json, "source", process->told_by == PROCESS_BY_PKTAP ? "pktap" : "pcapng");
    if (process->effective_name || process->effective_pid) {
        json_open_object(json, "effective");
        if (process->effective_name)
            json_text(json, "name", process->effective_name);
        if (process->effective_pid)
            json_uint(json, "pid", process->effective_pid);
        json_close_object(json);
    }
    json_close_object(json);
}

static void put_service(struct json *json, const struct flow_record *record)
{
    struct service service = service_of(record);
    json_open_object(json, "service");
    json_word(json, "name", service.name);
    if (service.likely)
        json_word(json, "likely", service.likely);
    json_open_array(json, "evidence");
    for (unsigned i = 0; i < service.evidence_count; i++)
        json_word(json, NULL, service.evidence[i]);
    json_close_array(json);
    json_close_object(json);
}

static void put_ndpi(struct json *json, const struct app_label *label)
{
    json_open_object(json, "ndpi");
    json_text(json, "protocol", label->protocol);
    if (label->category)
        json_text(json, "category", label->category);
    json_open_array(json, "risks");
    for (unsigned i = 0; i < label->risk_count; i++)
        json_text(json, NULL, label->risks[i]);
    json_close_array(json);
    json_close_object(json);
}

static void put_evidence(struct json *json, const struct finding *finding,
                         const struct evidence *evidence)
{
    switch (evidence->kind) {
    case EVIDENCE_TEXT:
        json_span(json, evidence->key, finding_evidence_text(finding, evidence));
        break;
    case EVIDENCE_NUMBER:
        json_uint(json, evidence->key, evidence->number);
        break;
    case EVIDENCE_SECONDS:
        json_seconds(json, evidence->key, evidence->time);
        break;
    case EVIDENCE_TIME:
        json_time(json, evidence->key, evidence->time);
        break;
    }
}

/* The whole sentence: what was seen, why it matters, what to check next. */
static void put_summary(struct json *json, const struct finding *finding)
{
    struct span pieces[FINDING_PIECES];
    unsigned count = finding_summary(pieces, finding);
    json_open_text(json, "summary");
    for (unsigned i = 0; i < count; i++)
        json_piece(json, pieces[i]);
    json_close_text(json);
}

static void put_changes(struct json *json, const struct finding *finding)
{
    json_open_array(json, "changes");
    for (unsigned i = 0; i < finding->change_count; i++) {
        const struct change *change = &finding->changes[i];
        json_open_object(json, NULL);
        json_word(json, "what", change->what);
        json_span(json, "before", finding_change_text(finding, change, false));
        json_span(json, "now", finding_change_text(finding, change, true));
        json_close_object(json);
    }
    json_close_array(json);
}

void json_finding(struct json *json, const struct finding *finding)
{
    json_word(json, "id", finding_name(finding->id));
    json_word(json, "severity", severity_name(finding->severity));
    if (finding->known)
        json_bool(json, "known", true);
    put_summary(json, finding);
    json_open_array(json, "frames");
    for (unsigned i = 0; i < finding->frame_count; i++)
        json_uint(json, NULL, finding->frames[i]);
    json_close_array(json);
    json_open_object(json, "evidence");
    for (unsigned i = 0; i < finding->evidence_count; i++)
        put_evidence(json, finding, &finding->evidence[i]);
    json_close_object(json);
    if (finding->change_count > 0)
        put_changes(json, finding);
}

void json_flow(struct json *json, const struct flow_record *record, const struct findings *findings)
{
    put_identity(json, record);
    if (record->has_process)
        put_process(json, &record->process);
    json_open_object(json, "tcp");
    json_tcp(json, &record->tcp);
    json_close_object(json);
    if (record->tls) {
        json_open_object(json, "tls");
        json_tls(json, record, &findings->validation);
        json_close_object(json);
        if (record->tls->extras)
            json_apns(json, record);
    }
    put_service(json, record);
    if (record->has_ndpi && record->ndpi.protocol[0])
        put_ndpi(json, &record->ndpi);
    json_word(json, "end_reason", names_end_reason(record->end_reason));
    json_open_array(json, "findings");
    for (size_t i = 0; i < findings->count; i++) {
        json_open_object(json, NULL);
        json_finding(json, &findings->items[i]);
        json_close_object(json);
    }
    json_close_array(json);
    json_bool(json, "final", record->final);
}
