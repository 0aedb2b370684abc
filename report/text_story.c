/* text_story.c: telling them, and telling alike ones together. */
#include "text_story.h"

#include "names.h"
#include "shark_filter.h"
#include "text_table.h"
#include "timetext.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
    TOLD_ALIKE = 3,   /* told in full of each kind, whatever they look like */
    SHAPES_MAX = 8,   /* different looks told apart in one kind */
    BRIEFS_MAX = 40,  /* told in a line each, offline; all of them are in the table or in JSON */
    FINDINGS_MAX = 5, /* that belong to no single flow: told of each kind */
    RANGES_MAX = 64,  /* of flow numbers listed; then "and others" */
    REASONS_MAX = 4,
    INDENT = 2
};

/* What makes two stories of a kind look alike. */
struct shape {
    enum stuck_cause cause;
    uint64_t unacked;
    uint64_t count, told;
};

struct kind {
    struct buf text;        /* told in full */
    struct buf briefs;      /* a line each */
    enum severity severity; /* the worst of them */
    uint64_t count, told, told_briefly;
    struct shape shapes[SHAPES_MAX];
    size_t shape_count;
    bool more_shapes;
    struct {
        uint64_t first, last;
    } rest[RANGES_MAX]; /* numbers of the flows that were not told */
    size_t rest_count;
    bool more_rest;
    const char *reasons[REASONS_MAX]; /* explanations that were already given */
    size_t reason_count;
};

struct text_stories {
    struct text_style style;
    bool live; /* what was told in a line is not wanted again */
    struct buf brief;
    struct kind kinds[FINDINGS];
};

struct text_stories *text_stories_new(const struct text_style *style, bool live)
{
    struct text_stories *stories = xcalloc(1, sizeof(*stories));
    stories->style = *style;
    stories->live = live;
    return stories;
}

void text_stories_free(struct text_stories *stories)
{
    for (size_t i = 0; stories && i < FINDINGS; i++) {
        buf_done(&stories->kinds[i].text);
        buf_done(&stories->kinds[i].briefs);
    }
    if (stories)
        buf_done(&stories->brief);
    free(stories);
}

static void wrap(struct buf *out, const struct text_style *style, struct buf *text, unsigned indent)
{
    terminal_wrap(out, style, span_of(text->p, text->n), indent, indent);
    text->n = 0;
}

static void print(FILE *out, struct buf *text)
{
    if (text->n > 0)
        fwrite(text->p, 1, text->n, out);
    text->n = 0;
}

static void put_frames(struct buf *out, const struct finding *finding)
{
    enum { SHOWN = 6 };
    if (finding->frame_count == 0)
        return;
    buf_printf(out, " (frame%s ", finding->frame_count > 1 ? "s" : "");
    for (unsigned i = 0; i < finding->frame_count && i < SHOWN; i++)
        buf_printf(out, "%s%" PRIu64, i ? ", " : "", finding->frames[i]);
    buf_printf(out, "%s)", finding->frame_count > SHOWN ? ", and more" : "");
}

static void put_explanation(struct buf *out, const struct text_style *style,
                            const struct finding *finding)
{
    struct buf text = {0};
    if (finding->why) {
        finding_sentence(&text, "", finding->why);
        wrap(out, style, &text, INDENT);
    }
    if (finding->harmless) {
        finding_sentence(&text, "Harmless if ", finding->harmless);
        wrap(out, style, &text, INDENT);
    }
    if (finding->next) {
        finding_sentence(&text, "Next: ", finding->next);
        wrap(out, style, &text, INDENT);
    }
    buf_done(&text);
}

/* A cell of a table: the next of its lines, padded. Returns what is left of it. */
static struct span put_cell(struct buf *out, struct span lines, unsigned columns)
{
    const uint8_t *end = lines.n > 0 ? memchr(lines.p, '\n', lines.n) : NULL;
    size_t n = end ? (size_t)(end - lines.p) : 0;
    buf_append(out, lines.p, n);
    if (columns > 0)
        terminal_pad(out, terminal_width(span_of(lines.p, n)), columns);
    return end ? span_of(end + 1, lines.n - n - 1) : span_of(NULL, 0);
}

