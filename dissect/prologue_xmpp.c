/* prologue_xmpp.c: STARTTLS of XMPP: RFC 6120 section 5. The client's <starttls/> and the server's
 * <proceed/> are the last things in clear: TLS begins with the byte after the '>' of either. Only
 * tags are looked at. No byte that begins a TLS record may be in XML text. */
#include "prologue_grammar.h"

enum { IN_TEXT, IN_TAG, IN_QUOTES, IN_APOSTROPHES };

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The name of a tag, without its namespace prefix and the slash of an end tag. */
static struct span name_of(struct span tag)
{
    size_t begin = tag.n > 1 && tag.p[1] == '/' ? 2 : 1, n = begin;
    for (; n < tag.n && !is_space(tag.p[n]) && tag.p[n] != '/' && tag.p[n] != '>'; n++)
        if (tag.p[n] == ':')
            begin = n + 1;
    return n > begin ? span_of(tag.p + begin, n - begin) : span_of(NULL, 0);
}

static bool is(struct span name, const char *word)
{
    return name.n == strlen(word) && memcmp(name.p, word, name.n) == 0;
}

/* Is it the end of the element that is the last in clear? The server's offer, an element of the
 * same name among its features, is never followed by TLS. */
static bool is_last(struct span tag, uint8_t before_end)
{
    struct span name = name_of(tag);
    bool closed = before_end == '/' || (tag.n > 1 && tag.p[1] == '/');
    return closed && (is(name, "starttls") || is(name, "proceed"));
}

static void keep(struct prologue_end *end, uint8_t c)
{
    if (end->have < sizeof end->unit)
        end->unit[end->have++] = c;
}

static bool take_text(struct prologue_end *end, uint8_t c)
{
    if (c == '<') {
        end->have = 0;
        keep(end, c);
        end->phase = IN_TAG;
        end->armed = false;
        return true;
    }
    if (!is_space(c))
        end->armed = false;
    return c >= ' ' || is_space(c);
}

/* end->code is the byte before. */
static void take_tag(struct prologue_end *end, uint8_t c)
{
    if (c == '>') {
        end->armed = is_last(span_of(end->unit, end->have), (uint8_t)end->code);
        end->phase = IN_TEXT;
        end->have = 0;
    } else {
        keep(end, c);
        end->phase = c == '"' ? IN_QUOTES : c == '\'' ? IN_APOSTROPHES : IN_TAG;
    }
}

enum prologue_reading prologue_xmpp(struct prologue_talk *talk, struct prologue_end *end,
                                    struct cursor *in)
{
    uint8_t c;
    prologue_name(talk, PLAIN_XMPP);
    if (end->lost) { /* on to what may be the next tag */
        end->phase = IN_TEXT;
        end->have = 0;
        end->armed = end->lost = false;
    }
    while (!cursor_done(in)) {
        if (end->phase == IN_TEXT && end->armed && prologue_may_be_tls(*in->p))
            return READING_END;
        if (!cursor_u8(in, &c))
            break;
        switch (end->phase) {
        case IN_TEXT:
            if (!take_text(end, c))
                return READING_NOT;
            break;
        case IN_TAG:
            take_tag(end, c);
            break;
        default:
            if (c == (end->phase == IN_QUOTES ? '"' : '\''))
                end->phase = IN_TAG;
            break;
        }
        end->code = c;
    }
    return READING_MORE;
}
