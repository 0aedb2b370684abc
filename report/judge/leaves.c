/* leaves.c: names in order of first sight, each with the certificates shown for it. */
#include "leaves.h"

#include "mix.h"

#include <stdlib.h>

enum {
    NAMES_MOST = 1024,  /* more than a capture of one service has; those beyond are not judged */
    LEAVES_MOST = 8,    /* told apart for one name */
    ISSUER_MOST = 1024, /* bytes of an issuer that are told apart and said */
    SLOTS = 2 * NAMES_MOST,
    ISSUERS_SAID = 3
};

struct leaf {
    uint8_t sha256[32], spki_sha256[32];
    struct buf issuer;
    uint64_t frame; /* of its first sight */
};

struct name {
    uint8_t *text;
    size_t n, leaf_count;
    struct leaf leaves[LEAVES_MOST];
};

struct leaves {
    struct name names[NAMES_MOST];
    size_t count;
    uint16_t slots[SLOTS]; /* open addressing: index in names plus 1, or 0 */
};

struct leaves *leaves_new(void)
{
    return xcalloc(1, sizeof(struct leaves));
}

void leaves_free(struct leaves *leaves)
{
    for (size_t i = 0; leaves && i < leaves->count; i++) {
        struct name *name = &leaves->names[i];
        for (size_t leaf = 0; leaf < name->leaf_count; leaf++)
            buf_done(&name->leaves[leaf].issuer);
        free(name->text);
    }
    free(leaves);
}

static struct name *find(struct leaves *leaves, struct span text)
{
    size_t slot = mix_slot(mix_bytes(0, text), SLOTS);
    for (; leaves->slots[slot]; slot = (slot + 1) % SLOTS) {
        struct name *name = &leaves->names[leaves->slots[slot] - 1];
        if (span_equal(span_of(name->text, name->n), text))
            return name;
    }
    if (leaves->count == NAMES_MOST)
        return NULL;
    struct name *name = &leaves->names[leaves->count++];
    leaves->slots[slot] = (uint16_t)leaves->count;
    name->text = xmemdup(text.p, text.n);
    name->n = text.n;
    return name;
}

void leaves_add(struct leaves *leaves, const struct flow_record *record)
{
    const struct tls_facts *tls = record->tls;
    if (!tls || tls->sni.n == 0 || tls->server_cert_count == 0 || tls->server_certs[0]->malformed)
        return;
    const struct cert *cert = tls->server_certs[0];
    struct name *name = find(leaves, tls->sni);
    if (!name)
        return;
    for (size_t i = 0; i < name->leaf_count; i++)
        if (memcmp(name->leaves[i].sha256, cert->sha256, sizeof cert->sha256) == 0)
            return;
    if (name->leaf_count == LEAVES_MOST)
        return;
    struct leaf *leaf = &name->leaves[name->leaf_count++];
    memcpy(leaf->sha256, cert->sha256, sizeof leaf->sha256);
    memcpy(leaf->spki_sha256, cert->spki_sha256, sizeof leaf->spki_sha256);
    buf_append(&leaf->issuer, cert->issuer.p,
               cert->issuer.n < ISSUER_MOST ? cert->issuer.n : ISSUER_MOST);
    leaf->frame = tls->certificate_frame;
}

static bool same_issuer(const struct leaf *a, const struct leaf *b)
{
    return span_equal(span_of(a->issuer.p, a->issuer.n), span_of(b->issuer.p, b->issuer.n));
}

static void say_issuers(struct finding *finding, const struct name *name)
{
    size_t said = 0;
    for (size_t i = 0; i < name->leaf_count && said < ISSUERS_SAID; i++) {
        const struct leaf *leaf = &name->leaves[i];
        size_t before = 0;
        while (before < i && !same_issuer(&name->leaves[before], leaf))
            before++;
        if (before < i)
            continue;
        finding_seen(finding, said++ ? "; " : ", signed by ");
        finding_seen_text(finding, span_of(leaf->issuer.p, leaf->issuer.n));
    }
}

static void judge_name(struct findings *out, const struct name *name)
{
    bool issuers = false, keys = false;
    for (size_t i = 1; i < name->leaf_count; i++) {
        issuers |= !same_issuer(&name->leaves[0], &name->leaves[i]);
        keys |= memcmp(name->leaves[0].spki_sha256, name->leaves[i].spki_sha256, 32) != 0;
    }
    struct finding *finding = findings_add(out, FINDING_LEAF_CHANGED);
    finding_seen(finding, "%zu%s certificates were shown for ", name->leaf_count,
                 name->leaf_count == LEAVES_MOST ? " or more" : "");
    finding_seen_text(finding, span_of(name->text, name->n));
    finding_seen(finding, keys ? ", with different keys" : ", all with the same key");
    say_issuers(finding, name);
    if (!issuers) {
        finding->severity = SEVERITY_INFO;
        finding->why = "all were signed by one issuer, so that they are likely those of several "
                       "servers, or a rotation";
        finding->next = NULL;
    }
    for (size_t i = 0; i < name->leaf_count; i++)
        finding_frame(finding, name->leaves[i].frame);
    finding_text(finding, "name", span_of(name->text, name->n));
    finding_number(finding, "certificates", name->leaf_count);
}

void leaves_judge(const struct leaves *leaves, struct findings *out)
{
    for (size_t i = 0; i < leaves->count; i++)
        if (leaves->names[i].leaf_count > 1)
            judge_name(out, &leaves->names[i]);
}