static void fill_cell(struct buf *out, const struct text_style *style, struct span wire,
                      unsigned columns)
{
    struct text_style narrow = *style;
    struct buf safe = {0};
    narrow.columns = columns;
    terminal_append(&safe, style, wire, WIRE_TEXT);
    terminal_wrap(out, &narrow, span_of(safe.p, safe.n), 0, 1);
    buf_done(&safe);
}

/* What was before and what is now, side by side. */
static void put_changes(struct buf *out, const struct text_style *style,
                        const struct finding *finding)
{
    enum { LABEL = 14, GAP = 2 };
    unsigned columns = (style->columns - INDENT - LABEL - GAP) / 2;
    if (finding->change_count == 0)
        return;
    terminal_pad(out, 0, INDENT);
    put_cell(out, span_of("changed\n", 8), LABEL);
    put_cell(out, span_of("known\n", 6), columns + GAP);
    put_cell(out, span_of("now\n", 4), 0);
    buf_append(out, "\n", 1);
    for (unsigned i = 0; i < finding->change_count; i++) {
        const struct change *change = &finding->changes[i];
        struct buf texts[3] = {{0}};
        buf_printf(&texts[0], "%s\n", change->what);
        fill_cell(&texts[1], style, finding_change_text(finding, change, false), columns);
        fill_cell(&texts[2], style, finding_change_text(finding, change, true), columns);
        struct span rest[3];
        for (unsigned cell = 0; cell < 3; cell++)
            rest[cell] = span_of(texts[cell].p, texts[cell].n);
        while (rest[0].n + rest[1].n + rest[2].n > 0) {
            bool last = rest[2].n == 0;
            terminal_pad(out, 0, INDENT);
            rest[0] = put_cell(out, rest[0], LABEL);
            rest[1] = put_cell(out, rest[1], last ? 0 : columns + GAP);
            rest[2] = put_cell(out, rest[2], 0);
            buf_append(out, "\n", 1);
        }
        for (unsigned cell = 0; cell < 3; cell++)
            buf_done(&texts[cell]);
    }
}

static void put_seen(struct buf *out, const struct text_style *style, const struct finding *finding,
                     const char *lead)
{
    struct buf text = {0};
    buf_printf(&text, "%s%s", lead, finding->known ? "Known: " : "");
    terminal_append(&text, style, span_of(finding->seen.p, finding->seen.n), WIRE_TEXT);
    put_frames(&text, finding);
    buf_printf(&text, ".");
    wrap(out, style, &text, INDENT);
    buf_done(&text);
    put_changes(out, style, finding);
}

static void put_record_name(struct buf *out, const struct pending_record *record)
{
    struct name_room room;
    const char *name = names_content_type(&room, record->type);
    if (record->partial)
        buf_printf(out, "part of ");
    for (; *name; name++)
        buf_printf(out, "%c", *name == '_' ? ' ' : *name);
}

/* On the wire a record is five bytes longer than its body: RFC 8446 section 5.1. The sizes add up
 * to what netstat shows as Send-Q. */
static void put_pending(struct buf *out, const struct text_style *style,
                        const struct flow_record *record, enum side side)
{
    const struct end_record *end = &record->tcp.ends[side];
    if (end->unacked == 0 || end->pending_count == 0)
        return;
    struct buf text = {0};
    bool alert = false;
    buf_printf(&text,
               "The %s's %" PRIu64 " unacknowledged bytes are TLS records: ", names_side(side),
               end->unacked);
    for (unsigned i = 0; i < end->pending_count; i++) {
        const struct pending_record *pending = &end->pending[i];
        buf_printf(&text, "%s%u of ", i ? " + " : "", pending->length + TLS_RECORD_HEADER);
        put_record_name(&text, pending);
        alert = alert || pending->type == TLS_ALERT;
    }
    if (end->pending_more)
        buf_printf(&text, " and more");
    if (alert && end->fin > 0)
        buf_printf(&text, "; the alert is likely its close_notify");
    buf_printf(&text, ".");
    wrap(out, style, &text, INDENT);
    buf_done(&text);
}

/* On lines of its own that can be copied as they are. */
static void put_filter(struct buf *out, const struct text_style *style, struct buf *filter)
{
    if (filter->n == 0)
        return;
    struct buf text = {0};
    buf_printf(&text, "Filter: %s", buf_text(filter));
    wrap(out, style, &text, INDENT);
    buf_done(&text);
}

