/* aside.c: records of one size, and their bytes in one block that may move as it grows. */
#include "aside.h"

struct aside_packet {
    struct packet packet; /* its bytes: */
    size_t at;            /* from here on */
    nanotime now;
};

void aside_put(struct aside *aside, const struct packet *packet, nanotime now)
{
    const struct aside_packet put = {.packet = *packet, .at = aside->bytes.n, .now = now};
    buf_append(&aside->packets, &put, sizeof put);
    buf_append(&aside->bytes, packet->bytes, packet->caplen);
}

bool aside_get(const struct aside *aside, size_t n, struct packet *packet, nanotime *now)
{
    struct aside_packet got;
    if (n >= aside->packets.n / sizeof got)
        return false;
    memcpy(&got, aside->packets.p + n * sizeof got, sizeof got);
    *packet = got.packet;
    packet->bytes = aside->bytes.p + got.at;
    *now = got.now;
    return true;
}

void aside_clear(struct aside *aside)
{
    aside->packets.n = aside->bytes.n = 0;
}

void aside_done(struct aside *aside)
{
    buf_done(&aside->packets);
    buf_done(&aside->bytes);
}
