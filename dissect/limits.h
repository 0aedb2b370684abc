/* limits.h: every cap on memory or work that input could drive, each with its reason. */
#ifndef PUSHWATCH_DISSECT_LIMITS_H
#define PUSHWATCH_DISSECT_LIMITS_H

/* Out-of-order bytes held for one direction. Twice the largest TLS flight we know (a chain of a
 * hundred kilobytes), so that a handshake with one segment missing is still whole. */
#define LIMIT_REASM_BYTES (256u * 1024)
/* The same in pieces, so that one-byte segments can't make the list long to walk. */
#define LIMIT_REASM_CHUNKS 512
/* A hole that the receiver has acknowledged is missing in the capture only, or comes late because
 * the recorder saw two interfaces: after this long it is given up. */
#define LIMIT_REASM_PATIENCE_S 5

/* Segments and TLS records in flight that are remembered for one direction. A window of a megabyte
 * holds about 700 segments; only a stuck connection's first few are ever reported. */
#define LIMIT_FLIGHT_SEGMENTS 256
#define LIMIT_FLIGHT_RECORDS  1024

/* Flows tracked at once; the least valuable go first (flow_table.h). At about 1.5 kB each. */
#define LIMIT_FLOWS (1024u * 1024)
/* A SYN that nobody answers: longer than any stack retries it (Linux: 127 s). */
#define LIMIT_SYN_IDLE_S 300
/* After a connection has closed its tuple is remembered for twice the maximum segment lifetime
 * (RFC 9293 section 3.4.2), so that a late segment makes no new flow. */
#define LIMIT_CLOSED_IDLE_S 240
/* An established connection may be silent for long: push keep-alives come every 10 to 20 minutes,
 * RFC 5382 asks middleboxes for 2 h 4 min. A day, so that one idle connection stays one flow. */
#define LIMIT_OPEN_IDLE_S (24 * 3600)
/* How long a live run waits after a connection has closed before it reports it, so that the last
 * retransmissions are in the report. */
#define LIMIT_LINGER_S 2

/* Packets of one flow handed to nDPI before its guess is taken. */
#define LIMIT_NDPI_PACKETS 16

#endif
