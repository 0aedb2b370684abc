/* appid_kinds.h: hellos that are all alike to nDPI, with the label that it gave to the first. */
#ifndef PUSHWATCH_DISSECT_APPID_KINDS_H
#define PUSHWATCH_DISSECT_APPID_KINDS_H

#include "flow_record.h"
#include "intern.h"

/* All that a label depends on. */
struct appid_kind {
    struct span payload;    /* of the packet, made alike by appid_hello_thin */
    uint64_t ends[2];       /* what nDPI takes the sender's and the receiver's address for */
    uint32_t length;        /* of the payload on the wire */
    uint16_t headers, port; /* bytes before the payload; the receiver's port */
    uint8_t flags;          /* of TCP */
    bool ipv6, upwards;     /* upwards: from a lower port to a higher one */
};

/* Some of them, those found last. Make it with appid_kinds_init; free with appid_kinds_done. */
struct appid_kinds {
    struct intern labels; /* of pointers to labels */
    struct buf key;
};

void appid_kinds_init(struct appid_kinds *kinds);
void appid_kinds_done(struct appid_kinds *kinds);

/* appid_kinds_key makes the key of a kind, valid until the next call. */
struct intern_key appid_kinds_key(struct appid_kinds *kinds, const struct appid_kind *kind);

/* appid_kinds_find returns the label of a kind, NULL if it is not known. */
const struct app_label *appid_kinds_find(struct appid_kinds *kinds, const struct intern_key *key);

/* appid_kinds_add remembers the label of a kind, which must live as long. */
void appid_kinds_add(struct appid_kinds *kinds, const struct intern_key *key,
                     const struct app_label *label);

#endif
