/* known.c: what has changed since earlier runs, and what is worth to be known from now on. */
#include "known.h"

#include "../digits.h"

#include <stdio.h>

static bool same_hash(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, 32) == 0;
}

/* A name proves nothing: whoever makes a certificate writes into it what he likes. So the keys of
 * two issuers of one name have to be the same, too, where both are there, and the signature right,
 * where it could be checked. One that sent its issuer's certificate before and does not now shows
 * less than is known: only a path to an anchor makes up for it. */
static bool same_issuer(const struct known_cert *before, const struct known_cert *now,
                        const struct findings *findings)
{
    bool same_key = now->has_issuer_spki ? same_hash(before->issuer_spki, now->issuer_spki)
                                         : findings->validation.anchored;
    return strcmp(before->issuer, now->issuer) == 0 && (!before->has_issuer_spki || same_key) &&
           !validation_has(&findings->validation, FAULT_BAD_SIGNATURE);
}

/* --- what has changed --- */

static void add_change(struct finding *finding, const char *what, const char *before,
                       const char *now)
{
    if (strcmp(before, now) != 0)
        finding_change(finding, what, span_of(before, strlen(before)), span_of(now, strlen(now)));
}

static void put_key(char out[160], const char *kind, const uint8_t hash[32])
{
    char hex[65] = "";
    digits_hex(hex, span_of(hash, 32));
    snprintf(out, 160, "%s%sSHA-256 %s", kind, *kind ? ", " : "", hex);
}

static void add_key_change(struct finding *finding, const char *what, const char *kind_before,
                           const uint8_t *before, const char *kind_now, const uint8_t *now)
{
    char texts[2][160];
    put_key(texts[0], kind_before, before);
    put_key(texts[1], kind_now, now);
    add_change(finding, what, texts[0], texts[1]);
}

static void add_absence(struct finding *finding, const char *what, const uint8_t *before)
{
    char text[160];
    put_key(text, "", before);
    add_change(finding, what, text, "not sent");
}

static void add_changes(struct finding *finding, const struct known_cert *before,
                        const struct known_cert *now)
{
    add_change(finding, "issuer", before->issuer, now->issuer);
    if (before->has_issuer_spki && now->has_issuer_spki)
        add_key_change(finding, "issuer's key", "", before->issuer_spki, "", now->issuer_spki);
    else if (before->has_issuer_spki && strcmp(before->issuer, now->issuer) == 0)
        add_absence(finding, "issuer's key", before->issuer_spki);
    add_change(finding, "subject", before->subject, now->subject);
    add_key_change(finding, "key", before->key, before->spki_sha256, now->key, now->spki_sha256);
    add_change(finding, "validity", before->valid, now->valid);
    add_change(finding, "names", before->names, now->names);
}

static void say_changes(struct finding *finding)
{
    if (finding->change_count == 0)
        finding_seen(finding, "it differs in nothing that is compared");
    for (unsigned i = 0; i < finding->change_count; i++)
        finding_seen(finding, "%s%s",
                     i == 0                          ? "other "
                     : i + 1 < finding->change_count ? ", "
                                                     : " and ",
                     finding->changes[i].what);
}

/* --- what it means --- */

static struct finding *find(struct findings *list, enum finding_id id)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].id == id)
            return &list->items[i];
    return NULL;
}

static bool has(const struct findings *list, enum finding_id id)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].id == id)
            return true;
    return false;
}

static void weigh(struct finding *finding, bool expected, bool issuer, bool key)
{
    if (expected) {
        finding->severity = SEVERITY_INFO;
        finding->why = "the policy expects its issuer, so that it is likely a rotation";
        finding->next = "let --learn take it into the file of known certificates";
    } else if (issuer) {
        finding->severity = SEVERITY_INFO;
        finding->why = "its issuer is the same as before, so that it is likely a rotation: a new "
                       "certificate in the place of one that ends";
        finding->next = "let --learn take it into the file of known certificates";
    } else if (key) {
        finding->severity = SEVERITY_INFO;
        finding->why = "it has the same key under another issuer, so that whoever had the old "
                       "certificate likely has this one, too";
        finding->next = "let --learn take it into the file of known certificates";
    } else {
        finding->severity = SEVERITY_WARNING;
        finding->why = "another key, under an issuer that is another one or not shown to be the "
                       "same, is no rotation: the server's owner has changed to another authority, "
                       "or somebody answers in the server's place, as a proxy does that intercepts";
        finding->harmless = "the server's owner has changed to another authority since then, or "
                            "its authority to another key, or the server leaves out its issuer's "
                            "certificate, which alone would prove the issuer's name";
        finding->next = "ask the server's owner, or look at the server over another network; if it "
                        "is right, take it into the file with --learn=all";
    }
}

void known_judge(const struct known_certs *known, struct findings *out,
                 const struct flow_record *record)
{
    struct known_cert now;
    if (!known_cert_of(&now, record) || known_certs_find(known, now.name, now.sha256))
        return;
    const struct known_cert *before = known_certs_latest(known, now.name);
    if (!before)
        return;
    bool issuer = same_issuer(before, &now, out);
    struct finding *finding = find(out, FINDING_UNRECOGNIZED_LEAF);
    if (finding) {
        finding_seen(finding, "; against the one that earlier runs saw last, ");
    } else {
        finding = findings_add(out, FINDING_UNRECOGNIZED_LEAF);
        finding_seen(
            finding,
            "The server showed another certificate for %s than earlier runs saw: ", now.name);
        finding_frame(finding, record->tls->certificate_frame);
        finding_word(finding, "issuer", now.issuer);
        finding_word(finding, "subject", now.subject);
        weigh(finding, out->issuer_expected, issuer,
              same_hash(before->spki_sha256, now.spki_sha256));
    }
    add_changes(finding, before, &now);
    say_changes(finding);
    finding_time(finding, "known_last_seen", before->last_seen);
}

/* --- what is learned --- */

/* Only a handshake that was completed shows that a server has the certificate's key, and that the
 * client took it. */
static bool is_learned(const struct learning *learning, const struct known_certs *known,
                       const struct flow_record *record, const struct findings *findings,
                       const struct known_cert *now)
{
    const struct validation *validation = &findings->validation;
    const struct known_cert *before = known_certs_latest(known, now->name);
    if (record->tls->progress != TLS_COMPLETE || has(findings, FINDING_UNEXPECTED_ISSUER) ||
        validation_has(validation, FAULT_BAD_SIGNATURE) ||
        validation_has(validation, FAULT_REVOKED))
        return false;
    return learning->all || findings->issuer_expected || !before ||
           known_certs_find(known, now->name, now->sha256) ||
           same_hash(before->spki_sha256, now->spki_sha256) || same_issuer(before, now, findings);
}

void known_learn(struct learning *learning, const struct known_certs *known,
                 const struct flow_record *record, const struct findings *findings)
{
    struct known_cert now;
    if (!known_cert_of(&now, record))
        return;
    if (!is_learned(learning, known, record, findings, &now))
        learning->refused++;
    else if (!known_certs_add(learning->learned, &now))
        learning->dropped++;
}
