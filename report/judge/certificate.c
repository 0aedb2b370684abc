/* certificate.c: what is to be said of a server's chain, after it was validated. */
#include "families.h"

#include "../timetext.h"
#include "strength.h"

#include <inttypes.h>

#define DAY (24 * 3600 * NS_PER_SECOND)

enum { NAMES_SAID = 3 };

/* begin makes a finding about a certificate of the chain, and says which one it is. */
static struct finding *begin(struct findings *out, const struct flow_record *record,
                             enum finding_id id, uint8_t which)
{
    const struct tls_facts *tls = record->tls;
    struct finding *finding = findings_add(out, id);
    finding_frame(finding, tls->certificate_frame);
    if (which >= tls->server_cert_count) {
        finding_seen(finding, "The trusted certificate, ");
        finding_seen_text(finding, out->validation.anchor);
        finding_text(finding, "subject", out->validation.anchor);
        finding_seen(finding, ",");
        return finding;
    }
    const struct cert *cert = tls->server_certs[which];
    if (which == 0)
        finding_seen(finding, "The server's certificate");
    else
        finding_seen(finding, "Certificate %u of the server's chain", which + 1u);
    if (cert->subject.n > 0) {
        finding_seen(finding, ", ");
        finding_seen_text(finding, cert->subject);
        finding_seen(finding, ",");
        finding_text(finding, "subject", cert->subject);
    }
    return finding;
}

static void say_issuer(struct finding *finding, const struct cert *cert)
{
    finding_seen_text(finding, cert->issuer);
    finding_text(finding, "issuer", cert->issuer);
}

/* --- names --- */

static void judge_name(struct findings *out, const struct flow_record *record)
{
    if (!validation_has(&out->validation, FAULT_NAME_MISMATCH))
        return;
    const struct text_list *names = &record->tls->server_certs[0]->san;
    struct finding *finding = begin(out, record, FINDING_NAME_MISMATCH, 0);
    finding_seen(finding, " does not hold the name that the client asked for, ");
    finding_seen_text(finding, record->tls->sni);
    finding_text(finding, "asked", record->tls->sni);
    for (size_t i = 0; i < names->count && i < NAMES_SAID; i++) {
        finding_seen(finding, i == 0 ? ", but " : ", ");
        finding_seen_text(finding, names->items[i]);
        if (i == 0)
            finding_text(finding, "holds", names->items[i]);
    }
    if (names->count > NAMES_SAID)
        finding_seen(finding, " and %zu more", names->count - NAMES_SAID);
    finding_frame(finding, record->tls->client_hello_frame);
}

/* --- times --- */

/* Was it otherwise when the packets were sent? Only where another time was asked for. */
static void say_then(struct finding *finding, const struct flow_record *record, bool same_then)
{
    struct time_room room;
    nanotime at = record->start;
    if (!same_then && at != 0)
        finding_seen(finding, "; when these packets were sent, on %s, it was valid",
                     timetext_date(&room, at));
}

static void judge_expired(struct findings *out, const struct flow_record *record)
{
    const struct validation *validation = &out->validation;
    if (!validation_has(validation, FAULT_EXPIRED))
        return;
    uint8_t which = validation->at_fault[FAULT_EXPIRED];
    struct finding *finding = begin(out, record, FINDING_EXPIRED, which);
    struct time_room room;
    if (which >= record->tls->server_cert_count) {
        finding_seen(finding, " has expired");
        return;
    }
    nanotime not_after = record->tls->server_certs[which]->not_after;
    finding_seen(finding, " expired on %s", timetext_date(&room, not_after));
    if (validation->at > not_after && validation->at == record->start)
        finding_seen(finding, ", %s before these packets",
                     timetext_span(&room, validation->at - not_after));
    say_then(finding, record, not_after < record->start);
    finding_time(finding, "not_after", not_after);
}

static void judge_not_yet_valid(struct findings *out, const struct flow_record *record)
{
    const struct validation *validation = &out->validation;
    if (!validation_has(validation, FAULT_NOT_YET_VALID))
        return;
    uint8_t which = validation->at_fault[FAULT_NOT_YET_VALID];
    struct finding *finding = begin(out, record, FINDING_NOT_YET_VALID, which);
    struct time_room room;
    if (which >= record->tls->server_cert_count) {
        finding_seen(finding, " is not yet valid");
        return;
    }
    nanotime not_before = record->tls->server_certs[which]->not_before;
    finding_seen(finding, " is valid only from %s", timetext_date(&room, not_before));
    say_then(finding, record, not_before > record->start);
    finding_time(finding, "not_before", not_before);
}

