/* prologue.c: leads both directions through the steps of a prologue; what the grammars share. */
#include "prologue.h"

#include "limits.h"
#include "prologue_grammar.h"
#include "tls_record.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* What is needed while it goes on. */
struct work {
    struct prologue_end ends[2];
    struct prologue_talk talks[PROLOGUES_MAX];
};

struct prologue {
    struct prologue_facts facts;
    struct work *work; /* NULL once both directions have left it */
    uint64_t missing[2];
    int8_t opener;
    bool left[2];  /* the direction's bytes go elsewhere */
    bool begun[2]; /* it has sent some */
    bool agreed;   /* TLS was agreed on, and began */
};

/* --- What the grammars share --- */

bool prologue_fill(struct prologue_end *end, struct cursor *in, size_t need)
{
    struct span part;
    if (end->have >= need)
        return true;
    size_t want = need - end->have;
    if (need > sizeof end->unit || !cursor_bytes(in, &part, want < in->left ? want : in->left) ||
        part.n == 0)
        return false;
    memcpy(end->unit + end->have, part.p, part.n);
    end->have = (uint16_t)(end->have + part.n);
    return end->have >= need;
}

bool prologue_pass(struct prologue_end *end, struct cursor *in)
{
    uint32_t n = end->skip < in->left ? end->skip : (uint32_t)in->left;
    if (!cursor_skip(in, n))
        return false;
    end->skip -= n;
    return end->skip == 0;
}

/* phase and marks are the grammar's: that a line was given is seen by its end in `unit`. */
enum prologue_reading prologue_line(struct span *line, struct prologue_end *end, struct cursor *in)
{
    uint8_t c;
    while (cursor_u8(in, &c)) {
        if (c == '\n' && end->lost) {
            end->lost = false;
            end->have = 0;
        } else if (c == '\n') {
            size_t n = end->have;
            if (n > 0 && end->unit[n - 1] == '\r')
                n--;
            *line = span_of(end->unit, n);
            end->have = 0;
            return READING_END;
        } else if (c < ' ' && c != '\r' && c != '\t') {
            return READING_NOT;
        } else if (end->have < sizeof end->unit) {
            end->unit[end->have++] = c;
        }
    }
    return READING_MORE;
}

bool prologue_word(struct span line, const char *word)
{
    size_t n = strlen(word);
    return line.n >= n && strncasecmp((const char *)line.p, word, n) == 0 &&
           (line.n == n || line.p[n] == ' ');
}

void prologue_name(struct prologue_talk *talk, enum plain_protocol protocol)
{
    if (talk->step->protocol <= PLAIN_UNKNOWN)
        talk->step->protocol = (uint8_t)protocol;
}

void prologue_keep(struct span *kept, struct span text)
{
    if (kept->n > 0 || text.n == 0)
        return;
    size_t n = text.n < LIMIT_PROLOGUE_TARGET ? text.n : LIMIT_PROLOGUE_TARGET;
    *kept = span_of(xmemdup(text.p, n), n);
}

void prologue_keep_address(struct span *kept, struct span address, uint16_t port)
{
    char host[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 16];
    bool ipv6 = address.n == 16;
    if (!inet_ntop(ipv6 ? AF_INET6 : AF_INET, address.p, host, sizeof host))
        return;
    int n = snprintf(text, sizeof text, ipv6 ? "[%s]:%u" : "%s:%u", host, port);
    if (n > 0)
        prologue_keep(kept, span_of(text, (size_t)n));
}

/* --- Steps --- */

bool prologue_recognises(struct span first_bytes)
{
    enum prologue_family family;
    enum prologue_role role;
    return prologue_opening(&family, &role, first_bytes, ROLE_UNKNOWN) && family != FAMILY_UNKNOWN;
}

struct prologue *prologue_new(int opener, bool joined)
{
    struct prologue *prologue = xcalloc(1, sizeof *prologue);
    prologue->work = xcalloc(1, sizeof *prologue->work);
    prologue->opener = (int8_t)opener;
    for (unsigned i = 0; i < PROLOGUES_MAX; i++) {
        struct prologue_step *step = &prologue->facts.steps[i];
        step->offset[0] = step->offset[1] = UINT64_MAX;
        prologue->work->talks[i].step = step;
    }
    for (unsigned i = 0; i < 2; i++)
        prologue->work->ends[i].loose = joined;
    return prologue;
}

/* A direction leaves: its bytes go elsewhere. */
static void leave(struct prologue *prologue, unsigned direction)
{
    if (prologue->left[direction])
        return;
    prologue->left[direction] = true;
    prologue->missing[direction] = prologue->work->ends[direction].missing;
    if (prologue->left[!direction])
        prologue_end(prologue);
}

static void agree(struct prologue *prologue, unsigned direction)
{
    uint8_t steps = prologue->work->ends[direction].step;
    if (prologue->facts.count < steps)
        prologue->facts.count = steps;
    prologue->agreed = prologue->facts.count > 0;
}

