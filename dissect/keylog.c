/* keylog.c: lines to a hash table of secrets. The randoms that are looked up come from the wire, so
 * that they are hashed under a secret key. */
#include "keylog.h"

#include "hash_table.h"
#include "keyed_hash.h"
#include "limits.h"

#include <stdlib.h>

struct entry {
    struct hash_node node; /* first: a node is cast back */
    uint8_t random[TLS_RANDOM_BYTES];
    uint8_t label;
    struct tls_secret secret;
};

struct keylog {
    struct hash_key key;
    struct hash_table entries;
    size_t most; /* of them */
    bool may_grow;
};

struct keylog *keylog_new(void)
{
    struct keylog *keylog = xcalloc(1, sizeof *keylog);
    hash_key_random(&keylog->key);
    keylog->most = LIMIT_KEYLOG_SECRETS;
    return keylog;
}

void keylog_use_memory(struct keylog *keylog, size_t most)
{
    const size_t each = sizeof(struct entry) + MALLOC_BESIDE + sizeof(struct hash_node *);
    keylog->most = most / each < LIMIT_KEYLOG_SECRETS ? most / each : LIMIT_KEYLOG_SECRETS;
}

void keylog_free(struct keylog *keylog)
{
    if (!keylog)
        return;
    for (size_t i = 0; i < keylog->entries.chain_count; i++)
        for (struct hash_node *node = keylog->entries.chains[i], *next; node; node = next) {
            next = node->next;
            free(node);
        }
    hash_table_done(&keylog->entries);
    free(keylog);
}

/* --- the table --- */

/* All secrets of a session have one hash: mostly all are wanted, or none is there. */
static uint64_t hash_of(const struct keylog *keylog, const uint8_t random[TLS_RANDOM_BYTES])
{
    return hash_bytes(&keylog->key, span_of(random, TLS_RANDOM_BYTES));
}

static struct entry *find(const struct keylog *keylog, enum keylog_label label,
                          const uint8_t random[TLS_RANDOM_BYTES])
{
    for (struct hash_node *node = hash_table_first(&keylog->entries, hash_of(keylog, random)); node;
         node = hash_table_next(node)) {
        struct entry *entry = (struct entry *)node;
        if (entry->label == label && memcmp(entry->random, random, TLS_RANDOM_BYTES) == 0)
            return entry;
    }
    return NULL;
}

static void put(struct keylog *keylog, struct keylog_counts *counts, const struct entry *wanted)
{
    struct entry *entry = find(keylog, (enum keylog_label)wanted->label, wanted->random);
    if (!entry && keylog->entries.count >= keylog->most) {
        counts->dropped++;
        return;
    }
    if (entry) { /* a file that is read again, mostly */
        entry->secret = wanted->secret;
        return;
    }
    entry = xmalloc(sizeof *entry);
    *entry = *wanted;
    entry->node.hash = hash_of(keylog, wanted->random);
    hash_table_add(&keylog->entries, &entry->node);
    counts->secrets++;
}

/* --- lines --- */

static const char *const labels[KEYLOG_LABELS] = {
    [KEYLOG_MASTER] = "CLIENT_RANDOM",
    [KEYLOG_CLIENT_EARLY] = "CLIENT_EARLY_TRAFFIC_SECRET",
    [KEYLOG_CLIENT_HANDSHAKE] = "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
    [KEYLOG_SERVER_HANDSHAKE] = "SERVER_HANDSHAKE_TRAFFIC_SECRET",
    [KEYLOG_CLIENT_TRAFFIC] = "CLIENT_TRAFFIC_SECRET_0",
    [KEYLOG_SERVER_TRAFFIC] = "SERVER_TRAFFIC_SECRET_0",
};

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/* next_word takes the next word off a line. Its n is 0 at the end. */
static struct span next_word(struct span *line)
{
    size_t n = 0;
    while (line->n > 0 && is_blank(*line->p)) {
        line->p++;
        line->n--;
    }
    while (n < line->n && !is_blank(line->p[n]))
        n++;
    struct span word = span_of(line->p, n);
    *line = span_of(n > 0 ? line->p + n : line->p, line->n - n);
    return word;
}

