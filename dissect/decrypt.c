/* decrypt.c: nothing here needs constant time: whoever reads a capture has all the time there is.
 */
#include "decrypt.h"

#include "cursor.h"
#include "tls_facts.h"
#include "tls_hello.h"

#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

enum kind { KIND_GCM, KIND_CCM, KIND_CHACHA, KIND_CBC };
enum { NONCE = 12, EXPLICIT_NONCE = 8, BLOCK = 16, KEY_MAX = 32 };
enum { DRAFT = 0x7f, DRAFT_WITH_HEADER = 25 /* from here on the header is authenticated */ };
enum { PSEUDO_HEADER = 13 /* sequence number, type, version, length: RFC 5246 section 6.2.3.1 */ };

struct decrypt_suite {
    enum kind kind;
    const EVP_CIPHER *(*cipher)(void);
    uint8_t key_length;
    uint8_t tag_length; /* or that of the MAC */
    const EVP_MD *(*mac)(void);
    const EVP_MD *(*hash)(void); /* of the key schedule */
};

struct decrypt_keys {
    const struct decrypt_suite *suite;
    EVP_CIPHER_CTX *context;
    uint16_t version;
    bool encrypt_then_mac;
    uint8_t key[KEY_MAX], mac_key[EVP_MAX_MD_SIZE];
    uint8_t iv[BLOCK]; /* AEAD: fixed part of the nonce; TLS 1.0: last block of the record before */
};

/* --- suites --- */

enum algorithm {
    AES_128_GCM,
    AES_256_GCM,
    AES_128_CCM,
    AES_256_CCM,
    AES_128_CCM_8,
    AES_256_CCM_8,
    CHACHA20,
    AES_128_CBC_SHA,
    AES_256_CBC_SHA,
    AES_128_CBC_SHA256,
    AES_256_CBC_SHA256,
    AES_256_CBC_SHA384,
    CAMELLIA_128_CBC_SHA,
    CAMELLIA_256_CBC_SHA,
    CAMELLIA_128_CBC_SHA256,
    CAMELLIA_256_CBC_SHA256,
    CAMELLIA_256_CBC_SHA384,
    ARIA_128_GCM,
    ARIA_256_GCM,
    ARIA_128_CBC_SHA256,
    ARIA_256_CBC_SHA384,
    TRIPLE_DES_CBC_SHA
};

static const struct decrypt_suite algorithms[] = {
    [AES_128_GCM] = {KIND_GCM, EVP_aes_128_gcm, 16, 16, NULL, EVP_sha256},
    [AES_256_GCM] = {KIND_GCM, EVP_aes_256_gcm, 32, 16, NULL, EVP_sha384},
    [AES_128_CCM] = {KIND_CCM, EVP_aes_128_ccm, 16, 16, NULL, EVP_sha256},
    [AES_256_CCM] = {KIND_CCM, EVP_aes_256_ccm, 32, 16, NULL, EVP_sha256},
    [AES_128_CCM_8] = {KIND_CCM, EVP_aes_128_ccm, 16, 8, NULL, EVP_sha256},
    [AES_256_CCM_8] = {KIND_CCM, EVP_aes_256_ccm, 32, 8, NULL, EVP_sha256},
    [CHACHA20] = {KIND_CHACHA, EVP_chacha20_poly1305, 32, 16, NULL, EVP_sha256},
    [AES_128_CBC_SHA] = {KIND_CBC, EVP_aes_128_cbc, 16, 20, EVP_sha1, EVP_sha256},
    [AES_256_CBC_SHA] = {KIND_CBC, EVP_aes_256_cbc, 32, 20, EVP_sha1, EVP_sha256},
    [AES_128_CBC_SHA256] = {KIND_CBC, EVP_aes_128_cbc, 16, 32, EVP_sha256, EVP_sha256},
    [AES_256_CBC_SHA256] = {KIND_CBC, EVP_aes_256_cbc, 32, 32, EVP_sha256, EVP_sha256},
    [AES_256_CBC_SHA384] = {KIND_CBC, EVP_aes_256_cbc, 32, 48, EVP_sha384, EVP_sha384},
    [CAMELLIA_128_CBC_SHA] = {KIND_CBC, EVP_camellia_128_cbc, 16, 20, EVP_sha1, EVP_sha256},
    [CAMELLIA_256_CBC_SHA] = {KIND_CBC, EVP_camellia_256_cbc, 32, 20, EVP_sha1, EVP_sha256},
    [CAMELLIA_128_CBC_SHA256] = {KIND_CBC, EVP_camellia_128_cbc, 16, 32, EVP_sha256, EVP_sha256},
    [CAMELLIA_256_CBC_SHA256] = {KIND_CBC, EVP_camellia_256_cbc, 32, 32, EVP_sha256, EVP_sha256},
    [CAMELLIA_256_CBC_SHA384] = {KIND_CBC, EVP_camellia_256_cbc, 32, 48, EVP_sha384, EVP_sha384},
    [ARIA_128_GCM] = {KIND_GCM, EVP_aria_128_gcm, 16, 16, NULL, EVP_sha256},
    [ARIA_256_GCM] = {KIND_GCM, EVP_aria_256_gcm, 32, 16, NULL, EVP_sha384},
    [ARIA_128_CBC_SHA256] = {KIND_CBC, EVP_aria_128_cbc, 16, 32, EVP_sha256, EVP_sha256},
    [ARIA_256_CBC_SHA384] = {KIND_CBC, EVP_aria_256_cbc, 32, 48, EVP_sha384, EVP_sha384},
    [TRIPLE_DES_CBC_SHA] = {KIND_CBC, EVP_des_ede3_cbc, 24, 20, EVP_sha1, EVP_sha256},
};

