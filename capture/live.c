/* live.c: captures from a network interface, by libpcap.
 *
 * Not libpcap's immediate mode: on Linux that turns TPACKET_V3, which packs packets tightly into
 * its ring, into TPACKET_V2, whose slots are each as large as the largest packet, so that the same
 * memory holds a fraction of the packets. Instead, the kernel is asked to hand over what it has
 * after a few milliseconds. */
#include "fanout.h"
#include "linktype.h"
#include "pktap.h"
#include "savefile.h"
#include "source_ops.h"

#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    SNAPLEN_DEFAULT = SAVEFILE_CAPLEN_MAX,
    /* A second of a busy 100 Mbit/s line; libpcap's default of 2 MiB loses packets of a burst. */
    BUFFER_DEFAULT = 16 << 20, /* for all rings together, */
    BUFFER_LEAST = 4 << 20,    /* but each has this much: a bulk transfer is in one of them alone */
    DELIVERY_MS = 10,          /* the most that a packet waits in the kernel */
    DEVICES_CACHED = 64
};

/* How often to look whether the interface is still there, when no packet comes. */
#define LOOK_AFTER (NS_PER_SECOND / 10)

/* libpcap's counters have 32 bits; these have 64. */
struct counters {
    struct source_drops total;
    struct pcap_stat last;
};

struct live {
    struct source source; /* first member: the one is cast to the other */
    pcap_t *pcap;
    char *name;
    unsigned device; /* the kernel's interface index; 0 for "any" */
    struct source_waiting waiting;
    bool gone;
    bool later;          /* a ring beside the first */
    nanotime looked;     /* when the interface was last looked at */
    int64_t fraction_ns; /* nanoseconds of a unit of tv_usec */
    struct packet like;  /* what all packets have in common */
    struct counters *counters;
    struct {
        uint32_t device;
        uint16_t name;
    } devices[DEVICES_CACHED]; /* "any": kernel's interface index to ours */
    struct process_memo memo;  /* Darwin: of LINK_PKTAP */
};

static void count(uint64_t *total, u_int *last, u_int now)
{
    uint32_t grown = now - *last;
    /* What seems to shrink was read from an interface that has been replaced. */
    if (grown <= INT32_MAX)
        *total += grown;
    *last = now;
}

static void read_counters(const struct live *live)
{
    struct counters *counters = live->counters;
    struct pcap_stat now;
    if (live->gone || pcap_stats(live->pcap, &now) != 0)
        return;
    count(&counters->total.received, &counters->last.ps_recv, now.ps_recv);
    count(&counters->total.kernel, &counters->last.ps_drop, now.ps_drop);
    /* The interface counts for all rings. */
    if (!live->later)
        count(&counters->total.interface, &counters->last.ps_ifdrop, now.ps_ifdrop);
}

static struct source_drops live_drops(const struct source *source)
{
    const struct live *live = (const struct live *)source;
    read_counters(live);
    return live->counters->total;
}

static bool went_away(const struct live *live)
{
    char name[IF_NAMESIZE];
    return live->device && !if_indextoname(live->device, name);
}

static enum source_status broken(struct live *live)
{
    live->gone = went_away(live);
    source_error_set(&live->source.error, "%s: %s", live->name,
                     live->gone ? "the interface went away" : pcap_geterr(live->pcap));
    return SOURCE_BROKEN;
}

/* The name of the interface that a packet from "any" came by: bytes 4 to 7 of the LINUX_SLL2
 * header are the kernel's index of it. */
static uint16_t name_of_any(struct live *live, const uint8_t *bytes)
{
    uint32_t device =
        (uint32_t)bytes[4] << 24 | (uint32_t)bytes[5] << 16 | (uint32_t)bytes[6] << 8 | bytes[7];
    size_t slot = device % DEVICES_CACHED;
    if (live->devices[slot].device != device) {
        char name[IF_NAMESIZE];
        uint16_t index = live->like.interface;
        if (if_indextoname(device, name))
            index = source_name_add(&live->source, span_of(name, strlen(name)));
        live->devices[slot].device = device;
        live->devices[slot].name = index;
    }
    return live->devices[slot].name;
}

static void fill_packet(struct live *live, struct packet *packet, const struct pcap_pkthdr *header,
                        const uint8_t *bytes)
{
    *packet = live->like;
    packet->time = (nanotime)header->ts.tv_sec * NS_PER_SECOND +
                   (nanotime)header->ts.tv_usec * live->fraction_ns;
    packet->bytes = bytes;
    packet->len = header->len;
    packet->caplen = header->caplen < header->len ? header->caplen : header->len;
    if (packet->link == LINK_LINUX_SLL2 && packet->caplen >= 8)
        packet->interface = name_of_any(live, bytes);
    else if (UNLIKELY(packet->link == LINK_PKTAP))
        pktap_open(&live->source, &live->memo, packet);
}

