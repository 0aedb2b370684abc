/* socket_field.h: an address and a port, as socket tables print them in one field. */
#ifndef PUSHWATCH_DISSECT_SOCKET_FIELD_H
#define PUSHWATCH_DISSECT_SOCKET_FIELD_H

#include "witness.h"

/* The columns that BSD's netstat gives an address: with -A, and without. */
enum { BSD_WIDTH_A = 18, BSD_WIDTH = 22 };

/* socket_field_read reads `17.172.232.142.5223`, `192.0.2.1:5223`, `[2001:db8::1]:5223`,
 * `fe80::1%en0.5223`, `*.*` and the like; the port's separator tells BSD from others, and the
 * dialect is set accordingly unless it is ss's. A field of BSD's that fills bsd_width may have been
 * cut. False if it is none of them. */
MUST_CHECK bool socket_field_read(struct socket_end *out, enum socket_dialect *dialect,
                                  struct span field, size_t bsd_width);

#endif
