/* fuzz_appid.c: what nDPI gets to see of both directions of a connection. The first byte is passed
 * over; then pieces follow, each with its direction (1: the server's) and its length in two bytes.
 * What was made alike once must not change any more, and the time that was asked about must be in
 * the stretch that is said to hold for it. */
#include "../../dissect/appid_dates.h"
#include "../../dissect/appid_flight.h"
#include "../../dissect/appid_hello.h"
#include "../../dissect/cursor.h"

#include <stdlib.h>

static void need(bool good)
{
    if (!good)
        abort();
}

static void see_hello(struct span piece)
{
    if (!appid_hello_at(piece))
        return;
    uint8_t *once = xmemdup(piece.p, piece.n), *twice;
    appid_hello_thin(once, piece.n);
    twice = xmemdup(once, piece.n);
    appid_hello_thin(twice, piece.n);
    need(memcmp(once, twice, piece.n) == 0);
    free(once);
    free(twice);
}

static bool see_answer(struct appid_flight *flight, struct span piece)
{
    struct appid_flight again = *flight;
    struct appid_stretch stretch;
    uint8_t *once = xmemdup(piece.p, piece.n), *twice;
    const uint32_t now = (uint32_t)piece.n << 21;
    bool good = appid_flight_thin(flight, once, piece.n);
    if (appid_dates_around(&stretch, span_of(once, piece.n), flight->record_left > 0, now, 1000))
        need(appid_stretch_has(&stretch, now));
    twice = xmemdup(once, piece.n);
    if (good)
        need(appid_flight_thin(&again, twice, piece.n) && memcmp(once, twice, piece.n) == 0);
    free(once);
    free(twice);
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor in = cursor_of(span_of(data, size));
    struct appid_flight flight = {0};
    uint8_t direction;
    uint16_t n;
    struct span piece;
    bool answers = cursor_skip(&in, 1);
    while (cursor_u8(&in, &direction) && cursor_u16(&in, &n) &&
           cursor_bytes(&in, &piece, n < in.left ? n : in.left)) {
        if (piece.n == 0)
            continue;
        if (direction != 1)
            see_hello(piece);
        else if (answers)
            answers = see_answer(&flight, piece);
    }
    return 0;
}
