/* workload.c: who connects to whom in each workload, and what becomes of it. */
#include "workload.h"

#include <stdlib.h>

/* Datagrams begin at multiples of this in the random bytes. */
enum { DATAGRAM = 61 };

enum { CLIENTS = 20000, SERVERS = 64, FIRST_PORT = 10000, PORTS = 50000 };

/* Of a thousand connections. */
static const uint16_t usual_endings[ENDINGS] = {
    [GRACEFUL_BY_CLIENT] = 380,
    [GRACEFUL_BY_SERVER] = 120,
    [GRACEFUL_BY_BOTH] = 20,
    [RESET_BY_CLIENT] = 70,
    [RESET_BY_SERVER] = 60,
    [RESET_AFTER_FIN] = 40,
    [RESET_IN_TLS_HANDSHAKE] = 10,
    [FIN_UNANSWERED_BY_CLIENT] = 50,
    [FIN_UNANSWERED_BY_SERVER] = 20,
    [HALF_CLOSED_BY_CLIENT] = 30,
    [HALF_CLOSED_BY_SERVER] = 10,
    [LAST_FIN_UNANSWERED] = 20,
    [IDLE_OPEN] = 130,
    [REFUSED] = 20,
    [UNANSWERED] = 20,
};

static enum ending pick_ending(struct random *random)
{
    unsigned ending = 0;
    for (uint32_t left = random_below(random, 1000); left >= usual_endings[ending]; ending++)
        left -= usual_endings[ending];
    return (enum ending)ending;
}

static void set16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* No two connections have the same addresses and ports: the number says which client, and which of
 * its ports. One client in ten speaks IPv6. */
static struct parties meet(struct maker *maker, uint64_t number, uint16_t port)
{
    struct random *random = &maker->random;
    uint32_t client = (uint32_t)(number % CLIENTS), turn = (uint32_t)(number / CLIENTS);
    uint32_t server = random_below(random, SERVERS);
    uint64_t chance = random_next(random);
    struct parties parties = {
        .ipv6 = client % 10 == 0,
        .port = {(uint16_t)(FIRST_PORT + (turn * 7919 + client * 31) % PORTS), port},
        .isn = {(uint32_t)chance, (uint32_t)(chance >> 32)},
        .ttl = {64, (uint8_t)(44 + server % 12)},
        .fresh = random_next(random)};
    chance = random_next(random);
    for (unsigned end = 0; end < 2; end++) {
        parties.clock[end] = (uint32_t)(chance >> (end ? 8 : 32));
        parties.ip_id[end] = (uint16_t)(chance >> 4 * end);
    }
    if (parties.ipv6) {
        static const uint8_t network[] = {0x20, 0x01, 0x0d, 0xb8};
        for (unsigned end = 0; end < 2; end++)
            memcpy(parties.ip[end], network, sizeof network);
        set16(parties.ip[BY_CLIENT] + 6, client);
        set16(parties.ip[BY_CLIENT] + 14, 0x17);
        set16(parties.ip[BY_SERVER] + 4, 0xffff);
        set16(parties.ip[BY_SERVER] + 14, server + 1);
    } else {
        uint32_t host = client * 0x9e3779b1u; /* odd: no two clients fall together */
        const uint8_t ips[2][4] = {{10, (uint8_t)(host >> 16), (uint8_t)(host >> 8), (uint8_t)host},
                                   {198, 51, 100, (uint8_t)(server + 1)}};
        for (unsigned end = 0; end < 2; end++)
            memcpy(parties.ip[end], ips[end], 4);
    }
    return parties;
}

/* One that is watched. */
static void make_watched(struct dialogue *dialogue, struct maker *maker, uint64_t number,
                         const struct course *course)
{
    dialogue->parties = meet(maker, number, WATCHED_PORT);
    dialogue_tcp(dialogue, &maker->tally.disorder, &maker->random, course);
    tally_connection(&maker->tally, course);
}

static void make_short(struct dialogue *dialogue, struct maker *maker, uint64_t number)
{
    struct random *random = &maker->random;
    struct course course = {.session = sessions_pick(maker->sessions, random, 0),
                            .ending = pick_ending(random),
                            .exchanges = random_between(random, 1, 5)};
    make_watched(dialogue, maker, number, &course);
}

