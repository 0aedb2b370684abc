/* appid.c: asks nDPI as little as can be. What it made of one flow it would make of another that
 * looks the same to it, so that is remembered, packet by packet: appid_kinds.h. */
#include "appid.h"

#include <stdlib.h>

#include "appid_flight.h"
#include "appid_hello.h"
#include "appid_kinds.h"
#include "appid_ndpi.h"
#include "cursor.h"
#include "hash_table.h"
#include "limits.h"
#include "tls.h"

struct appid {
    struct appid_ndpi *ndpi;
};

/* As long as all packets of a flow are of kinds, they are kept, and nDPI need not be asked: it is
 * given them when one comes of which nothing is remembered. */
struct appid_flow {
    struct appid_pool *pool;
    struct appid_state *state; /* NULL: nDPI has not been asked */
    size_t given;              /* bytes of packets that it may have kept */
    uint32_t packets;
    uint16_t client;            /* port: of the first packet's sender */
    uint32_t hello_end;         /* sequence number behind that */
    bool answered;              /* the server has sent something, */
    uint32_t next;              /* and goes on with this sequence number */
    struct appid_flight flight; /* what that is */
    bool reads_records;         /* nDPI has found TLS, and looks for nothing else */
    uint64_t step;   /* what they came to so far: appid_kinds.h; 0: nothing that is known */
    struct buf kept; /* while there is a step: of struct kept, each with its bytes */
};

/* A packet, as nDPI is to see it but for what appid_hello_thin does, */
struct kept {
    nanotime time;
    uint32_t n;       /* its bytes, which follow */
    uint16_t headers; /* before the payload */
    bool of_server;
};

/* What a label is made of, and the label, once for all flows of a pool that have it. */
struct known_label {
    struct hash_node node;
    struct appid_opinion opinion;
    struct app_label label;
};

struct appid_pool {
    size_t undecided;         /* flows */
    size_t asked;             /* of them, those with a state of nDPI's */
    size_t given;             /* bytes of packets that those may have kept */
    size_t kept;              /* bytes of the others' packets */
    size_t most;              /* bytes that all of this may take */
    struct hash_table labels; /* of struct known_label */
    struct app_label unknown;
    struct appid_kinds kinds;
    struct buf sent; /* what a server has sent, for a moment */
    unsigned last;   /* module that was taken: whose memory is near */
};

/* A packet as nDPI gets it. */
struct shown {
    struct span ip;
    bool of_server, of_a_kind;
    bool is_read; /* nDPI keeps no piece of it that it takes for the beginning of what comes next,
                     or none but of what the server sends */
    struct intern_key key; /* of its kind, if it is of one */
    uint8_t copy[LIMIT_NDPI_HELLO];
};

/* --- labels --- */

static const struct app_label *find_label(const struct appid_pool *pool,
                                          const struct appid_opinion *opinion, uint64_t hash)
{
    for (struct hash_node *node = hash_table_first(&pool->labels, hash); node;
         node = hash_table_next(node)) {
        const struct known_label *known = (const struct known_label *)node;
        if (known->opinion.protocols == opinion->protocols &&
            known->opinion.risks == opinion->risks)
            return &known->label;
    }
    return NULL;
}

static const struct app_label *label_of(struct appid_pool *pool, const struct appid_module *module,
                                        const struct appid_opinion *opinion)
{
    static const struct hash_key fixed = {0}; /* a few labels, and all in a chain would do */
    const uint64_t words[] = {opinion->protocols, opinion->risks};
    uint64_t hash = hash_words(&fixed, words, COUNT_OF(words));
    const struct app_label *label = find_label(pool, opinion, hash);
    if (label)
        return label;
    if (pool->labels.count >= LIMIT_NDPI_LABELS)
        return &pool->unknown;
    struct known_label *known = xcalloc(1, sizeof *known);
    *known = (struct known_label){{.hash = hash}, *opinion, appid_module_label(module, opinion)};
    hash_table_add(&pool->labels, &known->node);
    return &known->label;
}

/* --- flows --- */

static struct appid_flow *begin(struct appid_pool *pool, const struct segment *segment)
{
    struct appid_flow *flow = xcalloc(1, sizeof *flow);
    flow->pool = pool;
    flow->client = segment->from.port;
    flow->hello_end = segment->seq + segment->length;
    pool->undecided++;
    return flow;
}

