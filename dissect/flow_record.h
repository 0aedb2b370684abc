/* flow_record.h: what is reported of one TCP connection. Values only, and pointers to facts that
 * outlive the call that hands the record out; nothing points into packets. */
#ifndef PUSHWATCH_DISSECT_FLOW_RECORD_H
#define PUSHWATCH_DISSECT_FLOW_RECORD_H

#include "../capture/packet.h"
#include "tls_facts.h"

/* Index of an end's part of a record. */
enum side { CLIENT, SERVER };

struct endpoint {
    uint8_t ip[16]; /* network byte order; IPv4 in the first four */
    uint16_t ipv6;  /* is it? 0 or 1, with no unused byte beside it: keys are compared as words */
    uint16_t port;
};

/* RFC 9293 section 3.3.2. The order is that of a connection's life. */
enum tcp_state {
    SIDE_CLOSED,
    SIDE_SYN_SENT,
    SIDE_SYN_RECEIVED,
    SIDE_ESTABLISHED,
    SIDE_FIN_WAIT_1,
    SIDE_FIN_WAIT_2,
    SIDE_CLOSE_WAIT,
    SIDE_CLOSING,
    SIDE_LAST_ACK,
    SIDE_TIME_WAIT
};
enum { SIDE_STATES = SIDE_TIME_WAIT + 1 };

enum client_by { BY_SYN, BY_CLIENT_HELLO, BY_WATCHED_PORT, BY_PORT_ORDER };

enum teardown {
    TEARDOWN_OPEN,
    TEARDOWN_GRACEFUL,
    TEARDOWN_HALF_CLOSED,
    TEARDOWN_FIN_UNANSWERED,
    TEARDOWN_CLOSING,
    TEARDOWN_RESET,
    TEARDOWN_REFUSED,
    TEARDOWN_UNANSWERED
};
enum { TEARDOWNS = TEARDOWN_UNANSWERED + 1 };

enum closed_by { CLOSED_BY_NOBODY, CLOSED_BY_CLIENT, CLOSED_BY_SERVER, CLOSED_BY_BOTH };

enum tcp_handshake {
    HANDSHAKE_MIDSTREAM,
    HANDSHAKE_SYN_ONLY,
    HANDSHAKE_SYN_ACK,
    HANDSHAKE_REFUSED,
    HANDSHAKE_COMPLETE
};

enum reset_phase { RESET_IN_SYN, RESET_IN_TLS_HANDSHAKE, RESET_IN_DATA, RESET_IN_CLOSING };

enum stuck_cause {
    STUCK_NOT,
    STUCK_UNANSWERED,     /* retransmissions, no answer */
    STUCK_WINDOW_CLOSED,  /* probes answered with window 0 */
    STUCK_DUPLICATE_ACKS, /* the peer acknowledges below what was sent */
    STUCK_SILENCE,        /* no packet at all since */
    STUCK_ANSWERS_LOST    /* sent again although acknowledged: the answers do not arrive */
};

enum end_reason {
    ENDED_CLOSED,
    ENDED_RESET,
    ENDED_END_OF_CAPTURE,
    ENDED_IDLE,
    ENDED_EVICTED,
    ENDED_PORT_REUSED,
    ENDED_INTERVAL
};

/* A TLS record, or a part of one, among the bytes that were not acknowledged. */
struct pending_record {
    uint8_t type;    /* content type; RFC 8446 section 5.1 */
    uint16_t length; /* of the body, as its header says */
    bool partial;    /* begins before or ends after those bytes */
};
enum { PENDING_RECORDS_MAX = 16 };

