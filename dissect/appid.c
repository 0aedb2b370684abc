/* appid.c: nDPI behind four functions. Written for libndpi 4.2; the calls that later versions have
 * changed stand together at the top. */
#include "appid.h"

#include <ndpi_api.h>
#include <ndpi_main.h>
#include <stdlib.h>

#include "limits.h"

#define NDPI_VERSION (NDPI_MAJOR * 100 + NDPI_MINOR)

struct appid {
    struct ndpi_detection_module_struct *ndpi; /* NULL until the first flow */
    size_t flows;                              /* that it has not made up its mind about */
};

struct appid_flow {
    struct appid *appid;
    uint32_t packets;
    struct ndpi_flow_struct *ndpi;
};

/* --- what differs between versions --- */

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
    ndpi_finalize_initialization(ndpi);
    return ndpi;
}

static ndpi_protocol process(struct appid *appid, struct appid_flow *flow,
                             const struct segment *segment)
{
    /* nDPI's length is 16 bits; a captured packet that is longer comes from offload. */
    unsigned short length = (unsigned short)(segment->ip.n < 65535 ? segment->ip.n : 65535);
    uint64_t milliseconds = (uint64_t)segment->time / 1000000;
#if NDPI_VERSION >= 404
    return ndpi_detection_process_packet(appid->ndpi, flow->ndpi, segment->ip.p, length,
                                         milliseconds, NULL);
#else
    return ndpi_detection_process_packet(appid->ndpi, flow->ndpi, segment->ip.p, length,
                                         milliseconds);
#endif
}

static ndpi_protocol guess(struct appid *appid, struct appid_flow *flow)
{
#if NDPI_VERSION >= 500
    return ndpi_detection_giveup(appid->ndpi, flow->ndpi);
#elif NDPI_VERSION >= 410
    u_int8_t guessed;
    return ndpi_detection_giveup(appid->ndpi, flow->ndpi, &guessed);
#else
    u_int8_t guessed;
    return ndpi_detection_giveup(appid->ndpi, flow->ndpi, 1, &guessed);
#endif
}

static bool is_decided(struct appid *appid, struct appid_flow *flow, ndpi_protocol protocol)
{
#if NDPI_VERSION >= 500
    (void)appid;
    (void)flow;
    return protocol.state == NDPI_STATE_CLASSIFIED;
#elif NDPI_VERSION >= 412
    return protocol.proto.app_protocol != NDPI_PROTOCOL_UNKNOWN &&
           !ndpi_extra_dissection_possible(appid->ndpi, flow->ndpi);
#else
    return protocol.app_protocol != NDPI_PROTOCOL_UNKNOWN &&
           !ndpi_extra_dissection_possible(appid->ndpi, flow->ndpi);
#endif
}

static void write_name(char *out, size_t size, struct appid *appid, ndpi_protocol protocol)
{
#if NDPI_VERSION >= 412
    ndpi_protocol2name(appid->ndpi, protocol.proto, out, (u_int)size);
#else
    ndpi_protocol2name(appid->ndpi, protocol, out, (u_int)size);
#endif
}

/* --- what does not --- */

struct appid *appid_new(void)
{
    return xcalloc(1, sizeof(struct appid));
}

const char *appid_version(void)
{
    return ndpi_revision();
}

void appid_forget(struct appid_flow **flow)
{
    if (!*flow)
        return;
    (*flow)->appid->flows--;
    ndpi_free_flow((*flow)->ndpi);
    free(*flow);
    *flow = NULL;
}

static void fill_label(struct app_label *label, struct appid *appid, struct appid_flow *flow,
                       ndpi_protocol protocol)
{
    *label = (struct app_label){0};
    write_name(label->protocol, sizeof label->protocol, appid, protocol);
    label->category = ndpi_category_get_name(appid->ndpi, protocol.category);
    for (unsigned risk = 1; risk < NDPI_MAX_RISK && label->risk_count < APP_RISKS_MAX; risk++)
        if (flow->ndpi->risk & ((ndpi_risk)1 << risk))
            label->risks[label->risk_count++] = ndpi_risk2str((ndpi_risk_enum)risk);
}

bool appid_take(struct app_label *label, struct appid *appid, struct appid_flow **flow,
                const struct segment *segment)
{
    if (!appid->ndpi && !(appid->ndpi = start()))
        return false;
    if (!*flow) {
        if (appid->flows >= LIMIT_NDPI_FLOWS)
            return false;
        *flow = xcalloc(1, sizeof **flow);
        (*flow)->ndpi = ndpi_flow_malloc(SIZEOF_FLOW_STRUCT);
        if (!(*flow)->ndpi) {
            free(*flow);
            *flow = NULL;
            return false;
        }
        memset((*flow)->ndpi, 0, SIZEOF_FLOW_STRUCT);
        (*flow)->appid = appid;
        appid->flows++;
    }
    ndpi_protocol protocol = process(appid, *flow, segment);
    if (!is_decided(appid, *flow, protocol)) {
        if (++(*flow)->packets < LIMIT_NDPI_PACKETS)
            return false;
        protocol = guess(appid, *flow);
    }
    fill_label(label, appid, *flow, protocol);
    appid_forget(flow);
    return true;
}

void appid_give_up(struct app_label *label, struct appid *appid, struct appid_flow **flow)
{
    if (!*flow)
        return;
    fill_label(label, appid, *flow, guess(appid, *flow));
    appid_forget(flow);
}

void appid_free(struct appid *appid)
{
    if (!appid)
        return;
    if (appid->ndpi)
        ndpi_exit_detection_module(appid->ndpi);
    free(appid);
}
