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
    {6, LINK_TOKEN_RING, "token ring"},
    {7, LINK_ARCNET, "ARCNET"},
    {8, LINK_SLIP, "SLIP"},
    {9, LINK_PPP, "PPP"},
    {10, LINK_FDDI, "FDDI"},
    {11, LINK_ATM, "ATM RFC 1483"},
    {50, LINK_PPP_HDLC, "PPP in HDLC framing"},
    {51, LINK_PPPOE, "PPPoE"},
    {100, LINK_ATM, "ATM RFC 1483"},
    {104, LINK_CISCO_HDLC, "Cisco HDLC"},
    {105, LINK_WLAN, "IEEE 802.11"},
    {106, LINK_ATM, "Linux classical IP over ATM"},
    {107, LINK_FRAME_RELAY, "Frame Relay"},
    {109, LINK_BSD_ENC, "OpenBSD IPsec"},
    {117, LINK_BSD_PFLOG, "OpenBSD pflog"},
    {119, LINK_WLAN_PRISM, "IEEE 802.11 with Prism header"},
    {122, LINK_FIBRE_CHANNEL, "IP over Fibre Channel"},
    {123, LINK_SUN_ATM, "SunATM"},
    {127, LINK_WLAN_RADIOTAP, "IEEE 802.11 with radiotap header"},
    {129, LINK_ARCNET_LINUX, "ARCNET of Linux"},
    {138, LINK_FIREWIRE_APPLE, "Apple IP over IEEE 1394"},
    {163, LINK_WLAN_AVS, "IEEE 802.11 with AVS header"},
    {166, LINK_PPP_PPPD, "PPP of pppd"},
    {167, LINK_JUNIPER_ETHERNET, "Juniper PPPoE"},
    {178, LINK_JUNIPER_ETHERNET, "Juniper Ethernet"},
    {179, LINK_JUNIPER_PPP, "Juniper PPP"},
    {180, LINK_JUNIPER_FRAME_RELAY, "Juniper Frame Relay"},
    {181, LINK_JUNIPER_HDLC, "Juniper Cisco HDLC"},
    {192, LINK_PPI, "PPI"},
    {204, LINK_PPP_DIRECTION, "PPP with direction"},
    {219, LINK_MPLS, "MPLS"},
    {226, LINK_IPNET, "Solaris IPNET"},
    {239, LINK_NFLOG, "Linux NFLOG"},
    {242, LINK_INFINIBAND_IP, "IP over InfiniBand"},
    {281, LINK_DSA_BROADCOM, "Ethernet with Broadcom's switch tag"},
    {282, LINK_DSA_BROADCOM_PREPENDED, "Ethernet behind Broadcom's switch tag"},
    {283, LINK_DSA_MARVELL, "Ethernet with Marvell's switch tag"},
    {284, LINK_DSA_MARVELL_ETHERTYPE, "Ethernet with Marvell's switch tag and ethertype"},
    /* Not read, but likely enough to be met that a message should name them. */
    {147, LINK_UNSUPPORTED, "user-defined 0"},
    {149, LINK_PKTAP, "user-defined 2, or PKTAP"},
    {165, LINK_UNSUPPORTED, "BACnet MS/TP"},
    {187, LINK_UNSUPPORTED, "Bluetooth HCI"},
    {189, LINK_UNSUPPORTED, "Linux USB"},
    {195, LINK_UNSUPPORTED, "IEEE 802.15.4"},
    {201, LINK_UNSUPPORTED, "Bluetooth HCI with direction"},
    {220, LINK_UNSUPPORTED, "Linux USB, memory-mapped"},
    {227, LINK_UNSUPPORTED, "SocketCAN"},
    {230, LINK_UNSUPPORTED, "IEEE 802.15.4"},
    {231, LINK_UNSUPPORTED, "D-Bus"},
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