/* Nothing has come: looks, now and then, whether something still can. */
static enum source_status idle(struct live *live)
{
    struct timespec clock;
    clock_gettime(CLOCK_MONOTONIC, &clock);
    nanotime now = clock.tv_sec * NS_PER_SECOND + clock.tv_nsec;
    if (now - live->looked < LOOK_AFTER)
        return SOURCE_IDLE;
    live->looked = now;
    if (went_away(live))
        return broken(live);
    read_counters(live);
    return SOURCE_IDLE;
}

static enum source_status live_next(struct source *source, struct packet *packet)
{
    struct live *live = (struct live *)source;
    struct pcap_pkthdr *header;
    const u_char *bytes;
    int answer = pcap_next_ex(live->pcap, &header, &bytes);
    if (UNLIKELY(answer != 1))
        return answer == 0 ? idle(live) : broken(live);
    fill_packet(live, packet, header, bytes);
    return SOURCE_PACKET;
}

static struct source_waiting live_waiting(const struct source *source)
{
    return ((const struct live *)source)->waiting;
}

static void live_progress(const struct source *source, uint64_t *done, uint64_t *total)
{
    (void)source;
    *done = *total = 0;
}

static void live_close(struct source *source)
{
    struct live *live = (struct live *)source;
    if (live->pcap)
        pcap_close(live->pcap);
    free(live->counters);
    free(live->name);
}

/* Where this program is, for the command that gives it its rights. */
static const char *own_path(char *path, size_t size)
{
#ifdef __linux__
    ssize_t length = readlink("/proc/self/exe", path, size - 1);
    if (length > 0) {
        path[length] = '\0';
        return path;
    }
#endif
    (void)path;
    (void)size;
    return "pushwatch";
}

/* Tells whether there is such an interface: the kernel's, or one of libpcap's own. */
static bool exists(const char *name)
{
    char message[PCAP_ERRBUF_SIZE];
    pcap_if_t *all = NULL;
    bool found = if_nametoindex(name) != 0;
    if (!found && pcap_findalldevs(&all, message) != 0)
        return true; /* can't tell */
    for (const pcap_if_t *one = all; one && !found; one = one->next)
        found = strcmp(one->name, name) == 0;
    if (all)
        pcap_freealldevs(all);
    return found;
}

/* Says why the interface can't be opened, and what to do. */
static void explain_activation(struct live *live, int status)
{
    /* Without permission, libpcap does not get to see that the name is wrong. */
    if (status == PCAP_ERROR_PERM_DENIED && !exists(live->name))
        status = PCAP_ERROR_NO_SUCH_DEVICE;
    struct source_error *error = &live->source.error;
    char path[256];
    const char *detail = pcap_geterr(live->pcap);
    switch (status) {
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
        source_error_set(error,
                         "%s: no permission to capture: run it with sudo, or give the program the "
                         "right once: sudo setcap cap_net_raw,cap_net_admin+eip %s",
                         live->name, own_path(path, sizeof path));
        break;
    case PCAP_ERROR_NO_SUCH_DEVICE:
        source_error_set(error, "%s: no such interface (pushwatch --list-interfaces shows them)",
                         live->name);
        break;
    case PCAP_ERROR_IFACE_NOT_UP:
        source_error_set(error, "%s: the interface is not up (sudo ip link set %s up)", live->name,
                         live->name);
        break;
    default:
        source_error_set(error, "%s: %s", live->name,
                         status == PCAP_ERROR && *detail ? detail : pcap_statustostr(status));
        break;
    }
}

static bool activate(struct live *live, const struct live_options *options, size_t rings)
{
    char message[PCAP_ERRBUF_SIZE];
    live->pcap = pcap_create(live->name, message);
    if (!live->pcap) {
        source_error_set(&live->source.error, "%s: %s", live->name, message);
        return false;
    }
    uint32_t snaplen = options->snaplen, buffer = options->buffer_bytes;
    if (snaplen == 0 || snaplen > SNAPLEN_DEFAULT)
        snaplen = SNAPLEN_DEFAULT;
    if (buffer == 0)
        buffer = (uint32_t)(BUFFER_DEFAULT / rings);
    if (buffer < BUFFER_LEAST && options->buffer_bytes == 0)
        buffer = BUFFER_LEAST;
    /* These fail only on a handle that is active. */
    (void)pcap_set_snaplen(live->pcap, (int)snaplen);
    (void)pcap_set_buffer_size(live->pcap, buffer > INT_MAX ? INT_MAX : (int)buffer);
    (void)pcap_set_timeout(live->pcap, DELIVERY_MS);
    /* A monitoring port gets frames that are addressed to others; only "any" can't do it. */
    (void)pcap_set_promisc(live->pcap, strcmp(live->name, "any") != 0);
    (void)pcap_set_tstamp_precision(live->pcap, PCAP_TSTAMP_PRECISION_NANO);
    int status = pcap_activate(live->pcap);
    if (status < 0)
        explain_activation(live, status);
    return status >= 0;
}

