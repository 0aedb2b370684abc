/* appid_kinds.h: packets that are all alike to nDPI, with what it made of the first of them: a
 * hello, or what follows one that has not told enough. */
#ifndef PUSHWATCH_DISSECT_APPID_KINDS_H
#define PUSHWATCH_DISSECT_APPID_KINDS_H

#include "appid_dates.h"
#include "flow_record.h"
#include "intern.h"

/* Whose packet nDPI passes over. */
enum kind_passed { KIND_PASSED_NOT, KIND_PASSED_CLIENT, KIND_PASSED_SERVER };

/* All that nDPI's opinion after a packet depends on, but for the time. Of a flow's first packet, or
 * of one that follows others of their kinds: then what is said of ends, ports and protocols is
 * zero, for those have told it. */
struct appid_kind {
    struct span payload; /* of the packet, made alike by appid_hello_thin or appid_flight_thin; or
                            of a hello whose kind is known the server's name alone */
    uint64_t hello;      /* then that kind, and the record's version in the lowest byte; or 0 */
    uint64_t after;      /* the step that it follows; 0: it is the first */
    uint64_t ends[2];    /* what nDPI takes the sender's and the receiver's address for */
    uint32_t length;     /* of the payload on the wire */
    uint16_t headers, port;  /* bytes before the payload; the receiver's port */
    uint8_t flags;           /* of TCP */
    bool ipv6, upwards;      /* upwards: from a lower port to a higher one */
    enum kind_passed passed; /* it is so many bytes away from what */
    uint32_t distance;       /* that end would go on with */
};

/* What nDPI made of it. */
struct appid_step {
    uint64_t number;               /* of its own */
    const struct app_label *label; /* NULL: it has to see more */
    struct appid_stretch times;    /* of the packet: at others it may say something else */
    bool reads_records;            /* it has found TLS, and looks for nothing else */
};

enum { KIND_WORDS = 6, KIND_NAME_MOST = 63, KIND_HELLO_SETS = 128, KIND_HELLO_WAYS = 2 };

/* A hello whose kind is known and that has decided a label: nearly all first packets are such, so
 * that their few kinds are kept once more, in two cache lines each. */
struct appid_known_hello {
    uint64_t words[KIND_WORDS];
    const struct app_label *label; /* NULL: there is none */
    struct appid_stretch times;
    uint8_t n, name[KIND_NAME_MOST];
};
_Static_assert(sizeof(struct appid_known_hello) <= 2 * CACHE_LINE, "it is fetched as two lines");

/* Some of them, those found last. Make it with appid_kinds_init; free with appid_kinds_done. */
struct appid_kinds {
    struct appid_known_hello hellos[KIND_HELLO_SETS][KIND_HELLO_WAYS] APART;
    struct intern steps;
    struct buf key;
    uint64_t count; /* of all that there ever were */
};

void appid_kinds_init(struct appid_kinds *kinds);
void appid_kinds_done(struct appid_kinds *kinds);

/* appid_kinds_key makes the key of a kind, valid until the next call. */
struct intern_key appid_kinds_key(struct appid_kinds *kinds, const struct appid_kind *kind);

/* appid_kinds_prefetch_hello brings near where a hello would be: its ends need not be known yet. */
void appid_kinds_prefetch_hello(const struct appid_kinds *kinds, const struct appid_kind *hello);

/* appid_kinds_find_hello gives the label that a hello whose kind is known decides, at a time in
 * seconds; NULL if it is not at hand: appid_kinds_find may know more, and what that has found out
 * appid_kinds_keep_hello keeps at hand. */
const struct app_label *appid_kinds_find_hello(const struct appid_kinds *kinds,
                                               const struct appid_kind *hello, uint32_t now);
void appid_kinds_keep_hello(struct appid_kinds *kinds, const struct appid_kind *hello,
                            const struct appid_step *step);

/* appid_kinds_find gives what is remembered of a kind, at a time in seconds; NULL if that is
 * nothing. It is valid until the next appid_kinds_add. */
const struct appid_step *appid_kinds_find(struct appid_kinds *kinds, const struct intern_key *key,
                                          uint32_t now);

/* appid_kinds_add remembers what nDPI made of a kind; the label must live as long. Returns the
 * step's number, which it chooses. */
uint64_t appid_kinds_add(struct appid_kinds *kinds, const struct intern_key *key,
                         const struct appid_step *made);

/* appid_kinds_add_known remembers a step by one more key. */
void appid_kinds_add_known(struct appid_kinds *kinds, const struct intern_key *key,
                           const struct appid_step *known);

#endif
