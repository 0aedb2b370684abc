/* memo.h: remembers what was found, so that it need not be found again. A fixed number of places;
 * what comes later takes the place of what came before, so that nobody can make it large. */
#ifndef PUSHWATCH_REPORT_JUDGE_MEMO_H
#define PUSHWATCH_REPORT_JUDGE_MEMO_H

#include "../../capture/base.h"

enum { MEMO_PLACES = 1024, MEMO_KEY_MAX = 1280 };

struct memo;

/* memo_new remembers values of one size, by keys of up to MEMO_KEY_MAX bytes; several threads may
 * use it at once. */
MUST_CHECK struct memo *memo_new(size_t value_size);
void memo_free(struct memo *memo);

/* memo_find copies the value of a key. Returns false if it is not remembered. */
MUST_CHECK bool memo_find(struct memo *memo, void *value, struct span key);

/* memo_put remembers a value, a copy of it; a key that is too long is not. */
void memo_put(struct memo *memo, struct span key, const void *value);

#endif
