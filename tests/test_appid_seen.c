/* test_appid_seen.c: a hello of a kind that TLS knows need not be read again for nDPI. The kind and
 * the server's name tell all that nDPI gets to see of it, and what was remembered of one is said of
 * no other packet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <ndpi_api.h>

#include "../dissect/appid.h"
#include "../dissect/appid_hello.h"
#include "../dissect/appid_ndpi.h"
#include "../dissect/decode.h"
#include "../dissect/tls_store.h"
#include "craft.h"
#include "hello_bytes.h"

/* Of later versions nobody has looked up what their opinion depends on: nothing is remembered. */
enum { HAS_KINDS = NDPI_MAJOR == 4 && NDPI_MINOR < 4 };
enum { HEADERS = 5 + 4, GREASE_VALUES = 16, GROUPS = 10, VERSIONS = 43, SHARE = 51 };

static const char apple[] = "courier.push.apple.com", other_name[] = "courier.push.other.com";

/* --- hellos --- */

static uint16_t grease(unsigned i)
{
    return (uint16_t)((i % GREASE_VALUES << 4 | 0xa) * 0x101);
}

static void put_filled(struct buf *extensions, uint16_t type, uint8_t value, size_t n)
{
    struct buf body = {0};
    for (size_t i = 0; i < n; i++)
        buf_append(&body, &value, 1);
    put_extension(extensions, type, &body);
    buf_done(&body);
}

/* A record with a ClientHello that has what differs each time, and one more extension: of this
 * type, filled with a value. */
static struct buf hello(const char *name, unsigned each, uint16_t type, uint8_t value)
{
    static const char *const protocols[] = {"apns-security-v3", "h2"};
    const uint16_t suites[] = {grease(each), 0x1301, 0xc02b}, groups[] = {grease(each + 1), 29},
                   versions[] = {grease(each + 2), 0x0304, 0x0303};
    struct buf extensions = {0}, body = {0}, message = {0}, record = {0};
    put_extension(&extensions, grease(each + 3), NULL);
    if (name)
        put_server_name(&extensions, name);
    put_extension_list16(&extensions, GROUPS, 2, groups, COUNT_OF(groups));
    put_alpn(&extensions, protocols, COUNT_OF(protocols));
    put_extension_list16(&extensions, VERSIONS, 1, versions, COUNT_OF(versions));
    put_filled(&extensions, SHARE, (uint8_t)each, 36);
    put_filled(&extensions, type, value, 12);
    put_client_hello(&body, 0x0303, suites, COUNT_OF(suites), &extensions);
    memset(body.p + 2, (int)each, 32);
    put_number(&message, 1, 1);
    put_vector(&message, 3, body.p, body.n);
    put_number(&record, 0x160301, 3);
    put_vector(&record, 2, message.p, message.n);
    buf_done(&extensions);
    buf_done(&body);
    buf_done(&message);
    return record;
}

static struct span span_of_buf(const struct buf *buf)
{
    return span_of(buf->p, buf->n);
}

/* Reads a record's hello as TLS does. */
static struct tls_hello read_hello(struct tls_store *store, struct span record)
{
    struct tls_hello read;
    assert_true(
        tls_store_read_client(store, &read, span_of(record.p + HEADERS, record.n - HEADERS)));
    tls_store_release(store, tls_store_client_hello(store, &read));
    return read;
}

/* The number of a hello's kind once it has come three times. */
static uint64_t learn(struct tls_store *store, struct span record)
{
    assert_int_equal(read_hello(store, record).kind, 0);
    assert_int_equal(read_hello(store, record).kind, 0);
    return read_hello(store, record).kind;
}

/* --- kinds --- */

