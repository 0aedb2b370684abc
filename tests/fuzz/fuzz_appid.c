/* fuzz_appid.c: what nDPI gets to see of both directions of a connection, and what it says of it.
 * The first byte chooses port and time; then pieces follow, each with its direction (1: the
 * server's) and its length in two bytes.
 *
 * What was made alike once must not change any more, and the time that was asked about must be in
 * the stretch that is said to hold for it. The label of the connection, and of some that differ
 * from it in a few bytes or in time, must be the same whether the others are remembered or not, by
 * what TLS tells of hellos, too, and the one that nDPI gives to the very bytes (but see
 * hide_random). */
#include "../../dissect/appid.h"
#include "../../dissect/appid_dates.h"
#include "../../dissect/appid_flight.h"
#include "../../dissect/appid_hello.h"
#include "../../dissect/appid_ndpi.h"
#include "../../dissect/cursor.h"
#include "../../dissect/decode.h"
#include "../../dissect/limits.h"
#include "../../dissect/tls_store.h"
#include "../chance.h"
#include "../craft.h"

#include <stdlib.h>

static void need(bool good)
{
    if (!good)
        abort();
}

/* --- what is made alike --- */

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

/* --- labels --- */

/* What comes so often is known to TLS, and by that to nDPI's kinds. */
enum { OFTEN = 4 };
enum { PIECES_MAX = LIMIT_NDPI_PACKETS + 2, SEGMENT_MAX = 1460, VARIANTS = 4 };

struct talk {
    struct piece {
        uint8_t *bytes;
        size_t n;
        bool of_server;
    } pieces[PIECES_MAX];
    unsigned count;
    uint16_t port;
    nanotime time;
    uint32_t next[2]; /* sequence numbers, of client and server */
};

/* A segment of the connection; free the packet's bytes. */
static struct packet segment_of(struct segment *segment, struct talk *talk,
                                const struct piece *piece)
{
    static struct decoder decoder;
    enum { CLIENT_PORT = 40000 };
    struct craft c = {.n = 0};
    craft_ipv4(&c, 6, 20 + piece->n);
    craft_tcp(&c, piece->of_server ? talk->port : CLIENT_PORT,
              piece->of_server ? CLIENT_PORT : talk->port, talk->next[piece->of_server],
              talk->next[!piece->of_server], FLAG_ACK, 1000, span_of(NULL, 0),
              span_of(piece->bytes, piece->n));
    talk->next[piece->of_server] += (uint32_t)piece->n;
    struct packet packet = craft_packet(&c, LINK_RAW);
    need(decode_packet(segment, &decoder, &packet) == NOTE_NONE);
    segment->time = talk->time;
    return packet;
}

/* Has TLS read a segment's hello. */
static void read_hello(struct tls_store *store, const struct segment *segment)
{
    enum { HEADERS = 5 + 4 };
    const struct span payload = segment->payload;
    struct tls_hello hello;
    if (!appid_hello_is_alone(payload) ||
        !tls_store_read_client(store, &hello, span_of(payload.p + HEADERS, payload.n - HEADERS)))
        return;
    tls_store_release(store, tls_store_client_hello(store, &hello));
    tls_store_see_hello(store, &hello, segment->frame);
}

/* Without a store TLS has seen nothing. */
static const struct app_label *ask(struct appid *appid, struct appid_pool *pool,
                                   struct tls_store *store, struct talk talk)
{
    static uint64_t frame;
    struct appid_flow *flow = NULL;
    const struct app_label *label = NULL;
    for (unsigned i = 0; i < talk.count && !label; i++) {
        struct segment segment;
        struct packet packet = segment_of(&segment, &talk, &talk.pieces[i]);
        segment.frame = ++frame;
        if (store)
            read_hello(store, &segment);
        label =
            appid_take(appid, pool, &flow, &segment, store ? tls_store_hello_seen(store) : NULL);
        free((void *)(uintptr_t)packet.bytes);
    }
    return label ? label : appid_give_up(appid, &flow);
}

/* nDPI takes a hello for DNSCrypt by some bytes of its random. That these are not shown to it makes
 * another label, which is the better one: nothing else of what it gets to see may differ from what
 * came. */
static void hide_random(const struct segment *segment)
{
    enum { RANDOM_AT = 5 + 4 + 2, RANDOM = 32 };
    const struct span payload = segment->payload;
    if (appid_hello_at(payload) && appid_hello_is_sound(payload) && payload.n >= RANDOM_AT + RANDOM)
        memset((uint8_t *)(uintptr_t)payload.p + RANDOM_AT, 0, RANDOM);
}

