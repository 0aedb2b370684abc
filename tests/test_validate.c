/* test_validate.c: chains made by OpenSSL, good ones and with each fault: what validation finds,
 * and what is said of it. */
#include "../dissect/ocsp.h"
#include "../report/judge/judge.h"
#include "../report/judge/trust.h"
#include "pki.h"
#include "records.h"

#include <openssl/ocsp.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { DAY = 86400, EPOCH = 1400978880 };

/* An authority of two, and whom a run trusts. */
struct world {
    struct pki root, middle;
    char path[32];
    struct trust *trust; /* the root */
};

static struct trust *trust_of(const char *path)
{
    char error[256] = "";
    struct trust *trust = trust_new();
    if (path && !trust_add(trust, error, sizeof error, path))
        fail_msg("%s", error);
    return trust;
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    world->root = pki_make(&(struct pki_recipe){.subject = "Root", .ca = true});
    world->middle =
        pki_make(&(struct pki_recipe){.subject = "Middle", .issuer = &world->root, .ca = true});
    memcpy(world->path, "/tmp/pushwatch-XXXXXX", sizeof "/tmp/pushwatch-XXXXXX");
    close(mkstemp(world->path));
    pki_write(world->path, &world->root);
    world->trust = trust_of(world->path);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    unlink(world->path);
    trust_free(world->trust);
    pki_done(&world->root);
    pki_done(&world->middle);
    free(world);
    return 0;
}

/* A leaf for the name that made_healthy asks for. */
static struct pki_recipe leaf_of(const struct world *world)
{
    return (struct pki_recipe){
        .subject = "courier", .issuer = &world->middle, .san = "DNS:courier.push.example"};
}

/* What was said of one chain. Free with said_done. */
struct said {
    struct made_flow flow;
    struct tls_extras extras;
    struct findings findings;
};

static void judge_chain(struct said *said, struct trust *trust, nanotime at,
                        const struct cert *const *chain, unsigned count)
{
    struct run_meta meta = made_meta();
    meta.ports = "5223";
    meta.trust = trust;
    meta.at = at;
    said->flow.tls.server_certs = chain;
    said->flow.tls.server_cert_count = (uint8_t)count;
    struct judge *judge = judge_new(&meta);
    judge_flow(judge, &said->findings, &said->flow.record);
    judge_free(judge);
}

static void ask(struct said *said, struct trust *trust, const struct cert *const *chain,
                unsigned count)
{
    *said = (struct said){.findings.count = 0};
    made_healthy(&said->flow, 1);
    judge_chain(said, trust, 0, chain, count);
}

static const struct finding *find(const struct said *said, enum finding_id id)
{
    for (size_t i = 0; i < said->findings.count; i++)
        if (said->findings.items[i].id == id)
            return &said->findings.items[i];
    return NULL;
}

static void said_done(struct said *said)
{
    findings_done(&said->findings);
}

static void expect(const struct said *said, enum validation_status status, enum fault error)
{
    assert_string_equal(validation_status_word(said->findings.validation.status)->text,
                        validation_status_word(status)->text);
    assert_string_equal(fault_word(said->findings.validation.error)->text, fault_word(error)->text);
}

/* The one finding that is there, with these words. FINDINGS: there is none. */
static void expect_finding(struct said *said, enum finding_id id, enum severity severity,
                           const char *words)
{
    if (id == FINDINGS) {
        if (said->findings.count > 0)
            fail_msg("raises %s", finding_name(said->findings.items[0].id));
        said_done(said);
        return;
    }
    const struct finding *finding = find(said, id);
    if (!finding)
        fail_msg("%s is not raised", finding_name(id));
    assert_int_equal(finding->severity, severity);
    struct buf seen = {0};
    buf_append(&seen, finding->seen.p, finding->seen.n);
    if (!strstr(buf_text(&seen), words))
        fail_msg("\"%s\" is not in: %s", words, buf_text(&seen));
    buf_done(&seen);
    said_done(said);
}

#define ASK(said, trust, ...)                                                                      \
    do {                                                                                           \
        const struct cert *const chain_[] = {__VA_ARGS__};                                         \
        ask(said, trust, chain_, COUNT_OF(chain_));                                                \
    } while (0)

