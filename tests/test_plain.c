/* test_plain.c: first bytes and the protocols they belong to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../dissect/plain.h"

static void greetings(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        enum plain_protocol name;
    } cases[] = {
        {"", PLAIN_NONE},
        {"<?xml version='1.0'?><stream:stream xmlns='jabber:client'", PLAIN_XMPP},
        {"<stream:stream to='push.example'", PLAIN_XMPP},
        {"<?xml version='1.0'?><rss>", PLAIN_UNKNOWN},
        {"GET / HTTP/1.1\r\n", PLAIN_HTTP},
        {"CONNECT push.example:5223 HTTP/1.1\r\n", PLAIN_HTTP},
        {"HTTP/1.1 200 OK\r\n", PLAIN_HTTP},
        {"GETTING", PLAIN_UNKNOWN},
        {"SSH-2.0-OpenSSH_9.2", PLAIN_SSH},
        {"220 mail.example ESMTP", PLAIN_SMTP},
        {"EHLO me.example", PLAIN_SMTP},
        {"220 FTP ready", PLAIN_FTP},
        {"220 what", PLAIN_UNKNOWN},
        {"+OK ready", PLAIN_POP3},
        {"* OK IMAP4rev2", PLAIN_IMAP},
        {"\x16\x10\x3a", PLAIN_UNKNOWN},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t n = strlen(cases[i].bytes);
        /* Every shorter beginning must be safe to look at. */
        for (size_t cut = 0; cut <= n; cut++) {
            void *copy = xmemdup(cases[i].bytes, cut);
            enum plain_protocol name = plain_name(span_of(copy, cut));
            if (cut == n)
                assert_int_equal(name, cases[i].name);
            free(copy);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(greetings),
    };
    return cmocka_run_group_tests_name("plain", tests, NULL, NULL);
}
