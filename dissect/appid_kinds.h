/* appid_kinds.h: hellos that are all alike to nDPI, with the label that it gave to the first. */
#ifndef PUSHWATCH_DISSECT_APPID_KINDS_H
#define PUSHWATCH_DISSECT_APPID_KINDS_H

#include "flow_record.h"
#include "keyed_hash.h"

/* All that a label depends on. */
struct appid_kind {
    struct hash_digest payload; /* of the packet, made alike by appid_hello_thin */
    uint64_t ends[2];           /* what nDPI takes the sender's and the receiver's address for */
    uint32_t length;            /* of the payload on the wire */
    uint16_t headers, port;     /* bytes before the payload; the receiver's port */
    uint8_t flags;              /* of TCP */
    bool ipv6, upwards;         /* upwards: from a lower port to a higher one */
};

/* Some of them: each has one place, which the one that came last takes. */
enum { APPID_KINDS = 512 };
struct appid_kinds {
    struct hash_key key; /* of all hashes here */
    struct appid_known {
        struct appid_kind kind;
        const struct app_label *label; /* NULL: none is here yet */
    } known[APPID_KINDS];
};

/* appid_kinds_find returns the label of a kind, NULL if it is not known. */
const struct app_label *appid_kinds_find(const struct appid_kinds *kinds,
                                         const struct appid_kind *kind);

/* appid_kinds_add remembers the label of a kind, which must live as long. */
void appid_kinds_add(struct appid_kinds *kinds, const struct appid_kind *kind,
                     const struct app_label *label);

#endif
