/* anchors.h: the trusted certificates themselves. Each is parsed only once a chain names it, as to
 * parse all of a system's takes longer than to analyse a small capture. Private to report/judge/.
 */
#ifndef PUSHWATCH_REPORT_JUDGE_ANCHORS_H
#define PUSHWATCH_REPORT_JUDGE_ANCHORS_H

#include "stretch.h"

#include <openssl/x509.h>

struct anchors;

MUST_CHECK struct anchors *anchors_new(void);
void anchors_free(struct anchors *anchors);

/* anchors_add_pem takes all certificates among what stands in PEM (RFC 7468) and returns how many
 * those are. anchors_add_der takes one, and returns 1, or 0 if it is none. Of what stands in PEM
 * *damaged gets the number, from 1, of the first that can't be read, 0 if there is none such: with
 * `check` that is what can't be parsed, else only what is no PEM. */
size_t anchors_add_pem(struct anchors *anchors, size_t *damaged, struct span bytes, bool check);
size_t anchors_add_der(struct anchors *anchors, struct span bytes);

/* anchors_for gives OpenSSL's store, in which all certificates are that have to do with these: with
 * the subject or the issuer of one of them, and their issuers in turn. Others may be in it as well;
 * they make no difference. Several threads may call it at once, and use the store. */
X509_STORE *anchors_for(struct anchors *anchors, const STACK_OF(X509) * chain);

/* anchors_narrow narrows a stretch of time to one in which no anchor that was used begins or ceases
 * to be valid. */
void anchors_narrow(struct anchors *anchors, struct stretch *stretch);

/* anchors_subject gives the subject of an anchor as text by RFC 4514, which lives as long as the
 * anchors. Several threads may call it at once. */
struct span anchors_subject(struct anchors *anchors, const X509 *anchor);

#endif
