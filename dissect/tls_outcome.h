/* tls_outcome.h: how a handshake came out: a pure function of what both directions have shown. */
#ifndef PUSHWATCH_DISSECT_TLS_OUTCOME_H
#define PUSHWATCH_DISSECT_TLS_OUTCOME_H

#include "tls_session.h"

/* tls_outcome_note sets complete_frame once the handshake is complete: to `frame`, that of the
 * latest event. */
void tls_outcome_note(struct tls *tls, uint64_t frame);

/* tls_outcome_judge sets all else that depends on both directions: progress, certs_via, resumed,
 * early_data and close_notify. */
void tls_outcome_judge(struct tls *tls);

/* tls_alert_sized tells whether an application data record is as long as an encrypted alert of TLS
 * 1.3: two bytes, the content type, and the tag (RFC 8446 section 5.2). */
bool tls_alert_sized(const struct tls *tls, uint16_t length);

/* tls_finished_sized tells the same of a Finished message. */
bool tls_finished_sized(const struct tls *tls, uint16_t length);

#endif
