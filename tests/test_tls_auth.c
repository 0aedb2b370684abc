/* test_tls_auth.c: certificates compressed and bare, staples and timestamps, as messages; those of
 * TLS 1.3 as decryption would hand them over. */
#include "../dissect/decompress.h"
#include "../dissect/tls_flight.h"
#include "../dissect/tls_outcome.h"
#include "hello_bytes.h"
#include "ocsp_bytes.h"
#include "tls_peer.h"

#include <setjmp.h>

#include <brotli/encode.h>
#include <cmocka.h>
#include <zlib.h>
#include <zstd.h>

struct fixture {
    struct tls_peer *peer;
    struct cert_store *certs;
    struct tls_store *store;
};

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof *f);
    f->peer = tls_peer_new();
    f->certs = cert_store_new(SIZE_MAX);
    f->store = tls_store_new(f->certs);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(tls_store_pool(f->store)->held, 0);
    tls_store_free(f->store);
    cert_store_free(f->certs);
    tls_peer_free(f->peer);
    free(f);
    return 0;
}

/* session_of is one in which direction 0 is the client and a version has been agreed on. */
static struct tls *session_of(const struct fixture *f, uint16_t version)
{
    struct tls *tls = tls_new(f->store, false);
    tls->facts.client = 0;
    tls->facts.negotiated = true;
    tls->facts.version = version;
    return tls;
}

static void take(struct tls *tls, unsigned direction, uint8_t type, const struct buf *body)
{
    const struct tls_message message = {type, (uint32_t)body->n, span_of(body->p, body->n)};
    const struct tls_where where = {.frame = 7};
    assert_true(tls_flight_take(tls, direction, &message, false, &where));
}

/* put_chain appends a TLS 1.3 Certificate of the server's chain; the leaf has these extensions. */
static void put_chain(struct buf *out, const struct fixture *f, const struct buf *extensions)
{
    struct buf list = {0};
    for (size_t i = 0; i < 2; i++) {
        struct span der = tls_peer_server_chain(f->peer, i);
        put_vector(&list, 3, der.p, der.n);
        put_vector(&list, 2, i == 0 && extensions ? extensions->p : NULL,
                   i == 0 && extensions ? extensions->n : 0);
    }
    put_vector(out, 1, "", 0);
    put_vector(out, 3, list.p, list.n);
    buf_done(&list);
}

enum { PACKED_MAX = 8192 };

static size_t pack(uint8_t packed[PACKED_MAX], const struct buf *message, uint16_t algorithm)
{
    uLongf zlib = PACKED_MAX;
    size_t brotli = PACKED_MAX;
    switch (algorithm) {
    case COMPRESSION_BROTLI:
        assert_true(BrotliEncoderCompress(5, 18, BROTLI_MODE_GENERIC, message->n, message->p,
                                          &brotli, packed));
        return brotli;
    case COMPRESSION_ZSTD:
        return ZSTD_compress(packed, PACKED_MAX, message->p, message->n, 3);
    default:
        assert_int_equal(compress(packed, &zlib, message->p, message->n), Z_OK);
        return zlib;
    }
}

/* CertificateCompressionAlgorithm algorithm; uint24 uncompressed_length; the message's bytes,
 * packed with one algorithm and said to be of another: RFC 8879 section 4. */
static void put_compressed(struct buf *out, const struct buf *message, uint16_t with,
                           uint16_t algorithm, size_t length)
{
    uint8_t packed[PACKED_MAX];
    size_t n = pack(packed, message, with);
    put_number(out, algorithm, 2);
    put_number(out, length, 3);
    put_vector(out, 3, packed, n);
}

