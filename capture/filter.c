/* filter.c: filter expressions, compiled by libpcap for each link type and run by its BPF. */
#include "filter.h"

#include "savefile.h"

#include <pcap/pcap.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct program {
    atomic_bool tried; /* what follows does not change any more */
    bool usable;
    struct bpf_program code;
};

struct filter {
    char *expression;
    pthread_mutex_t compiling;
    struct program programs[LINK_TYPES];
};

/* The DLT_ that libpcap knows a link type by; -1 if it can't be filtered. Behind the BSD loopback
 * headers stands a raw IP packet, and it is filtered as one: libpcap would compare the family in
 * the header with this system's AF_INET6, which other systems number otherwise. */
static int dlt_of(enum link_type link)
{
    static const int dlts[LINK_TYPES] = {
        [LINK_ETHERNET] = DLT_EN10MB,
        [LINK_NULL] = DLT_RAW,
        [LINK_LOOP] = DLT_RAW,
        [LINK_RAW] = DLT_RAW,
        [LINK_IPV4] = DLT_IPV4,
        [LINK_IPV6] = DLT_IPV6,
        [LINK_LINUX_SLL] = DLT_LINUX_SLL,
        [LINK_LINUX_SLL2] = DLT_LINUX_SLL2,
        [LINK_PPP] = DLT_PPP,
        [LINK_PPP_HDLC] = DLT_PPP_SERIAL,
        [LINK_PPP_DIRECTION] = DLT_PPP_WITH_DIR,
        [LINK_PPP_PPPD] = DLT_PPP_PPPD,
        [LINK_PPPOE] = DLT_PPP_ETHER,
        [LINK_CISCO_HDLC] = DLT_C_HDLC,
        [LINK_SLIP] = DLT_SLIP,
        [LINK_FRAME_RELAY] = DLT_FRELAY,
        [LINK_MPLS] = DLT_MPLS,
        [LINK_TOKEN_RING] = DLT_IEEE802,
        [LINK_FDDI] = DLT_FDDI,
        [LINK_ATM] = DLT_ATM_RFC1483,
        [LINK_SUN_ATM] = DLT_SUNATM,
        [LINK_FIBRE_CHANNEL] = DLT_IP_OVER_FC,
        [LINK_ARCNET] = DLT_ARCNET,
        [LINK_ARCNET_LINUX] = DLT_ARCNET_LINUX,
        [LINK_WLAN] = DLT_IEEE802_11,
        [LINK_WLAN_RADIOTAP] = DLT_IEEE802_11_RADIO,
        [LINK_WLAN_PRISM] = DLT_PRISM_HEADER,
        [LINK_WLAN_AVS] = DLT_IEEE802_11_RADIO_AVS,
        [LINK_PPI] = DLT_PPI,
        [LINK_IPNET] = DLT_IPNET,
        [LINK_INFINIBAND_IP] = DLT_IPOIB,
        [LINK_FIREWIRE_APPLE] = DLT_APPLE_IP_OVER_IEEE1394,
        [LINK_BSD_PFLOG] = DLT_PFLOG,
        [LINK_JUNIPER_ETHERNET] = DLT_JUNIPER_ETHER,
        [LINK_JUNIPER_PPP] = DLT_JUNIPER_PPP,
        [LINK_JUNIPER_HDLC] = DLT_JUNIPER_CHDLC,
        [LINK_JUNIPER_FRAME_RELAY] = DLT_JUNIPER_FRELAY,
    };
    return dlts[link] ? dlts[link] : -1;
}

static size_t loopback_header(enum link_type link)
{
    return link == LINK_NULL || link == LINK_LOOP ? 4 : 0;
}

/* Compiles the expression for a link type. The message may be NULL. */
static void compile(struct program *program, const char *expression, enum link_type link,
                    char *message, size_t size)
{
    int dlt = dlt_of(link);
    if (dlt < 0)
        return;
    pcap_t *dead = pcap_open_dead(dlt, SAVEFILE_CAPLEN_MAX);
    if (!dead) {
        if (message)
            snprintf(message, size, "out of memory");
        return;
    }
    program->usable = pcap_compile(dead, &program->code, expression, 1, PCAP_NETMASK_UNKNOWN) == 0;
    if (!program->usable && message)
        snprintf(message, size, "%s", pcap_geterr(dead));
    pcap_close(dead);
}

/* The program for a link type, compiled if it has not been: threads that read the same capture come
 * to its first packet of that type at the same time. */
static const struct program *program_for(struct filter *filter, enum link_type link, char *message,
                                         size_t size)
{
    struct program *program = &filter->programs[link];
    if (LIKELY(atomic_load_explicit(&program->tried, memory_order_acquire)))
        return program;
    pthread_mutex_lock(&filter->compiling);
    if (!atomic_load_explicit(&program->tried, memory_order_relaxed))
        compile(program, filter->expression, link, message, size);
    atomic_store_explicit(&program->tried, true, memory_order_release);
    pthread_mutex_unlock(&filter->compiling);
    return program;
}

struct filter *filter_new(char *error, size_t size, const char *expression)
{
    struct filter *filter = xcalloc(1, sizeof *filter);
    filter->expression = xstrdup(expression);
    pthread_mutex_init(&filter->compiling, NULL);
    if (program_for(filter, LINK_ETHERNET, error, size)->usable)
        return filter;
    filter_free(filter);
    return NULL;
}

bool filter_match(struct filter *filter, const struct packet *packet)
{
    const struct program *program = program_for(filter, packet->link, NULL, 0);
    const uint32_t skip = (uint32_t)loopback_header(packet->link);
    if (!program->usable || packet->caplen < skip || packet->len < skip)
        return false;
    const struct pcap_pkthdr header = {.caplen = packet->caplen - skip, .len = packet->len - skip};
    return pcap_offline_filter(&program->code, &header, packet->bytes + skip) != 0;
}

void filter_free(struct filter *filter)
{
    if (!filter)
        return;
    for (size_t i = 0; i < LINK_TYPES; i++)
        if (filter->programs[i].usable)
            pcap_freecode(&filter->programs[i].code);
    pthread_mutex_destroy(&filter->compiling);
    free(filter->expression);
    free(filter);
}

const char *filter_library_version(void)
{
    return pcap_lib_version();
}
