/* test_prologue.c: dialogues in clear that lead to TLS, cut at every byte and in any order; those
 * that do not lead there; holes; and bytes that are none of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../dissect/limits.h"
#include "../dissect/prologue.h"

enum { CLIENT_SAYS, SERVER_SAYS, LINES_MAX = 12, STREAM_MAX = 4096 };

struct line {
    const char *bytes; /* NULL: no more */
    size_t n;
    unsigned from;
};
#define C(text)                                                                                    \
    {                                                                                              \
        text, sizeof(text) - 1, CLIENT_SAYS                                                        \
    }
#define S(text)                                                                                    \
    {                                                                                              \
        text, sizeof(text) - 1, SERVER_SAYS                                                        \
    }

struct dialogue {
    struct line lines[LINES_MAX];
    enum plain_protocol protocols[PROLOGUES_MAX];
    const char *target, *source; /* of the first step */
    bool in_any_order;           /* each direction says enough by itself */
};

#define XMPP_TLS "urn:ietf:params:xml:ns:xmpp-tls"

static const struct dialogue dialogues[] = {
    {.lines = {S("220 mail.example ESMTP ready\r\n"), C("EHLO me.example\r\n"),
               S("250-mail.example\r\n250-SIZE 1000\r\n250 STARTTLS\r\n"), C("starttls\r\n"),
               S("220 go ahead\r\n")},
     .protocols = {PLAIN_SMTP},
     .in_any_order = true},
    {.lines = {S("220-mail\r\n220 ready\r\n"), C("LHLO me\r\n"), S("250 hello\r\n"), C("NOOP\r\n"),
               S("250 ok\r\n"), C("STARTTLS\r\n"), S("220 go\r\n")},
     .protocols = {PLAIN_SMTP},
     .in_any_order = true},
    {.lines = {S("+OK ready <1@example>\r\n"), C("CAPA\r\n"), S("+OK\r\nSTLS\r\nUSER\r\n.\r\n"),
               C("STLS\r\n"), S("+OK begin\r\n")},
     .protocols = {PLAIN_POP3},
     .in_any_order = true},
    {.lines = {S("* OK [CAPABILITY IMAP4rev2 STARTTLS] ready\r\n"), C("a1 CAPABILITY\r\n"),
               S("* CAPABILITY IMAP4rev2 STARTTLS\r\na1 OK done\r\n"), C("a2 starttls\r\n"),
               S("a2 OK begin\r\n")},
     .protocols = {PLAIN_IMAP},
     .in_any_order = true},
    {.lines = {S("220 ftp.example FTP\r\n"), C("AUTH TLS\r\n"), S("234 go\r\n")},
     .protocols = {PLAIN_FTP},
     .in_any_order = true},
    {.lines = {S("220 ready\r\n"), C("FEAT\r\n"), S("211-Features\r\n AUTH TLS\r\n211 End\r\n"),
               C("AUTH SSL\r\n"), S("234 go\r\n")},
     .protocols = {PLAIN_FTP}},
    {.lines = {S("200 news.example\r\n"), C("CAPABILITIES\r\n"),
               S("101 list:\r\nVERSION 2\r\nSTARTTLS\r\n.\r\n"), C("STARTTLS\r\n"),
               S("382 go\r\n")},
     .protocols = {PLAIN_NNTP}},
    {.lines = {S("\"IMPLEMENTATION\" \"Example\"\r\n\"STARTTLS\"\r\nOK\r\n"), C("STARTTLS\r\n"),
               S("OK \"go\"\r\n")},
     .protocols = {PLAIN_SIEVE}},
    {.lines = {C("<?xml version='1.0'?><stream:stream to='push.example' xmlns='jabber:client' "
                 "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"),
               S("<?xml version='1.0'?><stream:stream from=\"a>b\" version='1.0'>"),
               S("<stream:features><starttls xmlns='" XMPP_TLS "'><required/></starttls>"
                 "</stream:features>"),
               C("<starttls xmlns='" XMPP_TLS "'/>"), S("<proceed xmlns='" XMPP_TLS "'/>")},
     .protocols = {PLAIN_XMPP},
     .in_any_order = true},
    {.lines = {C("<stream:stream version='1.0'>"), S("<stream:stream><stream:features/>"),
               C("<x:starttls xmlns:x='" XMPP_TLS "'></x:starttls>"),
               S("<proceed xmlns='" XMPP_TLS "'></proceed>")},
     .protocols = {PLAIN_XMPP},
     .in_any_order = true},
    {.lines = {C("\x30\x1d\x02\x01\x01\x77\x18\x80\x16"
                 "1.3.6.1.4.1.1466.20037"),
               S("\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00")},
     .protocols = {PLAIN_LDAP},
     .in_any_order = true},
    {.lines = {C("\x30\x84\x00\x00\x00\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00"),
               S("\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00"),
               C("\x30\x84\x00\x00\x00\x1d\x02\x01\x02\x77\x18\x80\x16"
                 "1.3.6.1.4.1.1466.20037"),
               S("\x30\x0c\x02\x01\x02\x78\x07\x0a\x01\x00\x04\x00\x04\x00")},
     .protocols = {PLAIN_LDAP},
     .in_any_order = true},
    {.lines = {C("\0\0\0\x08\x04\xd2\x16\x2f"), S("S")}, .protocols = {PLAIN_POSTGRESQL}},
    {.lines = {C("\0\0\0\x08\x04\xd2\x16\x30"), S("N"), C("\0\0\0\x08\x04\xd2\x16\x2f"), S("S")},
     .protocols = {PLAIN_POSTGRESQL}},
    {.lines = {S("\x4a\0\0\0\x0a"
                 "8.0.36\0\x08\0\0\0"
                 "saltsalt\0\xff\xff\xff\x02\0\xff\xdf\x15\0\0\0\0\0\0\0\0\0\0"
                 "saltsaltsalt\0caching_sha2_password\0"),
               C("\x20\0\0\x01\x85\xae\xff\x19\0\0\0\x01\xff\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                 "\0\0\0\0")},
     .protocols = {PLAIN_MYSQL}},
    {.lines = {C("\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x0b\0\0\0"),
               S("\x03\0\0\x13\x0e\xd0\0\0\0\0\0\x02\0\x08\0\x01\0\0\0")},
     .protocols = {PLAIN_RDP},
     .in_any_order = true},
    {.lines = {C("CONNECT push.example:5223 HTTP/1.1\r\nHost: push.example:5223\r\n\r\n"),
               S("HTTP/1.1 200 Connection established\r\nContent-Length: 0\r\n\r\n")},
     .protocols = {PLAIN_HTTP},
     .target = "push.example:5223",
     .in_any_order = true},
    {.lines = {C("CONNECT push.example:5223 HTTP/1.1\r\n\r\n"),
               S("HTTP/1.1 407 Who are you\r\nContent-Length: 5\r\n\r\nHello"),
               C("CONNECT push.example:5223 HTTP/1.1\r\nProxy-Authorization: Basic xyz\r\n\r\n"),
               S("HTTP/1.1 407 Who\r\nTransfer-Encoding: "
                 "chunked\r\n\r\n5;x=y\r\nHello\r\nA\r\n0123456789"
                 "\r\n0\r\nTrailer: x\r\n\r\n"),
               C("CONNECT push.example:5223 HTTP/1.1\r\nProxy-Authorization: Basic abc\r\n\r\n"),
               S("HTTP/1.1 100 Wait\r\n\r\nHTTP/1.0 200 OK\r\n\r\n")},
     .protocols = {PLAIN_HTTP},
     .target = "push.example:5223"},
    {.lines =
         {C("OPTIONS * HTTP/1.1\r\nHost: a\r\nUpgrade: TLS/1.0\r\nConnection: Upgrade\r\n\r\n"),
          S("HTTP/1.1 101 Switching\r\nUpgrade: TLS/1.0, HTTP/1.1\r\nConnection: Upgrade\r\n\r\n")},
     .protocols = {PLAIN_HTTP},
     .in_any_order = true},
    {.lines = {C("\x05\x01\0"), S("\x05\0"), C("\x05\x01\0\x01\x0a\0\0\x01\x14\x67"),
               S("\x05\0\0\x01\0\0\0\0\0\0")},
     .protocols = {PLAIN_SOCKS5},
     .target = "10.0.0.1:5223"},
    {.lines = {C("\x05\x02\0\x02"), S("\x05\x02"), C("\x01\x02me\x03you"), S("\x01\0"),
               C("\x05\x01\0\x03\x0cpush.example\x14\x67"), S("\x05\0\0\x03\x04host\0\x50")},
     .protocols = {PLAIN_SOCKS5},
     .target = "push.example:5223"},
    {.lines = {C("\x05\x01\0"), S("\x05\0"),
               C("\x05\x01\0\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x01\xbb"),
               S("\x05\0\0\x01\0\0\0\0\0\0")},
     .protocols = {PLAIN_SOCKS5},
     .target = "[2001:db8::1]:443"},
    {.lines = {C("\x04\x01\x01\xbb\x0a\0\0\x02me\0"), S("\0\x5a\0\0\0\0\0\0")},
     .protocols = {PLAIN_SOCKS4},
     .target = "10.0.0.2:443"},
    {.lines = {C("\x04\x01\x01\xbb\0\0\0\x01me\0push.example\0"), S("\0\x5a\0\0\0\0\0\0")},
     .protocols = {PLAIN_SOCKS4},
     .target = "push.example:443"},
    {.lines = {C("PROXY TCP4 192.0.2.1 192.0.2.2 50000 5223\r\n")},
     .protocols = {PLAIN_PROXY},
     .target = "192.0.2.2:5223",
     .source = "192.0.2.1:50000"},
    {.lines = {C("PROXY TCP6 2001:db8::1 2001:db8::2 50000 5223\r\n")},
     .protocols = {PLAIN_PROXY},
     .target = "[2001:db8::2]:5223",
     .source = "[2001:db8::1]:50000"},
    {.lines = {C("PROXY UNKNOWN\r\n")}, .protocols = {PLAIN_PROXY}},
    {.lines = {C(
         "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x10\xc0\0\x02\x01\xc0\0\x02\x02\xc3\x50\x14\x67\x04\0\x01"
         "x")},
     .protocols = {PLAIN_PROXY},
     .target = "192.0.2.2:5223",
     .source = "192.0.2.1:50000"},
    {.lines = {C("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0")}, .protocols = {PLAIN_PROXY}},
    {.lines = {C("CONNECT mail.example:25 HTTP/1.1\r\n\r\n"), S("HTTP/1.1 200 OK\r\n\r\n"),
               S("220 mail ESMTP\r\n"), C("EHLO me\r\n"), S("250 STARTTLS\r\n"), C("STARTTLS\r\n"),
               S("220 go\r\n")},
     .protocols = {PLAIN_HTTP, PLAIN_SMTP},
     .target = "mail.example:25"},
    {.lines = {C("PROXY TCP4 192.0.2.1 192.0.2.2 50000 5432\r\n"), C("\0\0\0\x08\x04\xd2\x16\x2f"),
               S("S")},
     .protocols = {PLAIN_PROXY, PLAIN_POSTGRESQL},
     .target = "192.0.2.2:5432",
     .source = "192.0.2.1:50000"},
};

static const uint8_t record[] = {0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00};

/* A prologue that is fed, and what it said of each direction. */
struct talk {
    struct prologue *prologue;
    enum prologue_verdict verdict[2];
    uint64_t at[2]; /* stream bytes before TLS */
    uint64_t passed[2];
    uint64_t frame;
};

static struct talk talk_begin(int opener, bool joined)
{
    return (struct talk){.prologue = prologue_new(opener, joined)};
}

/* Feeds bytes as a segment of their own, copied so that a read beyond them is seen. */
static void say(struct talk *talk, unsigned from, const void *bytes, size_t n)
{
    uint8_t *copy = xmemdup(bytes, n);
    struct cursor in = {copy, n};
    talk->frame++;
    if (talk->verdict[from] == PROLOGUE_MORE && n > 0) {
        talk->verdict[from] = prologue_take(talk->prologue, from, &in, talk->frame);
        talk->at[from] = talk->passed[from] + (n - in.left);
    }
    talk->passed[from] += n;
    free(copy);
}

static void say_text(struct talk *talk, unsigned from, const char *text)
{
    say(talk, from, text, strlen(text));
}

static void check(const struct dialogue *dialogue, const struct talk *talk, const size_t said[2],
                  unsigned client)
{
    const struct prologue_facts *facts = prologue_facts(talk->prologue);
    const struct prologue_step *first = &facts->steps[0];
    unsigned steps = 0;
    while (steps < PROLOGUES_MAX && dialogue->protocols[steps] != PLAIN_NONE)
        steps++;
    assert_non_null(facts);
    assert_int_equal(facts->count, steps);
    for (unsigned i = 0; i < steps; i++)
        assert_int_equal(facts->steps[i].protocol, dialogue->protocols[i]);
    for (unsigned side = 0; side < 2; side++) {
        assert_int_equal(talk->verdict[side ^ client], PROLOGUE_TLS);
        assert_int_equal(talk->at[side ^ client], said[side]);
        assert_int_equal(facts->steps[steps - 1].offset[side ^ client], said[side]);
    }
    assert_int_equal(first->target.n, dialogue->target ? strlen(dialogue->target) : 0);
    if (dialogue->target)
        assert_memory_equal(first->target.p, dialogue->target, first->target.n);
    assert_int_equal(first->source.n, dialogue->source ? strlen(dialogue->source) : 0);
    if (dialogue->source)
        assert_memory_equal(first->source.p, dialogue->source, first->source.n);
    assert_in_range(first->first_frame, 1, talk->frame);
    assert_in_range(first->last_frame, first->first_frame, talk->frame);
    assert_false(prologue_is_at_work(talk->prologue));
}

/* Runs a dialogue, each line in pieces of `piece` bytes, but for one cut at `cut`. */
static void run(const struct dialogue *dialogue, size_t piece, size_t cut, unsigned client,
                int opener)
{
    struct talk talk = talk_begin(opener, false);
    size_t said[2] = {0, 0};
    for (const struct line *line = dialogue->lines; line->bytes; line++) {
        for (size_t at = 0, n; at < line->n; at += n) {
            n = at == 0 && cut > 0 ? cut : piece;
            n = n < line->n - at ? n : line->n - at;
            say(&talk, line->from ^ client, line->bytes + at, n);
        }
        said[line->from] += line->n;
    }
    for (unsigned side = 0; side < 2; side++)
        say(&talk, side ^ client, record, sizeof record);
    check(dialogue, &talk, said, client);
    prologue_free(talk.prologue);
}

static void dialogues_lead_to_tls(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(dialogues); i++) {
        const struct dialogue *dialogue = &dialogues[i];
        size_t longest = 0;
        for (const struct line *line = dialogue->lines; line->bytes; line++)
            longest = line->n > longest ? line->n : longest;
        for (unsigned client = 0; client < 2; client++)
            for (int known = 0; known < 2; known++) {
                int opener = known ? (int)client : -1;
                run(dialogue, STREAM_MAX, 0, client, opener);
                run(dialogue, 1, 0, client, opener);
                run(dialogue, 3, 0, client, opener);
                for (size_t cut = 1; cut < longest; cut++)
                    run(dialogue, STREAM_MAX, cut, client, opener);
            }
    }
}

/* All that one end says, TLS included, in one piece, before anything of the other's. */
static void directions_stand_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(dialogues); i++) {
        const struct dialogue *dialogue = &dialogues[i];
        for (unsigned first = 0; first < 2 && dialogue->in_any_order; first++) {
            struct talk talk = talk_begin(CLIENT_SAYS, false);
            size_t said[2] = {0, 0};
            for (unsigned turn = 0; turn < 2; turn++) {
                uint8_t stream[STREAM_MAX];
                size_t n = 0;
                for (const struct line *line = dialogue->lines; line->bytes; line++) {
                    if (line->from != (first ^ turn))
                        continue;
                    memcpy(stream + n, line->bytes, line->n);
                    n += line->n;
                }
                said[first ^ turn] = n;
                memcpy(stream + n, record, sizeof record);
                say(&talk, first ^ turn, stream, n + sizeof record);
            }
            check(dialogue, &talk, said, CLIENT_SAYS);
            prologue_free(talk.prologue);
        }
    }
}

