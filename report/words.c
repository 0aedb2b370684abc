/* words.c: the tables behind words.h. */
#include "words.h"

static const struct word unknown = WORD("unknown");

static const struct word *pick(const struct word *words, size_t count, unsigned value)
{
    return value < count && words[value].n > 0 ? &words[value] : &unknown;
}

#define PICK(words, value) pick(words, COUNT_OF(words), (unsigned)(value))

const struct word *word_side(enum side side)
{
    static const struct word words[] = {
        [CLIENT] = WORD("client"),
        [SERVER] = WORD("server"),
    };
    return PICK(words, side);
}

const struct word *word_state(enum tcp_state state)
{
    static const struct word words[] = {
        [SIDE_CLOSED] = WORD("CLOSED"),
        [SIDE_SYN_SENT] = WORD("SYN_SENT"),
        [SIDE_SYN_RECEIVED] = WORD("SYN_RECEIVED"),
        [SIDE_ESTABLISHED] = WORD("ESTABLISHED"),
        [SIDE_FIN_WAIT_1] = WORD("FIN_WAIT_1"),
        [SIDE_FIN_WAIT_2] = WORD("FIN_WAIT_2"),
        [SIDE_CLOSE_WAIT] = WORD("CLOSE_WAIT"),
        [SIDE_CLOSING] = WORD("CLOSING"),
        [SIDE_LAST_ACK] = WORD("LAST_ACK"),
        [SIDE_TIME_WAIT] = WORD("TIME_WAIT"),
    };
    return PICK(words, state);
}

const struct word *word_client_by(enum client_by by)
{
    static const struct word words[] = {
        [BY_SYN] = WORD("syn"),
        [BY_CLIENT_HELLO] = WORD("client-hello"),
        [BY_WATCHED_PORT] = WORD("watched-port"),
        [BY_PORT_ORDER] = WORD("port-order"),
    };
    return PICK(words, by);
}

const struct word *word_teardown(enum teardown teardown)
{
    static const struct word words[] = {
        [TEARDOWN_OPEN] = WORD("open"),
        [TEARDOWN_GRACEFUL] = WORD("graceful"),
        [TEARDOWN_HALF_CLOSED] = WORD("half-closed"),
        [TEARDOWN_FIN_UNANSWERED] = WORD("fin-unanswered"),
        [TEARDOWN_CLOSING] = WORD("closing"),
        [TEARDOWN_RESET] = WORD("reset"),
        [TEARDOWN_REFUSED] = WORD("refused"),
        [TEARDOWN_UNANSWERED] = WORD("unanswered"),
    };
    return PICK(words, teardown);
}

const struct word *word_closed_by(enum closed_by by)
{
    static const struct word words[] = {
        [CLOSED_BY_NOBODY] = WORD("nobody"),
        [CLOSED_BY_CLIENT] = WORD("client"),
        [CLOSED_BY_SERVER] = WORD("server"),
        [CLOSED_BY_BOTH] = WORD("both"),
    };
    return PICK(words, by);
}

const struct word *word_handshake(enum tcp_handshake handshake)
{
    static const struct word words[] = {
        [HANDSHAKE_MIDSTREAM] = WORD("midstream"), [HANDSHAKE_SYN_ONLY] = WORD("syn-only"),
        [HANDSHAKE_SYN_ACK] = WORD("syn-ack"),     [HANDSHAKE_REFUSED] = WORD("refused"),
        [HANDSHAKE_COMPLETE] = WORD("complete"),
    };
    return PICK(words, handshake);
}

const struct word *word_end_reason(enum end_reason reason)
{
    static const struct word words[] = {
        [ENDED_CLOSED] = WORD("closed"),
        [ENDED_RESET] = WORD("reset"),
        [ENDED_END_OF_CAPTURE] = WORD("end-of-capture"),
        [ENDED_IDLE] = WORD("idle"),
        [ENDED_EVICTED] = WORD("evicted"),
        [ENDED_PORT_REUSED] = WORD("port-reused"),
        [ENDED_INTERVAL] = WORD("interval"),
    };
    return PICK(words, reason);
}

const struct word *word_tls_progress(enum tls_progress progress)
{
    static const struct word words[] = {
        [TLS_MIDSTREAM] = WORD("midstream"),
        [TLS_INCOMPLETE] = WORD("incomplete"),
        [TLS_COMPLETE] = WORD("complete"),
        [TLS_FAILED] = WORD("failed"),
    };
    return PICK(words, progress);
}

const struct word *word_certs_via(enum certs_via via)
{
    static const struct word words[] = {
        [CERTS_PLAIN] = WORD("plain"),
        [CERTS_KEYLOG] = WORD("keylog"),
        [CERTS_ENCRYPTED] = WORD("encrypted"),
        [CERTS_RESUMED] = WORD("resumed"),
        [CERTS_NOT_CAPTURED] = WORD("not-captured"),
        [CERTS_GAP] = WORD("gap"),
        [CERTS_MALFORMED] = WORD("malformed"),
        [CERTS_NOT_REACHED] = WORD("not-reached"),
        [CERTS_ANONYMOUS] = WORD("anonymous"),
    };
    return PICK(words, via);
}

const struct word *word_close_notify(enum close_notify answer)
{
    static const struct word words[] = {
        [CLOSE_NOTIFY_NO] = WORD("no"),
        [CLOSE_NOTIFY_YES] = WORD("yes"),
        [CLOSE_NOTIFY_LIKELY] = WORD("likely"),
    };
    return PICK(words, answer);
}

const struct word *word_plain(enum plain_protocol protocol)
{
    static const struct word words[] = {
        [PLAIN_NONE] = WORD("none"),
        [PLAIN_UNKNOWN] = WORD("unknown"),
        [PLAIN_XMPP] = WORD("xmpp"),
        [PLAIN_HTTP] = WORD("http"),
        [PLAIN_SSH] = WORD("ssh"),
        [PLAIN_SMTP] = WORD("smtp"),
        [PLAIN_POP3] = WORD("pop3"),
        [PLAIN_IMAP] = WORD("imap"),
        [PLAIN_FTP] = WORD("ftp"),
        [PLAIN_NNTP] = WORD("nntp"),
        [PLAIN_SIEVE] = WORD("managesieve"),
        [PLAIN_LDAP] = WORD("ldap"),
        [PLAIN_POSTGRESQL] = WORD("postgresql"),
        [PLAIN_MYSQL] = WORD("mysql"),
        [PLAIN_RDP] = WORD("rdp"),
        [PLAIN_SOCKS4] = WORD("socks4"),
        [PLAIN_SOCKS5] = WORD("socks5"),
        [PLAIN_PROXY] = WORD("proxy-protocol"),
    };
    return PICK(words, protocol);
}

const struct word *word_tls_version(uint16_t version)
{
    static const struct word words[] = {WORD("SSLv3"), WORD("TLSv1.0"), WORD("TLSv1.1"),
                                        WORD("TLSv1.2"), WORD("TLSv1.3")};
    unsigned i = (unsigned)version - TLS_VERSION_SSL3;
    return i < COUNT_OF(words) ? &words[i] : NULL;
}
