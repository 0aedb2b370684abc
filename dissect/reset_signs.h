/* reset_signs.h: what a RST has that its alleged sender's other packets have not. A middlebox that
 * forges one copies addresses, ports and numbers, and not all of the rest. */
#ifndef PUSHWATCH_DISSECT_RESET_SIGNS_H
#define PUSHWATCH_DISSECT_RESET_SIGNS_H

#include "segment.h"

struct tcp;

/* reset_signs_take is shown, before anything else is made of it, a RST or what comes after one. It
 * makes tcp->signs at the first RST. `end` is who sent it; `seq` and `acked` are its numbers,
 * extended (seq.h). */
void reset_signs_take(struct tcp *tcp, unsigned end, const struct segment *segment, uint64_t seq,
                      uint64_t acked);

/* reset_signs_id compares a RST's IP identification, which is not 0 in IPv4 alone, with the last
 * two of its sender's, if it has any that count up: several systems draw them by chance. */
void reset_signs_id(struct reset_signs *signs, uint16_t id, const uint16_t before[2]);

#endif
