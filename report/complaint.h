/* complaint.h: what is wrong with something that was asked for, in a line that the caller has room
 * for. */
#ifndef PUSHWATCH_REPORT_COMPLAINT_H
#define PUSHWATCH_REPORT_COMPLAINT_H

#include "../capture/base.h"

/* Where a complaint goes. */
struct complaint {
    char *text;
    size_t size;
};

/* complain writes the line, cut to its room, and returns false: for a caller to return. */
bool complain(const struct complaint *to, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
