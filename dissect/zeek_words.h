/* zeek_words.h: a connection in the words of Zeek's conn.log: conn_state and history.
 *
 * Zeek's own state machine is coarser than RFC 9293 and differs from it on purpose, so that it is
 * followed here apart from tcp.c. Defined by base/protocols/conn/main.zeek (conn_state, history)
 * and by src/packet_analysis/protocol/tcp of Zeek 5 to 7. */
#ifndef PUSHWATCH_DISSECT_ZEEK_WORDS_H
#define PUSHWATCH_DISSECT_ZEEK_WORDS_H

#include "segment.h"

enum { ZEEK_HISTORY_MAX = 40 }; /* letters kept; 16 kinds for each end, and thresholds */

/* What each segment needs of an end: a word of its own. */
struct zeek_end {
    _Alignas(8) uint8_t seen;      /* kinds of segment already in the history */
    uint8_t state : 4, before : 4; /* enum in zeek_words.c */
    bool payload : 1;
    bool cut : 1;  /* [cut_from, cut_to) came cut short, not acknowledged */
    uint8_t zero;  /* no byte left to chance: flow_pack.c */
    uint32_t last; /* behind what it has sent, as in the header */
};

struct zeek_rest {
    _Alignas(8) uint32_t last_syn; /* numbers of the last one seen */
    uint32_t last_fin, last_rst;
    uint32_t retransmits, gaps, zero_windows, corrupt;
    uint32_t cut_from, cut_to;
};

struct zeek_words {
    struct zeek_end ends[2]; /* first: flow.h */
    struct zeek_rest rest[2];
    char letters[ZEEK_HISTORY_MAX]; /* upper case for end 0 */
    uint8_t count;
    uint8_t first; /* the end that sent the first segment, or its peer if that was a SYN-ACK */
    bool begun, flipped;
};

/* zeek_take follows a segment sent by end `from`. Zero-initialise the words before the first. */
void zeek_take(struct zeek_words *words, unsigned from, const struct segment *segment);

/* zeek_is_steady tells that both ends, of which what comes next has these numbers, just go on:
 * zeek_take_in_order is enough for such a segment then, if of the control bits that tell more it
 * has ACK alone, its window is open, and its payload was captured. */
bool zeek_is_steady(const struct zeek_words *words, uint32_t next0, uint32_t next1);
void zeek_take_in_order(struct zeek_words *words, unsigned from, const struct segment *segment);

/* zeek_gap says that bytes of end `from` were acknowledged and are not in the capture. Zeek tells
 * it only of a connection whose both ends were established, and not when it was reset. */
void zeek_gap(struct zeek_words *words, unsigned from);

/* zeek_corrupt says that a segment of end `from` is not used for its checksum. */
void zeek_corrupt(struct zeek_words *words, unsigned from);

/* zeek_conn_state gives the conn_state, such as "SF": a constant. */
const char *zeek_conn_state(const struct zeek_words *words, unsigned client);

/* zeek_history writes the history, upper case for the client, NUL-terminated. */
void zeek_history(char *out, size_t size, const struct zeek_words *words, unsigned client);

#endif
