/* ocsp.h: what a stapled OCSP response says. */
#ifndef PUSHWATCH_DISSECT_OCSP_H
#define PUSHWATCH_DISSECT_OCSP_H

#include "cert.h"

/* ocsp_read reads a response in DER (RFC 6960 section 4.2.1): what it says of the certificate with
 * this serial number (the content of its INTEGER), else of the first it speaks of, and its hash. No
 * signature is checked, and `der` is left empty. */
void ocsp_read(struct ocsp_staple *staple, struct span response, struct span serial);

#endif