/* Settings that need an active handle. */
static bool prepare(struct live *live)
{
    char message[PCAP_ERRBUF_SIZE];
    if (pcap_setnonblock(live->pcap, 1, message) != 0) {
        source_error_set(&live->source.error, "%s: %s", live->name, message);
        return false;
    }
    live->device = if_nametoindex(live->name); /* 0 for "any", and where the OS has no index */
    live->waiting.fd = pcap_get_selectable_fd(live->pcap); /* -1 if there is none */
    live->waiting.most_ms = SOURCE_WAIT_MAX_MS;
    const struct timeval *most = pcap_get_required_select_timeout(live->pcap);
    if (most && most->tv_sec == 0 && most->tv_usec < SOURCE_WAIT_MAX_MS * 1000)
        live->waiting.most_ms = (int)(most->tv_usec / 1000) + 1;
    /* Only the second version of the cooked header tells the interface; "any" may offer both. */
    if (pcap_datalink(live->pcap) == DLT_LINUX_SLL)
        (void)pcap_set_datalink(live->pcap, DLT_LINUX_SLL2);
    live->fraction_ns =
        pcap_get_tstamp_precision(live->pcap) == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000;
    live->like.link_number = (uint16_t)pcap_datalink(live->pcap);
    live->like.link = linktype_of(live->like.link_number);
    live->like.interface = source_name_add(&live->source, span_of(live->name, strlen(live->name)));
    return true;
}

static bool set_filter(struct live *live, bool *wrong_filter, const char *expression)
{
    struct bpf_program program;
    if (pcap_compile(live->pcap, &program, expression, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        *wrong_filter = true;
        source_error_set(&live->source.error, "filter \"%s\": %s", expression,
                         pcap_geterr(live->pcap));
        return false;
    }
    bool set = pcap_setfilter(live->pcap, &program) == 0;
    pcap_freecode(&program);
    if (!set)
        source_error_set(&live->source.error, "%s: %s", live->name, pcap_geterr(live->pcap));
    return set;
}

/* Opens a ring of its own, beside `first` unless that is NULL. */
static struct live *open_ring(struct source_error *error, const struct live *first,
                              const char *interface, const struct live_options *options,
                              size_t rings)
{
    static const struct source_ops ops = {
        .next = live_next,
        .waiting = live_waiting,
        .progress = live_progress,
        .drops = live_drops,
        .close = live_close,
    };
    struct live *live = xcalloc(1, sizeof *live);
    source_base_init(&live->source, &ops, first ? first->source.shared : NULL);
    live->name = xstrdup(interface);
    live->counters = xcalloc(1, sizeof *live->counters);
    live->later = first;
    if (activate(live, options, rings) && prepare(live))
        return live;
    *error = live->source.error;
    source_close(&live->source);
    return NULL;
}

/* Throws away what a ring got before all had joined: others got the same. It is told by its number,
 * and comes within DELIVERY_MS, which the kernel looks at only so often. */
static void empty_ring(struct live *live)
{
    const struct pcap_stat *before = &live->counters->last;
    for (u_int left = before->ps_recv - before->ps_drop; left > 0;) {
        struct pcap_pkthdr *header;
        const u_char *bytes;
        struct pollfd wait = {.fd = live->waiting.fd, .events = POLLIN};
        int answer = pcap_next_ex(live->pcap, &header, &bytes);
        if (answer == 1)
            left--;
        else if (answer != 0 || poll(&wait, 1, 3 * DELIVERY_MS) <= 0)
            return; /* of what it counts on the loopback interface, libpcap leaves out a half */
    }
}

/* Opens more rings beside the first, as many as can be had, and has them share the packets. Returns
 * how many there are. */
static size_t add_rings(struct source **out, size_t rings, const char *interface,
                        const struct live_options *options)
{
    struct live *first = (struct live *)out[0];
    int group = FANOUT_NEW;
    bool joined = fanout_join(&group, pcap_fileno(first->pcap));
    size_t count = 1;
    while (joined && count < rings) {
        struct source_error ignored;
        struct live *more = open_ring(&ignored, first, interface, options, rings);
        if (!more)
            break;
        joined = fanout_join(&group, pcap_fileno(more->pcap));
        if (joined)
            out[count++] = &more->source;
        else
            source_close(&more->source);
    }
    /* A processor may be about to give a ring a packet by how things were before. */
    (void)poll(NULL, 0, DELIVERY_MS);
    for (size_t i = 0; i < count; i++) {
        struct live *live = (struct live *)out[i];
        (void)pcap_stats(live->pcap, &live->counters->last);
    }
    for (size_t i = 0; i < count; i++)
        empty_ring((struct live *)out[i]);
    return count;
}

size_t source_open_live(struct source_error *error, bool *wrong_filter, struct source **out,
                        size_t rings, const char *interface, const struct live_options *options)
{
    *wrong_filter = false;
    if (rings > SOURCE_RINGS_MAX)
        rings = SOURCE_RINGS_MAX;
    struct live *first = open_ring(error, NULL, interface, options, rings);
    if (!first)
        return 0;
    out[0] = &first->source;
    size_t count = rings > 1 ? add_rings(out, rings, interface, options) : 1;
    for (size_t i = 0; i < count; i++) {
        struct live *live = (struct live *)out[i];
        if (options->filter && !set_filter(live, wrong_filter, options->filter)) {
            *error = live->source.error;
            while (count > 0)
                source_close(out[--count]);
        }
    }
    return count;
}
