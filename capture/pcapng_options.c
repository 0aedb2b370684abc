/* pcapng_options.c: see pcapng_options.h. */
#include "pcapng_options.h"

enum { OPTION_END = 0, OPTION_HEADER = 4 };

bool pcapng_option(struct ng_option *option, struct span *rest, bool *malformed, bool swapped)
{
    *malformed = false;
    if (rest->n == 0)
        return false;
    *malformed = true;
    if (rest->n < OPTION_HEADER)
        return false;
    option->code = load16(rest->p, swapped);
    size_t length = load16(rest->p + 2, swapped);
    size_t padded = (length + 3) & ~(size_t)3;
    if (option->code == OPTION_END) {
        *malformed = false;
        return false;
    }
    if (rest->n - OPTION_HEADER < padded)
        return false;
    *malformed = false;
    option->value = span_of(rest->p + OPTION_HEADER, length);
    *rest = span_of(rest->p + OPTION_HEADER + padded, rest->n - OPTION_HEADER - padded);
    return true;
}
