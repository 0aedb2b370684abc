/* contacts.c: gathers the times of connections, of failures and of certificates' sightings. */
#include "contacts.h"

#include "../address.h"
#include "mix.h"

#include <stdlib.h>

enum { SLOTS = 2 * CONTACTS_MAX };

/* A connection that lasted longer served its purpose. */
#define SHORT (10 * NS_PER_SECOND)
/* So many short ones within this are a storm: STORM_LEAST. Programs that wait for two seconds
 * before they try again come out below, those that do not wait above. */
#define STORM_WITHIN (10 * NS_PER_SECOND)

/* --- the lists --- */

static uint64_t hash_of(const struct endpoint *client, struct span name)
{
    uint64_t hash = mix_bytes(0, span_of(client->ip, client->ipv6 ? 16 : 4));
    return mix_bytes(hash, name);
}

static struct contact *add(struct contact_list *list, const struct endpoint *client,
                           struct span name)
{
    if (list->count == list->cap) {
        list->cap = list->cap ? list->cap * 2 : 8;
        list->items = xrealloc(list->items, list->cap * sizeof(*list->items));
    }
    struct contact *contact = &list->items[list->count++];
    *contact =
        (struct contact){.client = *client, .name = span_of(xmemdup(name.p, name.n), name.n)};
    return contact;
}

/* Returns NULL for a new one when there are too many. */
static struct contact *find(struct contact_list *list, const struct endpoint *client,
                            struct span name)
{
    uint64_t hash = hash_of(client, name);
    uint16_t tag = (uint16_t)(hash >> 48);
    size_t slot = mix_slot(hash, SLOTS);
    for (; list->slots[slot].at; slot = (slot + 1) % SLOTS) {
        struct contact *contact = &list->items[list->slots[slot].at - 1];
        if (list->slots[slot].tag == tag && span_equal(contact->name, name) &&
            address_same_host(&contact->client, client))
            return contact;
    }
    if (list->count == CONTACTS_MAX)
        return NULL;
    list->slots[slot] = (struct contact_slot){(uint16_t)(list->count + 1), tag};
    return add(list, client, name);
}

static void list_done(struct contact_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct contact *contact = &list->items[i];
        period_events_done(&contact->events);
        period_events_done(&contact->failures);
        free((void *)(uintptr_t)contact->name.p);
        free(contact->storm);
    }
    free(list->items);
    *list = (struct contact_list){0};
}

static void note(struct period_events *events, uint64_t *frames, nanotime time, uint64_t frame)
{
    if (events->count < CONTACT_FRAMES_MAX)
        frames[events->count] = frame;
    period_events_add(events, time);
}

/* --- what becomes of a flow --- */

/* Not made, or reset, or its TLS handshake failed. */
static bool failed(const struct flow_record *record)
{
    const struct tcp_record *tcp = &record->tcp;
    return tcp->teardown == TEARDOWN_REFUSED || tcp->teardown == TEARDOWN_UNANSWERED ||
           (tcp->reset && tcp->reset_phase != RESET_IN_CLOSING) ||
           (record->tls && record->tls->progress == TLS_FAILED);
}

/* Returns false if it has not ended. */
static bool end_of(enum contact_end *out, const struct flow_record *record)
{
    const struct tcp_record *tcp = &record->tcp;
    if (tcp->teardown == TEARDOWN_REFUSED)
        *out = CONTACT_REFUSED;
    else if (record->tls && record->tls->progress == TLS_FAILED)
        *out = CONTACT_TLS_FAILED;
    else if (tcp->reset && tcp->reset_phase != RESET_IN_CLOSING)
        *out = tcp->reset_by == CLIENT ? CONTACT_RESET_BY_CLIENT : CONTACT_RESET_BY_SERVER;
    else if (tcp->closed_by != CLOSED_BY_NOBODY)
        *out = tcp->closed_by == CLOSED_BY_SERVER ? CONTACT_CLOSED_BY_SERVER
                                                  : CONTACT_CLOSED_BY_CLIENT;
    else
        return false;
    return true;
}

