/* appid_ndpi.h: nDPI itself, behind a few functions. The only user of nDPI. */
#ifndef PUSHWATCH_DISSECT_APPID_NDPI_H
#define PUSHWATCH_DISSECT_APPID_NDPI_H

#include "segment.h"

/* nDPI's modules. Starting one takes tens of milliseconds and megabytes, and can't be done twice at
 * a time. So the first is started by the first flow that needs it, and all threads share it; more
 * come only where threads have often waited for one another. Nothing of a flow stays in a module,
 * so that a flow's packets may go through any of them. */
struct appid_ndpi;
struct appid_module;
/* What nDPI knows of one flow: some kilobytes. */
struct appid_state;

/* What a label is made of: equal for two flows if and only if their labels are. */
struct appid_opinion {
    uint64_t protocols; /* with the category */
    uint64_t risks;
};

/* appid_ndpi_new makes one for so many threads, which may use it at once. */
MUST_CHECK struct appid_ndpi *appid_ndpi_new(unsigned threads);
void appid_ndpi_free(struct appid_ndpi *ndpi);
const char *appid_ndpi_version(void);

/* appid_ndpi_prepare starts the first one, unless somebody has or does so at the moment. */
void appid_ndpi_prepare(struct appid_ndpi *ndpi);

/* appid_ndpi_failed tells that it was to be started, and can't be: that is tried once. */
bool appid_ndpi_failed(const struct appid_ndpi *ndpi);

/* appid_ndpi_take gives a module that no other thread uses until appid_ndpi_give_back, rather that
 * which *last tells, and has *last tell it. NULL: nDPI does not start. */
MUST_CHECK struct appid_module *appid_ndpi_take(struct appid_ndpi *ndpi, unsigned *last);
void appid_ndpi_give_back(struct appid_module *module);

MUST_CHECK struct appid_state *appid_state_new(void);
void appid_state_free(struct appid_state *state);
size_t appid_state_size(void);

/* appid_state_reads_records tells that nDPI has found TLS in a flow, and looks for nothing but its
 * records in what comes. */
bool appid_state_reads_records(const struct appid_state *state);

/* appid_module_packet hands nDPI a packet, from its IP header on, and gives its opinion so far.
 * Returns whether that will not change any more. */
bool appid_module_packet(struct appid_module *module, struct appid_state *state,
                         struct appid_opinion *opinion, struct span ip, nanotime time);

/* appid_module_guess gives its opinion when no more packets come. */
struct appid_opinion appid_module_guess(struct appid_module *module, struct appid_state *state);

/* appid_module_label tells an opinion in words. */
struct app_label appid_module_label(const struct appid_module *module,
                                    const struct appid_opinion *opinion);

/* appid_ndpi_thins tells that hellos are to be made thin: later versions have settings for that. */
bool appid_ndpi_thins(void);

/* appid_ndpi_ends tells by numbers what nDPI takes a segment's sender and receiver for, without a
 * module being taken. Returns false if the sender's port says something to it, or if nobody has
 * looked up what the version at hand looks at. */
MUST_CHECK bool appid_ndpi_ends(struct appid_ndpi *ndpi, uint64_t ends[2],
                                const struct segment *segment);

/* nDPI remarks on a certificate whose validity ends in less than so many seconds. */
enum { APPID_ENDS_SOON = 30 * 24 * 3600 };

#endif
