/* test_socket_text.c: what netstat and ss print, quirk by quirk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "../dissect/socket_text.h"

/* The text is copied to its exact size, so that a step beyond it is seen. */
static struct socket_table read_text(const char *text, char **copy)
{
    struct socket_table table = {.name = "test"};
    *copy = xmemdup(text, strlen(text));
    char *exact = malloc(strlen(text) ? strlen(text) : 1);
    assert_non_null(exact);
    memcpy(exact, text, strlen(text));
    free(*copy);
    *copy = exact;
    socket_text_read(&table, span_of(exact, strlen(text)));
    return table;
}

static struct endpoint endpoint_of(const char *ip, uint16_t port)
{
    struct endpoint end = {.port = port, .ipv6 = strchr(ip, ':') != NULL};
    assert_int_equal(inet_pton(end.ipv6 ? AF_INET6 : AF_INET, ip, end.ip), 1);
    return end;
}

/* no, whole, cut */
static char match(const struct socket_end *printed, const char *ip, uint16_t port)
{
    struct endpoint known = endpoint_of(ip, port);
    bool cut = false;
    if (!socket_end_matches(printed, &known, &cut))
        return 'n';
    return cut ? 'c' : 'w';
}

static void mac_with_A(void **state)
{
    (void)state;
    char *copy;
    struct socket_table table = read_text(
        "Active Internet connections (including servers)\n"
        "Socket           Proto Recv-Q Send-Q  Local Address      Foreign Address    (state)    \n"
        "ffffff8013e0b520 tcp4       0    143  10.0.1.7.52652     17.172.232.142.522 FIN_WAIT_1 \n"
        "ffffff8013e0b521 tcp4       5    106  10.0.1.7.52653     17.149.36.68.5223  FIN_WAIT_1 \n"
        "ffffff8013e0b522 tcp4       0      0  192.168.178.123.51 17.172.232.142.52  ESTABLISHED\n"
        "ffffff8013e0b523 tcp6       0      0  2001:db8:85a3:8d3. 2001:db8::1.5223   ESTABLISHED\n"
        "ffffff8013e0b524 tcp46      0      0  *.5223             *.*                LISTEN     \n"
        "ffffff8013e0b525 tcp4       0      0  *.*                *.*                CLOSED     \n"
        "ffffff8013e0b526 udp4       0      0  *.5353             *.*                           \n"
        "ffffff8013e0b527 stream      0      0 ffffff80 0 0 0 /var/run/x\n",
        &copy);
    assert_int_equal(table.count, 5);
    assert_int_equal(table.bad, 1); /* the address of IPv6 is cut before its port */
    assert_int_equal(table.first_bad, 6);
    assert_int_equal(table.other, 4);
    socket_text_done(&table);
    free(copy);
}