/* Soon is the last sixth of its life, and at most a month: those that live for 90 days are renewed
 * when a third is left, and those that live for a week are not expiring all the time. */
static void judge_expires_soon(struct findings *out, const struct flow_record *record)
{
    const struct cert *leaf = record->tls->server_certs[0];
    nanotime at = out->validation.at, soon = (leaf->not_after / 6 - leaf->not_before / 6);
    if (soon > 30 * DAY)
        soon = 30 * DAY;
    if (leaf->not_before > at || leaf->not_after <= at || leaf->not_after - at > soon)
        return;
    struct finding *finding = begin(out, record, FINDING_EXPIRES_SOON, 0);
    struct time_room room;
    finding_seen(finding, " expires on %s", timetext_date(&room, leaf->not_after));
    finding_seen(finding, ", in %s", timetext_span(&room, leaf->not_after - at));
    finding_time(finding, "not_after", leaf->not_after);
}

/* --- the path --- */

static const char *what_is_wrong(enum fault fault)
{
    switch (fault) {
    case FAULT_MALFORMED:
        return " can't be read: it is malformed";
    case FAULT_BAD_SIGNATURE:
        return " bears a signature that its issuer's key did not make";
    case FAULT_NOT_A_CA:
        return " signed another certificate, and is not one that may";
    case FAULT_PATH_LENGTH:
        return " stands higher above the server's than it may";
    case FAULT_PURPOSE:
        return " is not meant for TLS servers";
    case FAULT_NAME_CONSTRAINTS:
        return " has a name for which an authority above it may not speak";
    default:
        return " is not acceptable";
    }
}

static void judge_broken(struct findings *out, const struct flow_record *record)
{
    static const enum fault faults[] = {
        FAULT_MALFORMED, FAULT_BAD_SIGNATURE,    FAULT_NOT_A_CA, FAULT_PATH_LENGTH,
        FAULT_PURPOSE,   FAULT_NAME_CONSTRAINTS, FAULT_OTHER,
    };
    const struct validation *validation = &out->validation;
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        if (!validation_has(validation, faults[i]))
            continue;
        struct finding *finding =
            begin(out, record, FINDING_UNTRUSTED_CHAIN, validation->at_fault[faults[i]]);
        finding_seen(finding, "%s", what_is_wrong(faults[i]));
        if (faults[i] == FAULT_OTHER && validation->detail)
            finding_seen(finding, ": %s", validation->detail);
        finding_word(finding, "error", fault_word(faults[i])->text);
        return;
    }
}

static void judge_self_signed(struct findings *out, const struct flow_record *record)
{
    if (!validation_has(&out->validation, FAULT_SELF_SIGNED))
        return;
    struct finding *finding = begin(out, record, FINDING_SELF_SIGNED, 0);
    finding_seen(finding, " is signed with its own key");
}

static void judge_missing(struct findings *out, const struct flow_record *record)
{
    const struct validation *validation = &out->validation;
    if (!validation_has(validation, FAULT_MISSING_INTERMEDIATE))
        return;
    uint8_t which = validation->at_fault[FAULT_MISSING_INTERMEDIATE];
    struct finding *finding = begin(out, record, FINDING_MISSING_INTERMEDIATE, which);
    finding_seen(finding, " came without its issuer, ");
    say_issuer(finding, record->tls->server_certs[which]);
    finding_seen(finding, ", which is not among the trusted ones either");
}

/* That the system does not know an authority is nothing odd, as private ones are common: validation
 * says so, and no finding. That those whom the user named do not know it is one. */
