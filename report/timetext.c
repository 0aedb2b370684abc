/* timetext.c: the calendar, without the C library's time zones. */
#include "timetext.h"

#include "digits.h"

enum { DAY_SECONDS = 86400 };

struct moment {
    int64_t year;
    unsigned month, day, hour, minute, second, nanosecond;
};

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* The proleptic Gregorian calendar repeats every 400 years of 146097 days. Years are counted from
 * March here, so that the day that leap years add is the last of its year. */
static struct moment moment_of(nanotime time)
{
    int64_t seconds = floor_div(time, NS_PER_SECOND);
    int64_t days = floor_div(seconds, DAY_SECONDS);
    unsigned in_day = (unsigned)(seconds - days * DAY_SECONDS);

    int64_t shifted = days + 719468; /* since 0000-03-01 */
    int64_t era = floor_div(shifted, 146097);
    unsigned in_era = (unsigned)(shifted - era * 146097);
    unsigned year_of_era = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    unsigned in_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned march_month = (5 * in_year + 2) / 153;

    struct moment m;
    m.day = in_year - (153 * march_month + 2) / 5 + 1;
    m.month = march_month < 10 ? march_month + 3 : march_month - 9;
    m.year = era * 400 + year_of_era + (m.month <= 2);
    m.hour = in_day / 3600;
    m.minute = in_day / 60 % 60;
    m.second = in_day % 60;
    m.nanosecond = (unsigned)((uint64_t)time - (uint64_t)seconds * (uint64_t)NS_PER_SECOND);
    return m;
}

/* A number in two digits and what follows it; returns where it ends. */
static char *put_two(char *at, unsigned number, char after)
{
    at = digits_two(at, number);
    *at = after;
    return at + 1;
}

static char *put_date(char *at, const struct moment *m, char after)
{
    /* nanotime ends in 2262, and begins in 1677: four digits. */
    at = digits_two(at, (unsigned)m->year / 100);
    at = put_two(at, (unsigned)m->year % 100, '-');
    at = put_two(at, m->month, '-');
    return put_two(at, m->day, after);
}

static char *put_clock(char *at, const struct moment *m, char after)
{
    at = put_two(at, m->hour, ':');
    at = put_two(at, m->minute, ':');
    return put_two(at, m->second, after);
}

/* Nine decimals. */
static char *put_fraction(char *at, unsigned nanosecond)
{
    at = digits_six(at, nanosecond / 1000);
    *at++ = (char)('0' + nanosecond / 100 % 10);
    return digits_two(at, nanosecond % 100);
}

char *timetext_put_rfc3339(char *at, nanotime time)
{
    struct moment m = moment_of(time);
    at = put_date(at, &m, 'T');
    at = put_clock(at, &m, '.');
    if (m.nanosecond % 1000 == 0)
        at = digits_six(at, m.nanosecond / 1000);
    else
        at = put_fraction(at, m.nanosecond);
    *at = 'Z';
    return at + 1;
}

const char *timetext_date(struct time_room *room, nanotime time)
{
    struct moment m = moment_of(time);
    put_date(room->text, &m, '\0');
    return room->text;
}

const char *timetext_clock(struct time_room *room, nanotime time, unsigned decimals)
{
    struct moment m = moment_of(time);
    char *fraction = put_clock(room->text, &m, decimals == 0 ? '\0' : '.');
    put_fraction(fraction, m.nanosecond);
    fraction[decimals] = '\0';
    return room->text;
}

const char *timetext_day_second(struct time_room *room, nanotime time)
{
    struct moment m = moment_of(time);
    put_clock(put_date(room->text, &m, ' '), &m, '\0');
    return room->text;
}

bool timetext_same_day(nanotime a, nanotime b)
{
    return floor_div(a, DAY_SECONDS * NS_PER_SECOND) == floor_div(b, DAY_SECONDS * NS_PER_SECOND);
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
    *out = days * DAY_SECONDS * NS_PER_SECOND + clock - zone;
    return !*at;
}