static void put_title(struct buf *out, const struct text_style *style,
                      const struct flow_record *record)
{
    struct buf name = {0};
    terminal_colour(out, style, COLOUR_BOLD);
    size_t begin = out->n;
    buf_printf(out, "Flow %" PRIu64 "  ", record->n);
    text_flow_ends(out, record, true);
    unsigned used = (unsigned)(out->n - begin);
    if (used > style->columns) { /* IPv6 in full at both ends */
        struct buf lines = {0};
        terminal_wrap(&lines, style, span_of(out->p + begin, used), 0, INDENT);
        out->n = begin;
        buf_append(out, lines.p, lines.n - 1);
        buf_done(&lines);
    }
    terminal_colour(out, style, COLOUR_OFF);
    if (record->tls && record->tls->sni.n > 0) {
        terminal_append(&name, style, record->tls->sni, WIRE_NAME);
        struct span safe = span_of(name.p, name.n);
        bool beside = used + 2 + terminal_width(safe) <= style->columns;
        buf_printf(out, beside ? "  " : "\n  ");
        terminal_cut(out, style, safe, style->columns - 2);
    }
    buf_append(out, "\n", 1);
    buf_done(&name);
}

/* A proxy's target is text from the wire. */
static void put_prologue(struct buf *out, const struct text_style *style,
                         const struct prologue_facts *prologue)
{
    struct buf text = {0};
    if (!prologue)
        return;
    for (unsigned i = 0; i < prologue->count; i++) {
        const struct prologue_step *step = &prologue->steps[i];
        buf_printf(&text, "%s%s", i ? " and then " : "TLS began after ", names_prologue(step));
        if (step->target.n > 0) {
            buf_printf(&text, " to ");
            terminal_append(&text, style, step->target, WIRE_NAME);
        }
    }
    buf_printf(&text, ".");
    wrap(out, style, &text, INDENT);
    buf_done(&text);
}

static bool explained(struct kind *kind, const char *why)
{
    for (size_t i = 0; i < kind->reason_count; i++)
        if (kind->reasons[i] == why)
            return true;
    if (kind->reason_count < REASONS_MAX)
        kind->reasons[kind->reason_count++] = why;
    return false;
}

/* The lesser findings of the same flow. */
static void tell_others(struct buf *out, const struct text_style *style, struct kind *kind,
                        const struct findings *findings, const struct finding *worst)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        if (finding != worst && finding->severity >= SEVERITY_NOTICE) {
            put_seen(out, style, finding, "Also: ");
            if (!explained(kind, finding->why))
                put_explanation(out, style, finding);
        }
    }
}

static void tell(struct buf *out, const struct text_style *style, struct kind *kind,
                 const struct flow_record *record, const struct findings *findings)
{
    struct buf filter = {0};
    put_title(out, style, record);
    if (record->tcp.handshake == HANDSHAKE_MIDSTREAM)
        buf_printf(out, "  The capture joined this connection midway.\n");
    put_prologue(out, style, record->prologue);
    const struct finding *worst = findings_worst(findings);
    put_seen(out, style, worst, "");
    for (unsigned side = 0; side < 2; side++)
        put_pending(out, style, record, (enum side)side);
    shark_filter_flow(&filter, record);
    put_filter(out, style, &filter);
    buf_done(&filter);
    if (!explained(kind, worst->why))
        put_explanation(out, style, worst);
    tell_others(out, style, kind, findings, worst);
}

static struct shape *shape_of(struct kind *kind, const struct flow_record *record)
{
    const struct stuck_record *stuck = &record->tcp.stuck;
    uint64_t unacked = stuck->cause == STUCK_NOT ? 0 : record->tcp.ends[stuck->end].unacked;
    for (size_t i = 0; i < kind->shape_count; i++)
        if (kind->shapes[i].cause == stuck->cause && kind->shapes[i].unacked == unacked)
            return &kind->shapes[i];
    if (kind->shape_count == SHAPES_MAX) {
        kind->more_shapes = true;
        return NULL;
    }
    struct shape *shape = &kind->shapes[kind->shape_count++];
    *shape = (struct shape){.cause = stuck->cause, .unacked = unacked};
    return shape;
}

