/* zone.c: see zone.h. Named zones are the C library's business, which knows one at a time. */
#include "zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* +hh:mm, +hhmm, +hh */
static bool read_offset(int32_t *out, const char *text)
{
    unsigned digits[4] = {0}, n = 0;
    const char *at = text + 1;
    if (*text != '+' && *text != '-')
        return false;
    for (; *at && n < 4; at++)
        if (is_digit(*at))
            digits[n++] = (unsigned)(*at - '0');
        else if (*at != ':' || n != 2)
            return false;
    int32_t seconds =
        (int32_t)((digits[0] * 10 + digits[1]) * 3600 + (digits[2] * 10 + digits[3]) * 60);
    if (*at || (n != 2 && n != 4) || at[-1] == ':' || seconds > 15 * 3600)
        return false;
    *out = *text == '-' ? -seconds : seconds;
    return true;
}

/* The C library takes a name it does not know, or that of a folder, for UTC, so that it has to be
 * looked up first. */
static bool is_known(const char *name)
{
    static const char *const folders[] = {"/usr/share/zoneinfo", "/usr/lib/zoneinfo",
                                          "/var/db/timezone/zoneinfo"};
    if (!*name || *name == '/' || *name == '.' || strstr(name, ".."))
        return false;
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        char path[256];
        struct stat status;
        int n = snprintf(path, sizeof path, "%s/%s", folders[i], name);
        if (n > 0 && (size_t)n < sizeof path && access(path, R_OK) == 0 &&
            stat(path, &status) == 0 && S_ISREG(status.st_mode))
            return true;
    }
    return false;
}

bool zone_read(struct zone *out, const char *text)
{
    *out = (struct zone){0};
    if (strcmp(text, "UTC") == 0 || read_offset(&out->offset, text))
        return true;
    if (strcmp(text, "local") != 0) {
        if (!is_known(text) || setenv("TZ", text, 1) != 0)
            return false;
    }
    tzset();
    out->named = true;
    return true;
}

int64_t zone_utc(const struct zone *zone, int64_t wall)
{
    if (!zone->named)
        return wall - zone->offset;
    /* mktime takes apart what gmtime has put together: the same day and hour, in that zone. */
    time_t clock = (time_t)wall;
    struct tm parts;
    if (!gmtime_r(&clock, &parts))
        return wall;
    parts.tm_isdst = -1;
    time_t utc = mktime(&parts);
    return utc == (time_t)-1 ? wall : (int64_t)utc;
}
