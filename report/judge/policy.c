/* policy.c: reads a policy by libinih, and finds the sections that speak of a server. */
#include "policy.h"

#include "../timetext.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fnmatch.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    RULES_MOST = 256,
    WORDS_MOST = 64,        /* of one kind in a section */
    LINE_MOST = 190,        /* libinih cuts longer ones */
    FILE_MOST = 1024 * 1024 /* bytes */
};

/* A pattern, a hash in hex, or a finding's id: a list of them. */
struct words {
    char *items[WORDS_MOST];
    size_t count;
};

struct network {
    uint8_t ip[16];
    bool ipv6;
    unsigned bits;
};

struct rule {
    char *section;
    struct words names, issuers, issuer_pins, pins, leaves, ignored;
    struct network networks[WORDS_MOST];
    size_t network_count;
    nanotime from, until, ignore_until; /* 0: no bound */
    char *reason;
};

struct policy {
    struct rule *rules;
    size_t count;
};

/* --- reading --- */

struct reading {
    struct policy *policy;
    char wrong[160]; /* what is, with the key; "" if nothing */
};

static bool complain(struct reading *reading, const char *key, const char *what)
{
    if (!reading->wrong[0])
        snprintf(reading->wrong, sizeof reading->wrong, "%.60s: %s", key, what);
    return false;
}

static struct rule *rule_of(struct policy *policy, const char *section)
{
    if (policy->count > 0 && strcmp(policy->rules[policy->count - 1].section, section) == 0)
        return &policy->rules[policy->count - 1];
    if (policy->count == RULES_MOST)
        return NULL;
    policy->rules = xrealloc(policy->rules, (policy->count + 1) * sizeof policy->rules[0]);
    struct rule *rule = &policy->rules[policy->count++];
    *rule = (struct rule){.section = xstrdup(section)};
    return rule;
}

static bool add_word(struct reading *reading, struct words *words, const char *key,
                     const char *word)
{
    if (words->count == WORDS_MOST)
        return complain(reading, key, "too many in one section");
    if (!*word)
        return complain(reading, key, "has no value");
    words->items[words->count++] = xstrdup(word);
    return true;
}

static bool add_hash(struct reading *reading, struct words *words, const char *key,
                     const char *word)
{
    if (strlen(word) != 64 || word[strspn(word, "0123456789abcdef")])
        return complain(reading, key, "is no SHA-256 (64 digits of lower-case hex)");
    return add_word(reading, words, key, word);
}

/* A pattern of a name, or a hash: no name is one. */
static bool add_issuer(struct reading *reading, struct rule *rule, const char *key,
                       const char *word)
{
    if (strlen(word) == 64 && !word[strspn(word, "0123456789abcdef")])
        return add_word(reading, &rule->issuer_pins, key, word);
    return add_word(reading, &rule->issuers, key, word);
}

static bool add_finding(struct reading *reading, struct words *words, const char *key,
                        const char *word)
{
    for (unsigned id = 0; id < FINDINGS; id++)
        if (strcmp(word, finding_name((enum finding_id)id)) == 0)
            return add_word(reading, words, key, word);
    return complain(reading, key, "there is no such finding");
}

/* An address, or a network such as 17.0.0.0/8. */
static bool add_network(struct reading *reading, struct rule *rule, const char *key,
                        const char *word)
{
    char text[64], *end = NULL;
    struct network *network = &rule->networks[rule->network_count];
    const char *slash = strchr(word, '/');
    size_t n = slash ? (size_t)(slash - word) : strlen(word);
    if (rule->network_count == WORDS_MOST)
        return complain(reading, key, "too many in one section");
    if (n >= sizeof text)
        return complain(reading, key, "is no address");
    memcpy(text, word, n);
    text[n] = '\0';
    *network = (struct network){.ipv6 = strchr(text, ':') != NULL};
    if (inet_pton(network->ipv6 ? AF_INET6 : AF_INET, text, network->ip) != 1)
        return complain(reading, key, "is no address");
    unsigned long most = network->ipv6 ? 128 : 32, bits = most;
    if (slash)
        bits = slash[1] >= '0' && slash[1] <= '9' ? strtoul(slash + 1, &end, 10) : most + 1;
    if (bits > most || (end && *end))
        return complain(reading, key, "has a prefix that is none");
    network->bits = (unsigned)bits;
    rule->network_count++;
    return true;
}

static bool set_time(struct reading *reading, nanotime *out, const char *key, const char *word)
{
    return timetext_read(out, word) || complain(reading, key, "is no day (such as 2026-11-25)");
}