/* A download: over TLS, or on a port of its own like FTP's. */
static void make_bulk(struct dialogue *dialogue, struct maker *maker, uint64_t number)
{
    struct random *random = &maker->random;
    bool tls = random_chance(random, 750);
    struct course course = {.session = tls ? sessions_pick(maker->sessions, random, 0) : NULL,
                            .ending = random_chance(random, 900) ? GRACEFUL_BY_CLIENT : IDLE_OPEN,
                            .bulk = tls ? &maker->bulk : &maker->noise,
                            .bulk_count = random_between(random, 1, 20)};
    uint16_t port = tls ? 443 : (uint16_t)random_between(random, 49152, 65535);
    dialogue->parties = meet(maker, number, port);
    dialogue_tcp(dialogue, &maker->tally.disorder, random, &course);
}

static void make_question(struct dialogue *dialogue, struct maker *maker, uint64_t number)
{
    dialogue->parties = meet(maker, number, 53);
    dialogue->parties.udp = true;
    dialogue_udp(dialogue, 0, BY_CLIENT, &maker->question, 0, maker->question.length);
    dialogue_udp(dialogue, random_between(&maker->random, 800, 40000), BY_SERVER, &maker->answer, 0,
                 maker->answer.length);
}

/* Large datagrams one way, small ones the other, as of QUIC. */
static void make_datagrams(struct dialogue *dialogue, struct maker *maker, uint64_t number,
                           uint16_t port, uint32_t count)
{
    enum { LARGE = 1252, SMALL = 37, BEGINNINGS = 1024 };
    struct random *random = &maker->random;
    int64_t time = 0;
    dialogue->parties = meet(maker, number, port);
    dialogue->parties.udp = true;
    for (uint32_t i = 0; i < count; i++) {
        bool small = random_chance(random, 300);
        uint32_t length = small ? SMALL : LARGE;
        time += random_chance(random, 50) ? random_between(random, 1000, 900000) : 40;
        dialogue_udp(dialogue, time, small ? BY_CLIENT : BY_SERVER, &maker->noise,
                     DATAGRAM * random_below(random, BEGINNINGS), length);
    }
}

/* One packet in a hundred is watched. */
static void make_mixed(struct dialogue *dialogue, struct maker *maker, uint64_t number)
{
    enum { WATCHED = 1200, BULK = 2590, STREAM = 600, STRAY = 60, QUESTION = 10000 };
    uint32_t kind = random_below(&maker->random, WATCHED + BULK + STREAM + STRAY + QUESTION);
    if (kind < WATCHED)
        make_short(dialogue, maker, number);
    else if (kind < WATCHED + BULK)
        make_bulk(dialogue, maker, number);
    else if (kind < WATCHED + BULK + STREAM)
        make_datagrams(dialogue, maker, number, 443, random_between(&maker->random, 100, 500));
    else if (kind < WATCHED + BULK + STREAM + STRAY)
        make_datagrams(dialogue, maker, number, WATCHED_PORT, 4); /* UDP: not watched */
    else
        make_question(dialogue, maker, number);
}

static void make_syn(struct dialogue *dialogue, struct maker *maker)
{
    const struct course course = {.ending = UNANSWERED};
    dialogue_syn(dialogue);
    tally_connection(&maker->tally, &course);
}

static void make_lone_syn(struct dialogue *dialogue, struct maker *maker, uint64_t number)
{
    dialogue->parties = meet(maker, number, WATCHED_PORT);
    make_syn(dialogue, maker);
}

static void make_idle(struct dialogue *dialogue, struct maker *maker, uint64_t number)
{
    struct course course = {.session =
                                sessions_pick(maker->sessions, &maker->random, TLS1_2_VERSION),
                            .ending = IDLE_OPEN,
                            .orderly = true};
    make_watched(dialogue, maker, number, &course);
}

static void make_open(struct dialogue *dialogue, struct maker *maker, uint64_t number)
{
    if (number % 5)
        make_lone_syn(dialogue, maker, number);
    else
        make_idle(dialogue, maker, number);
}

