/* reset_signs.c: see reset_signs.h. */
#include "reset_signs.h"

#include "tcp.h"

#include <stdlib.h>

/* Identifications that count up go forward by no more than this between two packets of one
 * connection, where all connections of a host share a counter; one that is further off is of
 * another counter. */
enum { ID_STEP_MAX = 256, ID_FAR = 4096 };

/* A window is compared as it stands, since a forger need not know the scale, and as scaled. */
static bool is_far(uint64_t window, uint64_t other)
{
    return window > other * 4 || other > window * 4;
}

static bool has_odd_window(const struct tcp_end *x, const struct segment *segment)
{
    unsigned shift = x->wscale > 0 ? (unsigned)x->wscale : 0;
    uint64_t scaled = (uint64_t)segment->window << shift;
    return segment->window != 0 && x->window != 0 && is_far(segment->window, x->window) &&
           is_far(scaled, x->window);
}

/* How long the oldest byte of y's that the RST is the first to acknowledge had been under way. */
static nanotime answered_after(const struct tcp_end *y, const struct segment *segment,
                               uint64_t acked)
{
    nanotime sent;
    uint64_t frame;
    if (!(segment->flags & FLAG_ACK) || y->next <= y->una || acked != y->next ||
        !flight_first(&y->flight, &sent, &frame) || segment->time < sent)
        return -1;
    return segment->time - sent;
}

static void describe(struct reset_signs *signs, const struct tcp *tcp, unsigned end,
                     const struct segment *segment, uint64_t seq, uint64_t acked)
{
    const struct tcp_end *x = &tcp->ends[end], *y = &tcp->ends[!end];
    bool both = x->timestamps && y->timestamps;
    uint64_t sent = x->fin ? x->fin_at : x->next;
    signs->quiet = x->packets > 0 ? segment->time - x->last_time : -1;
    signs->ttl = segment->ttl;
    signs->ttl_known = x->packets > 0;
    signs->ttl_min = x->ttl_min;
    signs->ttl_max = x->ttl_max;
    signs->no_timestamps = both && !segment->timestamps;
    signs->odd_window = has_odd_window(x, segment);
    signs->behind = x->known && seq < sent ? sent - seq : 0;
    signs->answered = answered_after(y, segment, acked);
    signs->acked = segment->flags & FLAG_ACK ? acked : y->una;
    signs->alive = 0;
    signs->alive_frame = 0;
    signs->odd_id = false;
}

/* An end that has reset a connection has forgotten it: it sends no new data on it, and acknowledges
 * nothing that came later. */
static bool shows_life(const struct reset_signs *signs, const struct tcp_end *x,
                       const struct segment *segment, uint64_t seq, uint64_t acked)
{
    if (segment->flags & FLAG_SYN)
        return false;
    bool data = segment->length > 0 && seq + segment->length > x->next;
    return data || (segment->flags & FLAG_ACK && acked > signs->acked);
}

void reset_signs_take(struct tcp *tcp, unsigned end, const struct segment *segment, uint64_t seq,
                      uint64_t acked)
{
    const struct tcp_end *x = &tcp->ends[end];
    struct reset_signs *signs = tcp->signs;
    bool rst = segment->flags & FLAG_RST;
    if (tcp->reset_by < 0 && !tcp_is_over(tcp)) {
        if (!signs)
            signs = tcp->signs = xcalloc(1, sizeof *signs);
        describe(signs, tcp, end, segment, seq, acked);
        signs->beyond += x->known && seq > x->next;
    } else if (signs && (int)end == tcp->reset_by) {
        if (rst) {
            signs->beyond += seq > x->next;
        } else if (shows_life(signs, x, segment, seq, acked)) {
            signs->alive++;
            if (!signs->alive_frame)
                signs->alive_frame = segment->frame;
        }
    }
}

void reset_signs_id(struct reset_signs *signs, uint16_t id, const uint16_t before[2])
{
    uint16_t step = (uint16_t)(before[1] - before[0]), off = (uint16_t)(id - before[1]);
    if (!signs || !id || !before[0] || !before[1] || step == 0 || step > ID_STEP_MAX)
        return;
    signs->odd_id = off > ID_FAR && off < UINT16_MAX - ID_FAR;
}
