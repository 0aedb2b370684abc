/* stretch.h: a time, and the span of time around it in which what was found for it holds. */
#ifndef PUSHWATCH_REPORT_JUDGE_STRETCH_H
#define PUSHWATCH_REPORT_JUDGE_STRETCH_H

#include "../../capture/base.h"

struct stretch {
    nanotime at, from, until; /* from `from` up to but not with `until` */
};

static inline struct stretch stretch_around(nanotime at)
{
    return (struct stretch){at, INT64_MIN, INT64_MAX};
}

/* stretch_narrow: something changes at this time. */
static inline void stretch_narrow(struct stretch *stretch, nanotime change)
{
    if (change <= stretch->at && change > stretch->from)
        stretch->from = change;
    if (change > stretch->at && change < stretch->until)
        stretch->until = change;
}

static inline bool stretch_holds(const struct stretch *stretch, nanotime time)
{
    return stretch->from <= time && time < stretch->until;
}

#endif
