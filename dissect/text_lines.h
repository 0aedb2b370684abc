/* text_lines.h: a text, line by line. */
#ifndef PUSHWATCH_DISSECT_TEXT_LINES_H
#define PUSHWATCH_DISSECT_TEXT_LINES_H

#include "../capture/base.h"

struct text_lines {
    struct span left;
    uint32_t number; /* of the line that was given last, from 1 */
};

/* text_lines_of begins at a text's first line. */
static inline struct text_lines text_lines_of(struct span text)
{
    return (struct text_lines){.left = text};
}

/* text_lines_next gives the next line, without its LF or CR LF; false when there is none. */
static inline bool text_lines_next(struct text_lines *lines, struct span *line)
{
    if (lines->left.n == 0)
        return false;
    const uint8_t *end = memchr(lines->left.p, '\n', lines->left.n);
    size_t n = end ? (size_t)(end - lines->left.p) : lines->left.n;
    size_t used = n + (end != NULL);
    *line = span_of(lines->left.p, n > 0 && lines->left.p[n - 1] == '\r' ? n - 1 : n);
    lines->left = span_of(lines->left.p + used, lines->left.n - used);
    lines->number++;
    return true;
}

#endif
