/* appid_dates.c: as nDPI 4.2 looks for dates (src/lib/protocols/tls.c, processCertificateElements):
 * by the first three bytes of a validity of two UTCTimes, wherever they stand. More than it finds
 * may be found here: then a stretch is shorter than it could be. */
#include "appid_dates.h"

#include <time.h>

/* Validity (RFC 5280 section 4.1): tag 0x30 and length 30; twice tag 0x17, length 13,
 * YYMMDDHHMMSSZ.
 */
enum { LENGTH = 30, TAG = 0x17, DIGITS = 12, TIME = DIGITS + 1, VALIDITY = 2 + LENGTH };

static bool two_digits(int *out, const uint8_t *p, int least, int most)
{
    if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
        return false;
    *out = (p[0] - '0') * 10 + p[1] - '0';
    return *out >= least && *out <= most;
}

/* Years below 69 are of this century, as strptime takes them. */
static bool read_time(uint32_t *seconds, const uint8_t *p)
{
    struct tm tm = {0};
    if (p[0] != TAG || p[1] != TIME || p[2 + DIGITS] != 'Z' ||
        !two_digits(&tm.tm_year, p + 2, 0, 99) || !two_digits(&tm.tm_mon, p + 4, 1, 12) ||
        !two_digits(&tm.tm_mday, p + 6, 1, 31) || !two_digits(&tm.tm_hour, p + 8, 0, 23) ||
        !two_digits(&tm.tm_min, p + 10, 0, 59) || !two_digits(&tm.tm_sec, p + 12, 0, 59))
        return false;
    tm.tm_year += tm.tm_year < 69 ? 100 : 0;
    tm.tm_mon--;
    *seconds = (uint32_t)timegm(&tm);
    return true;
}

/* Has the stretch end at a time where an answer changes: it is another one before it, at it, and
 * after it. */
static void end_at(struct appid_stretch *stretch, uint32_t time, uint32_t now)
{
    if (time <= now && time + (time < now) > stretch->from)
        stretch->from = time + (time < now);
    if (time >= now && time - (time > now) < stretch->to)
        stretch->to = time - (time > now);
}

/* The first three bytes of one behind `before`, which is NULL at first. Their length is the byte
 * that is found least elsewhere. */
static const uint8_t *next_validity(const uint8_t *before, struct span bytes)
{
    if (bytes.n < 3)
        return NULL;
    const uint8_t *p = before ? before + 2 : bytes.p + 1;
    for (const uint8_t *last = bytes.p + bytes.n - 1;
         p < last && (p = memchr(p, LENGTH, (size_t)(last - p))); p++)
        if (p[-1] == 0x30 && p[1] == TAG)
            return p - 1;
    return NULL;
}

bool appid_dates_around(struct appid_stretch *stretch, struct span bytes, bool more, uint32_t now,
                        uint32_t soon)
{
    *stretch = (struct appid_stretch){0, UINT32_MAX};
    end_at(stretch, 0, now); /* in place of a date that was not read */
    end_at(stretch, 0 - soon, now);
    for (const uint8_t *p = NULL; (p = next_validity(p, bytes));) {
        uint32_t dates[2];
        const bool cut = (size_t)(bytes.p + bytes.n - p) < VALIDITY;
        if (cut && more)
            break;
        if (cut || !read_time(&dates[0], p + 2) || !read_time(&dates[1], p + 2 + 2 + TIME))
            return false;
        for (unsigned date = 0; date < COUNT_OF(dates); date++) {
            end_at(stretch, dates[date], now);
            end_at(stretch, dates[date] - soon, now);
        }
    }
    return true;
}