static int digit_of(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    uint8_t lower = c | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* read_hex reads a word that is hexadecimal as a whole, at most `most` bytes of it. Returns how
 * many there are, 0 if it is none. */
static size_t read_hex(uint8_t *out, size_t most, struct span word)
{
    if (word.n % 2 || word.n / 2 > most)
        return 0;
    for (size_t i = 0; i < word.n / 2; i++) {
        int high = digit_of(word.p[2 * i]), low = digit_of(word.p[2 * i + 1]);
        if (high < 0 || low < 0)
            return 0;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return word.n / 2;
}

/* Labels are upper-case words, known or not: RSA, EXPORTER_SECRET, ECH_CONFIG ... */
static bool is_label(struct span word)
{
    for (size_t i = 0; i < word.n; i++) {
        uint8_t c = word.p[i];
        if (!(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '_')
            return false;
    }
    return word.n > 0 && word.p[0] >= 'A';
}

enum line { LINE_SECRET, LINE_NOTHING /* empty, or a comment */, LINE_IGNORED, LINE_MALFORMED };

static enum line read_line(struct entry *entry, struct span line)
{
    struct span label = next_word(&line), random = next_word(&line), secret = next_word(&line);
    unsigned which = 0;
    if (label.n == 0 || label.p[0] == '#')
        return LINE_NOTHING;
    while (which < KEYLOG_LABELS &&
           !span_equal(label, span_of(labels[which], strlen(labels[which]))))
        which++;
    if (which == KEYLOG_LABELS)
        return is_label(label) && random.n > 0 ? LINE_IGNORED : LINE_MALFORMED;
    *entry = (struct entry){.label = (uint8_t)which};
    size_t length = read_hex(entry->secret.bytes, sizeof entry->secret.bytes, secret);
    bool right = which == KEYLOG_MASTER ? length == TLS_MASTER_SECRET_BYTES
                                        : length == 32 || length == 48; /* as the suite's hash */
    if (!right || read_hex(entry->random, sizeof entry->random, random) != TLS_RANDOM_BYTES ||
        next_word(&line).n > 0)
        return LINE_MALFORMED;
    entry->secret.length = (uint8_t)length;
    return LINE_SECRET;
}

/* next_line takes the next line off a text, without its end: LF, or CR and LF. */
static struct span next_line(struct span *text)
{
    const uint8_t *end = memchr(text->p, '\n', text->n);
    size_t n = end ? (size_t)(end - text->p) : text->n, taken = end ? n + 1 : n;
    struct span line = span_of(text->p, n);
    if (line.n > 0 && line.p[line.n - 1] == '\r')
        line.n--;
    *text = span_of(text->p + taken, text->n - taken);
    return line;
}

void keylog_add(struct keylog *keylog, struct keylog_counts *counts, struct span text)
{
    struct entry entry;
    while (text.n > 0) {
        struct span line = next_line(&text);
        enum line what = read_line(&entry, line);
        counts->lines++;
        if (what == LINE_SECRET)
            put(keylog, counts, &entry);
        else if (what == LINE_IGNORED)
            counts->ignored++;
        else if (what == LINE_MALFORMED && counts->malformed++ == 0)
            counts->first_malformed = counts->lines;
    }
}

/* --- the outside --- */

void keylog_expect(struct keylog *keylog, bool more)
{
    keylog->may_grow = more;
}

const struct tls_secret *keylog_find(const struct keylog *keylog, enum keylog_label label,
                                     const uint8_t client_random[TLS_RANDOM_BYTES])
{
    const struct entry *entry = find(keylog, label, client_random);
    return entry ? &entry->secret : NULL;
}

bool keylog_knows(const struct keylog *keylog, const uint8_t client_random[TLS_RANDOM_BYTES])
{
    for (struct hash_node *node =
             hash_table_first(&keylog->entries, hash_of(keylog, client_random));
         node; node = hash_table_next(node))
        if (memcmp(((struct entry *)node)->random, client_random, TLS_RANDOM_BYTES) == 0)
            return true;
    return false;
}

bool keylog_is_of_use(const struct keylog *keylog)
{
    return keylog && (keylog->may_grow || keylog->entries.count > 0);
}

bool keylog_may_grow(const struct keylog *keylog)
{
    return keylog->may_grow;
}
