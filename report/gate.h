/* gate.h: which findings make a run fail. */
#ifndef PUSHWATCH_REPORT_GATE_H
#define PUSHWATCH_REPORT_GATE_H

#include "finding.h"

/* Zero-initialised it lets everything pass. */
struct gate {
    bool set;
    bool severities[SEVERITIES];
    bool ids[FINDINGS];
};

/* gate_parse adds what a list such as "warning,reset" names: a severity stands for itself and all
 * above it, an id for itself at any severity. Returns false with the word that is neither in
 * `wrong`, which points into the list. */
MUST_CHECK bool gate_parse(struct gate *gate, struct span *wrong, const char *list);

/* gate_stops tells whether a finding makes the run fail. One that a baseline knows does not. */
bool gate_stops(const struct gate *gate, const struct finding *finding);

#endif
