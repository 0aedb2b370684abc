/* socket_text.c: see socket_text.h. A row is told by its words and not by its columns: pasted text
 * has lost those. */
#include "socket_text.h"

#include "limits.h"
#include "socket_field.h"
#include "text_lines.h"

#include <stdlib.h>

enum { WORDS_MAX = 48 };

struct words {
    struct span word[WORDS_MAX];
    size_t count;
    bool indented;
};

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static struct words split(struct span line)
{
    struct words words = {.indented = line.n > 0 && is_blank(line.p[0])};
    for (size_t i = 0; i < line.n && words.count < WORDS_MAX;) {
        while (i < line.n && is_blank(line.p[i]))
            i++;
        size_t begin = i;
        while (i < line.n && !is_blank(line.p[i]))
            i++;
        if (i > begin)
            words.word[words.count++] = span_of(line.p + begin, i - begin);
    }
    return words;
}

static bool begins(struct span word, const char *text)
{
    size_t n = strlen(text);
    return word.n >= n && memcmp(word.p, text, n) == 0;
}

static bool is_word(struct span word, const char *text)
{
    return word.n == strlen(text) && begins(word, text);
}

static bool read_decimal(uint64_t *out, struct span word)
{
    uint64_t value = 0;
    for (size_t i = 0; i < word.n; i++) {
        if (word.p[i] < '0' || word.p[i] > '9' || value > UINT64_MAX / 10 - 1)
            return false;
        value = value * 10 + (uint64_t)(word.p[i] - '0');
    }
    *out = value;
    return word.n > 0;
}

/* --- states --- */

static struct span letters_of(char *room, size_t size, struct span word)
{
    size_t n = 0;
    for (size_t i = 0; i < word.n && n < size; i++)
        if (word.p[i] != '_' && word.p[i] != '-')
            room[n++] = (char)word.p[i];
    return span_of(room, n);
}

/* Three spellings: FIN_WAIT_1 (BSD: netinet/tcp_fsm.h), FIN_WAIT1 (net-tools), FIN-WAIT-1 (ss).
 * Without what joins the words they are one, but for some. */
static bool read_state(struct socket_row *row, struct span word)
{
    static const struct {
        const char *letters;
        uint8_t state;
        bool listening;
    } states[] = {
        {"ESTABLISHED", SIDE_ESTABLISHED, false}, {"ESTAB", SIDE_ESTABLISHED, false},
        {"SYNSENT", SIDE_SYN_SENT, false},        {"SYNRECEIVED", SIDE_SYN_RECEIVED, false},
        {"SYNRCVD", SIDE_SYN_RECEIVED, false},    {"SYNRECV", SIDE_SYN_RECEIVED, false},
        {"FINWAIT1", SIDE_FIN_WAIT_1, false},     {"FINWAIT2", SIDE_FIN_WAIT_2, false},
        {"CLOSEWAIT", SIDE_CLOSE_WAIT, false},    {"CLOSING", SIDE_CLOSING, false},
        {"LASTACK", SIDE_LAST_ACK, false},        {"TIMEWAIT", SIDE_TIME_WAIT, false},
        {"CLOSED", SIDE_CLOSED, false},           {"CLOSE", SIDE_CLOSED, false},
        {"UNCONN", SIDE_CLOSED, false},           {"LISTEN", SIDE_CLOSED, true},
    };
    char room[16];
    struct span letters = letters_of(room, sizeof room, word);
    for (size_t i = 0; i < COUNT_OF(states); i++)
        if (is_word(letters, states[i].letters)) {
            row->state = states[i].state;
            row->listening = states[i].listening;
            return true;
        }
    return false;
}

/* --- what stands behind the addresses --- */

