/* test_live.c: a live capture in one ring and in several, of traffic that runs from before they are
 * opened: each packet comes once, and both directions of a connection from the same ring.
 *
 * Needs root: it makes a network namespace of its own, with two interfaces that are each other's
 * other end. Connections are made up, and written to the interfaces frame by frame. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../capture/source.h"

#ifdef __linux__

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FLOWS = 400, WANTED = 6000, SENT_MAX = 1000000, RINGS = 4, PORT = 5223 };

/* Shared with the sender. */
struct shared {
    atomic_uint sent;
    atomic_bool stop;
};

/* What a frame's payload tells. */
struct mark {
    uint32_t number, flow, upwards;
};

/* --- the sender --- */

static void put(uint8_t **at, uint64_t value, int width)
{
    while (width-- > 0)
        *(*at)++ = (uint8_t)(value >> 8 * width);
}

static void put_address(uint8_t **at, bool v6, uint32_t address)
{
    if (v6) {
        put(at, 0x20010db800000000, 8);
        put(at, 0, 4);
    }
    put(at, address, 4);
}

/* Ethernet, IPv4 or IPv6, TCP, mark. Every other flow is IPv6, with a flow label for each
 * direction. */
static size_t make_frame(uint8_t *frame, struct mark mark)
{
    uint8_t *at = frame;
    const bool v6 = mark.flow & 1;
    const uint32_t client = 0x0a000000 + mark.flow / 7, server = 0xc0000201;
    const uint16_t client_port = (uint16_t)(40000 + mark.flow);
    put(&at, 0x020000000002 + !mark.upwards, 6);
    put(&at, 0x020000000002 + mark.upwards, 6);
    put(&at, v6 ? 0x86dd : 0x0800, 2);
    if (v6) {
        put(&at, 0x60000000 | (mark.upwards ? 0x1111 : 0x2222), 4);
        put(&at, 20 + sizeof mark, 2);
        put(&at, 6 << 8 | 64, 2);
    } else {
        put(&at, 0x4500, 2);
        put(&at, 40 + sizeof mark, 2);
        put(&at, 0, 4);
        put(&at, 64 << 8 | 6, 2);
        put(&at, 0, 2);
    }
    put_address(&at, v6, mark.upwards ? client : server);
    put_address(&at, v6, mark.upwards ? server : client);
    put(&at, mark.upwards ? client_port : PORT, 2);
    put(&at, mark.upwards ? PORT : client_port, 2);
    put(&at, 0, 8);
    put(&at, 0x5018ffff, 4);
    put(&at, 0, 4);
    memcpy(at, &mark, sizeof mark);
    return (size_t)(at - frame) + sizeof mark;
}

static int open_sender(const char *interface)
{
    int fd = socket(AF_PACKET, SOCK_RAW, 0); /* 0: to send only */
    const struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                        .sll_ifindex = (int)if_nametoindex(interface)};
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        _exit(1);
    return fd;
}

/* Sends until it is told to stop. The capture is on c0: what is written to s0 comes in there. */
static void send_frames(struct shared *shared)
{
    const int client = open_sender("c0"), server = open_sender("s0");
    uint32_t random = 1;
    while (!shared->stop && shared->sent < SENT_MAX) {
        random = random * 1664525 + 1013904223;
        struct mark mark = {shared->sent, (random >> 8) % FLOWS, random >> 31};
        uint8_t frame[256];
        size_t n = make_frame(frame, mark);
        if (send(mark.upwards ? client : server, frame, n, 0) != (ssize_t)n)
            _exit(2);
        shared->sent++;
        if (mark.number % 64 == 0)
            usleep(500);
    }
    _exit(0);
}

/* --- the capture --- */

struct seen {
    uint8_t times[SENT_MAX];
    uint8_t ring[FLOWS]; /* 1-based; 0 for none yet */
    uint32_t of_ring[RINGS], last;
};

static void take(struct seen *seen, const struct packet *packet, size_t ring)
{
    struct mark mark;
    assert_true(packet->caplen >= sizeof mark);
    assert_int_equal(packet->caplen, packet->len);
    memcpy(&mark, packet->bytes + packet->caplen - sizeof mark, sizeof mark);
    assert_in_range(mark.number, 0, SENT_MAX - 1);
    assert_in_range(mark.flow, 0, FLOWS - 1);
    seen->times[mark.number]++;
    if (seen->ring[mark.flow] == 0)
        seen->ring[mark.flow] = (uint8_t)(ring + 1);
    assert_int_equal(seen->ring[mark.flow], ring + 1);
    assert_int_equal(packet->frame, ++seen->of_ring[ring]);
    if (mark.number > seen->last)
        seen->last = mark.number;
}

