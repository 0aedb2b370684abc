/* source.h: an opaque source of packets: a saved capture, several as one, or a live interface. */
#ifndef PUSHWATCH_CAPTURE_SOURCE_H
#define PUSHWATCH_CAPTURE_SOURCE_H

#include "packet.h"

struct source;

enum source_status {
    SOURCE_PACKET, /* a packet was handed out */
    SOURCE_IDLE,   /* none at the moment: source_wait, and ask again. Never from a regular file */
    SOURCE_PAUSED, /* after source_keep: source_release what was handed out, and ask again */
    SOURCE_END,    /* no more packets: the end of the input, or source_break was called */
    SOURCE_BROKEN  /* the input is damaged here; source_error says where. Nothing follows */
};

/* What went wrong: one line for a person, without a newline. */
struct source_error {
    char text[512];
};

/* Live only; all zero for a file. As libpcap counts them. */
struct source_drops {
    uint64_t received, kernel, interface;
};

/* source_open_file opens one saved capture; "-" is standard input. pcap and pcapng are told apart
 * by their first bytes, and so is what they are compressed with: gzip, zstd, lz4. Returns NULL,
 * with the reason in *error, when it can't be opened or is not a capture. The caller closes it with
 * source_close. */
MUST_CHECK struct source *source_open_file(struct source_error *error, const char *path);

/* source_open_file_often opens a saved capture up to `count` times, so that as many threads can
 * read it, each from the beginning: they share a table of interface names, and source_break on any
 * of them ends all. A pipe is opened once, and so is a compressed file: to decompress it in each
 * thread would cost more than is won. Writes them to `out` and returns how many there are; 0
 * and *error as above. Close each; none can be used any more once the first is closed. */
MUST_CHECK size_t source_open_file_often(struct source_error *error, struct source **out,
                                         size_t count, const char *path);

/* source_opens_often tells whether a source that came from there can be opened more than once,
 * whatever `count` was. */
bool source_opens_often(const struct source *source);

/* source_open_files opens several saved captures as one: packets come in order of time across the
 * files (the order within one file is kept), as `mergecap` gives them. A single path gives the same
 * as source_open_file. A file that can't be opened, or breaks later, is reported as SOURCE_BROKEN
 * only after all others have been read to their end. NULL and *error as above if none of them can
 * be opened. */
MUST_CHECK struct source *source_open_files(struct source_error *error, char *const *paths,
                                            size_t count);

/* Settings of a live capture. */
struct live_options {
    uint32_t snaplen;      /* bytes of each packet; 0 for all of it */
    uint32_t buffer_bytes; /* of the kernel's ring; 0 for a default */
    const char *filter;    /* BPF expression for the kernel; NULL for none */
};

/* The most rings that a capture can be spread over. */
enum { SOURCE_RINGS_MAX = 64 };

/* source_open_live opens a network interface by libpcap and writes up to `rings` sources to `out`.
 * More than one share the packets among them: each packet comes out of one of them, and both
 * directions of a connection out of the same. Where the system can't do that there is one. They
 * belong together: source_break on any of them ends all, they share one table of interface names.
 * Each may be asked by a thread of its own. The caller closes each with source_close; none can be
 * used any more once the first is closed.
 *
 * Returns how many there are; 0 with a reason that says what to do (such as sudo) when the
 * interface can't be opened. A wrong filter sets *wrong_filter. */
MUST_CHECK size_t source_open_live(struct source_error *error, bool *wrong_filter,
                                   struct source **out, size_t rings, const char *interface,
                                   const struct live_options *options);

/* source_preface reads what stands before the first packet, and what can be found ahead of reading:
 * call it once, before source_next. A pipe is waited for. What is wrong, source_next tells. */
void source_preface(struct source *source);

/* source_keep has the bytes of packets live until source_release, which is to be called when
 * source_next says SOURCE_PAUSED: there is room for a few hundred kilobytes of them. Returns false
 * if the source can't do that. Call it after source_preface. */
MUST_CHECK bool source_keep(struct source *source);
void source_release(struct source *source);

/* source_next hands out the next packet, and never waits for one. The packet's bytes live until the
 * next call. */
MUST_CHECK enum source_status source_next(struct source *source, struct packet *packet);

/* source_next_some hands out the next packets, up to `most` (1 or more) and at least one where it
 * returns SOURCE_PACKET, and writes to *count how many. All their bytes live until the next call.
 * They are of one link type, and what a capture says beside them stands before the first. */
MUST_CHECK enum source_status source_next_some(struct source *source, struct packet *packets,
                                               size_t most, size_t *count);

/* source_wait waits, after SOURCE_IDLE, until one of the sources (at most SOURCE_RINGS_MAX) may
 * have something, a signal comes, or the time is over; earlier is possible: ask source_next. It
 * returns at once when one of them can't be idle, or all have ended. */
void source_wait(struct source *const *sources, size_t count, int timeout_ms);

/* source_error returns the damage found, with path and byte offset, or "" if there was none. It
 * lives as long as the source. */
const char *source_error(const struct source *source);

/* source_interface_name returns the name of a packet's interface, or NULL if the capture gives
 * none. It lives as long as the source. Any thread may ask. */
const char *source_interface_name(const struct source *source, uint16_t interface);

/* source_process gives the process that a packet belongs to, by its `interface`. Returns false if
 * the capture does not tell. Names live as long as the source. Any thread may ask. */
MUST_CHECK bool source_process(const struct source *source, struct packet_process *out,
                               uint16_t interface);

/* TLS secrets that a capture carries with it, in the format of a key log (SSLKEYLOGFILE). */
struct source_secrets {
    struct span text; /* lives until source_secrets_forget; a stranger's bytes, the last line maybe
                         cut */
    uint64_t frame;   /* packets of its file before it; 0 too where it was found ahead of reading */
};

/* source_secrets gives the n-th of them, from 0 on, in the order in which they were found. Returns
 * false if there are no more yet: look again when more packets have been read. Those of a regular
 * file are there after source_preface, of one that is compressed those in its first part; others
 * come once the first reader of the capture has passed them. Together they have 16 MiB at most. Any
 * thread may ask. */
MUST_CHECK bool source_secrets(const struct source *source, struct source_secrets *out, size_t n);

/* source_secrets_forget frees the text of the n-th, once it was given, and nobody needs it. */
void source_secrets_forget(struct source *source, size_t n);

/* source_secrets_count gives how many there are: cheap, for the thread that reads. */
size_t source_secrets_count(const struct source *source);

/* source_facts gives what the capture says about itself, as far as it was read: it lives as long as
 * the source. Not while a thread reads. */
struct capture_facts;
const struct capture_facts *source_facts(const struct source *source);

/* source_drops reads a live capture's drop counters. */
struct source_drops source_drops(const struct source *source);

/* source_progress gives the bytes read so far and in all, of a compressed file as it is; total is 0
 * where that is unknown (a pipe, a live capture). */
void source_progress(const struct source *source, uint64_t *done, uint64_t *total);

/* source_break makes source_next return SOURCE_END from now on. Safe in a signal handler. */
void source_break(struct source *source);

/* source_close frees the source and closes its files. NULL is fine. */
void source_close(struct source *source);

#endif
