/* fuzz_escape.c: any bytes as a string from the wire: what JSON and terminal get must hold no
 * control character, the JSON must be one line, and no line of text may be too long. */
#include "../../report/json.h"
#include "../../report/terminal_text.h"

#include <stdlib.h>

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_json(struct span bytes)
{
    struct buf out = {0};
    struct json json;
    json_begin(&json, &out);
    json_span(&json, NULL, bytes);
    json_end(&json);
    require(out.n >= 2 && out.p[0] == '"' && out.p[out.n - 1] == '"');
    for (size_t i = 1; i + 1 < out.n; i++) {
        require(out.p[i] >= 0x20 && out.p[i] != 0x7f && out.p[i] != '"');
        if (out.p[i] == '\\') {
            i++; /* what it escapes is inside the string as well */
            require(i + 1 < out.n && strchr("\"\\u", out.p[i]));
        }
    }
    buf_done(&out);
}

static void check_lines(const struct buf *text, const struct text_style *style)
{
    size_t begin = 0;
    for (size_t i = 0; i < text->n; i++) {
        require(text->p[i] == '\n' || (text->p[i] >= 0x20 && text->p[i] != 0x7f));
        if (style->ascii)
            require(text->p[i] < 0x80);
        if (text->p[i] != '\n')
            continue;
        require(terminal_width(span_of(text->p + begin, i - begin)) <= style->columns);
        begin = i + 1;
    }
    require(begin == text->n);
}

static void check_terminal(struct span bytes, bool ascii)
{
    const struct text_style style = {.columns = 40, .ascii = ascii};
    struct buf safe = {0}, lines = {0}, cut = {0};
    terminal_append(&safe, &style, bytes, bytes.n % 2 ? WIRE_NAME : WIRE_TEXT);
    terminal_wrap(&lines, &style, span_of(safe.p, safe.n), 2, 4);
    check_lines(&lines, &style);
    for (unsigned columns = 0; columns < 12; columns++) {
        cut.n = 0;
        terminal_cut(&cut, &style, span_of(safe.p, safe.n), columns);
        require(terminal_width(span_of(cut.p, cut.n)) <= columns);
    }
    buf_done(&safe);
    buf_done(&lines);
    buf_done(&cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_json(span_of(data, size));
    check_terminal(span_of(data, size), false);
    check_terminal(span_of(data, size), true);
    return 0;
}
