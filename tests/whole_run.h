/* whole_run.h: all of pushwatch but its command line, on a capture in memory: reader, dissection,
 * reports. For tests and fuzz targets that care for what comes out in the end. */
#ifndef PUSHWATCH_TESTS_WHOLE_RUN_H
#define PUSHWATCH_TESTS_WHOLE_RUN_H

#include "../capture/base.h"

struct whole_options {
    size_t block; /* bytes read at a time; 0: some thousand */
    unsigned threads;
    bool any_port; /* watch all ports, not 5223 alone */
    bool order_end;
    uint64_t max_flows; /* 0: no limit */
};

/* What was told. Zero-initialise; free with whole_run_done. */
struct whole_run {
    bool opened;     /* the file's header could be read */
    bool clean;      /* the capture was read to its end */
    char error[512]; /* why it could not be opened, or not read to its end */
    uint64_t packets, flows;
    char *json, *text; /* the reports, NUL-terminated; NULL if not opened */
    size_t json_size, text_size;
};

/* whole_run reads and reports a capture. nDPI is left out. */
void whole_run(struct whole_run *run, struct span capture, const struct whole_options *options);

void whole_run_done(struct whole_run *run);

/* whole_run_fault looks at the reports: each line of the one must be JSON, the first of type meta
 * and the last of type summary, with as many flows as were counted; the other must hold no control
 * character; an input that could not be read must be explained. NULL, or what is wrong. */
const char *whole_run_fault(const struct whole_run *run);

#endif
