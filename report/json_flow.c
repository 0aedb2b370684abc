/* json_flow.c: a flow as JSON, but for its TCP and TLS parts; findings. */
#include "json_flow.h"

#include <inttypes.h>
#include <stdio.h>

#include "../dissect/fingerprint.h"
#include "address.h"
#include "members.h"
#include "names.h"
#include "service.h"

enum { END_MEMBERS = 4 };

static char *put_endpoint(char *at, const struct endpoint *end)
{
    at = member_key(at, KEY("ip") "\"");
    at = address_put(at, end);
    at = member_key(at, "\",");
    at = member_uint(at, KEY("port"), end->port);
    return member_close_some(at, '}');
}

static void put_outermost(struct json *json, const char *key, const struct outer *outer,
                          unsigned end)
{
    struct address_room room;
    struct endpoint address = {.ipv6 = outer->ipv6};
    memcpy(address.ip, outer->ends[end], sizeof address.ip);
    json_word(json, key, address_host(&room, &address));
}

static NOINLINE void put_tunnel(struct json *json, const struct flow_record *record)
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

static NOINLINE void put_vlans(struct json *json, const struct flow_record *record)
{
    json_open_array(json, "vlan");
    for (unsigned i = 0; i < record->vlan_count; i++)
        json_uint(json, NULL, record->vlans[i]);
    json_close_array(json);
}

static void put_identity(struct json *json, const struct flow_record *record)
{
    uint8_t community_id[COMMUNITY_ID_BYTES];
    fingerprint_community_id(community_id, &record->ends[CLIENT], &record->ends[SERVER]);
    char *at = members_begin(json, 16);
    at = member_key(at, KEY("community_id") "\"1:");
    at = digits_base64(at, span_of(community_id, sizeof community_id));
    at = member_key(at, "\",");
    if (LIKELY(record->end != 0)) { /* else its packets have no time: pcapng's simple ones */
        at = member_time(at, KEY("start"), &json->time, record->start);
        at = member_time(at, KEY("end"), &json->time, record->end);
        at = member_seconds(at, KEY("duration"), record->end - record->start);
    }
    at = member_uint(at, KEY("first_frame"), record->first_frame);
    at = member_uint(at, KEY("last_frame"), record->last_frame);
    at = put_endpoint(member_open(at, KEY("client"), '{'), &record->ends[CLIENT]);
    at = put_endpoint(member_open(at, KEY("server"), '{'), &record->ends[SERVER]);
    at = member_word(at, KEY("client_by"), word_client_by(record->client_by));
    members_end(json, at);
    if (record->interface)
        json_text(json, "interface", record->interface);
    if (record->vlan_count > 0)
        put_vlans(json, record);
    if (record->outer)
        put_tunnel(json, record);
}

/* Who sends and receives on one side of the connection, and for whom. */
static NOINLINE void put_process(struct json *json, const struct packet_process *process)
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

static char *put_service(char *at, const struct flow_record *record)
{
    struct service service = service_of(record);
    at = member_open(at, KEY("service"), '{');
    at = member_word(at, KEY("name"), service.name);
    if (service.likely_apns)
        at = member_text(at, KEY("likely"), "apns");
    at = member_open(at, KEY("evidence"), '[');
    for (unsigned left = service.evidence; left; left &= left - 1)
        at = member_word(at, ITEM,
                         word_service_evidence((enum service_evidence)__builtin_ctz(left)));
    return member_close_some(member_close(at, ']'), '}');
}

static NOINLINE void put_any_ndpi(struct json *json, const struct app_label *label)
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

static NOINLINE char *put_plain_ndpi(char *at, const struct app_label *label)
{
    at = member_open(at, KEY("ndpi"), '{');
    at = member_text(at, KEY("protocol"), label->protocol);
    at = member_text(at, KEY("category"), label->category);
    at = member_open(at, KEY("risks"), '[');
    for (unsigned i = 0; i < label->risk_count; i++)
        at = member_text(at, ITEM, label->risks[i]);
    return member_close_some(member_close(at, ']'), '}');
}

static void put_ndpi(struct json *json, const struct app_label *label)
{
    _Static_assert(APP_TEXT_MOST + sizeof KEY("protocol") + 2 <= MEMBER_MOST, "one member each");
    if (label->plain)
        members_end(json, put_plain_ndpi(members_begin(json, label->risk_count + 6u), label));
    else
        put_any_ndpi(json, label);
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

/* The whole sentence: what was seen, why it matters, what to check next. But for the first piece it
 * is our own words, which need no escaping. */
static void put_summary(struct json *json, const struct finding *finding)
{
    struct span pieces[FINDING_PIECES];
    unsigned count = finding_summary(pieces, finding);
    json_open_text(json, "summary");
    json_piece(json, pieces[0]);
    for (unsigned i = 1; i < count; i++)
        json_written(json, pieces[i]);
    json_close_text(json);
}

static NOINLINE void put_changes(struct json *json, const struct finding *finding)
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

static char *put_frames(char *at, const struct finding *finding)
{
    at = member_open(at, KEY("frames"), '[');
    for (unsigned i = 0; i < finding->frame_count; i++)
        at = member_uint(at, ITEM, finding->frames[i]);
    return member_close(at, ']');
}

void json_finding(struct json *json, const struct finding *finding)
{
    char *at = members_begin(json, 3);
    at = member_word(at, KEY("id"), finding_id_word(finding->id));
    at = member_word(at, KEY("severity"), severity_word(finding->severity));
    if (finding->known)
        at = member_bool(at, KEY("known"), true);
    members_end(json, at);
    put_summary(json, finding);
    at = put_frames(members_begin(json, FINDING_FRAMES_MAX + 3), finding);
    at = member_open(at, KEY("evidence"), '{');
    members_end(json, at);
    for (unsigned i = 0; i < finding->evidence_count; i++)
        put_evidence(json, finding, &finding->evidence[i]);
    json_close_object(json);
    if (finding->change_count > 0)
        put_changes(json, finding);
}

static NOINLINE char *put_findings(char *at, struct json *json, const struct findings *findings)
{
    members_end(json, at);
    for (size_t i = 0; i < findings->count; i++) {
        json_open_object(json, NULL);
        json_finding(json, &findings->items[i]);
        json_close_object(json);
    }
    return members_begin(json, END_MEMBERS);
}

/* Every other flow has no findings. */
static char *put_end(char *at, struct json *json, const struct flow_record *record,
                     const struct findings *findings)
{
    at = member_word(at, KEY("end_reason"), word_end_reason(record->end_reason));
    at = member_open(at, KEY("findings"), '[');
    if (findings->count > 0)
        at = put_findings(at, json, findings);
    at = member_close(at, ']');
    return member_bool(at, KEY("final"), record->final);
}

void json_flow(struct json *json, const struct flow_record *record, const struct findings *findings,
               struct cert_texts *certs)
{
    put_identity(json, record);
    if (record->has_process)
        put_process(json, &record->process);
    json_tcp(json, &record->tcp);
    if (record->tls) {
        json_tls(json, record, &findings->validation, certs);
        if (record->tls->extras)
            json_apns(json, record);
    }
    char *at = put_service(members_begin(json, SERVICE_EVIDENCE_MAX + 6), record);
    members_end(json, at);
    if (record->ndpi && record->ndpi->protocol[0])
        put_ndpi(json, record->ndpi);
    members_end(json, put_end(members_begin(json, END_MEMBERS), json, record, findings));
}