/* One end of a connection. Times are packet times, 0 if there is none; frames are 0 if none. */
struct end_record {
    enum tcp_state state;
    nanotime since; /* of the packet that put it there */
    uint64_t packets, bytes;
    uint64_t unacked;          /* payload bytes sent and not acknowledged */
    uint64_t unacked_at_reset; /* the same when a reset closed it */
    struct pending_record pending[PENDING_RECORDS_MAX];
    uint8_t pending_count;
    bool pending_more; /* more records than there is room for */
    uint32_t retransmits, out_of_order, dup_acks, keepalives, zero_windows, window_probes;
    uint64_t gap_bytes;
    uint32_t fin, rst;                              /* times sent */
    uint32_t marked_retransmits, marked_keepalives; /* the sending kernel says so */
    uint32_t corrupt; /* segments not used, and in no other count: their checksums are wrong */
    uint64_t fin_frame, fin_last_frame, fin_acked_frame, rst_frame, last_frame;
    nanotime fin_time, fin_last_time, last_time;
    uint8_t ttl_min, ttl_max;
    bool syn_seen; /* the four below are known */
    uint16_t mss;  /* 0 if not given */
    int8_t wscale; /* -1 if not given */
    bool sack, timestamps;
};

struct stuck_record {
    enum stuck_cause cause;
    enum side end;
    nanotime since;        /* first transmission of what is not acknowledged */
    uint32_t attempts;     /* transmissions after the first, or probes */
    nanotime last_attempt; /* 0 if none */
    uint64_t first_frame, last_frame;
};

/* How the RST that ended a connection compares with what its sender sent before and after. */
struct reset_signs {
    nanotime answered;    /* since the oldest of the peer's bytes that it is the first to
                             acknowledge was sent; -1 if it acknowledges none */
    nanotime quiet;       /* since its sender's last packet before it; -1 if there was none */
    uint64_t behind;      /* bytes that its sender had sent beyond its number */
    uint64_t acked;       /* what it, or its sender before it, acknowledges: extended */
    uint64_t alive_frame; /* the first of these: */
    uint32_t alive;       /* its sender's later packets that a closed end would not send: new data,
                             or an acknowledgment of more */
    uint32_t beyond;      /* RSTs of the same end beyond what it had sent */
    uint8_t ttl, ttl_min, ttl_max; /* its own; its sender's before, if ttl_known */
    bool ttl_known;
    bool no_timestamps; /* both ends use them, and it has none */
    bool odd_window;    /* nothing like what its sender last advertised, and not 0 */
    bool odd_id;        /* its IP identification is not of its sender's row */
};

struct tcp_record {
    const char *conn_state; /* Zeek's: base/protocols/conn/main.zeek */
    char history[64];       /* Zeek's, NUL-terminated */
    enum teardown teardown;
    enum closed_by closed_by;
    bool reset; /* the next three are known */
    enum side reset_by;
    enum reset_phase reset_phase;
    uint64_t reset_frame;
    const struct reset_signs *reset_signs; /* NULL if nothing is known */
    enum tcp_handshake handshake;
    nanotime rtt[2]; /* from the observation point to the client, to the server; -1 if unknown */
    nanotime idle_before_close, max_idle, idle_at_end; /* -1 where it does not apply */
    struct stuck_record stuck;
    struct end_record ends[2]; /* by enum side */
};

/* nDPI's opinion: an annotation, never evidence. Texts live as long as the pipeline. */
enum { APP_RISKS_MAX = 16, APP_TEXT_MOST = 56 };
struct app_label {
    char protocol[48];
    const char *category;
    const char *risks[APP_RISKS_MAX];
    uint8_t risk_count;
    bool plain; /* its texts are printable ASCII without quotes and backslashes, and no longer than
                   APP_TEXT_MOST */
};

/* What the first payload bytes are, where they are not TLS: dissect/plain.c, prologue.c. */
enum plain_protocol {
    PLAIN_NONE,    /* no payload seen */
    PLAIN_UNKNOWN, /* payload that is nothing we know */
    PLAIN_XMPP,
    PLAIN_HTTP,
    PLAIN_SSH,
    PLAIN_SMTP,
    PLAIN_POP3,
    PLAIN_IMAP,
    PLAIN_FTP,
    PLAIN_NNTP,
    PLAIN_SIEVE,
    PLAIN_LDAP,
    PLAIN_POSTGRESQL,
    PLAIN_MYSQL,
    PLAIN_RDP,
    PLAIN_SOCKS4,
    PLAIN_SOCKS5,
    PLAIN_PROXY /* the header that load balancers put first */
};

/* What the ends said in clear before they began TLS: one step, or several where one is inside
 * another, such as STARTTLS through a proxy. */
