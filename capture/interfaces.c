/* interfaces.c: lists the interfaces that libpcap can capture on. */
#include "interfaces.h"

#include "source_ops.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pcap/pcap.h>

static const char *state(bpf_u_int32 flags)
{
    if (!(flags & PCAP_IF_UP))
        return "down";
    return flags & PCAP_IF_RUNNING ? "up" : "up, not running";
}

static void write_addresses(FILE *out, const struct pcap_addr *address)
{
    const char *separator = "  ";
    for (; address; address = address->next) {
        char text[INET6_ADDRSTRLEN];
        const void *bytes = NULL;
        if (!address->addr)
            continue;
        if (address->addr->sa_family == AF_INET)
            bytes = &((const struct sockaddr_in *)(const void *)address->addr)->sin_addr;
        if (address->addr->sa_family == AF_INET6)
            bytes = &((const struct sockaddr_in6 *)(const void *)address->addr)->sin6_addr;
        if (!bytes || !inet_ntop(address->addr->sa_family, bytes, text, sizeof text))
            continue;
        fprintf(out, "%s%s", separator, text);
        separator = ", ";
    }
}

bool interfaces_list(struct source_error *error, FILE *out)
{
    char message[PCAP_ERRBUF_SIZE];
    pcap_if_t *all;
    if (pcap_findalldevs(&all, message) != 0) {
        source_error_set(error, "the interfaces can't be listed: %s", message);
        return false;
    }
    for (const pcap_if_t *interface = all; interface; interface = interface->next) {
        fprintf(out, "%-16s  %s%s", interface->name, state(interface->flags),
                interface->flags & PCAP_IF_LOOPBACK ? ", loopback" : "");
        write_addresses(out, interface->addresses);
        if (interface->description)
            fprintf(out, "  (%s)", interface->description);
        fputc('\n', out);
    }
    pcap_freealldevs(all);
    return true;
}
