/* interfaces.h: which interfaces there are to capture on. */
#ifndef PUSHWATCH_CAPTURE_INTERFACES_H
#define PUSHWATCH_CAPTURE_INTERFACES_H

#include "source.h"

#include <stdio.h>

/* interfaces_list writes a line for each interface: name, addresses, state, description. Returns
 * false with the reason in *error. */
MUST_CHECK bool interfaces_list(struct source_error *error, FILE *out);

#endif