static void add_to_rest(struct kind *kind, uint64_t n)
{
    if (kind->rest_count > 0 && kind->rest[kind->rest_count - 1].last + 1 == n) {
        kind->rest[kind->rest_count - 1].last = n;
    } else if (kind->rest_count < RANGES_MAX) {
        kind->rest[kind->rest_count].first = n;
        kind->rest[kind->rest_count++].last = n;
    } else {
        kind->more_rest = true;
    }
}

/* A stuck connection in one line: nobody should have to look for its frames elsewhere. */
static struct span tell_briefly(struct text_stories *stories, struct kind *kind,
                                const struct flow_record *record)
{
    const struct stuck_record *stuck = &record->tcp.stuck;
    struct buf *line = &stories->brief;
    struct time_room room;
    nanotime tried = stuck->last_attempt ? stuck->last_attempt - stuck->since : 0;
    line->n = 0;
    buf_printf(line, "  Flow %-5" PRIu64 " %6" PRIu64 " bytes, %s: ", record->n,
               record->tcp.ends[stuck->end].unacked, names_stuck_cause(stuck->cause));
    buf_printf(line, "%" PRIu32 " retr%s in %s, frames %" PRIu64 " to %" PRIu64 "\n",
               stuck->attempts, stuck->attempts == 1 ? "y" : "ies", timetext_span(&room, tried),
               stuck->first_frame, stuck->last_frame);
    kind->told_briefly++;
    struct span told = span_of(line->p, line->n);
    if (!stories->live && kind->told_briefly <= BRIEFS_MAX)
        buf_append(&kind->briefs, line->p, line->n);
    return told;
}

struct span text_stories_add(struct text_stories *stories, const struct flow_record *record,
                             const struct findings *findings)
{
    const struct finding *worst = findings_worst(findings);
    if (!worst || worst->severity < SEVERITY_NOTICE)
        return span_of(NULL, 0);
    struct kind *kind = &stories->kinds[worst->id];
    struct shape *shape = shape_of(kind, record);
    kind->count++;
    if (kind->count == 1 || worst->severity > kind->severity)
        kind->severity = worst->severity;
    if (shape)
        shape->count++;
    if (kind->told >= TOLD_ALIKE && !(shape && shape->told == 0)) {
        if (record->tcp.stuck.cause != STUCK_NOT)
            return tell_briefly(stories, kind, record);
        add_to_rest(kind, record->n);
        return span_of(NULL, 0);
    }
    size_t begin = kind->text.n;
    if (kind->told > 0)
        buf_append(&kind->text, "\n", 1);
    tell(&kind->text, &stories->style, kind, record, findings);
    kind->told++;
    if (shape)
        shape->told++;
    return span_of(kind->text.p + begin, kind->text.n - begin);
}

static void put_shapes(struct buf *text, const struct kind *kind)
{
    bool any = false;
    for (size_t i = 0; i < kind->shape_count; i++)
        any = any || kind->shapes[i].unacked > 0;
    if (!any || kind->shape_count + kind->more_shapes < 2)
        return;
    buf_printf(text, " Unacknowledged in all of this kind: ");
    for (size_t i = 0; i < kind->shape_count; i++)
        buf_printf(text, "%s%" PRIu64 " bytes in %" PRIu64, i ? ", " : "", kind->shapes[i].unacked,
                   kind->shapes[i].count);
    buf_printf(text, "%s.", kind->more_shapes ? ", other numbers in others" : "");
}

static void put_rest(struct buf *out, const struct text_style *style, const struct kind *kind)
{
    if (kind->rest_count == 0)
        return;
    struct buf text = {0};
    uint64_t rest = kind->count - kind->told - kind->told_briefly;
    buf_printf(&text, "%s and %" PRIu64 " more like %s (flow%s ",
               style->ascii ? "..." : "\xe2\x80\xa6", rest, kind->told > 1 ? "these" : "this",
               rest > 1 ? "s" : "");
    for (size_t i = 0; i < kind->rest_count; i++) {
        buf_printf(&text, "%s%" PRIu64, i ? ", " : "", kind->rest[i].first);
        if (kind->rest[i].last > kind->rest[i].first)
            buf_printf(&text, "-%" PRIu64, kind->rest[i].last);
    }
    buf_printf(&text, "%s).", kind->more_rest ? ", and others" : "");
    put_shapes(&text, kind);
    wrap(out, style, &text, 0);
    buf_done(&text);
}

