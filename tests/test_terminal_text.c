/* test_terminal_text.c: nothing from the wire may steer a terminal, nor make a line too long. */
#include "../report/terminal_text.h"

#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct text_style utf8 = {.columns = 20}, ascii = {.columns = 20, .ascii = true};

static void check_append(const struct text_style *style, struct span wire, enum wire_kind kind,
                         const char *expected)
{
    struct buf out = {0};
    uint8_t *copy = malloc(wire.n ? wire.n : 1);
    assert_non_null(copy);
    memcpy(copy, wire.p, wire.n);
    terminal_append(&out, style, span_of(copy, wire.n), kind);
    assert_string_equal(buf_text(&out), expected);
    free(copy);
    buf_done(&out);
}

#define CHECK(style, literal, kind, expected)                                                      \
    check_append(style, span_of(literal, sizeof(literal) - 1), kind, expected)

static void control_characters_are_shown(void **state)
{
    (void)state;
    CHECK(&utf8, "a\x1b[2Jb\n", WIRE_TEXT, "a\\x1b[2Jb\\x0a");
    CHECK(&utf8, "\x07\x7f\0z", WIRE_TEXT, "\\x07\\x7f\\x00z");
    CHECK(&utf8, "\xc2\x9b[", WIRE_TEXT, "\\xc2\\x9b[");
    CHECK(&utf8, "\x9b\xff\xc3", WIRE_TEXT, "\\x9b\\xff\\xc3");
}

static void bidirectional_tricks_are_shown(void **state)
{
    (void)state;
    CHECK(&utf8, "\xe2\x80\xae", WIRE_TEXT, "\\u{202e}");
    CHECK(&utf8, "\xe2\x81\xa6", WIRE_TEXT, "\\u{2066}");
    CHECK(&utf8, "\xd7\xa9", WIRE_TEXT, "\\u{5e9}"); /* a Hebrew letter turns its neighbours */
    CHECK(&utf8, "\xe2\x80\xa8", WIRE_TEXT, "\\u{2028}");
    CHECK(&utf8, "\xe2\x80\x8b", WIRE_TEXT, "\\u{200b}"); /* zero width */
    CHECK(&utf8, "\xf3\xa0\x81\x81", WIRE_TEXT, "\\u{e0041}");
}

static void other_scripts_are_kept(void **state)
{
    (void)state;
    CHECK(&utf8, "b\xc3\xbc\xe4\xb8\xad", WIRE_TEXT, "b\xc3\xbc\xe4\xb8\xad");
    CHECK(&ascii, "b\xc3\xbc\xe4\xb8\xad", WIRE_TEXT, "b\\u{fc}\\u{4e2d}");
    CHECK(&ascii, "plain ~", WIRE_TEXT, "plain ~");
}

static void names_have_no_spaces(void **state)
{
    (void)state;
    CHECK(&utf8, "a b", WIRE_TEXT, "a b");
    CHECK(&utf8, "a b", WIRE_NAME, "a\\x20b");
}

static struct span text(const char *string)
{
    return span_of(string, strlen(string));
}

static void widths_are_columns(void **state)
{
    (void)state;
    assert_int_equal(terminal_width(text("")), 0);
    assert_int_equal(terminal_width(text("abc")), 3);
    assert_int_equal(terminal_width(text("\xc3\xbc")), 1);
    assert_int_equal(terminal_width(text("\xe4\xb8\xad\xe6\x96\x87")), 4);
    assert_int_equal(terminal_width(text("\xf0\x9f\x8d\x8e")), 2);
}

static void check_cut(const struct text_style *style, const char *string, unsigned columns,
                      const char *expected)
{
    struct buf out = {0};
    terminal_cut(&out, style, text(string), columns);
    assert_string_equal(buf_text(&out), expected);
    assert_true(terminal_width(span_of(out.p, out.n)) <= columns);
    buf_done(&out);
}

static void cutting_keeps_both_ends(void **state)
{
    (void)state;
    check_cut(&utf8, "courier", 7, "courier");
    check_cut(&utf8, "courier", 6, "co\xe2\x80\xa6ier");
    check_cut(&ascii, "courier", 6, "co..er");
    check_cut(&utf8, "courier", 2, "\xe2\x80\xa6r");
    check_cut(&utf8, "courier", 1, "");
    check_cut(&utf8, "courier", 0, "");
    check_cut(&utf8, "\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad", 6,
              "\xe4\xb8\xad\xe2\x80\xa6\xe4\xb8\xad");
}

static void check_wrap(const char *string, unsigned first, unsigned rest, const char *expected)
{
    struct buf out = {0};
    terminal_wrap(&out, &utf8, text(string), first, rest);
    assert_string_equal(buf_text(&out), expected);
    buf_done(&out);
}

static void wrapping_breaks_at_spaces(void **state)
{
    (void)state;
    check_wrap("", 0, 0, "\n");
    check_wrap("a line of 20 columns", 0, 0, "a line of 20 columns\n");
    check_wrap("a line of 21 columns.", 0, 0, "a line of 21\ncolumns.\n");
    check_wrap("one two three four five", 2, 4, "  one two three four\n    five\n");
}

static void wrapping_breaks_long_words(void **state)
{
    (void)state;
    check_wrap("aaaaaaaaaabbbbbbbbbbccccc", 0, 2, "aaaaaaaaaabbbbbbbbbb\n  ccccc\n");
    check_wrap("x aaaaaaaaaabbbbbbbbbbccccc", 0, 0, "x\naaaaaaaaaabbbbbbbbbb\nccccc\n");
}

static void no_line_is_too_long(void **state)
{
    (void)state;
    static const char *const pieces[] = {"a", "bb", " ", "\xe4\xb8\xad", "\xc3\xbc", "ccccccc"};
    for (unsigned seed = 0; seed < 2000; seed++) {
        struct buf in = {0}, out = {0};
        unsigned random = seed * 2654435761u;
        for (unsigned i = 0; i < 40; i++, random = random * 1664525u + 1013904223u)
            buf_printf(&in, "%s", pieces[(random >> 24) % COUNT_OF(pieces)]);
        terminal_wrap(&out, &utf8, span_of(in.p, in.n), seed % 5, seed % 7);
        const char *line = buf_text(&out);
        for (const char *end; (end = strchr(line, '\n')); line = end + 1)
            assert_true(terminal_width(span_of(line, (size_t)(end - line))) <= utf8.columns);
        assert_string_equal(line, "");
        buf_done(&in);
        buf_done(&out);
    }
}

static void colours_only_when_asked_for(void **state)
{
    (void)state;
    const struct text_style coloured = {.columns = 20, .colour = true};
    struct buf out = {0};
    terminal_heading(&out, &utf8, "Title");
    assert_string_equal(buf_text(&out), "Title\n");
    out.n = 0;
    terminal_heading(&out, &coloured, "Title");
    assert_string_equal(buf_text(&out), "\033[1mTitle\033[0m\n");
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_characters_are_shown),
        cmocka_unit_test(bidirectional_tricks_are_shown),
        cmocka_unit_test(other_scripts_are_kept),
        cmocka_unit_test(names_have_no_spaces),
        cmocka_unit_test(widths_are_columns),
        cmocka_unit_test(cutting_keeps_both_ends),
        cmocka_unit_test(wrapping_breaks_at_spaces),
        cmocka_unit_test(wrapping_breaks_long_words),
        cmocka_unit_test(no_line_is_too_long),
        cmocka_unit_test(colours_only_when_asked_for),
    };
    return cmocka_run_group_tests_name("terminal_text", tests, NULL, NULL);
}
