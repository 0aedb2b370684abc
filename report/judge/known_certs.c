/* known_certs.c: a sorted list. It is short, so that moving pointers for a new one costs nothing.
 */
#include "known_certs.h"

#include "../address.h"
#include "../timetext.h"
#include "../utf8.h"

#include <stdio.h>
#include <stdlib.h>

struct known_certs {
    struct known_cert **items;
    size_t count;
};

struct known_certs *known_certs_new(void)
{
    struct known_certs *certs = xcalloc(1, sizeof *certs);
    certs->items = xcalloc(KNOWN_CERTS_MAX, sizeof certs->items[0]);
    return certs;
}

void known_certs_free(struct known_certs *certs)
{
    for (size_t i = 0; certs && i < certs->count; i++)
        free(certs->items[i]);
    if (certs)
        free(certs->items);
    free(certs);
}

/* --- out of a flow --- */

/* Appends as much as there is room for, in whole characters; what can't be shown becomes '?'. */
static void put_text(char *out, size_t size, struct span text)
{
    size_t used = strlen(out);
    while (text.n > 0) {
        uint32_t code;
        unsigned n = utf8_decode(&code, text);
        bool plain = n > 0 && !utf8_is_control(code) && !utf8_is_trick(code);
        size_t step = n > 0 ? n : 1, written = plain ? n : 1;
        if (used + written >= size)
            break;
        memcpy(out + used, plain ? (const char *)text.p : "?", written);
        used += written;
        text = span_of(text.p + step, text.n - step);
    }
    out[used] = '\0';
}

/* A name of a host (RFC 1123 section 2.1, and the underscore that is met in practice): nothing else
 * is kept, since it would be anybody's text. */
static bool put_name(char *out, struct span sni)
{
    if (sni.n == 0 || sni.n >= KNOWN_NAME_MAX)
        return false;
    for (size_t i = 0; i < sni.n; i++) {
        char c = (char)sni.p[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '.' && c != '_')
            return false;
        out[i] = c;
    }
    out[sni.n] = '\0';
    return true;
}

/* The certificate by whose subject the leaf says to be issued, if the server has sent it. */
static const struct cert *issuer_of(const struct tls_facts *tls)
{
    for (unsigned i = 1; i < tls->server_cert_count; i++) {
        const struct cert *other = tls->server_certs[i];
        if (!other->malformed && span_equal(other->subject, tls->server_certs[0]->issuer))
            return other;
    }
    return NULL;
}

/* A capture may say any time; what is written has to be read again. */
static nanotime within_reach(nanotime time)
{
    static const nanotime last = INT64_C(9214646399) * NS_PER_SECOND; /* 2261-12-31 23:59:59 */
    return time < 0 ? 0 : time > last ? last : time;
}

bool known_cert_of(struct known_cert *out, const struct flow_record *record)
{
    const struct tls_facts *tls = record->tls;
    struct address_room room;
    struct time_room begin, end;
    if (!tls || tls->server_cert_count == 0 || tls->server_certs[0]->malformed)
        return false;
    const struct cert *leaf = tls->server_certs[0], *issuer = issuer_of(tls);
    nanotime seen = within_reach(record->start);
    *out = (struct known_cert){
        .first_seen = seen, .last_seen = seen, .has_issuer_spki = issuer != NULL};
    if (tls->sni.n == 0)
        snprintf(out->name, sizeof out->name, "%s", address_text(&room, &record->ends[SERVER]));
    else if (!put_name(out->name, tls->sni))
        return false;
    memcpy(out->sha256, leaf->sha256, sizeof out->sha256);
    memcpy(out->spki_sha256, leaf->spki_sha256, sizeof out->spki_sha256);
    if (issuer)
        memcpy(out->issuer_spki, issuer->spki_sha256, sizeof out->issuer_spki);
    put_text(out->subject, sizeof out->subject, leaf->subject);
    put_text(out->issuer, sizeof out->issuer, leaf->issuer);
    if (leaf->key_curve)
        snprintf(out->key, sizeof out->key, "%s %s", leaf->key_type, leaf->key_curve);
    else
        snprintf(out->key, sizeof out->key, "%s %u", leaf->key_type, leaf->key_bits);
    snprintf(out->valid, sizeof out->valid, "%.10s to %.10s",
             timetext_date(&begin, leaf->not_before), timetext_date(&end, leaf->not_after));
    for (size_t i = 0; i < leaf->san.count; i++) {
        put_text(out->names, sizeof out->names, span_of(", ", i > 0 ? 2 : 0));
        put_text(out->names, sizeof out->names, leaf->san.items[i]);
    }
    return true;
}

