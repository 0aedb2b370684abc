/* cipher_suites.h: names of TLS cipher suites. */
#ifndef PUSHWATCH_REPORT_CIPHER_SUITES_H
#define PUSHWATCH_REPORT_CIPHER_SUITES_H

#include <stdint.h>

/* cipher_suite_name returns IANA's name of a cipher suite, or NULL if the code point has none. */
const char *cipher_suite_name(uint16_t code);

#endif