/* IANA, TLS Cipher Suites: ranges, with the step between two of their suites. */
static const struct suites {
    uint16_t first, last;
    uint8_t step, algorithm;
} suites[] = {
    {0x1301, 0x1301, 1, AES_128_GCM},
    {0x1302, 0x1302, 1, AES_256_GCM},
    {0x1303, 0x1303, 1, CHACHA20},
    {0x1304, 0x1304, 1, AES_128_CCM},
    {0x1305, 0x1305, 1, AES_128_CCM_8},
    {0x002f, 0x0034, 1, AES_128_CBC_SHA},    /* RSA, DH, DHE, DH_anon */
    {0x0035, 0x003a, 1, AES_256_CBC_SHA},    /* the same */
    {0x003c, 0x003c, 1, AES_128_CBC_SHA256}, /* RSA */
    {0x003d, 0x003d, 1, AES_256_CBC_SHA256},
    {0x003e, 0x0040, 1, AES_128_CBC_SHA256}, /* DH, DHE_DSS */
    {0x0067, 0x0067, 1, AES_128_CBC_SHA256}, /* DHE_RSA */
    {0x0068, 0x006b, 1, AES_256_CBC_SHA256}, /* DH, DHE */
    {0x006c, 0x006c, 1, AES_128_CBC_SHA256}, /* DH_anon */
    {0x006d, 0x006d, 1, AES_256_CBC_SHA256},
    {0x008c, 0x0094, 4, AES_128_CBC_SHA},    /* PSK, DHE_PSK, RSA_PSK */
    {0x008d, 0x0095, 4, AES_256_CBC_SHA},    /* the same */
    {0x009c, 0x00ac, 2, AES_128_GCM},        /* RSA, DH, DHE, DH_anon, PSK, DHE_PSK, RSA_PSK */
    {0x009d, 0x00ad, 2, AES_256_GCM},        /* the same */
    {0x00ae, 0x00b6, 4, AES_128_CBC_SHA256}, /* PSK, DHE_PSK, RSA_PSK */
    {0x00af, 0x00b7, 4, AES_256_CBC_SHA384}, /* the same */
    {0xc004, 0xc018, 5, AES_128_CBC_SHA},    /* ECDH, ECDHE, ECDH_anon */
    {0xc005, 0xc019, 5, AES_256_CBC_SHA},    /* the same */
    {0xc01d, 0xc01f, 1, AES_128_CBC_SHA},    /* SRP */
    {0xc020, 0xc022, 1, AES_256_CBC_SHA},    /* the same */
    {0xc023, 0xc029, 2, AES_128_CBC_SHA256}, /* ECDH, ECDHE */
    {0xc024, 0xc02a, 2, AES_256_CBC_SHA384}, /* the same */
    {0xc02b, 0xc031, 2, AES_128_GCM},        /* the same */
    {0xc02c, 0xc032, 2, AES_256_GCM},        /* the same */
    {0xc035, 0xc035, 1, AES_128_CBC_SHA},    /* ECDHE_PSK */
    {0xc036, 0xc036, 1, AES_256_CBC_SHA},
    {0xc037, 0xc037, 1, AES_128_CBC_SHA256},
    {0xc038, 0xc038, 1, AES_256_CBC_SHA384},
    {0xc09c, 0xc09e, 2, AES_128_CCM},   /* RSA, DHE_RSA */
    {0xc09d, 0xc09f, 2, AES_256_CCM},   /* the same */
    {0xc0a0, 0xc0a2, 2, AES_128_CCM_8}, /* the same */
    {0xc0a1, 0xc0a3, 2, AES_256_CCM_8}, /* the same */
    {0xc0a4, 0xc0a6, 2, AES_128_CCM},   /* PSK, DHE_PSK */
    {0xc0a5, 0xc0a7, 2, AES_256_CCM},   /* the same */
    {0xc0a8, 0xc0aa, 2, AES_128_CCM_8}, /* the same */
    {0xc0a9, 0xc0ab, 2, AES_256_CCM_8}, /* the same */
    {0xc0ac, 0xc0ac, 1, AES_128_CCM},   /* ECDHE_ECDSA */
    {0xc0ad, 0xc0ad, 1, AES_256_CCM},
    {0xc0ae, 0xc0ae, 1, AES_128_CCM_8},
    {0xc0af, 0xc0af, 1, AES_256_CCM_8},
    {0xcca8, 0xccae, 1, CHACHA20},    /* ECDHE, DHE, PSK */
    {0xd001, 0xd001, 1, AES_128_GCM}, /* ECDHE_PSK */
    {0xd002, 0xd002, 1, AES_256_GCM},
    {0xd003, 0xd003, 1, AES_128_CCM_8},
    {0xd005, 0xd005, 1, AES_128_CCM},
    {0x000a, 0x0016, 3, TRIPLE_DES_CBC_SHA},   /* RSA, DH, DHE */
    {0x001b, 0x001b, 1, TRIPLE_DES_CBC_SHA},   /* DH_anon */
    {0x008b, 0x0093, 4, TRIPLE_DES_CBC_SHA},   /* PSK, DHE_PSK, RSA_PSK */
    {0xc003, 0xc017, 5, TRIPLE_DES_CBC_SHA},   /* ECDH, ECDHE, ECDH_anon */
    {0xc01a, 0xc01c, 1, TRIPLE_DES_CBC_SHA},   /* SRP */
    {0xc034, 0xc034, 1, TRIPLE_DES_CBC_SHA},   /* ECDHE_PSK */
    {0x0041, 0x0046, 1, CAMELLIA_128_CBC_SHA}, /* RSA, DH, DHE, DH_anon */
    {0x0084, 0x0089, 1, CAMELLIA_256_CBC_SHA}, /* the same, here and below */
    {0x00ba, 0x00bf, 1, CAMELLIA_128_CBC_SHA256},
    {0x00c0, 0x00c5, 1, CAMELLIA_256_CBC_SHA256},
    {0xc072, 0xc078, 2, CAMELLIA_128_CBC_SHA256}, /* ECDHE, ECDH */
    {0xc073, 0xc079, 2, CAMELLIA_256_CBC_SHA384},
    {0xc094, 0xc09a, 2, CAMELLIA_128_CBC_SHA256}, /* PSK, DHE_PSK, RSA_PSK, ECDHE_PSK */
    {0xc095, 0xc09b, 2, CAMELLIA_256_CBC_SHA384},
    {0xc03c, 0xc04e, 2, ARIA_128_CBC_SHA256}, /* RSA, DH, DHE, DH_anon, ECDHE, ECDH */
    {0xc03d, 0xc04f, 2, ARIA_256_CBC_SHA384},
    {0xc050, 0xc062, 2, ARIA_128_GCM},
    {0xc051, 0xc063, 2, ARIA_256_GCM},
    {0xc064, 0xc068, 2, ARIA_128_CBC_SHA256}, /* PSK, DHE_PSK, RSA_PSK */
    {0xc065, 0xc069, 2, ARIA_256_CBC_SHA384},
    {0xc06a, 0xc06e, 2, ARIA_128_GCM}, /* PSK, DHE_PSK, RSA_PSK */
    {0xc06b, 0xc06f, 2, ARIA_256_GCM},
    {0xc070, 0xc070, 1, ARIA_128_CBC_SHA256}, /* ECDHE_PSK */
    {0xc071, 0xc071, 1, ARIA_256_CBC_SHA384},
};

