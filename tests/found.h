/* found.h: what tests ask of findings. For the tests of report/judge/.
 *
 * Include cmocka.h before it. */
#ifndef PUSHWATCH_TESTS_FOUND_H
#define PUSHWATCH_TESTS_FOUND_H

#include "../report/finding.h"

static inline const struct finding *found(const struct findings *findings, enum finding_id id)
{
    for (size_t i = 0; i < findings->count; i++)
        if (findings->items[i].id == id)
            return &findings->items[i];
    return NULL;
}

/* found_is_plain checks that a static clause can be copied into JSON as it is. */
static inline void found_is_plain(struct span clause)
{
    for (size_t i = 0; i < clause.n; i++) {
        assert_in_range(clause.p[i], ' ', '~');
        assert_true(clause.p[i] != '"' && clause.p[i] != '\\');
    }
}

/* found_says checks severity and, as a part of the summary, words. */
static inline void found_says(const struct finding *finding, enum severity severity,
                              const char *words)
{
    struct span pieces[FINDING_PIECES];
    struct buf summary = {0};
    unsigned count = finding_summary(pieces, finding);
    for (unsigned i = 0; i < count; i++) {
        buf_append(&summary, pieces[i].p, pieces[i].n);
        if (i > 0)
            found_is_plain(pieces[i]);
    }
    if (!strstr(buf_text(&summary), words))
        fail_msg("\"%s\" is not in: %s", words, buf_text(&summary));
    assert_int_equal(finding->severity, severity);
    buf_done(&summary);
}

/* found_check does so where a finding is to be there, with frames; `words` is NULL where none is.
 */
static inline void found_check(const struct findings *findings, enum finding_id id,
                               enum severity severity, const char *words)
{
    const struct finding *finding = found(findings, id);
    assert_int_equal(finding != NULL, words != NULL);
    if (finding) {
        found_says(finding, severity, words);
        assert_true(finding->frame_count > 0);
    }
}

#endif
