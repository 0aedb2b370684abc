/* terminal_text.c: escaping, measuring, cutting, wrapping. */
#include "terminal_text.h"

#include "utf8.h"

#include <inttypes.h>

void terminal_append(struct buf *out, const struct text_style *style, struct span wire,
                     enum wire_kind kind)
{
    for (size_t i = 0; i < wire.n;) {
        uint32_t code = 0;
        unsigned length = utf8_decode(&code, span_of(wire.p + i, wire.n - i));
        unsigned taken = length ? length : 1;
        bool invisible = utf8_is_trick(code) || utf8_is_right_to_left(code);
        if (length == 0 || utf8_is_control(code) || (code == ' ' && kind == WIRE_NAME)) {
            for (unsigned k = 0; k < taken; k++)
                buf_printf(out, "\\x%02x", wire.p[i + k]);
        } else if (invisible || (style->ascii && code > 0x7e)) {
            buf_printf(out, "\\u{%" PRIx32 "}", code);
        } else {
            buf_append(out, wire.p + i, length);
        }
        i += taken;
    }
}

/* Length in bytes and width in columns of the first character; never 0 bytes. */
static size_t first_character(struct span safe, unsigned *width)
{
    uint32_t code = 0;
    unsigned length = utf8_decode(&code, safe);
    *width = length ? utf8_width(code) : 1;
    return length ? length : 1;
}

unsigned terminal_width(struct span safe)
{
    unsigned columns = 0, width;
    for (size_t i = 0; i < safe.n; columns += width)
        i += first_character(span_of(safe.p + i, safe.n - i), &width);
    return columns;
}

/* Bytes of the longest beginning that fits. */
static size_t fitting(struct span safe, unsigned columns)
{
    size_t i = 0;
    while (i < safe.n) {
        unsigned width;
        size_t length = first_character(span_of(safe.p + i, safe.n - i), &width);
        if (width > columns)
            break;
        columns -= width;
        i += length;
    }
    return i;
}

void terminal_cut(struct buf *out, const struct text_style *style, struct span safe,
                  unsigned columns)
{
    const char *ellipsis = style->ascii ? ".." : "\xe2\x80\xa6";
    unsigned dots = style->ascii ? 2 : 1;
    unsigned whole = terminal_width(safe);
    if (whole <= columns) {
        buf_append(out, safe.p, safe.n);
        return;
    }
    if (columns <= dots)
        return;
    unsigned keep = columns - dots, front = keep / 2;
    size_t head = fitting(safe, front);
    buf_append(out, safe.p, head);
    buf_append(out, ellipsis, strlen(ellipsis));

    /* The tail begins where no more than its share of columns is left. */
    size_t tail = head;
    unsigned left = whole - terminal_width(span_of(safe.p, head)), width;
    while (left > keep - front) {
        tail += first_character(span_of(safe.p + tail, safe.n - tail), &width);
        left -= width;
    }
    buf_append(out, safe.p + tail, safe.n - tail);
}

void terminal_pad(struct buf *out, unsigned written, unsigned columns)
{
    for (; written < columns; written++)
        buf_append(out, " ", 1);
}

/* The next word of safe text from *at on, without the spaces before it; empty at the end. */
static struct span next_word(struct span safe, size_t *at)
{
    while (*at < safe.n && safe.p[*at] == ' ')
        (*at)++;
    size_t begin = *at;
    while (*at < safe.n && safe.p[*at] != ' ')
        (*at)++;
    return begin < safe.n ? span_of(safe.p + begin, *at - begin) : span_of(NULL, 0);
}

static void new_line(struct buf *out, unsigned *column, unsigned indent)
{
    buf_append(out, "\n", 1);
    terminal_pad(out, 0, indent);
    *column = indent;
}

void terminal_wrap(struct buf *out, const struct text_style *style, struct span safe,
                   unsigned first, unsigned rest)
{
    unsigned column = first;
    bool fresh = true; /* nothing but the indent stands in this line */
    terminal_pad(out, 0, first);
    for (size_t at = 0;;) {
        struct span word = next_word(safe, &at);
        if (word.n == 0)
            break;
        unsigned width = terminal_width(word);
        if (!fresh && column + 1 + width > style->columns)
            new_line(out, &column, rest);
        else if (!fresh)
            terminal_pad(out, column, column + 1), column++;
        while (column + width > style->columns) {
            size_t piece = fitting(word, style->columns - column);
            if (piece == 0) /* a wide character and one column left */
                break;
            buf_append(out, word.p, piece);
            word = span_of(word.p + piece, word.n - piece);
            width = terminal_width(word);
            if (word.n > 0)
                new_line(out, &column, rest);
        }
        buf_append(out, word.p, word.n);
        column += width;
        fresh = false;
    }
    buf_append(out, "\n", 1);
}

void terminal_colour(struct buf *out, const struct text_style *style, enum colour colour)
{
    static const char *const codes[] = {
        [COLOUR_OFF] = "\033[0m",  [COLOUR_BOLD] = "\033[1m",    [COLOUR_DIM] = "\033[2m",
        [COLOUR_RED] = "\033[31m", [COLOUR_YELLOW] = "\033[33m", [COLOUR_GREEN] = "\033[32m",
    };
    if (style->colour)
        buf_append(out, codes[colour], strlen(codes[colour]));
}

void terminal_heading(struct buf *out, const struct text_style *style, const char *text)
{
    terminal_colour(out, style, COLOUR_BOLD);
    buf_printf(out, "%s", text);
    terminal_colour(out, style, COLOUR_OFF);
    buf_append(out, "\n", 1);
}
