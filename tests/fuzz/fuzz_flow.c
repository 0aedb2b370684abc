/* fuzz_flow.c: any sequence of segments on two connections, through the whole pipeline: TCP
 * tracking, reassembly, TLS, records. nDPI is left out: it is not ours to fuzz here.
 *
 * Each segment is a header of eight bytes and its payload: flow and direction, control bits, moves
 * of the sequence and acknowledgment numbers from where the direction stands, time, window, payload
 * length. Numbers are relative, so that what the fuzzer changes stays a conversation. */
#include <stdlib.h>

#include "../../dissect/pipeline.h"
#include "../craft.h"

struct conversation {
    uint32_t next[2];
};

static const char *no_name(void *context, uint16_t interface)
{
    (void)context, (void)interface;
    return NULL;
}

static void check_end(const struct end_record *end)
{
    if (end->state > SIDE_TIME_WAIT || end->pending_count > PENDING_RECORDS_MAX ||
        (end->state == SIDE_CLOSED && end->unacked) || (end->unacked >> 32 && end->unacked >> 33))
        abort();
}

static void check(void *context, struct flow_record *record, void *item)
{
    (void)item;
    uint64_t *flows = context;
    if (record->final)
        ++*flows;
    if (record->n == 0 || record->tcp.teardown > TEARDOWN_UNANSWERED || !record->tcp.conn_state ||
        memchr(record->tcp.history, 0, sizeof record->tcp.history) == NULL ||
        record->end < record->start)
        abort();
    check_end(&record->tcp.ends[CLIENT]);
    check_end(&record->tcp.ends[SERVER]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint16_t port = 5223;
    uint64_t flows = 0, frame = 0;
    const struct sink sink = {.context = &flows, .flow = check};
    if (size < 1)
        return 0;
    const struct pipeline_options options = {.ports = &port,
                                             .port_count = 1,
                                             .live = data[0] & 1,
                                             .interface_name = no_name,
                                             .hash_key = {1, 2}};
    struct pipeline *pipeline = pipeline_new(&options, &sink);
    struct conversation talks[2] = {{{1000, 0x7ffffff0}}, {{0xfffffff0, 5}}};
    nanotime now = NS_PER_SECOND;
    const uint8_t *h = data + 1;
    size_t left = size - 1;
    while (left >= 8) {
        struct conversation *talk = &talks[h[0] & 1];
        bool up = h[0] & 2;
        size_t length = h[7] < left - 8 ? h[7] : left - 8;
        uint32_t seq = talk->next[up] + (uint32_t)(int8_t)h[2] * (h[0] & 4 ? 1000u : 1u);
        uint32_t ack = talk->next[!up] + (uint32_t)(int8_t)h[3] * (h[0] & 8 ? 1000u : 1u);
        struct craft craft = {.n = 0};
        craft_ipv4(&craft, 6, 20 + length);
        craft_tcp(&craft, up ? port : 1000u + (h[0] & 1), up ? 1000u + (h[0] & 1) : port, seq, ack,
                  h[1], (unsigned)h[6] << (h[0] & 16 ? 8 : 0), span_of(NULL, 0),
                  span_of(h + 8, length));
        if (up)
            craft.bytes[15] = 2, craft.bytes[19] = 1;
        now += (nanotime)h[4] * (h[0] & 32 ? NS_PER_SECOND : NS_PER_SECOND / 1000);
        struct packet packet = craft_packet(&craft, LINK_RAW);
        packet.time = now - (h[5] & 0x80 ? NS_PER_SECOND : 0);
        packet.frame = ++frame;
        packet.caplen -= h[5] & 0x40 ? (uint32_t)(length / 2) : 0;
        pipeline_packet(pipeline, &packet);
        free((void *)(uintptr_t)packet.bytes);
        talk->next[up] = seq + (uint32_t)length + (h[1] & 1) + (h[1] >> 1 & 1);
        if (h[5] & 1)
            pipeline_snapshot(pipeline, now);
        left -= 8 + length;
        h += 8 + length;
    }
    if (!pipeline_finish(pipeline, 0, NULL, NULL))
        abort();
    if (flows != pipeline_counts(pipeline).flows)
        abort();
    pipeline_free(pipeline);
    return 0;
}
