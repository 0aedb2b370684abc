/* fragments.h: IP packets that come in pieces, put together (RFC 791 section 3.2, RFC 8200 section
 * 4.5).
 *
 * A fragment that overlaps others is not believed, nor are the others: RFC 5722 demands that of
 * IPv6 hosts, and Linux does the same in IPv4 since 4.19. Nobody fragments like that but to show
 * one thing to the receiver and another to whoever listens. A fragment that was sent or captured
 * twice, with the same bytes, is no overlap. */
#ifndef PUSHWATCH_DISSECT_FRAGMENTS_H
#define PUSHWATCH_DISSECT_FRAGMENTS_H

#include "sink.h"

struct fragments;

/* One fragment. Addresses and number tell which packet it belongs to. */
struct fragment {
    uint8_t ends[2][16]; /* source, destination */
    uint32_t id;
    bool ipv6;
    bool more;          /* it is not the last one */
    uint8_t protocol;   /* IPv4 */
    uint16_t offset;    /* of its bytes in the packet's payload; a multiple of 8 */
    struct span bytes;  /* all of them */
    struct span header; /* of the first one: what becomes the packet's header, without that of
                           fragmentation */
    uint16_t next_at;   /* IPv6: offset there of the byte that tells what follows, */
    uint8_t next;       /* and what it says in the whole packet */
};

/* fragments_new begins. Free with fragments_free. */
MUST_CHECK struct fragments *fragments_new(void);

/* fragments_add takes a fragment that was captured at `now`, copying what it keeps. Returns true if
 * the packet is whole: *whole is then an IP packet that is not fragmented, and lives until the next
 * call. How much is kept is bounded (limits.h): the oldest goes. */
MUST_CHECK bool fragments_add(struct fragments *fragments, struct span *whole,
                              const struct fragment *fragment, nanotime now);

/* fragments_copy makes one that knows the same. NULL gives NULL. */
MUST_CHECK struct fragments *fragments_copy(const struct fragments *fragments);

/* fragments_counts tells what became of them. NULL is fine. */
struct fragment_counts fragments_counts(const struct fragments *fragments);

/* fragments_free frees it. NULL is fine. */
void fragments_free(struct fragments *fragments);

#endif
