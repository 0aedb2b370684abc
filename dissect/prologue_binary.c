/* prologue_binary.c: protocols of binary messages in which TLS is agreed on: LDAP (RFC 4511 section
 * 4.14), PostgreSQL (its manual, Message Formats: SSLRequest), MySQL (its manual, Protocol::
 * SSLRequest), RDP ([MS-RDPBCGR] 2.2.1.1). TLS begins with the byte after the message. */
#include "limits.h"
#include "prologue_grammar.h"

static bool at_tls(const struct prologue_end *end, const struct cursor *in)
{
    return end->have == 0 && end->skip == 0 && end->armed && prologue_may_be_tls(*in->p);
}

/* --- LDAP: SEQUENCE { messageID, protocolOp … } in BER --- */

enum { LDAP_SEQUENCE = 0x30, LDAP_EXTENDED_REQUEST = 0x77, LDAP_EXTENDED_RESPONSE = 0x78 };
/* What is kept of a message: its head and the whole of an ExtendedRequest of StartTLS. */
enum { LDAP_KEPT = 64 };

/* Reads a tag and a length in definite form. */
static bool ber_head(uint8_t *tag, uint32_t *length, struct cursor *c)
{
    uint8_t first, byte;
    if (!cursor_u8(c, tag) || !cursor_u8(c, &first))
        return false;
    *length = first;
    if (first < 0x80)
        return true;
    if (first == 0x80 || first > 0x84)
        return false;
    *length = 0;
    for (unsigned i = first & 0x7f; i > 0; i--) {
        if (!cursor_u8(c, &byte))
            return false;
        *length = *length << 8 | byte;
    }
    return true;
}

/* Is the message a request or a response that makes TLS begin? */
static bool is_start_tls(struct span message)
{
    static const char oid[] = "1.3.6.1.4.1.1466.20037";
    struct cursor c = cursor_of(message), op;
    struct span id, value;
    uint8_t tag;
    uint32_t length;
    if (!ber_head(&tag, &length, &c) || !ber_head(&tag, &length, &c) || tag != 2 ||
        !cursor_bytes(&c, &id, length) || !ber_head(&tag, &length, &c))
        return false;
    uint8_t operation = tag;
    op = c;
    if (!ber_head(&tag, &length, &op) || !cursor_bytes(&op, &value, length))
        return false;
    if (operation == LDAP_EXTENDED_REQUEST)
        return tag == 0x80 && span_equal(value, span_of(oid, sizeof oid - 1));
    /* resultCode success; a responseName, if there is one, need not be repeated. */
    return operation == LDAP_EXTENDED_RESPONSE && tag == 0x0a && value.n == 1 && value.p[0] == 0;
}

/* Length of head and content, once the head is there; 0 if it is not; UINT32_MAX if it is none. */
static uint32_t ldap_size(const struct prologue_end *end)
{
    struct cursor c = cursor_of(span_of(end->unit, end->have));
    uint8_t tag;
    uint32_t length;
    if (end->unit[0] != LDAP_SEQUENCE || (end->have > 1 && end->unit[1] > 0x84))
        return UINT32_MAX;
    if (!ber_head(&tag, &length, &c))
        return end->have < 6 ? 0 : UINT32_MAX;
    return length > LIMIT_PROLOGUE_BYTES ? UINT32_MAX : length + (uint32_t)(end->have - c.left);
}

enum prologue_reading prologue_ldap(struct prologue_talk *talk, struct prologue_end *end,
                                    struct cursor *in)
{
    prologue_name(talk, PLAIN_LDAP);
    while (!cursor_done(in)) {
        if (at_tls(end, in))
            return READING_END;
        if (!prologue_pass(end, in) || cursor_done(in))
            return READING_MORE;
        uint32_t size = end->have > 0 ? ldap_size(end) : 0;
        if (size == UINT32_MAX)
            return READING_NOT;
        size_t want = size > LDAP_KEPT ? LDAP_KEPT : size > 0 ? size : end->have + 1u;
        if (size == 0 || end->have < want) {
            if (!prologue_fill(end, in, want))
                return READING_MORE;
            size = ldap_size(end);
            if (size == UINT32_MAX)
                return READING_NOT;
        }
        if (size > 0 && end->have == (size > LDAP_KEPT ? LDAP_KEPT : size)) {
            end->armed = is_start_tls(span_of(end->unit, end->have));
            end->skip = size - end->have;
            end->have = 0;
        }
    }
    return READING_MORE;
}

/* --- PostgreSQL: the client asks for TLS or GSSAPI before anything else; a letter answers --- */

enum { PG_REQUEST = 8, PG_SSL = 80877103, PG_GSS = 80877104 };

static enum prologue_reading pg_client(struct prologue_end *end, struct cursor *in)
{
    while (!cursor_done(in)) {
        if (at_tls(end, in))
            return READING_END;
        if (!prologue_fill(end, in, PG_REQUEST))
            return READING_MORE;
        uint32_t code = be32(end->unit + 4);
        if (be32(end->unit) != PG_REQUEST || (code != PG_SSL && code != PG_GSS))
            return READING_NOT;
        end->armed = code == PG_SSL;
        end->have = 0;
    }
    return READING_MORE;
}

