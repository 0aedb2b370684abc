/* log_json.h: a line of `log show --style ndjson`: the room of libjansson. */
#ifndef PUSHWATCH_DISSECT_LOG_JSON_H
#define PUSHWATCH_DISSECT_LOG_JSON_H

#include "witness.h"

enum log_json { LOG_JSON_LINE, LOG_JSON_OTHER, LOG_JSON_BAD };

/* log_json_read reads one object. LOG_JSON_LINE: it is an event of the process, and `out` has its
 * time, pid and message, which the caller frees (out->owned). LOG_JSON_OTHER: another process's, or
 * no event. LOG_JSON_BAD: no JSON, or without what an event has. */
enum log_json log_json_read(struct log_line *out, struct span line, const char *process);

#endif
