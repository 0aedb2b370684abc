/* text_verdict.c: the answer, for people. */
#include "text_verdict.h"

#include "judge/verdict.h"

enum { INDENT = 2 };

static void put(struct buf *out, const struct text_style *style, struct buf *text, unsigned indent)
{
    struct buf safe = {0};
    terminal_append(&safe, style, span_of(text->p, text->n), WIRE_TEXT);
    terminal_wrap(out, style, span_of(safe.p, safe.n), indent, indent);
    buf_done(&safe);
    text->n = 0;
}

static void put_question(struct buf *out, const struct text_style *style, const char *question,
                         struct span answer)
{
    struct buf text = {0};
    terminal_heading(out, style, question);
    buf_append(&text, answer.p, answer.n);
    put(out, style, &text, INDENT);
    buf_done(&text);
}

/* A name is put between quotes as the shell wants it, if it needs them. */
static void put_file(struct buf *text, const char *name)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-./+:@%";
    if (name[strspn(name, plain)] == '\0') {
        buf_printf(text, "%s", name);
        return;
    }
    buf_printf(text, "'");
    for (; *name; name++)
        buf_printf(text, *name == '\'' ? "'\\''" : "%c", *name);
    buf_printf(text, "'");
}

/* One file can be looked into by its name; of several, frames count over all of them. */
static void put_tshark(struct buf *text, const struct run_meta *meta)
{
    buf_printf(text, "To see a finding's packets: tshark -r ");
    if (!meta->live && meta->input_count == 1 && strcmp(meta->inputs[0], "-") != 0)
        put_file(text, meta->inputs[0]);
    else
        buf_printf(text, "FILE");
    buf_printf(text, " -Y 'FILTER', with the filter that stands there. pushwatch --explain "
                     "ID tells more of a finding.");
}

void text_verdict_print(struct buf *out, const struct text_style *style,
                        const struct run_meta *meta, const struct verdict *verdict)
{
    struct buf text = {0};
    bool healthy = verdict_healthy(verdict);
    buf_append(&text, verdict->sentence.p, verdict->sentence.n);
    terminal_colour(out, style, healthy ? COLOUR_GREEN : COLOUR_BOLD);
    put(out, style, &text, 0);
    terminal_colour(out, style, COLOUR_OFF);
    if (!healthy) {
        buf_printf(&text, "How sure? ");
        buf_append(&text, verdict->sure.p, verdict->sure.n);
        if (verdict->change)
            buf_printf(&text, " What would change it: %s.", verdict->change);
        put(out, style, &text, 0);
        buf_append(out, "\n", 1);
        if (verdict->works.n > 0)
            put_question(out, style, "How does it work here?",
                         span_of(verdict->works.p, verdict->works.n));
        put_question(out, style, "Is it misbehaving?",
                     span_of(verdict->misbehaves, strlen(verdict->misbehaves)));
        put_question(out, style, "How to check?", span_of(verdict->check, strlen(verdict->check)));
        if (verdict->works.n > 0) {
            put_tshark(&text, meta);
            put(out, style, &text, INDENT);
        }
        buf_append(out, "\n", 1);
    }
    buf_done(&text);
}
