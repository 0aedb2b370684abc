/* log_text.c: see log_text.h.
 *
 *   [file:] time host process[pid]: message          RFC 3164; log show --style syslog
 *   [file:] time [host | ---] last message repeated N times
 *   time thread type activity pid ttl process: message          log show
 *   {"timestamp":...}                                log show --style ndjson: log_json.c
 */
#include "log_text.h"

#include "limits.h"
#include "log_json.h"
#include "text_lines.h"

#include <stdlib.h>

enum {
    PREFIX_MAX = 1024 /* a file's name before a line: PATH_MAX of macOS */
};

static bool begins(struct span text, const char *with)
{
    size_t n = strlen(with);
    return text.n >= n && memcmp(text.p, with, n) == 0;
}

static void skip_blanks(struct cursor *in)
{
    while (in->left > 0 && (in->p[0] == ' ' || in->p[0] == '\t') && cursor_skip(in, 1)) {
    }
}

static struct span take_word(struct cursor *in)
{
    struct span word = {NULL, 0};
    size_t n = 0;
    skip_blanks(in);
    while (n < in->left && in->p[n] != ' ' && in->p[n] != '\t')
        n++;
    if (n == 0 || !cursor_bytes(in, &word, n))
        return span_of(NULL, 0);
    return word;
}

/* Digits at the cursor; false if there are none or too many. */
static bool take_number(struct cursor *in, uint32_t *out)
{
    uint64_t value = 0;
    size_t n = 0;
    for (; n < in->left && n < 10 && in->p[n] >= '0' && in->p[n] <= '9'; n++)
        value = value * 10 + (uint64_t)(in->p[n] - '0');
    if (n == 0 || value > UINT32_MAX || !cursor_skip(in, n))
        return false;
    *out = (uint32_t)value;
    return true;
}

/* The time may stand behind the name of the file that zgrep found the line in, and its number. */
static bool take_time(struct cursor *in, struct text_time *out)
{
    struct cursor ahead = *in;
    while (!text_time_stamp(&ahead, out)) {
        size_t most = ahead.left < PREFIX_MAX ? ahead.left : PREFIX_MAX;
        const uint8_t *colon = most ? memchr(ahead.p, ':', most) : NULL;
        if (!colon || ahead.p - in->p > PREFIX_MAX ||
            !cursor_skip(&ahead, (size_t)(colon - ahead.p) + 1))
            return false;
    }
    *in = ahead;
    return true;
}

/* `last message repeated 3 times` */
static bool read_repeat(struct span text, uint32_t *times)
{
    static const char words[] = "last message repeated ";
    struct cursor in = cursor_of(text);
    return begins(text, words) && cursor_skip(&in, sizeof words - 1) && take_number(&in, times) &&
           begins(cursor_rest(&in), " time");
}

/* `name[106]`, `name[106]:`, `name:` */
static bool is_tag(struct span word, const char *process, uint32_t *pid)
{
    size_t n = strlen(process);
    *pid = 0;
    if (word.n > 0 && word.p[word.n - 1] == ':')
        word.n--;
    if (word.n < n || memcmp(word.p, process, n) != 0)
        return false;
    if (word.n == n)
        return true;
    struct cursor in = cursor_of(span_of(word.p + n, word.n - n));
    return in.p[0] == '[' && cursor_skip(&in, 1) && take_number(&in, pid) && in.left == 1 &&
           in.p[0] == ']';
}

/* What follows the tag: perhaps the level (`<Error>:`), then the message. */
static struct span message_of(struct cursor in, struct span tag)
{
    skip_blanks(&in);
    const uint8_t *colon = tag.p[tag.n - 1] != ':' && in.left ? memchr(in.p, ':', in.left) : NULL;
    if (colon && cursor_skip(&in, (size_t)(colon - in.p) + 1))
        skip_blanks(&in);
    struct span message = cursor_rest(&in);
    if (message.n > LIMIT_LOG_MESSAGE)
        message.n = LIMIT_LOG_MESSAGE;
    return message;
}

/* rsyslog: `message repeated 3 times: [ the message]` counts all but the first. */
static void unfold_repeat(struct log_line *line)
{
    static const char words[] = "message repeated ";
    struct cursor in = cursor_of(line->message);
    uint32_t times;
    if (!begins(line->message, words) || !cursor_skip(&in, sizeof words - 1) ||
        !take_number(&in, &times) || times == 0 || !begins(cursor_rest(&in), " times: [") ||
        !cursor_skip(&in, 9))
        return;
    skip_blanks(&in);
    if (in.left > 0 && in.p[in.left - 1] == ']')
        in.left--;
    line->message = cursor_rest(&in);
    line->repeats = times - 1;
}

