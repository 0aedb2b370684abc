/* filter.c: filter expressions, compiled by libpcap for each link type and run by its BPF. */
#include "filter.h"

#include "savefile.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

enum { LINK_TYPES = LINK_LINUX_SLL2 + 1 };

struct program {
    bool tried, usable;
    struct bpf_program code;
};

struct filter {
    char *expression;
    struct program programs[LINK_TYPES];
};

/* The DLT_ that libpcap knows a link type by; -1 if it can't be filtered. Behind the BSD loopback
 * headers stands a raw IP packet, and it is filtered as one: libpcap would compare the family in
 * the header with this system's AF_INET6, which other systems number otherwise. */
static int dlt_of(enum link_type link)
{
    switch (link) {
    case LINK_ETHERNET:
        return DLT_EN10MB;
    case LINK_NULL:
    case LINK_LOOP:
    case LINK_RAW:
        return DLT_RAW;
    case LINK_IPV4:
        return DLT_IPV4;
    case LINK_IPV6:
        return DLT_IPV6;
    case LINK_LINUX_SLL:
        return DLT_LINUX_SLL;
    case LINK_LINUX_SLL2:
        return DLT_LINUX_SLL2;
    case LINK_PKTAP:
    case LINK_UNSUPPORTED:
        break;
    }
    return -1;
}

static size_t loopback_header(enum link_type link)
{
    return link == LINK_NULL || link == LINK_LOOP ? 4 : 0;
}

/* Compiles the expression for a link type. The message may be NULL. */
static void compile(struct filter *filter, enum link_type link, char *message, size_t size)
{
    struct program *program = &filter->programs[link];
    program->tried = true;
    int dlt = dlt_of(link);
    if (dlt < 0)
        return;
    pcap_t *dead = pcap_open_dead(dlt, SAVEFILE_CAPLEN_MAX);
    if (!dead) {
        if (message)
            snprintf(message, size, "out of memory");
        return;
    }
    program->usable =
        pcap_compile(dead, &program->code, filter->expression, 1, PCAP_NETMASK_UNKNOWN) == 0;
    if (!program->usable && message)
        snprintf(message, size, "%s", pcap_geterr(dead));
    pcap_close(dead);
}

struct filter *filter_new(char *error, size_t size, const char *expression)
{
    struct filter *filter = xcalloc(1, sizeof *filter);
    filter->expression = xstrdup(expression);
    compile(filter, LINK_ETHERNET, error, size);
    if (filter->programs[LINK_ETHERNET].usable)
        return filter;
    filter_free(filter);
    return NULL;
}

bool filter_match(struct filter *filter, const struct packet *packet)
{
    struct program *program = &filter->programs[packet->link];
    if (UNLIKELY(!program->tried))
        compile(filter, packet->link, NULL, 0);
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
    free(filter->expression);
    free(filter);
}

const char *filter_library_version(void)
{
    return pcap_lib_version();
}
