/* finding.c: making and keeping findings. */
#include "finding.h"

#include "digits.h"

#include <stdlib.h>

struct entry {
    struct word name;
    enum severity severity;
    enum about about;
    const char *title, *why, *harmless, *next;
    const char *rest; /* of the summary, behind what was seen: why and next in one */
};

static const struct entry entries[FINDINGS] = {
#define FINDING(symbol, name, severity, about, title, why, harmless, next)                         \
    [FINDING_##symbol] = {WORD(name),                                                              \
                          severity,                                                                \
                          about,                                                                   \
                          title,                                                                   \
                          why,                                                                     \
                          harmless,                                                                \
                          sizeof(next) > 1 ? next : NULL,                                          \
                          sizeof(next) > 1 ? "; " why "; next, " next "." : "; " why "."},
#include "judge/findings.def"
#undef FINDING
};

struct finding *findings_add(struct findings *list, enum finding_id id)
{
    if (list->count == list->cap) {
        list->cap = list->cap ? list->cap * 2 : 2;
        list->items = xrealloc(list->items, list->cap * sizeof(list->items[0]));
        memset(list->items + list->count, 0, (list->cap - list->count) * sizeof(list->items[0]));
    }
    struct finding *finding = &list->items[list->count++];
    finding->seen.n = finding->texts.n = 0;
    finding->frame_count = finding->evidence_count = finding->change_count = 0;
    finding->id = id;
    finding->severity = entries[id].severity;
    finding->known = false;
    finding->why = entries[id].why;
    finding->harmless = entries[id].harmless;
    finding->next = entries[id].next;
    return finding;
}

void findings_clear(struct findings *list)
{
    list->count = 0;
    list->validation = (struct validation){.status = VALIDATION_NONE};
    list->issuer_expected = false;
}

void findings_done(struct findings *list)
{
    for (size_t i = 0; i < list->cap; i++) {
        buf_done(&list->items[i].seen);
        buf_done(&list->items[i].texts);
    }
    free(list->items);
    *list = (struct findings){0};
}

const struct finding *findings_worst(const struct findings *list)
{
    const struct finding *worst = NULL;
    for (size_t i = 0; i < list->count; i++)
        if (!worst || list->items[i].severity > worst->severity)
            worst = &list->items[i];
    return worst;
}

static void put_decimal(struct buf *out, uint64_t number)
{
    buf_reserve(out, DIGITS_MAX);
    char *at = (char *)out->p + out->n;
    out->n += (size_t)(digits_decimal(at, number) - at);
}

/* Every other flow has a finding, and the C library's printf took longer than all the rest of it.
 */
void finding_seen(struct finding *finding, const char *format, ...)
{
    struct buf *seen = &finding->seen;
    va_list args;
    va_start(args, format);
    for (const char *at = format;; at++) {
        const char *next = strchrnul(at, '%');
        buf_append(seen, at, (size_t)(next - at));
        if (!*next)
            break;
        at = next + 1;
        if (*at == 's') {
            const char *text = va_arg(args, const char *);
            buf_append(seen, text, strlen(text));
        } else if (*at == 'c') {
            buf_append(seen, &(char){(char)va_arg(args, int)}, 1);
        } else if (*at == 'u') {
            put_decimal(seen, va_arg(args, unsigned));
        } else if (*at == 'z') {
            put_decimal(seen, va_arg(args, size_t));
            at++;
        } else if (at[1] == 'l') { /* PRIu64 is "lu" or "llu" */
            put_decimal(seen, va_arg(args, unsigned long long));
            at += 2;
        } else {
            put_decimal(seen, va_arg(args, unsigned long));
            at++;
        }
    }
    va_end(args);
}

void finding_seen_text(struct finding *finding, struct span text)
{
    buf_append(&finding->seen, text.p, text.n);
}

void finding_frame(struct finding *finding, uint64_t frame)
{
    unsigned at = 0;
    while (at < finding->frame_count && finding->frames[at] < frame)
        at++;
    bool known = at < finding->frame_count && finding->frames[at] == frame;
    if (frame == 0 || known || finding->frame_count == FINDING_FRAMES_MAX)
        return;
    memmove(&finding->frames[at + 1], &finding->frames[at],
            (finding->frame_count - at) * sizeof(finding->frames[0]));
    finding->frames[at] = frame;
    finding->frame_count++;
}

static void add_evidence(struct finding *finding, struct evidence evidence)
{
    if (finding->evidence_count < FINDING_EVIDENCE_MAX)
        finding->evidence[finding->evidence_count++] = evidence;
}