/* A SYN from anywhere, and among them a few hundred connections. */
static void make_flood(struct dialogue *dialogue, struct maker *maker, uint64_t number)
{
    enum { REAL = 500 };
    uint64_t each = maker->connections / REAL + 1;
    if (number % each == each / 2) {
        make_short(dialogue, maker, number);
        return;
    }
    dialogue->parties = meet(maker, number, WATCHED_PORT);
    struct parties *parties = &dialogue->parties;
    uint64_t chance = random_next(&maker->random);
    parties->ipv6 = false;
    parties->bare = true;
    const uint8_t source[4] = {(uint8_t)random_between(&maker->random, 11, 126), (uint8_t)chance,
                               (uint8_t)(chance >> 8), (uint8_t)(chance >> 16)};
    const uint8_t target[4] = {198, 51, 100, (uint8_t)(1 + (chance >> 24) % SERVERS)};
    memcpy(parties->ip[BY_CLIENT], source, 4);
    memcpy(parties->ip[BY_SERVER], target, 4);
    parties->port[BY_CLIENT] = (uint16_t)(1024 + (chance >> 32) % (65536 - 1024));
    make_syn(dialogue, maker);
}

static const struct workload workloads[] = {
    {"A", "short TLS connections to port 5223, all teardowns, some disorder", 158000,
     600 * BENCH_SECOND, false, make_short},
    {"B", "bulk traffic, one packet in a hundred to or from port 5223", 14450, 300 * BENCH_SECOND,
     false, make_mixed},
    {"C", "open connections: four in five a lone SYN, the rest idle after a handshake", 1000000,
     200 * BENCH_SECOND, true, make_open},
    {"S", "of these the lone SYNs alone", 1000000, 200 * BENCH_SECOND, true, make_lone_syn},
    {"I", "of these the idle ones alone", 1000000, 200 * BENCH_SECOND, true, make_idle},
    {"F", "a flood of SYNs with random addresses, 500 TLS connections among them", 10000000,
     100 * BENCH_SECOND, false, make_flood},
};

const struct workload *workload_at(size_t index)
{
    return index < sizeof workloads / sizeof workloads[0] ? &workloads[index] : NULL;
}

const struct workload *workload_find(const char *name)
{
    const struct workload *workload;
    for (size_t i = 0; (workload = workload_at(i)); i++)
        if (!strcmp(workload->name, name))
            return workload;
    return NULL;
}

static struct piece random_piece(struct random *random, uint32_t length)
{
    struct piece piece = {.bytes = malloc(length), .length = length};
    bench_need(piece.bytes, "no memory");
    random_fill(random, piece.bytes, length);
    return piece;
}

static struct piece piece_of(const void *bytes, uint32_t length)
{
    struct piece piece = {.bytes = malloc(length), .length = length};
    bench_need(piece.bytes, "no memory");
    memcpy(piece.bytes, bytes, length);
    return piece;
}

void maker_init(struct maker *maker, const struct sessions *sessions, uint64_t seed)
{
    /* RFC 1035 section 4: who is courier.push.example? 198.51.100.1 */
#define ASKED "\7courier\4push\7example\0\0\1\0\1"
    static const char question[] = "\x47\x11\1\0\0\1\0\0\0\0\0\0" ASKED;
    static const char answer[] =
        "\x47\x11\x81\x80\0\1\0\1\0\0\0\0" ASKED "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc6\x33\x64\1";
    enum { RECORDS = 4, RECORD = 5 + 16384 + 17 }; /* RFC 8446 section 5.2, full ones */
    *maker = (struct maker){.sessions = sessions, .random = {seed}};
    maker->noise = random_piece(&maker->random, RECORDS * RECORD);
    for (uint32_t at = 0; at < maker->noise.length; at += DATAGRAM)
        maker->noise.bytes[at] = 0x40 | (maker->noise.bytes[at] & 0x3f); /* RFC 9000 section 17.3 */
    maker->bulk = random_piece(&maker->random, RECORDS * RECORD);
    for (unsigned i = 0; i < RECORDS; i++) {
        static const uint8_t header[] = {23, 3, 3, (RECORD - 5) >> 8, (RECORD - 5) & 0xff};
        memcpy(maker->bulk.bytes + i * RECORD, header, sizeof header);
    }
    maker->question = piece_of(question, sizeof question - 1);
    maker->answer = piece_of(answer, sizeof answer - 1);
}

void maker_done(struct maker *maker)
{
    free(maker->bulk.bytes);
    free(maker->noise.bytes);
    free(maker->question.bytes);
    free(maker->answer.bytes);
}
