/* validation.h: what was found of a server's chain. Values only: made by validate.c. */
#ifndef PUSHWATCH_REPORT_JUDGE_VALIDATION_H
#define PUSHWATCH_REPORT_JUDGE_VALIDATION_H

#include "../../capture/base.h"
#include "../word.h"

enum validation_status {
    VALIDATION_NONE, /* no chain was seen */
    VALIDATION_VALID,
    VALIDATION_INVALID,     /* something is wrong that no further certificate could put right */
    VALIDATION_UNVERIFIABLE /* nothing is known to be wrong, but it leads to no anchor at hand */
};

/* What is wrong, the worst first: the first of a chain's faults is its error. Those from
 * FAULT_TOO_LARGE on leave it unverifiable, all others make it invalid. */
enum fault {
    FAULT_MALFORMED,
    FAULT_BAD_SIGNATURE,
    FAULT_REVOKED,
    FAULT_NOT_A_CA,
    FAULT_PATH_LENGTH,
    FAULT_PURPOSE,
    FAULT_NAME_CONSTRAINTS,
    FAULT_OTHER,
    FAULT_EXPIRED,
    FAULT_NOT_YET_VALID,
    FAULT_NAME_MISMATCH,
    FAULT_TOO_LARGE,
    FAULT_UNSUPPORTED,
    FAULT_CUT,
    FAULT_SELF_SIGNED,
    FAULT_MISSING_INTERMEDIATE,
    FAULT_UNKNOWN_ANCHOR,
    FAULT_UNKNOWN_TIME, /* the packets have none, and no other was asked for */
    FAULT_NONE
};
enum { FAULTS = FAULT_NONE };

/* Where a fault is: the index in the chain as sent, or this, for one of the trusted ones. */
enum { FAULT_AT_ANCHOR = 0xff, NOWHERE = 0xff };

/* How the certificates stand in their message (RFC 5246 section 7.4.2: each certifies the one
 * before it). */
enum chain_order {
    CHAIN_IN_ORDER,
    CHAIN_OUT_OF_ORDER, /* one's issuer is there, but not right behind it */
    CHAIN_WITH_OTHERS   /* there are some that certify none of the others */
};

/* What became of a stapled OCSP response (RFC 6960). */
enum staple_check {
    STAPLE_NOT_CHECKED, /* none, or one that says nothing of the leaf */
    STAPLE_NO_ISSUER,   /* the leaf's issuer, by which it is checked, is not at hand */
    STAPLE_BAD_SIGNATURE,
    STAPLE_OUTDATED, /* properly signed, but not for that time */
    STAPLE_CHECKED
};

struct validation {
    enum validation_status status;
    enum fault error; /* FAULT_NONE if valid */
    nanotime at;      /* the time for which it was judged; 0: not known */
    bool named;       /* a name was asked for, and name_match says whether the leaf has it */
    bool name_match;
    bool anchored;            /* it leads to an anchor: `anchor` is its subject (RFC 4514) */
    uint8_t depth;            /* certificates above the leaf, the anchor included */
    uint8_t order;            /* enum chain_order */
    uint8_t order_at;         /* index in the chain of the first that stands where it should not */
    uint8_t staple;           /* enum staple_check */
    uint8_t short_key;        /* index of the first certificate whose key is short, or NOWHERE */
    uint8_t weak_signature;   /* likewise, of those that do not sign themselves */
    uint32_t faults;          /* a bit for each fault */
    uint8_t at_fault[FAULTS]; /* where, for those that are somewhere */
    struct span anchor;       /* lives as long as the trust */
    const char *detail;       /* static: OpenSSL's words for FAULT_OTHER; else NULL */
};

static inline bool validation_has(const struct validation *validation, enum fault fault)
{
    return validation->faults >> fault & 1;
}

const struct word *validation_status_word(enum validation_status status); /* "valid", … */
const struct word *fault_word(enum fault fault);                          /* "expired", … */
const struct word *staple_check_word(enum staple_check check);            /* "checked", … */

#endif
