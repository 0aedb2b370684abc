/* capture.c: where the capture itself falls short, so that nobody takes its holes for facts. */
#include "families.h"

#include "../names.h"

#include <inttypes.h>

void judge_capture_flow(struct findings *out, const struct flow_record *record)
{
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
