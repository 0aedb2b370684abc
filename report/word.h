/* word.h: a word of the report in a form that is copied at once, without being measured. */
#ifndef PUSHWATCH_REPORT_WORD_H
#define PUSHWATCH_REPORT_WORD_H

#include <stdint.h>

/* Printable ASCII without quotes and backslashes; zeros fill the rest. */
struct word {
    uint8_t n;
    char text[31];
};

/* In an initialiser, from a literal that has room for its NUL, too. */
#define WORD(literal)                                                                              \
    {                                                                                              \
        .n = sizeof(literal) - 1, .text = literal                                                  \
    }

#endif