/* The direction is in TLS, but nobody knows where that begins. */
static enum prologue_verdict join(struct prologue *prologue, unsigned direction)
{
    struct prologue_end *end = &prologue->work->ends[direction];
    if (end->step < PROLOGUES_MAX && prologue->work->talks[end->step].family != FAMILY_UNKNOWN)
        end->step++;
    agree(prologue, direction);
    leave(prologue, direction);
    return PROLOGUE_LOST;
}

/* What is said here cannot lead to TLS; but if the other end is in TLS this one is, too, and only
 * the grammar does not know how it got there. */
static enum prologue_verdict give_up(struct prologue *prologue, unsigned direction)
{
    if (prologue->agreed && prologue->left[!direction])
        return join(prologue, direction);
    leave(prologue, direction);
    leave(prologue, !direction);
    return PROLOGUE_PLAIN;
}

/* Which role a direction has in whatever it speaks. */
static enum prologue_role role_of(const struct prologue *prologue, unsigned direction)
{
    const struct prologue_end *other = &prologue->work->ends[!direction];
    if (prologue->opener >= 0)
        return prologue->opener == (int)direction ? ROLE_CLIENT : ROLE_SERVER;
    if (prologue->work->ends[direction].role != ROLE_UNKNOWN)
        return (enum prologue_role)prologue->work->ends[direction].role;
    return other->role == ROLE_CLIENT   ? ROLE_SERVER
           : other->role == ROLE_SERVER ? ROLE_CLIENT
                                        : ROLE_UNKNOWN;
}

static enum prologue_reading read_on(struct prologue_talk *talk, struct prologue_end *end,
                                     struct cursor *in)
{
    static prologue_grammar *const grammars[FAMILIES] = {
        [FAMILY_TEXT] = prologue_text,
        [FAMILY_XMPP] = prologue_xmpp,
        [FAMILY_HTTP] = prologue_http,
        [FAMILY_LDAP] = prologue_ldap,
        [FAMILY_POSTGRESQL] = prologue_postgresql,
        [FAMILY_MYSQL] = prologue_mysql,
        [FAMILY_RDP] = prologue_rdp,
        [FAMILY_SOCKS4] = prologue_socks4,
        [FAMILY_SOCKS5] = prologue_socks5,
        [FAMILY_PROXY_1] = prologue_proxy1,
        [FAMILY_PROXY_2] = prologue_proxy2,
    };
    bool finds_back = talk->family == FAMILY_TEXT || talk->family == FAMILY_XMPP;
    if (end->lost && !finds_back) {
        *in = (struct cursor){in->p + in->left, 0};
        return READING_MORE;
    }
    return grammars[talk->family](talk, end, in);
}

/* The first bytes are few, and are read twice: to know whose they are, and by its grammar. */
static enum prologue_reading read_again(struct prologue_talk *talk, struct prologue_end *end)
{
    uint8_t copy[PROLOGUE_UNIT];
    struct cursor again = {copy, end->have};
    memcpy(copy, end->unit, end->have);
    end->have = 0;
    if (again.left == 0)
        return READING_MORE;
    enum prologue_reading reading = read_on(talk, end, &again);
    return again.left > 0 ? READING_NOT : reading;
}

/* After a hole the first bytes may be from the middle of something: the next ones may tell. */
static enum prologue_reading wait_for_opening(struct prologue_end *end, struct cursor *in)
{
    end->have = 0;
    *in = (struct cursor){in->p + in->left, 0};
    return READING_MORE;
}

static enum prologue_reading open_step(struct prologue *prologue, unsigned direction,
                                       struct cursor *in)
{
    struct prologue_end *end = &prologue->work->ends[direction];
    struct prologue_talk *talk = &prologue->work->talks[end->step];
    enum prologue_family family = (enum prologue_family)talk->family;
    enum prologue_role role = role_of(prologue, direction);
    bool told = family != FAMILY_UNKNOWN; /* the other direction has */
    while (family == FAMILY_UNKNOWN) {
        if (end->have == sizeof end->unit)
            return READING_NOT;
        if (!prologue_fill(end, in, end->have + 1u))
            return READING_MORE;
        if (prologue_opening(&family, &role, span_of(end->unit, end->have),
                             role_of(prologue, direction)) &&
            family == FAMILY_UNKNOWN)
            return end->loose ? wait_for_opening(end, in) : READING_NOT;
    }
    talk->family = (uint8_t)family;
    end->role = (uint8_t)role;
    end->opened = true;
    end->lost = told && end->loose;
    return read_again(talk, end);
}

/* On to the next step, in this direction. */
static void end_step(struct prologue *prologue, unsigned direction, uint64_t offset)
{
    struct prologue_end *end = &prologue->work->ends[direction];
    prologue->facts.steps[end->step].offset[direction] = offset;
    *end = (struct prologue_end){.offset = end->offset,
                                 .missing = end->missing,
                                 .step = (uint8_t)(end->step + 1),
                                 .role = end->role,
                                 .loose = end->loose};
}

static void note_frame(struct prologue_step *step, uint64_t frame)
{
    if (step->first_frame == 0 || frame < step->first_frame)
        step->first_frame = frame;
    if (frame > step->last_frame)
        step->last_frame = frame;
}

