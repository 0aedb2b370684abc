/* identity.c: see identity.h. */
#include "identity.h"

#include "address.h"

void identity_part(struct buf *out, struct span part)
{
    size_t n = 0;
    while (n < part.n && part.p[n] > ' ' && part.p[n] < 0x7f && part.p[n] != '\\')
        n++;
    buf_append(out, " ", 1);
    buf_append(out, part.p, n);
}

bool identity_names_somebody(const char *key)
{
    static const char *const keys[] = {"client", "server", "name",   "sni",     "end",  "event",
                                       "kind",   "sha256", "unseen", "message", "state"};
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

static void put_word(struct buf *out, const char *word)
{
    identity_part(out, span_of(word, strlen(word)));
}

void identity_of_flow(struct buf *out, const struct flow_record *record,
                      const struct finding *finding)
{
    struct address_room room;
    const struct endpoint *server = &record->ends[SERVER];
    buf_printf(out, "%s", finding_name(finding->id));
    put_word(out, address_host(&room, &record->ends[CLIENT]));
    if (record->tls && record->tls->sni.n > 0)
        identity_part(out, record->tls->sni);
    else
        put_word(out, address_host(&room, server));
    buf_printf(out, " %u", server->port);
}

void identity_of_finding(struct buf *out, const struct finding *finding)
{
    buf_printf(out, "%s", finding_name(finding->id));
    for (unsigned i = 0; i < finding->evidence_count; i++) {
        const struct evidence *evidence = &finding->evidence[i];
        if (evidence->kind == EVIDENCE_TEXT && identity_names_somebody(evidence->key))
            identity_part(out, finding_evidence_text(finding, evidence));
    }
}
