/* tls_kinds.c: a small cache of hellos. What is passed over divides the rest into runs, which are
 * compared; of each hello only these are kept. */
#include "tls_kinds.h"

/* Bytes that are compared; none: a value of RFC 8701 stands there. */
struct run {
    uint16_t at, n;
};

/* Where a hello's spans are. */
static const uint16_t spans[] = {
#define SPAN(field) offsetof(struct tls_hello, field)
    SPAN(body),          SPAN(random), SPAN(ciphers), SPAN(extensions),
    SPAN(sni),           SPAN(alpn),   SPAN(groups),  SPAN(signature_algorithms),
    SPAN(point_formats), SPAN(scts)
#undef SPAN
};

/* Of a hello: all but what is known of it, and its spans. */
enum {
    PLAIN_AT = offsetof(struct tls_hello, legacy_version),
    PLAIN_END = offsetof(struct tls_hello, certificate_types) + 2 * sizeof(uint8_t)
};

/* Small, for what is compared with each hello should be near. The bytes of all runs follow these.
 */
struct tls_kind {
    uint32_t size; /* see size_of */
    uint32_t run_count;
    uint8_t plain[PLAIN_END - PLAIN_AT];
    struct run parts[COUNT_OF(spans)]; /* where the spans are in its body */
    struct run runs[];
};

/* --- a look at a hello --- */

enum { RANDOM_AT = 2, SESSION_AT = RANDOM_AT + 32, FIRST_SUITE = 2 * sizeof(uint16_t) };

/* A hello's length, and in the lowest bit whose it is. */
static uint32_t size_of(bool server, struct span body)
{
    return (uint32_t)body.n << 1 | server;
}

/* What tells a hello from most others: its length, and eight bytes of it. Those follow the first
 * cipher suite, which may be one of RFC 8701; in a ServerHello they are what the first extensions
 * begin with. Returns false if it is too short or too long. */
static bool glance_at(uint64_t *glance, bool server, struct span body)
{
    uint64_t eight;
    if (body.n > TLS_KIND_MOST || body.n <= SESSION_AT)
        return false;
    size_t at = SESSION_AT + 1u + body.p[SESSION_AT] + FIRST_SUITE;
    if (at + sizeof eight > body.n)
        return false;
    memcpy(&eight, body.p + at, sizeof eight);
    *glance = (eight ^ size_of(server, body)) * UINT64_C(0x9e3779b97f4a7c15);
    return true;
}

static struct tls_kind_place *set_of(struct tls_kinds *kinds, uint64_t glance)
{
    return kinds->sets[(glance >> 32) % TLS_KIND_SETS];
}

/* --- finding --- */

static bool is_alike(const struct tls_kind *kind, const uint8_t *body)
{
    const struct run *run = kind->runs, *end = run + kind->run_count;
    const uint8_t *bytes = (const uint8_t *)end;
    for (; run < end; bytes += run->n, run++) {
        if (run->n == 0 ? !tls_is_grease(be16(body + run->at))
                        : memcmp(bytes, body + run->at, run->n) != 0)
            return false;
    }
    return true;
}

static struct span *span_at(struct tls_hello *hello, unsigned i)
{
    return (struct span *)(void *)((char *)hello + spans[i]);
}

/* recall sets a hello as a kind was read, but for what is known of it. */
static void recall(struct tls_hello *hello, const struct tls_kind *kind, struct span body)
{
    memcpy((char *)hello + PLAIN_AT, kind->plain, sizeof kind->plain);
    for (unsigned i = 0; i < COUNT_OF(spans); i++)
        *span_at(hello, i) = span_of(body.p + kind->parts[i].at, kind->parts[i].n);
}

static void put_first(struct tls_kind_place *set, unsigned at, struct tls_kind_place first)
{
    for (; at > 0; at--)
        set[at] = set[at - 1];
    set[0] = first;
}

