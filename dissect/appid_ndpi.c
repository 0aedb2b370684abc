/* appid_ndpi.c: written for libndpi 4.2; the calls that later versions have changed stand together
 * at the top. */
#include "appid_ndpi.h"

#include "cursor.h"

#include <ndpi_define.h>
#define NDPI_VERSION (NDPI_MAJOR * 100 + NDPI_MINOR)
#if NDPI_VERSION < 406
#define NDPI_LIB_COMPILATION /* forget_others needs to see nDPI's own structure */
#endif
#include <ndpi_api.h>
#include <ndpi_main.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Is used by one thread at a time. */
struct appid_module {
    pthread_mutex_t mutex;
    struct ndpi_detection_module_struct *ndpi;
} APART;

/* What was found out of each of 65,536 things, in two bits; 0 at first. Several threads may use it:
 * where two find something out at once of things side by side, one of them may be asked about
 * again. */
struct memo {
    atomic_uchar fours[(UINT16_MAX + 1) / 4];
};

struct appid_ndpi {
    pthread_mutex_t starting;
    unsigned most; /* modules: one for each thread */
    atomic_uint started, waits;
    atomic_bool failed;   /* a module did not start: no more are */
    struct memo ports;    /* enum port_known of each */
    struct memo networks; /* enum networks_known of the first 16 bits of an IPv4 address */
    struct appid_module modules[];
};

struct appid_state {
    struct ndpi_flow_struct flow; /* has no pointer to a module; that to a function is constant */
};

/* --- what differs between versions --- */

/* nDPI remembers addresses of earlier flows to guess later ones from: a label would depend on which
 * thread saw what. Newer versions let caches have no room; before, there is no call for it, and
 * forget_others empties them. */
static void remember_nothing(struct ndpi_detection_module_struct *ndpi)
{
#if NDPI_VERSION >= 410
    static const char *const caches[] = {
        "lru.ookla.size",    "lru.bittorrent.size", "lru.zoom.size",    "lru.stun.size",
        "lru.tls_cert.size", "lru.mining.size",     "lru.msteams.size", "lru.stun_zoom.size",
        "lru.fpc_dns.size",  "lru.signal.size"};
    for (size_t i = 0; i < COUNT_OF(caches); i++)
        (void)ndpi_set_config(ndpi, NULL, caches[i], "0"); /* not each version has each */
#elif NDPI_VERSION >= 406
    for (int cache = 0; cache < NDPI_LRUCACHE_MAX; cache++)
        (void)ndpi_set_lru_cache_size(ndpi, (lru_cache_type)cache, 0);
#else
    (void)ndpi;
#endif
}

#if NDPI_VERSION < 406
static void empty(struct ndpi_lru_cache **cache)
{
    if (LIKELY(!*cache))
        return;
    ndpi_lru_free_cache(*cache);
    *cache = NULL; /* made anew by whatever puts something in */
}
#endif

/* To be called after each packet. (tinc's cache only tells what UDP flows are.) */
static void forget_others(struct ndpi_detection_module_struct *ndpi)
{
#if NDPI_VERSION < 406
    empty(&ndpi->ookla_cache);
    empty(&ndpi->bittorrent_cache);
    empty(&ndpi->zoom_cache);
    empty(&ndpi->stun_cache);
    empty(&ndpi->tls_cert_cache);
    empty(&ndpi->mining_cache);
    empty(&ndpi->msteams_cache);
#else
    (void)ndpi;
#endif
}

/* The fingerprints that nDPI makes go into no label, and take most of its time. */
static void fingerprint_nothing(struct ndpi_detection_module_struct *ndpi)
{
#if NDPI_VERSION >= 410
    static const char *const fingerprints[] = {
        "metadata.ja3c_fingerprint", "metadata.ja3s_fingerprint", "metadata.ja4c_fingerprint"};
    for (size_t i = 0; i < COUNT_OF(fingerprints); i++)
        (void)ndpi_set_config(ndpi, "tls", fingerprints[i], "0");
#else
    (void)ndpi; /* appid_hello_thin does it */
#endif
}

bool appid_ndpi_thins(void)
{
    return NDPI_VERSION < 410;
}

