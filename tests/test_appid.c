/* test_appid.c: nDPI gives a label, and is asked about so many flows at once and no more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../dissect/appid.h"
#include "../dissect/decode.h"
#include "../dissect/limits.h"
#include "craft.h"

/* A segment with `text` as its payload; free the packet's bytes. */
static struct packet crafted(struct segment *segment, const char *text)
{
    struct craft c = {.n = 0};
    craft_ipv4(&c, 6, 20 + strlen(text));
    craft_tcp(&c, 1000, 80, 1, 1, FLAG_ACK, 1000, span_of(NULL, 0), span_of(text, strlen(text)));
    struct packet packet = craft_packet(&c, LINK_RAW);
    assert_int_equal(decode_packet(segment, &packet), NOTE_NONE);
    return packet;
}

static void a_label(void **state)
{
    (void)state;
    struct appid *appid = appid_new();
    struct appid_flow *flow = NULL;
    struct app_label label = {0};
    struct segment segment;
    struct packet packet = crafted(&segment, "GET / HTTP/1.1\r\nHost: push.example\r\n\r\n");
    if (!appid_take(&label, appid, &flow, &segment))
        appid_give_up(&label, appid, &flow);
    assert_null(flow);
    assert_non_null(strstr(label.protocol, "HTTP"));
    free((void *)(uintptr_t)packet.bytes);
    appid_free(appid);
}

static void flows_at_once_are_capped(void **state)
{
    (void)state;
    struct appid *appid = appid_new();
    struct appid_flow **flows = xcalloc(LIMIT_NDPI_FLOWS + 1, sizeof(struct appid_flow *));
    struct app_label label;
    struct segment segment;
    struct packet packet = crafted(&segment, "");
    for (size_t i = 0; i <= LIMIT_NDPI_FLOWS; i++)
        assert_false(appid_take(&label, appid, &flows[i], &segment));
    assert_non_null(flows[LIMIT_NDPI_FLOWS - 1]);
    assert_null(flows[LIMIT_NDPI_FLOWS]);
    appid_forget(&flows[0]);
    assert_false(appid_take(&label, appid, &flows[LIMIT_NDPI_FLOWS], &segment));
    assert_non_null(flows[LIMIT_NDPI_FLOWS]); /* there is room again */
    for (size_t i = 0; i <= LIMIT_NDPI_FLOWS; i++)
        appid_forget(&flows[i]);
    free(flows);
    free((void *)(uintptr_t)packet.bytes);
    appid_free(appid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_label),
        cmocka_unit_test(flows_at_once_are_capped),
    };
    return cmocka_run_group_tests_name("appid", tests, NULL, NULL);
}