/* Takes what there is. Returns whether there was anything. */
static bool take_all(struct seen *seen, struct source **sources, size_t count)
{
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        struct packet packet;
        enum source_status status;
        while ((status = source_next(sources[i], &packet)) == SOURCE_PACKET) {
            take(seen, &packet, i);
            any = true;
        }
        assert_int_equal(status, SOURCE_IDLE);
    }
    return any;
}

static void each_packet_once(size_t rings, const char *filter)
{
    struct shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(shared, MAP_FAILED);
    pid_t sender = fork();
    assert_true(sender >= 0);
    if (sender == 0)
        send_frames(shared);
    while (shared->sent < 200)
        usleep(1000);

    struct seen *seen = calloc(1, sizeof *seen);
    assert_non_null(seen);
    struct source *sources[RINGS];
    struct source_error error = {""};
    bool wrong_filter;
    const struct live_options options = {.filter = filter};
    size_t count = source_open_live(&error, &wrong_filter, sources, rings, "c0", &options);
    assert_string_equal(error.text, "");
    assert_int_equal(count, rings);
    /* The next one may be under way; from the one after that on, all must come. */
    const uint32_t first = shared->sent + 2;
    while (seen->last < first + WANTED) {
        source_wait(sources, count, 1000);
        take_all(seen, sources, count);
    }
    shared->stop = true;
    int status;
    assert_int_equal(waitpid(sender, &status, 0), sender);
    assert_int_equal(status, 0);
    for (int quiet = 0; quiet < 3; quiet++) {
        source_wait(sources, count, 50);
        if (take_all(seen, sources, count))
            quiet = 0;
    }

    uint64_t received = 0, sum = 0;
    for (size_t i = 0; i < count; i++) {
        struct source_drops drops = source_drops(sources[i]);
        assert_int_equal(drops.kernel, 0);
        received += drops.received;
        sum += seen->of_ring[i];
        assert_true(seen->of_ring[i] > 0);
        assert_string_equal(source_interface_name(sources[i], 1), "c0");
    }
    assert_int_equal(received, sum);
    for (uint32_t i = 0; i < shared->sent; i++)
        assert_in_range(seen->times[i], i >= first, 1);

    struct packet packet;
    source_break(sources[count - 1]);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(source_next(sources[i], &packet), SOURCE_END);
    for (size_t i = 0; i < count; i++)
        source_close(sources[i]);
    free(seen);
    munmap(shared, sizeof *shared);
}

static void one_ring(void **state)
{
    (void)state;
    each_packet_once(1, NULL);
}

static void two_rings(void **state)
{
    (void)state;
    each_packet_once(2, NULL);
    each_packet_once(2, "tcp port 5223");
}

static void four_rings(void **state)
{
    (void)state;
    each_packet_once(4, "tcp");
    each_packet_once(4, NULL);
}

static void mistakes(void **state)
{
    (void)state;
    struct source *sources[2];
    struct source_error error;
    bool wrong_filter;
    struct live_options options = {.filter = "tcp prot 5223"};
    assert_int_equal(source_open_live(&error, &wrong_filter, sources, 2, "c0", &options), 0);
    assert_true(wrong_filter);
    assert_memory_equal(error.text, "filter \"tcp prot 5223\": ", 24);
    options.filter = NULL;
    assert_int_equal(source_open_live(&error, &wrong_filter, sources, 2, "c7", &options), 0);
    assert_false(wrong_filter);
    assert_memory_equal(error.text, "c7: no such interface", 21);
}

/* A capture beside, such as another pushwatch, takes nothing away from this one. */
static void two_captures_at_once(void **state)
{
    (void)state;
    struct source *beside[2];
    struct source_error error;
    bool wrong_filter;
    const struct live_options options = {.filter = NULL};
    assert_int_equal(source_open_live(&error, &wrong_filter, beside, 2, "c0", &options), 2);
    each_packet_once(2, NULL);
    for (size_t i = 2; i-- > 0;)
        source_close(beside[i]);
}

/* Makes the network, without IPv6's own chatter. */
static bool in_own_network(void)
{
    return unshare(CLONE_NEWNET) == 0 && system("ip link add c0 type veth peer name s0") == 0 &&
           system("for i in c0 s0; do echo 1 >/proc/sys/net/ipv6/conf/$i/disable_ipv6;"
                  " ip link set $i up || exit 1; done") == 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_ring),   cmocka_unit_test(two_rings),
        cmocka_unit_test(four_rings), cmocka_unit_test(two_captures_at_once),
        cmocka_unit_test(mistakes),
    };
    if (!in_own_network()) {
        print_message("needs root for a network namespace\n");
        return 77;
    }
    return cmocka_run_group_tests_name("live", tests, NULL, NULL);
}

#else

int main(void)
{
    print_message("network namespaces are Linux's\n");
    return 77;
}

#endif