static void cut_ports(void **state)
{
    (void)state;
    char *copy;
    struct socket_table table = read_text(
        "ffffff8013e0b520 tcp4       0    143  10.0.1.7.52652     17.172.232.142.522 FIN_WAIT_1 \n"
        "tcp4       0    143  10.0.1.7.52652         17.172.232.142.522     FIN_WAIT_1 \n"
        "ffffff8013e0b522 tcp4       0      0  192.168.178.123.51 17.172.232.142.52  ESTABLISHED\n"
        "ffffff8013e0b522 tcp4       0      0  192.168.1.123.5223 17.172.232.14.5223 ESTABLISHED\n",
        &copy);
    assert_int_equal(table.count, 4);
    const struct socket_row *row = table.rows;
    assert_int_equal(row[0].send_q, 143);
    assert_int_equal(row[0].state, SIDE_FIN_WAIT_1);
    assert_int_equal(row[0].line, 1);
    assert_int_equal(row[0].dialect, SOCKETS_BSD);
    assert_int_equal(match(&row[0].local, "10.0.1.7", 52652), 'w');
    assert_int_equal(match(&row[0].remote, "17.172.232.142", 5223), 'c');
    assert_int_equal(match(&row[0].remote, "17.172.232.142", 5224),
                     'c'); /* it may be that one, too */
    assert_int_equal(match(&row[0].remote, "17.172.232.142", 5323), 'n');
    assert_int_equal(match(&row[0].remote, "17.172.232.142", 522), 'w');
    assert_int_equal(match(&row[0].remote, "17.172.232.143", 5223), 'n');
    /* The same digits in a field that is wider than they are: port 522 and no other. */
    assert_int_equal(match(&row[1].remote, "17.172.232.142", 5223), 'n');
    assert_int_equal(match(&row[1].remote, "17.172.232.142", 522), 'w');
    assert_int_equal(match(&row[2].local, "192.168.178.123", 51234), 'c');
    assert_int_equal(match(&row[2].local, "192.168.178.123", 52234), 'n');
    assert_int_equal(match(&row[2].remote, "17.172.232.142", 5223), 'n'); /* 17 wide: port 52 */
    /* As wide as can be and still whole. */
    assert_int_equal(match(&row[3].local, "192.168.1.123", 5223), 'w');
    assert_int_equal(match(&row[3].local, "192.168.1.123", 52231), 'c');
    bool cut = false;
    assert_true(socket_end_has_port(&row[0].remote, 5223, &cut));
    assert_true(cut);
    cut = false;
    assert_true(socket_end_has_port(&row[3].remote, 5223, &cut));
    assert_false(cut);
    socket_text_done(&table);
    free(copy);
}

static void mac_ipv6(void **state)
{
    (void)state;
    char *copy;
    struct socket_table table = read_text(
        "tcp6       0      0  2001:db8:85a3:8d.52501  2001:db8::1.5223       ESTABLISHED\n"
        "tcp6       0     37  fe80::1%en0.5223        fe80::1c2b%lo0.49152   CLOSE_WAIT \n"
        "tcp46      0      0  *.5223                 *.*                    LISTEN     \n",
        &copy);
    assert_int_equal(table.bad, 0);
    assert_int_equal(table.count, 3);
    const struct socket_row *row = table.rows;
    assert_true(row[0].local.host_cut);
    assert_int_equal(match(&row[0].local, "2001:db8:85a3:8d3:1319:8a2e:370:7348", 52501), 'c');
    assert_int_equal(match(&row[0].local, "2001:db8:85a3:9d3:1319:8a2e:370:7348", 52501), 'n');
    assert_int_equal(match(&row[0].local, "10.0.0.1", 52501), 'n');
    assert_int_equal(match(&row[0].remote, "2001:db8::1", 5223), 'w');
    assert_int_equal(match(&row[1].local, "fe80::1", 5223), 'w');
    assert_int_equal(match(&row[1].remote, "fe80::1c2b", 49152), 'w');
    assert_int_equal(row[1].state, SIDE_CLOSE_WAIT);
    assert_true(row[2].listening);
    assert_true(row[2].local.any_host);
    assert_int_equal(match(&row[2].local, "10.0.0.1", 5223), 'n');
    socket_text_done(&table);
    free(copy);
}

