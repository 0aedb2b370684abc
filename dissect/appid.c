/* appid.c: nDPI behind a few functions. Written for libndpi 4.2; the calls that later versions have
 * changed stand together at the top. */
#include "appid.h"

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

#include "appid_hello.h"
#include "appid_kinds.h"
#include "hash_table.h"
#include "limits.h"

/* Is used by one thread at a time. */
struct module {
    pthread_mutex_t mutex;
    struct ndpi_detection_module_struct *ndpi;
    uint8_t ports[(UINT16_MAX + 1) / 4]; /* enum port_known of each, in two bits */
};

struct appid {
    pthread_mutex_t starting;
    unsigned most; /* modules: one for each thread */
    atomic_uint started, waits;
    struct module modules[];
};

struct appid_flow {
    struct appid_pool *pool;
    uint32_t packets;
    struct ndpi_flow_struct ndpi; /* has no pointer to a module; that to a function is constant */
};

/* What a label is made of, and the label, once for all flows of a pool that have it. */
struct known_label {
    struct hash_node node;
    uint64_t key[2];
    struct app_label label;
};

struct appid_pool {
    size_t undecided;         /* flows */
    struct hash_table labels; /* of struct known_label */
    struct app_label unknown;
    struct appid_kinds kinds;
    unsigned last; /* module that was taken: whose memory is near */
};

/* A packet as nDPI gets it. */
struct shown {
    const uint8_t *bytes;
    bool alike; /* a hello, made like others of its kind */
    uint8_t copy[LIMIT_NDPI_HELLO];
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
    remember_nothing(ndpi);
    fingerprint_nothing(ndpi);
    ndpi_finalize_initialization(ndpi);
    return ndpi;
}

/* Later versions have settings for what thinning does. */
static void show(struct shown *shown, const struct segment *segment)
{
    struct span ip = segment_ip(segment);
    shown->bytes = ip.p;
    shown->alike =
        NDPI_VERSION < 410 && ip.n <= LIMIT_NDPI_HELLO && appid_hello_at(segment->payload);
    if (!shown->alike)
        return;
    memcpy(shown->copy, ip.p, ip.n);
    appid_hello_thin(shown->copy + segment->headers, segment->payload.n);
    shown->bytes = shown->copy;
}

#if NDPI_VERSION < 404
/* What nDPI takes an address for: by its table of networks, which has those of IPv4 only; and by
 * the prefixes that Apple's push is known by, all of 8 and 48 bits. */
static uint64_t known_by_address(struct module *module, const struct endpoint *end)
{
    uint64_t prefix = 0;
    memcpy(&prefix, end->ip, end->ipv6 ? 6 : 1);
    if (end->ipv6)
        return prefix;
    struct in_addr address;
    memcpy(&address, end->ip, sizeof address);
    return prefix << 16 | ndpi_network_port_ptree_match(module->ndpi, &address, htons(end->port));
}

enum port_known { PORT_UNASKED, PORT_SAYS_NOTHING, PORT_SAYS_SOMETHING };

/* Is a port one by which nDPI guesses a protocol? It searches two trees to tell. */
static bool known_by_port(struct module *module, uint16_t port)
{
    uint8_t *four = &module->ports[port / 4], own;
    unsigned shift = port % 4 * 2, known = *four >> shift & 3;
    if (known == PORT_UNASKED) {
        known = ndpi_guess_protocol_id(module->ndpi, NULL, IPPROTO_TCP, port, port, &own) ==
                        NDPI_PROTOCOL_UNKNOWN
                    ? PORT_SAYS_NOTHING
                    : PORT_SAYS_SOMETHING;
        *four = (uint8_t)(*four | known << shift);
    }
    return known == PORT_SAYS_SOMETHING;
}
#endif

/* The kind of a flow's first packet, if nDPI's verdict on it depends on no more than that. False:
 * it may. Written by what 4.2 looks at: for no other version. */
static bool kind_of(struct appid_kind *kind, struct module *module, const struct shown *shown,
                    const struct segment *segment)
{
#if NDPI_VERSION < 404
    if (!shown->alike || known_by_port(module, segment->from.port))
        return false;
    *kind = (struct appid_kind){
        .payload = span_of(shown->copy + segment->headers, segment->payload.n),
        .ends = {known_by_address(module, &segment->from), known_by_address(module, &segment->to)},
        .length = segment->length,
        .headers = segment->headers,
        .port = segment->to.port,
        .flags = segment->flags,
        .ipv6 = segment->from.ipv6,
        .upwards = segment->from.port < segment->to.port};
    return true;
#else
    (void)kind, (void)module, (void)shown, (void)segment;
    return false;
#endif
}

static ndpi_protocol process(struct module *module, struct appid_flow *flow,
                             const struct shown *shown, const struct segment *segment)
{
    const uint8_t *packet = shown->bytes;
    /* nDPI's length is 16 bits; a captured packet that is longer comes from offload. */
    size_t n = segment_ip(segment).n;
    unsigned short length = (unsigned short)(n < 65535 ? n : 65535);
    uint64_t milliseconds = (uint64_t)segment->time / 1000000;
#if NDPI_VERSION >= 404
    return ndpi_detection_process_packet(module->ndpi, &flow->ndpi, packet, length, milliseconds,
                                         NULL);
#else
    return ndpi_detection_process_packet(module->ndpi, &flow->ndpi, packet, length, milliseconds);
#endif
}

