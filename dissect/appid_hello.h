/* appid_hello.h: a ClientHello made cheap for nDPI, which fingerprints each one if it is not told
 * otherwise, and cannot be told before version 4.10; and like others of its kind. */
#ifndef PUSHWATCH_DISSECT_APPID_HELLO_H
#define PUSHWATCH_DISSECT_APPID_HELLO_H

#include "../capture/base.h"

/* appid_hello_at tells that a segment's payload begins with a ClientHello. */
MUST_CHECK bool appid_hello_at(struct span payload);

/* appid_hello_is_whole tells that such a payload holds a ClientHello in a record of its own, and
 * nothing behind it but whole records. Of any other nDPI keeps a piece, and takes for its rest what
 * comes next, even if the server sends it. */
MUST_CHECK bool appid_hello_is_whole(struct span payload);

/* appid_hello_is_alone tells that such a payload is a ClientHello in a record of its own, and
 * nothing else. */
MUST_CHECK bool appid_hello_is_alone(struct span payload);

/* appid_hello_is_sound tells that all lengths in such a payload agree, as far as it goes, and that
 * nDPI reads no extension of which it is not known how. */
MUST_CHECK bool appid_hello_is_sound(struct span payload);

/* appid_hello_thin puts GREASE values (RFC 8701) in place of cipher suites and of the types of
 * those extensions that say nothing of the application, in a copy of such a payload: nDPI passes
 * over them. So it does over values of that kind among the versions. The random, the session id and
 * the bodies of extensions that it does not read become zero, so that the hellos of one program to
 * one server are all the same bytes. What it names a flow by and the lengths stay as they are, and
 * so does all of a hello whose lengths do not agree.
 */
void appid_hello_thin(uint8_t *payload, size_t n);

#endif
