/* summary.c: the counting. */
#include "summary.h"

/* Where a name stands, or would stand: the same text may stand in two places of the program, but
 * mostly it is the very same. */
static size_t tally_find(const struct tally *tally, const char *name)
{
    for (size_t i = 0; i < tally->used; i++)
        if (tally->items[i].name == name)
            return i;
    size_t i = 0;
    while (i < tally->used && strcmp(tally->items[i].name, name) != 0)
        i++;
    return i;
}

static void tally_add(struct tally *tally, const char *name)
{
    size_t at = tally_find(tally, name);
    if (at == TALLY_MAX)
        return;
    if (at == tally->used) {
        tally->items[at].name = name;
        tally->used++;
    }
    tally->items[at].count++;
}

/* A hostile peer can name 65,536 versions; those beyond the first 32 share one count. */
static void count_version(struct summary *summary, uint16_t version)
{
    size_t at = 0;
    while (at < summary->version_count && summary->versions[at].version < version)
        at++;
    if (at < summary->version_count && summary->versions[at].version == version) {
        summary->versions[at].count++;
        return;
    }
    if (summary->version_count == TALLY_MAX) {
        summary->versions_other++;
        return;
    }
    memmove(&summary->versions[at + 1], &summary->versions[at],
            (summary->version_count - at) * sizeof(summary->versions[0]));
    summary->versions[at].version = version;
    summary->versions[at].count = 1;
    summary->version_count++;
}

void summary_add_findings(struct summary *summary, const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        summary->by_finding[findings->items[i].id]++;
        summary->by_severity[findings->items[i].severity]++;
        summary->known += findings->items[i].known;
        summary->by_about[finding_about(findings->items[i].id)][findings->items[i].severity]++;
    }
}

void summary_add_flow(struct summary *summary, const struct flow_record *record,
                      const struct findings *findings)
{
    const struct tcp_record *tcp = &record->tcp;
    summary->flows++;
    summary->by_teardown[tcp->teardown]++;
    summary->by_cause[tcp->stuck.cause]++;
    for (unsigned side = 0; side < 2; side++)
        summary->by_state[side][tcp->ends[side].state]++;
    if (tcp->conn_state)
        tally_add(&summary->conn_states, tcp->conn_state);
    if (record->tls) {
        summary->tls_flows++;
        summary->by_progress[record->tls->progress]++;
        if (record->tls->version)
            count_version(summary, record->tls->version);
    }
    overview_add(&summary->overview, record, findings);
    summary_add_findings(summary, findings);
}

void summary_done(struct summary *summary)
{
    overview_done(&summary->overview);
}
