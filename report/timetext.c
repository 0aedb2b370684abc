/* timetext.c: the calendar, without the C library's time zones. */
#include "timetext.h"

#include "digits.h"

enum { DAY_SECONDS = 86400 };
#define DAY (DAY_SECONDS * NS_PER_SECOND)

struct date {
    unsigned year, month, day;
};

/* A time of day. */
struct clock {
    unsigned second, nanosecond;
};

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Of the proleptic Gregorian calendar, by C. Neri and L. Schneider, Euclidean affine functions and
 * their application to calendar algorithms (2022), section 6: a century, a year and a month are
 * each one division of a line. Years begin in March here, so that the day that leap years add is
 * the last of its year. nanotime begins in 1677: days since 0000-03-01 are not below 0. */
static struct date date_of(int64_t day)
{
    uint32_t quarters = 4 * (uint32_t)(day + 719468) + 3, century = quarters / 146097;
    uint64_t line = UINT64_C(2939745) * (quarters % 146097 | 3);
    uint32_t year = (uint32_t)(line >> 32), in_year = (uint32_t)line / 2939745 / 4;
    uint32_t months = 2141 * in_year + 197913;
    bool next_year = in_year >= 306;
    return (struct date){.year = century * 100 + year + next_year,
                         .month = (months >> 16) - (next_year ? 12 : 0),
                         .day = (months & 0xffff) / 2141 + 1};
}

/* The day of a time, since 1970-01-01, and the time of day. */
static int64_t split(struct clock *clock, nanotime time)
{
    int64_t day = floor_div(time, DAY);
    uint64_t in_day = (uint64_t)time - (uint64_t)day * (uint64_t)DAY;
    clock->second = (unsigned)(in_day / (uint64_t)NS_PER_SECOND);
    clock->nanosecond = (unsigned)(in_day % (uint64_t)NS_PER_SECOND);
    return day;
}

/* A number in two digits and what follows it; returns where it ends. */
static char *put_two(char *at, unsigned number, char after)
{
    at = digits_two(at, number);
    *at = after;
    return at + 1;
}

/* Texts are put together in registers, for what is stored in pieces is not loaded again as a whole
 * without waiting. These are `00:48:01`, and `2014-05-` (nanotime ends in 2262). */
static uint64_t clock_text(unsigned seconds)
{
    return digits_pair(seconds / 3600) | (uint64_t)':' << 16 |
           digits_pair(seconds / 60 % 60) << 24 | (uint64_t)':' << 40 |
           digits_pair(seconds % 60) << 48;
}

static uint64_t month_text(struct date date)
{
    return digits_pair(date.year / 100) | digits_pair(date.year % 100) << 16 | (uint64_t)'-' << 32 |
           digits_pair(date.month) << 40 | (uint64_t)'-' << 56;
}

static char *put_date(char *at, int64_t day, char after)
{
    struct date date = date_of(day);
    return put_two(digits_put_eight(at, month_text(date)), date.day, after);
}

static char *put_clock(char *at, const struct clock *clock, char after)
{
    at = digits_put_eight(at, clock_text(clock->second));
    *at = after;
    return at + 1;
}

/* Nine decimals. */
static char *put_fraction(char *at, unsigned nanosecond)
{
    at = digits_put_eight(at, digits_six(nanosecond / 1000)) - 2;
    *at++ = (char)('0' + nanosecond / 100 % 10);
    return digits_two(at, nanosecond % 100);
}

/* `.123456Z` */
static uint64_t fraction_text(unsigned microseconds)
{
    return (uint64_t)'.' | digits_six(microseconds) << 8 | (uint64_t)'Z' << 56;
}

static void remember_day(struct timetext_last *last, int64_t day)
{
    struct date date = date_of(day);
    last->month = month_text(date);
    last->day = digits_pair(date.day) | (uint64_t)'T' << 16;
    last->midnight = (nanotime)((uint64_t)day * (uint64_t)DAY);
}

/* No day has times on both sides of 0; where nanotime ends another day seems to go on. */
static bool is_of_day(const struct timetext_last *last, nanotime time)
{
    return last->known && (uint64_t)time - (uint64_t)last->midnight < (uint64_t)DAY &&
           (time < 0) == (last->time < 0);
}

static void remember(struct timetext_last *last, nanotime time)
{
    if (UNLIKELY(!is_of_day(last, time)))
        remember_day(last, floor_div(time, DAY));
    const uint64_t in_day = (uint64_t)time - (uint64_t)last->midnight;
    last->clock = clock_text((unsigned)(in_day / (uint64_t)NS_PER_SECOND));
    const unsigned nanosecond = (unsigned)(in_day % (uint64_t)NS_PER_SECOND);
    last->fraction = fraction_text(nanosecond / 1000);
    last->beyond = (uint16_t)(nanosecond % 1000);
    last->time = time;
    last->known = true;
}

/* Three more decimals in place of the Z. */
static NOINLINE char *put_nanoseconds(char *z, unsigned nanoseconds)
{
    *z = (char)('0' + nanoseconds / 100);
    return put_two(z + 1, nanoseconds % 100, 'Z');
}

char *timetext_put_rfc3339(char *at, struct timetext_last *last, nanotime time)
{
    if (time != last->time || !last->known)
        remember(last, time);
    at = digits_put_eight(at, last->month);
    at = digits_put_eight(at, last->day) - 5;
    at = digits_put_eight(at, last->clock);
    at = digits_put_eight(at, last->fraction);
    return LIKELY(last->beyond == 0) ? at : put_nanoseconds(at - 1, last->beyond);
}

