/* explain.c: see explain.h. */
#include "explain.h"

#include "terminal_text.h"

static const struct text_style style = {.columns = 80, .ascii = true};

static void put(struct buf *out, const char *lead, const char *clause)
{
    struct buf text = {0};
    if (!clause)
        return;
    finding_sentence(&text, lead, clause);
    terminal_wrap(out, &style, span_of(text.p, text.n), 2, 2);
    buf_done(&text);
}

static const char *bearing(enum about about)
{
    static const char *const words[ABOUTS] = {
        [ABOUT_PATH] = "the path between the ends",
        [ABOUT_PEER] = "what an end does",
        [ABOUT_TRUST] = "whether an end is who it says it is",
        [ABOUT_PRIVACY] = "what others can read or learn",
        [ABOUT_RHYTHM] = "when things happen",
        [ABOUT_CAPTURE] = "the capture itself",
    };
    return words[about];
}

static void explain_finding(struct buf *out, enum finding_id id)
{
    struct finding_texts texts = finding_texts(id);
    buf_printf(out, "%s: %s\n", finding_name(id), finding_title(id));
    buf_printf(out, "  Usually: %s. About: %s.\n", severity_name(texts.severity),
               bearing(finding_about(id)));
    put(out, "", texts.why);
    put(out, "Harmless if ", texts.harmless);
    put(out, "Next: ", texts.next);
}

static void explain_list(struct buf *out)
{
    for (unsigned id = 0; id < FINDINGS; id++)
        buf_printf(out, "%-28s%-10s%s\n", finding_name((enum finding_id)id),
                   severity_name(finding_texts((enum finding_id)id).severity),
                   finding_title((enum finding_id)id));
}

/* What to say of a name that is none. */
static void list_names(struct buf *out, const char *wrong)
{
    buf_printf(out, "'%s' is not a finding; there are ", wrong);
    for (unsigned id = 0; id < FINDINGS; id++)
        buf_printf(out, "%s%s", id ? ", " : "", finding_name((enum finding_id)id));
}

bool explain_named(struct buf *out, char *const *names, size_t count)
{
    enum finding_id id;
    if (count == 0)
        explain_list(out);
    for (size_t i = 0; i < count; i++) {
        if (!finding_by_name(&id, span_of(names[i], strlen(names[i])))) {
            out->n = 0;
            list_names(out, names[i]);
            return false;
        }
        if (i > 0)
            buf_printf(out, "\n");
        explain_finding(out, id);
    }
    return true;
}