/* Do two hellos that share kind, name and the record's version look the same to nDPI? */
static void assert_alike(struct span a, struct span b)
{
    uint8_t *thin_a = xmemdup(a.p, a.n), *thin_b = xmemdup(b.p, b.n);
    assert_int_equal(a.n, b.n);
    assert_true(appid_hello_is_sound(a));
    appid_hello_thin(thin_a, a.n);
    appid_hello_thin(thin_b, b.n);
    assert_memory_equal(thin_a, thin_b, a.n);
    free(thin_a);
    free(thin_b);
}

/* Every byte becomes others, one after the other. */
static void a_kind_tells_all_bytes(void **state)
{
    (void)state;
    struct tls_store *store = tls_store_new(NULL);
    struct buf record = hello(apple, 1, 35, 't'), copy = hello(apple, 1, 35, 't');
    const struct span whole = span_of_buf(&record), changed = span_of_buf(&copy);
    const uint64_t kind = learn(store, whole);
    size_t alike = 0;
    assert_true(kind > 0);
    for (size_t at = HEADERS; at < copy.n; at++) {
        for (unsigned value = 0; value < 256; value++) {
            struct tls_hello read;
            copy.p[at] = (uint8_t)value;
            if (!tls_store_read_client(store, &read,
                                       span_of(changed.p + HEADERS, changed.n - HEADERS)) ||
                read.kind != kind || read.sni.n != strlen(apple) ||
                memcmp(read.sni.p, apple, read.sni.n) != 0)
                continue;
            assert_true(appid_hello_is_alone(changed));
            assert_alike(whole, changed);
            alike++;
        }
        copy.p[at] = record.p[at];
    }
    assert_true(alike >= (32 + 7 + 36 + 12) * 256); /* random, session, share, ticket */
    buf_done(&record);
    buf_done(&copy);
    tls_store_free(store);
}

/* Whatever an extension is: where TLS passes over its bytes, nDPI either does so, too, or the hello
 * is not sound. All of them with all that differs each time. */
static void a_kind_tells_all_extensions(void **state)
{
    (void)state;
    size_t alike = 0, unsound = 0;
    for (unsigned type = 0; type <= UINT16_MAX; type++) {
        if (type == 0 || type == GROUPS || type == 16 || type == VERSIONS)
            continue; /* filled like this they are malformed: the hello is not whole */
        struct tls_store *store = tls_store_new(NULL);
        struct buf a = hello(apple, 1, (uint16_t)type, 1);
        struct buf b = hello(apple, 7, (uint16_t)type, 0xff);
        uint64_t kind = learn(store, span_of_buf(&a));
        if (kind && read_hello(store, span_of_buf(&b)).kind == kind) {
            unsound += !appid_hello_is_sound(span_of_buf(&a));
            if (appid_hello_is_sound(span_of_buf(&a))) {
                assert_alike(span_of_buf(&a), span_of_buf(&b));
                alike++;
            }
        }
        buf_done(&a);
        buf_done(&b);
        tls_store_free(store);
    }
    assert_true(alike > 65000);
    assert_in_range(unsound, 1, 3);
}

/* Versions of RFC 8701 are all the same to nDPI itself, which is shown them as they are here. */
static void versions_that_say_nothing(void **state)
{
    (void)state;
    if (!appid_ndpi_thins())
        skip();
    unsigned last = 0;
    struct appid_ndpi *ndpi = appid_ndpi_new(1);
    struct appid_opinion first = {0};
    for (unsigned i = 0; i < GREASE_VALUES; i++) {
        struct craft c = {.n = 0};
        struct buf record = hello(apple, i, 35, 't');
        craft_ipv4(&c, 6, 20 + record.n);
        craft_tcp(&c, 40000, 5223, 1, 1, FLAG_ACK, 1000, span_of(NULL, 0), span_of_buf(&record));
        struct appid_module *module = appid_ndpi_take(ndpi, &last);
        struct appid_state *flow = appid_state_new();
        struct appid_opinion opinion;
        assert_true(appid_module_packet(module, flow, &opinion, span_of(c.bytes, c.n), 0));
        if (i == 0)
            first = opinion;
        assert_int_equal(opinion.protocols, first.protocols);
        assert_int_equal(opinion.risks, first.risks);
        appid_state_free(flow);
        appid_ndpi_give_back(module);
        buf_done(&record);
    }
    appid_ndpi_free(ndpi);
}

