/* tls_heartbeat.c: counts heartbeat records, and tells a request that asks for more than it brings.
 */
#include "tls_heartbeat.h"

enum { HEARTBEAT_REQUEST = 1, HEARTBEAT_HEADER = 3 };

void tls_heartbeat_begin(struct tls *tls, unsigned direction, uint64_t frame)
{
    struct tls_direction *d = tls_direction_of(tls, direction);
    struct tls_heartbeats *beats = &tls_session_extras(tls)->heartbeats;
    d->head_have = 0;
    beats->records[direction & 1]++;
    beats->bytes[direction & 1] += tls_framer_length(&d->framer);
    if (beats->first_frame == 0 || frame < beats->first_frame)
        beats->first_frame = frame;
}

/* in_clear tells whether a direction, whose hello was seen, has not begun to encrypt. */
static bool in_clear(const struct tls_direction *d)
{
    return d->seen != 0 && !d->ccs && !d->encrypted && !d->unsure && !d->data;
}

/* HeartbeatMessageType type; uint16 payload_length; opaque payload[payload_length], padding of 16
 * bytes at least: RFC 6520 section 4. */
void tls_heartbeat_take(struct tls *tls, unsigned direction, struct span piece, uint64_t frame)
{
    struct tls_direction *d = tls_direction_of(tls, direction);
    struct cursor c = cursor_of(piece);
    if (!in_clear(d) || d->head_have == HEARTBEAT_HEADER)
        return;
    while (d->head_have < HEARTBEAT_HEADER && cursor_u8(&c, &d->head[d->head_have]))
        d->head_have++;
    if (d->head_have < HEARTBEAT_HEADER || d->head[0] != HEARTBEAT_REQUEST)
        return;
    unsigned payload = (unsigned)d->head[1] << 8 | d->head[2];
    if (HEARTBEAT_HEADER + payload <= tls_framer_length(&d->framer))
        return;
    struct tls_heartbeats *beats = &tls_session_extras(tls)->heartbeats;
    if (beats->overreads++ == 0 || frame < beats->first_overread_frame)
        beats->first_overread_frame = frame;
}
