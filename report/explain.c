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

void explain_finding(struct buf *out, enum finding_id id)
{
    struct finding_texts texts = finding_texts(id);
    buf_printf(out, "%s: %s\n", finding_name(id), finding_title(id));
    buf_printf(out, "  Usually: %s. About: %s.\n", severity_name(texts.severity),
               bearing(finding_about(id)));
    put(out, "", texts.why);
    put(out, "Harmless if ", texts.harmless);
    put(out, "Next: ", texts.next);
}

void explain_list(struct buf *out)
{
    for (unsigned id = 0; id < FINDINGS; id++)
        buf_printf(out, "%-28s%-10s%s\n", finding_name((enum finding_id)id),
                   severity_name(finding_texts((enum finding_id)id).severity),
                   finding_title((enum finding_id)id));
}