/* --- labels --- */

/* One pool, what TLS tells it, and the packet at hand. */
struct asked {
    struct appid *appid;
    struct appid_pool *pool;
    struct tls_hello_seen seen;
    struct segment segment;
    struct packet packet;
};

static struct decoder decoder;

static void craft_hello(struct asked *asked, struct span payload, uint16_t to, bool ipv6)
{
    struct craft c = {.n = 0};
    if (ipv6)
        craft_ipv6(&c, 6, 20 + payload.n);
    else
        craft_ipv4(&c, 6, 20 + payload.n);
    craft_tcp(&c, 40000, to, 1, 1, FLAG_ACK, 1000, span_of(NULL, 0), payload);
    asked->packet = craft_packet(&c, LINK_RAW);
    asked->packet.frame = 7;
    assert_int_equal(decode_packet(&asked->segment, &decoder, &asked->packet), NOTE_NONE);
}

/* Has TLS say of the packet that its hello is of this kind and names this server. */
static void tell(struct asked *asked, uint64_t kind, const char *name)
{
    const struct span payload = asked->segment.payload;
    asked->seen = (struct tls_hello_seen){.kind = kind,
                                          .frame = asked->segment.frame,
                                          .body = span_of(payload.p + HEADERS, payload.n - HEADERS),
                                          .name = span_of(name, strlen(name))};
}

static const char *ask(struct asked *asked)
{
    struct appid_flow *flow = NULL;
    const struct app_label *label =
        appid_take(asked->appid, asked->pool, &flow, &asked->segment, &asked->seen);
    if (!label)
        label = appid_give_up(asked->appid, &flow);
    free((void *)(uintptr_t)asked->packet.bytes);
    assert_non_null(label);
    return label->protocol;
}

static struct asked asked_new(void)
{
    return (struct asked){.appid = appid_new(1), .pool = appid_pool_new(SIZE_MAX)};
}

static void asked_free(struct asked asked)
{
    appid_free(asked.appid);
    appid_pool_free(asked.pool);
}

/* Teaches a pool that a kind with Apple's name is Apple's. */
static struct asked taught(const struct buf *record, uint64_t kind)
{
    struct asked asked = asked_new();
    for (unsigned i = 0; i < 3; i++) {
        craft_hello(&asked, span_of_buf(record), 5223, false);
        tell(&asked, kind, apple);
        assert_string_equal(ask(&asked), "TLS.ApplePush");
    }
    return asked;
}

static unsigned allocations;

static void *count_allocation(size_t size)
{
    allocations++;
    return malloc(size);
}

/* Fifty servers of one name but for two digits are each asked about once, whether TLS tells the
 * kind of a hello at once, later, or not at all. */
static void fifty_names(void **state)
{
    (void)state;
    if (!HAS_KINDS)
        skip();
    enum { NAMES = 50, ROUNDS = 4, ALWAYS = 0, NEVER = ROUNDS };
    for (unsigned told_from = ALWAYS; told_from <= NEVER; told_from++) {
        struct asked asked = asked_new();
        for (unsigned i = 0; i < NAMES * ROUNDS; i++) {
            char name[] = "00-courier.push.apple.com";
            name[0] = (char)('0' + i % NAMES / 10);
            name[1] = (char)('0' + i % 10);
            struct buf record = hello(name, i, 35, 't');
            craft_hello(&asked, span_of_buf(&record), 5223, false);
            tell(&asked, i / NAMES >= told_from, name);
            if (i > 0) /* it has started */
                set_ndpi_malloc(count_allocation);
            allocations = 0;
            assert_string_equal(ask(&asked), "TLS.ApplePush");
            set_ndpi_malloc(malloc);
            if (i > 0) /* it allocates room for the record */
                assert_int_equal(allocations > 0, i < NAMES);
            buf_done(&record);
        }
        asked_free(asked);
    }
}

