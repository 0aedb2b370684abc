/* link_wlan.c: see link_wlan.h. What is before a frame is in the byte order of the host, mostly
 * little-endian. */
#include "link_wlan.h"

static uint16_t le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t le32(const uint8_t *p)
{
    return le16(p) | (uint32_t)le16(p + 2) << 16;
}

/* --- frames --- */

/* Destination, source (6 bytes each), length; so many bytes from LLC on; padding to four bytes. */
enum note link_wlan_more(struct layers *l)
{
    enum { LENGTH = 12, SIZE = 14 };
    struct cursor *more = &l->more, frame;
    struct span header;
    l->c = *more;
    *more = cursor_of(span_of(NULL, 0));
    if (!cursor_bytes(&l->c, &header, SIZE))
        return NOTE_CUT;
    uint16_t length = be16(header.p + LENGTH);
    if (length > l->c.left) { /* the snap length cuts it */
        l->cut = length - (uint32_t)l->c.left;
        return layers_to(l, NEXT_LLC);
    }
    *more = l->c;
    if (!cursor_sub(more, &frame, length))
        return NOTE_CUT;
    if (!cursor_skip(more, -(SIZE + (unsigned)length) & 3u) || more->left < SIZE)
        *more = cursor_of(span_of(NULL, 0));
    l->c = frame;
    l->cut = 0;
    return layers_to(l, NEXT_LLC);
}

enum { LLC_SNAP = 6 }; /* bytes of LLC and SNAP's organisation */

/* A frame that the driver has decrypted may keep its mark; LLC with SNAP follows then, which
 * encrypted bytes begin with once in 2^48 times. */
static bool is_in_clear(const struct cursor *c)
{
    static const uint8_t snap[LLC_SNAP] = {0xaa, 0xaa, 0x03, 0, 0, 0};
    return c->left >= LLC_SNAP && memcmp(c->p, snap, LLC_SNAP) == 0;
}

/* IEEE 802.11 section 9.3.2.1: frame control, duration (16 bits each), three addresses, sequence
 * control (4 bits fragment, 12 number), a fourth address between access points, QoS control, HT
 * control. */
enum note link_wlan(struct layers *l)
{
    enum { SEQUENCE = 22, SIZE = 24, ADDRESS = 6, QOS_CONTROL = 2, HT_CONTROL = 4 };
    enum { TYPE = 0x0c, DATA = 0x08, NO_DATA = 0x40, QOS = 0x80 };                    /* byte 0 */
    enum { DISTRIBUTION = 0x03, MORE_FRAGMENTS = 0x04, PROTECTED = 0x40, HT = 0x80 }; /* byte 1 */
    enum { AGGREGATED = 0x80 }; /* byte 0 of QoS control */
    struct cursor *c = &l->c;
    struct span header, qos;
    bool aggregated = false;
    if (!cursor_bytes(c, &header, SIZE))
        return NOTE_CUT;
    uint8_t kind = header.p[0], flags = header.p[1];
    if ((kind & TYPE) != DATA || kind & NO_DATA || kind & 3) /* the low two: a later version */
        return NOTE_NOT_IP;
    if (flags & MORE_FRAGMENTS || header.p[SEQUENCE] & 0xf)
        return NOTE_FRAGMENT;
    if ((flags & DISTRIBUTION) == DISTRIBUTION && !cursor_skip(c, ADDRESS))
        return NOTE_CUT;
    if (kind & QOS) {
        if (!cursor_bytes(c, &qos, QOS_CONTROL) || (flags & HT && !cursor_skip(c, HT_CONTROL)))
            return NOTE_CUT;
        aggregated = qos.p[0] & AGGREGATED;
    }
    if (flags & PROTECTED && !is_in_clear(c))
        return l->cut && c->left < LLC_SNAP ? NOTE_CUT : NOTE_ENCRYPTED;
    if (!aggregated)
        return layers_to(l, NEXT_LLC);
    l->more = *c;
    return link_wlan_more(l);
}

