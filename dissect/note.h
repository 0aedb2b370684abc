/* note.h: why a packet was not used, by name. Hostile or odd bytes become one of these and a count,
 * never an error. */
#ifndef PUSHWATCH_DISSECT_NOTE_H
#define PUSHWATCH_DISSECT_NOTE_H

enum note {
    NOTE_NONE,             /* used */
    NOTE_NOT_WATCHED,      /* TCP, but neither port is watched */
    NOTE_FILTERED,         /* did not match the filter */
    NOTE_NOT_IP,           /* ARP, LLC, … */
    NOTE_NOT_TCP,          /* UDP, ICMP, … */
    NOTE_FRAGMENT,         /* of an IP packet, without its TCP header or not whole */
    NOTE_CUT,              /* the snap length ends it before the TCP header does */
    NOTE_MALFORMED,        /* header lengths that contradict each other */
    NOTE_UNSUPPORTED_LINK, /* a link type that we can't read */
    NOTE_ENCRYPTED,        /* below IP: a protected IEEE 802.11 frame */
    NOTE_TOO_DEEP,         /* tunnels in tunnels beyond TUNNELS_MAX */
    NOTE_DUPLICATE,        /* captured on another interface just before */
    NOTE_CHECKSUM,         /* wrong, and that counts: checksum.h */
    NOTES
};

/* note_name returns the reason as it stands in reports, such as "not-tcp". */
const char *note_name(enum note note);

#endif