/* Nothing is remembered of what comes. */
static void leave_kinds(struct appid_flow *flow)
{
    flow->step = 0;
    flow->pool->kept -= flow->kept.n;
    buf_done(&flow->kept);
}

void appid_forget(struct appid_flow **flow)
{
    if (!*flow)
        return;
    leave_kinds(*flow);
    (*flow)->pool->undecided--;
    (*flow)->pool->asked -= (*flow)->state != NULL;
    (*flow)->pool->given -= (*flow)->given;
    appid_state_free((*flow)->state);
    free(*flow);
    *flow = NULL;
}

static void keep(struct appid_flow *flow, struct span ip, bool of_server,
                 const struct segment *segment)
{
    const struct kept kept = {segment->time, (uint32_t)ip.n, segment->headers, of_server};
    buf_append(&flow->kept, &kept, sizeof kept);
    buf_append(&flow->kept, ip.p, ip.n);
    flow->pool->kept += sizeof kept + ip.n;
}

/* The packet at *at, and the place behind it. */
static bool next_kept(const struct appid_flow *flow, size_t *at, struct kept *kept, struct span *ip)
{
    if (*at >= flow->kept.n)
        return false;
    memcpy(kept, flow->kept.p + *at, sizeof *kept);
    *ip = span_of(flow->kept.p + *at + sizeof *kept, kept->n);
    *at += sizeof *kept + kept->n;
    return true;
}

/* Hands nDPI a packet. What it puts together of packets, it keeps itself. */
static bool give(struct appid_module *module, struct appid_flow *flow,
                 struct appid_opinion *opinion, struct span ip, nanotime time)
{
    flow->given += ip.n;
    flow->pool->given += ip.n;
    return appid_module_packet(module, flow->state, opinion, ip, time);
}

/* Has nDPI know of the flow what it would have been told. */
static void catch_up(struct appid_module *module, struct appid_flow *flow)
{
    struct appid_opinion opinion;
    struct kept kept;
    struct span ip;
    if (flow->state)
        return;
    flow->state = appid_state_new();
    flow->pool->asked++;
    for (size_t at = 0; next_kept(flow, &at, &kept, &ip);) {
        /* One that TLS knew the kind of was kept as it came. */
        uint8_t *payload = flow->kept.p + (ip.p - flow->kept.p) + kept.headers;
        if (!kept.of_server && appid_hello_at(span_of(payload, ip.n - kept.headers)))
            appid_hello_thin(payload, ip.n - kept.headers);
        give(module, flow, &opinion, ip, kept.time);
    }
}

/* --- kinds --- */

/* Do the headers tell nDPI no more than that a TCP segment of this length follows? */
static bool is_plain(const struct segment *segment, struct span ip)
{
    enum { IPV6_HEADER = 40, TCP = 6 };
    size_t length = segment->from.ipv6 ? be16(ip.p + 4) + IPV6_HEADER : be16(ip.p + 2);
    uint8_t next = ip.p[segment->from.ipv6 ? 6 : 9]; /* it can't read all headers between */
    return length == ip.n && next == TCP && segment->payload.n == segment->length &&
           !segment->reassembled && segment->from.port != segment->to.port;
}

/* The payload of the copy that nDPI gets to see. */
static uint8_t *copy_of(struct shown *shown, const struct segment *segment)
{
    memcpy(shown->copy, shown->ip.p, shown->ip.n);
    shown->ip.p = shown->copy;
    return shown->copy + segment->headers;
}

/* Is it the next piece of what the server sends? */
static bool goes_on(const struct appid_flow *flow, const struct segment *segment)
{
    return segment->from.port != flow->client &&
           (!flow->answered || (segment->seq == flow->next && flow->next != 0));
}

/* Where nDPI puts records together, it passes over what does not go on behind the last packet that
 * it took of an end, such as the hello again (ndpi_search_tls_tcp_memory; 0 stands for none). */
static bool is_passed(const struct appid_flow *flow, struct shown *shown, struct appid_kind *kind,
                      const struct segment *segment)
{
    const bool of_client = segment->from.port == flow->client;
    const uint32_t next = of_client ? flow->hello_end : flow->answered ? flow->next : 0;
    if (!flow->reads_records || next == 0 || segment->seq == next)
        return false;
    memset(copy_of(shown, segment), 0, segment->payload.n);
    shown->is_read = true;
    *kind =
        (struct appid_kind){.payload = span_of(shown->copy + segment->headers, segment->payload.n),
                            .after = flow->step,
                            .length = segment->length,
                            .headers = segment->headers,
                            .flags = segment->flags,
                            .passed = of_client ? KIND_PASSED_CLIENT : KIND_PASSED_SERVER,
                            .distance = segment->seq - next};
    return true;
}

