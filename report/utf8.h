/* utf8.h: reads UTF-8, code point by code point, out of bytes that may be anything. */
#ifndef PUSHWATCH_REPORT_UTF8_H
#define PUSHWATCH_REPORT_UTF8_H

#include "../capture/base.h"

/* utf8_decode reads one code point at the beginning of `bytes` and returns its length, 1 to 4. It
 * returns 0 where there is no well-formed one (RFC 3629 section 4: overlong forms, surrogates and
 * what lies beyond U+10FFFF are none), and for an empty span. */
unsigned utf8_decode(uint32_t *code, struct span bytes);

/* utf8_is_control tells C0, DEL and C1. */
bool utf8_is_control(uint32_t code);

/* utf8_is_trick tells code points that print nothing themselves but change how their neighbours
 * are shown or where a line ends: line and paragraph separators, bidirectional controls, joiners
 * and other invisible format characters (Unicode categories Cf, Zl, Zp), tags. */
bool utf8_is_trick(uint32_t code);

/* utf8_is_right_to_left tells the blocks of scripts that are written from right to left. */
bool utf8_is_right_to_left(uint32_t code);

/* utf8_width returns how many columns of a terminal a printable code point takes: 1, or 2 for East
 * Asian wide ones and pictographs. Combining marks count as 1, so a width is never too small. */
unsigned utf8_width(uint32_t code);

#endif
