/* text_certs.c: chains as they were sent, leaf first. */
#include "text_certs.h"

#include "names.h"
#include "text_table.h"
#include "timetext.h"

#include <inttypes.h>
#include <stdlib.h>

enum { LABEL_INDENT = 6, VALUE_INDENT = 16, NAMES_SHOWN = 32 };

void text_certs_done(struct text_certs *certs)
{
    free(certs->numbers);
    *certs = (struct text_certs){0};
}

/* Ordinals are dense: the store gives them out from 1 and keeps a bounded number. Which certificate
 * has which depends on the threads. */
static uint32_t number_of(struct text_certs *certs, uint64_t ordinal, bool *first)
{
    if (ordinal >= certs->size) {
        size_t size = (ordinal + 1) * 2;
        certs->numbers = xrealloc(certs->numbers, size * sizeof *certs->numbers);
        memset(certs->numbers + certs->size, 0, (size - certs->size) * sizeof *certs->numbers);
        certs->size = size;
    }
    *first = certs->numbers[ordinal] == 0;
    if (*first)
        certs->numbers[ordinal] = ++certs->count;
    return certs->numbers[ordinal];
}

static void put_value(struct buf *out, const struct text_style *style, const char *label,
                      const struct buf *value)
{
    struct buf line = {0};
    buf_printf(&line, "%*s%s", LABEL_INDENT, "", label);
    terminal_pad(&line, (unsigned)line.n, VALUE_INDENT);
    buf_append(out, line.p, line.n);
    buf_done(&line);

    /* The first line is begun already: its text is wrapped as if the label were its indent. */
    struct buf wrapped = {0};
    terminal_wrap(&wrapped, style, span_of(value->p, value->n), VALUE_INDENT, VALUE_INDENT);
    buf_append(out, wrapped.p + VALUE_INDENT, wrapped.n - VALUE_INDENT);
    buf_done(&wrapped);
}

static void put_wire(struct buf *out, const struct text_style *style, const char *label,
                     struct span text)
{
    struct buf value = {0};
    terminal_append(&value, style, text, WIRE_TEXT);
    if (value.n == 0)
        buf_printf(&value, "(none)");
    put_value(out, style, label, &value);
    buf_done(&value);
}

static void put_names(struct buf *out, const struct text_style *style, const struct cert *cert)
{
    if (cert->san.count == 0)
        return;
    struct buf value = {0};
    for (size_t i = 0; i < cert->san.count && i < NAMES_SHOWN; i++) {
        if (i > 0)
            buf_printf(&value, ", ");
        terminal_append(&value, style, cert->san.items[i], WIRE_NAME);
    }
    if (cert->san.count > NAMES_SHOWN)
        buf_printf(&value, ", and %zu more", cert->san.count - NAMES_SHOWN);
    put_value(out, style, "names", &value);
    buf_done(&value);
}

static void put_hash(struct buf *out, const struct text_style *style, const uint8_t sha256[32])
{
    struct buf value = {0};
    for (size_t i = 0; i < 32; i++)
        buf_printf(&value, "%02x", sha256[i]);
    put_value(out, style, "sha256", &value);
    buf_done(&value);
}

static void put_validity(struct buf *out, const struct text_style *style, const struct cert *cert)
{
    struct time_room room;
    struct buf value = {0};
    buf_printf(&value, "%s", timetext_day_second(&room, cert->not_before));
    buf_printf(&value, " to %s UTC", timetext_day_second(&room, cert->not_after));
    put_value(out, style, "valid", &value);
    buf_done(&value);
}

static void put_key(struct buf *out, const struct text_style *style, const struct cert *cert)
{
    struct buf value = {0};
    buf_printf(&value, "%s", cert->key_type);
    if (cert->key_curve)
        buf_printf(&value, " %s", cert->key_curve);
    else if (cert->key_bits > 0)
        buf_printf(&value, " %u bits", cert->key_bits);
    if (cert->signature_algorithm)
        buf_printf(&value, ", signed with %s", cert->signature_algorithm);
    buf_printf(&value, "%s%s", cert->is_ca ? ", CA" : "", cert->self_signed ? ", self-signed" : "");
    put_value(out, style, "key", &value);
    buf_done(&value);
}

