/* pem.h: certificates in PEM (RFC 7468), as systems keep hundreds of them: the plain form of it is
 * read here, in a fifth of the time that OpenSSL takes for all forms. Private to report/judge/.
 */
#ifndef PUSHWATCH_REPORT_JUDGE_PEM_H
#define PUSHWATCH_REPORT_JUDGE_PEM_H

#include "../../capture/base.h"

/* pem_next takes the next certificate from the head of `rest`, with what stands before it, and puts
 * its bytes into `der`, whose old content is dropped. False, with `rest` unchanged, if none follows
 * or what follows first has any other form than a certificate between "CERTIFICATE" lines, each
 * line of it in groups of four: that is OpenSSL's to read, or to complain of. */
MUST_CHECK bool pem_next(struct buf *der, struct span *rest);

#endif
