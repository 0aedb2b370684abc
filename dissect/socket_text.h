/* socket_text.h: reads what netstat and ss print. */
#ifndef PUSHWATCH_DISSECT_SOCKET_TEXT_H
#define PUSHWATCH_DISSECT_SOCKET_TEXT_H

#include "witness.h"

/* socket_text_read appends the TCP rows of a text to a table, whose name is set: netstat -an, -An,
 * -tan, with -o and -p or without, of BSD, macOS and Linux; ss -tan, -o, -i, -p likewise. The rows
 * point into the text. A line that date(1) printed, or a bare time of RFC 3339, becomes the date.
 * What is no row is counted, never an error; a row that makes no sense is `bad`. */
void socket_text_read(struct socket_table *table, struct span text);

/* socket_text_done frees the rows. */
void socket_text_done(struct socket_table *table);

#endif
