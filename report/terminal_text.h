/* terminal_text.h: text that is safe to print on a terminal, measured and wrapped in columns.
 *
 * Strings from the wire go through terminal_append, and nothing else may print them. Everything
 * here is text without colour; colours are put around it, by terminal_colour. */
#ifndef PUSHWATCH_REPORT_TERMINAL_TEXT_H
#define PUSHWATCH_REPORT_TERMINAL_TEXT_H

#include "../capture/base.h"

/* How text is to look; one for each output. */
struct text_style {
    unsigned columns;
    bool colour, ascii;
};

/* What stands in the string: a name (of a host, a protocol) has no business with spaces, so they
 * are escaped, too, lest a name reads like the report's own words. */
enum wire_kind { WIRE_TEXT, WIRE_NAME };

/* terminal_append writes bytes from the wire. Control characters and bytes that are not UTF-8
 * become `\xNN`; what would print nothing, or change how its neighbours are shown (line
 * separators, bidirectional controls, scripts written from right to left), becomes `\u{NNNN}`; and
 * with style->ascii everything beyond ASCII does: on a terminal that is not set to UTF-8 a
 * trailing byte may be a C1 control. */
void terminal_append(struct buf *out, const struct text_style *style, struct span wire,
                     enum wire_kind kind);

/* terminal_width gives the columns that safe text takes. */
unsigned terminal_width(struct span safe);

/* terminal_cut appends safe text, cut in the middle to at most `columns` columns with an ellipsis
 * in place of what is left out: the ends of a name tell more than its middle. */
void terminal_cut(struct buf *out, const struct text_style *style, struct span safe,
                  unsigned columns);

/* terminal_wrap appends safe text as lines of at most style->columns columns, each with its
 * newline: broken at spaces, and inside a word only if the word is longer than a line. The first
 * line is indented by `first` spaces, the others by `rest`. */
void terminal_wrap(struct buf *out, const struct text_style *style, struct span safe,
                   unsigned first, unsigned rest);

/* terminal_pad appends spaces until `written` columns have become `columns`. */
void terminal_pad(struct buf *out, unsigned written, unsigned columns);

enum colour { COLOUR_OFF, COLOUR_BOLD, COLOUR_DIM, COLOUR_RED, COLOUR_YELLOW, COLOUR_GREEN };

/* terminal_colour switches to a colour, or back; it writes nothing without style->colour. */
void terminal_colour(struct buf *out, const struct text_style *style, enum colour colour);

/* terminal_heading appends a line in bold. */
void terminal_heading(struct buf *out, const struct text_style *style, const char *text);

#endif
