/* json_check.h: is it JSON? */
#ifndef PUSHWATCH_TESTS_JSON_CHECK_H
#define PUSHWATCH_TESTS_JSON_CHECK_H

#include "../capture/base.h"

/* json_check tells whether the bytes are one value as RFC 8259 has it, in UTF-8, with nothing
 * before or behind it, nested no deeper than a record needs. */
MUST_CHECK bool json_check(struct span text);

#endif
