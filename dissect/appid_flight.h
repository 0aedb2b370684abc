/* appid_flight.h: what a server sends first, made alike for nDPI: all that differs each time and
 * that it does not read is overwritten. */
#ifndef PUSHWATCH_DISSECT_APPID_FLIGHT_H
#define PUSHWATCH_DISSECT_APPID_FLIGHT_H

#include "../capture/base.h"

/* What has come of a record's header, or of a message's. */
struct appid_header {
    uint8_t bytes[5], n;
};

/* Where in records and messages a server's stream is. Zero-initialise. */
struct appid_flight {
    struct appid_header record_header, message_header;
    uint16_t record_left; /* bytes of the record */
    uint32_t message_left;
    uint8_t content, message; /* their types */
    bool encrypted;           /* it has changed its cipher */
};

/* appid_flight_thin overwrites, in a copy of the next piece of the stream: the random, the session
 * id and key shares of a ServerHello, all messages but that and the certificates, and what is
 * encrypted, by what nDPI can make nothing of. Types and lengths stay as they are. Returns false if
 * the piece can't be read, ends in the middle of a ServerHello, or holds something that nDPI reads
 * otherwise than it is meant; it may have been changed by then, and nothing may follow. */
MUST_CHECK bool appid_flight_thin(struct appid_flight *flight, uint8_t *payload, size_t n);

#endif
