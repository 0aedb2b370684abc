/* witness_files.h: reads the socket tables and logs that the command line names. */
#ifndef PUSHWATCH_WITNESS_FILES_H
#define PUSHWATCH_WITNESS_FILES_H

#include "capture/text_file.h"
#include "capture/zone.h"
#include "dissect/witness.h"
#include "options.h"

struct witness_files {
    const struct options *options;
    struct witnesses told;
    struct text_file *texts; /* what the rows and lines point into */
    size_t text_count;
    struct zone zone;
};

/* witness_files_read reads them all. What can't be read is handed to `complain`, a line each, and
 * left out; what was read only in part, to `remark`. Before privileges are dropped. */
void witness_files_read(struct witness_files *files, const struct options *options,
                        void (*complain)(const char *line), void (*remark)(const char *line));

/* witness_files_any tells whether there is something in them. */
bool witness_files_any(const struct witness_files *files);

/* witness_files_settle finds out the years of logs: from the capture's last packet, 0 if there is
 * none; else from a socket table that tells its time; else from when the log was last written. */
void witness_files_settle(struct witness_files *files, nanotime captured);

void witness_files_done(struct witness_files *files);

#endif
