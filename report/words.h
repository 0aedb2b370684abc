/* words.h: those words of names.h that each flow has. */
#ifndef PUSHWATCH_REPORT_WORDS_H
#define PUSHWATCH_REPORT_WORDS_H

#include "../dissect/flow_record.h"
#include "word.h"

/* All of these are static, and "unknown" for a value outside its enum. */
const struct word *word_side(enum side side);
const struct word *word_state(enum tcp_state state);
const struct word *word_client_by(enum client_by by);
const struct word *word_teardown(enum teardown teardown);
const struct word *word_closed_by(enum closed_by by);
const struct word *word_handshake(enum tcp_handshake handshake);
const struct word *word_end_reason(enum end_reason reason);
const struct word *word_tls_progress(enum tls_progress progress);
const struct word *word_certs_via(enum certs_via via);
const struct word *word_close_notify(enum close_notify answer);
const struct word *word_plain(enum plain_protocol protocol);

/* word_tls_version names a version of TLS, or SSLv3; NULL for any other protocol version. */
const struct word *word_tls_version(uint16_t version);

#endif
