/* prologue_grammar.h: what the grammars of prologues have in common. Internal to prologue*.c. */
#ifndef PUSHWATCH_DISSECT_PROLOGUE_GRAMMAR_H
#define PUSHWATCH_DISSECT_PROLOGUE_GRAMMAR_H

#include "prologue.h"

/* Protocols that one grammar reads. */
enum prologue_family {
    FAMILY_UNKNOWN,
    FAMILY_TEXT, /* lines: SMTP, POP3, IMAP, FTP, NNTP, ManageSieve */
    FAMILY_XMPP,
    FAMILY_HTTP,
    FAMILY_LDAP,
    FAMILY_POSTGRESQL,
    FAMILY_MYSQL,
    FAMILY_RDP,
    FAMILY_SOCKS4,
    FAMILY_SOCKS5,
    FAMILY_PROXY_1, /* PROXY protocol, as text */
    FAMILY_PROXY_2  /* and as binary */
};
enum { FAMILIES = FAMILY_PROXY_2 + 1 };

enum prologue_role { ROLE_UNKNOWN, ROLE_CLIENT, ROLE_SERVER };

/* The part of a line, tag or message that is kept. The longest that matters is a CONNECT line with
 * a name of 255 bytes. */
enum { PROLOGUE_UNIT = 384 };

/* What one direction has come to. */
struct prologue_end {
    uint64_t offset;  /* bytes that have passed, missing ones included */
    uint64_t missing; /* in the latest hole */
    uint32_t skip;    /* bytes that are passed over */
    uint32_t length;  /* of a body; the grammar's */
    uint16_t have;    /* bytes of `unit` */
    uint16_t code;    /* the grammar's */
    uint8_t state;    /* enum prologue_verdict: MORE while it is at work */
    uint8_t step;     /* index of the step it is in */
    uint8_t role;     /* enum prologue_role */
    uint8_t phase;    /* the grammar's */
    uint8_t marks;    /* the grammar's */
    bool opened;      /* its first bytes in this step were recognised */
    bool armed;       /* TLS, or what is behind a proxy, may begin at the next boundary */
    bool loose;       /* after a hole: it may begin without */
    bool lost;        /* the place within a unit is not known */
    uint8_t unit[PROLOGUE_UNIT];
};

/* What both directions share in one step. */
struct prologue_talk {
    struct prologue_step *step; /* its protocol, target and source are the grammar's to set */
    uint8_t family;             /* enum prologue_family */
    uint8_t asked;              /* the grammar's */
};

enum prologue_reading {
    READING_MORE, /* all bytes are used up */
    READING_END,  /* this step ends where the cursor stands */
    READING_NOT   /* the bytes do not fit, or nothing can follow this step */
};

/* A grammar reads on in one direction. */
typedef enum prologue_reading prologue_grammar(struct prologue_talk *talk, struct prologue_end *end,
                                               struct cursor *in);
prologue_grammar prologue_text, prologue_xmpp, prologue_http, prologue_ldap, prologue_postgresql,
    prologue_mysql, prologue_rdp, prologue_socks4, prologue_socks5, prologue_proxy1,
    prologue_proxy2;

/* prologue_opening tells by a direction's first bytes which family they belong to, which is
 * FAMILY_UNKNOWN if none, and *role. Returns false if there are too few of them to tell. `role` is
 * what it must be, or ROLE_UNKNOWN. */
MUST_CHECK bool prologue_opening(enum prologue_family *family, enum prologue_role *role,
                                 struct span bytes, enum prologue_role known);

/* prologue_may_be_tls tells whether a byte can be the first of a TLS record, or of a hello in
 * SSLv2's format. No protocol here that is text has such a byte at the start of anything. */
static inline bool prologue_may_be_tls(uint8_t first)
{
    return (first >= TLS_CHANGE_CIPHER_SPEC && first <= TLS_HEARTBEAT) || first & 0x80;
}

/* prologue_fill takes bytes until the unit has `need` of them, at most PROLOGUE_UNIT. Returns false
 * if there are not enough yet. */
MUST_CHECK bool prologue_fill(struct prologue_end *end, struct cursor *in, size_t need);

/* prologue_pass passes over end->skip bytes. Returns false if there are not enough yet. */
MUST_CHECK bool prologue_pass(struct prologue_end *end, struct cursor *in);

/* prologue_line takes bytes up to a line feed. Returns READING_END with *line, the line without its
 * end or as much of it as is kept, valid until the next call; READING_NOT at a byte that no text
 * has. It begins anew after a hole. */
MUST_CHECK enum prologue_reading prologue_line(struct span *line, struct prologue_end *end,
                                               struct cursor *in);

/* prologue_word tells whether a line begins with a word, in any case, and the word ends there. */
bool prologue_word(struct span line, const char *word);

/* prologue_name names the step's protocol, unless it has a name. */
void prologue_name(struct prologue_talk *talk, enum plain_protocol protocol);

/* prologue_keep keeps a text in the step, the first LIMIT_PROLOGUE_TARGET bytes of it, unless there
 * is one. prologue_keep_address does so for an address (4 or 16 bytes) and port. */
void prologue_keep(struct span *kept, struct span text);
void prologue_keep_address(struct span *kept, struct span address, uint16_t port);

#endif