static bool set(struct reading *reading, struct rule *rule, const char *key, const char *value)
{
    if (strcmp(key, "name") == 0)
        return add_word(reading, &rule->names, key, value);
    if (strcmp(key, "address") == 0)
        return add_network(reading, rule, key, value);
    if (strcmp(key, "issuer") == 0)
        return add_issuer(reading, rule, key, value);
    if (strcmp(key, "pin") == 0)
        return add_hash(reading, &rule->pins, key, value);
    if (strcmp(key, "leaf") == 0)
        return add_hash(reading, &rule->leaves, key, value);
    if (strcmp(key, "ignore") == 0)
        return add_finding(reading, &rule->ignored, key, value);
    if (strcmp(key, "from") == 0)
        return set_time(reading, &rule->from, key, value);
    if (strcmp(key, "until") == 0)
        return set_time(reading, &rule->until, key, value);
    if (strcmp(key, "ignore-until") == 0)
        return set_time(reading, &rule->ignore_until, key, value);
    if (strcmp(key, "reason") != 0)
        return complain(reading, key, "no such key");
    free(rule->reason);
    rule->reason = xstrdup(value);
    return true;
}

static int take(void *context, const char *section, const char *key, const char *value)
{
    struct reading *reading = context;
    struct rule *rule = *section ? rule_of(reading->policy, section) : NULL;
    if (!*section)
        return complain(reading, key, "stands before the first section");
    if (!rule)
        return complain(reading, section, "too many sections");
    return set(reading, rule, key, value ? value : "");
}

/* The number, from 1, of a line that libinih would cut; 0 if there is none. */
static int find_long_line(const char *text)
{
    int line = 1;
    for (const char *at = text; *at; line++) {
        size_t n = strcspn(at, "\n");
        if (n > LINE_MOST)
            return line;
        at += n + (at[n] == '\n');
    }
    return 0;
}

/* What is only written once all of a section is there. */
static const struct rule *find_incomplete(const struct policy *policy)
{
    for (size_t i = 0; i < policy->count; i++) {
        const struct rule *rule = &policy->rules[i];
        if ((rule->names.count == 0 && rule->network_count == 0) ||
            (rule->ignored.count > 0 && !rule->reason))
            return rule;
    }
    return NULL;
}

struct policy *policy_new(char *error, size_t size, const char *text)
{
    struct policy *policy = xcalloc(1, sizeof *policy);
    struct reading reading = {.policy = policy};
    int line = find_long_line(text);
    if (line > 0)
        complain(&reading, "line", "is longer than 190 characters");
    else
        line = ini_parse_string(text, take, &reading);
    const struct rule *rule = line == 0 ? find_incomplete(policy) : NULL;
    if (line == 0 && !rule)
        return policy;
    if (rule)
        snprintf(error, size, "[%.60s]: %s", rule->section,
                 rule->reason || rule->ignored.count == 0 ? "needs a name or an address"
                                                          : "ignore needs a reason");
    else
        snprintf(error, size, "line %d: %s", line,
                 reading.wrong[0] ? reading.wrong : "neither [section] nor key = value");
    policy_free(policy);
    return NULL;
}

struct policy *policy_read(char *error, size_t size, const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file) {
        snprintf(error, size, "%s: %s", path, strerror(errno));
        return NULL;
    }
    char *text = xcalloc(1, FILE_MOST + 1);
    size_t n = fread(text, 1, FILE_MOST + 1, file);
    bool broken = ferror(file);
    fclose(file);
    char wrong[256] = "can't be read";
    struct policy *policy = NULL;
    if (n > FILE_MOST)
        snprintf(wrong, sizeof wrong, "more than 1 MiB is no policy");
    else if (!broken && memchr(text, '\0', n))
        snprintf(wrong, sizeof wrong, "no text");
    else if (!broken)
        policy = policy_new(wrong, sizeof wrong, text);
    if (!policy)
        snprintf(error, size, "%s: %s", path, wrong);
    free(text);
    return policy;
}

static void free_words(struct words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->items[i]);
}

void policy_free(struct policy *policy)
{
    if (!policy)
        return;
    for (size_t i = 0; i < policy->count; i++) {
        struct rule *rule = &policy->rules[i];
        free_words(&rule->names);
        free_words(&rule->issuers);
        free_words(&rule->issuer_pins);
        free_words(&rule->pins);
        free_words(&rule->leaves);
        free_words(&rule->ignored);
        free(rule->section);
        free(rule->reason);
    }
    free(policy->rules);
    free(policy);
}

/* --- whom a section speaks of --- */