static void a_good_chain_is_valid(void **state)
{
    struct world *world = *state;
    struct pki_recipe recipe = leaf_of(world);
    struct pki leaf = pki_make(&recipe);
    struct said said;
    ASK(&said, world->trust, leaf.cert, world->middle.cert);
    expect(&said, VALIDATION_VALID, FAULT_NONE);
    const struct validation *validation = &said.findings.validation;
    assert_true(validation->named && validation->name_match && validation->anchored);
    assert_int_equal(validation->depth, 2);
    assert_int_equal(validation->at, said.flow.record.start);
    assert_memory_equal(validation->anchor.p, "CN=Root", validation->anchor.n);
    expect_finding(&said, FINDINGS, 0, NULL);
    ASK(&said, world->trust, leaf.cert, world->middle.cert,
        world->root.cert); /* the root sent, too */
    expect(&said, VALIDATION_VALID, FAULT_NONE);
    expect_finding(&said, FINDINGS, 0, NULL);
    pki_done(&leaf);
}

/* Whoever is trusted is an anchor, also an intermediate or the leaf itself. */
static void an_anchor_need_not_be_a_root(void **state)
{
    struct world *world = *state;
    struct pki_recipe recipe = leaf_of(world);
    struct pki leaf = pki_make(&recipe);
    const struct pki *const anchors[] = {&world->middle, &leaf};
    for (size_t i = 0; i < COUNT_OF(anchors); i++) {
        char path[] = "/tmp/pushwatch-XXXXXX";
        close(mkstemp(path));
        pki_write(path, anchors[i]);
        struct trust *trust = trust_of(path);
        struct said said;
        ASK(&said, trust, leaf.cert, world->middle.cert);
        expect(&said, VALIDATION_VALID, FAULT_NONE);
        assert_int_equal(said.findings.validation.depth, 1 - i);
        said_done(&said);
        trust_free(trust);
        unlink(path);
    }
    pki_done(&leaf);
}

static void an_unknown_anchor_is_no_fault(void **state)
{
    struct world *world = *state;
    struct pki_recipe recipe = leaf_of(world);
    struct pki leaf = pki_make(&recipe);
    struct trust *none = trust_new();
    struct said said;
    ASK(&said, none, leaf.cert, world->middle.cert);
    expect(&said, VALIDATION_UNVERIFIABLE, FAULT_UNKNOWN_ANCHOR);
    assert_false(said.findings.validation.anchored);
    assert_null(find(&said, FINDING_UNTRUSTED_CHAIN));
    expect_finding(&said, FINDINGS, 0, NULL);
    ASK(&said, none, leaf.cert, world->middle.cert, world->root.cert);
    expect(&said, VALIDATION_UNVERIFIABLE, FAULT_UNKNOWN_ANCHOR);
    expect_finding(&said, FINDINGS, 0, NULL);
    trust_free(none);
    pki_done(&leaf);
}

/* Another authority than those whom the user named. */
static void another_authority(void **state)
{
    struct world *world = *state;
    struct pki other = pki_make(&(struct pki_recipe){.subject = "Proxy Root", .ca = true});
    struct pki_recipe recipe = leaf_of(world);
    recipe.issuer = &other;
    struct pki leaf = pki_make(&recipe);
    struct said said;
    ASK(&said, world->trust, leaf.cert, other.cert);
    expect(&said, VALIDATION_UNVERIFIABLE, FAULT_UNKNOWN_ANCHOR);
    expect_finding(&said, FINDING_UNTRUSTED_CHAIN, SEVERITY_NOTICE,
                   "The server's chain leads to CN=Proxy Root, which is in none");
    pki_done(&leaf);
    pki_done(&other);
}

