/* fuzz_socket_text.c: any text as a socket table; what was read must stay inside of it, and be
 * compared without harm. */
#include "../../dissect/limits.h"
#include "../../dissect/socket_text.h"

#include <stdlib.h>

static void need(bool good)
{
    if (!good)
        abort();
}

static void check_inside(struct span part, const uint8_t *data, size_t size)
{
    need(part.n == 0 || (part.p >= data && part.p + part.n <= data + size));
}

static void check_end(const struct socket_end *end, const uint8_t *data, size_t size)
{
    static const struct endpoint known[] = {
        {.ip = {17, 172, 232, 142}, .port = 5223},
        {.ip = {0x20, 1, 0x0d, 0xb8, 0x85, 0xa3}, .ipv6 = true, .port = 52501}};
    check_inside(end->host, data, size);
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        bool cut = false;
        if (socket_end_matches(end, &known[i], &cut))
            need(cut || end->at.port == known[i].port);
        cut = false;
        if (socket_end_has_port(end, known[i].port, &cut))
            need(cut == (end->at.port != known[i].port));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct socket_table table = {.name = "fuzz"};
    socket_text_read(&table, span_of(data, size));
    need(table.count <= LIMIT_SOCKET_ROWS);
    need(table.count + table.bad + table.other <= size);
    for (size_t i = 0; i < table.count; i++) {
        const struct socket_row *row = &table.rows[i];
        check_end(&row->local, data, size);
        check_end(&row->remote, data, size);
        check_inside(row->process, data, size);
        need(row->state < SIDE_STATES && row->notsent <= row->send_q);
        need(i == 0 || row->line > table.rows[i - 1].line);
    }
    socket_text_done(&table);
    return 0;
}
