/* overview.c: gathering what flows have in common. */
#include "overview.h"

#include "address.h"
#include "service.h"

/* A server's name has no more bytes (RFC 1035 section 2.3.4). */
enum { NAME_MOST = 255 };

/* Returns whether the address is new. Where it is known that there are more, none is. */
static bool add_host(struct few_hosts *hosts, const struct endpoint *host, bool ports)
{
    if (LIKELY(hosts->more))
        return false;
    for (unsigned i = 0; i < hosts->count; i++)
        if (ports ? address_same(&hosts->items[i], host)
                  : address_same_host(&hosts->items[i], host))
            return false;
    if (hosts->count == OVERVIEW_NAMED) {
        hosts->more = true;
        return false;
    }
    hosts->items[hosts->count++] = *host;
    return true;
}

/* Nor has it blanks: one that has them could read like a sentence of the report. */
static bool is_plausible(struct span name)
{
    if (name.n == 0 || name.n > NAME_MOST)
        return false;
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] <= ' ' || name.p[i] == 0x7f)
            return false;
    return true;
}

/* Returns whether the name is new; as above. */
static bool add_name(struct overview *overview, struct span name)
{
    if (LIKELY(overview->more_names))
        return false;
    for (unsigned i = 0; i < overview->name_count; i++)
        if (span_equal(span_of(overview->names[i].p, overview->names[i].n), name))
            return false;
    if (!is_plausible(name))
        return false;
    if (overview->name_count == OVERVIEW_NAMED) {
        overview->more_names = true;
        return false;
    }
    buf_append(&overview->names[overview->name_count++], name.p, name.n);
    return true;
}

static bool is_apns(const struct flow_record *record)
{
    const struct service service = service_of(record);
    return service_is_apns(&service);
}

static void add_parties(struct overview *overview, const struct flow_record *record)
{
    add_host(&overview->clients, &record->ends[CLIENT], false);
    bool fresh = add_host(&overview->servers, &record->ends[SERVER], true);
    if (record->tls)
        fresh = add_name(overview, record->tls->sni) || fresh;
    if (fresh && is_apns(record))
        overview->apns = true;
    if (record->end - record->start > overview->longest)
        overview->longest = record->end - record->start;
}

static bool is_stuck_finding(const struct finding *finding)
{
    return finding->id == FINDING_FIN_UNANSWERED || finding->id == FINDING_SILENT_PEER ||
           finding->id == FINDING_ZERO_WINDOW;
}

static void add_stuck(struct overview *overview, const struct flow_record *record)
{
    const struct stuck_record *stuck = &record->tcp.stuck;
    enum side closer = record->tcp.ends[CLIENT].fin > 0 ? CLIENT : SERVER;
    nanotime since = stuck->cause != STUCK_NOT ? stuck->since : record->tcp.ends[closer].fin_time;
    nanotime now = record->end + (record->tcp.idle_at_end > 0 ? record->tcp.idle_at_end : 0);
    if (overview->stuck == 0 || since < overview->stuck_since)
        overview->stuck_since = since;
    if (now - since > overview->stuck_longest)
        overview->stuck_longest = now - since;
    overview->stuck++;
    overview->stuck_by_cause[stuck->cause]++;
    if (record->tcp.ends[stuck->cause != STUCK_NOT ? stuck->end : closer].fin > 0)
        overview->stuck_fin++;
    else if (stuck->cause == STUCK_WINDOW_CLOSED)
        overview->stuck_window++;
    add_host(&overview->stuck_servers, &record->ends[SERVER], true);
}

void overview_add(struct overview *overview, const struct flow_record *record,
                  const struct findings *findings)
{
    add_parties(overview, record);
    if (record->tcp.handshake == HANDSHAKE_MIDSTREAM)
        overview->midstream++;
    if (record->tls && record->tls->certs_via == CERTS_ENCRYPTED)
        overview->hidden_certificates++;

    const struct finding *worst = findings_worst(findings);
    if (!worst || worst->severity < SEVERITY_NOTICE)
        return;
    overview->troubled++;
    overview->by_worst[worst->id]++;
    for (size_t i = 0; i < findings->count; i++)
        if (is_stuck_finding(&findings->items[i])) {
            add_stuck(overview, record);
            break;
        }
}

void overview_list(struct buf *out, const struct few_hosts *hosts, bool ports)
{
    struct address_room room;
    for (unsigned i = 0; i < hosts->count; i++)
        buf_printf(out, "%s%s", i ? ", " : "",
                   ports ? address_text(&room, &hosts->items[i])
                         : address_host(&room, &hosts->items[i]));
    if (hosts->more)
        buf_printf(out, " and others");
}

void overview_done(struct overview *overview)
{
    for (unsigned i = 0; i < OVERVIEW_NAMED; i++)
        buf_done(&overview->names[i]);
    *overview = (struct overview){0};
}