static void broken_chains(void **state)
{
    struct world *world = *state;
    struct said said;
    struct pki_recipe recipe = leaf_of(world);
    struct pki other = pki_make(&(struct pki_recipe){.subject = "Other", .ca = true});
    recipe.signer = &other;
    struct pki leaf = pki_make(&recipe);
    ASK(&said, world->trust, leaf.cert, world->middle.cert);
    expect(&said, VALIDATION_INVALID, FAULT_BAD_SIGNATURE);
    expect_finding(&said, FINDING_UNTRUSTED_CHAIN, SEVERITY_WARNING,
                   "CN=courier, bears a signature that its issuer's key did not make");
    struct trust *none = trust_new(); /* that shows without the anchor, too */
    ASK(&said, none, leaf.cert, world->middle.cert);
    expect(&said, VALIDATION_INVALID, FAULT_BAD_SIGNATURE);
    said_done(&said);
    trust_free(none);
    pki_done(&leaf);
    pki_done(&other);

    recipe = (struct pki_recipe){.subject = "No authority", .issuer = &world->root};
    struct pki no_ca = pki_make(&recipe);
    recipe = leaf_of(world);
    recipe.issuer = &no_ca;
    leaf = pki_make(&recipe);
    ASK(&said, world->trust, leaf.cert, no_ca.cert);
    expect(&said, VALIDATION_INVALID, FAULT_NOT_A_CA);
    expect_finding(&said, FINDING_UNTRUSTED_CHAIN, SEVERITY_WARNING,
                   "Certificate 2 of the server's chain, CN=No authority, signed another");
    pki_done(&leaf);
    pki_done(&no_ca);

    recipe = leaf_of(world);
    recipe.extended_usage = "clientAuth";
    leaf = pki_make(&recipe);
    ASK(&said, world->trust, leaf.cert, world->middle.cert);
    expect(&said, VALIDATION_INVALID, FAULT_PURPOSE);
    expect_finding(&said, FINDING_UNTRUSTED_CHAIN, SEVERITY_WARNING, "not meant for TLS servers");
    pki_done(&leaf);
}

static void limits_of_authorities(void **state)
{
    struct world *world = *state;
    struct said said;
    struct pki_recipe recipe = {
        .subject = "Last", .issuer = &world->root, .ca = true, .path_length = 1};
    struct pki last = pki_make(&recipe);
    recipe = (struct pki_recipe){.subject = "Beyond", .issuer = &last, .ca = true};
    struct pki beyond = pki_make(&recipe);
    recipe = leaf_of(world);
    recipe.issuer = &beyond;
    struct pki leaf = pki_make(&recipe);
    ASK(&said, world->trust, leaf.cert, beyond.cert, last.cert);
    expect(&said, VALIDATION_INVALID, FAULT_PATH_LENGTH);
    expect_finding(&said, FINDING_UNTRUSTED_CHAIN, SEVERITY_WARNING, "higher above");
    pki_done(&leaf);
    pki_done(&beyond);
    pki_done(&last);

    recipe = (struct pki_recipe){.subject = "Elsewhere",
                                 .issuer = &world->root,
                                 .ca = true,
                                 .constraints = "critical,permitted;DNS:other.example"};
    struct pki elsewhere = pki_make(&recipe);
    recipe = leaf_of(world);
    recipe.issuer = &elsewhere;
    leaf = pki_make(&recipe);
    ASK(&said, world->trust, leaf.cert, elsewhere.cert);
    expect(&said, VALIDATION_INVALID, FAULT_NAME_CONSTRAINTS);
    expect_finding(&said, FINDING_UNTRUSTED_CHAIN, SEVERITY_WARNING, "may not speak");
    pki_done(&leaf);
    pki_done(&elsewhere);
}

/* Whether a leaf with these names (or, without any, this common name) is one for `asked`. */
static bool is_for(const struct world *world, const char *san, const char *common,
                   const char *asked, bool raised)
{
    struct pki_recipe recipe = leaf_of(world);
    struct said said = {.findings.count = 0};
    recipe.san = san;
    recipe.subject = common;
    struct pki leaf = pki_make(&recipe);
    const struct cert *const chain[] = {leaf.cert, world->middle.cert};
    made_healthy(&said.flow, 1);
    said.flow.tls.sni = made_text(asked);
    judge_chain(&said, world->trust, 0, chain, 2);
    bool match = said.findings.validation.name_match;
    expect(&said, match ? VALIDATION_VALID : VALIDATION_INVALID,
           match ? FAULT_NONE : FAULT_NAME_MISMATCH);
    assert_int_equal(find(&said, FINDING_NAME_MISMATCH) != NULL, raised);
    said_done(&said);
    pki_done(&leaf);
    return match;
}

