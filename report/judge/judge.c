/* judge.c: asks each family of findings in turn. */
#include "families.h"

#include "contacts.h"
#include "known.h"
#include "leaves.h"
#include "policy.h"
#include "validate.h"
#include "weak_suites.h"
#include "witness.h"

#include <stdlib.h>

struct judge {
    bool any_port;
    bool own_trust; /* the user has said whom to trust */
    struct weak_suites *suites;
    struct validator *validator;     /* NULL: chains are not validated */
    const struct policy *policy;     /* NULL: none */
    const struct known_certs *known; /* of earlier runs; NULL: not asked for */
    struct learning *learning;       /* of this run; NULL: not asked for */
    struct across *across;
    struct contacts contacts;
    struct leaves *leaves;
    struct witness *witness; /* NULL: there is none but the wire */
};

struct judge *judge_new(const struct run_meta *meta)
{
    struct judge *judge = xcalloc(1, sizeof(*judge));
    judge->any_port = meta->ports && strcmp(meta->ports, "any") == 0;
    judge->suites = weak_suites_new();
    judge->across = across_new();
    judge->policy = meta->policy;
    judge->known = meta->known;
    judge->learning = meta->learning;
    judge->leaves = leaves_new();
    if (meta->trust) {
        judge->own_trust = trust_is_own(meta->trust);
        judge->validator = validator_new(meta->trust, meta->at);
    }
    if (meta->witnesses)
        judge->witness = witness_new(meta->witnesses);
    return judge;
}

nanotime judge_waited(const struct flow_record *record, nanotime since)
{
    nanotime now = record->end;
    if (record->tcp.idle_at_end > 0)
        now += record->tcp.idle_at_end;
    return now - since;
}

void judge_flow(const struct judge *judge, struct findings *out, const struct flow_record *record)
{
    judge_teardown(out, record);
    judge_resets(out, record);
    judge_tls(out, record, judge->suites, judge->any_port);
    if (judge->validator)
        validate(judge->validator, &out->validation, record);
    judge_certificate(out, record, judge->own_trust);
    judge_capture_flow(out, record);
    if (judge->policy)
        policy_judge(judge->policy, out, record);
    if (judge->known)
        known_judge(judge->known, out, record);
    if (judge->policy)
        policy_ignore(judge->policy, out, record);
}

void judge_remember(struct judge *judge, const struct flow_record *record,
                    const struct findings *findings)
{
    if (!record->final)
        return;
    across_add(judge->across, record);
    contacts_add(&judge->contacts, record);
    leaves_add(judge->leaves, record);
    if (judge->learning)
        known_learn(judge->learning, judge->known, record, findings);
    if (judge->witness)
        witness_add(judge->witness, record);
}

const struct testimony *judge_finish(struct judge *judge, struct findings *out,
                                     const struct run_end *end)
{
    const struct testimony *testimony = NULL;
    across_judge(judge->across, out, end);
    leaves_judge(judge->leaves, out);
    judge_rhythm(out, &judge->contacts);
    if (judge->witness) {
        testimony = witness_hear(judge->witness, end);
        witness_judge(out, testimony, end);
    }
    judge_capture(out, end);
    return testimony;
}

void judge_free(struct judge *judge)
{
    if (!judge)
        return;
    weak_suites_free(judge->suites);
    across_free(judge->across);
    contacts_done(&judge->contacts);
    leaves_free(judge->leaves);
    validator_free(judge->validator);
    witness_free(judge->witness);
    free(judge);
}