static void put_cert(struct buf *out, const struct text_style *style, const struct cert *cert)
{
    if (cert->malformed) {
        buf_printf(out, "%*s(not a certificate that can be read)\n", LABEL_INDENT, "");
        put_hash(out, style, cert->sha256);
        return;
    }
    put_wire(out, style, "subject", cert->subject);
    put_wire(out, style, "issuer", cert->issuer);
    put_validity(out, style, cert);
    put_names(out, style, cert);
    put_key(out, style, cert);
    put_hash(out, style, cert->sha256);
}

static void put_chain(struct buf *out, struct text_certs *certs, const struct text_style *style,
                      const char *whose, const struct cert *const *chain, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        bool first;
        uint32_t number = number_of(certs, chain[i]->ordinal, &first);
        buf_printf(out, "  %s %u: C%" PRIu32 "%s\n", whose, i + 1, number, first ? "" : " (above)");
        if (first)
            put_cert(out, style, chain[i]);
    }
}

static void put_raw_key(struct buf *out, const struct text_style *style, const char *whose,
                        const struct raw_key *key)
{
    if (!key)
        return;
    buf_printf(out, "  %s: a bare public key (RFC 7250), %s", whose, key->type);
    if (key->curve[0])
        buf_printf(out, " %s", key->curve);
    else if (key->bits > 0)
        buf_printf(out, " %u bits", key->bits);
    buf_printf(out, "\n");
    put_hash(out, style, key->spki_sha256);
}

static void put_staple(struct buf *out, const struct ocsp_staple *staple)
{
    if (!staple)
        return;
    buf_printf(out, "  stapled OCSP response: %s%s\n", names_staple(staple->status),
               staple->other_certificate ? ", of another certificate" : "");
}

static const char *why_none(const struct tls_facts *tls)
{
    enum certs_via via = tls->certs_via;
    static const char *const reasons[] = {
        [CERTS_UNKNOWN] = "no handshake was seen",
        [CERTS_PLAIN] = "the server sent none",
        [CERTS_KEYLOG] = "the server sent none",
        [CERTS_ENCRYPTED] = "encrypted, as always in TLS 1.3",
        [CERTS_RESUMED] = "the session was resumed, which needs none",
        [CERTS_NOT_CAPTURED] = "the handshake is not in the capture",
        [CERTS_GAP] = "the capture misses packets there",
        [CERTS_MALFORMED] = "the message is malformed",
        [CERTS_NOT_REACHED] = "the handshake ended before it was due",
        [CERTS_ANONYMOUS] = "the cipher suite uses none",
    };
    if (via == CERTS_ENCRYPTED && tls->extras &&
        tls_decryption_status(&tls->extras->decryption) == DECRYPTION_FAILED)
        return "encrypted, and the key log does not open it";
    return (size_t)via < COUNT_OF(reasons) ? reasons[via] : "";
}

void text_certs_flow(struct buf *out, struct text_certs *certs, const struct text_style *style,
                     const struct flow_record *record)
{
    const struct tls_facts *tls = record->tls;
    if (!tls)
        return;
    struct buf title = {0};
    buf_printf(&title, "Flow %" PRIu64 "  ", record->n);
    text_flow_ends(&title, record, true);
    terminal_wrap(out, style, span_of(title.p, title.n), 0, 2);
    buf_done(&title);
    const struct raw_key *bare = tls->extras ? tls->extras->server_key : NULL;
    if (tls->server_cert_count == 0 && !bare)
        buf_printf(out, "  server: no certificate: %s\n", why_none(tls));
    put_raw_key(out, style, "server", bare);
    put_raw_key(out, style, "client", tls->extras ? tls->extras->client_key : NULL);
    put_chain(out, certs, style, tls->server_chain_cut ? "server (cut)" : "server",
              tls->server_certs, tls->server_cert_count);
    put_staple(out, tls->extras ? tls->extras->staple : NULL);
    put_chain(out, certs, style, tls->client_chain_cut ? "client (cut)" : "client",
              tls->client_certs, tls->client_cert_count);
}
