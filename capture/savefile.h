/* savefile.h: what the readers of saved captures have in common. For capture/ alone. */
#ifndef PUSHWATCH_CAPTURE_SAVEFILE_H
#define PUSHWATCH_CAPTURE_SAVEFILE_H

#include "reader.h"
#include "source_ops.h"

enum {
    /* The most captured bytes that a packet record may claim: libpcap's MAXIMUM_SNAPLEN, which all
     * writers keep to for the link types we read. More is damage: without the cap, a flipped bit in
     * a length would swallow the rest of the file. */
    SAVEFILE_CAPLEN_MAX = 262144
};

/* Packet times are kept within 0 (1970) and this (the year 2116, and beyond what pcap's 32-bit
 * seconds can say), so that the difference of any two fits in a nanotime. */
#define SAVEFILE_TIME_MAX ((INT64_C(1) << 62) - 1)

/* What a file says beside its packets is noted once, though several may read it: this much of it
 * was. Offsets in the capture, decompressed. */
struct savefile_noted {
    uint64_t to;       /* what stands before */
    uint64_t ahead_to; /* secrets that stand before it were found ahead of reading, */
    bool looked_ahead; /* if that was done */
};

/* A saved capture's source. */
struct savefile {
    struct source source; /* first member: the one is cast to the other */
    struct reader reader;
    char *name;                /* for messages */
    struct process_memo *memo; /* NULL until a packet tells its process */
    uint32_t input;            /* its number among several; the opener sets it */
    struct savefile_noted noted;
    void *format; /* what the format's reader keeps; allocated */
};

/* savefile_open opens a file, "-" for standard input, to be read `block` bytes a time. `shared` as
 * for source_base_init. Waits for a pipe to bring the file's header. NULL with a reason if that
 * can't be done or it is not a capture. */
MUST_CHECK struct source *savefile_open(struct source_error *error, const char *path, size_t block,
                                        struct source_shared *shared);

/* savefile_open_fd does the same for an open file or pipe, which it takes over. */
MUST_CHECK struct source *savefile_open_fd(struct source_error *error, int fd, const char *name,
                                           size_t block, struct source_shared *shared);

/* savefile_is_regular tells whether it can be closed and opened again. */
bool savefile_is_regular(const struct source *source);

/* savefile_is_compressed tells whether what is read has to be decompressed first. */
bool savefile_is_compressed(const struct source *source);

/* savefile_memo gives source_process_add the memory that it asks for. */
struct process_memo *savefile_memo(struct savefile *file);

/* savefile_short answers when the reader did not have the `needs` bytes that were asked for from
 * offset `start` on, for `what` ("the packet record"): SOURCE_IDLE if they may come yet; SOURCE_END
 * if the input ended with not a byte from there on; SOURCE_BROKEN, and the source's error says so,
 * otherwise. */
enum source_status savefile_short(struct savefile *file, const char *what, uint64_t start,
                                  uint64_t needs);

/* savefile_damaged writes the source's error, with the file's name before it, or behind what was
 * wrong before; and returns SOURCE_BROKEN. */
enum source_status savefile_damaged(struct savefile *file, const char *format, ...)
    PRINTF_LIKE(2, 3);

/* savefile_damaged_more adds to the source's error that there is more of it. */
void savefile_damaged_more(struct savefile *file, uint64_t count);

/* savefile_progress is the `progress` of a saved capture. */
void savefile_progress(const struct source *source, uint64_t *done, uint64_t *total);

/* savefile_waiting is the `waiting` of a saved capture. */
struct source_waiting savefile_waiting(const struct source *source);
bool savefile_keep(struct source *source);
void savefile_release(struct source *source);

/* savefile_close is the `close` of a saved capture: frees all but the source. */
void savefile_close(struct source *source);

/* savefile_pcap_is and savefile_pcapng_is tell whether the first four bytes are those of their
 * format. */
bool savefile_pcap_is(const uint8_t magic[4]);
bool savefile_pcapng_is(const uint8_t magic[4]);

/* savefile_pcap_begin and savefile_pcapng_begin read the file's header and set source.ops. They
 * return false, and the source's error says why, if the header is cut, or of a version that can't
 * be read. */
MUST_CHECK bool savefile_pcap_begin(struct savefile *file);
MUST_CHECK bool savefile_pcapng_begin(struct savefile *file);

/* savefile_pcap_format gives what the header of a classic capture says: pcap_record.h. NULL if the
 * source is anything else. */
struct pcap_format;
const struct pcap_format *savefile_pcap_format(const struct source *source);

/* savefile_pcapng_format gives what the reader of a pcapng file knows of it: pcapng.h. NULL as
 * well. */
struct pcapng_format;
const struct pcapng_format *savefile_pcapng_format(const struct source *source);

#endif
