/* interface_names.c: a table of names, found by binary search: names are an attacker's to choose,
 * and he can't make that slow, as he could a hash. */
#include "interface_names.h"

#include <stdlib.h>

static int compare(struct span name, const char *other)
{
    size_t length = strlen(other);
    int order = memcmp(name.p, other, name.n < length ? name.n : length);
    return order ? order : (name.n > length) - (name.n < length);
}

/* Finds where a name stands, or would stand, in the sorted order. */
static size_t find(const struct interface_names *names, struct span name, bool *found)
{
    size_t low = 0, high = names->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(name, names->names[names->sorted[middle] - 1]);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order > 0)
            low = middle + 1;
        else
            high = middle;
    }
    *found = false;
    return low;
}

uint16_t interface_names_add(struct interface_names *names, struct span name)
{
    const uint8_t *nul = name.n ? memchr(name.p, 0, name.n) : NULL;
    if (nul)
        name.n = (size_t)(nul - name.p);
    if (name.n > INTERFACE_NAME_BYTES_MAX)
        name.n = INTERFACE_NAME_BYTES_MAX;
    if (name.n == 0)
        return 0;
    bool found;
    size_t place = find(names, name, &found);
    if (found)
        return names->sorted[place];
    if (names->count == INTERFACE_NAMES_MAX)
        return 0;
    /* Room doubles whenever the count is a power of two. */
    if ((names->count & (names->count - 1)) == 0) {
        size_t room = names->count ? names->count * 2 : 1;
        names->names = xrealloc(names->names, room * sizeof *names->names);
        names->sorted = xrealloc(names->sorted, room * sizeof *names->sorted);
    }
    memmove(names->sorted + place + 1, names->sorted + place,
            (names->count - place) * sizeof *names->sorted);
    names->names[names->count++] = xmemdup(name.p, name.n);
    names->sorted[place] = (uint16_t)names->count;
    return (uint16_t)names->count;
}

const char *interface_names_get(const struct interface_names *names, uint16_t index)
{
    return index && index <= names->count ? names->names[index - 1] : NULL;
}

void interface_names_done(struct interface_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->names[i]);
    free(names->names);
    free(names->sorted);
    *names = (struct interface_names){0};
}
