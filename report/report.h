/* report.h: takes flow records, has them judged, and hands them to every output asked for. */
#ifndef PUSHWATCH_REPORT_REPORT_H
#define PUSHWATCH_REPORT_REPORT_H

#include "../capture/facts.h"
#include "../dissect/sink.h"
#include "../dissect/witness.h"
#include "finding.h"

#include <stdio.h>

struct known_certs; /* judge/known_certs.h */
struct learning;
struct policy; /* judge/policy.h */
struct trust;  /* judge/trust.h */

/* What is known of TLS secrets: secrets that key logs gave, lines that they have beside these. */
struct run_keys {
    const char *path;                  /* of the key log that was asked for; NULL if none */
    uint64_t secrets, capture_secrets; /* from there, and from the capture itself */
    uint64_t ignored, malformed, first_malformed /* line in the file */, dropped;
};

/* What is known before the first packet. Strings are borrowed for the report's life. */
struct run_meta {
    const char *version;                  /* pushwatch's own */
    const char *libpcap, *ndpi, *openssl; /* versions; ndpi NULL if it is not used */
    const char *ports;                    /* as `--ports` gave it, such as "5223" or "any" */
    const char *filter;                   /* NULL if none */
    const char *const *inputs;            /* file names as given, or one interface */
    size_t input_count;
    bool live;
    const struct capture_facts *facts; /* what stands before the first packet; NULL if none */
    const struct run_keys *keys;       /* the same of secrets; it may grow */
    struct trust *trust;               /* where chains may lead to; NULL: they are not validated */
    nanotime at; /* the time for which they are; 0: that of each flow's first packet */
    bool at_now; /* that is the time of day */
    bool pem;    /* JSON: certificates themselves */
    const struct policy *policy;       /* what is expected of servers; NULL: nothing */
    const char *policy_name;           /* its path, or "built-in"; NULL if there is none */
    const struct known_certs *known;   /* certificates of earlier runs; NULL: not asked for */
    const char *known_name;            /* the file's path */
    struct learning *learning;         /* where those of this run go; NULL: nowhere. Needs known */
    const struct gate *gate;           /* gate.h: what makes the run fail; NULL: nothing */
    const struct baseline *baseline;   /* baseline.h: what is known already; NULL: nothing */
    const struct witnesses *witnesses; /* other ones than the wire; NULL if none */
};

/* What is known after the last packet. */
struct run_end {
    struct dissect_counts counts;
    bool clean;         /* the input was read to its end */
    const char *damage; /* else: where and why it was not; NULL if clean */
    uint64_t drops_kernel, drops_interface, received; /* live only */
    uint64_t peak_memory;                             /* bytes of the process; 0 if unknown */
    const struct capture_facts *facts; /* the same as in meta: it has grown meanwhile */
};

enum report_format { REPORT_JSON, REPORT_TEXT, REPORT_JUNIT, REPORT_SARIF };
enum { REPORT_FORMATS = REPORT_SARIF + 1 };

struct report_options {
    unsigned columns; /* width of the text report; 80 at least */
    bool colour;      /* text: ANSI colours */
    bool ascii;       /* text: the reader can't show UTF-8; what is beyond ASCII is escaped */
    bool verbose;     /* text: every flow, with its certificates */
};

/* What is made of one flow before its turn comes. Zero-initialise it; it may be used for one flow
 * after the other, and is freed with report_item_done. */
struct report_item {
    struct findings findings;
    struct buf rendered[REPORT_FORMATS]; /* of the flow's line, all but the head */
};

struct report;

/* report_new begins a report. meta is borrowed and must outlive it. */
MUST_CHECK struct report *report_new(const struct run_meta *meta);

/* report_add_output has the report written to `out` in a format. The stream stays the caller's,
 * who closes it after report_free. Call it before the first flow. */
void report_add_output(struct report *report, enum report_format format, FILE *out,
                       const struct report_options *options);

/* report_begin writes what stands before the first flow (JSON: meta). */
void report_begin(struct report *report);

/* report_prepare judges a flow, report_render then renders what does not depend on its ordinal:
 * record->n is not looked at. Several threads may call them at once, each with its own item. */
void report_prepare(const struct report *report, struct report_item *item,
                    const struct flow_record *record);
void report_render(const struct report *report, struct report_item *item,
                   const struct flow_record *record);

/* report_commit counts and writes a prepared flow, and makes n its ordinal. One caller, in order of
 * n. The record is the one that was prepared; nothing of it is kept by reference. The item stays as
 * it is until report_settle. In a live run every output is flushed. */
void report_commit(struct report *report, const struct report_item *item,
                   struct flow_record *record, uint64_t n);

/* report_settle lets go of what was committed: its items can be used again. */
void report_settle(struct report *report);

/* report_item_done frees what an item holds; it can be used again. */
void report_item_done(struct report_item *item);

/* report_certificate takes a certificate: offline after the last flow, live when it is first seen.
 */
void report_certificate(void *report, const struct cert *cert);

/* report_snapshot_end says that a batch of snapshots (record->final false) is complete, at a packet
 * time: the text output prints them as a table. */
void report_snapshot_end(struct report *report, nanotime now);

/* report_flush writes out what was reported so far: the input has nothing at the moment. Whether
 * that could be written, report_finish tells. */
void report_flush(struct report *report);

/* report_finish writes the findings that belong to no single flow, and the summary. Returns false
 * if any output could not be written. */
MUST_CHECK bool report_finish(struct report *report, const struct run_end *end);

/* report_stopped returns how many findings meta's gate stops, once the report is finished. */
uint64_t report_stopped(const struct report *report);

void report_free(struct report *report);

#endif