/* `timer:(on,12sec,7)` */
static void read_timer(struct socket_row *row, struct span word)
{
    static const struct {
        const char *name;
        enum socket_timer timer;
    } timers[] = {{"on,", TIMER_ON},
                  {"keepalive,", TIMER_KEEPALIVE},
                  {"timewait,", TIMER_TIMEWAIT},
                  {"persist,", TIMER_PERSIST}};
    struct span inside = span_of(word.p + 7, word.n - 7); /* behind `timer:(` */
    uint64_t tries;
    for (size_t i = 0; i < COUNT_OF(timers); i++)
        if (begins(inside, timers[i].name))
            row->timer = (uint8_t)timers[i].timer;
    size_t begin = inside.n;
    while (begin > 0 && inside.p[begin - 1] != ',')
        begin--;
    if (inside.n > begin + 1 &&
        read_decimal(&tries, span_of(inside.p + begin, inside.n - begin - 1)) &&
        tries <= UINT32_MAX)
        row->tries = (uint32_t)tries;
}

/* `on (12.3/7/0)` of Linux's netstat -o: seconds, retransmissions, probes. */
static void read_netstat_timer(struct socket_row *row, struct span name, struct span numbers)
{
    static const struct {
        const char *name;
        enum socket_timer timer;
    } timers[] = {{"on", TIMER_ON},
                  {"keepalive", TIMER_KEEPALIVE},
                  {"timewait", TIMER_TIMEWAIT},
                  {"probe", TIMER_PERSIST}};
    if (!begins(numbers, "("))
        return;
    for (size_t i = 0; i < COUNT_OF(timers); i++)
        if (is_word(name, timers[i].name))
            row->timer = (uint8_t)timers[i].timer;
    const uint8_t *slash = memchr(numbers.p, '/', numbers.n);
    uint64_t tries;
    if (!slash)
        return;
    struct span rest = span_of(slash + 1, (size_t)(numbers.p + numbers.n - slash - 1));
    size_t n = 0;
    while (n < rest.n && rest.p[n] != '/')
        n++;
    if (read_decimal(&tries, span_of(rest.p, n)) && tries <= UINT32_MAX)
        row->tries = (uint32_t)tries;
}

/* `users:(("apsd",pid=106,fd=7))` */
static void read_users(struct socket_row *row, struct span word)
{
    const uint8_t *begin = memchr(word.p, '"', word.n);
    if (!begin)
        return;
    begin++;
    size_t left = (size_t)(word.p + word.n - begin);
    const uint8_t *end = memchr(begin, '"', left);
    if (end)
        row->process = span_of(begin, (size_t)(end - begin));
}

/* Words that follow the addresses, or stand on the line below: ss -i wraps there. */
static void read_extras(struct socket_row *row, const struct words *words, size_t from)
{
    for (size_t i = from; i < words->count; i++) {
        struct span word = words->word[i];
        if (begins(word, "timer:(")) {
            read_timer(row, word);
        } else if (begins(word, "users:((")) {
            read_users(row, word);
        } else if (begins(word, "notsent:")) {
            uint64_t notsent;
            if (read_decimal(&notsent, span_of(word.p + 8, word.n - 8)) && notsent <= row->send_q)
                row->notsent = notsent;
        } else if (row->dialect == SOCKETS_LINUX && i + 1 < words->count) {
            read_netstat_timer(row, word, words->word[i + 1]);
        }
    }
}

/* --- rows --- */

static bool read_ends(struct socket_row *row, enum socket_dialect dialect,
                      const struct words *words, size_t at, size_t bsd_width)
{
    enum socket_dialect local = dialect, remote = dialect;
    if (words->count < at + 4 || !read_decimal(&row->recv_q, words->word[at]) ||
        !read_decimal(&row->send_q, words->word[at + 1]) ||
        !socket_field_read(&row->local, &local, words->word[at + 2], bsd_width) ||
        !socket_field_read(&row->remote, &remote, words->word[at + 3], bsd_width))
        return false;
    /* `*.*` and a name alone do not tell; what has a colon is not BSD's. */
    if (dialect != SOCKETS_SS)
        dialect = local == SOCKETS_LINUX ? local : remote;
    row->dialect = (uint8_t)dialect;
    return true;
}

