/* families.h: what the families of findings share. Private to report/judge/. */
#ifndef PUSHWATCH_REPORT_JUDGE_FAMILIES_H
#define PUSHWATCH_REPORT_JUDGE_FAMILIES_H

#include "judge.h"

/* Silence of less than this proves nothing: an answer may still be under way. It is the first
 * retransmission timeout of 1 s and the doubled one after it (RFC 6298 sections 2.1 and 5.5). */
#define ANSWER_DUE (3 * NS_PER_SECOND)

/* judge_waited returns how long, as far as the capture shows, something sent at `since` has waited:
 * up to the last packet of the capture that the record knows of. */
nanotime judge_waited(const struct flow_record *record, nanotime since);

/* judge_one_way tells whether what an end sent is not in the capture, although it sends: what its
 * peer waits for may have come, and nothing about that can be said. */
bool judge_one_way(const struct flow_record *record, enum side unseen);

/* judge_teardown: how the connection was made and how it ended. */
void judge_teardown(struct findings *out, const struct flow_record *record);

/* judge_resets: who reset a connection, and what went before a reset or a silence. */
void judge_resets(struct findings *out, const struct flow_record *record);

/* judge_tls: handshake, versions, names and certificates that are readable. `any_port`: no port in
 * particular is watched, so that a flow without TLS is nothing odd. */
struct weak_suites;
void judge_tls(struct findings *out, const struct flow_record *record, struct weak_suites *suites,
               bool any_port);

/* judge_certificate: what out->validation found, the chain's order, and what is too weak for its
 * time. `own_trust`: the user has said whom to trust. */
void judge_certificate(struct findings *out, const struct flow_record *record, bool own_trust);

/* judge_capture_flow: what the capture missed of one flow. */
void judge_capture_flow(struct findings *out, const struct flow_record *record);

/* judge_capture: what is wrong with the capture as a whole. */
void judge_capture(struct findings *out, const struct run_end *end);

/* Patterns over many flows. */
struct across;
struct across *across_new(void);
void across_add(struct across *across, const struct flow_record *record);
/* across_judge sorts what was added; it is called once, at the end. */
void across_judge(struct across *across, struct findings *out, const struct run_end *end);
void across_free(struct across *across);

/* judge_rhythm: what one client does again and again. */
struct contacts;
void judge_rhythm(struct findings *out, const struct contacts *contacts);

#endif