static bool answers(struct appid_flow *flow, struct shown *shown, struct appid_kind *kind,
                    const struct segment *segment)
{
    shown->of_server = goes_on(flow, segment);
    if (!shown->of_server)
        return false;
    const uint8_t *payload = copy_of(shown, segment);
    if (!appid_flight_thin(&flow->flight, shown->copy + segment->headers, segment->payload.n)) {
        shown->ip = segment_ip(segment);
        return false;
    }
    shown->is_read = true;
    flow->answered = true;
    flow->next = segment->seq + segment->length;
    *kind = (struct appid_kind){.payload = span_of(payload, segment->payload.n),
                                .after = flow->step,
                                .length = segment->length,
                                .headers = segment->headers,
                                .flags = segment->flags};
    return true;
}

static void make_first_kind(struct appid_kind *kind, struct span payload,
                            const struct segment *segment)
{
    *kind = (struct appid_kind){.payload = payload,
                                .length = segment->length,
                                .headers = segment->headers,
                                .port = segment->to.port,
                                .flags = segment->flags,
                                .ipv6 = segment->from.ipv6,
                                .upwards = segment->from.port < segment->to.port};
}

static bool begins(struct appid *appid, struct shown *shown, struct appid_kind *kind,
                   const struct segment *segment)
{
    make_first_kind(kind, span_of(shown->copy + segment->headers, segment->payload.n), segment);
    shown->is_read = appid_hello_is_whole(segment->payload);
    return shown->ip.p == shown->copy && appid_ndpi_ends(appid->ndpi, kind->ends, segment);
}

/* Makes of a packet what nDPI gets to see, and of its kind a key, if nDPI's opinion after it
 * depends on no more than that. */
static void show(struct shown *shown, struct appid *appid, struct appid_pool *pool,
                 struct appid_flow *flow, const struct segment *segment)
{
    struct appid_kind kind;
    shown->ip = segment_ip(segment);
    shown->of_server = shown->of_a_kind = false;
    if (!appid_ndpi_thins() || shown->ip.n > sizeof shown->copy)
        return;
    bool plain = is_plain(segment, shown->ip);
    if (flow && flow->step)
        shown->of_a_kind = plain && (is_passed(flow, shown, &kind, segment) ||
                                     answers(flow, shown, &kind, segment));
    if (!flow) { /* later nDPI may put it together with what came before, as what it is not */
        if (appid_hello_at(segment->payload))
            appid_hello_thin(copy_of(shown, segment), segment->payload.n);
        shown->of_a_kind = plain && begins(appid, shown, &kind, segment);
    }
    if (shown->of_a_kind)
        shown->key = appid_kinds_key(&pool->kinds, &kind);
}

/* --- hellos that TLS knows --- */

/* Is it a hello of that kind, and nothing else? */
static bool is_of_kind(const struct segment *segment, const struct tls_hello_seen *seen)
{
    enum { HEADERS = 5 + 4 }; /* of the record and of the message */
    return seen->kind && seen->frame == segment->frame &&
           seen->body.p == segment->payload.p + HEADERS &&
           seen->body.n + HEADERS == segment->payload.n && appid_hello_is_alone(segment->payload);
}

/* The kind of a flow's first packet if TLS knows its hello's, which then stands for the payload: it
 * and the server's name determine all bytes of it but those that appid_hello_thin overwrites, if it
 * does. (Of what TLS passes over, nDPI reads the name and values of RFC 8701 among the versions;
 * extensions that nDPI alone reads are not sound.) */
static bool kind_of_hello(struct appid *appid, const struct appid_pool *pool,
                          struct appid_kind *kind, const struct segment *segment,
                          const struct tls_hello_seen *seen)
{
    if (!is_of_kind(segment, seen) || !is_plain(segment, segment_ip(segment)))
        return false;
    make_first_kind(kind, seen->name, segment);
    kind->hello = seen->kind << 8 | segment->payload.p[2];
    appid_kinds_prefetch_hello(&pool->kinds, kind);
    return appid_ndpi_ends(appid->ndpi, kind->ends, segment);
}