static struct ndpi_detection_module_struct *start(void)
{
#if NDPI_VERSION >= 410
    struct ndpi_detection_module_struct *ndpi = ndpi_init_detection_module(NULL);
#else
    struct ndpi_detection_module_struct *ndpi = ndpi_init_detection_module(ndpi_no_prefs);
#endif
    if (!ndpi)
        return NULL;
#if NDPI_VERSION < 500
    NDPI_PROTOCOL_BITMASK all;
    NDPI_BITMASK_SET_ALL(all);
    ndpi_set_protocol_detection_bitmask2(ndpi, &all);
#endif
#if NDPI_VERSION < 404
    ndpi->tls_certificate_expire_in_x_days = APPID_ENDS_SOON / (24 * 3600); /* its own default */
#endif
    remember_nothing(ndpi);
    fingerprint_nothing(ndpi);
    ndpi_finalize_initialization(ndpi);
    return ndpi;
}

static ndpi_protocol process(struct appid_module *module, struct appid_state *state, struct span ip,
                             nanotime time)
{
    /* nDPI's length is 16 bits; a captured packet that is longer comes from offload. */
    unsigned short length = (unsigned short)(ip.n < 65535 ? ip.n : 65535);
    uint64_t milliseconds = (uint64_t)time / 1000000;
#if NDPI_VERSION >= 404
    return ndpi_detection_process_packet(module->ndpi, &state->flow, ip.p, length, milliseconds,
                                         NULL);
#else
    return ndpi_detection_process_packet(module->ndpi, &state->flow, ip.p, length, milliseconds);
#endif
}

static ndpi_protocol guess(struct appid_module *module, struct appid_state *state)
{
#if NDPI_VERSION >= 500
    return ndpi_detection_giveup(module->ndpi, &state->flow);
#elif NDPI_VERSION >= 410
    u_int8_t guessed;
    return ndpi_detection_giveup(module->ndpi, &state->flow, &guessed);
#else
    u_int8_t guessed;
    return ndpi_detection_giveup(module->ndpi, &state->flow, 1, &guessed);
#endif
}

/* Is the label complete? For TLS nDPI would go on to the certificate, to name the application by it
 * where it found none, and to judge it. That takes as long again, our own report judges it better,
 * and a server name is the better witness: it is waited for where the client names none. */
static bool is_decided(struct appid_module *module, struct appid_state *state,
                       ndpi_protocol protocol)
{
#if NDPI_VERSION >= 412
    uint16_t number = protocol.proto.app_protocol, below = protocol.proto.master_protocol;
#else
    uint16_t number = protocol.app_protocol, below = protocol.master_protocol;
#endif
    if (number == NDPI_PROTOCOL_UNKNOWN)
        return false;
    if (number == NDPI_PROTOCOL_TLS || below == NDPI_PROTOCOL_TLS) {
        if (state->flow.host_server_name[0])
            return true;
#if NDPI_VERSION <                                                                                 \
    404 /* what has met what it can't read, such as what is encrypted, reads no more */
        if (!state->flow.check_extra_packets)
            return true;
#endif
    }
#if NDPI_VERSION >= 500
    (void)module;
    return protocol.state == NDPI_STATE_CLASSIFIED;
#else
    return !ndpi_extra_dissection_possible(module->ndpi, &state->flow);
#endif
}

/* The protocol's number, that of what carries it, and the category. */
static uint64_t numbers(ndpi_protocol protocol)
{
#if NDPI_VERSION >= 412
    uint16_t number = protocol.proto.app_protocol, below = protocol.proto.master_protocol;
#else
    uint16_t number = protocol.app_protocol, below = protocol.master_protocol;
#endif
    return (uint64_t)protocol.category << 32 | (uint32_t)below << 16 | number;
}

static void write_name(char *out, size_t size, const struct appid_module *module, uint64_t numbers)
{
    uint16_t number = (uint16_t)numbers, below = (uint16_t)(numbers >> 16);
#if NDPI_VERSION >= 412
    ndpi_master_app_protocol protocol = {.master_protocol = below, .app_protocol = number};
#else
    ndpi_protocol protocol = {.master_protocol = below, .app_protocol = number};
#endif
    ndpi_protocol2name(module->ndpi, protocol, out, (u_int)size);
}

/* --- opinions --- */

static struct appid_opinion opinion_of(const struct appid_state *state, ndpi_protocol protocol)
{
    return (struct appid_opinion){numbers(protocol), state->flow.risk};
}

