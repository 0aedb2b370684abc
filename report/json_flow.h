/* json_flow.h: the members of the flow, certificate and finding objects. */
#ifndef PUSHWATCH_REPORT_JSON_FLOW_H
#define PUSHWATCH_REPORT_JSON_FLOW_H

#include "finding.h"
#include "json.h"

#include "../dissect/flow_record.h"

struct cert_texts; /* cert_texts.h */

/* These write members into an object that the caller has opened; json_flow all but type and
 * ordinal, json_tcp and json_tls the object of that name. What certs has is copied, and what it has
 * not is kept there; NULL: nothing is. */
void json_flow(struct json *json, const struct flow_record *record, const struct findings *findings,
               struct cert_texts *certs);
void json_tcp(struct json *json, const struct tcp_record *tcp); /* json_tcp.c */
void json_tls(struct json *json, const struct flow_record *record,
              const struct validation *validation, struct cert_texts *certs); /* json_tls.c */
/* Of what few sessions have: json_tls_extras.c. */
void json_raw_keys(struct json *json, const struct tls_extras *extras);
void json_staple(struct json *json, const struct tls_extras *extras);
void json_tls_extras(struct json *json, const struct flow_record *record);
/* What decryption has shown: json_apns.c. */
void json_decryption(struct json *json, const struct flow_record *record);
void json_apns(struct json *json, const struct flow_record *record);
void json_cert(struct json *json, const struct cert *cert, bool pem); /* json_cert.c */
void json_chain(struct json *json, const char *key, const struct cert *const *chain, unsigned count,
                struct cert_texts *certs);
void json_validation(struct json *json, const struct validation *validation);
void json_finding(struct json *json, const struct finding *finding);

/* json_list_if_any writes a list that is not empty. */
void json_list_if_any(struct json *json, const char *key, const struct text_list *list);

/* time_if_known and frame_if_known write nothing of a time or a frame that is 0. */
JSON_INLINE void time_if_known(struct json *json, const char *key, nanotime time)
{
    if (time != 0)
        json_time(json, key, time);
}

JSON_INLINE void frame_if_known(struct json *json, const char *key, uint64_t frame)
{
    if (frame != 0)
        json_uint(json, key, frame);
}

#endif
