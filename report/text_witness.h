/* text_witness.h: what other witnesses say, for people. */
#ifndef PUSHWATCH_REPORT_TEXT_WITNESS_H
#define PUSHWATCH_REPORT_TEXT_WITNESS_H

#include "terminal_text.h"
#include "testimony.h"

/* text_witness_print appends the socket tables and logs, what follows from them, and how to capture
 * what they leave open. */
void text_witness_print(struct buf *out, const struct text_style *style,
                        const struct testimony *told);

#endif
