/* prologue_text.c: protocols of lines, in which a command asks for TLS and an answer grants it:
 * SMTP (RFC 3207), POP3 (RFC 2595), IMAP (RFC 9051 section 6.2.1), FTP (RFC 4217), NNTP (RFC 4642),
 * ManageSieve (RFC 5804 section 2.2).
 *
 * TLS begins with the byte after the command's line, and after the answer's. A byte that begins a
 * TLS record begins no line. */
#include "prologue_grammar.h"

#include <strings.h>

enum { GREETED = 1 }; /* of prologue_end.marks: the server's greeting is over */

static bool contains(struct span line, const char *what)
{
    return line.n > 0 && memmem(line.p, line.n, what, strlen(what)) != NULL;
}

static bool is_one_of(struct span line, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (prologue_word(line, words[i]))
            return true;
    return false;
}

/* What follows the first word, a command's tag in IMAP. */
static struct span after_word(struct span line)
{
    const uint8_t *space = line.n > 0 ? memchr(line.p, ' ', line.n) : NULL;
    if (!space)
        return span_of(NULL, 0);
    return span_of(space + 1, line.n - (size_t)(space + 1 - line.p));
}

/* What is sent after these commands is no dialogue of lines, or holds other people's text. */
static bool ends_dialogue(struct span line)
{
    static const char *const words[] = {"DATA", "BDAT", "POST", "IHAVE"};
    return is_one_of(line, words, COUNT_OF(words)) || prologue_word(after_word(line), "APPEND");
}

static bool take_command(struct prologue_talk *talk, struct prologue_end *end, struct span line)
{
    static const char *const hellos[] = {"EHLO", "HELO", "LHLO"};
    static const char *const of_ftp[] = {"FEAT", "SYST", "HOST", "CLNT", "USER"};
    enum plain_protocol known = (enum plain_protocol)talk->step->protocol;
    struct span argument = after_word(line);
    if (ends_dialogue(line))
        return false;
    if (is_one_of(line, hellos, COUNT_OF(hellos)))
        prologue_name(talk, PLAIN_SMTP);
    else if (prologue_word(line, "STARTTLS"))
        prologue_name(talk, PLAIN_SMTP);
    else if (prologue_word(line, "STLS") || prologue_word(line, "CAPA"))
        prologue_name(talk, PLAIN_POP3);
    else if (prologue_word(line, "CAPABILITIES"))
        prologue_name(talk, PLAIN_NNTP);
    else if (prologue_word(argument, "CAPABILITY") || prologue_word(argument, "STARTTLS"))
        prologue_name(talk, PLAIN_IMAP);
    else if (talk->asked && is_one_of(line, of_ftp, COUNT_OF(of_ftp)))
        prologue_name(talk, PLAIN_FTP); /* talk->asked: the server greeted with 220 */

    bool ftp = prologue_word(line, "AUTH") &&
               (prologue_word(argument, "TLS") || prologue_word(argument, "SSL") ||
                prologue_word(argument, "TLS-C") || prologue_word(argument, "TLS-P"));
    if (ftp && known != PLAIN_SMTP && known != PLAIN_POP3)
        prologue_name(talk, PLAIN_FTP);
    if (ftp || prologue_word(line, "STARTTLS") || prologue_word(line, "STLS") ||
        prologue_word(argument, "STARTTLS"))
        end->armed = true;
    return true;
}

static bool is_code(struct span line, const char *code)
{
    return line.n >= 3 && memcmp(line.p, code, 3) == 0 && (line.n == 3 || line.p[3] == ' ');
}

static void name_greeting(struct prologue_talk *talk, struct span line)
{
    if (prologue_word(line, "+OK"))
        prologue_name(talk, PLAIN_POP3);
    else if (line.p[0] == '*')
        prologue_name(talk, PLAIN_IMAP);
    else if (line.p[0] == '"')
        prologue_name(talk, PLAIN_SIEVE);
    else if (is_code(line, "200") || is_code(line, "201"))
        prologue_name(talk, PLAIN_NNTP);
    else if (contains(line, "SMTP") || contains(line, "LMTP"))
        prologue_name(talk, PLAIN_SMTP);
    else if (contains(line, "FTP"))
        prologue_name(talk, PLAIN_FTP);
    talk->asked = line.p[0] == '2';
}

/* An answer that may be the one to the command, or the greeting's last line. */
static bool is_good(const struct prologue_talk *talk, struct span line)
{
    switch (talk->step->protocol) {
    case PLAIN_POP3:
        return prologue_word(line, "+OK");
    case PLAIN_IMAP:
        return prologue_word(after_word(line), "OK");
    case PLAIN_SIEVE:
        return prologue_word(line, "OK");
    case PLAIN_NNTP:
        return is_code(line, "382") || is_code(line, "200") || is_code(line, "201");
    default: /* 334: RFC 4217 section 4 lets AUTH TLS be answered so */
        return is_code(line, "220") || is_code(line, "234") || is_code(line, "334");
    }
}

static bool take_answer(struct prologue_talk *talk, struct prologue_end *end, struct span line)
{
    if (line.n == 0)
        return true;
    if (!(end->marks & GREETED) && !end->loose)
        name_greeting(talk, line);
    bool good = is_good(talk, line);
    end->armed = good && (end->marks & GREETED || end->loose);
    if (good)
        end->marks |= GREETED;
    return true;
}

enum prologue_reading prologue_text(struct prologue_talk *talk, struct prologue_end *end,
                                    struct cursor *in)
{
    struct span line;
    while (!cursor_done(in)) {
        if (end->have == 0 && end->armed && prologue_may_be_tls(*in->p))
            return READING_END;
        enum prologue_reading reading = prologue_line(&line, end, in);
        if (reading != READING_END)
            return reading;
        bool fits =
            end->role == ROLE_SERVER ? take_answer(talk, end, line) : take_command(talk, end, line);
        if (!fits)
            return READING_NOT;
    }
    return READING_MORE;
}
