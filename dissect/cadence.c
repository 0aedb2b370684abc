/* cadence.c: see cadence.h. */
#include "cadence.h"

#include <stdlib.h>

/* Times are kept in hundredths of a second: for 497 days. */
#define UNIT (NS_PER_SECOND / 100)

/* An answer comes within this. */
#define ANSWER_MAX (5 * NS_PER_SECOND)

enum { VOTES_MAX = UINT8_MAX, COUNT_LEAST = 4 };

static uint32_t units(nanotime start, nanotime time)
{
    nanotime since = (time - start) / UNIT;
    if (since < 0)
        return 0;
    return since < UINT32_MAX ? (uint32_t)since : UINT32_MAX;
}

static nanotime last_time(const struct cadence *cadence, nanotime start)
{
    return start + cadence->times[(cadence->count - 1) % CADENCE_TIMES] * UNIT;
}

static void begin(struct cadence *cadence, unsigned direction, uint16_t length)
{
    *cadence = (struct cadence){.direction = (uint8_t)(direction & 1), .length = length};
}

static void take_answer(struct cadence *cadence, uint16_t length, nanotime start, nanotime time)
{
    if (cadence->count == 0 || cadence->answered == cadence->count ||
        time - last_time(cadence, start) > ANSWER_MAX)
        return;
    cadence->answers++;
    cadence->answered = cadence->count;
    cadence->answer_length = length;
}

bool cadence_note(struct cadence **cadence, unsigned direction, uint16_t length, nanotime start,
                  nanotime time, nanotime silence)
{
    struct cadence *c = *cadence;
    bool made = false;
    if (silence < CADENCE_SILENCE_MIN || length > CADENCE_LENGTH_MAX) {
        if (c && direction != c->direction)
            take_answer(c, length, start, time);
        return false;
    }
    if (!c) {
        c = *cadence = xcalloc(1, sizeof *c);
        begin(c, direction, length);
        made = true;
    }
    if (c->direction != direction || c->length != length) {
        if (c->votes > 0) {
            c->votes--;
            return made;
        }
        begin(c, direction, length);
    }
    if (c->votes < VOTES_MAX)
        c->votes++;
    c->times[c->count++ % CADENCE_TIMES] = units(start, time);
    return made;
}

bool cadence_facts(struct keepalive_facts *out, const struct cadence *cadence, nanotime start)
{
    if (!cadence || cadence->count < COUNT_LEAST)
        return false;
    uint32_t kept = cadence->count < CADENCE_TIMES ? cadence->count : CADENCE_TIMES;
    *out = (struct keepalive_facts){.count = cadence->count,
                                    .answers = cadence->answers,
                                    .length = cadence->length,
                                    .answer_length = cadence->answer_length,
                                    .direction = cadence->direction,
                                    .time_count = (uint8_t)kept};
    for (uint32_t i = 0; i < kept; i++)
        out->times[i] = start + cadence->times[(cadence->count - kept + i) % CADENCE_TIMES] * UNIT;
    return true;
}