static void states(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        enum tcp_state state;
    } cases[] = {
        {"ESTABLISHED", SIDE_ESTABLISHED}, {"ESTAB", SIDE_ESTABLISHED},
        {"SYN_SENT", SIDE_SYN_SENT},       {"SYN-SENT", SIDE_SYN_SENT},
        {"SYN_RCVD", SIDE_SYN_RECEIVED},   {"SYN_RECEIVED", SIDE_SYN_RECEIVED},
        {"SYN_RECV", SIDE_SYN_RECEIVED},   {"SYN-RECV", SIDE_SYN_RECEIVED},
        {"FIN_WAIT_1", SIDE_FIN_WAIT_1},   {"FIN_WAIT1", SIDE_FIN_WAIT_1},
        {"FIN-WAIT-1", SIDE_FIN_WAIT_1},   {"FIN_WAIT_2", SIDE_FIN_WAIT_2},
        {"FIN_WAIT2", SIDE_FIN_WAIT_2},    {"FIN-WAIT-2", SIDE_FIN_WAIT_2},
        {"CLOSE_WAIT", SIDE_CLOSE_WAIT},   {"CLOSE-WAIT", SIDE_CLOSE_WAIT},
        {"LAST_ACK", SIDE_LAST_ACK},       {"LAST-ACK", SIDE_LAST_ACK},
        {"TIME_WAIT", SIDE_TIME_WAIT},     {"TIME-WAIT", SIDE_TIME_WAIT},
        {"CLOSING", SIDE_CLOSING},         {"CLOSED", SIDE_CLOSED},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char line[160], *copy;
        snprintf(line, sizeof line,
                 "tcp 0 7 192.0.2.1:40000 192.0.2.2:5223 %s\n%s 0 7 "
                 "192.0.2.1:40000 192.0.2.2:5223\n",
                 cases[i].word, cases[i].word);
        struct socket_table table = read_text(line, &copy);
        assert_int_equal(table.count, 2);
        assert_int_equal(table.rows[0].state, cases[i].state);
        assert_int_equal(table.rows[1].state, cases[i].state);
        assert_int_equal(table.rows[0].dialect, SOCKETS_LINUX);
        assert_int_equal(table.rows[1].dialect, SOCKETS_SS);
        socket_text_done(&table);
        free(copy);
    }
}

static char *read_file(const char *path, size_t *n)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = malloc(1 << 20);
    assert_non_null(text);
    *n = fread(text, 1, 1 << 20, file);
    fclose(file);
    return text;
}

static const struct socket_row *row_with(const struct socket_table *table, const char *local_ip,
                                         uint16_t remote_port)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct socket_row *row = &table->rows[i];
        struct endpoint known = endpoint_of(local_ip, row->local.at.port);
        bool cut = false;
        if (row->remote.at.port == remote_port && socket_end_matches(&row->local, &known, &cut))
            return row;
    }
    return NULL;
}

/* Recorded: tests/witness/record_linux.sh. The three tables show the same sockets. */
static void linux_tools(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        enum socket_dialect dialect;
        bool timers, processes;
    } files[] = {{"tests/witness/linux-netstat.txt", SOCKETS_LINUX, true, false},
                 {"tests/witness/linux-ss.txt", SOCKETS_SS, false, true},
                 {"tests/witness/linux-ss-tanoi.txt", SOCKETS_SS, true, false}};
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        size_t n;
        char *text = read_file(files[i].path, &n);
        struct socket_table table = {.name = files[i].path};
        socket_text_read(&table, span_of(text, n));
        assert_int_equal(table.bad, 0);
        assert_int_equal(table.count, 12);
        const struct socket_row *row =
            row_with(&table, "2001:db8:85a3:8d3:1319:8a2e:370:7348", 5223);
        assert_non_null(row);
        assert_int_equal(row->state, SIDE_ESTABLISHED);
        assert_int_equal(row->dialect, files[i].dialect);
        assert_int_equal(match(&row->remote, "2001:db8::1", 5223), 'w');
        /* Only netstat cuts the address. */
        assert_int_equal(row->local.host_cut, files[i].dialect == SOCKETS_LINUX);
        if (files[i].timers)
            assert_int_equal(row->timer, TIMER_KEEPALIVE);
        row = row_with(&table, "192.0.2.100", 5226);
        assert_non_null(row);
        assert_true(row->send_q > 100000);
        if (files[i].timers)
            assert_int_equal(row->timer, TIMER_PERSIST);
        if (files[i].timers && files[i].dialect == SOCKETS_SS)
            assert_int_equal(row->notsent, row->send_q);
        if (files[i].processes)
            assert_memory_equal(row->process.p, "python3", 7);
        row = row_with(&table, "192.0.2.100", 5224);
        assert_non_null(row);
        assert_int_equal(row->state, SIDE_FIN_WAIT_2);
        /* A socket for both families shows IPv4 as IPv6; netstat does not. */
        size_t mapped = 0;
        for (size_t j = 0; j < table.count; j++)
            mapped +=
                match(&table.rows[j].local, "192.0.2.100", 5225) == 'w' && !table.rows[j].listening;
        assert_int_equal(mapped, 1);
        socket_text_done(&table);
        free(text);
    }
}