static void expect_compressed(const struct fixture *f, uint16_t algorithm)
{
    struct buf chain = {0}, body = {0};
    put_chain(&chain, f, NULL);
    put_compressed(&body, &chain, algorithm, algorithm, chain.n);
    struct tls *tls = session_of(f, TLS_VERSION_13);
    take(tls, 1, TLS_COMPRESSED_CERTIFICATE, &body);
    assert_int_equal(tls->facts.server_cert_count, 2);
    for (size_t i = 0; i < 2; i++)
        assert_true(span_equal(tls->facts.server_certs[i]->der, tls_peer_server_chain(f->peer, i)));
    assert_int_equal(tls->facts.extras->compression, algorithm);
    assert_int_equal(tls->facts.certificate_frame, 7);
    assert_int_equal(tls->directions[1].chain, CHAIN_WHOLE);
    tls_free(tls);
    buf_done(&chain);
    buf_done(&body);
}

static void a_compressed_chain_is_a_chain(void **state)
{
    for (uint16_t algorithm = COMPRESSION_ZLIB; algorithm <= COMPRESSION_ZSTD; algorithm++)
        expect_compressed(*state, algorithm);
}

static void what_does_not_decompress_is_malformed(void **state)
{
    const struct fixture *f = *state;
    static const struct {
        uint16_t algorithm;
        size_t more; /* than there is */
    } table[] = {{COMPRESSION_ZLIB, 1},
                 {COMPRESSION_ZLIB, 0xf00000},
                 {COMPRESSION_BROTLI, 0},
                 {COMPRESSION_ZSTD, 0},
                 {0x4a4a, 0}};
    struct buf chain = {0};
    put_chain(&chain, f, NULL);
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct buf body = {0};
        put_compressed(&body, &chain, COMPRESSION_ZLIB, table[i].algorithm,
                       chain.n + table[i].more);
        struct tls *tls = session_of(f, TLS_VERSION_13);
        take(tls, 1, TLS_COMPRESSED_CERTIFICATE, &body);
        assert_int_equal(tls->directions[1].chain, CHAIN_MALFORMED);
        assert_int_equal(tls->facts.server_cert_count, 0);
        tls_free(tls);
        buf_done(&body);
    }
    buf_done(&chain);
}