const struct decrypt_suite *decrypt_suite_of(uint16_t suite, uint16_t version)
{
    if ((suite >> 8 == 0x13) != tls_is_13(version) || version < TLS_VERSION_10)
        return NULL;
    for (size_t i = 0; i < COUNT_OF(suites); i++) {
        const struct suites *range = &suites[i];
        if (suite < range->first || suite > range->last || (suite - range->first) % range->step)
            continue;
        const struct decrypt_suite *found = &algorithms[range->algorithm];
        return found->kind == KIND_CBC || version >= TLS_VERSION_12 ? found : NULL;
    }
    return NULL;
}

/* Bytes of a block, which CBC's initialisation vector is as long as: 3DES's are shorter. */
static size_t block_of(const struct decrypt_suite *suite)
{
    return (size_t)EVP_CIPHER_get_block_size(suite->cipher());
}

/* --- key schedules --- */

/* HKDF-Expand-Label with an empty context: RFC 8446 section 7.1. What is wanted is never longer
 * than the hash, so that one round of HKDF-Expand (RFC 5869 section 2.3) makes it. */
static void expand_label(uint8_t *out, size_t n, const struct decrypt_suite *suite,
                         const struct tls_secret *secret, const char *label)
{
    uint8_t round[EVP_MAX_MD_SIZE];
    struct buf info = {0};
    const uint8_t length[2] = {0, (uint8_t)n}, label_length = (uint8_t)(6 + strlen(label));
    const uint8_t end[2] = {0 /* length of the context */, 1 /* number of the round */};
    buf_append(&info, length, sizeof length);
    buf_append(&info, &label_length, sizeof label_length);
    buf_append(&info, "tls13 ", 6);
    buf_append(&info, label, strlen(label));
    buf_append(&info, end, sizeof end);
    if (!HMAC(suite->hash(), secret->bytes, secret->length, info.p, info.n, round, NULL))
        abort(); /* only OpenSSL without memory gets here */
    memcpy(out, round, n);
    buf_done(&info);
}

