/* contacts.h: which client connected to what, how often and when, in bounded memory. */
#ifndef PUSHWATCH_REPORT_JUDGE_CONTACTS_H
#define PUSHWATCH_REPORT_JUDGE_CONTACTS_H

#include "period.h"

#include "../../dissect/flow_record.h"

/* How a short connection ended, in the order in which it is told. */
enum contact_end {
    CONTACT_REFUSED,
    CONTACT_TLS_FAILED,
    CONTACT_RESET_BY_CLIENT,
    CONTACT_RESET_BY_SERVER,
    CONTACT_CLOSED_BY_CLIENT,
    CONTACT_CLOSED_BY_SERVER
};
enum { CONTACT_ENDS = CONTACT_CLOSED_BY_SERVER + 1 };

/* Short connections that followed one another quickly. */
enum { STORM_LEAST = 10 };
struct storm {
    nanotime latest[STORM_LEAST]; /* a ring: when the latest ones began */
    uint64_t latest_frames[STORM_LEAST];
    nanotime last_closing; /* when an end closed or reset the latest one */
    uint64_t short_ones;
    uint64_t counted_to;       /* of these, the first that may be counted yet */
    uint8_t ends[STORM_LEAST]; /* enum contact_end, of those in the ring */
    /* Of those that were close together: */
    uint64_t count, by_end[CONTACT_ENDS];
    uint64_t frames[STORM_LEAST]; /* of the first ones */
    nanotime first, last;
};

enum { CONTACT_FRAMES_MAX = 8 };

/* A client and what it connected to: a name or, without one, an address and port. For sightings, a
 * client and a certificate that it was shown. */
struct contact {
    struct endpoint client; /* the port means nothing */
    struct span name;       /* owned; as sent; or a certificate's SHA-256 */
    struct period_events events, failures;
    uint64_t frames[CONTACT_FRAMES_MAX], failure_frames[CONTACT_FRAMES_MAX]; /* of the first ones */
    struct storm *storm; /* NULL before the first short connection */
    size_t seen_by;      /* of sightings alone: index of the contact at which it was seen first */
};

/* Contacts beyond these are not looked at: so many at once are no single client's problem. */
enum { CONTACTS_MAX = 4096 };

struct contact_list {
    struct contact *items;
    size_t count, cap;
    /* Open addressing. What is compared lies in items, which are large and many: a tag, of the
     * hash, tells nearly all others without a look there. */
    struct contact_slot {
        uint16_t at; /* index in items plus 1, or 0: free */
        uint16_t tag;
    } slots[2 * CONTACTS_MAX];
};

/* Zero-initialise it; free with contacts_done. */
struct contacts {
    struct contact_list made; /* connections, by client and name */
    struct contact_list seen; /* certificates, by client and certificate */
};

/* contacts_add takes a flow that has ended. One whose beginning was not seen is passed over. */
void contacts_add(struct contacts *contacts, const struct flow_record *record);

void contacts_done(struct contacts *contacts);

#endif