static void names(void **state)
{
    const struct world *world = *state;
    static const struct {
        const char *san, *common, *asked;
        bool match;
    } cases[] = {
        {"DNS:a.example", "x", "a.example", true},
        {"DNS:a.example", "x", "A.EXAMPLE", true},
        {"DNS:a.example", "x", "a.example.", true},
        {"DNS:a.example", "x", "b.example", false},
        {"DNS:a.example,DNS:b.example", "x", "b.example", true},
        {"DNS:*.push.example", "x", "courier.push.example", true},
        {"DNS:*.push.example", "x", "push.example", false},
        {"DNS:*.push.example", "x", "1.courier.push.example", false},
        {"DNS:cour*.push.example", "x", "courier.push.example", false}, /* RFC 9525 section 6.3 */
        {"DNS:*", "x", "localhost", false},
        {"IP:192.0.2.1", "x", "192.0.2.1", true},
        {"IP:2001:db8::1", "x", "2001:db8::1", true},
        {"DNS:192.0.2.2", "x", "192.0.2.1", false},
        {NULL, "a.example", "a.example", true},
        {"DNS:b.example", "a.example", "a.example", false}, /* the common name does not count */
        {"URI:http://b.example/", "a.example", "a.example", false},
        {"email:a@a.example", "x", "a.example", false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (is_for(world, cases[i].san, cases[i].common, cases[i].asked, !cases[i].match) !=
            cases[i].match)
            fail_msg("%s (%s) for %s", cases[i].san, cases[i].common, cases[i].asked);
}

static void name_mismatch(void **state)
{
    struct world *world = *state;
    struct said said;
    struct pki_recipe recipe = leaf_of(world);
    recipe.san = "DNS:a.example,DNS:b.example,DNS:c.example,DNS:d.example";
    struct pki leaf = pki_make(&recipe);
    ASK(&said, world->trust, leaf.cert, world->middle.cert);
    expect_finding(
        &said, FINDING_NAME_MISMATCH, SEVERITY_WARNING,
        "asked for, courier.push.example, but a.example, b.example, c.example and 1 more");
    /* No name was asked for. */
    const struct cert *const chain[] = {leaf.cert, world->middle.cert};
    said = (struct said){.findings.count = 0};
    made_healthy(&said.flow, 1);
    said.flow.tls.sni = made_text("");
    judge_chain(&said, world->trust, 0, chain, 2);
    expect(&said, VALIDATION_VALID, FAULT_NONE);
    assert_false(said.findings.validation.named);
    assert_null(find(&said, FINDING_NAME_MISMATCH));
    said_done(&said);
    pki_done(&leaf);
}

static void ask_at(struct said *said, struct trust *trust, nanotime start, nanotime at,
                   const struct pki *leaf, const struct pki *middle)
{
    const struct cert *const chain[] = {leaf->cert, middle->cert};
    *said = (struct said){.findings.count = 0};
    made_healthy(&said->flow, 1);
    said->flow.record.start = start;
    judge_chain(said, trust, at, chain, 2);
}

static void expired(void **state)
{
    struct world *world = *state;
    struct said said;
    struct pki_recipe recipe = leaf_of(world);
    recipe.from = EPOCH - 300 * DAY;
    recipe.to = EPOCH;
    struct pki leaf = pki_make(&recipe);
    nanotime second = NS_PER_SECOND, end = EPOCH * second;
    ask_at(&said, world->trust, end - 40 * DAY * second, 0, &leaf, &world->middle);
    expect(&said, VALIDATION_VALID, FAULT_NONE);
    assert_null(find(&said, FINDING_EXPIRED));
    said_done(&said);
    ask_at(&said, world->trust, end + 3 * DAY * second, 0, &leaf, &world->middle);
    expect(&said, VALIDATION_INVALID, FAULT_EXPIRED);
    expect_finding(&said, FINDING_EXPIRED, SEVERITY_WARNING,
                   "CN=courier, expired on 2014-05-25, 3 d 0 h before these packets");
    /* For another time than that of the packets. */
    ask_at(&said, world->trust, end - 40 * DAY * second, end + DAY * second, &leaf, &world->middle);
    expect_finding(
        &said, FINDING_EXPIRED, SEVERITY_WARNING,
        "expired on 2014-05-25; when these packets were sent, on 2014-04-15, it was valid");
    ask_at(&said, world->trust, end - 1, 0, &leaf, &world->middle);
    expect_finding(&said, FINDING_EXPIRES_SOON, SEVERITY_NOTICE, "expires on 2014-05-25, in ");
    ask_at(&said, world->trust, end - 31 * DAY * second, 0, &leaf, &world->middle);
    assert_null(find(&said, FINDING_EXPIRES_SOON));
    said_done(&said);
    ask_at(&said, world->trust, end - 301 * DAY * second, 0, &leaf, &world->middle);
    expect(&said, VALIDATION_INVALID, FAULT_NOT_YET_VALID);
    expect_finding(&said, FINDING_NOT_YET_VALID, SEVERITY_WARNING, "is valid only from 2013-07-29");
    ask_at(&said, world->trust, end - 300 * DAY * second, 0, &leaf, &world->middle);
    assert_null(find(&said, FINDING_NOT_YET_VALID));
    said_done(&said);
    pki_done(&leaf);
}

/* One validator meets a chain before and after a change: what it remembers must not outlive it. */
static void what_is_remembered_ends_in_time(void **state)
{
    struct world *world = *state;
    struct run_meta meta = made_meta();
    struct pki_recipe recipe = leaf_of(world);
    recipe.to = EPOCH + 2;
    struct pki leaf = pki_make(&recipe);
    const struct cert *const chain[] = {leaf.cert, world->middle.cert};
    meta.trust = world->trust;
    struct judge *judge = judge_new(&meta);
    for (unsigned i = 0; i < 8; i++) {
        struct said said = {.findings.count = 0};
        made_healthy(&said.flow, 1);
        said.flow.tls.server_certs = chain;
        said.flow.record.start = made_epoch + (i ^ 5) * NS_PER_SECOND;
        judge_flow(judge, &said.findings, &said.flow.record);
        bool over = (i ^ 5) >= 2;
        expect(&said, over ? VALIDATION_INVALID : VALIDATION_VALID,
               over ? FAULT_EXPIRED : FAULT_NONE);
        assert_int_equal(said.findings.validation.at, said.flow.record.start);
        said_done(&said);
    }
    judge_free(judge);
    pki_done(&leaf);
}

static void self_signed(void **state)
{
    struct world *world = *state;
    struct said said;
    struct pki_recipe recipe = leaf_of(world);
    recipe.issuer = NULL;
    struct pki leaf = pki_make(&recipe);
    ASK(&said, world->trust, leaf.cert);
    expect(&said, VALIDATION_UNVERIFIABLE, FAULT_SELF_SIGNED);
    expect_finding(&said, FINDING_SELF_SIGNED, SEVERITY_NOTICE, "signed with its own key");
    char path[] = "/tmp/pushwatch-XXXXXX";
    close(mkstemp(path));
    pki_write(path, &leaf);
    struct trust *trust = trust_of(path); /* somebody does vouch for it */
    ASK(&said, trust, leaf.cert);
    expect(&said, VALIDATION_VALID, FAULT_NONE);
    assert_null(find(&said, FINDING_SELF_SIGNED));
    expect_finding(&said, FINDINGS, 0, NULL);
    trust_free(trust);
    unlink(path);
    pki_done(&leaf);
}

static void missing_intermediate(void **state)
{
    struct world *world = *state;
    struct said said;
    struct pki_recipe recipe = leaf_of(world);
    struct pki leaf = pki_make(&recipe);
    ASK(&said, world->trust, leaf.cert);
    expect(&said, VALIDATION_UNVERIFIABLE, FAULT_MISSING_INTERMEDIATE);
    expect_finding(&said, FINDING_MISSING_INTERMEDIATE, SEVERITY_NOTICE,
                   "CN=courier, came without its issuer, CN=Middle, which");
    ASK(&said, world->trust, leaf.cert, world->root.cert); /* one that does not fit is there */
    expect(&said, VALIDATION_UNVERIFIABLE, FAULT_MISSING_INTERMEDIATE);
    assert_null(find(&said, FINDING_CHAIN_ORDER));
    said_done(&said);
    ASK(&said, world->trust, leaf.cert, world->middle.cert);
    assert_null(find(&said, FINDING_MISSING_INTERMEDIATE));
    said_done(&said);

    const struct cert *const chain[] = {leaf.cert}; /* the capture misses the rest */
    said = (struct said){.findings.count = 0};
    made_healthy(&said.flow, 1);
    said.flow.tls.server_chain_cut = true;
    judge_chain(&said, world->trust, 0, chain, 1);
    expect(&said, VALIDATION_UNVERIFIABLE, FAULT_CUT);
    expect_finding(&said, FINDINGS, 0, NULL);
    pki_done(&leaf);
}

static void chain_order(void **state)
{
    struct world *world = *state;
    struct said said;
    struct pki_recipe recipe = leaf_of(world);
    struct pki leaf = pki_make(&recipe), other = pki_make(&recipe);
    ASK(&said, world->trust, leaf.cert, world->root.cert, world->middle.cert);
    expect(&said, VALIDATION_VALID, FAULT_NONE);
    expect_finding(&said, FINDING_CHAIN_ORDER, SEVERITY_NOTICE,
                   "Certificate 3 of the server's chain, CN=Middle, does not stand right behind");
    ASK(&said, world->trust, leaf.cert, leaf.cert, world->middle.cert);
    expect_finding(&said, FINDING_CHAIN_ORDER, SEVERITY_NOTICE, "Certificate 3");
    ASK(&said, world->trust, leaf.cert, world->middle.cert, other.cert);
    expect_finding(&said, FINDING_CHAIN_ORDER, SEVERITY_INFO, "Certificate 3");
    ASK(&said, world->trust, leaf.cert, world->middle.cert, world->root.cert);
    assert_null(find(&said, FINDING_CHAIN_ORDER));
    said_done(&said);
    pki_done(&leaf);
    pki_done(&other);
}

static void weak_keys(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *key;
        int severity; /* SEVERITIES: not weak */
    } cases[] = {
        {"512", SEVERITY_WARNING},  {"1024", SEVERITY_NOTICE}, {"2048", SEVERITIES},
        {"P-192", SEVERITY_NOTICE}, {"P-224", SEVERITIES},     {"P-256", SEVERITIES},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct pki_recipe recipe = leaf_of(world);
        struct said said;
        recipe.key = cases[i].key;
        struct pki leaf = pki_make(&recipe);
        ASK(&said, world->trust, leaf.cert, world->middle.cert);
        expect(&said, VALIDATION_VALID, FAULT_NONE); /* it is, and yet weak */
        if (cases[i].severity == SEVERITIES) {
            assert_null(find(&said, FINDING_WEAK_KEY));
            said_done(&said);
        } else {
            expect_finding(&said, FINDING_WEAK_KEY, (enum severity)cases[i].severity,
                           "has a key of ");
        }
        pki_done(&leaf);
    }
}

static void weak_signatures(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *digest;
        time_t at;
        int severity; /* SEVERITIES: not weak */
    } cases[] = {
        {"MD5", EPOCH, SEVERITY_WARNING},
        {"SHA1", EPOCH, SEVERITY_INFO}, /* as everybody had it then */
        {"SHA1", EPOCH + 1000 * DAY, SEVERITY_NOTICE},
        {"SHA256", EPOCH, SEVERITIES},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct pki_recipe recipe = {
            .subject = "Old", .issuer = &world->root, .ca = true, .key = "2048"};
        recipe.to = EPOCH + 2000 * DAY;
        struct pki old = pki_make(&recipe);
        recipe = leaf_of(world);
        recipe.issuer = &old;
        recipe.digest = cases[i].digest;
        struct pki leaf = pki_make(&recipe);
        struct said said;
        ask_at(&said, world->trust, cases[i].at * NS_PER_SECOND, 0, &leaf, &old);
        if (cases[i].severity == SEVERITIES) {
            assert_null(find(&said, FINDING_WEAK_SIGNATURE));
            said_done(&said);
        } else {
            expect_finding(&said, FINDING_WEAK_SIGNATURE, (enum severity)cases[i].severity,
                           "is signed with ");
        }
        pki_done(&leaf);
        pki_done(&old);
    }
}