/* Whatever of a packet is not as it was, what is remembered is not said of it: TLS says here of
 * another server's hello that it is Apple's, which is believed as long as all else agrees. */
static void not_another(void **state)
{
    (void)state;
    if (!HAS_KINDS)
        skip();
    enum {
        AS_IT_WAS,
        OTHER_KIND,
        NO_KIND,
        OTHER_NAME,
        OTHER_FRAME,
        OTHER_PLACE,
        OTHER_LENGTH,
        OTHER_RECORD,
        OTHER_MESSAGE,
        CUT_RECORD,
        OTHER_PORT,
        OTHER_FLAGS,
        OTHER_ADDRESS,
        REASSEMBLED,
        IPV6,
        CHANGES
    };
    struct buf known = hello(apple, 1, 35, 't');
    for (unsigned change = 0; change < CHANGES; change++) {
        struct asked asked = taught(&known, change != NO_KIND);
        struct buf record = hello(other_name, 1, 35, 't');
        if (change == OTHER_RECORD)
            record.p[2] = 3;
        if (change == OTHER_MESSAGE)
            record.p[8]++;
        if (change == CUT_RECORD)
            record.p[4]++;
        craft_hello(&asked, span_of_buf(&record), change == OTHER_PORT ? 5224 : 5223,
                    change == IPV6);
        tell(&asked, change == OTHER_KIND ? 2 : change != NO_KIND,
             change == OTHER_NAME ? other_name : apple);
        asked.segment.frame += change == OTHER_FRAME;
        asked.segment.flags |= change == OTHER_FLAGS ? FLAG_PSH : 0;
        asked.seen.body.p += change == OTHER_PLACE;
        asked.seen.body.n -= change == OTHER_LENGTH;
        asked.segment.reassembled = change == REASSEMBLED;
        if (change == OTHER_ADDRESS) /* of Apple's network */
            asked.segment.to.ip[0] = 17;
        const bool said = strcmp(ask(&asked), "TLS.ApplePush") == 0;
        assert_int_equal(said, change == AS_IT_WAS);
        buf_done(&record);
        asked_free(asked);
    }
    buf_done(&known);
}

/* QUIC's parameters are nDPI's alone to read, so that TLS's kind does not tell what it sees. */
static void nothing_is_taken_from_what_is_unsound(void **state)
{
    (void)state;
    enum { QUIC_PARAMETERS = 57 };
    struct buf record = hello(apple, 1, QUIC_PARAMETERS, 1),
               other = hello(other_name, 1, QUIC_PARAMETERS, 1);
    struct asked asked = taught(&record, 1);
    craft_hello(&asked, span_of_buf(&other), 5223, false);
    tell(&asked, 1, apple);
    assert_string_not_equal(ask(&asked), "TLS.ApplePush");
    buf_done(&record);
    buf_done(&other);
    asked_free(asked);
}

/* A hello without a name decides nothing: that is known, too, and nDPI gets it as it was once it is
 * asked. Here TLS says of one with a name that it has none. */
