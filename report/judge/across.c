/* across.c: patterns that only many flows together show. Here: connections of one client that are
 * stuck at the same time. */
#include "families.h"

#include "mix.h"
#include "period.h"

#include "../address.h"
#include "../timetext.h"

#include <inttypes.h>
#include <stdlib.h>

/* Those that got stuck within less than this did so together: no rate is told. */
#define RATE_SPAN_LEAST (10 * 60 * NS_PER_SECOND)

enum {
    PILEUP_LEAST = 3,    /* stuck connections of one client that are more than chance */
    CLIENTS_MAX = 4096,  /* clients with stuck connections that are told apart; those beyond
                            are not judged: 4096 of them are an outage, not a client's problem */
    STUCK_MAX = 1 << 20, /* stuck connections remembered: 32 MiB; those beyond are left out */
    SERVERS_MAX = 16,    /* servers named in one finding */
    SLOTS = 2 * CLIENTS_MAX,
    NEVER = -1
};

/* One stuck connection: from when until when, as far as the capture shows. */
struct spell {
    nanotime from, until; /* until: NEVER while nothing shows that it ended */
    uint32_t client;      /* index in clients */
    uint64_t first_frame;
};

struct client {
    struct endpoint address; /* the port means nothing */
    uint64_t stuck;
    struct endpoint servers[SERVERS_MAX];
    unsigned server_count;
    bool more_servers;
};

struct across {
    struct client *clients;
    size_t client_count, client_cap;
    uint16_t slots[SLOTS]; /* open addressing: index in clients plus 1, or 0 */
    struct spell *spells;
    size_t spell_count, spell_cap;
};

struct across *across_new(void)
{
    return xcalloc(1, sizeof(struct across));
}

void across_free(struct across *across)
{
    if (across) {
        free(across->clients);
        free(across->spells);
    }
    free(across);
}

static size_t slot_of(const struct endpoint *address)
{
    return mix_slot(mix_bytes(0, span_of(address->ip, address->ipv6 ? 16 : 4)), SLOTS);
}

static struct client *add_client(struct across *across, const struct endpoint *address)
{
    if (across->client_count == across->client_cap) {
        across->client_cap = across->client_cap ? across->client_cap * 2 : 8;
        across->clients =
            xrealloc(across->clients, across->client_cap * sizeof(across->clients[0]));
    }
    struct client *client = &across->clients[across->client_count++];
    *client = (struct client){.address = *address};
    return client;
}

/* Returns NULL for a new client when there are too many. */
static struct client *find_client(struct across *across, const struct endpoint *address)
{
    size_t slot = slot_of(address);
    for (; across->slots[slot]; slot = (slot + 1) % SLOTS) {
        struct client *client = &across->clients[across->slots[slot] - 1];
        if (address_same_host(&client->address, address))
            return client;
    }
    if (across->client_count == CLIENTS_MAX)
        return NULL;
    across->slots[slot] = (uint16_t)(across->client_count + 1);
    return add_client(across, address);
}

static void remember_server(struct client *client, const struct endpoint *server)
{
    for (unsigned i = 0; i < client->server_count; i++)
        if (address_same(&client->servers[i], server))
            return;
    if (client->server_count < SERVERS_MAX)
        client->servers[client->server_count++] = *server;
    else
        client->more_servers = true;
}

/* The client's port in use again shows that its old socket is gone; nothing else does. */
static nanotime end_of_spell(const struct flow_record *record)
{
    return record->end_reason == ENDED_PORT_REUSED ? record->end : NEVER;
}

void across_add(struct across *across, const struct flow_record *record)
{
    const struct stuck_record *stuck = &record->tcp.stuck;
    if (stuck->cause == STUCK_NOT || record->tcp.teardown == TEARDOWN_UNANSWERED ||
        judge_waited(record, stuck->since) < ANSWER_DUE || across->spell_count == STUCK_MAX)
        return;
    struct client *client = find_client(across, &record->ends[CLIENT]);
    if (!client)
        return;
    client->stuck++;
    remember_server(client, &record->ends[SERVER]);
    if (across->spell_count == across->spell_cap) {
        across->spell_cap = across->spell_cap ? across->spell_cap * 2 : 16;
        across->spells = xrealloc(across->spells, across->spell_cap * sizeof(across->spells[0]));
    }
    across->spells[across->spell_count++] = (struct spell){
        .from = stuck->since,
        .until = end_of_spell(record),
        .client = (uint32_t)(client - across->clients),
        .first_frame = stuck->first_frame ? stuck->first_frame : record->first_frame,
    };
}

