/* tally.c: counts in the words of pushwatch's summary. */
#include "tally.h"

#include <inttypes.h>
#include <stdio.h>

/* How an ending is to be reported. */
static const struct {
    const char *teardown, *closed_by;
} endings[ENDINGS] = {
    [GRACEFUL_BY_CLIENT] = {"graceful", "client"},
    [GRACEFUL_BY_SERVER] = {"graceful", "server"},
    [GRACEFUL_BY_BOTH] = {"graceful", "both"},
    [RESET_BY_CLIENT] = {"reset", "client"},
    [RESET_BY_SERVER] = {"reset", "server"},
    [RESET_AFTER_FIN] = {"reset", "client"},
    [RESET_IN_TLS_HANDSHAKE] = {"reset", "server"},
    [FIN_UNANSWERED_BY_CLIENT] = {"fin-unanswered", "client"},
    [FIN_UNANSWERED_BY_SERVER] = {"fin-unanswered", "server"},
    [HALF_CLOSED_BY_CLIENT] = {"half-closed", "client"},
    [HALF_CLOSED_BY_SERVER] = {"half-closed", "server"},
    [LAST_FIN_UNANSWERED] = {"closing", "client"},
    [IDLE_OPEN] = {"open", NULL},
    [REFUSED] = {"refused", "server"},
    [UNANSWERED] = {"unanswered", NULL},
};
static const char *const teardowns[] = {"open",    "graceful", "half-closed", "fin-unanswered",
                                        "closing", "reset",    "refused",     "unanswered"};
static const char *const closers[] = {"client", "server", "both"};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

void tally_connection(struct tally *tally, const struct course *course)
{
    const struct session *session = course->session;
    tally->endings[course->ending]++;
    if (!session || course->ending == REFUSED || course->ending == UNANSWERED)
        return;
    bool cut = course->ending == RESET_IN_TLS_HANDSHAKE;
    tally->versions[(cut ? session->offered : session->version) & 0xf]++;
    if (cut)
        return;
    tally->resumed += session->resumed && session->version < TLS1_3_VERSION;
    for (unsigned i = 0; i < session->shown; i++)
        tally->certificates[session->visible[i]] = true;
}

static void print_count(const char *before, const char *name, uint64_t count)
{
    if (count)
        printf("%s\"%s\":%" PRIu64, before, name, count);
}

/* Prints the counts of those endings that are called the same. */
static uint64_t print_endings(const struct tally *tally, const char *const *names, size_t count,
                              bool by)
{
    const char *before = "";
    uint64_t all = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t sum = 0;
        for (unsigned e = 0; e < ENDINGS; e++) {
            const char *name = by ? endings[e].closed_by : endings[e].teardown;
            sum += name && !strcmp(name, names[i]) ? tally->endings[e] : 0;
        }
        print_count(before, names[i], sum);
        before = sum ? "," : before;
        all += sum;
    }
    return all;
}

void tally_print(const struct tally *tally, const struct wire *wire)
{
    static const char *const versions[] = {NULL, "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"};
    uint64_t certificates = 0, tls = 0;
    for (unsigned i = 0; i < IDENTITIES_MAX; i++)
        certificates += tally->certificates[i];
    printf("{\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"matched\":%" PRIu64 ",\"teardown\":{",
           wire->packets, wire->bytes, wire->watched);
    uint64_t flows = print_endings(tally, teardowns, COUNT(teardowns), false);
    printf("},\"closed_by\":{");
    print_endings(tally, closers, COUNT(closers), true);
    printf("},\"tls_versions\":{");
    const char *before = "";
    for (unsigned i = 1; i < COUNT(versions); i++) {
        print_count(before, versions[i], tally->versions[i]);
        before = tally->versions[i] ? "," : before;
        tls += tally->versions[i];
    }
    const struct disorder *d = &tally->disorder;
    printf("},\"flows\":%" PRIu64 ",\"tls_flows\":%" PRIu64 ",\"resumed\":%" PRIu64
           ",\"certificates\":%" PRIu64 ",\"disorder\":{\"swapped\":%" PRIu64 ",\"late\":%" PRIu64
           ",\"retransmitted\":%" PRIu64 ",\"duplicate_acks\":%" PRIu64 ",\"keepalives\":%" PRIu64
           "}}\n",
           flows, tls, tally->resumed, certificates, d->swapped, d->late, d->retransmitted,
           d->duplicate_acks, d->keepalives);
}