static void put_briefs(struct buf *out, const struct text_style *style, const struct kind *kind)
{
    if (kind->told_briefly == 0)
        return;
    struct buf text = {0};
    buf_printf(&text, "And %" PRIu64 " more like %s.", kind->told_briefly,
               kind->told > 1 ? "these" : "this");
    put_shapes(&text, kind);
    wrap(out, style, &text, 0);
    buf_append(out, kind->briefs.p, kind->briefs.n);
    if (kind->told_briefly > BRIEFS_MAX) {
        buf_printf(&text, "%s and %" PRIu64 " more; -o json has all.",
                   style->ascii ? "..." : "\xe2\x80\xa6", kind->told_briefly - BRIEFS_MAX);
        wrap(out, style, &text, INDENT);
    }
    buf_done(&text);
}

static enum colour severity_colour(enum severity severity)
{
    switch (severity) {
    case SEVERITY_CRITICAL:
    case SEVERITY_WARNING:
        return COLOUR_RED;
    case SEVERITY_NOTICE:
        return COLOUR_YELLOW;
    case SEVERITY_INFO:
        break;
    }
    return COLOUR_OFF;
}

/* Such as "warning: FIN without an acknowledgment [fin-unanswered], 3 connections". */
static void put_heading(struct buf *out, const struct text_style *style, enum finding_id id,
                        enum severity severity, uint64_t count)
{
    struct buf title = {0};
    buf_append(out, "\n", 1);
    terminal_colour(out, style, severity_colour(severity));
    buf_printf(out, "%s: ", severity_name(severity));
    terminal_colour(out, style, COLOUR_OFF);
    buf_printf(&title, "%s [%s]", finding_title(id), finding_name(id));
    if (count > 1)
        buf_printf(&title, ", %" PRIu64 " connections", count);
    terminal_heading(out, style, buf_text(&title));
    buf_done(&title);
}

static void print_kind(FILE *out, const struct text_stories *stories, enum finding_id id)
{
    const struct kind *kind = &stories->kinds[id];
    struct buf text = {0};
    put_heading(&text, &stories->style, id, kind->severity, kind->count);
    buf_append(&text, kind->text.p, kind->text.n);
    if (kind->told_briefly + kind->rest_count > 0)
        buf_append(&text, "\n", 1);
    put_briefs(&text, &stories->style, kind);
    put_rest(&text, &stories->style, kind);
    print(out, &text);
    buf_done(&text);
}

/* A finding about many flows, or none. */
static void print_finding(FILE *out, const struct text_style *style, const struct finding *finding)
{
    struct buf text = {0}, filter = {0};
    put_heading(&text, style, finding->id, finding->severity, 1);
    put_seen(&text, style, finding, "");
    shark_filter_frames(&filter, finding);
    put_filter(&text, style, &filter);
    put_explanation(&text, style, finding);
    print(out, &text);
    buf_done(&text);
    buf_done(&filter);
}

static void print_findings(FILE *out, const struct text_style *style,
                           const struct findings *findings, enum finding_id id,
                           enum severity severity)
{
    uint64_t count = 0;
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        if (finding->id == id && finding->severity == severity && ++count <= FINDINGS_MAX)
            print_finding(out, style, finding);
    }
    if (count > FINDINGS_MAX)
        fprintf(out, "\n%s and %" PRIu64 " more of this kind; -o json has all.\n",
                style->ascii ? "..." : "\xe2\x80\xa6", count - FINDINGS_MAX);
}

void text_stories_print(FILE *out, const struct text_stories *stories,
                        const struct findings *findings)
{
    for (unsigned severity = SEVERITIES; severity-- > 0;)
        for (unsigned id = 0; id < FINDINGS; id++) {
            const struct kind *kind = &stories->kinds[id];
            print_findings(out, &stories->style, findings, (enum finding_id)id,
                           (enum severity)severity);
            if (kind->count > 0 && kind->severity == severity && !stories->live)
                print_kind(out, stories, (enum finding_id)id);
        }
}

void text_stories_rest(struct buf *out, const struct text_stories *stories)
{
    for (unsigned id = 0; id < FINDINGS; id++) {
        const struct kind *kind = &stories->kinds[id];
        if (kind->rest_count == 0)
            continue;
        put_heading(out, &stories->style, (enum finding_id)id, kind->severity, kind->count);
        put_rest(out, &stories->style, kind);
    }
}