bool appid_module_packet(struct appid_module *module, struct appid_state *state,
                         struct appid_opinion *opinion, struct span ip, nanotime time)
{
    ndpi_protocol protocol = process(module, state, ip, time);
    forget_others(module->ndpi);
    *opinion = opinion_of(state, protocol);
    return is_decided(module, state, protocol);
}

struct appid_opinion appid_module_guess(struct appid_module *module, struct appid_state *state)
{
    ndpi_protocol protocol = guess(module, state);
    forget_others(module->ndpi);
    return opinion_of(state, protocol);
}

static bool is_plain(const char *text)
{
    size_t n = 0;
    for (; text[n]; n++)
        if (text[n] < 0x20 || text[n] >= 0x7f || text[n] == '"' || text[n] == '\\')
            return false;
    return n <= APP_TEXT_MOST;
}

struct app_label appid_module_label(const struct appid_module *module,
                                    const struct appid_opinion *opinion)
{
    struct app_label label = {0};
    write_name(label.protocol, sizeof label.protocol, module, opinion->protocols);
    /* A constant text, as are the risks': only categories of one's own are in the module. */
    label.category =
        ndpi_category_get_name(module->ndpi, (ndpi_protocol_category_t)(opinion->protocols >> 32));
    for (unsigned risk = 1; risk < NDPI_MAX_RISK && label.risk_count < APP_RISKS_MAX; risk++)
        if (opinion->risks & ((ndpi_risk)1 << risk))
            label.risks[label.risk_count++] = ndpi_risk2str((ndpi_risk_enum)risk);
    label.plain = label.category && is_plain(label.protocol) && is_plain(label.category);
    for (unsigned i = 0; i < label.risk_count; i++)
        label.plain = label.plain && is_plain(label.risks[i]);
    return label;
}

struct appid_state *appid_state_new(void)
{
    return xcalloc(1, sizeof(struct appid_state));
}

void appid_state_free(struct appid_state *state)
{
    if (state)
        ndpi_free_flow_data(&state->flow);
    free(state);
}

bool appid_state_reads_records(const struct appid_state *state)
{
#if NDPI_VERSION < 404
    const bool found = state->flow.detected_protocol_stack[0] == NDPI_PROTOCOL_TLS ||
                       state->flow.detected_protocol_stack[1] == NDPI_PROTOCOL_TLS;
    return found && state->flow.check_extra_packets && state->flow.extra_packets_func;
#else
    (void)state;
    return false;
#endif
}

size_t appid_state_size(void)
{
    return sizeof(struct appid_state);
}

/* --- modules --- */

/* So many waits for another thread, some microseconds each, take as long as a start. */
enum { WAITS_WORTH_A_START = 2000 };

static void learn_ports(struct appid_ndpi *ndpi);

/* Starts one more, unless another thread did or it can't be, which is tried once. Lets go of
 * `starting`. */
static void start_next(struct appid_ndpi *ndpi, unsigned started)
{
    if (atomic_load(&ndpi->started) == started && !atomic_load(&ndpi->failed)) {
        ndpi->modules[started].ndpi = start();
        if (ndpi->modules[started].ndpi) {
            if (started == 0)
                learn_ports(ndpi);
            atomic_store(&ndpi->waits, 0);
            atomic_store(&ndpi->started, started + 1);
        } else {
            atomic_store(&ndpi->failed, true);
        }
    }
    pthread_mutex_unlock(&ndpi->starting);
}

static NOINLINE void start_another(struct appid_ndpi *ndpi, unsigned started)
{
    if (atomic_load(&ndpi->failed))
        return;
    pthread_mutex_lock(&ndpi->starting);
    start_next(ndpi, started);
}

bool appid_ndpi_failed(const struct appid_ndpi *ndpi)
{
    return atomic_load(&ndpi->failed) && atomic_load(&ndpi->started) == 0;
}

void appid_ndpi_prepare(struct appid_ndpi *ndpi)
{
    if (atomic_load(&ndpi->started) == 0 && pthread_mutex_trylock(&ndpi->starting) == 0)
        start_next(ndpi, 0);
}