/* --- the list --- */

static int compare(const struct known_cert *cert, const char *name, const uint8_t *sha256)
{
    int order = strcmp(cert->name, name);
    return order != 0 ? order : memcmp(cert->sha256, sha256, sizeof cert->sha256);
}

/* The first that does not stand before a name and hash. */
static size_t lower_bound(const struct known_certs *certs, const char *name, const uint8_t *sha256)
{
    size_t low = 0, high = certs->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(certs->items[middle], name, sha256) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const uint8_t least_hash[32];

/* Those of one name stand from `first` up to the returned index. */
static size_t range_of(size_t *first, const struct known_certs *certs, const char *name)
{
    size_t end = *first = lower_bound(certs, name, least_hash);
    while (end < certs->count && strcmp(certs->items[end]->name, name) == 0)
        end++;
    return end;
}

/* In an order that leaves no two alike, so that what is kept does not hang on who came first. */
static bool is_older(const struct known_cert *a, const struct known_cert *b)
{
    return a->last_seen != b->last_seen ? a->last_seen < b->last_seen
                                        : memcmp(a->sha256, b->sha256, sizeof a->sha256) < 0;
}

static size_t oldest_of(const struct known_certs *certs, size_t first, size_t end)
{
    size_t oldest = first;
    for (size_t i = first + 1; i < end; i++)
        if (is_older(certs->items[i], certs->items[oldest]))
            oldest = i;
    return oldest;
}

static void drop(struct known_certs *certs, size_t at)
{
    free(certs->items[at]);
    memmove(certs->items + at, certs->items + at + 1,
            (certs->count - at - 1) * sizeof certs->items[0]);
    certs->count--;
}

bool known_certs_add(struct known_certs *certs, const struct known_cert *cert)
{
    size_t at = lower_bound(certs, cert->name, cert->sha256), first;
    if (at < certs->count && compare(certs->items[at], cert->name, cert->sha256) == 0) {
        struct known_cert *old = certs->items[at];
        old->first_seen = old->first_seen < cert->first_seen ? old->first_seen : cert->first_seen;
        old->last_seen = old->last_seen > cert->last_seen ? old->last_seen : cert->last_seen;
        return true;
    }
    size_t end = range_of(&first, certs, cert->name);
    if (end - first == KNOWN_OF_NAME_MAX) {
        size_t oldest = oldest_of(certs, first, end);
        if (is_older(cert, certs->items[oldest]))
            return true;
        drop(certs, oldest);
        at = lower_bound(certs, cert->name, cert->sha256);
    }
    if (certs->count == KNOWN_CERTS_MAX)
        return false;
    memmove(certs->items + at + 1, certs->items + at, (certs->count - at) * sizeof certs->items[0]);
    certs->items[at] = xmemdup(cert, sizeof *cert);
    certs->count++;
    return true;
}

size_t known_certs_merge(struct known_certs *certs, const struct known_certs *others)
{
    size_t dropped = 0;
    for (size_t i = 0; i < others->count; i++)
        dropped += !known_certs_add(certs, others->items[i]);
    return dropped;
}

const struct known_cert *known_certs_find(const struct known_certs *certs, const char *name,
                                          const uint8_t sha256[32])
{
    size_t at = lower_bound(certs, name, sha256);
    return at < certs->count && compare(certs->items[at], name, sha256) == 0 ? certs->items[at]
                                                                             : NULL;
}

const struct known_cert *known_certs_latest(const struct known_certs *certs, const char *name)
{
    size_t first, end = range_of(&first, certs, name);
    const struct known_cert *latest = NULL;
    for (size_t i = first; i < end; i++)
        if (!latest || certs->items[i]->last_seen > latest->last_seen)
            latest = certs->items[i];
    return latest;
}

size_t known_certs_count(const struct known_certs *certs)
{
    return certs->count;
}

const struct known_cert *known_certs_at(const struct known_certs *certs, size_t i)
{
    return certs->items[i];
}
