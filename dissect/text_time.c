/* text_time.c: see text_time.h. No time zone of the C library's: whoever knows one is asked. */
#include "text_time.h"

#include <strings.h>

enum { DAY_SECONDS = 86400, YEAR_LEAST = 1970, YEAR_MOST = 2200 };

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

static bool leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned days_of(unsigned month, int year)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && leap(year) ? 1u : 0u);
}

/* A year that is not given may be a leap year. */
static bool is_sane(const struct text_time *time)
{
    if (time->year != 0 && (time->year < YEAR_LEAST || time->year > YEAR_MOST))
        return false;
    return time->month >= 1 && time->month <= 12 && time->day >= 1 &&
           time->day <= days_of(time->month, time->year ? time->year : 2000) && time->hour < 24 &&
           time->minute < 60 && time->second <= 60;
}

static bool take_char(struct cursor *in, char wanted)
{
    if (in->left == 0 || in->p[0] != (uint8_t)wanted)
        return false;
    return cursor_skip(in, 1);
}

/* A number of `least` to `most` digits; most is at most 9. */
static bool take_number(struct cursor *in, uint32_t *out, unsigned least, unsigned most)
{
    uint32_t value = 0;
    unsigned n = 0;
    for (; n < most && n < in->left && in->p[n] >= '0' && in->p[n] <= '9'; n++)
        value = value * 10 + (uint32_t)(in->p[n] - '0');
    if (n < least || !cursor_skip(in, n))
        return false;
    *out = value;
    return true;
}

static bool take_byte(struct cursor *in, uint8_t *out, unsigned least)
{
    uint32_t value;
    if (!take_number(in, &value, least, 2))
        return false;
    *out = (uint8_t)value;
    return true;
}

static bool take_spaces(struct cursor *in)
{
    bool any = false;
    while (take_char(in, ' '))
        any = true;
    return any;
}

static bool take_month(struct cursor *in, uint8_t *out)
{
    for (unsigned i = 0; i < 12; i++)
        if (in->left >= 3 && memcmp(in->p, months + (size_t)3 * i, 3) == 0) {
            *out = (uint8_t)(i + 1);
            return cursor_skip(in, 3);
        }
    return false;
}

/* hh:mm:ss */
static bool take_clock(struct cursor *in, struct text_time *out)
{
    return take_byte(in, &out->hour, 1) && take_char(in, ':') && take_byte(in, &out->minute, 2) &&
           take_char(in, ':') && take_byte(in, &out->second, 2);
}

/* Decimals, as many as there are; those beyond nine say nothing. */
static bool take_fraction(struct cursor *in, struct text_time *out)
{
    if (!take_char(in, '.') && !take_char(in, ','))
        return true;
    size_t before = in->left;
    if (!take_number(in, &out->nanosecond, 1, 9))
        return false;
    for (size_t digits = before - in->left; digits < 9; digits++)
        out->nanosecond *= 10;
    while (in->left > 0 && in->p[0] >= '0' && in->p[0] <= '9')
        if (!cursor_skip(in, 1))
            return false;
    return true;
}

/* Z, +hh:mm, +hhmm, +hh; none of them is fine, too. */
static bool take_offset(struct cursor *in, struct text_time *out)
{
    uint8_t hours, minutes = 0;
    if (take_char(in, 'Z')) {
        out->has_offset = true;
        return true;
    }
    bool west = take_char(in, '-');
    if (!west && !take_char(in, '+'))
        return true;
    if (!take_byte(in, &hours, 2))
        return false;
    bool colon = take_char(in, ':');
    if (!take_byte(in, &minutes, 2) && colon)
        return false;
    if (hours > 15 || minutes > 59)
        return false;
    out->has_offset = true;
    out->offset = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
    return true;
}

/* A date and time of RFC 3339, with a space for its T if it has to be. */
static bool take_rfc3339(struct cursor *in, struct text_time *out)
{
    uint32_t year;
    *out = (struct text_time){0};
    if (!take_number(in, &year, 4, 4) || year < YEAR_LEAST || !take_char(in, '-') ||
        !take_byte(in, &out->month, 2) || !take_char(in, '-') || !take_byte(in, &out->day, 2) ||
        !(take_char(in, 'T') || take_char(in, ' ')) || !take_clock(in, out) ||
        !take_fraction(in, out) || !take_offset(in, out))
        return false;
    out->year = (int16_t)year;
    return is_sane(out);
}

/* Mmm dd hh:mm:ss */
static bool take_bsd(struct cursor *in, struct text_time *out)
{
    *out = (struct text_time){0};
    return take_month(in, &out->month) && take_spaces(in) && take_byte(in, &out->day, 1) &&
           take_spaces(in) && take_clock(in, out) && take_fraction(in, out) && is_sane(out);
}

/* What follows has to be the end or something that can't belong to the time. */
static bool ends_here(const struct cursor *in)
{
    return in->left == 0 || in->p[0] == ' ' || in->p[0] == '\t';
}

bool text_time_stamp(struct cursor *in, struct text_time *out)
{
    struct cursor ahead = *in;
    struct text_time time;
    bool found = take_rfc3339(&ahead, &time) && ends_here(&ahead);
    if (!found) {
        ahead = *in;
        found = take_bsd(&ahead, &time) && ends_here(&ahead);
    }
    if (!found)
        return false;
    *in = ahead;
    *out = time;
    return true;
}

/* --- date(1) --- */

