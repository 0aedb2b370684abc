/* timetext.c: the calendar, without the C library's time zones. */
#include "timetext.h"

#include <stdio.h>

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
    m.nanosecond = (unsigned)((time % NS_PER_SECOND + NS_PER_SECOND) % NS_PER_SECOND);
    return m;
}

/* A number in `width` digits and what follows it; returns where it ends. Without printf: every flow
 * has several times. */
static char *put_digits(char *at, unsigned number, unsigned width, char after)
{
    for (unsigned i = width; i-- > 0; number /= 10)
        at[i] = (char)('0' + number % 10);
    at[width] = after;
    return at + width + 1;
}

const char *timetext_rfc3339(struct time_room *room, nanotime time)
{
    struct moment m = moment_of(time);
    bool whole = m.nanosecond % 1000 == 0;
    char *at = room->text;
    /* nanotime ends in 2262, and begins in 1677: four digits. */
    at = put_digits(at, (unsigned)m.year, 4, '-');
    at = put_digits(at, m.month, 2, '-');
    at = put_digits(at, m.day, 2, 'T');
    at = put_digits(at, m.hour, 2, ':');
    at = put_digits(at, m.minute, 2, ':');
    at = put_digits(at, m.second, 2, '.');
    at = put_digits(at, whole ? m.nanosecond / 1000 : m.nanosecond, whole ? 6 : 9, 'Z');
    *at = '\0';
    return room->text;
}

const char *timetext_date(struct time_room *room, nanotime time)
{
    struct moment m = moment_of(time);
    snprintf(room->text, sizeof(room->text), "%04lld-%02u-%02u", (long long)m.year, m.month, m.day);
    return room->text;
}

const char *timetext_clock(struct time_room *room, nanotime time, unsigned decimals)
{
    struct moment m = moment_of(time);
    int length = snprintf(room->text, sizeof(room->text), "%02u:%02u:%02u.%09u", m.hour, m.minute,
                          m.second, m.nanosecond);
    if (decimals < 9)
        room->text[length - 9 + (int)decimals - (decimals == 0)] = '\0';
    return room->text;
}

const char *timetext_day_second(struct time_room *room, nanotime time)
{
    struct moment m = moment_of(time);
    snprintf(room->text, sizeof(room->text), "%04lld-%02u-%02u %02u:%02u:%02u", (long long)m.year,
             m.month, m.day, m.hour, m.minute, m.second);
    return room->text;
}

bool timetext_same_day(nanotime a, nanotime b)
{
    return floor_div(a, DAY_SECONDS * NS_PER_SECOND) == floor_div(b, DAY_SECONDS * NS_PER_SECOND);
}

const char *timetext_span(struct time_room *room, nanotime duration)
{
    long long ms = duration / 1000000, s = ms / 1000;
    char *text = room->text;
    size_t size = sizeof(room->text);

    if (duration < 0)
        snprintf(text, size, "-");
    else if (ms < 1)
        snprintf(text, size, "%lld us", (long long)(duration / 1000));
    else if (ms < 1000)
        snprintf(text, size, "%lld ms", ms);
    else if (s < 60)
        snprintf(text, size, "%lld.%lld s", s, ms / 100 % 10);
    else if (s < 3600)
        snprintf(text, size, "%lld min %lld s", s / 60, s % 60);
    else if (s < DAY_SECONDS)
        snprintf(text, size, "%lld h %lld min", s / 3600, s / 60 % 60);
    else
        snprintf(text, size, "%lld d %lld h", s / DAY_SECONDS, s / 3600 % 24);
    return text;
}
