/* tls_flight.h: what each handshake message adds to the facts. Internal to tls_session.c. */
#ifndef PUSHWATCH_DISSECT_TLS_FLIGHT_H
#define PUSHWATCH_DISSECT_TLS_FLIGHT_H

#include "tls_session.h"

/* tls_flight_take takes a message in the clear, of which bytes are missing if its body is shorter
 * than its length; `lost` tells that the capture misses them. Returns false if a hello is none. */
MUST_CHECK bool tls_flight_take(struct tls *tls, unsigned direction,
                                const struct tls_message *message, bool lost,
                                const struct tls_where *where);

/* tls_flight_sent tells whether a direction has sent a message of a type in the clear. */
bool tls_flight_sent(const struct tls_direction *d, unsigned type);

#endif