/* tcp, tcp4, tcp6, tcp46. */
static bool is_tcp(struct span word)
{
    return begins(word, "tcp") && (word.n == 3 || is_word(word, "tcp4") || is_word(word, "tcp6") ||
                                   is_word(word, "tcp46"));
}

/* Addresses of kernel memory, as -A shows them. */
static bool is_pointer(struct span word)
{
    for (size_t i = 0; i < word.n; i++) {
        uint8_t c = word.p[i] | 32;
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (i == 1 && c == 'x')))
            return false;
    }
    return word.n >= 8 && word.n <= 18;
}

enum row_kind { ROW_NONE, ROW_TCP, ROW_BAD };

/* [Socket] Proto Recv-Q Send-Q Local Foreign (state) */
static enum row_kind read_netstat(struct socket_row *row, const struct words *words, size_t at)
{
    size_t width = at > 0 ? BSD_WIDTH_A : BSD_WIDTH;
    if (!read_ends(row, SOCKETS_LINUX, words, at + 1, width))
        return ROW_BAD;
    if (words->count == at + 5) /* BSD leaves the column empty for a socket that is not connected */
        return row->dialect == SOCKETS_BSD ? ROW_TCP : ROW_BAD;
    if (!read_state(row, words->word[at + 5]))
        return ROW_BAD;
    read_extras(row, words, at + 6);
    return ROW_TCP;
}

/* [Netid] State Recv-Q Send-Q Local:Port Peer:Port [Process] */
static enum row_kind read_ss(struct socket_row *row, const struct words *words, size_t at)
{
    if (!read_ends(row, SOCKETS_SS, words, at + 1, BSD_WIDTH))
        return ROW_BAD;
    read_extras(row, words, at + 5);
    return ROW_TCP;
}

static enum row_kind read_row(struct socket_row *row, const struct words *words)
{
    if (words->count < 2)
        return ROW_NONE;
    size_t at = is_pointer(words->word[0]) && is_tcp(words->word[1]) ? 1 : 0;
    if (is_tcp(words->word[at]) && at + 1 < words->count)
        return read_state(row, words->word[at + 1]) ? read_ss(row, words, at + 1)
                                                    : read_netstat(row, words, at);
    if (read_state(row, words->word[0]))
        return read_ss(row, words, 0);
    return ROW_NONE;
}

static void add_row(struct socket_table *table, const struct socket_row *row)
{
    if (table->count == LIMIT_SOCKET_ROWS) {
        table->more = true;
        return;
    }
    if (table->count == table->cap) {
        table->cap = table->cap ? table->cap * 2 : 64;
        table->rows = xrealloc(table->rows, table->cap * sizeof table->rows[0]);
    }
    table->rows[table->count++] = *row;
}

void socket_text_read(struct socket_table *table, struct span text)
{
    struct text_lines lines = text_lines_of(text);
    struct span line;
    bool below_row = false; /* what is indented here belongs to the row above */
    while (text_lines_next(&lines, &line)) {
        struct words words = split(line);
        struct socket_row row = {.line = lines.number};
        switch (read_row(&row, &words)) {
        case ROW_TCP:
            add_row(table, &row);
            below_row = true;
            continue;
        case ROW_BAD:
            if (table->bad++ == 0)
                table->first_bad = lines.number;
            below_row = false;
            continue;
        case ROW_NONE:
            break;
        }
        if (words.indented && below_row && table->count > 0) {
            read_extras(&table->rows[table->count - 1], &words, 0);
            continue;
        }
        below_row = false;
        struct text_time date;
        if (text_time_date(&date, line))
            table->date = date;
        else
            table->other += words.count > 0;
    }
}

void socket_text_done(struct socket_table *table)
{
    free(table->rows);
    table->rows = NULL;
    table->count = table->cap = 0;
}
