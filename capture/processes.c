/* processes.c: a table found by binary search: what it holds is a stranger's to choose. */
#include "processes.h"

#include <stdlib.h>

void process_name_put(char *out, size_t room, struct span name)
{
    const uint8_t *nul = name.n ? memchr(name.p, 0, name.n) : NULL;
    size_t n = nul ? (size_t)(nul - name.p) : name.n;
    if (n > room - 1)
        n = room - 1;
    memset(out, 0, room);
    if (n)
        memcpy(out, name.p, n);
}

/* Finds where a key stands, or would stand, in the sorted order. */
static size_t find(const struct processes *processes, const struct process_key *key, bool *found)
{
    size_t low = 0, high = processes->count;
    *found = false;
    while (low < high && !*found) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(key, processes->keys[processes->sorted[middle] - 1], sizeof *key);
        *found = order == 0;
        if (order > 0)
            low = middle + 1;
        else if (order < 0)
            high = middle;
        else
            low = middle;
    }
    return low;
}

uint16_t processes_add(struct processes *processes, const struct process_key *key)
{
    bool found;
    size_t place = find(processes, key, &found);
    if (found)
        return processes->sorted[place];
    if (processes->count == PROCESSES_MAX)
        return 0;
    /* Room doubles whenever the count is a power of two. */
    if ((processes->count & (processes->count - 1)) == 0) {
        size_t room = processes->count ? processes->count * 2 : 1;
        processes->keys = xrealloc(processes->keys, room * sizeof(struct process_key *));
        processes->sorted = xrealloc(processes->sorted, room * sizeof *processes->sorted);
    }
    memmove(processes->sorted + place + 1, processes->sorted + place,
            (processes->count - place) * sizeof *processes->sorted);
    processes->keys[processes->count++] = xmemdup(key, sizeof *key);
    processes->sorted[place] = (uint16_t)processes->count;
    return (uint16_t)processes->count;
}

const struct process_key *processes_get(const struct processes *processes, uint16_t index)
{
    return index && index <= processes->count ? processes->keys[index - 1] : NULL;
}

void processes_done(struct processes *processes)
{
    for (size_t i = 0; i < processes->count; i++)
        free(processes->keys[i]);
    free(processes->keys);
    free(processes->sorted);
    *processes = (struct processes){0};
}