/* A leaf with a staple by `signer` that says it was revoked, a day before `at`. */
static void expect_staple(const struct world *world, struct trust *trust, const struct pki *signer,
                          bool with_middle, time_t from, enum staple_check check, bool revoked)
{
    struct pki_recipe recipe = leaf_of(world);
    struct pki leaf = pki_make(&recipe);
    struct buf der = pki_staple(&leaf, &world->middle, signer, V_OCSP_CERTSTATUS_REVOKED, from);
    struct said said = {.findings.count = 0};
    struct ocsp_staple staple;
    ocsp_read(&staple, span_of(der.p, der.n), leaf.cert->serial);
    staple.der = span_of(der.p, der.n);
    const struct cert *const chain[] = {leaf.cert, world->middle.cert};
    made_healthy(&said.flow, 1);
    said.extras.staple = &staple;
    said.flow.tls.extras = &said.extras;
    judge_chain(&said, trust, 0, chain, with_middle ? 2 : 1);
    assert_string_equal(staple_check_word((enum staple_check)said.findings.validation.staple)->text,
                        staple_check_word(check)->text);
    assert_int_equal(validation_has(&said.findings.validation, FAULT_REVOKED),
                     check == STAPLE_CHECKED);
    assert_int_equal(find(&said, FINDING_REVOKED) != NULL, revoked);
    said_done(&said);
    buf_done(&der);
    pki_done(&leaf);
}

