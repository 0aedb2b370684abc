/* prologue.h: what two ends say in clear before they begin TLS on the same connection: STARTTLS of
 * a protocol, a request to a proxy, a header that a proxy puts first. The protocol's own grammar
 * tells where TLS begins; nothing is searched for.
 *
 * The bytes of one direction may be delivered long after those of the other: each direction finds
 * its own way, and what the other shows is used where it is there. */
#ifndef PUSHWATCH_DISSECT_PROLOGUE_H
#define PUSHWATCH_DISSECT_PROLOGUE_H

#include "cursor.h"
#include "flow_record.h"

struct prologue;

enum prologue_verdict {
    PROLOGUE_MORE, /* all bytes were used up */
    PROLOGUE_TLS,  /* TLS records begin where the cursor stands, and make up all that follows */
    PROLOGUE_LOST, /* TLS has begun, but its beginning is, or may be, in a hole: prologue_missing */
    PROLOGUE_ONE_SIDED, /* TLS begins with this direction's first byte, while the other is in
                           clear: no prologue, and the other is no TLS */
    PROLOGUE_PLAIN      /* no prologue, or none that TLS could still follow; so is the other
                           direction, if it has begun */
};

/* prologue_recognises tells whether first bytes, of a stream that was joined midway, are surely
 * those of a protocol that a prologue may belong to. */
bool prologue_recognises(struct span first_bytes);

/* prologue_new begins. `opener` is the direction that sent the SYN, -1 if that is not known;
 * `joined` tells that the capture joined midway. Free with prologue_free. */
MUST_CHECK struct prologue *prologue_new(int opener, bool joined);

/* prologue_take takes the next bytes of a direction, which a segment of that frame brought, in
 * order, borrowed for the call. Once a direction has left the prologue, by any verdict but MORE,
 * the verdict is TLS: its bytes go where those of TLS go. */
enum prologue_verdict prologue_take(struct prologue *prologue, unsigned direction,
                                    struct cursor *in, uint64_t frame);

/* prologue_gap says that `length` bytes of a direction are missing. Returns false if the direction
 * has left the prologue. prologue_missing gives how many were missing at its end. */
bool prologue_gap(struct prologue *prologue, unsigned direction, uint64_t length);
uint64_t prologue_missing(const struct prologue *prologue, unsigned direction);

/* prologue_has_begun tells whether a direction has sent any bytes, or bytes of it are missing. */
bool prologue_has_begun(const struct prologue *prologue, unsigned direction);

/* prologue_protocol names the innermost protocol that was recognised: PLAIN_UNKNOWN if none was. */
enum plain_protocol prologue_protocol(const struct prologue *prologue);

/* prologue_facts gives what is reported: NULL unless TLS was agreed on and began. */
const struct prologue_facts *prologue_facts(const struct prologue *prologue);

/* prologue_is_at_work tells that it holds memory that prologue_end lets go; prologue_end says that
 * no more bytes come. */
bool prologue_is_at_work(const struct prologue *prologue);
void prologue_end(struct prologue *prologue);

/* prologue_memory gives the bytes that it takes. */
size_t prologue_memory(const struct prologue *prologue);

/* prologue_free: NULL is fine. */
void prologue_free(struct prologue *prologue);

#endif
