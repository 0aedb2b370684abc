/* test_service.c: which evidence makes a service, and which does not. */
#include "../report/service.h"
#include "records.h"

#include <setjmp.h>

#include <cmocka.h>

static bool has(const struct service *service, const char *evidence)
{
    for (unsigned i = 0; i < SERVICE_EVIDENCE_MAX; i++)
        if (strcmp(word_service_evidence((enum service_evidence)i)->text, evidence) == 0)
            return service->evidence >> i & 1;
    return false;
}

/* A TLS flow to 198.51.100.7:443 that says nothing of itself. */
static void make_mute(struct made_flow *flow)
{
    made_healthy(flow, 1);
    flow->tls.sni = made_text("");
    flow->client_hello.alpn.count = 0;
    flow->server_hello.alpn = made_text("");
    flow->record.ends[SERVER] = (struct endpoint){.ip = {198, 51, 100, 7}, .port = 443};
}

static void move_to_apple(struct made_flow *flow)
{
    flow->record.ends[SERVER] = (struct endpoint){.ip = {17, 57, 144, 4}, .port = 5223};
}

static void the_server_name_decides(void **state)
{
    (void)state;
    struct made_flow flow;
    static const char *const apns[] = {"courier.push.apple.com", "1-COURIER.Push.Apple.Com",
                                       "push.apple.com", "x.push.apple.com."};
    static const char *const others[] = {"push.apple.com.evil.example", "notpush.apple.com",
                                         "apple.com", "", "."};
    for (size_t i = 0; i < COUNT_OF(apns); i++) {
        make_mute(&flow);
        flow.tls.sni = made_text(apns[i]);
        struct service service = service_of(&flow.record);
        assert_string_equal(service.name->text, "apns");
        assert_true(has(&service, "sni"));
        assert_false(has(&service, "address"));
        assert_false(has(&service, "port"));
    }
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        make_mute(&flow);
        flow.tls.sni = made_text(others[i]);
        assert_string_equal(service_of(&flow.record).name->text, "tls");
    }
}

static void the_protocol_decides(void **state)
{
    (void)state;
    struct made_flow flow;
    make_mute(&flow);
    flow.client_hello.alpn.count = 2;
    struct service service = service_of(&flow.record);
    assert_string_equal(service.name->text, "apns");
    assert_true(has(&service, "alpn"));

    flow.server_hello.alpn = made_text("apns-pack-v1:4096:4096"); /* not among those offered */
    assert_string_equal(service_of(&flow.record).name->text, "apns");
    flow.server_hello.alpn = made_text("h2"); /* what was chosen counts, not what was offered */
    assert_string_equal(service_of(&flow.record).name->text, "https");
    flow.server_hello.alpn = made_text("xmpp-client");
    assert_string_equal(service_of(&flow.record).name->text, "xmpp");
}

static void the_certificate_decides(void **state)
{
    (void)state;
    struct made_flow flow;
    make_mute(&flow);
    flow.san[1] = made_text("courier.push.apple.com");
    struct service service = service_of(&flow.record);
    assert_string_equal(service.name->text, "apns");
    assert_true(has(&service, "certificate"));
}

static void an_issuer_needs_the_address(void **state)
{
    (void)state;
    struct made_flow flow;
    make_mute(&flow);
    flow.leaf.issuer = made_text("C=US,O=Apple Inc.,CN=Apple Server Authentication CA");
    assert_string_equal(service_of(&flow.record).name->text, "tls");
    move_to_apple(&flow);
    struct service service = service_of(&flow.record);
    assert_string_equal(service.name->text, "apns");
    assert_true(has(&service, "issuer"));
    assert_true(has(&service, "address"));
    assert_true(has(&service, "port"));
}

/* One that does not parse has no issuer at all. */
static void a_malformed_certificate_is_no_evidence(void **state)
{
    (void)state;
    struct made_flow flow;
    make_mute(&flow);
    flow.leaf.malformed = true;
    flow.leaf.issuer = (struct span){0};
    move_to_apple(&flow);
    struct service service = service_of(&flow.record);
    assert_false(has(&service, "issuer"));
}

static void address_and_port_alone_are_only_likely(void **state)
{
    (void)state;
    struct made_flow flow;
    make_mute(&flow);
    move_to_apple(&flow);
    struct service service = service_of(&flow.record);
    assert_string_equal(service.name->text, "tls");
    assert_true(service.likely_apns);

    flow.record.ends[SERVER].port = 443;
    assert_false(service_of(&flow.record).likely_apns);
    flow.record.ends[SERVER] = (struct endpoint){.ip = {18, 57, 144, 4}, .port = 5223};
    assert_false(service_of(&flow.record).likely_apns);
}

static void apples_ipv6_prefixes(void **state)
{
    (void)state;
    struct made_flow flow;
    make_mute(&flow);
    made_ipv6(&flow); /* the server in 2620:149:a44::/48 */
    flow.record.ends[SERVER].port = 5223;
    assert_true(service_of(&flow.record).likely_apns);
    flow.record.ends[SERVER].ip[5] = 0x45;
    assert_false(service_of(&flow.record).likely_apns);
}

static void payload_without_tls(void **state)
{
    (void)state;
    struct made_flow flow;
    made_plain(&flow, 1, PLAIN_XMPP);
    struct service service = service_of(&flow.record);
    assert_string_equal(service.name->text, "xmpp");
    assert_true(has(&service, "payload"));
    assert_false(service.likely_apns);
    made_plain(&flow, 1, PLAIN_SSH);
    assert_string_equal(service_of(&flow.record).name->text, "ssh");
    made_plain(&flow, 1, PLAIN_UNKNOWN); /* at Apple's address and port, but it is not APNs */
    assert_string_equal(service_of(&flow.record).name->text, "unknown");
    assert_false(service_of(&flow.record).likely_apns);
    made_plain(&flow, 1, PLAIN_NONE);
    assert_string_equal(service_of(&flow.record).name->text, "unknown");
    assert_true(service_of(&flow.record).likely_apns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_server_name_decides),
        cmocka_unit_test(the_protocol_decides),
        cmocka_unit_test(the_certificate_decides),
        cmocka_unit_test(an_issuer_needs_the_address),
        cmocka_unit_test(a_malformed_certificate_is_no_evidence),
        cmocka_unit_test(address_and_port_alone_are_only_likely),
        cmocka_unit_test(apples_ipv6_prefixes),
        cmocka_unit_test(payload_without_tls),
    };
    return cmocka_run_group_tests_name("service", tests, NULL, NULL);
}
