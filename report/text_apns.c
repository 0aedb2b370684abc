/* text_apns.c: see text_apns.h. What a stream did is seen from kinds and rhythm; what each command
 * was, one by one, is in the JSON report. */
#include "text_apns.h"

#include "names.h"
#include "text_table.h"
#include "timetext.h"

#include <inttypes.h>

/* A line has 80 columns with each at its widest; lengths of ten digits stand over theirs. */
enum { NAME_WIDTH = 16, SIZES_WIDTH = 11, EVERY_WIDTH = 11 };

/* The commands of one kind that one end sent. */
struct kind {
    const struct apns_command *first, *last;
    unsigned count;
    uint32_t least, most; /* length of a body */
};

static bool is_alike(const struct apns_command *a, const struct apns_command *b)
{
    return a->command == b->command && a->direction == b->direction;
}

/* kind_of counts the commands like the one at `at`, of which none comes before it. */
static struct kind kind_of(const struct apns_facts *apns, unsigned at)
{
    const struct apns_command *first = &apns->commands[at];
    struct kind kind = {first, first, 0, first->length, first->length};
    for (unsigned i = at; i < apns->count; i++) {
        const struct apns_command *command = &apns->commands[i];
        if (!is_alike(command, first))
            continue;
        kind.last = command;
        kind.count++;
        kind.least = command->length < kind.least ? command->length : kind.least;
        kind.most = command->length > kind.most ? command->length : kind.most;
    }
    return kind;
}

static bool is_first_of_kind(const struct apns_facts *apns, unsigned at)
{
    for (unsigned i = 0; i < at; i++)
        if (is_alike(&apns->commands[i], &apns->commands[at]))
            return false;
    return true;
}

static void put_sizes(struct buf *out, const struct kind *kind)
{
    size_t begin = out->n;
    buf_printf(out, "%" PRIu32, kind->least);
    if (kind->most > kind->least)
        buf_printf(out, "-%" PRIu32, kind->most);
    terminal_pad(out, (unsigned)(out->n - begin), SIZES_WIDTH);
}

/* How often they came, and what the last one says. */
static void put_rest(struct buf *out, const struct kind *kind)
{
    struct time_room room;
    const struct apns_command *last = kind->last;
    const char *every = "";
    if (kind->count > 1 && last->time != 0)
        every = timetext_about(&room, (last->time - kind->first->time) / (kind->count - 1));
    bool says = last->status >= 0 || last->interval >= 0;
    if (*every || says)
        buf_printf(out, "  %-*s", says ? EVERY_WIDTH : 0, every);
    if (last->status >= 0)
        buf_printf(out, " status %d", last->status);
    if (last->interval >= 0)
        buf_printf(out, " %" PRId32 " min", last->interval);
}

static void put_kind(struct buf *out, const struct flow_record *record, const struct kind *kind)
{
    struct name_room code;
    struct time_room room;
    const char *name = names_apns(kind->first->command);
    buf_printf(out, "  %s %-*s %s %5u ", names_apns_code(&code, kind->first->command), NAME_WIDTH,
               name ? name : "", names_side(side_of_direction(record, kind->first->direction)),
               kind->count);
    put_sizes(out, kind);
    buf_printf(out, " %s",
               kind->first->time != 0 ? timetext_clock(&room, kind->first->time, 0) : "       -");
    put_rest(out, kind);
    buf_printf(out, "\n");
}

static void put_order(struct buf *out, const struct text_style *style,
                      const struct flow_record *record, const struct apns_facts *apns)
{
    struct buf line = {0};
    struct name_room code;
    buf_printf(&line, "In order (> client's, < server's):");
    for (unsigned i = 0; i < apns->count; i++) {
        const struct apns_command *command = &apns->commands[i];
        bool from_client = side_of_direction(record, command->direction) == CLIENT;
        buf_printf(&line, " %s%s", from_client ? ">" : "<",
                   names_apns_code(&code, command->command));
    }
    if (apns->more > 0)
        buf_printf(&line, ", and %" PRIu64 " more that were not kept", apns->more);
    if (apns->gaps > 0)
        buf_printf(&line, "; packets are missing in between (%" PRIu32 " times)", apns->gaps);
    if (apns->malformed)
        buf_printf(&line, "; what follows is no command");
    terminal_wrap(out, style, span_of(line.p, line.n), 2, 4);
    buf_done(&line);
}

void text_apns_flow(struct buf *out, const struct text_style *style,
                    const struct flow_record *record)
{
    const struct apns_facts *apns =
        record->tls && record->tls->extras ? record->tls->extras->apns : NULL;
    if (!apns || apns->count == 0)
        return;
    struct buf title = {0};
    buf_printf(&title, "Flow %" PRIu64 "  ", record->n);
    text_flow_ends(&title, record, true);
    terminal_wrap(out, style, span_of(title.p, title.n), 0, 2);
    buf_done(&title);
    buf_printf(out, "  %-*s from   times %-*s first     %-*s says\n", NAME_WIDTH + 3, "command",
               SIZES_WIDTH, "bytes", EVERY_WIDTH, "every");
    for (unsigned i = 0; i < apns->count; i++) {
        if (!is_first_of_kind(apns, i))
            continue;
        struct kind kind = kind_of(apns, i);
        put_kind(out, record, &kind);
    }
    put_order(out, style, record, apns);
}
