/* strength.h: keys and signatures that are too weak. Private to report/judge/. */
#ifndef PUSHWATCH_REPORT_JUDGE_STRENGTH_H
#define PUSHWATCH_REPORT_JUDGE_STRENGTH_H

#include "../../dissect/cert.h"
#include "../finding.h"

/* strength_short_key tells a key below 2048 bits (RSA, DSA) or 224 (elliptic curves): below 112
 * bits of strength (NIST SP 800-131A). strength_weak_signature tells one with SHA-1, or worse. */
bool strength_short_key(const struct cert *cert);
bool strength_weak_signature(const struct cert *cert);

/* These tell how bad that is at a time: what everybody used then is worth a remark only. */
enum severity strength_of_key(const struct cert *cert, nanotime at);
enum severity strength_of_signature(const struct cert *cert, nanotime at);

#endif