void decrypt_next_secret(struct tls_secret *next, const struct decrypt_suite *suite,
                         const struct tls_secret *secret)
{
    struct tls_secret made = {.length = secret->length};
    expand_label(made.bytes, secret->length, suite, secret, "traffic upd");
    *next = made;
}

/* The PRF of RFC 5246 section 5; before TLS 1.2, of MD5 and SHA-1 together: RFC 2246 section 5. */
static bool prf(uint8_t *out, size_t n, const char *hash, const struct tls_secret *secret,
                struct span seed)
{
    static const char label[] = "key expansion";
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_TLS1_PRF, NULL);
    EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t)hash, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, (void *)(uintptr_t)secret->bytes,
                                          secret->length),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, (void *)(uintptr_t)label,
                                          sizeof label - 1),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, (void *)(uintptr_t)seed.p, seed.n),
        OSSL_PARAM_construct_end()};
    bool good = context && EVP_KDF_derive(context, out, n, params) > 0;
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return good;
}

static struct decrypt_keys *new_keys(const struct decrypt_suite *suite, uint16_t version)
{
    struct decrypt_keys *keys = xcalloc(1, sizeof *keys);
    keys->suite = suite;
    keys->version = version;
    keys->context = EVP_CIPHER_CTX_new();
    return keys;
}