static enum prologue_reading pg_server(struct prologue_end *end, struct cursor *in)
{
    uint8_t answer;
    while (!cursor_done(in)) {
        if (at_tls(end, in))
            return READING_END;
        if (!cursor_u8(in, &answer) || (answer != 'S' && answer != 'N'))
            return READING_NOT;
        end->armed = answer == 'S';
    }
    return READING_MORE;
}

enum prologue_reading prologue_postgresql(struct prologue_talk *talk, struct prologue_end *end,
                                          struct cursor *in)
{
    prologue_name(talk, PLAIN_POSTGRESQL);
    return end->role == ROLE_SERVER ? pg_server(end, in) : pg_client(end, in);
}

/* --- MySQL: the server's greeting offers TLS, a short first packet of the client takes it --- */

enum {
    MYSQL_HEADER = 4,
    MYSQL_SSL_REQUEST = 32,
    MYSQL_VERSION_MAX = 128,
    MYSQL_CLIENT_SSL = 0x800
};

/* protocol, version ends with NUL, thread 4, salt 8, filler 1, capabilities 2 */
static bool greeting_offers_tls(struct span packet)
{
    const uint8_t *nul = packet.n > 1 ? memchr(packet.p + 1, 0, packet.n - 1) : NULL;
    if (!nul)
        return false;
    struct cursor c = cursor_of(span_of(nul + 1, packet.n - (size_t)(nul + 1 - packet.p)));
    struct span low;
    return cursor_skip(&c, 13) && cursor_bytes(&c, &low, 2) &&
           (low.p[0] | low.p[1] << 8) & MYSQL_CLIENT_SSL;
}

enum prologue_reading prologue_mysql(struct prologue_talk *talk, struct prologue_end *end,
                                     struct cursor *in)
{
    enum { KEPT = MYSQL_HEADER + 1 + MYSQL_VERSION_MAX + 16 };
    bool server = end->role == ROLE_SERVER;
    prologue_name(talk, PLAIN_MYSQL);
    while (!cursor_done(in)) {
        if (!prologue_pass(end, in) || cursor_done(in))
            return READING_MORE;
        if (end->armed)
            return at_tls(end, in) ? READING_END : READING_NOT;
        if (!prologue_fill(end, in, MYSQL_HEADER))
            return READING_MORE;
        const uint8_t *h = end->unit;
        uint32_t length = (uint32_t)h[0] | (uint32_t)h[1] << 8 | (uint32_t)h[2] << 16;
        if (h[3] != (server ? 0 : 1) || length > LIMIT_PROLOGUE_BYTES ||
            (!server && length != MYSQL_SSL_REQUEST))
            return READING_NOT;
        size_t size = MYSQL_HEADER + (size_t)length, want = size > KEPT ? KEPT : size;
        if (!prologue_fill(end, in, want))
            return READING_MORE;
        struct span packet = span_of(end->unit + MYSQL_HEADER, want - MYSQL_HEADER);
        if (server ? !greeting_offers_tls(packet) : !(packet.p[1] & MYSQL_CLIENT_SSL >> 8))
            return READING_NOT;
        end->armed = true;
        end->skip = (uint32_t)(size - want);
        end->have = 0;
    }
    return READING_MORE;
}

/* --- RDP: TPKT (RFC 1006), X.224 connection request and confirm, each with a negotiation --- */

enum { TPKT_HEADER = 4, X224_HEAD = 7, RDP_NEG = 8, RDP_NEG_REQ = 1, RDP_NEG_RSP = 2 };
/* PROTOCOL_SSL, PROTOCOL_HYBRID, PROTOCOL_HYBRID_EX. Those of Azure come with one of these. */
enum { RDP_TLS = 1 | 2 | 8 };

/* The negotiation is the last part; its protocols are in little endian. */
static bool rdp_agrees(struct span packet, uint8_t kind)
{
    if (packet.n < TPKT_HEADER + X224_HEAD + RDP_NEG)
        return false;
    const uint8_t *neg = packet.p + packet.n - RDP_NEG;
    return neg[0] == kind && neg[2] == RDP_NEG && neg[3] == 0 && neg[4] & RDP_TLS;
}

enum prologue_reading prologue_rdp(struct prologue_talk *talk, struct prologue_end *end,
                                   struct cursor *in)
{
    prologue_name(talk, PLAIN_RDP);
    while (!cursor_done(in)) {
        if (end->armed)
            return at_tls(end, in) ? READING_END : READING_NOT;
        if (!prologue_fill(end, in, TPKT_HEADER))
            return READING_MORE;
        uint16_t size = be16(end->unit + 2);
        if (end->unit[0] != 3 || size < TPKT_HEADER + X224_HEAD || size > PROLOGUE_UNIT)
            return READING_NOT;
        if (!prologue_fill(end, in, size))
            return READING_MORE;
        bool server = end->role == ROLE_SERVER;
        if (!rdp_agrees(span_of(end->unit, size), server ? RDP_NEG_RSP : RDP_NEG_REQ))
            return READING_NOT;
        end->armed = true;
        end->have = 0;
    }
    return READING_MORE;
}
