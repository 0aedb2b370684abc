/* linktype.c: one table of link types: number, what we make of it, name. */
#include "linktype.h"

static const struct {
    uint16_t number;
    enum link_type link;
    const char *name;
} types[] = {
    {0, LINK_NULL, "BSD loopback"},
    {1, LINK_ETHERNET, "Ethernet"},
    /* DLT_RAW of most systems, and of OpenBSD: files written without a translation hold them. */
    {12, LINK_RAW, "raw IP"},
    {14, LINK_RAW, "raw IP"},
    {101, LINK_RAW, "raw IP"},
    {108, LINK_LOOP, "OpenBSD loopback"},
    {113, LINK_LINUX_SLL, "Linux cooked capture v1"},
    {228, LINK_IPV4, "IPv4"},
    {229, LINK_IPV6, "IPv6"},
    {276, LINK_LINUX_SLL2, "Linux cooked capture v2"},
    /* Not read, but likely enough to be met that a message should name them. */
    {6, LINK_UNSUPPORTED, "token ring"},
    {8, LINK_UNSUPPORTED, "SLIP"},
    {9, LINK_UNSUPPORTED, "PPP"},
    {10, LINK_UNSUPPORTED, "FDDI"},
    {50, LINK_UNSUPPORTED, "PPP in HDLC framing"},
    {51, LINK_UNSUPPORTED, "PPPoE"},
    {104, LINK_UNSUPPORTED, "Cisco HDLC"},
    {105, LINK_UNSUPPORTED, "IEEE 802.11"},
    {107, LINK_UNSUPPORTED, "Frame Relay"},
    {109, LINK_UNSUPPORTED, "OpenBSD IPsec"},
    {117, LINK_UNSUPPORTED, "OpenBSD pflog"},
    {119, LINK_UNSUPPORTED, "IEEE 802.11 with Prism header"},
    {122, LINK_UNSUPPORTED, "IP over Fibre Channel"},
    {127, LINK_UNSUPPORTED, "IEEE 802.11 with radiotap header"},
    {129, LINK_UNSUPPORTED, "ARCNET"},
    {147, LINK_UNSUPPORTED, "user-defined 0"},
    {149, LINK_PKTAP, "user-defined 2, or PKTAP"},
    {163, LINK_UNSUPPORTED, "IEEE 802.11 with AVS header"},
    {166, LINK_UNSUPPORTED, "PPP with direction"},
    {187, LINK_UNSUPPORTED, "Bluetooth HCI"},
    {189, LINK_UNSUPPORTED, "Linux USB"},
    {192, LINK_UNSUPPORTED, "PPI"},
    {195, LINK_UNSUPPORTED, "IEEE 802.15.4"},
    {201, LINK_UNSUPPORTED, "Bluetooth HCI with direction"},
    {204, LINK_UNSUPPORTED, "PPP with direction"},
    {219, LINK_UNSUPPORTED, "MPLS"},
    {220, LINK_UNSUPPORTED, "Linux USB, memory-mapped"},
    {227, LINK_UNSUPPORTED, "SocketCAN"},
    {231, LINK_UNSUPPORTED, "D-Bus"},
    {239, LINK_UNSUPPORTED, "Linux NFLOG"},
    {242, LINK_UNSUPPORTED, "IP over InfiniBand"},
    {247, LINK_UNSUPPORTED, "InfiniBand"},
    {249, LINK_UNSUPPORTED, "USBPcap"},
    {252, LINK_UNSUPPORTED, "Wireshark upper PDU"},
    {253, LINK_UNSUPPORTED, "Linux netlink"},
    {258, LINK_PKTAP, "PKTAP"},
};

enum link_type linktype_of(uint16_t number)
{
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (types[i].number == number)
            return types[i].link;
    return LINK_UNSUPPORTED;
}

const char *linktype_name(uint16_t number)
{
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (types[i].number == number)
            return types[i].name;
    return "unknown";
}
