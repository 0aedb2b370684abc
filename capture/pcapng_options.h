/* pcapng_options.h: the options of a pcapng block: code(2) length(2) value, padded to 32 bits;
 * draft-ietf-opsawg-pcapng section 3.5. */
#ifndef PUSHWATCH_CAPTURE_PCAPNG_OPTIONS_H
#define PUSHWATCH_CAPTURE_PCAPNG_OPTIONS_H

#include "load.h"

struct ng_option {
    uint16_t code;
    struct span value;
};

/* pcapng_option takes the next option off the front of a block's rest. Returns false at the end;
 * *malformed tells then that the list runs beyond the block. */
MUST_CHECK bool pcapng_option(struct ng_option *option, struct span *rest, bool *malformed,
                              bool swapped);

#endif