void decrypt_keys_free(struct decrypt_keys *keys)
{
    if (!keys)
        return;
    EVP_CIPHER_CTX_free(keys->context);
    free(keys);
}

/* ready has the cipher take its key. Of CCM it is given with each record. */
static struct decrypt_keys *ready(struct decrypt_keys *keys)
{
    const struct decrypt_suite *suite = keys->suite;
    bool aead = suite->kind != KIND_CBC;
    if (keys->context && EVP_DecryptInit_ex(keys->context, suite->cipher(), NULL, NULL, NULL) > 0 &&
        (!aead || EVP_CIPHER_CTX_ctrl(keys->context, EVP_CTRL_AEAD_SET_IVLEN, NONCE, NULL) > 0) &&
        EVP_DecryptInit_ex(keys->context, NULL, NULL, keys->key, NULL) > 0 &&
        EVP_CIPHER_CTX_set_padding(keys->context, 0) > 0)
        return keys;
    ERR_clear_error();
    decrypt_keys_free(keys);
    return NULL;
}

struct decrypt_keys *decrypt_keys_13(const struct decrypt_suite *suite, uint16_t version,
                                     const struct tls_secret *secret)
{
    if (secret->length != EVP_MD_get_size(suite->hash()))
        return NULL;
    struct decrypt_keys *keys = new_keys(suite, version);
    expand_label(keys->key, suite->key_length, suite, secret, "key");
    expand_label(keys->iv, NONCE, suite, secret, "iv");
    return ready(keys);
}

static const char *prf_hash(const struct decrypt_session *session)
{
    if (session->version < TLS_VERSION_12)
        return "MD5-SHA1";
    return session->suite->hash == EVP_sha384 ? "SHA384" : "SHA256";
}

/* The key block (RFC 5246 section 6.3): of MAC keys, keys, and what the nonces have in common (or,
 * in TLS 1.0, the first initialisation vectors), the client's each time before the server's. */
struct decrypt_keys *decrypt_keys_12(const struct decrypt_session *session,
                                     const struct tls_secret *master, bool of_server)
{
    const struct decrypt_suite *suite = session->suite;
    size_t iv = suite->kind == KIND_CBC      ? block_of(suite)
                : suite->kind == KIND_CHACHA ? NONCE
                                             : NONCE - EXPLICIT_NONCE;
    size_t mac = suite->kind == KIND_CBC ? suite->tag_length : 0, key = suite->key_length;
    uint8_t block[2 * (EVP_MAX_MD_SIZE + KEY_MAX + BLOCK)], seed[2 * TLS_RANDOM_BYTES];
    memcpy(seed, session->server_random, TLS_RANDOM_BYTES);
    memcpy(seed + TLS_RANDOM_BYTES, session->client_random, TLS_RANDOM_BYTES);
    if (!prf(block, 2 * (mac + key + iv), prf_hash(session), master, span_of(seed, sizeof seed)))
        return NULL;
    struct decrypt_keys *keys = new_keys(suite, session->version);
    keys->encrypt_then_mac = session->encrypt_then_mac && suite->kind == KIND_CBC;
    memcpy(keys->mac_key, block + of_server * mac, mac);
    memcpy(keys->key, block + 2 * mac + of_server * key, key);
    memcpy(keys->iv, block + 2 * (mac + key) + of_server * iv, iv);
    return ready(keys);
}

/* --- records --- */

static void put_number(uint8_t *out, uint64_t number, size_t bytes)
{
    while (bytes-- > 0) {
        out[bytes] = (uint8_t)number;
        number >>= 8;
    }
}

static void put_pseudo_header(uint8_t out[PSEUDO_HEADER], const struct decrypt_record *record,
                              uint64_t number, size_t length)
{
    put_number(out, number, 8);
    out[8] = record->type;
    put_number(out + 9, record->version, 2);
    put_number(out + 11, length, 2);
}

/* A sealed record: what is authenticated with it, its nonce, ciphertext and tag. */
struct sealed {
    uint8_t header[PSEUDO_HEADER];
    size_t header_length;
    uint8_t nonce[NONCE];
    struct span text;
    uint8_t tag[BLOCK];
};