bool tls_kinds_find(struct tls_kinds *kinds, struct tls_hello *hello, bool server, struct span body)
{
    uint64_t glance;
    if (!glance_at(&glance, server, body))
        return false;
    struct tls_kind_place *set = set_of(kinds, glance);
    for (unsigned i = 0; i < TLS_KIND_WAYS && set[i].kind; i++) {
        const struct tls_kind *kind = set[i].kind;
        if (set[i].glance != glance)
            continue;
        intern_prefetch(set[i].facts);
        if (kind->size != size_of(server, body) || !is_alike(kind, body.p))
            continue;
        /* A HelloRetryRequest is told by its random. */
        if (server && tls_hello_is_retry(body.p + RANDOM_AT))
            return false;
        if (i > 0)
            put_first(set, i, set[i]);
        hello->known = set[0].facts;
        hello->kind = set[0].number;
        recall(hello, kind, body);
        return true;
    }
    return false;
}

/* --- adding --- */

/* What is passed over is told from the first byte to the last. */
struct layout {
    struct span body;
    size_t at; /* what is before it is in the runs, or passed over */
    struct run runs[TLS_KIND_RUNS];
    unsigned count;
    bool full;
};

static void add_run(struct layout *layout, size_t at, size_t n)
{
    layout->full = layout->full || layout->count == TLS_KIND_RUNS;
    if (layout->full)
        return;
    layout->runs[layout->count++] = (struct run){(uint16_t)at, (uint16_t)n};
}

/* Has all be compared that lies before `end`. */
static void run_to(struct layout *layout, size_t end)
{
    if (end > layout->at)
        add_run(layout, layout->at, end - layout->at);
    layout->at = end;
}

static void pass(struct layout *layout, struct span part)
{
    if (part.n == 0)
        return;
    run_to(layout, (size_t)(part.p - layout->body.p));
    layout->at += part.n;
}

/* Passes over those of a list's values that are of RFC 8701. */
static void pass_grease(struct layout *layout, struct span values)
{
    for (size_t i = 0; i + sizeof(uint16_t) <= values.n; i += sizeof(uint16_t)) {
        if (!tls_is_grease(be16(values.p + i)))
            continue;
        pass(layout, span_of(values.p + i, sizeof(uint16_t)));
        add_run(layout, layout->at - sizeof(uint16_t), 0);
    }
}

static struct span behind(struct span bytes, size_t n)
{
    return bytes.n > n ? span_of(bytes.p + n, bytes.n - n) : span_of(NULL, 0);
}

static bool lies_in(struct span part, struct span whole)
{
    return part.n > 0 && part.p >= whole.p && part.p + part.n <= whole.p + whole.n;
}

static void pass_in_client_extension(struct layout *layout, const struct tls_hello *hello,
                                     uint16_t type, struct span body)
{
    switch (type) {
    case TLS_EXT_SERVER_NAME:
        if (lies_in(hello->sni, body))
            pass(layout, hello->sni);
        break;
    case TLS_EXT_GROUPS:
    case TLS_EXT_SIGNATURE_ALGORITHMS:
        pass_grease(layout, behind(body, 2));
        break;
    case TLS_EXT_VERSIONS:
        pass_grease(layout, behind(body, 1));
        break;
    case TLS_EXT_ECH: /* type; suite, configuration; length of the key; key and payload */
        if (body.n > 8 && body.p[0] == 0) {
            pass(layout, span_of(body.p + 1, 5));
            pass(layout, behind(body, 8));
        }
        break;
    default:
        break;
    }
}

static void pass_in_extension(struct layout *layout, const struct tls_hello *hello, bool server,
                              uint16_t type, struct span body)
{
    if (!tls_hello_reads(type, server))
        pass(layout, body);
    else if (!server)
        pass_in_client_extension(layout, hello, type, body);
    else if (type == TLS_EXT_KEY_SHARE || type == TLS_EXT_KEY_SHARE_DRAFT)
        pass(layout, behind(body, 4)); /* group, length */
}