/* put_staple appends a CertificateStatus that says that the server's leaf is good. */
static void put_staple(struct buf *out, const struct fixture *f, uint8_t type)
{
    struct buf response = {0}, list = {0};
    uint8_t count;
    bool whole;
    struct buf body = {0};
    put_vector(&list, 3, tls_peer_server_chain(f->peer, 0).p, tls_peer_server_chain(f->peer, 0).n);
    put_vector(&body, 3, list.p, list.n);
    const struct cert *const *chain =
        tls_store_chain(f->store, &count, &whole, span_of(body.p, body.n), false);
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    ocsp_say(basic, chain[0]->serial, V_OCSP_CERTSTATUS_GOOD, 1400000000, span_of("\0\3\0\1s", 5));
    ocsp_put(&response, OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    OCSP_BASICRESP_free(basic);
    tls_store_release(f->store, chain);
    list.n = 0;
    put_vector(&list, 3, response.p, response.n);
    put_number(out, type, 1);
    if (type == 1)
        buf_append(out, list.p, list.n);
    else
        put_vector(out, 3, list.p, list.n);
    buf_done(&response);
    buf_done(&list);
    buf_done(&body);
}

static void a_leafs_extensions_are_read_in_tls13(void **state)
{
    const struct fixture *f = *state;
    struct buf chain = {0}, extensions = {0}, staple = {0}, scts = {0};
    put_staple(&staple, f, 1);
    put_vector(&scts, 2, "\0\1a\0\1b\0\1c", 9);
    put_extension(&extensions, 5, &staple);
    put_extension(&extensions, 18, &scts);
    put_chain(&chain, f, &extensions);
    struct tls *tls = session_of(f, TLS_VERSION_13);
    take(tls, 1, TLS_CERTIFICATE, &chain);
    const struct tls_extras *extras = tls->facts.extras;
    assert_int_equal(extras->staple->status, STAPLE_GOOD);
    assert_false(extras->staple->other_certificate);
    assert_int_equal(extras->staple->sct_count, 1);
    assert_int_equal(extras->scts, 3);
    tls_free(tls);
    buf_done(&chain);
    buf_done(&extensions);
    buf_done(&staple);
    buf_done(&scts);
}

static void a_status_message_is_read_in_both_versions(void **state)
{
    const struct fixture *f = *state;
    for (uint8_t type = 0; type <= 3; type++) {
        struct buf chain = {0}, list = {0}, status = {0};
        struct span leaf = tls_peer_server_chain(f->peer, 0);
        put_vector(&list, 3, leaf.p, leaf.n);
        put_vector(&chain, 3, list.p, list.n);
        put_staple(&status, f, type);
        struct tls *tls = session_of(f, TLS_VERSION_12);
        take(tls, 1, TLS_CERTIFICATE, &chain);
        take(tls, 1, TLS_CERTIFICATE_STATUS, &status);
        const struct ocsp_staple *staple = tls->facts.extras->staple;
        bool known = type == 1 || type == 2;
        assert_int_equal(staple->status, known ? STAPLE_GOOD : STAPLE_MALFORMED);
        assert_false(staple->other_certificate);
        tls_free(tls);
        buf_done(&chain);
        buf_done(&list);
        buf_done(&status);
    }
}

static void a_staple_that_is_cut_is_said_to_be_there(void **state)
{
    const struct fixture *f = *state;
    struct buf status = {0};
    put_staple(&status, f, 1);
    struct tls *tls = session_of(f, TLS_VERSION_12);
    const struct tls_message message = {TLS_CERTIFICATE_STATUS, (uint32_t)status.n,
                                        span_of(status.p, status.n - 1)};
    const struct tls_where where = {.frame = 7};
    assert_true(tls_flight_take(tls, 1, &message, true, &where));
    assert_int_equal(tls->facts.extras->staple->status, STAPLE_UNREAD);
    tls_free(tls);
    buf_done(&status);
}

/* put_key appends a SubjectPublicKeyInfo. */
static void put_key(struct buf *out)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    uint8_t *der = NULL;
    int n = i2d_PUBKEY(key, &der);
    assert_true(n > 0);
    buf_append(out, der, (size_t)n);
    OPENSSL_free(der);
    EVP_PKEY_free(key);
}

static void bare_keys_take_a_certificates_place(void **state)
{
    const struct fixture *f = *state;
    struct buf key = {0}, body12 = {0}, list = {0}, body13 = {0}, cut = {0};
    put_key(&key);
    put_vector(&body12, 3, key.p, key.n);
    buf_append(&list, body12.p, body12.n);
    put_vector(&list, 2, "", 0);
    put_vector(&body13, 1, "", 0);
    put_vector(&body13, 3, list.p, list.n);
    static const uint16_t versions[] = {TLS_VERSION_12, TLS_VERSION_13};
    for (size_t i = 0; i < COUNT_OF(versions); i++) {
        struct tls *tls = session_of(f, versions[i]);
        memset(tls_session_extras(tls)->certificate_types, CERTIFICATE_RAW_KEY, 2);
        for (unsigned direction = 0; direction < 2; direction++)
            take(tls, direction, TLS_CERTIFICATE, i ? &body13 : &body12);
        const struct tls_extras *extras = tls->facts.extras;
        assert_ptr_equal(extras->server_key, extras->client_key);
        assert_string_equal(extras->server_key->type, "EC");
        assert_string_equal(extras->server_key->curve, "P-256");
        assert_int_equal(extras->server_key->bits, 256);
        assert_int_equal(tls->facts.server_cert_count, 0);
        assert_int_equal(tls->directions[1].chain, CHAIN_WHOLE);
        tls_free(tls);
    }
    /* In the form of the other version it is none. */
    struct tls *tls = session_of(f, TLS_VERSION_13);
    memset(tls_session_extras(tls)->certificate_types, CERTIFICATE_RAW_KEY, 2);
    take(tls, 1, TLS_CERTIFICATE, &cut);
    assert_int_equal(tls->directions[1].chain, CHAIN_MALFORMED);
    assert_null(tls->facts.extras->server_key);
    tls_free(tls);
    buf_done(&key);
    buf_done(&list);
    buf_done(&body12);
    buf_done(&body13);
}

