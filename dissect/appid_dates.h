/* appid_dates.h: how long nDPI's opinion of what a server sent stays the same. It judges a
 * certificate's validity by a packet's time. */
#ifndef PUSHWATCH_DISSECT_APPID_DATES_H
#define PUSHWATCH_DISSECT_APPID_DATES_H

#include "../capture/base.h"

/* Seconds, as nDPI counts them: in 32 bits. Both ends belong to it. */
struct appid_stretch {
    uint32_t from, to;
};

static inline bool appid_stretch_has(const struct appid_stretch *stretch, uint32_t seconds)
{
    return stretch->from <= seconds && seconds <= stretch->to;
}

/* appid_dates_around gives the times around `now` at which all that nDPI 4.2 asks of the dates in
 * these bytes has the same answer: is it before or after one of them, or in the `soon` seconds
 * before it? `more`: what they end with goes on, so that nDPI has not looked at it yet. Returns
 * false if it may take something in them for a date that is none. */
MUST_CHECK bool appid_dates_around(struct appid_stretch *stretch, struct span bytes, bool more,
                                   uint32_t now, uint32_t soon);

#endif