static int by_client_and_time(const void *left, const void *right)
{
    const struct spell *a = left, *b = right;
    if (a->client != b->client)
        return a->client < b->client ? -1 : 1;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    return (a->first_frame > b->first_frame) - (a->first_frame < b->first_frame);
}

static int by_time(const void *left, const void *right)
{
    nanotime a = *(const nanotime *)left, b = *(const nanotime *)right;
    return (a > b) - (a < b);
}

/* The most spells that overlap: both lists of times, sorted, are walked side by side. */
static size_t most_at_once(const struct spell *spells, size_t count)
{
    nanotime *ends = xmalloc(count * sizeof(*ends));
    size_t end_count = 0;
    for (size_t i = 0; i < count; i++)
        if (spells[i].until != NEVER)
            ends[end_count++] = spells[i].until;
    qsort(ends, end_count, sizeof(*ends), by_time);

    size_t over = 0, most = 0;
    for (size_t begun = 1; begun <= count; begun++) {
        while (over < end_count && ends[over] <= spells[begun - 1].from)
            over++;
        if (begun - over > most)
            most = begun - over;
    }
    free(ends);
    return most;
}

static void say_servers(struct finding *finding, const struct client *client)
{
    struct address_room room;
    struct buf list = {0};
    for (unsigned i = 0; i < client->server_count; i++)
        buf_printf(&list, "%s%s", i ? ", " : "", address_text(&room, &client->servers[i]));
    if (client->more_servers)
        buf_printf(&list, " and others");
    finding_seen(finding, "%s", buf_text(&list));
    finding_text(finding, "servers", span_of(list.p, list.n));
    buf_done(&list);
}

/* How quickly they become more: one new one each period, or so many an hour. */
static void say_rate(struct finding *finding, const struct spell *spells, size_t count)
{
    nanotime span = spells[count - 1].from - spells[0].from;
    struct period_events events = {0};
    struct period period;
    struct time_room room;
    if (span < RATE_SPAN_LEAST)
        return;
    for (size_t i = 0; i < count; i++)
        period_events_add(&events, spells[i].from);
    uint64_t per_hour = (uint64_t)((double)(count - 1) * 3600e9 / (double)span + 0.5);
    if (period_find(&period, events.times, events.used)) {
        finding_seen(finding, ", a new one every %s", timetext_span(&room, period.period));
        finding_seconds(finding, "period", period.period);
    } else if (per_hour > 0) {
        finding_seen(finding, ", about %" PRIu64 " new one%s an hour", per_hour,
                     per_hour == 1 ? "" : "s");
    }
    finding_number(finding, "new_per_hour", per_hour);
    period_events_done(&events);
}

static void judge_client(struct findings *out, const struct client *client,
                         const struct spell *spells, size_t count, nanotime now)
{
    size_t most = most_at_once(spells, count);
    if (most < PILEUP_LEAST)
        return;
    struct finding *finding = findings_add(out, FINDING_STUCK_PILEUP);
    struct address_room address;
    struct time_room room;
    nanotime since = spells[0].from, last = spells[count - 1].from;
    finding_seen(finding, "%zu connections of %s were stuck at once, the first since %s", most,
                 address_host(&address, &client->address), timetext_day_second(&room, since));
    if (last > since)
        finding_seen(finding, " and the last since %s later", timetext_span(&room, last - since));
    say_rate(finding, spells, count);
    finding_seen(finding, ", to ");
    say_servers(finding, client);

    for (size_t i = 0; i < count; i++)
        finding_frame(finding, spells[i].first_frame);
    finding_word(finding, "client", address_host(&address, &client->address));
    finding_number(finding, "stuck", client->stuck);
    finding_number(finding, "at_once", most);
    finding_time(finding, "since", since);
    if (now > since)
        finding_seconds(finding, "longest", now - since);
}

void across_judge(struct across *across, struct findings *out, const struct run_end *end)
{
    if (across->spell_count == 0)
        return;
    qsort(across->spells, across->spell_count, sizeof(across->spells[0]), by_client_and_time);
    for (size_t first = 0, next; first < across->spell_count; first = next) {
        uint32_t client = across->spells[first].client;
        for (next = first + 1; next < across->spell_count; next++)
            if (across->spells[next].client != client)
                break;
        judge_client(out, &across->clients[client], across->spells + first, next - first,
                     end->counts.last_time);
    }
}
