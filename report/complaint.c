/* complaint.c: see complaint.h. */
#include "complaint.h"

#include <stdarg.h>
#include <stdio.h>

bool complain(const struct complaint *to, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(to->text, to->size, format, args);
    va_end(args);
    return false;
}