/* As nDPI has it. */
static uint32_t seconds_of(const struct segment *segment)
{
    return (uint32_t)((uint64_t)segment->time / NS_PER_SECOND);
}

/* At which times, around this one, nDPI's opinion is the same of all that it has seen. */
static bool times_of(struct appid_stretch *times, const struct appid_flow *flow,
                     const struct segment *segment)
{
    struct buf *sent = &flow->pool->sent;
    struct kept kept;
    struct span ip;
    sent->n = 0;
    for (size_t at = 0; next_kept(flow, &at, &kept, &ip);)
        if (kept.of_server)
            buf_append(sent, ip.p + kept.headers, ip.n - kept.headers);
    return appid_dates_around(times, span_of(sent->p, sent->n), flow->flight.record_left > 0,
                              seconds_of(segment), APPID_ENDS_SOON);
}

/* Remembers a step by what TLS tells of its packet, too, if it does. */
static void remember_hello(struct appid_pool *pool, const struct appid_kind *hello,
                           const struct segment *segment, const struct appid_step *step)
{
    if (!hello || !appid_hello_is_sound(segment->payload))
        return;
    const struct intern_key key = appid_kinds_key(&pool->kinds, hello);
    appid_kinds_add_known(&pool->kinds, &key, step);
}

/* Remembers what nDPI made of a flow's packets so far. */
static void remember(struct appid_flow *flow, const struct shown *shown,
                     const struct segment *segment, const struct appid_kind *hello,
                     const struct app_label *label)
{
    struct appid_step step = {.label = label,
                              .reads_records = appid_state_reads_records(flow->state)};
    flow->reads_records = step.reads_records;
    keep(flow, shown->ip, shown->of_server, segment);
    if ((!label && (!shown->is_read || flow->pool->kept > LIMIT_NDPI_KEPT)) ||
        !times_of(&step.times, flow, segment)) {
        leave_kinds(flow);
        return;
    }
    step.number = flow->step = appid_kinds_add(&flow->pool->kinds, &shown->key, &step);
    remember_hello(flow->pool, hello, segment, &step);
}

/* --- asking --- */

static bool is_full(const struct appid_pool *pool)
{
    return appid_pool_memory(pool) >= pool->most;
}

/* What is only remembered makes room for flows: where there is none still, nothing is remembered.
 */
static void make_room(struct appid_pool *pool)
{
    if (UNLIKELY(is_full(pool)) && pool->kinds.steps.memory > 0)
        intern_forget_unused(&pool->kinds.steps);
}

/* A module is given back before it is thought about what it said. */
static const struct app_label *ask(struct appid *appid, struct appid_pool *pool,
                                   struct appid_flow **flow, const struct shown *shown,
                                   const struct segment *segment, const struct appid_kind *hello)
{
    struct appid_opinion opinion;
    struct appid_module *module = appid_ndpi_take(appid->ndpi, &pool->last);
    if (!module)
        return NULL;
    if (!*flow)
        *flow = begin(pool, segment);
    catch_up(module, *flow);
    bool decided = give(module, *flow, &opinion, shown->ip, segment->time);
    make_room(pool);
    if (!decided && (++(*flow)->packets == LIMIT_NDPI_PACKETS || is_full(pool))) {
        opinion = appid_module_guess(module, (*flow)->state);
        decided = true;
    }
    const struct app_label *label = decided ? label_of(pool, module, &opinion) : NULL;
    appid_ndpi_give_back(module);
    if (shown->of_a_kind && !is_full(pool)) /* else the guess may be too early */
        remember(*flow, shown, segment, hello, label);
    else
        leave_kinds(*flow);
    if (label)
        appid_forget(flow);
    return label;
}

/* What is known of a flow up to a packet of this kind, if it helps: the label, or else that the
 * packet has to be kept. */
static const struct appid_step *step_to(struct appid_pool *pool, const struct intern_key *key,
                                        const struct segment *segment)
{
    const struct appid_step *step = appid_kinds_find(&pool->kinds, key, seconds_of(segment));
    if (step && !step->label && pool->kept >= LIMIT_NDPI_KEPT)
        return NULL;
    return step;
}

static const struct app_label *go_on(struct appid_pool *pool, struct appid_flow **flow,
                                     const struct appid_step *step, struct span ip, bool of_server,
                                     const struct segment *segment)
{
    if (step->label) {
        appid_forget(flow);
        return step->label;
    }
    if (!*flow)
        *flow = begin(pool, segment);
    keep(*flow, ip, of_server, segment);
    (*flow)->step = step->number;
    (*flow)->reads_records = step->reads_records;
    (*flow)->packets++;
    return NULL;
}