/* Thread, type, activity, pid, ttl; then the tag. */
static bool read_columns(struct log_line *out, struct cursor *in, const char *process)
{
    uint32_t pid = 0, other;
    (void)take_word(in);
    (void)take_word(in);
    struct cursor number = cursor_of(take_word(in));
    if (!take_number(&number, &pid) || take_word(in).n == 0)
        return false;
    struct span tag = take_word(in);
    if (!is_tag(tag, process, &other))
        return false;
    out->pid = pid;
    out->message = message_of(*in, tag);
    return true;
}

enum line_kind { LINE_KEPT, LINE_OTHER, LINE_REPEAT, LINE_BAD };

static enum line_kind read_line(struct log_line *out, struct span text, const char *process,
                                uint32_t *times)
{
    struct cursor in = cursor_of(text);
    if (!take_time(&in, &out->printed))
        return LINE_BAD;
    skip_blanks(&in);
    struct cursor behind = in;
    struct span first = take_word(&in);
    if (begins(first, "0x"))
        return read_columns(out, &in, process) ? LINE_KEPT : LINE_OTHER;
    skip_blanks(&in);
    if (read_repeat(cursor_rest(&behind), times) || read_repeat(cursor_rest(&in), times))
        return LINE_REPEAT;
    struct span tag = is_tag(first, process, &out->pid) ? first : take_word(&in);
    if (tag.n == 0 || !is_tag(tag, process, &out->pid))
        return LINE_OTHER;
    out->message = message_of(in, tag);
    unfold_repeat(out);
    return LINE_KEPT;
}

static enum line_kind read_object(struct log_line *out, struct span text, const char *process)
{
    static const enum line_kind kinds[] = {
        [LOG_JSON_LINE] = LINE_KEPT, [LOG_JSON_OTHER] = LINE_OTHER, [LOG_JSON_BAD] = LINE_BAD};
    if (text.n > LIMIT_LOG_OBJECT)
        return LINE_BAD;
    return kinds[log_json_read(out, text, process)];
}

static void keep(struct log_file *log, const struct log_line *line)
{
    if (log->count == LIMIT_LOG_LINES) {
        log->more = true;
        free(line->owned);
        return;
    }
    if (log->count == log->cap) {
        log->cap = log->cap ? log->cap * 2 : 64;
        log->lines = xrealloc(log->lines, log->cap * sizeof log->lines[0]);
    }
    log->lines[log->count++] = *line;
    log->yearless = log->yearless || line->printed.year == 0;
    log->zoneless = log->zoneless || !line->printed.has_offset;
}

static void repeat_last(struct log_file *log, uint32_t times)
{
    struct log_line *last = &log->lines[log->count - 1];
    last->repeats = times < UINT32_MAX - last->repeats ? last->repeats + times : UINT32_MAX;
}

/* Headings have no digit where a time would be. */
static bool is_heading(struct span text)
{
    return text.n == 0 || begins(text, "Timestamp ") || begins(text, "Filtering ") ||
           begins(text, "-- ") || begins(text, "--- ") || begins(text, "\t") || begins(text, " ") ||
           begins(text, "Skipping ") || begins(text, "====");
}

void log_text_read(struct log_file *log, struct span text, const char *process)
{
    struct text_lines lines = text_lines_of(text);
    struct span line;
    bool kept_last = false; /* the line above is one of those that are kept */
    while (text_lines_next(&lines, &line)) {
        struct log_line found = {.line = lines.number};
        uint32_t times = 0;
        enum line_kind kind = begins(line, "{")  ? read_object(&found, line, process)
                              : is_heading(line) ? LINE_OTHER
                                                 : read_line(&found, line, process, &times);
        switch (kind) {
        case LINE_KEPT:
            keep(log, &found);
            kept_last = !log->more;
            break;
        case LINE_REPEAT:
            if (kept_last)
                repeat_last(log, times);
            else
                log->other++;
            break;
        case LINE_OTHER:
            log->other++;
            kept_last = false;
            break;
        case LINE_BAD:
            if (log->bad++ == 0)
                log->first_bad = lines.number;
            kept_last = false;
            break;
        }
    }
}

void log_text_settle(struct log_file *log, nanotime near, bool not_after,
                     const struct wall_clock *clock)
{
    for (size_t i = 0; i < log->count; i++) {
        struct log_line *line = &log->lines[i];
        struct text_time time = line->printed;
        text_time_guess_year(&time, near, not_after, clock);
        line->time = text_time_utc(&time, clock);
    }
}

void log_text_done(struct log_file *log)
{
    for (size_t i = 0; i < log->count; i++)
        free(log->lines[i].owned);
    free(log->lines);
    log->lines = NULL;
    log->count = log->cap = 0;
}