struct appid_module *appid_ndpi_take(struct appid_ndpi *ndpi, unsigned *last)
{
    unsigned started = atomic_load_explicit(&ndpi->started, memory_order_acquire);
    for (unsigned i = 0; i < started; i++) {
        unsigned at = (*last + i) % started;
        if (pthread_mutex_trylock(&ndpi->modules[at].mutex) == 0) {
            *last = at;
            return &ndpi->modules[at];
        }
    }
    if (started == 0 ||
        (started < ndpi->most && atomic_fetch_add(&ndpi->waits, 1) >= WAITS_WORTH_A_START))
        start_another(ndpi, started);
    if (atomic_load(&ndpi->started) == 0)
        return NULL;
    pthread_mutex_lock(&ndpi->modules[*last].mutex);
    return &ndpi->modules[*last];
}

void appid_ndpi_give_back(struct appid_module *module)
{
    pthread_mutex_unlock(&module->mutex);
}

struct appid_ndpi *appid_ndpi_new(unsigned threads)
{
    struct appid_ndpi *ndpi = xaligned(sizeof *ndpi + threads * sizeof ndpi->modules[0]);
    ndpi->most = threads;
    pthread_mutex_init(&ndpi->starting, NULL);
    for (unsigned i = 0; i < threads; i++)
        pthread_mutex_init(&ndpi->modules[i].mutex, NULL);
    return ndpi;
}

void appid_ndpi_free(struct appid_ndpi *ndpi)
{
    if (!ndpi)
        return;
    for (unsigned i = 0; i < ndpi->most; i++) {
        if (ndpi->modules[i].ndpi)
            ndpi_exit_detection_module(ndpi->modules[i].ndpi);
        pthread_mutex_destroy(&ndpi->modules[i].mutex);
    }
    pthread_mutex_destroy(&ndpi->starting);
    free(ndpi);
}

const char *appid_ndpi_version(void)
{
    return ndpi_revision();
}

/* --- what the ends of a connection are to it --- */

#if NDPI_VERSION < 404
/* Of addresses and ports nDPI asks trees that nobody changes once it has started: any thread may,
 * whoever has the module. */

static unsigned memo_of(const struct memo *memo, uint16_t of)
{
    return atomic_load_explicit(&memo->fours[of / 4], memory_order_relaxed) >> of % 4 * 2 & 3;
}

static void memo_set(struct memo *memo, uint16_t of, unsigned known)
{
    atomic_uchar *four = &memo->fours[of / 4];
    const unsigned shift = of % 4 * 2, all = atomic_load_explicit(four, memory_order_relaxed);
    atomic_store_explicit(four, (uint8_t)((all & ~(3u << shift)) | known << shift),
                          memory_order_relaxed);
}

enum port_known { PORT_SAYS_NOTHING, PORT_UNASKED, PORT_SAYS_TLS, PORT_SAYS_ANOTHER };

static void see_port(const void *node, ndpi_VISIT visit, int depth, void *ndpi)
{
    const ndpi_default_ports_tree_node_t *const *port = node;
    (void)visit, (void)depth;
    memo_set(&((struct appid_ndpi *)ndpi)->ports, (*port)->default_port, PORT_UNASKED);
}

/* Most ports are in none of the trees: it need not be asked for each that a client comes from. */
static void learn_ports(struct appid_ndpi *ndpi)
{
    ndpi_twalk(ndpi->modules[0].ndpi->tcpRoot, see_port, ndpi);
}

static enum port_known ask_port(const struct appid_ndpi *ndpi, uint16_t port)
{
    uint8_t own;
    switch (ndpi_guess_protocol_id(ndpi->modules[0].ndpi, NULL, IPPROTO_TCP, port, port, &own)) {
    case NDPI_PROTOCOL_UNKNOWN:
        return PORT_SAYS_NOTHING;
    case NDPI_PROTOCOL_TLS:
    case NDPI_PROTOCOL_APPLE_PUSH:
        return PORT_SAYS_TLS;
    default:
        return PORT_SAYS_ANOTHER;
    }
}

/* What nDPI guesses by a port: it searches two trees to tell. */
static enum port_known port_known(struct appid_ndpi *ndpi, uint16_t port)
{
    enum port_known known = (enum port_known)memo_of(&ndpi->ports, port);
    if (known == PORT_UNASKED) {
        known = ask_port(ndpi, port);
        memo_set(&ndpi->ports, port, known);
    }
    return known;
}

