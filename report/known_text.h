/* known_text.h: certificates that are known, as the file that --known names.
 *
 * A JSON object a line (RFC 8259), so that a version control system shows what was added: first
 * {"type":"pushwatch-known","version":1}, then one for each certificate and name, in the order of
 * names. */
#ifndef PUSHWATCH_REPORT_KNOWN_TEXT_H
#define PUSHWATCH_REPORT_KNOWN_TEXT_H

#include "judge/known_certs.h"

/* known_text_read reads such a text into an empty list. Returns false with a line for the user in
 * `error`, which says where, if it is none, or one of another version. */
MUST_CHECK bool known_text_read(struct known_certs *out, char *error, size_t size,
                                struct span text);

/* known_text_write appends the text of a list. The same list gives the same bytes. */
void known_text_write(struct buf *out, const struct known_certs *certs);

#endif