static void count_in_storm(struct storm *storm, unsigned slot)
{
    if (storm->count < STORM_LEAST)
        storm->frames[storm->count] = storm->latest_frames[slot];
    storm->count++;
    storm->by_end[storm->ends[slot]]++;
    storm->last = storm->latest[slot];
}

static nanotime sooner(nanotime time, nanotime other)
{
    return other && other < time ? other : time;
}

/* When an end closed or reset it. A client that comes again at once does not wait for what is still
 * to come then, the other's FIN and acknowledgments. */
static nanotime closing_time(const struct flow_record *record)
{
    const struct tcp_record *tcp = &record->tcp;
    nanotime time = record->end;
    for (unsigned side = 0; side < 2; side++)
        time = sooner(time, tcp->ends[side].fin_time);
    return tcp->reset ? sooner(time, tcp->ends[CLIENT].since) : time;
}

/* Connections side by side are no storm, so those that began before the last one ended do not
 * count. When the ring is full of close ones, all in it belong to the storm. */
static void add_short(struct contact *contact, const struct flow_record *record,
                      enum contact_end end)
{
    if (!contact->storm)
        contact->storm = xcalloc(1, sizeof(*contact->storm));
    struct storm *storm = contact->storm;
    if (storm->short_ones > 0 && record->start < storm->last_closing)
        return;
    unsigned slot = (unsigned)(storm->short_ones++ % STORM_LEAST);
    storm->last_closing = closing_time(record);
    storm->latest[slot] = record->start;
    storm->latest_frames[slot] = record->first_frame;
    storm->ends[slot] = (uint8_t)end;
    unsigned oldest = (slot + 1) % STORM_LEAST;
    if (storm->short_ones < STORM_LEAST || record->start - storm->latest[oldest] > STORM_WITHIN)
        return;
    if (storm->count == 0)
        storm->first = storm->latest[oldest];
    if (storm->counted_to < storm->short_ones - STORM_LEAST)
        storm->counted_to = storm->short_ones - STORM_LEAST;
    while (storm->counted_to < storm->short_ones)
        count_in_storm(storm, (unsigned)(storm->counted_to++ % STORM_LEAST));
}

static void add_sighting(struct contacts *contacts, const struct flow_record *record,
                         size_t contact)
{
    const struct tls_facts *tls = record->tls;
    if (!tls || tls->server_cert_count == 0)
        return;
    const struct cert *leaf = tls->server_certs[0];
    struct contact *seen =
        find(&contacts->seen, &record->ends[CLIENT], span_of(leaf->sha256, sizeof(leaf->sha256)));
    if (!seen)
        return;
    if (seen->events.count == 0)
        seen->seen_by = contact;
    note(&seen->events, seen->frames, record->start, tls->certificate_frame);
}

void contacts_add(struct contacts *contacts, const struct flow_record *record)
{
    struct address_room room;
    const struct tls_facts *tls = record->tls;
    struct span name;
    enum contact_end end;
    bool timed = record->end != 0; /* else nothing is known of its rhythm */
    if (record->tcp.handshake == HANDSHAKE_MIDSTREAM || !timed)
        return;
    if (tls && tls->sni.n > 0) {
        name = tls->sni;
    } else {
        const char *server = address_text(&room, &record->ends[SERVER]);
        name = span_of(server, strlen(server));
    }
    struct contact *contact = find(&contacts->made, &record->ends[CLIENT], name);
    if (!contact)
        return;
    note(&contact->events, contact->frames, record->start, record->first_frame);
    if (failed(record))
        note(&contact->failures, contact->failure_frames, record->start, record->first_frame);
    if (record->end - record->start <= SHORT && end_of(&end, record))
        add_short(contact, record, end);
    add_sighting(contacts, record, (size_t)(contact - contacts->made.items));
}

void contacts_done(struct contacts *contacts)
{
    list_done(&contacts->made);
    list_done(&contacts->seen);
}
