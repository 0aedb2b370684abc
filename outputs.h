/* outputs.h: the streams that reports are written to. */
#ifndef PUSHWATCH_OUTPUTS_H
#define PUSHWATCH_OUTPUTS_H

#include "options.h"

#include <stdio.h>

/* outputs_open opens the outputs that were asked for: streams[i], of OUTPUTS_MAX that are NULL, is
 * that of options->outputs[i]. None is an input or another output. Returns false with a line for
 * the user in error, behind which outputs_close closes what was opened. */
MUST_CHECK bool outputs_open(FILE **streams, char *error, size_t size,
                             const struct options *options);

/* outputs_style tells how to write text to a stream: for a terminal's width, colours and character
 * set, or 80 plain columns. */
struct report_options outputs_style(FILE *stream);

/* outputs_close closes all but standard output. */
void outputs_close(FILE **streams);

#endif
