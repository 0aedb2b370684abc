/* checksum.h: what the checksums of a TCP segment tell of it (RFC 9293 section 3.1, RFC 1071). */
#ifndef PUSHWATCH_DISSECT_CHECKSUM_H
#define PUSHWATCH_DISSECT_CHECKSUM_H

#include "segment.h"

/* How far they are gone by. */
enum checksum_mode {
    CHECKSUMS_AUTO,   /* a wrong one counts against its segment once its sender has shown a right
                         one: doubts.h */
    CHECKSUMS_STRICT, /* as a receiver does: what is not right is not used */
    CHECKSUMS_IGNORE  /* not looked at */
};

/* What the IPv4 header's and TCP's say. Whatever is UNKNOWN may be right: the capture lacks bytes,
 * or an IPv6 header says that the packet is going elsewhere than its address tells. */
enum checksum { CHECKSUM_UNKNOWN, CHECKSUM_RIGHT, CHECKSUM_LEFT_OUT, CHECKSUM_WRONG };

/* checksum_of_tcp adds up a segment that has its headers. LEFT_OUT: its sender left it to the
 * network card, so that the capture has zero, or the sum of the pseudo-header alone, with or
 * without the length; or the packet is larger than Ethernet's, put together or not yet cut by the
 * card. */
enum checksum checksum_of_tcp(const struct segment *segment);

/* checksum_of_ip does the same for the header of IPv4. */
enum checksum checksum_of_ip(const struct segment *segment);

/* checksum_is_right_ipv4 tells at once what is so of nearly all segments: that TCP's is RIGHT, and
 * IPv4's. It is given what early_look has found, if all `length` bytes from there on that the IP
 * packet has were captured. checksum_is_right_ipv6 does so for IPv6, which has no checksum of its
 * own. False says nothing. */
MUST_CHECK bool checksum_is_right_ipv4(const uint8_t *tcp, uint32_t length);
MUST_CHECK bool checksum_is_right_ipv6(const uint8_t *tcp, uint32_t length);

#endif
