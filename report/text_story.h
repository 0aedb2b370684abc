/* text_story.h: in plain words, what happened to connections that did not end well. */
#ifndef PUSHWATCH_REPORT_TEXT_STORY_H
#define PUSHWATCH_REPORT_TEXT_STORY_H

#include "finding.h"
#include "terminal_text.h"

#include "../dissect/flow_record.h"

#include <stdio.h>

/* Stories are kept by kind, so that many alike can be told as one. */
struct text_stories;

/* text_stories_new begins. In a `live` run each is printed as it is told, and only what
 * text_stories_rest wants is kept. */
struct text_stories *text_stories_new(const struct text_style *style, bool live);

/* text_stories_add tells of one flow, if something is to be told: a finding of `notice` or above.
 * The first ones of a kind are told in full, and later ones that look different (in cause or in
 * the number of bytes that wait); of others those that are stuck get a line, and the rest are
 * counted. Returns what was told, to be printed at once in a live run; empty if nothing was. It is
 * valid until the next call. */
struct span text_stories_add(struct text_stories *stories, const struct flow_record *record,
                             const struct findings *findings);

/* text_stories_print writes all that was told, with the findings that belong to no single flow: a
 * section for each kind, the most severe first. In a live run only those findings. */
void text_stories_print(FILE *out, const struct text_stories *stories,
                        const struct findings *findings);

/* text_stories_rest appends only what was counted and not told: the end of a live run. */
void text_stories_rest(struct buf *out, const struct text_stories *stories);

void text_stories_free(struct text_stories *stories);

#endif
