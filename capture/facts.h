/* facts.h: what captures say about themselves, beside their packets. Only pcapng does. Nothing of
 * it is trusted: texts are a stranger's bytes, names may be wrong. */
#ifndef PUSHWATCH_CAPTURE_FACTS_H
#define PUSHWATCH_CAPTURE_FACTS_H

#include "base.h"

/* How many are kept of each, of all inputs together, and the bytes of a text: a capture must not
 * fill memory or report with them. What is beyond is counted. */
enum {
    FACT_TEXT_MAX = 1024,
    FACT_SECTIONS_MAX = 64,
    FACT_INTERFACES_MAX = 256,
    FACT_NAMES_MAX = 256,
    FACT_COMMENTS_MAX = 16
};

/* Inputs are numbered from 0 on, in the order in which they were named. Spans without bytes stand
 * for what is not told. */
struct fact_section {
    uint32_t input;
    struct span hardware, os, application, comment;
};

/* What the capturing system counted at an interface. */
enum fact_counter {
    FACT_RECEIVED,   /* by the interface */
    FACT_DROPPED,    /* by the interface, for lack of room */
    FACT_ACCEPTED,   /* by the filter */
    FACT_OS_DROPPED, /* by the operating system, after the filter */
    FACT_DELIVERED   /* to the program that captured */
};
enum { FACT_COUNTERS = FACT_DELIVERED + 1 };

struct fact_interface {
    uint32_t input, section, number; /* section within the input, number within the section */
    struct span name, description, filter, hardware, os, comment;
    uint16_t link_number; /* LINKTYPE_ */
    uint32_t snaplen;     /* 0: no limit */
    uint64_t speed;       /* bits a second; 0: not told */
    uint64_t counters[FACT_COUNTERS];
    bool counted[FACT_COUNTERS];
};

/* A name that the capturing program had resolved an address to. */
struct fact_name {
    uint8_t address[16]; /* network byte order; IPv4 in the first four */
    bool ipv6;
    struct span name;
};

/* What somebody has written about a packet. */
struct fact_comment {
    uint32_t input;
    uint64_t frame; /* of the input by itself */
    struct span text;
};

/* Zero-initialise it; free with facts_done. */
struct capture_facts {
    struct fact_section *sections;
    struct fact_interface *interfaces;
    struct fact_name *names;
    struct fact_comment *comments;
    size_t section_count, interface_count, name_count, comment_count;
    uint64_t omitted;         /* of all kinds but comments, for lack of room */
    uint64_t packet_comments; /* in all */
    uint64_t packet_drops;    /* packets that are said to be missing before others */
    uint64_t secrets;         /* blocks of TLS secrets that were found */
};

/* facts_section and the like give a new fact to be filled in, all zero; NULL if there is no room.
 */
MUST_CHECK struct fact_section *facts_section(struct capture_facts *facts);
MUST_CHECK struct fact_interface *facts_interface(struct capture_facts *facts);
MUST_CHECK struct fact_name *facts_name(struct capture_facts *facts);
MUST_CHECK struct fact_comment *facts_comment(struct capture_facts *facts);

/* facts_find gives an interface that was noted, or NULL. */
struct fact_interface *facts_find(const struct capture_facts *facts, uint32_t input,
                                  uint32_t section, uint32_t number);

/* facts_text copies a text, up to its first NUL and FACT_TEXT_MAX, into an empty span of a fact: a
 * second one of the same kind is not kept. */
void facts_text(struct span *out, struct span text);

void facts_done(struct capture_facts *facts);

#endif