static struct app_label ask_ndpi(struct appid_ndpi *ndpi, struct talk talk)
{
    unsigned last = 0;
    struct appid_module *module = appid_ndpi_take(ndpi, &last);
    need(module != NULL);
    struct appid_state *state = appid_state_new();
    struct appid_opinion opinion;
    bool decided = false;
    for (unsigned i = 0; i < talk.count && !decided && i < LIMIT_NDPI_PACKETS; i++) {
        struct segment segment;
        struct packet packet = segment_of(&segment, &talk, &talk.pieces[i]);
        if (i == 0)
            hide_random(&segment);
        decided = appid_module_packet(module, state, &opinion, segment_ip(&segment), segment.time);
        free((void *)(uintptr_t)packet.bytes);
    }
    if (!decided)
        opinion = appid_module_guess(module, state);
    struct app_label label = appid_module_label(module, &opinion);
    appid_state_free(state);
    appid_ndpi_give_back(module);
    return label;
}

static void need_same(const struct app_label *one, const struct app_label *other)
{
    need(one && strcmp(one->protocol, other->protocol) == 0 && one->category == other->category &&
         one->risk_count == other->risk_count);
    for (unsigned i = 0; i < one->risk_count; i++)
        need(one->risks[i] == other->risks[i]);
}

/* Another connection: a few bytes are others, or the time is, or nothing. */
static void vary(struct talk *talk, struct chance *chance)
{
    for (size_t n = chance_below(chance, 4); n > 0; n--) {
        struct piece *piece = &talk->pieces[chance_below(chance, talk->count)];
        uint8_t *byte = &piece->bytes[chance_below(chance, piece->n)];
        *byte = (uint8_t)(chance_below(chance, 2) ? *byte + (size_t)1 : chance_below(chance, 256));
    }
    if (chance_below(chance, 4) == 0)
        talk->time += (nanotime)chance_below(chance, 800) * 86400 * NS_PER_SECOND;
}

static void see_labels(struct talk *talk, uint64_t seed)
{
    static struct appid *appid;
    static struct appid_ndpi *ndpi;
    if (talk->count == 0)
        return;
    if (!appid) {
        appid = appid_new(1);
        ndpi = appid_ndpi_new(1);
    }
    struct chance chance = {seed};
    struct appid_pool *used = appid_pool_new(SIZE_MAX), *told = appid_pool_new(SIZE_MAX);
    struct tls_store *store = tls_store_new(NULL);
    for (unsigned i = 1; i < OFTEN; i++)
        need(ask(appid, told, store, *talk) != NULL);
    for (unsigned i = 0; i < VARIANTS; i++) {
        struct appid_pool *fresh = appid_pool_new(SIZE_MAX);
        const struct app_label *label = ask(appid, used, NULL, *talk);
        const struct app_label expected = ask_ndpi(ndpi, *talk);
        need_same(ask(appid, fresh, NULL, *talk), &expected);
        need_same(ask(appid, told, store, *talk), &expected);
        need_same(label, &expected);
        appid_pool_free(fresh);
        vary(talk, &chance);
    }
    appid_pool_free(used);
    appid_pool_free(told);
    tls_store_free(store);
}

static void add_piece(struct talk *talk, struct span piece, bool of_server)
{
    for (size_t at = 0; at < piece.n && talk->count < PIECES_MAX; at += SEGMENT_MAX) {
        size_t n = piece.n - at < SEGMENT_MAX ? piece.n - at : SEGMENT_MAX;
        talk->pieces[talk->count++] = (struct piece){xmemdup(piece.p + at, n), n, of_server};
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint16_t ports[] = {5223, 443, 25, 50000};
    struct cursor in = cursor_of(span_of(data, size));
    struct appid_flight flight = {0};
    uint8_t choice = 0, direction;
    uint16_t n;
    struct span piece;
    bool answers = cursor_u8(&in, &choice);
    struct talk talk = {.port = ports[choice % COUNT_OF(ports)],
                        .time = (INT64_C(1704067200) + choice * INT64_C(8640000)) * NS_PER_SECOND,
                        .next = {1000, 0xfffffff0}};
    uint64_t seed = size;
    for (size_t i = 0; i < size; i++)
        seed = seed * 31 + data[i];
    while (cursor_u8(&in, &direction) && cursor_u16(&in, &n) &&
           cursor_bytes(&in, &piece, n < in.left ? n : in.left)) {
        if (piece.n == 0)
            continue;
        add_piece(&talk, piece, direction == 1);
        if (direction != 1)
            see_hello(piece);
        else if (answers)
            answers = see_answer(&flight, piece);
    }
    see_labels(&talk, seed);
    for (unsigned i = 0; i < talk.count; i++)
        free(talk.pieces[i].bytes);
    return 0;
}
