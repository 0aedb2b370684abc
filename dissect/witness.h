/* witness.h: what others than the wire say: a system's socket table, and its log. Values, and spans
 * into the text they were read from. */
#ifndef PUSHWATCH_DISSECT_WITNESS_H
#define PUSHWATCH_DISSECT_WITNESS_H

#include "flow_record.h"
#include "text_time.h"

/* --- sockets --- */

/* Who printed a row: they count and cut differently. */
enum socket_dialect {
    SOCKETS_BSD,   /* netstat of macOS and BSD: a dot before the port */
    SOCKETS_LINUX, /* netstat of net-tools */
    SOCKETS_SS     /* ss of iproute2 */
};

/* One end as it was printed. */
struct socket_end {
    struct endpoint at; /* 0 where it was not printed whole */
    struct span host;   /* the address's text */
    bool any_host;      /* `*`, 0.0.0.0, :: */
    bool any_port;      /* `*` */
    bool host_cut;      /* the field is as wide as it can be: the address may go on */
    bool port_cut;      /* likewise the port: it may have more digits */
};

enum socket_timer {
    TIMER_UNKNOWN,
    TIMER_ON, /* retransmits */
    TIMER_KEEPALIVE,
    TIMER_TIMEWAIT,
    TIMER_PERSIST /* probes a closed window */
};

struct socket_row {
    struct socket_end local, remote;
    uint64_t recv_q, send_q;
    uint64_t notsent;    /* bytes of send_q that were never sent, where ss tells (-i) */
    struct span process; /* n is 0 if it is not told */
    uint32_t line;       /* in its file, from 1 */
    uint32_t tries;      /* what the timer has done so far */
    uint8_t state;       /* enum tcp_state */
    uint8_t timer;       /* enum socket_timer */
    uint8_t dialect;     /* enum socket_dialect */
    bool listening;      /* state means nothing then */
};

/* Where the time of a table is from. */
enum table_time { TABLE_TIME_OPTION, TABLE_TIME_LINE, TABLE_TIME_FILE };

struct socket_table {
    const char *name; /* the file's */
    nanotime taken;
    enum table_time taken_by;
    struct text_time date; /* as the file's own line has it; month is 0 if it has none */
    struct socket_row *rows;
    size_t count, cap;
    uint64_t other;     /* lines of other protocols, headings */
    uint64_t bad;       /* lines that begin as a row and can't be read */
    uint32_t first_bad; /* the first one's number; 0 if none */
    bool more;          /* rows beyond the cap were left out */
};

/* socket_end_matches tells whether an end that was printed is one that is known. *cut is set to
 * true where only the part that was printed could be compared, and is left alone otherwise. */
bool socket_end_matches(const struct socket_end *printed, const struct endpoint *known, bool *cut);

/* socket_end_has_port tells whether its port is, or may be, that one; *cut as above. */
bool socket_end_has_port(const struct socket_end *printed, uint16_t port, bool *cut);

/* --- logs --- */

struct log_line {
    struct text_time printed;
    nanotime time; /* once the year is settled */
    struct span message;
    char *owned;      /* the message's bytes, where they do not stand in the text as they are */
    uint32_t line;    /* in its file, from 1 */
    uint32_t pid;     /* 0: not told */
    uint32_t repeats; /* how often the same came again, as `last message repeated` has it */
};

struct log_file {
    const char *name;
    nanotime written;       /* when it was last written to */
    struct log_line *lines; /* of the process that was asked for, in the file's order */
    size_t count, cap;
    uint64_t other;          /* lines of other processes, headings */
    uint64_t bad;            /* lines that can't be read */
    uint32_t first_bad;      /* the first one's number; 0 if none */
    bool more;               /* lines beyond the cap were left out */
    bool yearless, zoneless; /* some line that is kept does not say it */
};

/* --- all of them --- */

struct witnesses {
    struct socket_table *tables;
    size_t table_count;
    struct log_file *logs;
    size_t log_count;
    const uint16_t *ports; /* what is watched; none: any */
    size_t port_count;
    const char *zone; /* of clocks that do not tell theirs; NULL: UTC, and nobody has said so */
};

#endif
