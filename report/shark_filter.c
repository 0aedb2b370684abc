/* shark_filter.c: see shark_filter.h. */
#include "shark_filter.h"

#include "address.h"

#include <inttypes.h>

/* Frames beyond these make a line that nobody wants to copy. */
enum { FRAMES_MAX = 8 };

/* The client's address and both ports fit on a line; that a client uses one port towards several
 * servers is rare, and shows. */
void shark_filter_flow(struct buf *out, const struct flow_record *record)
{
    struct address_room room;
    const struct endpoint *client = &record->ends[CLIENT];
    buf_printf(out, "%s.addr==%s && tcp.port==%u && tcp.port==%u", client->ipv6 ? "ipv6" : "ip",
               address_host(&room, client), client->port, record->ends[SERVER].port);
}

void shark_filter_frames(struct buf *out, const struct finding *finding)
{
    if (finding->frame_count == 0)
        return;
    buf_printf(out, "frame.number in {");
    for (unsigned i = 0; i < finding->frame_count && i < FRAMES_MAX; i++)
        buf_printf(out, "%s%" PRIu64, i ? ", " : "", finding->frames[i]);
    buf_printf(out, "}");
}
