/* piles.h: many sockets in one state. Private to report/judge/. */
#ifndef PUSHWATCH_REPORT_JUDGE_PILES_H
#define PUSHWATCH_REPORT_JUDGE_PILES_H

#include "../testimony.h"

/* piles_of groups the sockets of a testimony by table, host and state, and tells what their queues
 * hold where that can be told from their sizes. The caller frees the array; *more is set where
 * groups were left out. */
struct told_pile *piles_of(const struct testimony *told, size_t *count, bool *more);

/* pile_is_stuck tells whether these sockets have sent a FIN that nobody acknowledges, and are more
 * of them than chance would have it. pile_is_probing: half of them or more wait for a window that
 * their peer keeps closed. pile_is_leak: their peers have closed, and the program has not. Sockets
 * of which the wire shows that they have gone on since the table was printed do not count.
 */
bool pile_is_stuck(const struct told_pile *pile);
bool pile_is_probing(const struct told_pile *pile);
bool pile_is_leak(const struct told_pile *pile);

#endif
