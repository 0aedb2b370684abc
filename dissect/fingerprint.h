/* fingerprint.h: JA3, JA3S, JA4 and Community ID. */
#ifndef PUSHWATCH_DISSECT_FINGERPRINT_H
#define PUSHWATCH_DISSECT_FINGERPRINT_H

#include "flow_record.h"
#include "tls_hello.h"

/* fingerprint_client computes a ClientHello's JA3 (github.com/salesforce/ja3) and JA4
 * (github.com/FoxIO-LLC/ja4, technical_details/JA4.md), both NUL-terminated.
 * Neither is defined for a hello in SSLv2's format: they are empty then. */
void fingerprint_client(char ja3[33], char ja4[37], const struct tls_hello *hello);

/* fingerprint_server computes a ServerHello's JA3S; "" for SSLv2's. */
void fingerprint_server(char ja3s[33], const struct tls_hello *hello);

enum { COMMUNITY_ID_BYTES = 20 };

/* fingerprint_community_id computes the Community ID v1 of a TCP connection, with seed 0
 * (github.com/corelight/community-id-spec), whose text is "1:" and these bytes in base64. The order
 * of the ends does not matter. */
void fingerprint_community_id(uint8_t out[COMMUNITY_ID_BYTES], const struct endpoint *a,
                              const struct endpoint *b);

/* fingerprint_sha256 hashes some bytes. */
void fingerprint_sha256(uint8_t out[32], struct span bytes);

#endif
