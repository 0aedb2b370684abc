/* known_file.h: the file of certificates that --known names, read and written anew. */
#ifndef PUSHWATCH_KNOWN_FILE_H
#define PUSHWATCH_KNOWN_FILE_H

#include "capture/source.h"
#include "report/judge/known_certs.h"

/* known_file_read reads the file into an empty list; one that is to be written need not be there
 * yet. Returns false with a line for the user in *error. */
MUST_CHECK bool known_file_read(struct known_certs *out, struct source_error *error,
                                const char *path, bool to_be_written);

/* known_file_writable tells whether known_file_write is likely to succeed: who is told after a day
 * of capturing is told too late. */
MUST_CHECK bool known_file_writable(struct source_error *error, const char *path);

/* known_file_write writes the file anew. Whoever reads it meanwhile sees the old or the new one,
 * whole, and so does whoever comes after a crash; it keeps its mode, and its owner if it may. */
MUST_CHECK bool known_file_write(struct source_error *error, const char *path,
                                 const struct known_certs *certs);

#endif
