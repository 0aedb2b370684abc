/* tls_heartbeat.h: heartbeat records (RFC 6520). Internal to tls_session.c. */
#ifndef PUSHWATCH_DISSECT_TLS_HEARTBEAT_H
#define PUSHWATCH_DISSECT_TLS_HEARTBEAT_H

#include "tls_session.h"

/* tls_heartbeat_begin counts the record whose header has just been read. */
void tls_heartbeat_begin(struct tls *tls, unsigned direction, uint64_t frame);

/* tls_heartbeat_take takes a piece of its body, and looks into it while it is in the clear. */
void tls_heartbeat_take(struct tls *tls, unsigned direction, struct span piece, uint64_t frame);

#endif
