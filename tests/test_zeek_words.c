/* test_zeek_words.c: conversations, and what Zeek's conn.log calls them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../dissect/zeek_words.h"

/* A conversation as words: end (c or s), flags, payload: "cS" is the client's SYN, "sSA" the
 * server's SYN-ACK, "cD" data, "cC" data cut short by the capture, "cA" an acknowledgment, "cT" the
 * last data again, "cF", "cR", "cX" a RST that brings the last data again. */
static void expect(const char *talk, const char *conn_state, const char *history)
{
    struct zeek_words words = {0};
    uint32_t next[2] = {1000, 9000};
    char got[64], turn[8];
    static const uint8_t bytes[10];
    int n;
    for (const char *at = talk; sscanf(at, "%7s%n", turn, &n) == 1; at += n) {
        unsigned from = turn[0] == 'c' ? 0 : 1;
        struct segment s = {
            .seq = next[from], .ack = next[!from], .window = 1000, .flags = FLAG_ACK};
        switch (turn[1]) {
        case 'S':
            s.flags = turn[2] == 'A' ? FLAG_SYN | FLAG_ACK : FLAG_SYN;
            break;
        case 'C':
        case 'D':
            s.length = 10;
            break;
        case 'X':
            s.flags |= FLAG_RST;
            /* fall through */
        case 'T':
            s.seq -= 10;
            s.length = 10;
            next[from] -= 10;
            break;
        case 'F':
            s.flags |= FLAG_FIN;
            break;
        case 'R':
            s.flags |= FLAG_RST;
            break;
        case 'W':
            s.window = 0;
            break;
        default:
            break;
        }
        s.payload = span_of(bytes, turn[1] == 'C' ? 4 : s.length);
        zeek_take(&words, from, &s);
        next[from] += s.length + (s.flags & FLAG_SYN ? 1 : 0) + (s.flags & FLAG_FIN ? 1 : 0);
    }
    zeek_history(got, sizeof got, &words, 0);
    if (strcmp(zeek_conn_state(&words, 0), conn_state) != 0 || strcmp(got, history) != 0)
        fail_msg("%s: %s %s, not %s %s", talk, zeek_conn_state(&words, 0), got, conn_state,
                 history);
}

static void common_lives(void **state)
{
    (void)state;
    expect("cS", "S0", "S");
    expect("cS cS", "S0", "S"); /* with another number: its numbers begin anew */
    expect("cS sSA cF sF cA cS", "SF", "ShFfAS");
    expect("cS sSA", "S1", "Sh");
    expect("cS sSA cA cD sA sD", "S1", "ShADad");
    expect("cS sSA cA cD sA sD cF sF cA", "SF", "ShADadFf");
    expect("cS sSA cA sF", "S3", "ShAf");
    expect("cS sSA cA cF sA", "S2", "ShAFa");
    expect("cS sR", "REJ", "Sr");
    expect("cS sSA cA cD sR", "RSTR", "ShADr");
    expect("cS sSA cA cD cR", "RSTO", "ShADR");
    expect("cS cR", "RSTOS0", "SR");
    expect("cR", "OTH", "R");
    expect("cS cA cR", "OTH", "SAR");
    expect("cD cR", "OTH", "DR");
    expect("cS sA cR", "RSTOS0", "SaR");
    expect("cS sSA cA cD cX", "RSTO", "ShADRT");
    expect("cS cF", "SH", "SF");
}

static void midway(void **state)
{
    (void)state;
    expect("cD sA sD", "OTH", "Dad");
    expect("sSA cA", "S1", "^hA");
    expect("sSA", "OTH", "^h");
}

static void frequent_events(void **state)
{
    (void)state;
    expect("cS sSA cA cD cT cT", "S1", "ShADT");
    expect("cS sSA cA cD cT cT cT cT cT cT cT cT cT cT", "S1", "ShADTT");
    expect("cS sSA cA sW", "S1", "ShAaw");
}

static void gaps(void **state)
{
    (void)state;
    struct zeek_words words = {0};
    char history[64];
    zeek_gap(&words, 1); /* not of what was never established */
    zeek_history(history, sizeof history, &words, 0);
    assert_string_equal(history, "");
    const struct segment syn = {.flags = FLAG_SYN}, answer = {.flags = FLAG_SYN | FLAG_ACK};
    zeek_take(&words, 0, &syn);
    zeek_take(&words, 1, &answer);
    zeek_gap(&words, 1);
    zeek_history(history, sizeof history, &words, 0);
    assert_string_equal(history, "SWhwg");
    zeek_history(history, sizeof history, &words, 1);
    assert_string_equal(history, "^swHWG");
}

/* Zeek has no use for part of a segment. */
static void cut_segments(void **state)
{
    (void)state;
    expect("cS sSA cA cC", "S1", "ShAD");
    expect("cS sSA cA cC sA", "S1", "ShADaG");
    expect("cS sSA cA cC sA sA cD sA", "S1", "ShADaG");
    expect("cS sSA cA cC sR", "RSTR", "ShADr");
    expect("cS sSA cA cC sF", "S3", "ShADfG");
    expect("cD cC sA", "OTH", "Da");
    expect("cS sSA cA cC sA cC sA cC sA cC sA cC sA cC sA cC sA cC sA cC sA cC sA", "S1",
           "ShADaGG");
}

static void the_history_is_bounded(void **state)
{
    (void)state;
    struct zeek_words words = {0};
    struct segment s = {.flags = FLAG_RST};
    char history[128];
    for (uint32_t i = 0; i < 1000; i++) {
        s.seq = i;
        zeek_take(&words, 0, &s);
    }
    zeek_history(history, sizeof history, &words, 0);
    assert_int_equal(strlen(history), ZEEK_HISTORY_MAX);
    zeek_history(history, 5, &words, 0);
    assert_int_equal(strlen(history), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(common_lives),    cmocka_unit_test(midway),
        cmocka_unit_test(frequent_events), cmocka_unit_test(gaps),
        cmocka_unit_test(cut_segments),    cmocka_unit_test(the_history_is_bounded),
    };
    return cmocka_run_group_tests_name("zeek_words", tests, NULL, NULL);
}
