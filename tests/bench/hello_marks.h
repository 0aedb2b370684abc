/* hello_marks.h: finds in a recorded hello what has to be fresh in each connection. */
#ifndef PUSHWATCH_BENCH_HELLO_MARKS_H
#define PUSHWATCH_BENCH_HELLO_MARKS_H

#include "sessions.h"

/* The session id that the client of a session chose. */
struct chosen_id {
    uint8_t bytes[32];
    size_t length;
};

/* hello_marks notes the fresh ranges of a flight that begins with a hello of OpenSSL's; any other
 * flight is left as it is. `id` carries the client's session id over to the server's flights. */
void hello_marks(struct piece *piece, struct chosen_id *id);

#endif