static void encrypted_extensions_are_read(void **state)
{
    const struct fixture *f = *state;
    static const char *const protocol[] = {"apns-security-v3"};
    struct buf list = {0}, body = {0}, type = {0}, configs = {0};
    put_number(&type, CERTIFICATE_RAW_KEY, 1);
    put_vector(&configs, 2, "some", 4);
    put_alpn(&list, protocol, 1);
    put_extension(&list, 20, &type);
    put_extension(&list, 42, NULL);
    put_extension(&list, 0xfe0d, &configs);
    put_vector(&body, 2, list.p, list.n);
    struct tls *tls = session_of(f, TLS_VERSION_13);
    take(tls, 1, TLS_ENCRYPTED_EXTENSIONS, &body);
    const struct tls_extras *extras = tls->facts.extras;
    assert_true(span_equal(tls_alpn(&tls->facts), span_of("apns-security-v3", 16)));
    assert_int_equal(extras->certificate_types[TLS_TYPE_OF_SERVER], CERTIFICATE_RAW_KEY);
    assert_int_equal(extras->certificate_types[TLS_TYPE_OF_CLIENT], CERTIFICATE_X509);
    assert_true(extras->early_data_accepted);
    assert_true(tls->ech_rejected);
    tls_free(tls);
    buf_done(&list);
    buf_done(&body);
    buf_done(&type);
    buf_done(&configs);
}

static void a_request_of_tls13_lists_authorities_in_an_extension(void **state)
{
    const struct fixture *f = *state;
    struct buf names = {0}, value = {0}, list = {0}, body = {0};
    put_vector(&names, 2, "name one", 8);
    put_vector(&names, 2, "two", 3);
    put_vector(&value, 2, names.p, names.n);
    put_extension(&list, 13, NULL);
    put_extension(&list, 47, &value);
    put_vector(&body, 1, "", 0);
    put_vector(&body, 2, list.p, list.n);
    struct tls *tls = session_of(f, TLS_VERSION_13);
    take(tls, 1, TLS_CERTIFICATE_REQUEST, &body);
    assert_int_equal(tls->facts.acceptable_cas, 2);
    tls_free(tls);
    body.n--;
    tls = session_of(f, TLS_VERSION_13);
    take(tls, 1, TLS_CERTIFICATE_REQUEST, &body);
    assert_int_equal(tls->facts.acceptable_cas, TLS_CAS_UNKNOWN);
    tls_free(tls);
    buf_done(&names);
    buf_done(&value);
    buf_done(&list);
    buf_done(&body);
}

/* --- What can be told of an Encrypted ClientHello --- */

/* put_ech appends an outer hello's extension; its key is left out where the server asked again. */
static void put_ech(struct buf *list, bool again)
{
    struct buf body = {0};
    put_number(&body, 0, 1);
    put_number(&body, 0x00010001, 4);
    put_number(&body, 7, 1);
    put_vector(&body, 2, "key", again ? 0 : 3);
    put_vector(&body, 2, "payload", 7);
    put_extension(list, 0xfe0d, &body);
    buf_done(&body);
}

static void take_client(struct tls *tls, bool again)
{
    static const uint16_t ciphers[] = {0x1301};
    struct buf list = {0}, body = {0};
    put_server_name(&list, "outer.example");
    put_ech(&list, again);
    put_client_hello(&body, TLS_VERSION_12, ciphers, 1, &list);
    take(tls, 0, TLS_CLIENT_HELLO, &body);
    buf_done(&list);
    buf_done(&body);
}

enum { ANSWER_12, ANSWER_13, ANSWER_RETRY, ANSWER_RETRY_ECH };