static void revoked(void **state)
{
    struct world *world = *state;
    struct pki_recipe recipe = {
        .subject = "Responder", .issuer = &world->middle, .extended_usage = "OCSPSigning"};
    struct pki responder = pki_make(&recipe);
    recipe.extended_usage = "serverAuth";
    struct pki liar = pki_make(&recipe);
    const time_t now = EPOCH - 3600;
    expect_staple(world, world->trust, &world->middle, true, now, STAPLE_CHECKED, true);
    expect_staple(world, world->trust, &responder, true, now, STAPLE_CHECKED, true);
    expect_staple(world, world->trust, &liar, true, now, STAPLE_BAD_SIGNATURE, false);
    expect_staple(world, world->trust, &world->root, true, now, STAPLE_BAD_SIGNATURE, false);
    expect_staple(world, world->trust, &world->middle, false, now, STAPLE_NO_ISSUER, true);
    expect_staple(world, world->trust, &world->middle, true, EPOCH - 5 * DAY, STAPLE_OUTDATED,
                  true);
    pki_done(&responder);
    pki_done(&liar);
}

/* What would take long is not tried. */
static void what_is_too_large_is_left_alone(void **state)
{
    struct world *world = *state;
    struct said said;
    struct pki_recipe recipe = leaf_of(world);
    struct pki leaf = pki_make(&recipe);
    leaf.cert->key_bits = 16384;
    ASK(&said, world->trust, leaf.cert, world->middle.cert);
    expect(&said, VALIDATION_UNVERIFIABLE, FAULT_TOO_LARGE);
    said_done(&said);
    leaf.cert->key_bits = 256;
    leaf.cert->malformed = true;
    ASK(&said, world->trust, leaf.cert, world->middle.cert);
    expect(&said, VALIDATION_INVALID, FAULT_MALFORMED);
    expect_finding(&said, FINDING_UNTRUSTED_CHAIN, SEVERITY_WARNING, "malformed");
    pki_done(&leaf);
}