/* What a pattern's end, behind its last wildcard, tells of a text: that it matches, or not, or that
 * only fnmatch knows. fnmatch takes 2,600 instructions for a name; most patterns are a name, or one
 * behind a star. */
enum look { LOOK_NO, LOOK_YES, LOOK_CLOSER };

/* Of any locale: patterns mean the same everywhere. */
static char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool is_wild(char c)
{
    return c == '*' || c == '?' || c == '[' || c == ']';
}

static enum look look_at_end(const char *pattern, struct span text)
{
    size_t n = strlen(pattern), left = text.n;
    for (; n > 0 && !is_wild(pattern[n - 1]); n--, left--) {
        if (left == 0)
            return LOOK_NO;
        char a = pattern[n - 1], b = (char)text.p[left - 1];
        if (a != b && fold(a) != fold(b))
            return LOOK_NO;
    }
    if (n == 0)
        return left == 0 ? LOOK_YES : LOOK_NO;
    return n == 1 && *pattern == '*' ? LOOK_YES : LOOK_CLOSER;
}

enum { TEXT_MOST = 1023 };

static void fold_all(char *out, const void *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = fold(((const char *)text)[i]);
    out[n] = '\0';
}

static NOINLINE bool look_closer(const char *pattern, struct span text)
{
    char name[TEXT_MOST + 1], wanted[LINE_MOST + 1];
    fold_all(wanted, pattern, strnlen(pattern, LINE_MOST));
    fold_all(name, text.p, text.n);
    return fnmatch(wanted, name, FNM_NOESCAPE) == 0;
}

/* A NUL in text from the wire ends it here; no pattern with a fixed end matches beyond. */
static bool matches(const struct words *patterns, struct span text)
{
    if (text.n == 0 || text.n > TEXT_MOST || memchr(text.p, '\0', text.n))
        return false;
    for (size_t i = 0; i < patterns->count; i++) {
        enum look look = look_at_end(patterns->items[i], text);
        if (look == LOOK_YES || (look == LOOK_CLOSER && look_closer(patterns->items[i], text)))
            return true;
    }
    return false;
}

static bool is_within(const struct network *network, const struct endpoint *end)
{
    unsigned whole = network->bits / 8, rest = network->bits % 8;
    if (network->ipv6 != end->ipv6 || memcmp(network->ip, end->ip, whole) != 0)
        return false;
    return rest == 0 || (network->ip[whole] ^ end->ip[whole]) >> (8 - rest) == 0;
}

/* A name decides, where the client gave one; else the address. */
static bool speaks_of(const struct rule *rule, const struct flow_record *record)
{
    const struct tls_facts *tls = record->tls;
    if (rule->from && record->start < rule->from)
        return false;
    if (rule->until && record->start >= rule->until)
        return false;
    if (tls && tls->sni.n > 0 && rule->names.count > 0)
        return matches(&rule->names, tls->sni);
    for (size_t i = 0; i < rule->network_count; i++)
        if (is_within(&rule->networks[i], &record->ends[SERVER]))
            return true;
    return false;
}

/* --- what is expected --- */

static bool is_hash(const char *hex, const uint8_t hash[32])
{
    static const char digits[] = "0123456789abcdef";
    for (unsigned i = 0; i < 32; i++)
        if (hex[2 * i] != digits[hash[i] >> 4] || hex[2 * i + 1] != digits[hash[i] & 15])
            return false;
    return true;
}

static bool is_listed(const struct words *hashes, const struct cert *cert)
{
    for (size_t i = 0; i < hashes->count; i++)
        if (is_hash(hashes->items[i], cert->sha256) || is_hash(hashes->items[i], cert->spki_sha256))
            return true;
    return false;
}

/* The certificate that says to be of another's issuer; NULL if none was sent. Whether it signed,
 * the chain's validation tells. */
static const struct cert *issuer_of(const struct cert *cert, const struct tls_facts *tls)
{
    for (unsigned i = 1; i < tls->server_cert_count; i++) {
        const struct cert *other = tls->server_certs[i];
        if (other != cert && !other->malformed && span_equal(other->subject, cert->issuer))
            return other;
    }
    return NULL;
}

/* `forged`: a signature in the chain is wrong, so that nothing above the leaf vouches for it. */
static bool is_expected(const struct rule *rule, const struct tls_facts *tls, bool forged)
{
    const struct cert *at = tls->server_certs[0], *issuer = issuer_of(at, tls);
    if (is_listed(&rule->leaves, at) || is_listed(&rule->pins, at))
        return true;
    if (forged)
        return false;
    if (matches(&rule->issuers, at->issuer) || (issuer && is_listed(&rule->issuer_pins, issuer)))
        return true;
    /* Only those that the leaf leads to: anybody can append another's certificate. */
    for (unsigned steps = 0; at && steps < tls->server_cert_count; steps++) {
        if (is_listed(&rule->pins, at))
            return true;
        at = issuer_of(at, tls);
    }
    return false;
}