/* --- what is before them --- */

/* A frame whose driver has put padding behind its header, up to a multiple of four bytes, and says
 * so. */
static enum note padded_wlan(struct layers *l)
{
    const uint8_t *begin = l->c.p;
    enum note note = link_wlan(l);
    size_t header = (size_t)(l->c.p - begin);
    if (note != NOTE_NONE || l->more.left > 0)
        return note;
    return layers_skip(l, -header & 3u) ? NOTE_NONE : NOTE_CUT;
}

/* Version, padding (8 bits each), length (16), a bit for each field that is present (32; the
 * highest: 32 more follow); fields, each at a multiple of its size. */
enum note link_radiotap(struct layers *l)
{
    enum { LENGTH = 2, PRESENT = 4, SIZE = 8, TSFT = 1, FLAGS = 2, PADDED = 0x20 };
    struct cursor whole = l->c, header;
    struct span fixed;
    if (!cursor_bytes(&whole, &fixed, SIZE))
        return NOTE_CUT;
    uint16_t length = le16(fixed.p + LENGTH);
    uint32_t present = le32(fixed.p + PRESENT);
    if (length < SIZE)
        return NOTE_MALFORMED;
    if (!cursor_sub(&l->c, &header, length))
        return NOTE_CUT;
    size_t at = PRESENT;
    while (at + 4 <= length && le32(header.p + at) >> 31)
        at += 4;
    at += 4;
    if (present & TSFT)
        at = ((at + 7) & ~(size_t)7) + 8;
    if (present & FLAGS && at < length && header.p[at] & PADDED)
        return padded_wlan(l);
    return layers_to(l, NEXT_WLAN);
}

/* Version 8021 1xxx, length: 32 bits each, in network byte order; and more. */
enum note link_avs(struct layers *l)
{
    struct cursor ahead = l->c;
    uint32_t version, length;
    if (!cursor_u32(&ahead, &version) || !cursor_u32(&ahead, &length))
        return NOTE_CUT;
    return layers_past(l, length, NEXT_WLAN);
}

/* Message code, message length: 32 bits each; and more. AVS headers come under its name, too. */
enum note link_prism(struct layers *l)
{
    enum { LENGTH = 4, SIZE = 8, LENGTH_MAX = 4096 };
    struct cursor ahead = l->c;
    struct span fixed;
    if (!cursor_bytes(&ahead, &fixed, SIZE))
        return NOTE_CUT;
    if (be32(fixed.p) >> 12 == 0x80211)
        return link_avs(l);
    uint32_t length = le32(fixed.p + LENGTH);
    if (length > LENGTH_MAX)
        length = be32(fixed.p + LENGTH);
    return layers_past(l, length, NEXT_WLAN);
}

/* Version, flags (8 bits each), length (16), link type (32). */
enum note link_ppi(struct layers *l)
{
    enum { LENGTH = 2, LINK = 4, SIZE = 8, ETHERNET = 1, RAW = 101, WLAN = 105, RADIOTAP = 127 };
    struct cursor ahead = l->c;
    struct span fixed;
    if (!cursor_bytes(&ahead, &fixed, SIZE))
        return NOTE_CUT;
    if (le16(fixed.p + LENGTH) < SIZE)
        return NOTE_MALFORMED;
    if (!layers_skip(l, le16(fixed.p + LENGTH)))
        return NOTE_CUT;
    switch (le32(fixed.p + LINK)) {
    case ETHERNET:
        return layers_to(l, ETHERTYPE_BRIDGED);
    case RAW:
        return layers_to(l, NEXT_IP);
    case WLAN:
        return layers_to(l, NEXT_WLAN);
    case RADIOTAP:
        return link_radiotap(l);
    default:
        return NOTE_UNSUPPORTED_LINK;
    }
}
