/* name_key.h: tells names apart that can't be the same, without parsing them as OpenSSL does.
 * Private to report/judge/.
 */
#ifndef PUSHWATCH_REPORT_JUDGE_NAME_KEY_H
#define PUSHWATCH_REPORT_JUDGE_NAME_KEY_H

#include "../../capture/base.h"

/* One that may belong to any name. */
#define NAME_KEY_ANY UINT64_C(0)

/* name_key gives the key of a Name in DER (RFC 5280 section 4.1.2.4). Names that are the same by
 * section 7.1, whatever their kinds of strings, case and spaces, have the same key, or one of them
 * has NAME_KEY_ANY. Others may have the same, too. */
uint64_t name_key(struct span name);

/* name_key_same tells whether two names may be the same. */
static inline bool name_key_same(uint64_t a, uint64_t b)
{
    return a == b || a == NAME_KEY_ANY || b == NAME_KEY_ANY;
}

/* name_key_of_subject gives that of the subject of a certificate in DER, NAME_KEY_ANY if it is not
 * found. */
uint64_t name_key_of_subject(struct span certificate);

#endif