static bool begin_aead(EVP_CIPHER_CTX *context, const struct decrypt_keys *keys,
                       struct sealed *sealed)
{
    int tag = keys->suite->tag_length, n;
    if (keys->suite->kind != KIND_CCM)
        return EVP_DecryptInit_ex(context, NULL, NULL, NULL, sealed->nonce) > 0 &&
               EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, tag, sealed->tag) > 0;
    return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, tag, sealed->tag) > 0 &&
           EVP_DecryptInit_ex(context, NULL, NULL, keys->key, sealed->nonce) > 0 &&
           EVP_DecryptUpdate(context, NULL, &n, NULL, (int)sealed->text.n) > 0;
}

static bool open_aead(struct span *plain, struct buf *room, struct decrypt_keys *keys,
                      struct sealed *sealed)
{
    EVP_CIPHER_CTX *context = keys->context;
    int n = 0, more = 0;
    room->n = 0;
    buf_reserve(room, sealed->text.n + 1);
    bool good =
        begin_aead(context, keys, sealed) &&
        (sealed->header_length == 0 ||
         EVP_DecryptUpdate(context, NULL, &n, sealed->header, (int)sealed->header_length) > 0) &&
        EVP_DecryptUpdate(context, room->p, &n, sealed->text.p, (int)sealed->text.n) > 0 &&
        (keys->suite->kind == KIND_CCM || EVP_DecryptFinal_ex(context, room->p + n, &more) > 0);
    *plain = span_of(room->p, sealed->text.n);
    return good;
}

static bool open_13(struct span *plain, struct buf *room, struct decrypt_keys *keys,
                    const struct decrypt_record *record, uint64_t number)
{
    struct sealed sealed;
    size_t tag = keys->suite->tag_length;
    if (record->body.n < tag + 1)
        return false;
    bool bare = keys->version >> 8 == DRAFT && (keys->version & 0xff) < DRAFT_WITH_HEADER;
    sealed.header_length = bare ? 0 : TLS_RECORD_HEADER;
    sealed.header[0] = record->type;
    put_number(sealed.header + 1, record->version, 2);
    put_number(sealed.header + 3, record->body.n, 2);
    memcpy(sealed.nonce, keys->iv, NONCE);
    for (unsigned i = 0; i < 8; i++)
        sealed.nonce[NONCE - 1 - i] ^= (uint8_t)(number >> 8 * i);
    sealed.text = span_of(record->body.p, record->body.n - tag);
    memcpy(sealed.tag, record->body.p + sealed.text.n, tag);
    return open_aead(plain, room, keys, &sealed);
}

/* ChaCha20's nonce is as in TLS 1.3; that of the others has eight bytes in the record. */
static bool open_aead_12(struct span *plain, struct buf *room, struct decrypt_keys *keys,
                         const struct decrypt_record *record, uint64_t number)
{
    struct sealed sealed = {.header_length = PSEUDO_HEADER};
    size_t tag = keys->suite->tag_length;
    size_t in_record = keys->suite->kind == KIND_CHACHA ? 0 : EXPLICIT_NONCE;
    if (record->body.n < in_record + tag)
        return false;
    memcpy(sealed.nonce, keys->iv, NONCE);
    if (in_record > 0)
        memcpy(sealed.nonce + NONCE - in_record, record->body.p, in_record);
    for (unsigned i = 0; in_record == 0 && i < 8; i++)
        sealed.nonce[NONCE - 1 - i] ^= (uint8_t)(number >> 8 * i);
    sealed.text = span_of(record->body.p + in_record, record->body.n - in_record - tag);
    memcpy(sealed.tag, sealed.text.p + sealed.text.n, tag);
    put_pseudo_header(sealed.header, record, number, sealed.text.n);
    return open_aead(plain, room, keys, &sealed);
}

/* mac_is tells whether a MAC is that of a text which stands in `room` behind PSEUDO_HEADER bytes.
 */
static bool mac_is(const uint8_t *mac, struct buf *room, const struct decrypt_keys *keys,
                   const struct decrypt_record *record, uint64_t number, size_t length)
{
    uint8_t right[EVP_MAX_MD_SIZE];
    put_pseudo_header(room->p, record, number, length);
    return HMAC(keys->suite->mac(), keys->mac_key, keys->suite->tag_length, room->p,
                PSEUDO_HEADER + length, right, NULL) &&
           memcmp(mac, right, keys->suite->tag_length) == 0;
}

