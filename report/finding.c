/* finding.c: making and keeping findings. */
#include "finding.h"

#include <stdlib.h>

struct entry {
    const char *name;
    enum severity severity;
    const char *title, *why, *next;
};

static const struct entry entries[FINDINGS] = {
#define FINDING(symbol, name, severity, title, why, next)                                          \
    [FINDING_##symbol] = {name, severity, title, why, next},
#include "judge/findings.def"
#undef FINDING
};

struct finding *findings_add(struct findings *list, enum finding_id id)
{
    if (list->count == list->cap) {
        list->cap = list->cap ? list->cap * 2 : 4;
        list->items = xrealloc(list->items, list->cap * sizeof(list->items[0]));
    }
    struct finding *finding = &list->items[list->count++];
    memset(finding, 0, sizeof(*finding));
    finding->id = id;
    finding->severity = entries[id].severity;
    finding->why = entries[id].why;
    finding->next = entries[id].next;
    return finding;
}

void findings_clear(struct findings *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct finding *finding = &list->items[i];
        buf_done(&finding->seen);
        for (unsigned k = 0; k < finding->evidence_count; k++)
            free((void *)finding->evidence[k].text.p);
    }
    list->count = 0;
}

void findings_done(struct findings *list)
{
    findings_clear(list);
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

void finding_seen(struct finding *finding, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    buf_vprintf(&finding->seen, format, args);
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
    else
        free((void *)evidence.text.p);
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
    struct span copy = span_of(xmemdup(text.p, text.n), text.n);
    add_evidence(finding, (struct evidence){.key = key, .kind = EVIDENCE_TEXT, .text = copy});
}

void finding_word(struct finding *finding, const char *key, const char *word)
{
    finding_text(finding, key, span_of(word, strlen(word)));
}

void finding_summary(struct buf *out, const struct finding *finding)
{
    buf_append(out, finding->seen.p, finding->seen.n);
    if (finding->why)
        buf_printf(out, "; %s", finding->why);
    if (finding->next)
        buf_printf(out, "; next, %s", finding->next);
    buf_append(out, ".", 1);
}

const char *finding_name(enum finding_id id)
{
    return entries[id].name;
}

const char *finding_title(enum finding_id id)
{
    return entries[id].title;
}

const char *severity_name(enum severity severity)
{
    static const char *const names[SEVERITIES] = {"info", "notice", "warning", "critical"};
    return names[severity];
}