enum networks_known { NETWORKS_UNASKED, NETWORKS_NONE, NETWORKS_SOME };

static uint32_t bits_of(const ndpi_patricia_node_t *node)
{
    return ntohl(node->prefix->add.sin.s_addr);
}

/* Does one of nDPI's networks have addresses that begin with the first 16 bits of this one? A
 * node's children differ in its bit, and agree in all before it; one that is no network has two. */
static enum networks_known ask_networks(const struct appid_ndpi *ndpi, uint32_t address)
{
    enum { BITS = 32, FIRST = 16 };
    const ndpi_patricia_tree_t *tree = ndpi->modules[0].ndpi->protocols_ptree;
    const ndpi_patricia_node_t *node = tree ? tree->head : NULL;
    while (node && node->bit < FIRST) {
        if (node->prefix && (uint64_t)(bits_of(node) ^ address) >> (BITS - node->bit) == 0)
            return NETWORKS_SOME;
        node = address >> (BITS - 1 - node->bit) & 1 ? node->r : node->l;
    }
    while (node && !node->prefix)
        node = node->l;
    return node && (bits_of(node) ^ address) >> FIRST == 0 ? NETWORKS_SOME : NETWORKS_NONE;
}

static uint16_t network_of(struct appid_ndpi *ndpi, const struct endpoint *end)
{
    struct in_addr address;
    if (end->ipv6)
        return NDPI_PROTOCOL_UNKNOWN;
    const uint16_t first = be16(end->ip);
    enum networks_known known = (enum networks_known)memo_of(&ndpi->networks, first);
    if (known == NETWORKS_UNASKED) {
        known = ask_networks(ndpi, (uint32_t)first << 16);
        memo_set(&ndpi->networks, first, known);
    }
    if (known == NETWORKS_NONE)
        return NDPI_PROTOCOL_UNKNOWN;
    memcpy(&address, end->ip, sizeof address);
    return ndpi_network_port_ptree_match(ndpi->modules[0].ndpi, &address, htons(end->port));
}

/* 17.0.0.0/8 and four of 48 bits (nDPI 4.2: src/lib/protocols/apple_push.c). */
static bool is_apple(const struct endpoint *end)
{
    static const uint8_t prefixes[][6] = {{0x26, 0x20, 0x01, 0x49, 0x0a, 0x44},
                                          {0x24, 0x03, 0x03, 0x00, 0x0a, 0x42},
                                          {0x24, 0x03, 0x03, 0x00, 0x0a, 0x51},
                                          {0x2a, 0x0a, 0xb7, 0x40, 0x0a, 0x42}};
    if (!end->ipv6)
        return end->ip[0] == 17;
    for (size_t i = 0; i < COUNT_OF(prefixes); i++)
        if (memcmp(end->ip, prefixes[i], sizeof prefixes[i]) == 0)
            return true;
    return false;
}

/* By the network's number, and whether it is Apple's; for ports of other protocols, some of which
 * are told by addresses, too, by the first bytes. */
static uint64_t end_known(struct appid_ndpi *ndpi, const struct endpoint *end, bool by_bytes)
{
    uint64_t prefix = 0;
    if (by_bytes)
        memcpy(&prefix, end->ip, end->ipv6 ? 6 : 4);
    else
        prefix = is_apple(end);
    return prefix << 16 | network_of(ndpi, end);
}
#else
static void learn_ports(struct appid_ndpi *ndpi)
{
    (void)ndpi;
}
#endif

bool appid_ndpi_ends(struct appid_ndpi *ndpi, uint64_t ends[2], const struct segment *segment)
{
#if NDPI_VERSION < 404
    if (atomic_load_explicit(&ndpi->started, memory_order_acquire) == 0)
        start_another(ndpi, 0);
    if (atomic_load(&ndpi->started) == 0 ||
        port_known(ndpi, segment->from.port) != PORT_SAYS_NOTHING)
        return false;
    bool by_bytes = port_known(ndpi, segment->to.port) == PORT_SAYS_ANOTHER;
    ends[0] = end_known(ndpi, &segment->from, by_bytes);
    ends[1] = end_known(ndpi, &segment->to, by_bytes);
    return true;
#else
    (void)ndpi, (void)ends, (void)segment;
    return false;
#endif
}
