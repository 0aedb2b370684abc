/* finding.h: a judgement with its evidence, and a list of them.
 *
 * Texts of a finding may hold strings from the wire: whoever prints them escapes them. */
#ifndef PUSHWATCH_REPORT_FINDING_H
#define PUSHWATCH_REPORT_FINDING_H

#include "../capture/base.h"
#include "judge/validation.h"

enum severity { SEVERITY_INFO, SEVERITY_NOTICE, SEVERITY_WARNING, SEVERITY_CRITICAL };
enum { SEVERITIES = SEVERITY_CRITICAL + 1 };

/* What a finding bears on. */
enum about {
    ABOUT_PATH,    /* what lies between the ends: packets or answers that do not arrive */
    ABOUT_PEER,    /* what an end does: refuses, resets, does not read, does not close */
    ABOUT_TRUST,   /* whether an end is who it says it is */
    ABOUT_PRIVACY, /* what others can read or learn */
    ABOUT_RHYTHM,  /* when things happen: no trouble by itself */
    ABOUT_CAPTURE  /* what this capture does not show */
};
enum { ABOUTS = ABOUT_CAPTURE + 1 };

enum finding_id {
#define FINDING(symbol, name, severity, about, title, why, harmless, next) FINDING_##symbol,
#include "judge/findings.def"
#undef FINDING
    FINDINGS
};

/* A fact that a finding rests on. */
enum evidence_kind { EVIDENCE_TEXT, EVIDENCE_NUMBER, EVIDENCE_SECONDS, EVIDENCE_TIME };

struct evidence {
    const char *key; /* static */
    enum evidence_kind kind;
    union {
        uint64_t number; /* EVIDENCE_NUMBER */
        nanotime time;   /* EVIDENCE_SECONDS, EVIDENCE_TIME */
        struct {
            uint32_t at, n; /* in the finding's texts */
        } text;             /* EVIDENCE_TEXT: see finding_evidence_text */
    };
};

enum {
    FINDING_FRAMES_MAX = 32, /* enough to go and look; a pile-up has hundreds */
    FINDING_EVIDENCE_MAX = 10,
    FINDING_CHANGES_MAX = 6,
    FINDING_PIECES = 6
};

/* Something that was different before. */
struct change {
    const char *what; /* static */
    struct {
        uint32_t at, n; /* in the finding's texts: see finding_change_text */
    } before, now;
};

struct finding {
    enum finding_id id;
    enum severity severity;
    bool known;       /* a baseline has it already */
    struct buf seen;  /* what was seen: a clause without its full stop */
    struct buf texts; /* of evidence and changes */
    /* Static clauses of printable ASCII without quotes and backslashes, or NULL. */
    const char *why;                     /* why it matters */
    const char *harmless;                /* goes on "harmless if" */
    const char *next;                    /* what to check next: in the imperative */
    uint64_t frames[FINDING_FRAMES_MAX]; /* ascending, none twice */
    uint8_t frame_count;
    struct evidence evidence[FINDING_EVIDENCE_MAX];
    uint8_t evidence_count;
    struct change changes[FINDING_CHANGES_MAX];
    uint8_t change_count;
};

/* What the judges say of one flow, or of the run: a growing list. Zero-initialise it; free with
 * findings_done. */
struct findings {
    struct finding *items; /* those behind `count` keep their buffers for later use */
    size_t count, cap;
    struct validation validation; /* of a flow's server's chain */
    bool issuer_expected;         /* a policy names its issuers, and this is one of them */
};

/* findings_add appends a finding with the severity and texts of its table entry. It is valid until
 * the next call on the list. */
struct finding *findings_add(struct findings *list, enum finding_id id);

/* findings_clear empties the list for the next flow. */
void findings_clear(struct findings *list);

/* findings_done frees everything; the list can be used again. */
void findings_done(struct findings *list);

/* findings_worst returns the most severe one, the first of its kind; NULL if there is none. */
const struct finding *findings_worst(const struct findings *list);

/* finding_seen appends to the description of what was seen. The format knows %s, %c, and numbers
 * without a sign: %u, PRIu32, PRIu64, %zu. */
void finding_seen(struct finding *finding, const char *format, ...) PRINTF_LIKE(2, 3);

/* finding_seen_text appends bytes from the wire to it, as they are. */
void finding_seen_text(struct finding *finding, struct span text);

/* finding_frame adds a frame that proves it. 0 (not known) and those beyond the cap are left out.
 */
void finding_frame(struct finding *finding, uint64_t frame);

/* These add to the evidence; text is copied. What is beyond the cap is left out. */
void finding_number(struct finding *finding, const char *key, uint64_t number);
void finding_seconds(struct finding *finding, const char *key, nanotime duration);
void finding_time(struct finding *finding, const char *key, nanotime time);
void finding_text(struct finding *finding, const char *key, struct span text);
void finding_word(struct finding *finding, const char *key, const char *word);

/* finding_change adds something that was different before; text is copied. What is beyond the cap
 * is left out. finding_change_text returns what it is now, or was before. */
void finding_change(struct finding *finding, const char *what, struct span before, struct span now);
struct span finding_change_text(const struct finding *finding, const struct change *change,
                                bool now);

/* finding_evidence_text returns the text of an evidence of that kind. */
struct span finding_evidence_text(const struct finding *finding, const struct evidence *evidence);

/* finding_summary gives the whole sentence in pieces: what was seen, which may be any bytes; then,
 * of static clauses alone, why it matters and what to check next. Returns how many there are, at
 * most FINDING_PIECES. */
unsigned finding_summary(struct span *pieces, const struct finding *finding);

/* finding_sentence appends one of the clauses as a sentence of its own, behind `lead`. */
void finding_sentence(struct buf *out, const char *lead, const char *clause);

/* finding_texts gives what the table says of a finding; finding_by_name looks it up by its id, and
 * returns false if there is none of that name. */
struct finding_texts {
    enum severity severity; /* the usual one */
    const char *why, *harmless, *next;
};
struct finding_texts finding_texts(enum finding_id id);
MUST_CHECK bool finding_by_name(enum finding_id *id, struct span name);

/* finding_id_word and severity_word give the words of reports, finding_name and severity_name the
 * same as text. */
const struct word *finding_id_word(enum finding_id id); /* such as "fin-unanswered" */
const struct word *severity_word(enum severity severity);

static inline const char *finding_name(enum finding_id id)
{
    return finding_id_word(id)->text;
}

static inline const char *severity_name(enum severity severity)
{
    return severity_word(severity)->text;
}

const char *finding_title(enum finding_id id); /* such as "FIN without an acknowledgment" */
enum about finding_about(enum finding_id id);

#endif
