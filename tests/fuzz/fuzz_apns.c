/* fuzz_apns.c: what the records of an APNs stream hold. The first byte tells whether its protocol
 * was agreed on (bit 0) and whether values are kept (bit 1); then pieces: direction (bit 0) or a
 * hole (bit 1), a length byte, bytes. */
#include "../../dissect/apns.h"

#include <stdlib.h>

#include "../../dissect/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor in = cursor_of(span_of(data, size)), piece;
    struct apns_stream streams[2] = {{0}, {0}};
    struct apns_facts *facts = NULL;
    struct apns_where where = {0};
    uint8_t flags = 0, how;
    if (!cursor_u8(&in, &flags))
        return 0;
    while (cursor_u8(&in, &how) && cursor_vec8(&in, &piece)) {
        where.frame++;
        where.direction = how & 1;
        where.from_client = !(how & 1);
        if (how & 2)
            apns_gap(&streams[how & 1], facts);
        else
            apns_take(&streams[how & 1], &facts, cursor_rest(&piece), &where, flags & 1, flags & 2);
    }
    if (facts && (facts->count > LIMIT_APNS_COMMANDS || apns_memory(facts) < sizeof *facts))
        abort();
    apns_free(facts);
    return 0;
}
