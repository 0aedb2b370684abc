/* doubts.c: a short list; damaged segments are rare. */
#include "doubts.h"

#include <stdlib.h>

#include "checksum.h"
#include "limits.h"

static uint32_t end_of(const struct segment *s)
{
    return s->seq + s->length + ((s->flags & FLAG_SYN) != 0) + ((s->flags & FLAG_FIN) != 0);
}

bool doubts_can_be_confirmed(const struct segment *segment)
{
    return end_of(segment) != segment->seq && !(segment->flags & FLAG_RST);
}

/* A batch has no headers without payload. */
static struct span bytes_of(const struct segment *segment)
{
    return segment->payload.n > 0 ? segment_ip(segment) : span_of(NULL, 0);
}

static size_t size_of(const struct segment *segment)
{
    return sizeof(struct doubt) + bytes_of(segment).n;
}

bool doubts_add(struct doubt **list, unsigned from, const struct segment *segment, size_t *held)
{
    unsigned count = 0;
    for (; *list; list = &(*list)->next)
        count++;
    if (count == LIMIT_DOUBTS || !doubts_can_be_confirmed(segment))
        return false;
    struct span ip = bytes_of(segment);
    struct doubt *doubt = xmalloc(size_of(segment));
    *doubt = (struct doubt){.segment = *segment, .from = from};
    doubt->segment.outer = NULL;
    uint8_t *bytes = (uint8_t *)(doubt + 1);
    if (ip.n > 0)
        memcpy(bytes, ip.p, ip.n);
    doubt->segment.payload.p = bytes + (ip.n > 0 ? segment->headers : 0);
    if (held)
        *held += size_of(segment);
    *list = doubt;
    return true;
}

static struct doubt *unlink_doubt(struct doubt **at)
{
    struct doubt *doubt = *at;
    *at = doubt->next;
    return doubt;
}

struct doubt *doubts_refuted(struct doubt **list, unsigned from, const struct segment *segment)
{
    if (segment->checksum == CHECKSUM_WRONG || !doubts_can_be_confirmed(segment))
        return NULL;
    for (; *list; list = &(*list)->next) {
        const struct segment *s = &(*list)->segment;
        if ((*list)->from == from && (int32_t)(segment->seq - end_of(s)) < 0 &&
            (int32_t)(s->seq - end_of(segment)) < 0)
            return unlink_doubt(list);
    }
    return NULL;
}

struct doubt *doubts_confirmed(struct doubt **list, unsigned from, const struct segment *segment)
{
    if (!(segment->flags & FLAG_ACK) || segment->checksum == CHECKSUM_WRONG)
        return NULL;
    for (; *list; list = &(*list)->next)
        if ((*list)->from != from && (int32_t)(segment->ack - end_of(&(*list)->segment)) >= 0)
            return unlink_doubt(list);
    return NULL;
}

struct doubt *doubts_next(struct doubt **list)
{
    return *list ? unlink_doubt(list) : NULL;
}

void doubt_free(struct doubt *doubt, size_t *held)
{
    if (held)
        *held -= size_of(&doubt->segment);
    free(doubt);
}
