/* testimony.h: what other witnesses say, held against the wire. */
#ifndef PUSHWATCH_REPORT_TESTIMONY_H
#define PUSHWATCH_REPORT_TESTIMONY_H

#include "../dissect/witness.h"
#include "judge/period.h"
#include "judge/queue_records.h"
#include "timetext.h"

/* What comparing a socket with its connection on the wire gives. */
enum socket_verdict {
    SOCKET_NO_CAPTURE,  /* there is nothing to compare it with */
    SOCKET_UNSEEN,      /* no packet of it is in the capture */
    SOCKET_AGREES,      /* same state, same bytes under way */
    SOCKET_CHANGED,     /* the wire has moved on since the table was printed */
    SOCKET_FIN_HELD,    /* closed by its program, but the FIN waits behind what is sent again */
    SOCKET_OVER,        /* the kernel still lists what has ended on the wire before */
    SOCKET_STATE_OTHER, /* another state than the wire proves */
    SOCKET_QUEUE_OTHER  /* another number of bytes under way */
};
enum { SOCKET_VERDICTS = SOCKET_QUEUE_OTHER + 1 };

/* A socket to or from a watched port. */
struct told_socket {
    const struct socket_table *table;
    const struct socket_row *row;
    enum side side;  /* which end of the connection the table's host is */
    bool cut;        /* an address or port was cut, and only its beginning compared */
    uint64_t queued; /* bytes sent and not acknowledged, as the wire would count them */
    enum socket_verdict verdict;
    uint64_t flow; /* ordinal of the connection on the wire; 0: none. The rest is about it */
    enum tcp_state wire_state;
    uint64_t wire_unacked;
    nanotime wire_start, wire_since, wire_end; /* of the state; of the last packet */
};

/* The sockets of one host in one state, as one table has them. */
enum { PILE_SERVERS_MAX = 64, PILE_SIZES_MAX = 16, PILES_MAX = 64 };
struct told_pile {
    const struct socket_table *table;
    const struct socket_end *host; /* as its first row has it; the port means nothing */
    enum side side;
    enum tcp_state state;
    uint64_t count, of; /* of all sockets of that host and side in the table */
    uint64_t changed;   /* of them the wire shows that they have gone on since then */
    uint64_t probing;   /* a timer of theirs probes a window that is closed */
    struct {
        const struct socket_end *end; /* likewise: of the other end */
        uint64_t count;
    } peers[PILE_SERVERS_MAX]; /* most frequent first */
    size_t peer_count;
    bool more_peers;
    struct queue_size sizes[PILE_SIZES_MAX]; /* of what is not acknowledged; likewise */
    size_t size_count;
    bool more_sizes;
    bool readable; /* the next tells what they hold */
    struct queue_reading reading;
};

/* How well a message's meaning is known. */
enum meaning_surety { MEANING_DOCUMENTED, MEANING_LIKELY };

/* What a message means for the connection that it speaks of. */
enum message_kind {
    MESSAGE_LEAF,     /* the certificate is not the one built in; the connection goes on */
    MESSAGE_DISTRUST, /* the client does not trust the server, and gives up */
    MESSAGE_FAILURE   /* the handshake failed for another reason */
};

/* A message that is known: texts are static clauses. */
struct log_message {
    const char *contains; /* what tells it */
    const char *name;     /* in reports, such as "unrecognized-leaf" */
    enum message_kind kind;
    enum meaning_surety surety;
    const char *meaning, *source;
};

/* A line of the log that is known, and the connection it likely speaks of. */
struct told_line {
    const struct log_file *log;
    const struct log_line *line;
    const struct log_message *message;
    uint64_t flow;           /* 0: none began at that time, or there is no capture */
    const struct cert *leaf; /* that the connection's server showed; NULL if that is not known */
};

/* All lines of one message. */
struct told_message {
    const struct log_message *message;
    uint64_t count; /* repeats included */
    nanotime first, last;
    bool periodic;
    struct period period; /* where it is */
};
enum { TOLD_MESSAGES_MAX = 16 };

struct testimony {
    const struct witnesses *witnesses;
    struct told_socket *sockets; /* by table and line */
    size_t socket_count;
    uint64_t other_sockets;  /* of other ports, or listening */
    struct told_pile *piles; /* by table, host and state; PILES_MAX at most */
    size_t pile_count;
    bool more_piles;
    struct told_line *lines; /* by time */
    size_t line_count;
    struct told_message messages[TOLD_MESSAGES_MAX]; /* by name's place in the table */
    size_t message_count;
    uint64_t other_lines; /* of the same process, that say something else */
    bool captured;        /* there is a capture to compare with */
};

/* testimony_jitter gives how much a rhythm varies. Most logs cut times to seconds: less than one is
 * not told. */
const char *testimony_jitter(struct time_room *room, nanotime jitter);

/* testimony_verdict gives a verdict's name, such as "agrees". */
const char *testimony_verdict(enum socket_verdict verdict);

#endif