enum { PROLOGUES_MAX = 3 };
struct prologue_step {
    struct span target; /* host:port or address:port that a proxy was asked for; n is 0 if none */
    struct span source; /* address:port for which a proxy speaks; likewise */
    uint64_t first_frame, last_frame; /* that brought its bytes */
    uint64_t offset[2]; /* by direction: stream bytes up to its end; UINT64_MAX if it has none */
    uint8_t protocol;   /* enum plain_protocol */
};
struct prologue_facts {
    struct prologue_step steps[PROLOGUES_MAX]; /* outermost first */
    uint8_t count;
};

/* What one end sent after silences, always as long: likely keep-alives. */
enum { KEEPALIVE_TIMES_MAX = 12 };
struct keepalive_facts {
    nanotime times[KEEPALIVE_TIMES_MAX]; /* of the last ones, ascending, in hundredths of seconds */
    uint32_t count, answers;             /* that its peer sent data soon after */
    uint16_t length, answer_length;      /* of the records' bodies */
    uint8_t direction;                   /* as of tls_facts */
    uint8_t time_count;                  /* 0: none */
};

enum { VLANS_MAX = 4 };

/* What carries packets inside of packets, by the names that reports give them. */
enum tunnel_kind {
    TUNNEL_IPIP,
    TUNNEL_6IN4,
    TUNNEL_4IN6,
    TUNNEL_6IN6,
    TUNNEL_GRE,
    TUNNEL_PPTP,
    TUNNEL_ERSPAN,
    TUNNEL_WCCP,
    TUNNEL_VXLAN,
    TUNNEL_VXLAN_GPE,
    TUNNEL_GENEVE,
    TUNNEL_GTP_U,
    TUNNEL_TEREDO,
    TUNNEL_L2TP,
    TUNNEL_MPLS,
    TUNNEL_ETHERIP,
    TUNNEL_LISP,
    TUNNEL_AYIYA
};
enum { TUNNEL_KINDS = TUNNEL_AYIYA + 1 };

struct tunnel {
    uint8_t kind;     /* enum tunnel_kind */
    uint8_t numbered; /* `number` is given: key, VNI, TEID, session, call */
    uint16_t zero;    /* so that two that are alike have the same bytes */
    uint32_t number;
};

/* Tunnels in tunnels that are followed: three are common (a mirror port's of an overlay's). */
enum { TUNNELS_MAX = 8 };

/* What a packet came in, outermost first. Two that are alike have the same bytes. */
struct outer {
    struct tunnel tunnels[TUNNELS_MAX];
    uint8_t ends[2][16]; /* addresses of the outermost packet: source, destination */
    uint8_t count;
    uint8_t ipv6;
    uint16_t zero;
};

/* Of what has a count or a flag beside it, only as much is set as that tells. */
struct flow_record {
    uint64_t n; /* ordinal by first packet, from 1 */
    nanotime start, end;
    uint64_t first_frame, last_frame;
    struct endpoint ends[2]; /* by enum side */
    enum client_by client_by;
    const char *interface; /* NULL if the capture names none */
    struct packet_process process;
    bool has_process; /* the capture tells it */
    uint16_t vlans[VLANS_MAX];
    uint8_t vlan_count;
    const struct outer *outer; /* of its first packet in a tunnel; NULL if none was */
    unsigned outer_client;     /* index of outer->ends at the client's side */
    struct tcp_record tcp;
    const struct tls_facts *tls;      /* NULL where the flow carries no TLS */
    unsigned client_direction;        /* side of a tls_facts direction d: d ^ client_direction */
    struct keepalive_facts keepalive; /* time_count 0 if none were seen */
    const struct prologue_facts *prologue; /* NULL where TLS did not begin after one */
    enum plain_protocol plain;
    const struct app_label *ndpi; /* NULL: none; it lives as long as the pipeline */
    enum end_reason end_reason;
    bool final; /* false: a snapshot of a flow that goes on */
};

/* side_of_direction translates a direction of record->tls to an end. */
static inline enum side side_of_direction(const struct flow_record *record, unsigned direction)
{
    return (enum side)((direction ^ record->client_direction) & 1);
}

#endif
