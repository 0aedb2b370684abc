/* interface_names.h: the names of the interfaces that packets came from, each kept once. */
#ifndef PUSHWATCH_CAPTURE_INTERFACE_NAMES_H
#define PUSHWATCH_CAPTURE_INTERFACE_NAMES_H

#include "base.h"

enum {
    /* Names come from capture files, and each costs memory. An index must fit in 15 of a packet's
     * bits (PACKET_HAS_PROCESS is the other); no machine has that many interfaces. */
    INTERFACE_NAMES_MAX = 32767,
    /* Linux allows 15 bytes; Windows' \Device\NPF_{GUID} are about 50. */
    INTERFACE_NAME_BYTES_MAX = 255
};

/* Zero-initialise it. Index 0 stands for an interface without a name. */
struct interface_names {
    char **names;     /* by index - 1, in order of first sight */
    uint16_t *sorted; /* indices in the order of their names */
    size_t count;
};

/* interface_names_add returns the index of a name: the same name has the same index, whichever
 * section or file it stands in. An empty name, and any beyond INTERFACE_NAMES_MAX, get 0. A name
 * ends at its first NUL byte, and after INTERFACE_NAME_BYTES_MAX. */
uint16_t interface_names_add(struct interface_names *names, struct span name);

/* interface_names_get returns a name, or NULL for index 0 and for one that was never given. It
 * lives as long as the table. */
const char *interface_names_get(const struct interface_names *names, uint16_t index);

void interface_names_done(struct interface_names *names);

#endif
