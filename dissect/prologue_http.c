/* prologue_http.c: HTTP/1.x that ends in something else: CONNECT (RFC 9110 section 9.3.6), after
 * which both ends speak what they like, and Upgrade to TLS (RFC 2817). A proxy may first refuse,
 * most often to ask for a password; then the client asks again. */
#include "limits.h"
#include "prologue_grammar.h"

#include <strings.h>

enum { START_LINE, HEADERS, BODY, CHUNK_SIZE, CHUNK, CHUNK_END, TRAILER, DONE };

/* prologue_end.marks */
enum { CONNECT = 1, UPGRADE = 2, LENGTH = 4, CHUNKED = 8 };

/* prologue_talk.asked */
enum { ASKED_NOTHING, ASKED_CONNECT, ASKED_OTHER };

static struct span trim(struct span text)
{
    while (text.n > 0 && (text.p[0] == ' ' || text.p[0] == '\t')) {
        text.p++;
        text.n--;
    }
    return text;
}

/* The value of a header field, n is 0 if the line is another one. */
static struct span value_of(struct span line, const char *name)
{
    size_t n = strlen(name);
    if (line.n <= n || strncasecmp((const char *)line.p, name, n) != 0 || line.p[n] != ':')
        return span_of(NULL, 0);
    return trim(span_of(line.p + n + 1, line.n - n - 1));
}

static bool holds(struct span value, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= value.n; i++)
        if (strncasecmp((const char *)value.p + i, word, n) == 0)
            return true;
    return false;
}

/* A number in base 10 or 16, at most LIMIT_PROLOGUE_BYTES or so: what is longer is given up. */
static bool number(uint32_t *out, struct span text, unsigned base)
{
    uint32_t value = 0;
    size_t i = 0;
    for (; i < text.n; i++) {
        uint8_t c = text.p[i];
        unsigned digit = c >= '0' && c <= '9'   ? c - '0' + 0u
                         : c >= 'a' && c <= 'f' ? c - 'a' + 10u
                         : c >= 'A' && c <= 'F' ? c - 'A' + 10u
                                                : base;
        if (digit >= base)
            break;
        if (value > UINT32_MAX / 32)
            return false;
        value = value * base + digit;
    }
    *out = value;
    return i > 0;
}

/* method target HTTP/1.x: RFC 9112 section 3. */
static bool take_request(struct prologue_talk *talk, struct prologue_end *end, struct span line)
{
    bool connect = prologue_word(line, "CONNECT");
    const uint8_t *first = memchr(line.p, ' ', line.n);
    if (!first)
        return false;
    struct span rest = span_of(first + 1, line.n - (size_t)(first + 1 - line.p));
    const uint8_t *second = memchr(rest.p, ' ', rest.n);
    talk->asked = connect ? ASKED_CONNECT : ASKED_OTHER;
    end->marks = connect ? CONNECT : 0;
    if (connect && second)
        prologue_keep(&talk->step->target, span_of(rest.p, (size_t)(second - rest.p)));
    return second && holds(span_of(second, rest.n - (size_t)(second - rest.p)), "HTTP/1.");
}

/* HTTP/1.x code reason: RFC 9112 section 4. */
static bool take_status(struct prologue_end *end, struct span line)
{
    uint32_t code;
    if (line.n < 12 || !holds(span_of(line.p, 7), "HTTP/1.") ||
        !number(&code, span_of(line.p + 9, 3), 10) || code < 100 || code > 599)
        return false;
    end->code = (uint16_t)code;
    end->marks = 0;
    return true;
}

static bool take_header(struct prologue_end *end, struct span line)
{
    struct span value = value_of(line, "Upgrade");
    if (holds(value, "TLS/"))
        end->marks |= UPGRADE;
    value = value_of(line, "Transfer-Encoding");
    if (holds(value, "chunked"))
        end->marks |= CHUNKED;
    value = value_of(line, "Content-Length");
    if (value.n > 0) {
        end->marks |= LENGTH;
        return number(&end->length, value, 10);
    }
    return true;
}

static bool begin_body(struct prologue_end *end)
{
    if (end->marks & CHUNKED) {
        end->phase = CHUNK_SIZE;
    } else if (end->marks & LENGTH) {
        end->skip = end->length;
        end->phase = BODY;
    } else {
        end->phase = START_LINE;
        return false;
    }
    return true;
}

static bool end_request(struct prologue_end *end)
{
    if (end->marks & CONNECT) {
        end->phase = DONE;
        end->armed = true;
        return true;
    }
    /* RFC 2817 section 3.1: the client may go on in clear while TLS is optional. */
    end->armed = end->armed || end->marks & UPGRADE;
    (void)begin_body(end);
    return end->armed;
}

/* Whether something may follow the response: what is behind the proxy, TLS, another response. */
static bool end_response(struct prologue_talk *talk, struct prologue_end *end)
{
    end->armed = false;
    if (end->code == 101) {
        end->armed = end->marks & UPGRADE;
        end->phase = DONE;
        return end->armed;
    }
    if (end->code < 200) {
        end->phase = START_LINE;
        return true;
    }
    if (end->code < 300 && talk->asked != ASKED_OTHER) {
        end->armed = true;
        end->phase = DONE;
        return true;
    }
    return begin_body(end);
}

static bool take_line(struct prologue_talk *talk, struct prologue_end *end, struct span line)
{
    bool server = end->role == ROLE_SERVER;
    switch (end->phase) {
    case START_LINE:
        if (line.n == 0) /* RFC 9112 section 2.2 */
            return true;
        end->phase = HEADERS;
        return server ? take_status(end, line) : take_request(talk, end, line);
    case HEADERS:
        if (line.n > 0)
            return take_header(end, line);
        return server ? end_response(talk, end) : end_request(end);
    case CHUNK_SIZE:
        if (!number(&end->skip, line, 16))
            return false;
        end->phase = end->skip > 0 ? CHUNK : TRAILER;
        return true;
    case CHUNK_END:
        end->phase = CHUNK_SIZE;
        return line.n == 0;
    default:
        if (line.n == 0)
            end->phase = START_LINE;
        return true;
    }
}

/* Behind a CONNECT comes what is for the other side of the proxy, or, if it was refused, another
 * CONNECT; behind an upgrade TLS. */
static enum prologue_reading at_end(struct prologue_end *end, const struct cursor *in)
{
    bool tls = prologue_may_be_tls(*in->p);
    if (end->role == ROLE_CLIENT && *in->p == 'C') {
        end->phase = START_LINE;
        return READING_MORE;
    }
    bool upgrade = end->role == ROLE_SERVER && end->code == 101;
    return upgrade && !tls ? READING_NOT : READING_END;
}

enum prologue_reading prologue_http(struct prologue_talk *talk, struct prologue_end *end,
                                    struct cursor *in)
{
    struct span line;
    prologue_name(talk, PLAIN_HTTP);
    while (!cursor_done(in)) {
        if (end->phase == DONE && at_end(end, in) != READING_MORE)
            return at_end(end, in);
        if (end->phase == START_LINE && end->have == 0 && end->armed && prologue_may_be_tls(*in->p))
            return READING_END;
        if (end->phase == BODY || end->phase == CHUNK) {
            if (!prologue_pass(end, in))
                return READING_MORE;
            end->phase = end->phase == BODY ? START_LINE : CHUNK_END;
            continue;
        }
        enum prologue_reading reading = prologue_line(&line, end, in);
        if (reading != READING_END)
            return reading;
        if (!take_line(talk, end, line))
            return READING_NOT;
    }
    return READING_MORE;
}