/* `hello` is the packet's kind as TLS tells it, or NULL. */
static const struct app_label *take(struct appid *appid, struct appid_pool *pool,
                                    struct appid_flow **flow, const struct segment *segment,
                                    const struct appid_kind *hello)
{
    struct shown shown;
    show(&shown, appid, pool, *flow, segment);
    const struct appid_step *step = NULL;
    if (shown.of_a_kind && (!*flow || !(*flow)->state))
        step = step_to(pool, &shown.key, segment);
    if (!step)
        return ask(appid, pool, flow, &shown, segment, hello);
    const struct app_label *label = go_on(pool, flow, step, shown.ip, shown.of_server, segment);
    remember_hello(pool, hello, segment, step);
    return label;
}

const struct app_label *appid_take(struct appid *appid, struct appid_pool *pool,
                                   struct appid_flow **flow, const struct segment *segment,
                                   const struct tls_hello_seen *seen)
{
    struct appid_kind hello;
    if (segment->payload.n == 0)
        return NULL;
    make_room(pool);
    if (!*flow && (pool->undecided >= LIMIT_NDPI_FLOWS || is_full(pool)))
        return NULL;
    if (*flow || !seen || !kind_of_hello(appid, pool, &hello, segment, seen))
        return take(appid, pool, flow, segment, NULL);
    const struct app_label *label =
        appid_kinds_find_hello(&pool->kinds, &hello, seconds_of(segment));
    if (LIKELY(label != NULL))
        return label;
    const struct intern_key key = appid_kinds_key(&pool->kinds, &hello);
    const struct appid_step *step = step_to(pool, &key, segment);
    if (!step)
        return take(appid, pool, flow, segment, &hello);
    appid_kinds_keep_hello(&pool->kinds, &hello, step);
    return go_on(pool, flow, step, segment_ip(segment), false, segment);
}

const struct app_label *appid_give_up(struct appid *appid, struct appid_flow **flow)
{
    struct appid_pool *pool = *flow ? (*flow)->pool : NULL;
    struct appid_module *module = pool ? appid_ndpi_take(appid->ndpi, &pool->last) : NULL;
    if (!module)
        return NULL;
    catch_up(module, *flow);
    struct appid_opinion opinion = appid_module_guess(module, (*flow)->state);
    const struct app_label *label = label_of(pool, module, &opinion);
    appid_ndpi_give_back(module);
    appid_forget(flow);
    return label;
}

/* --- the outside --- */

struct appid *appid_new(unsigned threads)
{
    struct appid *appid = xcalloc(1, sizeof *appid);
    appid->ndpi = appid_ndpi_new(threads);
    return appid;
}

void appid_prepare(struct appid *appid)
{
    appid_ndpi_prepare(appid->ndpi);
}

bool appid_failed(const struct appid *appid)
{
    return appid_ndpi_failed(appid->ndpi);
}

void appid_free(struct appid *appid)
{
    if (appid)
        appid_ndpi_free(appid->ndpi);
    free(appid);
}

struct appid_pool *appid_pool_new(size_t most)
{
    struct appid_pool *pool = xaligned(sizeof *pool);
    pool->most = most;
    pool->unknown =
        (struct app_label){.protocol = "Unknown", .category = "Unspecified", .plain = true};
    appid_kinds_init(&pool->kinds);
    return pool;
}

void appid_pool_use_bytes(struct appid_pool *pool, struct shared_bytes *bytes)
{
    intern_use_keys(&pool->kinds.steps, bytes);
}

size_t appid_pool_memory(const struct appid_pool *pool)
{
    return pool->undecided * sizeof(struct appid_flow) + pool->asked * appid_state_size() +
           pool->given + pool->kept + pool->kinds.steps.memory;
}

void appid_pool_free(struct appid_pool *pool)
{
    if (!pool)
        return;
    for (size_t i = 0; i < pool->labels.chain_count; i++)
        while (pool->labels.chains[i]) {
            struct hash_node *node = pool->labels.chains[i];
            pool->labels.chains[i] = node->next;
            free(node);
        }
    hash_table_done(&pool->labels);
    appid_kinds_done(&pool->kinds);
    buf_done(&pool->sent);
    free(pool);
}

const char *appid_version(void)
{
    return appid_ndpi_version();
}