void finding_number(struct finding *finding, const char *key, uint64_t number)
{
    add_evidence(finding, (struct evidence){.key = key, .kind = EVIDENCE_NUMBER, .number = number});
}

void finding_seconds(struct finding *finding, const char *key, nanotime duration)
{
    add_evidence(finding,
                 (struct evidence){.key = key, .kind = EVIDENCE_SECONDS, .time = duration});
}

void finding_time(struct finding *finding, const char *key, nanotime time)
{
    add_evidence(finding, (struct evidence){.key = key, .kind = EVIDENCE_TIME, .time = time});
}

void finding_text(struct finding *finding, const char *key, struct span text)
{
    add_evidence(finding, (struct evidence){.key = key,
                                            .kind = EVIDENCE_TEXT,
                                            .text.at = (uint32_t)finding->texts.n,
                                            .text.n = (uint32_t)text.n});
    buf_append(&finding->texts, text.p, text.n);
}

void finding_word(struct finding *finding, const char *key, const char *word)
{
    finding_text(finding, key, span_of(word, strlen(word)));
}

void finding_change(struct finding *finding, const char *what, struct span before, struct span now)
{
    if (finding->change_count == FINDING_CHANGES_MAX)
        return;
    struct change *change = &finding->changes[finding->change_count++];
    change->what = what;
    change->before.at = (uint32_t)finding->texts.n;
    change->before.n = (uint32_t)before.n;
    buf_append(&finding->texts, before.p, before.n);
    change->now.at = (uint32_t)finding->texts.n;
    change->now.n = (uint32_t)now.n;
    buf_append(&finding->texts, now.p, now.n);
}

struct span finding_change_text(const struct finding *finding, const struct change *change,
                                bool now)
{
    uint32_t at = now ? change->now.at : change->before.at,
             n = now ? change->now.n : change->before.n;
    return n > 0 ? span_of(finding->texts.p + at, n) : span_of(NULL, 0);
}

struct span finding_evidence_text(const struct finding *finding, const struct evidence *evidence)
{
    if (evidence->text.n == 0)
        return span_of(NULL, 0);
    return span_of(finding->texts.p + evidence->text.at, evidence->text.n);
}

static struct span span_of_text(const char *text)
{
    return span_of(text, strlen(text));
}

unsigned finding_summary(struct span *pieces, const struct finding *finding)
{
    const struct entry *entry = &entries[finding->id];
    unsigned count = 0;
    pieces[count++] = span_of(finding->seen.p, finding->seen.n);
    if (LIKELY(finding->why == entry->why && finding->next == entry->next)) {
        pieces[count++] = span_of_text(entry->rest);
        return count;
    }
    if (finding->why) {
        pieces[count++] = span_of_text("; ");
        pieces[count++] = span_of_text(finding->why);
    }
    if (finding->next) {
        pieces[count++] = span_of_text("; next, ");
        pieces[count++] = span_of_text(finding->next);
    }
    pieces[count++] = span_of_text(".");
    return count;
}

void finding_sentence(struct buf *out, const char *lead, const char *clause)
{
    char first = clause[0];
    if (first >= 'a' && first <= 'z' && lead[0] == '\0')
        first = (char)(first - 'a' + 'A');
    buf_printf(out, "%s%c%s.", lead, first, clause + 1);
}

struct finding_texts finding_texts(enum finding_id id)
{
    return (struct finding_texts){entries[id].severity, entries[id].why, entries[id].harmless,
                                  entries[id].next};
}

bool finding_by_name(enum finding_id *id, struct span name)
{
    for (unsigned i = 0; i < FINDINGS; i++)
        if (span_equal(span_of(entries[i].name.text, entries[i].name.n), name)) {
            *id = (enum finding_id)i;
            return true;
        }
    return false;
}

const struct word *finding_id_word(enum finding_id id)
{
    return &entries[id].name;
}

const char *finding_title(enum finding_id id)
{
    return entries[id].title;
}

enum about finding_about(enum finding_id id)
{
    return entries[id].about;
}

const struct word *severity_word(enum severity severity)
{
    static const struct word words[SEVERITIES] = {
        [SEVERITY_INFO] = WORD("info"),
        [SEVERITY_NOTICE] = WORD("notice"),
        [SEVERITY_WARNING] = WORD("warning"),
        [SEVERITY_CRITICAL] = WORD("critical"),
    };
    return &words[severity];
}
