/* source_ops.h: what all kinds of source have in common. For capture/ alone. */
#ifndef PUSHWATCH_CAPTURE_SOURCE_OPS_H
#define PUSHWATCH_CAPTURE_SOURCE_OPS_H

#include "facts.h"
#include "interface_names.h"
#include "processes.h"
#include "secrets.h"
#include "source.h"

#include <pthread.h>
#include <stdatomic.h>

/* What a source shares with the sources that it is made of. */
struct source_shared {
    atomic_bool stop;     /* set by source_break, from a signal handler too */
    pthread_mutex_t lock; /* of the rest: records are made while packets are read */
    struct interface_names names;
    struct processes processes;
    struct secrets secrets;
    struct capture_facts facts; /* not under the lock: written by the thread that reads */
};

/* What to poll a source by. */
struct source_waiting {
    int fd;      /* to be polled for reading; -1 if there is none */
    int most_ms; /* when to ask the source again although its fd shows nothing */
};

/* A signal that comes just before a wait must not be slept through for longer than this. */
enum { SOURCE_WAIT_MAX_MS = 250 };

struct source_ops {
    /* Hands out a packet, all but its frame number. A broken one fills in source->error. */
    enum source_status (*next)(struct source *source, struct packet *packet);
    /* Hands out what lies in memory of the packets that follow without anything between, up to
     * `most`, and numbers them. Returns how many: 0 says nothing. NULL: it can't. */
    size_t (*at_hand)(struct source *source, struct packet *packets, size_t most);
    /* Reads up to the first packet, SOURCE_PACKET; NULL: nothing stands before it. */
    enum source_status (*preface)(struct source *source);
    struct source_waiting (*waiting)(const struct source *source);
    void (*progress)(const struct source *source, uint64_t *done, uint64_t *total);
    bool (*keep)(struct source *source); /* source_keep, and source_release; NULL: it can't */
    void (*release)(struct source *source);
    struct source_drops (*drops)(const struct source *source); /* NULL: there are none */
    void (*close)(struct source *source);                      /* frees it, but for its base */
};

/* First member of every kind of source. */
struct source {
    const struct source_ops *ops;
    struct source_shared *shared;
    bool owns_shared;
    bool opens_often;         /* source_opens_often */
    enum source_status ended; /* SOURCE_PACKET while it goes on */
    uint64_t frames;
    struct source_error error;
};

/* source_base_init fills in the common part. `shared` is that of the source which this one is a
 * part of, and outlives it; NULL makes a new one. */
void source_base_init(struct source *base, const struct source_ops *ops,
                      struct source_shared *shared);

/* source_base_done frees the common part of a source that can't be opened after all; source_close
 * does it for all others. */
void source_base_done(struct source *base);

/* source_name_add gives the index of an interface's name: packet->interface. */
uint16_t source_name_add(struct source *source, struct span name);

/* source_process_add gives the index for a packet of a process on an interface: packet->interface.
 * Without a process, or when there is no room for one more, it is that of the interface alone. */
uint16_t source_process_add(struct source *source, struct process_memo *memo,
                            const struct process_key *key);

/* source_secrets_add adds a copy of TLS secrets that were found behind `frame` packets. */
void source_secrets_add(struct source *source, struct span text, uint64_t frame);

/* source_error_set writes an error: one line, control characters (file names may hold some)
 * replaced, cut at the end if it is too long. */
void source_error_set(struct source_error *error, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