const char *timetext_date(struct time_room *room, nanotime time)
{
    struct clock clock;
    put_date(room->text, split(&clock, time), '\0');
    return room->text;
}

const char *timetext_clock(struct time_room *room, nanotime time, unsigned decimals)
{
    struct clock clock;
    split(&clock, time);
    char *fraction = put_clock(room->text, &clock, decimals == 0 ? '\0' : '.');
    put_fraction(fraction, clock.nanosecond);
    fraction[decimals] = '\0';
    return room->text;
}

const char *timetext_day_second(struct time_room *room, nanotime time)
{
    struct clock clock;
    int64_t day = split(&clock, time);
    put_clock(put_date(room->text, day, ' '), &clock, '\0');
    return room->text;
}

bool timetext_same_day(nanotime a, nanotime b)
{
    return floor_div(a, DAY) == floor_div(b, DAY);
}

/* A number and its unit; returns where they end, at a NUL. */
static char *put_unit(char *at, uint64_t number, const char *unit)
{
    size_t n = strlen(unit);
    at = digits_decimal(at, number);
    memcpy(at, unit, n + 1);
    return at + n;
}

const char *timetext_about(struct time_room *room, nanotime duration)
{
    static const struct {
        int64_t below, unit; /* in seconds; the smaller of the two units that are shown */
    } units[] = {{3600, 1}, {DAY_SECONDS, 60}, {INT64_MAX / NS_PER_SECOND, 3600}};
    size_t i = 0;
    if (duration < 60 * NS_PER_SECOND)
        return timetext_span(room, duration);
    while (i + 1 < COUNT_OF(units) && duration >= units[i].below * NS_PER_SECOND)
        i++;
    nanotime unit = units[i].unit * NS_PER_SECOND;
    return timetext_span(room, duration / unit * unit + (duration % unit * 2 >= unit ? unit : 0));
}

const char *timetext_span(struct time_room *room, nanotime duration)
{
    uint64_t us = (uint64_t)duration / 1000, ms = us / 1000, s = ms / 1000;
    char *at = room->text;
    if (duration < 0)
        memcpy(at, "-", 2);
    else if (ms < 1)
        put_unit(at, us, " us");
    else if (s < 1)
        put_unit(at, ms, " ms");
    else if (s < 60)
        put_unit(put_unit(at, s, "."), ms / 100 % 10, " s");
    else if (s < 3600)
        put_unit(put_unit(at, s / 60, " min "), s % 60, " s");
    else if (s < DAY_SECONDS)
        put_unit(put_unit(at, s / 3600, " h "), s / 60 % 60, " min");
    else
        put_unit(put_unit(at, s / DAY_SECONDS, " d "), s / 3600 % 24, " h");
    return room->text;
}

/* Reads `digits` digits, a number from `least` to `most`, and moves behind them. */
static bool read_digits(unsigned *out, const char **at, unsigned digits, unsigned least,
                        unsigned most)
{
    unsigned number = 0;
    for (unsigned i = 0; i < digits; i++) {
        if (**at < '0' || **at > '9')
            return false;
        number = number * 10 + (unsigned)(*(*at)++ - '0');
    }
    *out = number;
    return least <= number && number <= most;
}

static bool read_char(const char **at, char wanted)
{
    bool there = **at == wanted;
    *at += there;
    return there;
}

static bool read_day(int64_t *days, const char **at)
{
    static const unsigned before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    unsigned year, month, day;
    if (!read_digits(&year, at, 4, 1970, 2261) || !read_char(at, '-') ||
        !read_digits(&month, at, 2, 1, 12) || !read_char(at, '-') ||
        !read_digits(&day, at, 2, 1, 31))
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day > before[month] - before[month - 1] + (month == 2 && leap))
        return false;
    unsigned past = year - 1;
    *days = (int64_t)past * 365 + past / 4 - past / 100 + past / 400 - 719162 + before[month - 1] +
            (month > 2 && leap) + day - 1;
    return true;
}

static bool read_clock(nanotime *out, const char **at)
{
    unsigned hour, minute, second;
    if (!read_digits(&hour, at, 2, 0, 23) || !read_char(at, ':') ||
        !read_digits(&minute, at, 2, 0, 59) || !read_char(at, ':') ||
        !read_digits(&second, at, 2, 0, 60))
        return false;
    *out = (hour * 3600 + minute * 60 + second) * NS_PER_SECOND;
    nanotime unit = NS_PER_SECOND;
    for (bool decimals = read_char(at, '.'); decimals && **at >= '0' && **at <= '9'; ++*at) {
        unit /= 10;
        *out += unit * (**at - '0');
    }
    return true;
}

/* What a zone is ahead of UTC. */
static bool read_zone(nanotime *out, const char **at)
{
    unsigned hours, minutes;
    bool behind = **at == '-';
    *out = 0;
    if (read_char(at, 'Z') || read_char(at, 'z'))
        return true;
    if ((!read_char(at, '+') && !read_char(at, '-')) || !read_digits(&hours, at, 2, 0, 23) ||
        !read_char(at, ':') || !read_digits(&minutes, at, 2, 0, 59))
        return false;
    *out = (hours * 3600 + minutes * 60) * NS_PER_SECOND * (behind ? -1 : 1);
    return true;
}

bool timetext_read(nanotime *out, const char *text)
{
    int64_t days;
    nanotime clock = 0, zone = 0;
    const char *at = text;
    if (!read_day(&days, &at))
        return false;
    if (*at && ((!read_char(&at, 'T') && !read_char(&at, 't') && !read_char(&at, ' ')) ||
                !read_clock(&clock, &at) || !read_zone(&zone, &at)))
        return false;
    *out = days * DAY + clock - zone;
    return !*at;
}
