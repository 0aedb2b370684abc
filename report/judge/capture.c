/* capture.c: where the capture itself falls short, so that nobody takes its holes for facts. */
#include "families.h"

#include "../names.h"

#include <inttypes.h>

/* Where no packet of an end is there and its peer waits in vain, the peer is stuck, unless it goes
 * on acknowledging what is not there. */
bool judge_one_way(const struct flow_record *record, enum side unseen)
{
    const struct end_record *peer = &record->tcp.ends[unseen == CLIENT ? SERVER : CLIENT];
    if (LIKELY(record->tcp.ends[unseen].packets > 0))
        return false;
    nanotime since = peer->fin > 0 ? peer->fin_time : record->end;
    bool waits = peer->unacked > 0 || peer->state == SIDE_FIN_WAIT_1;
    return waits && record->tcp.stuck.cause == STUCK_NOT &&
           judge_waited(record, since) >= ANSWER_DUE;
}

static void judge_directions(struct findings *out, const struct flow_record *record)
{
    for (unsigned side = 0; side < 2; side++) {
        if (!judge_one_way(record, (enum side)side))
            continue;
        struct finding *finding = findings_add(out, FINDING_CAPTURE_LOSS);
        finding_seen(finding, "The capture holds no packet that the %s sent",
                     names_side((enum side)side));
        finding->why = "the other end acknowledges some, so they only do not come by here, and "
                       "whether they acknowledge what it sent is unknown";
        finding->next = "capture where both directions come by";
        finding_frame(finding, record->first_frame);
        finding_word(finding, "unseen", names_side((enum side)side));
    }
}

void judge_capture_flow(struct findings *out, const struct flow_record *record)
{
    judge_directions(out, record);
    uint64_t client = record->tcp.ends[CLIENT].gap_bytes;
    uint64_t server = record->tcp.ends[SERVER].gap_bytes;
    if (client == 0 && server == 0)
        return;
    struct finding *finding = findings_add(out, FINDING_CAPTURE_LOSS);
    finding_seen(finding,
                 "The capture misses %" PRIu64 " bytes that the client sent and %" PRIu64
                 " that the server sent",
                 client, server);
    finding_number(finding, "client_gap_bytes", client);
    finding_number(finding, "server_gap_bytes", server);
}

void judge_capture(struct findings *out, const struct run_end *end)
{
    if (!end->clean) {
        struct finding *finding = findings_add(out, FINDING_TRUNCATED_CAPTURE);
        const char *damage = end->damage ? end->damage : "the input could not be read to its end";
        finding_seen(finding, "The capture was read only in part: ");
        finding_seen_text(finding, span_of(damage, strlen(damage)));
        finding_word(finding, "damage", damage);
    }
    if (end->drops_kernel > 0 || end->drops_interface > 0) {
        struct finding *finding = findings_add(out, FINDING_CAPTURE_LOSS);
        finding->severity = SEVERITY_WARNING;
        finding_seen(finding,
                     "The kernel dropped %" PRIu64 " packets and the interface %" PRIu64
                     " while capturing",
                     end->drops_kernel, end->drops_interface);
        finding->next = "narrow the filter, or capture less of each packet";
        finding_number(finding, "kernel", end->drops_kernel);
        finding_number(finding, "interface", end->drops_interface);
    }
    uint64_t cut = end->counts.cut_payload + end->counts.skipped[NOTE_CUT];
    if (cut > 0) {
        struct finding *finding = findings_add(out, FINDING_SNAPLEN_TOO_SHORT);
        finding_seen(finding, "%" PRIu64 " packets were cut when they were recorded", cut);
        finding_number(finding, "packets", cut);
    }
}