/* --- what does not lead to TLS --- */

static void refusals_are_plain(void **state)
{
    (void)state;
    static const struct dialogue cases[] = {
        {.lines = {C("SSH-2.0-OpenSSH\r\n")}},
        {.lines = {C("GET / HTTP/1.1\r\nHost: a\r\n\r\n")}},
        {.lines = {C("CONNECT a:1 HTTP/1.1\r\n\r\n"), S("HTTP/1.1 403 No\r\n\r\n")}},
        {.lines = {C("\0\0\0\x08\x04\xd2\x16\x2f"), S("E")}},
        {.lines = {C("\0\0\0\x29\0\x03\0\0user\0")}},
        {.lines = {C("\x05\x01\0"), S("\x05\xff")}},
        {.lines = {C("\x04\x01\x01\xbb\x0a\0\0\x02me\0"), S("\0\x5b\0\0\0\0\0\0")}},
        {.lines = {S("220 mail SMTP\r\n"), C("EHLO me\r\n"), S("250 ok\r\n"), C("DATA\r\n")}},
        {.lines = {C("\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\0\0\0\0")}},
        {.lines = {C("\x03\0\0\x0b\x06\xe0\0\0\0\0\0")}},
        {.lines = {C("PROXY TCP4 192.0.2.1\r\n")}},
        {.lines = {C("\x30\x80\x02\x01\x01")}},
        {.lines = {C("\x01\xfe")}},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (size_t piece = 1; piece < 200; piece += 199) {
            struct talk talk = talk_begin(CLIENT_SAYS, false);
            enum prologue_verdict last = PROLOGUE_MORE;
            for (const struct line *line = cases[i].lines; line->bytes; line++)
                for (size_t at = 0; at < line->n; at += piece) {
                    say(&talk, line->from, line->bytes + at,
                        piece < line->n - at ? piece : line->n - at);
                    last = talk.verdict[line->from];
                }
            assert_int_equal(last, PROLOGUE_PLAIN);
            assert_null(prologue_facts(talk.prologue));
            assert_false(prologue_is_at_work(talk.prologue));
            prologue_free(talk.prologue);
        }
}

/* A client that was pointed at the wrong port: no STARTTLS, though one end is in clear. */
static void a_hello_to_a_mail_server_is_no_prologue(void **state)
{
    (void)state;
    struct talk talk = talk_begin(CLIENT_SAYS, false);
    say_text(&talk, SERVER_SAYS, "220 mail.example ESMTP\r\n");
    say(&talk, CLIENT_SAYS, record, sizeof record);
    assert_int_equal(talk.verdict[CLIENT_SAYS], PROLOGUE_ONE_SIDED);
    assert_int_equal(talk.at[CLIENT_SAYS], 0);
    assert_null(prologue_facts(talk.prologue));
    prologue_free(talk.prologue);
}

/* A record where STARTTLS was not asked for is no TLS; and letters of it may be in a mail. */
static void records_need_the_grammar(void **state)
{
    (void)state;
    struct talk talk = talk_begin(CLIENT_SAYS, false);
    say_text(&talk, SERVER_SAYS, "220 mail.example ESMTP\r\n");
    say_text(&talk, CLIENT_SAYS, "EHLO me\r\n");
    say(&talk, CLIENT_SAYS, record, sizeof record);
    assert_int_equal(talk.verdict[CLIENT_SAYS], PROLOGUE_PLAIN);
    prologue_free(talk.prologue);

    talk = talk_begin(CLIENT_SAYS, false);
    say_text(&talk, CLIENT_SAYS, "<stream:stream><message><body>proceed</body></message>");
    say(&talk, CLIENT_SAYS, record, sizeof record);
    assert_int_equal(talk.verdict[CLIENT_SAYS], PROLOGUE_PLAIN);
    prologue_free(talk.prologue);
}

/* What the client goes on to say after a refusal is in clear, too. */
static void a_refused_starttls_goes_on(void **state)
{
    (void)state;
    struct talk talk = talk_begin(CLIENT_SAYS, false);
    say_text(&talk, SERVER_SAYS, "220 mail.example ESMTP\r\n");
    say_text(&talk, CLIENT_SAYS, "EHLO me\r\nSTARTTLS\r\n");
    say_text(&talk, SERVER_SAYS, "250 ok\r\n454 not now\r\n");
    say_text(&talk, CLIENT_SAYS, "MAIL FROM:<a@example>\r\n");
    assert_int_equal(talk.verdict[CLIENT_SAYS], PROLOGUE_MORE);
    assert_int_equal(talk.verdict[SERVER_SAYS], PROLOGUE_MORE);
    assert_int_equal(prologue_protocol(talk.prologue), PLAIN_SMTP);
    assert_null(prologue_facts(talk.prologue));
    prologue_free(talk.prologue);
}

static void what_has_no_end_is_given_up(void **state)
{
    (void)state;
    static const char *const beginnings[] = {"220 mail",      "EHLO ",
                                             "<?xml version", "<stream:stream>",
                                             "CONNECT ",      "HTTP/1.1 200 OK\r\na: "};
    char filler[512];
    memset(filler, 'x', sizeof filler);
    for (size_t i = 0; i < COUNT_OF(beginnings); i++) {
        struct talk talk = talk_begin(-1, false);
        say_text(&talk, 0, beginnings[i]);
        for (size_t n = 0; n < LIMIT_PROLOGUE_BYTES; n += sizeof filler)
            say(&talk, 0, filler, sizeof filler);
        assert_int_equal(talk.verdict[0], PROLOGUE_PLAIN);
        assert_false(prologue_is_at_work(talk.prologue));
        prologue_free(talk.prologue);
    }
}

static void a_long_target_is_cut(void **state)
{
    (void)state;
    char name[1000];
    memset(name, 'a', sizeof name);
    memcpy(name, "CONNECT ", 8);
    struct talk talk = talk_begin(0, false);
    say(&talk, 0, name, 300);
    say_text(&talk, 0, ":5223 HTTP/1.1\r\n\r\n");
    say(&talk, 0, record, sizeof record);
    assert_int_equal(talk.verdict[0], PROLOGUE_TLS);
    assert_int_equal(prologue_facts(talk.prologue)->steps[0].target.n, LIMIT_PROLOGUE_TARGET);
    prologue_free(talk.prologue);
}

/* --- holes --- */

static void a_hole_in_a_line_is_passed(void **state)
{
    (void)state;
    struct talk talk = talk_begin(CLIENT_SAYS, false);
    say_text(&talk, SERVER_SAYS, "220 mail.example ESM");
    assert_true(prologue_gap(talk.prologue, SERVER_SAYS, 20));
    say_text(&talk, SERVER_SAYS, "LUS\r\n250 STARTTLS\r\n220 go\r\n");
    say_text(&talk, CLIENT_SAYS, "EHLO me\r\n");
    assert_true(prologue_gap(talk.prologue, CLIENT_SAYS, 10)); /* STARTTLS */
    say(&talk, CLIENT_SAYS, record, sizeof record);
    say(&talk, SERVER_SAYS, record, sizeof record);
    assert_int_equal(talk.verdict[CLIENT_SAYS], PROLOGUE_LOST);
    assert_int_equal(prologue_missing(talk.prologue, CLIENT_SAYS), 10);
    assert_int_equal(talk.verdict[SERVER_SAYS], PROLOGUE_LOST);
    assert_int_equal(prologue_facts(talk.prologue)->steps[0].protocol, PLAIN_SMTP);
    assert_int_equal(prologue_facts(talk.prologue)->steps[0].offset[CLIENT_SAYS], UINT64_MAX);
    assert_false(prologue_gap(talk.prologue, CLIENT_SAYS, 1));
    prologue_free(talk.prologue);
}

/* The server's hello is in a hole: what follows is TLS, as the client's part is. */
static void tls_is_joined_behind_a_hole(void **state)
{
    (void)state;
    struct talk talk = talk_begin(CLIENT_SAYS, false);
    say_text(&talk, CLIENT_SAYS, "<?xml version='1.0'?><stream:stream>");
    say_text(&talk, SERVER_SAYS, "<?xml version='1.0'?><stream:stream><stream:features/>");
    say_text(&talk, CLIENT_SAYS, "<starttls xmlns='" XMPP_TLS "'/>");
    say(&talk, CLIENT_SAYS, record, sizeof record);
    assert_int_equal(talk.verdict[CLIENT_SAYS], PROLOGUE_TLS);
    assert_true(prologue_gap(talk.prologue, SERVER_SAYS, 500));
    say(&talk, SERVER_SAYS, "\x80\x01\x02 certificate", 15);
    assert_int_equal(talk.verdict[SERVER_SAYS], PROLOGUE_LOST);
    assert_int_equal(talk.at[SERVER_SAYS], 54); /* all of the segment is TLS */
    prologue_free(talk.prologue);
}

static void a_dialogue_may_be_joined_midway(void **state)
{
    (void)state;
    assert_true(prologue_recognises(span_of("220 mail.example ESMTP\r\n", 24)));
    assert_false(prologue_recognises(span_of("2", 1)));
    assert_false(prologue_recognises(span_of("ready\r\n", 7)));
    struct talk talk = talk_begin(-1, true);
    say_text(&talk, CLIENT_SAYS, "EHLO me.example\r\n");
    say_text(&talk, SERVER_SAYS, "E 1000\r\n250 STARTTLS\r\n");
    say_text(&talk, CLIENT_SAYS, "STARTTLS\r\n");
    say_text(&talk, SERVER_SAYS, "220 go\r\n");
    say(&talk, CLIENT_SAYS, record, sizeof record);
    say(&talk, SERVER_SAYS, record, sizeof record);
    for (unsigned side = 0; side < 2; side++)
        assert_in_range(talk.verdict[side], PROLOGUE_TLS, PROLOGUE_LOST);
    assert_int_equal(prologue_facts(talk.prologue)->steps[0].protocol, PLAIN_SMTP);
    prologue_free(talk.prologue);
}

static void memory_is_let_go(void **state)
{
    (void)state;
    struct talk talk = talk_begin(0, false);
    size_t at_work = prologue_memory(talk.prologue);
    say_text(&talk, 0, "CONNECT push.example:5223 HTTP/1.1\r\n\r\n");
    assert_true(prologue_memory(talk.prologue) > at_work);
    prologue_end(talk.prologue);
    assert_true(prologue_memory(talk.prologue) < at_work / 2);
    assert_null(prologue_facts(talk.prologue));
    prologue_free(talk.prologue);
    prologue_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dialogues_lead_to_tls),
        cmocka_unit_test(directions_stand_alone),
        cmocka_unit_test(refusals_are_plain),
        cmocka_unit_test(a_hello_to_a_mail_server_is_no_prologue),
        cmocka_unit_test(records_need_the_grammar),
        cmocka_unit_test(a_refused_starttls_goes_on),
        cmocka_unit_test(what_has_no_end_is_given_up),
        cmocka_unit_test(a_long_target_is_cut),
        cmocka_unit_test(a_hole_in_a_line_is_passed),
        cmocka_unit_test(tls_is_joined_behind_a_hole),
        cmocka_unit_test(a_dialogue_may_be_joined_midway),
        cmocka_unit_test(memory_is_let_go),
    };
    return cmocka_run_group_tests_name("prologue", tests, NULL, NULL);
}