static void without_a_name(void **state)
{
    (void)state;
    if (!HAS_KINDS)
        skip();
    enum { POST_HANDSHAKE_AUTH = 49, TIMES = 4 };
    struct asked asked = asked_new();
    struct buf named = hello(apple, 1, 35, 't'), nameless = hello(apple, 1, 35, 't');
    const uint8_t *name = memmem(named.p, named.n, apple, strlen(apple));
    assert_non_null(name);
    nameless.p[name - named.p - 8] = POST_HANDSHAKE_AUTH; /* the lower byte of the type 0 */
    size_t memory[TIMES];
    for (unsigned i = 0; i < TIMES; i++) {
        const size_t before = appid_pool_memory(asked.pool);
        struct appid_flow *flow = NULL;
        craft_hello(&asked, span_of_buf(i + 1 < TIMES ? &nameless : &named), 5223, false);
        tell(&asked, 1, "");
        assert_null(appid_take(asked.appid, asked.pool, &flow, &asked.segment, &asked.seen));
        assert_non_null(flow);
        memory[i] = appid_pool_memory(asked.pool) - before;
        if (i + 1 < TIMES)
            appid_forget(&flow);
        else
            assert_string_equal(appid_give_up(asked.appid, &flow)->protocol, "TLS.ApplePush");
        free((void *)(uintptr_t)asked.packet.bytes);
    }
    assert_int_equal(memory[2], memory[3]); /* found without reading: nDPI has no state of it */
    assert_true(memory[3] < memory[0]);
    buf_done(&named);
    buf_done(&nameless);
    asked_free(asked);
}

/* --- what TLS tells --- */

static void drop_record(void *context, unsigned direction, uint64_t offset, uint8_t type,
                        uint16_t length)
{
    (void)context, (void)direction, (void)offset, (void)type, (void)length;
}

static bool is_unheard(void *context, unsigned direction)
{
    (void)context, (void)direction;
    return false;
}

/* Feeds a session with a record, and gives what TLS has seen. */
static const struct tls_hello_seen *see(struct tls_store *store, struct span record, size_t cut,
                                        uint64_t frame)
{
    static const struct tls_observer observer = {NULL, drop_record, is_unheard};
    struct tls *tls = tls_new(store, false);
    const struct tls_where begin = {0, frame - (cut > 0), 0}, rest = {cut, frame, 0};
    if (cut > 0)
        tls_data(tls, 0, span_of(record.p, cut), &begin, &observer);
    tls_data(tls, 0, span_of(record.p + cut, record.n - cut), &rest, &observer);
    tls_free(tls);
    return tls_store_hello_seen(store);
}

static void what_tls_has_seen(void **state)
{
    (void)state;
    struct cert_store *certs = cert_store_new(SIZE_MAX);
    struct tls_store *store = tls_store_new(certs);
    struct buf record = hello(apple, 1, 35, 't'), other = hello(other_name, 9, 35, 'o');
    const struct span whole = span_of_buf(&record), others = span_of_buf(&other);
    for (uint64_t frame = 1; frame <= 2; frame++)
        assert_int_equal(see(store, whole, 0, frame)->kind, 0);
    const struct tls_hello_seen first = *see(store, whole, 0, 3);
    assert_true(first.kind > 0);
    assert_int_equal(first.frame, 3);
    assert_ptr_equal(first.body.p, whole.p + HEADERS);
    assert_int_equal(first.body.n, whole.n - HEADERS);
    assert_true(span_equal(first.name, span_of(apple, strlen(apple))));
    const struct tls_hello_seen second = *see(store, others, 0, 4);
    assert_int_equal(second.kind, first.kind);
    assert_ptr_equal(second.body.p, others.p + HEADERS);
    assert_true(span_equal(second.name, span_of(other_name, strlen(other_name))));
    /* Put together of two segments, it is in neither. */
    const struct tls_hello_seen *joined = see(store, whole, 50, 6);
    assert_int_equal(joined->frame, 6);
    assert_ptr_not_equal(joined->body.p, whole.p + HEADERS);
    buf_done(&record);
    buf_done(&other);
    tls_store_free(store);
    cert_store_free(certs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kind_tells_all_bytes),
        cmocka_unit_test(a_kind_tells_all_extensions),
        cmocka_unit_test(versions_that_say_nothing),
        cmocka_unit_test(fifty_names),
        cmocka_unit_test(not_another),
        cmocka_unit_test(nothing_is_taken_from_what_is_unsound),
        cmocka_unit_test(without_a_name),
        cmocka_unit_test(what_tls_has_seen),
    };
    return cmocka_run_group_tests_name("appid_seen", tests, NULL, NULL);
}
