/* fuzz_decode.c: any bytes as a packet. The first byte chooses the link type, the second how much
 * longer than captured the packet was. */
#include <stdlib.h>

#include "../../dissect/decode.h"
#include "../../dissect/early.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct decoder decoder = {0};
    struct segment segment;
    const struct packet packet = {.time = 1,
                                  .bytes = data + 2,
                                  .caplen = (uint32_t)(size - 2),
                                  .len = (uint32_t)(size - 2) + data[1],
                                  .link = (enum link_type)(data[0] % (LINK_LINUX_SLL2 + 1)),
                                  .frame = 1};
    struct early look;
    bool early = early_look(&look, &packet);
    if (decode_packet(&segment, &decoder, &packet) != NOTE_NONE) {
        if (early)
            abort();
        return 0;
    }
    if (early && (look.ports[0] != segment.from.port || look.ports[1] != segment.to.port ||
                  memcmp(look.addresses[0], segment.from.ip, look.address_size) != 0 ||
                  memcmp(look.addresses[1], segment.to.ip, look.address_size) != 0))
        abort();
    const uint8_t *end = packet.bytes + packet.caplen;
    if (segment.payload.n > segment.length || segment.vlan_count > VLANS_MAX ||
        segment.wscale > 14 || segment.ip.p < packet.bytes || segment.ip.p + segment.ip.n > end ||
        (segment.payload.n && segment.payload.p + segment.payload.n > end))
        abort();
    return 0;
}
