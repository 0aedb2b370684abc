/* decrypt.h: keys out of secrets, and records opened with them: TLS 1.3 (RFC 8446 sections 5.2 and
 * 7.3), TLS 1.0 to 1.2 (RFC 5246 section 6.2.3, RFC 5288, 6655, 7366, 7905). A room of OpenSSL. */
#ifndef PUSHWATCH_DISSECT_DECRYPT_H
#define PUSHWATCH_DISSECT_DECRYPT_H

#include "keylog.h"

/* How a cipher suite protects records; NULL is none that is known here. */
struct decrypt_suite;

/* decrypt_suite_of finds the algorithms of a cipher suite: AES in GCM, CCM and CBC, ARIA in
 * GCM and CBC, Camellia and 3DES in CBC, ChaCha20. NULL
 * if it is another one, or not one of this version. */
const struct decrypt_suite *decrypt_suite_of(uint16_t suite, uint16_t version);

/* The keys with which one end seals its records. */
struct decrypt_keys;

/* decrypt_keys_13 makes the keys of a traffic secret of TLS 1.3, whose drafts have versions of
 * their own. Free with decrypt_keys_free. NULL if the secret is not as long as the suite's hash. */
MUST_CHECK struct decrypt_keys *decrypt_keys_13(const struct decrypt_suite *suite, uint16_t version,
                                                const struct tls_secret *secret);

/* What the keys of TLS 1.0 to 1.2 are made of. */
struct decrypt_session {
    const struct decrypt_suite *suite;
    uint16_t version;
    bool encrypt_then_mac;
    uint8_t client_random[TLS_RANDOM_BYTES], server_random[TLS_RANDOM_BYTES];
};

/* decrypt_keys_12 makes the keys of the client or the server. Free likewise. */
MUST_CHECK struct decrypt_keys *decrypt_keys_12(const struct decrypt_session *session,
                                                const struct tls_secret *master, bool of_server);

/* decrypt_keys_free frees keys. NULL is fine. */
void decrypt_keys_free(struct decrypt_keys *keys);

/* decrypt_next_secret makes the traffic secret after a KeyUpdate: RFC 8446 section 7.2. */
void decrypt_next_secret(struct tls_secret *next, const struct decrypt_suite *suite,
                         const struct tls_secret *secret);

/* A protected record. */
struct decrypt_record {
    uint8_t type;
    uint16_t version;
    struct span body;
};

/* decrypt_open opens the record with a sequence number. *plain is what was sealed, in `room`, which
 * is used again by the next call; of TLS 1.3 with its type and padding behind it. False if the
 * record is not of these keys and this number, or is damaged. */
MUST_CHECK bool decrypt_open(struct span *plain, struct buf *room, struct decrypt_keys *keys,
                             const struct decrypt_record *record, uint64_t number);

/* decrypt_follow says that a record, opened or not, is behind: the next one of TLS 1.0 is chained
 * to it. */
void decrypt_follow(struct decrypt_keys *keys, const struct decrypt_record *record);

#endif