static void timers(void **state)
{
    (void)state;
    char *copy;
    struct socket_table table = read_text(
        "FIN-WAIT-1 0 144 192.0.2.100:58762 192.0.2.1:5223 timer:(on,12sec,7)\n"
        "\t cubic rto:13312 backoff:6 unacked:4 notsent:20\n"
        "ESTAB 0 0 192.0.2.100%eth0:58763 [2001:db8::1]%eth0:5223 timer:(keepalive,119min,2)\n"
        "tcp 0 1 192.0.2.100:58764 192.0.2.1:5223 SYN_SENT on (2.13/3/0)\n"
        "tcp 0 1 192.0.2.100:58764 192.0.2.1:5223 ESTABLISHED probe (2.13/9/0)\n"
        "Sun May 25 12:10:44 UTC 2014\n"
        "   notsent:1\n",
        &copy);
    assert_int_equal(table.count, 4);
    assert_int_equal(table.rows[0].timer, TIMER_ON);
    assert_int_equal(table.rows[0].tries, 7);
    assert_int_equal(table.rows[0].notsent, 20);
    assert_int_equal(table.rows[1].timer, TIMER_KEEPALIVE);
    assert_int_equal(table.rows[1].tries, 2);
    assert_int_equal(match(&table.rows[1].local, "192.0.2.100", 58763), 'w');
    assert_int_equal(match(&table.rows[1].remote, "2001:db8::1", 5223), 'w');
    assert_int_equal(table.rows[2].timer, TIMER_ON);
    assert_int_equal(table.rows[2].tries, 3);
    assert_int_equal(table.rows[3].timer, TIMER_PERSIST);
    assert_int_equal(table.rows[3].notsent, 0); /* an indented line below something else */
    assert_int_equal(table.date.year, 2014);
    socket_text_done(&table);
    free(copy);
}

static void nonsense(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t bad;
    } cases[] = {
        {"", 0},
        {"\n\r\n\n", 0},
        {"hello world\n", 0},
        {"tcp4 0 0 10.0.1.7.52652 17.172.232.142.99999 FIN_WAIT_1", 1},
        {"tcp4 0 0 10.0.1.300.52652 17.172.232.142.5223 FIN_WAIT_1", 1},
        {"tcp4 x 0 10.0.1.3.52652 17.172.232.142.5223 FIN_WAIT_1", 1},
        {"tcp4 0 99999999999999999999999 10.0.1.3.52652 17.172.232.142.5223 FIN_WAIT_1", 1},
        {"tcp4 0 0 10.0.1.3.52652 17.172.232.142.5223 FINISHED", 1},
        {"tcp 0 0 10.0.1.3:52652 17.172.232.142:5223", 1},
        {"tcp4 0 0", 1},
        {"ESTAB 0 0 :1 :2", 1},
        {"ESTAB 0 0 [::1 [::2", 1},
        {"ESTAB 0 0 1.2.3.4 5.6.7.8", 1},
        {"ESTAB 0 0 push.example:5223 1.2.3.4:5", 1},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (size_t n = 0; n <= strlen(cases[i].text); n++) {
            char *copy, *part = xmemdup(cases[i].text, n);
            struct socket_table table = read_text(part, &copy);
            if (n == strlen(cases[i].text)) {
                assert_int_equal(table.count, 0);
                assert_int_equal(table.bad, cases[i].bad);
            }
            socket_text_done(&table);
            free(copy);
            free(part);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mac_with_A), cmocka_unit_test(cut_ports),   cmocka_unit_test(mac_ipv6),
        cmocka_unit_test(states),     cmocka_unit_test(linux_tools), cmocka_unit_test(timers),
        cmocka_unit_test(nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
