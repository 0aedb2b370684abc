/* service.h: which service a flow belongs to, concluded from what is in it. */
#ifndef PUSHWATCH_REPORT_SERVICE_H
#define PUSHWATCH_REPORT_SERVICE_H

#include "../dissect/flow_record.h"
#include "word.h"

/* In the order in which it is told. */
enum service_evidence {
    SERVICE_BY_SNI,
    SERVICE_BY_ALPN,
    SERVICE_BY_CERTIFICATE,
    SERVICE_BY_ISSUER,
    SERVICE_BY_PAYLOAD,
    SERVICE_BY_ADDRESS,
    SERVICE_BY_PORT
};
enum { SERVICE_EVIDENCE_MAX = SERVICE_BY_PORT + 1 };

/* A name needs evidence from the flow's own bytes: the server name asked for, the application
 * protocol, the names or the issuer of the certificate, the payload. The server's address and port
 * back a name up; alone they make it `likely` at most, and `name` says only what the payload is. */
struct service {
    const struct word *name; /* `apns`, `xmpp`, `https`, `tls`, `http`, `ssh`, …, `unknown` */
    bool likely_apns;        /* what address and port suggest beyond it */
    uint8_t evidence;        /* a bit for each */
};

/* service_of concludes it. */
struct service service_of(const struct flow_record *record);

/* service_is_apns tells whether it is that of APNs, without doubt. */
bool service_is_apns(const struct service *service);

const struct word *word_service_evidence(enum service_evidence evidence);

#endif
