/* cert_texts.h: what a report says of a certificate in each flow that shows it, kept: a service
 * shows the same few certificates in all its flows. */
#ifndef PUSHWATCH_REPORT_CERT_TEXTS_H
#define PUSHWATCH_REPORT_CERT_TEXTS_H

#include "../dissect/cert.h"

/* So many of the first certificates of a run, and only texts that are no longer: so that nobody can
 * make it large. What is not kept has to be made anew each time. */
enum { CERT_TEXTS_MOST = 2048, CERT_TEXT_BYTES_MOST = 2048 };

struct cert_texts;

MUST_CHECK struct cert_texts *cert_texts_new(void);
void cert_texts_free(struct cert_texts *texts);

/* cert_texts_find returns the text of a certificate of the run; n is 0 if there is none. It lives
 * as long as all of them. Several threads may call these two at once. */
struct span cert_texts_find(const struct cert_texts *texts, const struct cert *cert);

/* cert_texts_keep keeps a copy of a text, unless there is one already. */
void cert_texts_keep(struct cert_texts *texts, const struct cert *cert, struct span text);

#endif