static bool take_word(struct cursor *in, struct span *out)
{
    size_t n = 0;
    (void)take_spaces(in);
    while (n < in->left && in->p[n] != ' ' && in->p[n] != '\t')
        n++;
    return n > 0 && cursor_bytes(in, out, n);
}

static bool same_word(struct span word, const char *text)
{
    return word.n == strlen(text) && strncasecmp((const char *)word.p, text, word.n) == 0;
}

/* The names whose meaning is settled: RFC 5322 section 4.3. Others stand for several zones. */
static void apply_zone(struct text_time *out, struct span name)
{
    static const struct {
        const char *name;
        int8_t hours;
    } zones[] = {{"UTC", 0},  {"UT", 0},   {"GMT", 0},  {"EST", -5}, {"EDT", -4}, {"CST", -6},
                 {"CDT", -5}, {"MST", -7}, {"MDT", -6}, {"PST", -8}, {"PDT", -7}};
    for (size_t i = 0; i < COUNT_OF(zones); i++)
        if (same_word(name, zones[i].name)) {
            out->has_offset = true;
            out->offset = zones[i].hours * 3600;
        }
}

static bool apply_half_day(struct text_time *out, struct span word)
{
    bool after_noon = same_word(word, "PM");
    if ((!after_noon && !same_word(word, "AM")) || out->hour < 1 || out->hour > 12)
        return false;
    out->hour = (uint8_t)(out->hour % 12 + (after_noon ? 12 : 0));
    return true;
}

static bool is_weekday(struct span word)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    for (size_t i = 0; word.n == 3 && i < 7; i++)
        if (memcmp(word.p, days + 3 * i, 3) == 0)
            return true;
    return false;
}

/* Month, day, year, clock, AM or PM and zone come in an order that the locale decides; each tells
 * by its look what it is. */
static bool apply_word(struct text_time *out, struct span word, bool *clock)
{
    struct cursor in = cursor_of(word);
    struct text_time time = *out;
    uint32_t number;
    if (out->month == 0 && word.n == 3 && take_month(&in, &time.month)) {
        *out = time;
        return true;
    }
    in = cursor_of(word);
    if (!*clock && take_clock(&in, &time) && take_fraction(&in, &time) && cursor_done(&in)) {
        *out = time;
        *clock = true;
        return true;
    }
    in = cursor_of(word);
    if (take_number(&in, &number, 1, 4) && cursor_done(&in)) {
        if (out->day == 0 && word.n <= 2)
            out->day = (uint8_t)number;
        else if (out->year == 0 && word.n == 4)
            out->year = (int16_t)number;
        else
            return false;
        return true;
    }
    if (*clock && apply_half_day(out, word))
        return true;
    if (!*clock || word.n < 3 || word.n > 5 || (uint8_t)(word.p[0] - 'A') > 25)
        return false;
    apply_zone(out, word);
    return true;
}

bool text_time_date(struct text_time *out, struct span line)
{
    struct cursor in = cursor_of(line);
    struct text_time time = {0};
    struct span word;
    bool clock = false;
    unsigned words = 0;
    (void)take_spaces(&in);
    struct cursor ahead = in;
    if (take_rfc3339(&ahead, &time)) {
        (void)take_spaces(&ahead);
        if (cursor_done(&ahead)) {
            *out = time;
            return true;
        }
    }
    time = (struct text_time){0};
    if (!take_word(&in, &word) || !is_weekday(word))
        return false;
    while (take_word(&in, &word))
        if (++words > 6 || !apply_word(&time, word, &clock))
            return false;
    if (!clock || time.year == 0 || !is_sane(&time))
        return false;
    *out = time;
    return true;
}

/* --- moments --- */

nanotime text_time_wall(const struct text_time *time)
{
    int64_t before = time->year - 1;
    int64_t days = 365 * (before - 1969) + (before / 4 - before / 100 + before / 400) -
                   (1969 / 4 - 1969 / 100 + 1969 / 400);
    for (unsigned month = 1; month < time->month; month++)
        days += days_of(month, time->year);
    days += time->day - 1;
    int64_t seconds = days * DAY_SECONDS + time->hour * 3600 + time->minute * 60 + time->second;
    return seconds * NS_PER_SECOND + time->nanosecond;
}

nanotime text_time_utc(const struct text_time *time, const struct wall_clock *clock)
{
    nanotime wall = text_time_wall(time);
    int64_t seconds = wall / NS_PER_SECOND;
    int64_t utc = time->has_offset ? seconds - time->offset : clock->utc(clock->context, seconds);
    return utc * NS_PER_SECOND + wall % NS_PER_SECOND;
}

void text_time_guess_year(struct text_time *time, nanotime near, bool not_after,
                          const struct wall_clock *clock)
{
    int64_t about = 1970 + near / NS_PER_SECOND / DAY_SECONDS * 400 / 146097;
    struct text_time guess = *time;
    nanotime least = INT64_MAX;
    int16_t best = YEAR_LEAST;
    /* February 29th may be up to eight years away: 2096 and 2104. */
    for (int64_t year = about - 8; time->year == 0 && year <= about + 8; year++) {
        guess.year = (int16_t)year;
        if (year < YEAR_LEAST || year > YEAR_MOST || !is_sane(&guess))
            continue;
        nanotime ahead = text_time_utc(&guess, clock) - near;
        nanotime away = ahead < 0 ? -ahead : ahead;
        if ((not_after && ahead > DAY_SECONDS * NS_PER_SECOND) || away >= least)
            continue;
        least = away;
        best = guess.year;
    }
    if (time->year == 0)
        time->year = best;
}
