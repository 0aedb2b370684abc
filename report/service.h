/* service.h: which service a flow belongs to, concluded from what is in it. */
#ifndef PUSHWATCH_REPORT_SERVICE_H
#define PUSHWATCH_REPORT_SERVICE_H

#include "../dissect/flow_record.h"

enum { SERVICE_EVIDENCE_MAX = 8 };

/* A name needs evidence from the flow's own bytes: the server name asked for, the application
 * protocol, the names or the issuer of the certificate, the payload. The server's address and port
 * back a name up; alone they make it `likely` at most, and `name` says only what the payload is. */
struct service {
    const char *name;   /* `apns`, `xmpp`, `https`, `tls`, `http`, `ssh`, …, `unknown` */
    const char *likely; /* what address and port suggest beyond it; NULL if nothing */
    const char *evidence[SERVICE_EVIDENCE_MAX]; /* sni, alpn, certificate, issuer, payload,
                                                   address, port */
    unsigned evidence_count;
};

/* service_of concludes it. All strings are static. */
struct service service_of(const struct flow_record *record);

#endif