static void judge_unknown_anchor(struct findings *out, const struct flow_record *record,
                                 bool own_trust)
{
    const struct validation *validation = &out->validation;
    uint8_t last = validation->at_fault[FAULT_UNKNOWN_ANCHOR];
    if (!own_trust || !validation_has(validation, FAULT_UNKNOWN_ANCHOR) ||
        validation_has(validation, FAULT_MISSING_INTERMEDIATE) ||
        validation_has(validation, FAULT_CUT) || last >= record->tls->server_cert_count)
        return;
    struct finding *finding = findings_add(out, FINDING_UNTRUSTED_CHAIN);
    finding_frame(finding, record->tls->certificate_frame);
    finding->severity = SEVERITY_NOTICE;
    finding_seen(finding, "The server's chain leads to ");
    say_issuer(finding, record->tls->server_certs[last]);
    finding_seen(finding, ", which is in none of the trust stores");
    finding->why = "whoever trusts these alone will refuse it: another authority than the expected "
                   "one has signed, as a proxy that intercepts does, or the stores lack one";
    finding->next = "ask whose authority that is; if it is the right one, add it with --trust";
    finding_word(finding, "error", fault_word(FAULT_UNKNOWN_ANCHOR)->text);
}

static void judge_order(struct findings *out, const struct flow_record *record)
{
    const struct validation *validation = &out->validation;
    bool others = validation->order == CHAIN_WITH_OTHERS;
    if (validation->order == CHAIN_IN_ORDER ||
        (others && validation_has(validation, FAULT_MISSING_INTERMEDIATE)))
        return;
    struct finding *finding = begin(out, record, FINDING_CHAIN_ORDER, validation->order_at);
    if (others) {
        finding->severity = SEVERITY_INFO;
        finding_seen(finding, " certifies none of those before it");
    } else {
        finding_seen(finding, " does not stand right behind the one that it certifies");
    }
}

/* --- strength --- */

static void judge_key(struct findings *out, const struct flow_record *record)
{
    uint8_t which = out->validation.short_key;
    if (which == NOWHERE)
        return;
    const struct cert *cert = record->tls->server_certs[which];
    struct finding *finding = begin(out, record, FINDING_WEAK_KEY, which);
    finding->severity = strength_of_key(cert, out->validation.at);
    finding_seen(finding, " has a key of %u bits (%s)", cert->key_bits, cert->key_type);
    finding_number(finding, "bits", cert->key_bits);
}

static void judge_signature(struct findings *out, const struct flow_record *record)
{
    uint8_t which = out->validation.weak_signature;
    if (which == NOWHERE)
        return;
    const struct cert *cert = record->tls->server_certs[which];
    struct finding *finding = begin(out, record, FINDING_WEAK_SIGNATURE, which);
    finding->severity = strength_of_signature(cert, out->validation.at);
    finding_seen(finding, " is signed with %s", cert->signature_algorithm);
    finding_word(finding, "algorithm", cert->signature_algorithm);
}

/* --- revocation --- */

static const char *how_sure(enum staple_check check)
{
    switch (check) {
    case STAPLE_NO_ISSUER:
        return ", whose signature can't be checked without the issuer's certificate";
    case STAPLE_OUTDATED:
        return ", which is properly signed, but for another time";
    default:
        return ", which is properly signed";
    }
}

static void judge_revoked(struct findings *out, const struct flow_record *record)
{
    const struct ocsp_staple *staple = record->tls->extras ? record->tls->extras->staple : NULL;
    enum staple_check check = (enum staple_check)out->validation.staple;
    if (!staple || staple->status != STAPLE_REVOKED || staple->other_certificate ||
        check == STAPLE_BAD_SIGNATURE || check == STAPLE_NOT_CHECKED)
        return;
    struct time_room room;
    struct finding *finding = begin(out, record, FINDING_REVOKED, 0);
    finding_seen(finding, " was revoked");
    if (staple->revoked_at) {
        finding_seen(finding, " on %s", timetext_date(&room, staple->revoked_at));
        finding_time(finding, "revoked_at", staple->revoked_at);
    }
    finding_seen(finding, ", says the stapled OCSP response%s", how_sure(check));
    finding_word(finding, "response", staple_check_word(check)->text);
}

void judge_certificate(struct findings *out, const struct flow_record *record, bool own_trust)
{
    if (out->validation.status == VALIDATION_NONE)
        return;
    judge_broken(out, record);
    judge_revoked(out, record);
    judge_expired(out, record);
    judge_not_yet_valid(out, record);
    judge_name(out, record);
    judge_self_signed(out, record);
    judge_missing(out, record);
    judge_unknown_anchor(out, record, own_trust);
    judge_order(out, record);
    judge_key(out, record);
    judge_signature(out, record);
    judge_expires_soon(out, record);
}