/* What all sections that speak of a server say together. */
struct expectation {
    const struct rule *rule; /* the first that expects anything */
    bool issuers, expected;  /* some are named; this chain is by one of them */
    bool leaves, known;      /* some are known; this is one of them */
};

static struct expectation gather(const struct policy *policy, const struct flow_record *record,
                                 bool forged)
{
    struct expectation sum = {.rule = NULL};
    for (size_t i = 0; i < policy->count; i++) {
        const struct rule *rule = &policy->rules[i];
        if (!speaks_of(rule, record))
            continue;
        bool any = rule->issuers.count + rule->issuer_pins.count + rule->pins.count > 0;
        sum.rule = sum.rule || !(any || rule->leaves.count > 0) ? sum.rule : rule;
        sum.issuers |= any;
        sum.expected |= is_expected(rule, record->tls, forged);
        sum.leaves |= rule->leaves.count > 0;
        sum.known |= is_listed(&rule->leaves, record->tls->server_certs[0]);
    }
    return sum;
}

static void say_who(struct finding *finding, const struct flow_record *record)
{
    const struct cert *leaf = record->tls->server_certs[0];
    finding_seen_text(finding, leaf->issuer);
    finding_text(finding, "issuer", leaf->issuer);
    finding_text(finding, "subject", leaf->subject);
    finding_frame(finding, record->tls->certificate_frame);
}

static void judge_issuer(struct findings *out, const struct flow_record *record,
                         const struct expectation *sum)
{
    if (!sum->issuers || sum->expected)
        return;
    struct finding *finding = findings_add(out, FINDING_UNEXPECTED_ISSUER);
    finding_seen(finding, "The server's certificate was signed by ");
    say_who(finding, record);
    finding_seen(finding, ", which the policy does not expect for %s",
                 record->tls->sni.n > 0 ? "this name" : "this address");
    if (record->tls->progress == TLS_COMPLETE)
        finding_seen(finding, "; the client accepted it");
    else if (record->tls->progress == TLS_FAILED)
        finding_seen(finding, "; the handshake failed");
    finding_word(finding, "rule", sum->rule->section);
}

static void judge_leaf(struct findings *out, const struct flow_record *record,
                       const struct expectation *sum)
{
    if (!sum->leaves || sum->known)
        return;
    bool rotation = sum->issuers && sum->expected;
    struct finding *finding = findings_add(out, FINDING_UNRECOGNIZED_LEAF);
    finding_seen(finding, "The server's certificate is none of those that are known, signed by ");
    say_who(finding, record);
    if (rotation) {
        finding->severity = SEVERITY_INFO;
        finding->why = "it was signed by an expected issuer, so that it is likely a rotation: a "
                       "new certificate in the place of one that ends";
        finding->next = "add its hash to the known leaves of the policy";
    } else {
        finding_seen(finding, ", which is not an expected issuer: this is no rotation");
    }
    finding_word(finding, "rule", sum->rule->section);
}

/* --- what is ignored --- */

static void ignore(struct finding *finding, const struct rule *rule)
{
    for (size_t i = 0; i < rule->ignored.count; i++) {
        if (strcmp(rule->ignored.items[i], finding_name(finding->id)) != 0)
            continue;
        finding->severity = SEVERITY_INFO;
        finding_word(finding, "ignored", rule->reason);
    }
}

void policy_judge(const struct policy *policy, struct findings *out,
                  const struct flow_record *record)
{
    const struct tls_facts *tls = record->tls;
    if (!tls || tls->server_cert_count == 0 || tls->server_certs[0]->malformed)
        return;
    struct expectation sum =
        gather(policy, record, validation_has(&out->validation, FAULT_BAD_SIGNATURE));
    out->issuer_expected = sum.issuers && sum.expected;
    judge_issuer(out, record, &sum);
    judge_leaf(out, record, &sum);
}

void policy_ignore(const struct policy *policy, struct findings *out,
                   const struct flow_record *record)
{
    for (size_t i = 0; i < policy->count; i++) {
        const struct rule *rule = &policy->rules[i];
        if (rule->ignored.count == 0 || !speaks_of(rule, record) ||
            (rule->ignore_until && record->start >= rule->ignore_until))
            continue;
        for (size_t f = 0; f < out->count; f++)
            ignore(&out->items[f], rule);
    }
}
