/* weak_suites.h: cipher suites that should not be used any more. */
#ifndef PUSHWATCH_REPORT_JUDGE_WEAK_SUITES_H
#define PUSHWATCH_REPORT_JUDGE_WEAK_SUITES_H

#include "../finding.h"

/* What is wrong with one. */
struct weakness {
    const char *words;
    enum severity severity; /* a warning: it protects from nobody who makes an effort */
};

struct weak_suites;

MUST_CHECK struct weak_suites *weak_suites_new(void);
void weak_suites_free(struct weak_suites *suites);

/* weak_suites_find returns what is wrong with a suite, static, or NULL. Its name is looked at
 * once in a run. Several threads may call it at once. */
const struct weakness *weak_suites_find(struct weak_suites *suites, uint16_t code);

#endif
