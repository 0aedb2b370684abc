/* foreign.h: what people hand us instead of what can be read, told by a file's first bytes. */
#ifndef PUSHWATCH_CAPTURE_FOREIGN_H
#define PUSHWATCH_CAPTURE_FOREIGN_H

#include "base.h"

/* foreign_guess says what a file likely is, such as "a JPEG image?"; NULL if nothing is known. */
const char *foreign_guess(const uint8_t magic[4]);

/* foreign_compression names a compression that is not read, and gives the command that undoes it;
 * NULL if it is none. */
const char *foreign_compression(const char **command, const uint8_t magic[4]);

#endif