/* A signature by such a key takes OpenSSL some ten milliseconds. */
static void a_huge_exponent_is_left_alone(void **state)
{
    struct world *world = *state;
    static const char *const exponents[] = {"FFFFFFFFFFFFFFC5", "1000000000000000000000001"};
    for (size_t i = 0; i < COUNT_OF(exponents); i++) {
        struct said said;
        struct pki_recipe recipe = leaf_of(world);
        recipe.key = "1024";
        recipe.exponent = exponents[i];
        struct pki leaf = pki_make(&recipe);
        ASK(&said, world->trust, leaf.cert, world->middle.cert);
        expect(&said, i == 0 ? VALIDATION_VALID : VALIDATION_UNVERIFIABLE,
               i == 0 ? FAULT_NONE : FAULT_TOO_LARGE);
        said_done(&said);
        pki_done(&leaf);
    }
}

/* Packets without a time (pcapng's simple ones) show neither that a certificate has expired nor
 * that it is not valid yet; all else is judged, and what was found then is not taken for any other
 * time. */
static void the_time_may_be_unknown(void **state)
{
    struct world *world = *state;
    struct said said;
    struct pki_recipe recipe = leaf_of(world);
    struct pki leaf = pki_make(&recipe);
    ask_at(&said, world->trust, 1, 0, &leaf, &world->middle);
    expect(&said, VALIDATION_INVALID, FAULT_NOT_YET_VALID);
    said_done(&said);
    ask_at(&said, world->trust, 0, 0, &leaf, &world->middle);
    expect(&said, VALIDATION_UNVERIFIABLE, FAULT_UNKNOWN_TIME);
    assert_true(said.findings.validation.anchored);
    expect_finding(&said, FINDINGS, 0, NULL);
    ask_at(&said, world->trust, 0, EPOCH * NS_PER_SECOND, &leaf, &world->middle);
    expect(&said, VALIDATION_VALID, FAULT_NONE);
    said_done(&said);
    struct run_meta meta = made_meta();
    const struct cert *const chain[] = {leaf.cert, world->middle.cert};
    meta.trust = world->trust;
    struct judge *judge = judge_new(&meta);
    static const nanotime times[] = {0, 1, 0, EPOCH * NS_PER_SECOND};
    static const enum fault faults[] = {FAULT_UNKNOWN_TIME, FAULT_NOT_YET_VALID, FAULT_UNKNOWN_TIME,
                                        FAULT_NONE};
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        said = (struct said){.findings.count = 0};
        made_healthy(&said.flow, 1);
        said.flow.tls.server_certs = chain;
        said.flow.record.start = times[i];
        judge_flow(judge, &said.findings, &said.flow.record);
        assert_string_equal(fault_word(said.findings.validation.error)->text,
                            fault_word(faults[i])->text);
        said_done(&said);
    }
    judge_free(judge);
    pki_done(&leaf);
}

