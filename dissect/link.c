/* link.c: the table of link types, and that of what may lie between them and IP. */
#include "link.h"

#include "limits.h"
#include "link_lan.h"
#include "link_os.h"
#include "link_wan.h"
#include "link_wlan.h"

static enum note to_ethernet(struct layers *l)
{
    return layers_to(l, ETHERTYPE_BRIDGED);
}

static enum note to_ip(struct layers *l)
{
    return layers_to(l, NEXT_IP);
}

static enum note to_ipv4(struct layers *l)
{
    return layers_to(l, ETHERTYPE_V4);
}

static enum note to_ipv6(struct layers *l)
{
    return layers_to(l, ETHERTYPE_V6);
}

static enum note to_mpls(struct layers *l)
{
    return layers_to(l, ETHERTYPE_MPLS);
}

static enum note to_llc(struct layers *l)
{
    return layers_to(l, NEXT_LLC);
}

static enum note to_ppp(struct layers *l)
{
    return layers_to(l, NEXT_PPP);
}

static enum note to_wlan(struct layers *l)
{
    return layers_to(l, NEXT_WLAN);
}

static enum note (*const links[LINK_TYPES])(struct layers *l) = {
    [LINK_ETHERNET] = to_ethernet,
    [LINK_NULL] = link_loopback,
    [LINK_LOOP] = link_loopback,
    [LINK_RAW] = to_ip,
    [LINK_IPV4] = to_ipv4,
    [LINK_IPV6] = to_ipv6,
    [LINK_LINUX_SLL] = link_sll,
    [LINK_LINUX_SLL2] = link_sll2,
    [LINK_PPP] = to_ppp,
    [LINK_PPP_HDLC] = link_ppp_hdlc,
    [LINK_PPP_DIRECTION] = link_ppp_direction,
    [LINK_PPP_PPPD] = link_ppp_pppd,
    [LINK_PPPOE] = link_pppoe,
    [LINK_CISCO_HDLC] = link_cisco_hdlc,
    [LINK_SLIP] = link_slip,
    [LINK_FRAME_RELAY] = link_frame_relay,
    [LINK_MPLS] = to_mpls,
    [LINK_TOKEN_RING] = link_token_ring,
    [LINK_FDDI] = link_fddi,
    [LINK_ATM] = to_llc,
    [LINK_SUN_ATM] = link_sun_atm,
    [LINK_FIBRE_CHANNEL] = link_fibre_channel,
    [LINK_ARCNET] = link_arcnet,
    [LINK_ARCNET_LINUX] = link_arcnet_linux,
    [LINK_WLAN] = to_wlan,
    [LINK_WLAN_RADIOTAP] = link_radiotap,
    [LINK_WLAN_PRISM] = link_prism,
    [LINK_WLAN_AVS] = link_avs,
    [LINK_PPI] = link_ppi,
    [LINK_NFLOG] = link_nflog,
    [LINK_IPNET] = link_ipnet,
    [LINK_INFINIBAND_IP] = link_infiniband,
    [LINK_FIREWIRE_APPLE] = link_firewire_apple,
    [LINK_BSD_ENC] = link_bsd_enc,
    [LINK_BSD_PFLOG] = link_bsd_pflog,
    [LINK_DSA_BROADCOM] = link_dsa_short,
    [LINK_DSA_BROADCOM_PREPENDED] = link_dsa_prepended,
    [LINK_DSA_MARVELL] = link_dsa_short,
    [LINK_DSA_MARVELL_ETHERTYPE] = link_dsa_long,
    [LINK_JUNIPER_ETHERNET] = link_juniper_ethernet,
    [LINK_JUNIPER_PPP] = link_juniper_ppp,
    [LINK_JUNIPER_HDLC] = link_juniper_hdlc,
    [LINK_JUNIPER_FRAME_RELAY] = link_juniper_frame_relay,
};

enum note link_decode(struct layers *l, enum link_type link)
{
    return links[link] ? links[link](l) : NOTE_UNSUPPORTED_LINK;
}

/* --- between the link layer and IP --- */

/* The version is the first four bits. */
static enum note pass_ip(struct layers *l)
{
    struct cursor ahead = l->c;
    uint8_t first;
    if (!cursor_u8(&ahead, &first))
        return NOTE_CUT;
    if (first >> 4 != 4 && first >> 4 != 6)
        return NOTE_NOT_IP;
    return layers_to(l, first >> 4 == 4 ? ETHERTYPE_V4 : ETHERTYPE_V6);
}

static const struct {
    uint16_t type;
    enum note (*pass)(struct layers *l);
} passes[] = {
    {NEXT_IP, pass_ip},
    {NEXT_LLC, link_llc},
    {NEXT_PPP, link_ppp},
    {NEXT_WLAN, link_wlan},
    {ETHERTYPE_BRIDGED, link_ethernet},
    {0x8100, link_vlan}, /* IEEE 802.1Q */
    {0x88a8, link_vlan}, /* IEEE 802.1ad */
    {0x9100, link_vlan}, /* the same, older */
    {0x9200, link_vlan},
    {ETHERTYPE_MPLS, link_mpls},
    {0x8848, link_mpls}, /* label assigned upstream: RFC 5332 */
    {0x8864, link_pppoe},
    {ETHERTYPE_PPP, link_ppp},
    {0x8909, link_cisco_metadata},
    {0x8903, link_fabric_path},
    {0x8926, link_vntag},
    {0x88e7, link_pbb},
};

enum note link_pass(struct layers *l)
{
    enum note note = NOTE_NONE;
    for (unsigned i = 0; note == NOTE_NONE; i++) {
        size_t pass = 0;
        if (l->next == ETHERTYPE_V4 || l->next == ETHERTYPE_V6)
            return NOTE_NONE;
        while (pass < COUNT_OF(passes) && passes[pass].type != l->next)
            pass++;
        if (pass == COUNT_OF(passes))
            return NOTE_NOT_IP;
        if (i == LIMIT_LAYERS)
            return NOTE_MALFORMED;
        note = passes[pass].pass(l);
    }
    return note;
}
