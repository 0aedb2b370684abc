/* traffic.c: see traffic.h. */
#include "traffic.h"

#include <stdio.h>
#include <stdlib.h>

#include "hello_bytes.h"

enum { ISN = 100, SERVER_ISN = 9000, PORT_FIRST = 10000 };

static void on_flow(void *context, struct flow_record *record, void *item)
{
    struct traffic *traffic = context;
    const uint8_t *ip = record->ends[CLIENT].ip;
    (void)item;
    if (traffic->count == traffic->room) {
        traffic->room = traffic->room ? traffic->room * 2 : 1024;
        traffic->flows = xrealloc(traffic->flows, traffic->room * sizeof *traffic->flows);
    }
    traffic->flows[traffic->count++] = (struct traffic_flow){
        .n = record->n,
        .first_frame = record->first_frame,
        .last_frame = record->last_frame,
        .packets = record->tcp.ends[CLIENT].packets + record->tcp.ends[SERVER].packets,
        .client = (uint32_t)ip[1] << 16 | (uint32_t)ip[2] << 8 | ip[3],
        .end_reason = record->end_reason,
        .teardown = record->tcp.teardown,
        .final = record->final,
        .sni = record->tls ? record->tls->sni.n : 0};
}

static const char *no_name(void *context, uint16_t interface)
{
    (void)context, (void)interface;
    return NULL;
}

void traffic_begin(struct traffic *traffic, struct pipeline_options options)
{
    static const uint16_t ports[] = {TRAFFIC_PORT};
    *traffic = (struct traffic){.sink = {.context = traffic, .flow = on_flow},
                                .now = 1000 * NS_PER_SECOND,
                                .step = NS_PER_SECOND / 1000};
    options.ports = ports;
    options.port_count = COUNT_OF(ports);
    options.interface_name = no_name;
    options.hash_key[0] = 1;
    options.hash_key[1] = 2;
    traffic->pipeline = pipeline_new(&options, &traffic->sink);
}

void traffic_end(struct traffic *traffic)
{
    pipeline_free(traffic->pipeline);
    free(traffic->flows);
    *traffic = (struct traffic){0};
}

struct packet traffic_packet(struct traffic *traffic, uint32_t client, bool from_client,
                             unsigned flags, uint32_t seq, uint32_t ack, struct span payload)
{
    struct craft c = {.n = 0};
    unsigned port = PORT_FIRST + client % 50000;
    craft_ipv4(&c, 6, 20 + payload.n);
    uint8_t *address = c.bytes + (from_client ? 12 : 16),
            *server = c.bytes + (from_client ? 16 : 12);
    const uint8_t is[4] = {10, (uint8_t)(client >> 16), (uint8_t)(client >> 8), (uint8_t)client};
    memcpy(address, is, sizeof is);
    memcpy(server, (const uint8_t[4]){192, 0, 2, 1}, 4);
    craft_tcp(&c, from_client ? port : TRAFFIC_PORT, from_client ? TRAFFIC_PORT : port, seq, ack,
              flags, 1000, span_of(NULL, 0), payload);
    struct packet packet = craft_packet(&c, LINK_RAW);
    packet.time = traffic->now += traffic->step;
    return packet;
}

static void send(struct traffic *traffic, uint32_t client, bool from_client, unsigned flags,
                 uint32_t seq, uint32_t ack, struct span payload)
{
    struct packet packet = traffic_packet(traffic, client, from_client, flags, seq, ack, payload);
    packet.frame = ++traffic->frame;
    pipeline_packet(traffic->pipeline, &packet);
    free((void *)(uintptr_t)packet.bytes);
}

void traffic_send(struct traffic *traffic, uint32_t client, bool from_client, unsigned flags,
                  uint32_t seq, uint32_t ack)
{
    send(traffic, client, from_client, flags, seq, ack, span_of(NULL, 0));
}

void traffic_hello(struct traffic *traffic, uint32_t client, uint32_t isn)
{
    static const uint16_t ciphers[] = {0xc02f, 0xc030};
    struct buf extensions = {0}, body = {0}, message = {0}, record = {0};
    char name[64];
    snprintf(name, sizeof name, "%0*u.push.example", 1 + (int)(client % 20), client);
    put_server_name(&extensions, name);
    put_client_hello(&body, 0x0303, ciphers, COUNT_OF(ciphers), &extensions);
    put_number(&message, 1, 1);
    put_vector(&message, 3, body.p, body.n);
    put_number(&record, 0x160301, 3);
    put_vector(&record, 2, message.p, message.n);
    send(traffic, client, true, FLAG_ACK, isn + 1, SERVER_ISN + 1, span_of(record.p, record.n));
    buf_done(&extensions);
    buf_done(&body);
    buf_done(&message);
    buf_done(&record);
}

void traffic_syn(struct traffic *traffic, uint32_t client)
{
    traffic_send(traffic, client, true, FLAG_SYN, ISN, 0);
}

void traffic_open(struct traffic *traffic, uint32_t client)
{
    traffic_syn(traffic, client);
    traffic_send(traffic, client, false, FLAG_SYN | FLAG_ACK, SERVER_ISN, ISN + 1);
    traffic_ack(traffic, client);
}

void traffic_ack(struct traffic *traffic, uint32_t client)
{
    traffic_send(traffic, client, true, FLAG_ACK, ISN + 1, SERVER_ISN + 1);
}

void traffic_close(struct traffic *traffic, uint32_t client)
{
    traffic_send(traffic, client, true, FLAG_FIN | FLAG_ACK, ISN + 1, SERVER_ISN + 1);
    traffic_send(traffic, client, false, FLAG_FIN | FLAG_ACK, SERVER_ISN + 1, ISN + 2);
    traffic_send(traffic, client, true, FLAG_ACK, ISN + 2, SERVER_ISN + 2);
}