/* Does a direction begin with TLS, though the other is in clear, and no header of a proxy? */
static bool is_one_sided(const struct prologue *prologue, unsigned direction, struct span bytes)
{
    const struct prologue_end *end = &prologue->work->ends[direction];
    uint8_t family = prologue->work->talks[0].family;
    return !prologue->left[!direction] && end->step == 0 && end->offset == 0 &&
           tls_record_may_begin(bytes) && family != FAMILY_PROXY_1 && family != FAMILY_PROXY_2;
}

/* What follows a hole may be TLS: if the other direction is, or if it looks like a record. */
static bool has_joined(const struct prologue *prologue, unsigned direction, struct span bytes)
{
    const struct prologue_end *end = &prologue->work->ends[direction];
    if (end->lost && prologue->agreed && prologue->left[!direction])
        return true;
    return end->loose && bytes.n >= TLS_RECORD_HEADER && bytes.p[0] < 0x80 &&
           tls_record_may_begin(bytes);
}

/* Reads steps up to the end of the bytes. */
static enum prologue_verdict take_steps(struct prologue *prologue, unsigned direction,
                                        struct cursor *in, uint64_t frame)
{
    struct prologue_end *end = &prologue->work->ends[direction];
    uint64_t from = end->offset;
    size_t all = in->left;
    while (!cursor_done(in)) {
        if (end->step > 0 && !end->opened && end->have == 0 && prologue_may_be_tls(*in->p)) {
            agree(prologue, direction);
            leave(prologue, direction);
            return PROLOGUE_TLS;
        }
        if (end->step == PROLOGUES_MAX)
            return give_up(prologue, direction);
        size_t before = in->left;
        bool opened = end->opened;
        enum prologue_reading reading = opened ? read_on(&prologue->work->talks[end->step], end, in)
                                               : open_step(prologue, direction, in);
        if (in->left < before)
            note_frame(&prologue->facts.steps[end->step], frame);
        if (reading == READING_NOT)
            return give_up(prologue, direction);
        if (reading == READING_END)
            end_step(prologue, direction, from + (all - in->left));
        assert(reading != READING_MORE || !opened || cursor_done(in));
    }
    end->offset = from + all;
    return end->offset > LIMIT_PROLOGUE_BYTES ? give_up(prologue, direction) : PROLOGUE_MORE;
}

enum prologue_verdict prologue_take(struct prologue *prologue, unsigned direction,
                                    struct cursor *in, uint64_t frame)
{
    direction &= 1;
    if (prologue->left[direction])
        return PROLOGUE_TLS;
    if (cursor_done(in))
        return PROLOGUE_MORE;
    if (is_one_sided(prologue, direction, cursor_rest(in))) {
        leave(prologue, direction);
        leave(prologue, !direction);
        return PROLOGUE_ONE_SIDED;
    }
    prologue->begun[direction] = true;
    if (has_joined(prologue, direction, cursor_rest(in)))
        return join(prologue, direction);
    return take_steps(prologue, direction, in, frame);
}

bool prologue_gap(struct prologue *prologue, unsigned direction, uint64_t length)
{
    direction &= 1;
    if (prologue->left[direction])
        return false;
    struct prologue_end *end = &prologue->work->ends[direction];
    prologue->begun[direction] = true;
    end->offset += length;
    end->missing = length;
    end->loose = end->lost = true;
    if (!end->opened)
        end->have = 0;
    return true;
}

uint64_t prologue_missing(const struct prologue *prologue, unsigned direction)
{
    return prologue->missing[direction & 1];
}

bool prologue_has_begun(const struct prologue *prologue, unsigned direction)
{
    return prologue->begun[direction & 1];
}

enum plain_protocol prologue_protocol(const struct prologue *prologue)
{
    uint8_t protocol = prologue->facts.steps[0].protocol;
    return protocol == PLAIN_NONE ? PLAIN_UNKNOWN : (enum plain_protocol)protocol;
}

const struct prologue_facts *prologue_facts(const struct prologue *prologue)
{
    return prologue->agreed ? &prologue->facts : NULL;
}

bool prologue_is_at_work(const struct prologue *prologue)
{
    return prologue->work != NULL;
}

void prologue_end(struct prologue *prologue)
{
    free(prologue->work);
    prologue->work = NULL;
    prologue->left[0] = prologue->left[1] = true;
}

size_t prologue_memory(const struct prologue *prologue)
{
    size_t bytes = sizeof *prologue + (prologue->work ? sizeof *prologue->work : 0);
    for (unsigned i = 0; i < PROLOGUES_MAX; i++)
        bytes += prologue->facts.steps[i].target.n + prologue->facts.steps[i].source.n;
    return bytes;
}

void prologue_free(struct prologue *prologue)
{
    if (!prologue)
        return;
    for (unsigned i = 0; i < PROLOGUES_MAX; i++) {
        free((void *)(uintptr_t)prologue->facts.steps[i].target.p);
        free((void *)(uintptr_t)prologue->facts.steps[i].source.p);
    }
    free(prologue->work);
    free(prologue);
}
