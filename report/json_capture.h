/* json_capture.h: what captures say about themselves, as JSON. */
#ifndef PUSHWATCH_REPORT_JSON_CAPTURE_H
#define PUSHWATCH_REPORT_JSON_CAPTURE_H

#include "json.h"
#include "report.h"

/* How many of the facts were written before. Zero-initialise it. */
struct json_capture_told {
    size_t sections, interfaces, names;
};

/* json_capture adds the member "capture" with all that was not written yet, and counts it as
 * written; nothing if there is nothing. `last` also writes what is known only in the end. facts may
 * be NULL. */
void json_capture(struct json *json, struct json_capture_told *told, const struct run_meta *meta,
                  const struct capture_facts *facts, bool last);

/* json_keys adds the member "keylog" with what is known of TLS secrets by now; nothing if none were
 * asked for and the capture has none. */
void json_keys(struct json *json, const struct run_meta *meta);

#endif
