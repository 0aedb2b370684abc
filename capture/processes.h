/* processes.h: the processes that packets were sent or received by, as far as captures tell it,
 * each kept once for each interface. Only systems by Apple write such captures. */
#ifndef PUSHWATCH_CAPTURE_PROCESSES_H
#define PUSHWATCH_CAPTURE_PROCESSES_H

#include "packet.h"

enum {
    /* A packet's index of it has 15 bits. Beyond them the process is not told. */
    PROCESSES_MAX = 32767,
    /* Darwin's names have 16 bytes (MAXCOMLEN); what else may come is cut, with its NUL. */
    PROCESS_NAME_ROOM = 64,
    PROCESS_INTERFACE_ROOM = 32, /* IF_NAMESIZE is 16 */
    PROCESS_MEMO = 64
};

/* All bytes count, those behind the names' ends too: zero-initialise it. A process that is not
 * known has no name, and a number that is not above 0. */
struct process_key {
    char interface_name[PROCESS_INTERFACE_ROOM]; /* "" where the index is known: */
    uint32_t interface;                          /* of its name */
    int32_t pid, effective_pid;
    uint32_t told_by; /* enum process_source */
    char name[PROCESS_NAME_ROOM], effective_name[PROCESS_NAME_ROOM];
};

/* process_name_put copies a name into a key, of which it takes `room` bytes: up to its first NUL.
 */
void process_name_put(char *out, size_t room, struct span name);

/* Zero-initialise it; free with processes_done. */
struct processes {
    struct process_key **keys; /* by index - 1, in order of first sight */
    uint16_t *sorted;
    size_t count;
};

/* processes_add returns the index of a process, 0 if there is no room. */
uint16_t processes_add(struct processes *processes, const struct process_key *key);

/* processes_get returns one that was added, NULL for any other index. */
const struct process_key *processes_get(const struct processes *processes, uint16_t index);

void processes_done(struct processes *processes);

/* What one reader remembers of the table, so that it need not search it for each packet. */
struct process_memo {
    struct {
        struct process_key key;
        uint16_t index;
        bool used;
    } slots[PROCESS_MEMO];
};

#endif