/* Each byte of the padding says how many bytes there are beside the last: RFC 5246 section
 * 6.2.3.2. */
static bool strip_padding(struct span *text)
{
    if (text->n == 0)
        return false;
    uint8_t padding = text->p[text->n - 1];
    if (padding >= text->n)
        return false;
    for (size_t i = 1; i <= padding; i++)
        if (text->p[text->n - 1 - i] != padding)
            return false;
    text->n -= padding + 1u;
    return true;
}

/* decipher turns blocks into what `room` holds behind PSEUDO_HEADER bytes. */
static bool decipher(struct buf *room, struct decrypt_keys *keys, const uint8_t iv[BLOCK],
                     struct span blocks)
{
    int n;
    room->n = 0;
    buf_reserve(room, PSEUDO_HEADER + blocks.n + BLOCK);
    return blocks.n > 0 && blocks.n % block_of(keys->suite) == 0 &&
           EVP_DecryptInit_ex(keys->context, NULL, NULL, NULL, iv) > 0 &&
           EVP_DecryptUpdate(keys->context, room->p + PSEUDO_HEADER, &n, blocks.p, (int)blocks.n) >
               0;
}

/* RFC 7366: the MAC is that of what is on the wire. */
static bool take_outer_mac(struct span *body, struct buf *room, const struct decrypt_keys *keys,
                           const struct decrypt_record *record, uint64_t number)
{
    size_t mac = keys->suite->tag_length;
    if (body->n < mac)
        return false;
    body->n -= mac;
    room->n = 0;
    buf_reserve(room, PSEUDO_HEADER + body->n);
    memcpy(room->p + PSEUDO_HEADER, body->p, body->n);
    return mac_is(body->p + body->n, room, keys, record, number, body->n);
}

static bool take_inner_mac(struct span *text, struct buf *room, const struct decrypt_keys *keys,
                           const struct decrypt_record *record, uint64_t number)
{
    size_t mac = keys->suite->tag_length;
    if (text->n < mac)
        return false;
    text->n -= mac;
    return mac_is(text->p + text->n, room, keys, record, number, text->n);
}

static bool open_cbc(struct span *plain, struct buf *room, struct decrypt_keys *keys,
                     const struct decrypt_record *record, uint64_t number)
{
    struct span body = record->body, blocks;
    uint8_t iv[BLOCK];
    size_t block = block_of(keys->suite);
    bool chained = keys->version < TLS_VERSION_11;
    if (keys->encrypt_then_mac && !take_outer_mac(&body, room, keys, record, number))
        return false;
    struct cursor c = cursor_of(body);
    struct span first = span_of(keys->iv, block);
    if (!chained && !cursor_bytes(&c, &first, block))
        return false;
    memcpy(iv, first.p, block);
    blocks = cursor_rest(&c);
    if (!decipher(room, keys, iv, blocks))
        return false;
    *plain = span_of(room->p + PSEUDO_HEADER, blocks.n);
    return strip_padding(plain) &&
           (keys->encrypt_then_mac || take_inner_mac(plain, room, keys, record, number));
}

bool decrypt_open(struct span *plain, struct buf *room, struct decrypt_keys *keys,
                  const struct decrypt_record *record, uint64_t number)
{
    bool good = keys->suite->kind == KIND_CBC ? open_cbc(plain, room, keys, record, number)
                : tls_is_13(keys->version)    ? open_13(plain, room, keys, record, number)
                                              : open_aead_12(plain, room, keys, record, number);
    if (!good)
        ERR_clear_error();
    return good;
}

void decrypt_follow(struct decrypt_keys *keys, const struct decrypt_record *record)
{
    size_t mac = keys->encrypt_then_mac ? keys->suite->tag_length : 0;
    size_t block = block_of(keys->suite);
    if (keys->suite->kind == KIND_CBC && record->body.n >= mac + block)
        memcpy(keys->iv, record->body.p + record->body.n - mac - block, block);
}