static ndpi_protocol guess(struct module *module, struct appid_flow *flow)
{
#if NDPI_VERSION >= 500
    return ndpi_detection_giveup(module->ndpi, &flow->ndpi);
#elif NDPI_VERSION >= 410
    u_int8_t guessed;
    return ndpi_detection_giveup(module->ndpi, &flow->ndpi, &guessed);
#else
    u_int8_t guessed;
    return ndpi_detection_giveup(module->ndpi, &flow->ndpi, 1, &guessed);
#endif
}

/* Is the label complete? For TLS nDPI would go on to the certificate, to name the application by it
 * where it found none, and to judge it. That takes as long again, our own report judges it better,
 * and a server name is the better witness: it is waited for where the client names none. */
static bool is_decided(struct module *module, struct appid_flow *flow, ndpi_protocol protocol)
{
#if NDPI_VERSION >= 412
    uint16_t number = protocol.proto.app_protocol, below = protocol.proto.master_protocol;
#else
    uint16_t number = protocol.app_protocol, below = protocol.master_protocol;
#endif
    if (number == NDPI_PROTOCOL_UNKNOWN)
        return false;
    if ((number == NDPI_PROTOCOL_TLS || below == NDPI_PROTOCOL_TLS) &&
        flow->ndpi.host_server_name[0])
        return true;
#if NDPI_VERSION >= 500
    (void)module;
    return protocol.state == NDPI_STATE_CLASSIFIED;
#else
    return !ndpi_extra_dissection_possible(module->ndpi, &flow->ndpi);
#endif
}

/* The protocol's number and that of what carries it. */
static uint32_t numbers(ndpi_protocol protocol)
{
#if NDPI_VERSION >= 412
    return (uint32_t)protocol.proto.master_protocol << 16 | protocol.proto.app_protocol;
#else
    return (uint32_t)protocol.master_protocol << 16 | protocol.app_protocol;
#endif
}

static void write_name(char *out, size_t size, struct module *module, ndpi_protocol protocol)
{
#if NDPI_VERSION >= 412
    ndpi_protocol2name(module->ndpi, protocol.proto, out, (u_int)size);
#else
    ndpi_protocol2name(module->ndpi, protocol, out, (u_int)size);
#endif
}

/* --- what does not: labels --- */

static struct app_label label_of(struct module *module, ndpi_protocol protocol, ndpi_risk risks)
{
    struct app_label label = {0};
    write_name(label.protocol, sizeof label.protocol, module, protocol);
    /* A constant text, as are the risks': only categories of one's own are in the module. */
    label.category = ndpi_category_get_name(module->ndpi, protocol.category);
    for (unsigned risk = 1; risk < NDPI_MAX_RISK && label.risk_count < APP_RISKS_MAX; risk++)
        if (risks & ((ndpi_risk)1 << risk))
            label.risks[label.risk_count++] = ndpi_risk2str((ndpi_risk_enum)risk);
    return label;
}

static const struct app_label *find_label(const struct appid_pool *pool, const uint64_t key[2],
                                          uint64_t hash)
{
    for (struct hash_node *node = hash_table_first(&pool->labels, hash); node;
         node = hash_table_next(node)) {
        const struct known_label *known = (const struct known_label *)node;
        if (known->key[0] == key[0] && known->key[1] == key[1])
            return &known->label;
    }
    return NULL;
}

static const struct app_label *verdict(struct module *module, struct appid_flow **flow,
                                       ndpi_protocol protocol)
{
    static const struct hash_key fixed = {0}; /* a few labels, and all in a chain would do */
    struct appid_pool *pool = (*flow)->pool;
    ndpi_risk risks = (*flow)->ndpi.risk;
    const uint64_t key[2] = {(uint64_t)protocol.category << 32 | numbers(protocol), risks};
    uint64_t hash = hash_words(&fixed, key, 2);
    appid_forget(flow);
    const struct app_label *label = find_label(pool, key, hash);
    if (label)
        return label;
    if (pool->labels.count >= LIMIT_NDPI_LABELS)
        return &pool->unknown;
    struct known_label *known = xcalloc(1, sizeof *known);
    *known =
        (struct known_label){{.hash = hash}, {key[0], key[1]}, label_of(module, protocol, risks)};
    hash_table_add(&pool->labels, &known->node);
    return &known->label;
}

/* --- flows --- */

static struct appid_flow *begin(struct appid_pool *pool)
{
    struct appid_flow *flow = xcalloc(1, sizeof *flow);
    flow->pool = pool;
    pool->undecided++;
    return flow;
}

void appid_forget(struct appid_flow **flow)
{
    if (!*flow)
        return;
    ndpi_free_flow_data(&(*flow)->ndpi);
    (*flow)->pool->undecided--;
    free(*flow);
    *flow = NULL;
}