static struct layout layout_of(const struct tls_hello *hello, bool server)
{
    struct layout layout = {.body = hello->body};
    struct cursor c = cursor_of(hello->extensions), body;
    uint16_t type;
    pass(&layout, hello->random);
    pass(&layout, span_of(hello->body.p + SESSION_AT + 1, hello->body.p[SESSION_AT]));
    pass_grease(&layout, hello->ciphers);
    while (tls_hello_extension(&c, &type, &body)) {
        pass_grease(&layout, span_of(body.p - 4, 2));
        pass_in_extension(&layout, hello, server, type, cursor_rest(&body));
    }
    run_to(&layout, hello->body.n);
    return layout;
}

/* What is cut, or malformed, is not sent again and again. Which hello asks for another one, and
 * whether keys come from outside, is told by what is passed over; a draft has no session id. */
static bool is_plain(const struct tls_hello *hello, bool server)
{
    return hello->whole && !hello->ssl2 &&
           (server ? !hello->retry && !tls_is_13(hello->legacy_version) : !hello->pre_shared_key);
}

/* part_of tells where a hello has one of its spans. */
static struct run part_of(const struct layout *layout, const struct tls_hello *hello, unsigned i)
{
    const struct span *span = (const struct span *)(const void *)((const char *)hello + spans[i]);
    if (span->n == 0)
        return (struct run){0};
    return (struct run){(uint16_t)(span->p - layout->body.p), (uint16_t)span->n};
}

enum {
    KIND_SIZE_MOST = sizeof(struct tls_kind) + TLS_KIND_RUNS * sizeof(struct run) + TLS_KIND_MOST
};

/* write_kind gives the size of the kind that it has written; 0 if there is more to a hello than a
 * kind can tell. */
static size_t write_kind(struct tls_kind *kind, const struct tls_hello *hello, bool server)
{
    const struct layout layout = layout_of(hello, server);
    if (layout.full)
        return 0;
    uint8_t *bytes = (uint8_t *)(kind->runs + layout.count);
    for (unsigned i = 0; i < layout.count; i++) {
        kind->runs[i] = layout.runs[i];
        memcpy(bytes, hello->body.p + layout.runs[i].at, layout.runs[i].n);
        bytes += layout.runs[i].n;
    }
    kind->run_count = layout.count;
    kind->size = size_of(server, hello->body);
    memcpy(kind->plain, (const char *)hello + PLAIN_AT, sizeof kind->plain);
    for (unsigned i = 0; i < COUNT_OF(spans); i++)
        kind->parts[i] = part_of(&layout, hello, i);
    return (size_t)(bytes - (uint8_t *)kind);
}

static void release(struct tls_kinds *kinds, const struct tls_kind_place *place)
{
    if (!place->kind)
        return;
    kinds->memory -= shared_bytes_span(place->kind).n;
    intern_release(kinds->shared, place->facts);
    shared_bytes_release(kinds->shared->keys, place->kind);
}

void tls_kinds_add(struct tls_kinds *kinds, const struct tls_hello *hello, bool server,
                   const void *facts)
{
    union {
        uint8_t bytes[KIND_SIZE_MOST];
        struct tls_kind kind;
    } made = {{0}};
    uint64_t glance;
    if (!is_plain(hello, server) || !glance_at(&glance, server, hello->body))
        return;
    struct tls_kind_place *set = set_of(kinds, glance);
    size_t size = write_kind(&made.kind, hello, server);
    if (size == 0)
        return;
    release(kinds, &set[TLS_KIND_WAYS - 1]);
    put_first(set, TLS_KIND_WAYS - 1,
              (struct tls_kind_place){
                  glance, shared_bytes_get(kinds->shared->keys, span_of(made.bytes, size)),
                  intern_share(facts), ++kinds->count});
    kinds->memory += size;
}

void tls_kinds_done(struct tls_kinds *kinds)
{
    for (unsigned i = 0; i < TLS_KIND_SETS; i++) {
        for (unsigned j = 0; j < TLS_KIND_WAYS; j++)
            release(kinds, &kinds->sets[i][j]);
    }
    *kinds = (struct tls_kinds){.shared = kinds->shared};
}
