/* empty_pcap.c: what it costs to have libpcap read a capture and do nothing with it, all packets or
 * those that a filter lets pass: empty_pcap FILE [FILTER] */
#include <inttypes.h>
#include <stdio.h>

#include <pcap/pcap.h>

static void count(u_char *context, const struct pcap_pkthdr *header, const u_char *bytes)
{
    (void)header;
    (void)bytes;
    ++*(uint64_t *)(void *)context;
}

static int read_all(pcap_t *pcap, const char *filter)
{
    struct bpf_program program;
    uint64_t packets = 0;
    if (filter) {
        if (pcap_compile(pcap, &program, filter, 1, PCAP_NETMASK_UNKNOWN) < 0)
            return -1;
        int set = pcap_setfilter(pcap, &program);
        pcap_freecode(&program);
        if (set < 0)
            return -1;
    }
    if (pcap_loop(pcap, -1, count, (u_char *)&packets) < 0)
        return -1;
    printf("%" PRIu64 " packets\n", packets);
    return 0;
}

int main(int argc, char **argv)
{
    char error[PCAP_ERRBUF_SIZE];
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "Usage: empty_pcap FILE [FILTER]\n");
        return 2;
    }
    pcap_t *pcap = pcap_open_offline(argv[1], error);
    if (!pcap) {
        fprintf(stderr, "empty_pcap: %s\n", error);
        return 1;
    }
    int failed = read_all(pcap, argv[2]);
    if (failed)
        pcap_perror(pcap, "empty_pcap");
    pcap_close(pcap);
    return failed ? 1 : 0;
}
