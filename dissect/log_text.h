/* log_text.h: reads a system's log. */
#ifndef PUSHWATCH_DISSECT_LOG_TEXT_H
#define PUSHWATCH_DISSECT_LOG_TEXT_H

#include "witness.h"

/* log_text_read appends the lines of one process to a log, whose name is set: BSD syslog, with
 * `file:` before each line or without (zgrep), rsyslog's and journalctl's times, and macOS's `log
 * show` in its default, syslog and ndjson styles. `last message repeated N times` counts for the
 * line above it. The lines point into the text. What belongs to others is counted; a line that
 * makes no sense is `bad`. */
void log_text_read(struct log_file *log, struct span text, const char *process);

/* log_text_settle finds out the times, once something is known to guess years from: the year is the
 * one nearest to `near`, or the last one not behind it. */
void log_text_settle(struct log_file *log, nanotime near, bool not_after,
                     const struct wall_clock *clock);

/* log_text_done frees the lines. */
void log_text_done(struct log_file *log);

#endif
