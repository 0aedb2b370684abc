/* relay.h: several threads read one file, each a part of it, and get what one alone would get.
 *
 * The file is cut into windows of the same size. A runner claims the next one and reads its bytes,
 * as the others read theirs. Where the first record in it begins, only the one before can tell:
 * that is the baton, with the frame number and the time so far. Whoever has it passes over the
 * records that begin in its own window, which takes a fraction of the time that reading does, hands
 * it on, and goes back to see what the packets hold. So nothing is guessed, and no packet is handed
 * out that is not there as a whole: where a record is damaged or cut the relay ends, and who reads
 * on from there (relay_end) finds what is wrong.
 *
 * For files that are regular and not compressed. In pcapng some blocks change what those behind
 * them mean: there it ends as well, and begins again once the source has read them (relay_begin).
 */
#ifndef PUSHWATCH_CAPTURE_RELAY_H
#define PUSHWATCH_CAPTURE_RELAY_H

#include "source.h"

struct relay;

enum {
    /* Of windows that are worked on while they are there, so that they should be in a cache, and of
     * those of which only headers are looked at. Measured: docs/performance.md. */
    RELAY_WINDOW = 1 << 16,
    RELAY_WINDOW_LARGE = 1 << 18,
    /* The most packets of a window: only where hardly more than their headers were captured are
     * there more, and there the relay ends. */
    RELAY_PACKETS_MAX = 4096
};

/* How far to read. */
struct relay_limits {
    uint64_t packets; /* no more than these, */
    uint64_t bytes;   /* and captured bytes, */
    uint32_t beside;  /* to which each packet adds so many more; */
    nanotime before;  /* no packet of this time or a later one */
    size_t window;    /* bytes a time; 0: as many as the relay was made for */
};

/* relay_new makes a relay of `runners` for the capture that the source reads, with windows of up to
 * so many bytes. NULL if it is not of a kind that can be. Free it before the source. */
MUST_CHECK struct relay *relay_new(const struct source *source, unsigned runners, size_t most);

/* relay_begin begins with the packet that the source would hand out next, or with the first of the
 * `count` packets at hand that were handed out last. Where it has ended before a record that it
 * does not hand out, the source reads up to the packet behind that. `now` is the latest time of
 * those before. Until relay_end nobody else may ask the source. */
void relay_begin(struct relay *relay, struct source *source, const struct packet *at_hand,
                 size_t count, nanotime now, const struct relay_limits *limits);

/* relay_claim takes the next window for a runner. Each runner may have a thread of its own. Returns
 * false if there is no more. */
MUST_CHECK bool relay_claim(struct relay *relay, unsigned runner);

/* relay_read, which has to follow, reads it, so that relay_packets can hand out what is in it.
 * Waits for the others that have windows before. Returns false if the relay came to its end in
 * those; then they have been read. */
MUST_CHECK bool relay_read(struct relay *relay, unsigned runner);

/* relay_now gives the latest packet time before the window that the runner has taken. */
nanotime relay_now(const struct relay *relay, unsigned runner);

/* relay_packets gives the packets of the runner's window, and returns how many. They and their
 * bytes live until relay_claim. */
MUST_CHECK size_t relay_packets(const struct relay *relay, unsigned runner,
                                const struct packet **packets);

/* relay_end has the source go on behind the packets that were handed out; call it for each that
 * reads the capture: they all know of it what that of relay_begin does. relay_frame gives the
 * number of the last packet. */
void relay_end(const struct relay *relay, struct source *source);
uint64_t relay_frame(const struct relay *relay);

void relay_free(struct relay *relay);

#endif
