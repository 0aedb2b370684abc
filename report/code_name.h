/* code_name.h: tables of codes and their names. */
#ifndef PUSHWATCH_REPORT_CODE_NAME_H
#define PUSHWATCH_REPORT_CODE_NAME_H

#include <stddef.h>
#include <stdint.h>

struct code_name {
    uint16_t code;
    const char *name;
};

/* code_name_find looks a code up in a table that is in order of codes and not empty. NULL if it is
 * not there. */
static inline const char *code_name_find(const struct code_name *table, size_t count, unsigned code)
{
    while (count > 1) {
        size_t half = count / 2;
        table = table[half].code <= code ? table + half : table;
        count -= half;
    }
    return table->code == code ? table->name : NULL;
}

#endif