static void take_server(struct tls *tls, int answer)
{
    /* RFC 8446 section 4.1.3. */
    static const uint8_t retry[32] = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11,
                                      0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
                                      0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e,
                                      0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};
    static const uint8_t random[32] = {1};
    struct buf list = {0}, body = {0}, version = {0}, confirmation = {0};
    put_number(&version, TLS_VERSION_13, 2);
    buf_append(&confirmation, "12345678", 8);
    if (answer != ANSWER_12)
        put_extension(&list, 43, &version);
    if (answer == ANSWER_RETRY_ECH)
        put_extension(&list, 0xfe0d, &confirmation);
    put_number(&body, TLS_VERSION_12, 2);
    buf_append(&body, answer >= ANSWER_RETRY ? retry : random, 32);
    put_vector(&body, 1, "", 0);
    put_number(&body, 0x1301, 2);
    put_number(&body, 0, 1);
    put_vector(&body, 2, list.p, list.n);
    take(tls, 1, TLS_SERVER_HELLO, &body);
    buf_done(&list);
    buf_done(&body);
    buf_done(&version);
    buf_done(&confirmation);
}

static enum ech_status ech_of(const struct fixture *f, int answer, int second)
{
    struct tls *tls = tls_new(f->store, false);
    take_client(tls, false);
    if (answer >= 0)
        take_server(tls, answer);
    if (second >= 0)
        take_client(tls, second);
    if (second >= 0)
        take_server(tls, ANSWER_13);
    tls_outcome_judge(tls);
    enum ech_status status = tls->facts.ech;
    assert_true(tls->facts.client_hello->ech);
    assert_true(span_equal(tls->facts.sni, span_of("outer.example", 13)));
    assert_int_equal(tls->facts.hello_retry, answer >= ANSWER_RETRY);
    tls_free(tls);
    return status;
}

static void only_some_sessions_tell_what_became_of_ech(void **state)
{
    const struct fixture *f = *state;
    assert_int_equal(ech_of(f, -1, -1), ECH_UNDECIDED);
    assert_int_equal(ech_of(f, ANSWER_13, -1), ECH_UNDECIDED);
    assert_int_equal(ech_of(f, ANSWER_12, -1), ECH_NOT_ACCEPTED);
    assert_int_equal(ech_of(f, ANSWER_RETRY, -1), ECH_NOT_ACCEPTED);
    assert_int_equal(ech_of(f, ANSWER_RETRY, false), ECH_NOT_ACCEPTED);
    assert_int_equal(ech_of(f, ANSWER_RETRY_ECH, -1), ECH_UNDECIDED);
    assert_int_equal(ech_of(f, ANSWER_RETRY_ECH, true), ECH_LIKELY_ACCEPTED);
    assert_int_equal(ech_of(f, ANSWER_RETRY_ECH, false), ECH_NOT_ACCEPTED);
}

static void a_drafts_retry_request_tells_the_version(void **state)
{
    const struct fixture *f = *state;
    struct buf body = {0};
    struct tls *tls = tls_new(f->store, false);
    take_client(tls, false);
    put_number(&body, 0x7f12, 2);
    put_vector(&body, 2, "", 0);
    take(tls, 1, TLS_HELLO_RETRY_REQUEST, &body);
    assert_true(tls->facts.hello_retry);
    assert_int_equal(tls->facts.version, 0x7f12);
    tls_free(tls);
    buf_done(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_compressed_chain_is_a_chain),
        cmocka_unit_test(what_does_not_decompress_is_malformed),
        cmocka_unit_test(a_leafs_extensions_are_read_in_tls13),
        cmocka_unit_test(a_status_message_is_read_in_both_versions),
        cmocka_unit_test(a_staple_that_is_cut_is_said_to_be_there),
        cmocka_unit_test(bare_keys_take_a_certificates_place),
        cmocka_unit_test(encrypted_extensions_are_read),
        cmocka_unit_test(a_request_of_tls13_lists_authorities_in_an_extension),
        cmocka_unit_test(only_some_sessions_tell_what_became_of_ech),
        cmocka_unit_test(a_drafts_retry_request_tells_the_version),
    };
    return cmocka_run_group_tests_name("tls_auth", tests, set_up, tear_down);
}
