/* text_certs.h: the certificates of each flow (-v). */
#ifndef PUSHWATCH_REPORT_TEXT_CERTS_H
#define PUSHWATCH_REPORT_TEXT_CERTS_H

#include "terminal_text.h"

#include "../dissect/flow_record.h"

/* The numbers of the certificates that were printed in full. Zero-initialise; free with
 * text_certs_done. */
struct text_certs {
    uint32_t *numbers; /* by ordinal; 0: not printed yet */
    size_t size;
    uint32_t count;
};

/* text_certs_flow appends a flow's chains, or why there are none. A certificate is printed in full
 * the first time, as C and its number in the order of printing; later only its number is. */
void text_certs_flow(struct buf *out, struct text_certs *certs, const struct text_style *style,
                     const struct flow_record *record);

void text_certs_done(struct text_certs *certs);

#endif