static void no_chain_is_not_judged(void **state)
{
    struct world *world = *state;
    struct said said = {.findings.count = 0};
    made_healthy(&said.flow, 1);
    judge_chain(&said, world->trust, 0, NULL, 0);
    assert_int_equal(said.findings.validation.status, VALIDATION_NONE);
    expect_finding(&said, FINDINGS, 0, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_chain_is_valid),
        cmocka_unit_test(an_anchor_need_not_be_a_root),
        cmocka_unit_test(an_unknown_anchor_is_no_fault),
        cmocka_unit_test(another_authority),
        cmocka_unit_test(broken_chains),
        cmocka_unit_test(limits_of_authorities),
        cmocka_unit_test(names),
        cmocka_unit_test(name_mismatch),
        cmocka_unit_test(expired),
        cmocka_unit_test(what_is_remembered_ends_in_time),
        cmocka_unit_test(self_signed),
        cmocka_unit_test(missing_intermediate),
        cmocka_unit_test(chain_order),
        cmocka_unit_test(weak_keys),
        cmocka_unit_test(weak_signatures),
        cmocka_unit_test(revoked),
        cmocka_unit_test(what_is_too_large_is_left_alone),
        cmocka_unit_test(a_huge_exponent_is_left_alone),
        cmocka_unit_test(the_time_may_be_unknown),
        cmocka_unit_test(no_chain_is_not_judged),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
