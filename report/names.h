/* names.h: what reports call things: the words of the flow record for every code and enum. */
#ifndef PUSHWATCH_REPORT_NAMES_H
#define PUSHWATCH_REPORT_NAMES_H

#include "words.h"

/* The words of words.h. */
static inline const char *names_side(enum side side)
{
    return word_side(side)->text;
}

static inline const char *names_state(enum tcp_state state)
{
    return word_state(state)->text;
}

static inline const char *names_client_by(enum client_by by)
{
    return word_client_by(by)->text;
}

static inline const char *names_teardown(enum teardown teardown)
{
    return word_teardown(teardown)->text;
}

static inline const char *names_closed_by(enum closed_by by)
{
    return word_closed_by(by)->text;
}

static inline const char *names_handshake(enum tcp_handshake handshake)
{
    return word_handshake(handshake)->text;
}

static inline const char *names_end_reason(enum end_reason reason)
{
    return word_end_reason(reason)->text;
}

static inline const char *names_tls_progress(enum tls_progress progress)
{
    return word_tls_progress(progress)->text;
}

static inline const char *names_certs_via(enum certs_via via)
{
    return word_certs_via(via)->text;
}

static inline const char *names_close_notify(enum close_notify answer)
{
    return word_close_notify(answer)->text;
}

/* All of these return static strings, and "unknown" for a value outside its enum. */
const char *names_tunnel(enum tunnel_kind kind);
const char *names_reset_phase(enum reset_phase phase);
const char *names_stuck_cause(enum stuck_cause cause);
/* HandshakeType (RFC 8446 section 4, RFC 5246 section 7.4). */
const char *names_handshake_message(unsigned type);
const char *names_decryption(enum decryption_status status);
const char *names_decryption_trouble(enum decryption_trouble trouble);
const char *names_staple(enum staple_status status);
const char *names_ech(enum ech_status status);
const char *names_certificate_type(unsigned type); /* enum certificate_type */
const char *names_compression(unsigned algorithm); /* of a certificate: RFC 8879 section 7.3 */
const char *names_plain(enum plain_protocol protocol);

/* names_prologue says in words after what TLS began, as in "TLS began after …". */
const char *names_prologue(const struct prologue_step *step);

/* Room for the name of a code that has none: its number in hex. */
struct name_room {
    char text[24];
};

/* names_tls_version names a protocol version on the wire: `TLSv1.2`, `TLSv1.3-draft23`, … */
const char *names_tls_version(struct name_room *room, uint16_t version);

/* names_code gives a code point as `0x1234`. */
const char *names_code(struct name_room *room, uint16_t code);

/* names_cipher gives a cipher suite's IANA name, or its code point as `0x1234`. */
const char *names_cipher(struct name_room *room, uint16_t code);

/* names_ssl2_cipher names a CIPHER-KIND of SSLv2, or gives it as `0x123456`. */
const char *names_ssl2_cipher(struct name_room *room, uint32_t kind);

/* names_ssl2_code gives a CIPHER-KIND as `0x123456`. */
const char *names_ssl2_code(struct name_room *room, uint32_t kind);

/* names_group gives IANA's name of a supported group (RFC 8446 section 4.2.7), or `0x1234`. */
const char *names_group(struct name_room *room, uint16_t code);

/* names_alert gives an alert description's name (RFC 8446 section 6 and IANA), or `0x12`. */
const char *names_alert(struct name_room *room, uint8_t description);

/* names_alert_level gives `warning`, `fatal`, or `0x12`. */
const char *names_alert_level(struct name_room *room, uint8_t level);

/* names_content_type names a record's content type (RFC 8446 section 5.1), or `0x12`. */
const char *names_content_type(struct name_room *room, uint8_t type);

/* names_apns names a command of APNs, or returns NULL; names_apns_code writes it as two hex digits.
 */
const char *names_apns(uint8_t command);
const char *names_apns_code(struct name_room *room, uint8_t command);

#endif