static const struct app_label *give_up(struct module *module, struct appid_flow **flow)
{
    ndpi_protocol protocol = guess(module, *flow);
    forget_others(module->ndpi);
    return verdict(module, flow, protocol);
}

/* --- modules --- */

/* So many waits for another thread, some microseconds each, take as long as a start. */
enum { WAITS_WORTH_A_START = 2000 };

/* Starts one more, unless another thread did or it can't be. */
static NOINLINE void start_another(struct appid *appid, unsigned started)
{
    pthread_mutex_lock(&appid->starting);
    if (atomic_load(&appid->started) == started && (appid->modules[started].ndpi = start())) {
        atomic_store(&appid->waits, 0);
        atomic_store(&appid->started, started + 1);
    }
    pthread_mutex_unlock(&appid->starting);
}

/* Gives a module that no other thread uses, until give_back. NULL: there is none. */
static struct module *take_module(struct appid *appid, struct appid_pool *pool)
{
    unsigned started = atomic_load_explicit(&appid->started, memory_order_acquire);
    for (unsigned i = 0; i < started; i++) {
        unsigned at = (pool->last + i) % started;
        if (pthread_mutex_trylock(&appid->modules[at].mutex) == 0) {
            pool->last = at;
            return &appid->modules[at];
        }
    }
    if (started == 0 ||
        (started < appid->most && atomic_fetch_add(&appid->waits, 1) >= WAITS_WORTH_A_START))
        start_another(appid, started);
    if (atomic_load(&appid->started) == 0)
        return NULL;
    pthread_mutex_lock(&appid->modules[pool->last].mutex);
    return &appid->modules[pool->last];
}

static void give_back(struct module *module)
{
    pthread_mutex_unlock(&module->mutex);
}

/* --- asking --- */

static const struct app_label *ask(struct module *module, struct appid_pool *pool,
                                   struct appid_flow **flow, const struct segment *segment)
{
    struct shown shown;
    struct appid_kind kind;
    struct intern_key key;
    show(&shown, segment);
    const struct app_label *label = NULL;
    bool of_a_kind = !*flow && kind_of(&kind, module, &shown, segment);
    if (of_a_kind) {
        key = appid_kinds_key(&pool->kinds, &kind);
        label = appid_kinds_find(&pool->kinds, &key);
    }
    if (label)
        return label;
    if (!*flow)
        *flow = begin(pool);
    ndpi_protocol protocol = process(module, *flow, &shown, segment);
    forget_others(module->ndpi);
    if (is_decided(module, *flow, protocol)) {
        label = verdict(module, flow, protocol);
        if (of_a_kind)
            appid_kinds_add(&pool->kinds, &key, label);
        return label;
    }
    return ++(*flow)->packets < LIMIT_NDPI_PACKETS ? NULL : give_up(module, flow);
}

const struct app_label *appid_take(struct appid *appid, struct appid_pool *pool,
                                   struct appid_flow **flow, const struct segment *segment)
{
    if (segment->payload.n == 0 || (!*flow && pool->undecided >= LIMIT_NDPI_FLOWS))
        return NULL;
    struct module *module = take_module(appid, pool);
    if (!module)
        return NULL;
    const struct app_label *label = ask(module, pool, flow, segment);
    give_back(module);
    return label;
}

const struct app_label *appid_give_up(struct appid *appid, struct appid_flow **flow)
{
    struct module *module = *flow ? take_module(appid, (*flow)->pool) : NULL;
    if (!module)
        return NULL;
    const struct app_label *label = give_up(module, flow);
    give_back(module);
    return label;
}

/* --- the outside --- */

struct appid *appid_new(unsigned threads)
{
    struct appid *appid = xcalloc(1, sizeof *appid + threads * sizeof appid->modules[0]);
    appid->most = threads;
    pthread_mutex_init(&appid->starting, NULL);
    for (unsigned i = 0; i < threads; i++)
        pthread_mutex_init(&appid->modules[i].mutex, NULL);
    return appid;
}

void appid_free(struct appid *appid)
{
    if (!appid)
        return;
    for (unsigned i = 0; i < appid->most; i++) {
        if (appid->modules[i].ndpi)
            ndpi_exit_detection_module(appid->modules[i].ndpi);
        pthread_mutex_destroy(&appid->modules[i].mutex);
    }
    pthread_mutex_destroy(&appid->starting);
    free(appid);
}

struct appid_pool *appid_pool_new(void)
{
    struct appid_pool *pool = xcalloc(1, sizeof *pool);
    memcpy(pool->unknown.protocol, "Unknown", sizeof "Unknown");
    pool->unknown.category = "Unspecified";
    appid_kinds_init(&pool->kinds);
    return pool;
}

size_t appid_pool_memory(const struct appid_pool *pool)
{
    return pool->undecided * sizeof(struct appid_flow) + pool->kinds.labels.memory;
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
    free(pool);
}

const char *appid_version(void)
{
    return ndpi_revision();
}
