/* tls_missed.h: which messages fell into the capture's holes. */
#ifndef PUSHWATCH_DISSECT_TLS_MISSED_H
#define PUSHWATCH_DISSECT_TLS_MISSED_H

#include "tls_session.h"

/* tls_missed_judge sets facts.missed: handshake messages that must have been sent, as what came
 * after them shows, but that are not in the capture, or not whole, while bytes of their direction
 * are missing. What may have been sent or not is left out. */
void tls_missed_judge(struct tls *tls);

#endif
