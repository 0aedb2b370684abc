/* witness_files.c: see witness_files.h. */
#include "witness_files.h"

#include "dissect/log_text.h"
#include "dissect/socket_text.h"

#include <inttypes.h>
#include <stdlib.h>

/* The daemon whose lines are read: Apple's, that keeps the connections to port 5223. */
static const char process[] = "apsd";

static int64_t wall_to_utc(void *context, int64_t wall)
{
    return zone_utc(context, wall);
}

static struct wall_clock clock_of(struct witness_files *files)
{
    return (struct wall_clock){wall_to_utc, &files->zone};
}

static void say(void (*to)(const char *line), const char *format, ...) PRINTF_LIKE(2, 3);

static void say(void (*to)(const char *line), const char *format, ...)
{
    struct buf line = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&line, format, args);
    va_end(args);
    to(buf_text(&line));
    buf_done(&line);
}

static const char *shown_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

/* NULL, after a complaint, if it can't be read. */
static const struct text_file *read_text(struct witness_files *files, const char *path,
                                         void (*complain)(const char *line))
{
    struct source_error error;
    struct text_file *text = &files->texts[files->text_count];
    if (!text_file_read(text, &error, path)) {
        complain(error.text);
        return NULL;
    }
    files->text_count++;
    return text;
}

static void date_table(struct witness_files *files, struct socket_table *table,
                       const struct text_file *text)
{
    struct wall_clock clock = clock_of(files);
    table->taken_by = TABLE_TIME_FILE;
    table->taken = text->modified;
    if (files->options->netstat_at.month > 0) {
        table->taken_by = TABLE_TIME_OPTION;
        table->taken = text_time_utc(&files->options->netstat_at, &clock);
    } else if (table->date.month > 0) {
        table->taken_by = TABLE_TIME_LINE;
        table->taken = text_time_utc(&table->date, &clock);
    }
}

/* What was read counts; of the rest, the first line is named. */
static void remark_bad(void (*remark)(const char *line), const char *name, uint64_t bad,
                       uint32_t first, const char *what)
{
    if (bad > 0)
        say(remark, "%s:%" PRIu32 ": not %s, nor are %" PRIu64 " other lines", name, first, what,
            bad - 1);
}

static void read_table(struct witness_files *files, const char *path,
                       void (*complain)(const char *line), void (*remark)(const char *line))
{
    const struct text_file *text = read_text(files, path, complain);
    if (!text)
        return;
    struct socket_table *table = &files->told.tables[files->told.table_count];
    table->name = shown_name(path);
    socket_text_read(table, span_of(text->text.p, text->text.n));
    date_table(files, table, text);
    if (table->count == 0 && table->bad > 0)
        say(complain, "%s:%" PRIu32 ": not a row of netstat -An, netstat -tan or ss -tan",
            table->name, table->first_bad);
    else if (table->count == 0)
        say(complain,
            "%s: no TCP socket in it: not what netstat -An, netstat -tan or ss -tan prints",
            table->name);
    else
        remark_bad(remark, table->name, table->bad, table->first_bad, "a row of netstat or ss");
    if (table->count > 0)
        files->told.table_count++;
}

/* A log without a line of the daemon's is fine; a text without any line of a log is none. */
static void read_log(struct witness_files *files, const char *path,
                     void (*complain)(const char *line), void (*remark)(const char *line))
{
    const struct text_file *text = read_text(files, path, complain);
    if (!text)
        return;
    struct log_file *log = &files->told.logs[files->told.log_count];
    log->name = shown_name(path);
    log->written = text->modified;
    log_text_read(log, span_of(text->text.p, text->text.n), process);
    if (log->count == 0 && log->bad > 0 && log->bad >= log->other) {
        say(complain, "%s:%" PRIu32 ": not a line of syslog or of `log show`", log->name,
            log->first_bad);
        log_text_done(log);
        *log = (struct log_file){0};
        return;
    }
    remark_bad(remark, log->name, log->bad, log->first_bad, "a line of syslog or of `log show`");
    files->told.log_count++;
}

void witness_files_read(struct witness_files *files, const struct options *options,
                        void (*complain)(const char *line), void (*remark)(const char *line))
{
    *files = (struct witness_files){.options = options, .zone = options->zone};
    files->told.ports = options->ports;
    files->told.zone = options->zone_text;
    files->told.port_count = options->port_count;
    files->told.tables = xcalloc(options->netstat_count, sizeof files->told.tables[0]);
    files->told.logs = xcalloc(options->syslog_count, sizeof files->told.logs[0]);
    files->texts = xcalloc(options->netstat_count + options->syslog_count, sizeof files->texts[0]);
    for (size_t i = 0; i < options->netstat_count; i++)
        read_table(files, options->netstats[i], complain, remark);
    for (size_t i = 0; i < options->syslog_count; i++)
        read_log(files, options->syslogs[i], complain, remark);
}

bool witness_files_any(const struct witness_files *files)
{
    return files->told.table_count + files->told.log_count > 0;
}

void witness_files_settle(struct witness_files *files, nanotime captured)
{
    struct wall_clock clock = clock_of(files);
    nanotime near = captured;
    for (size_t i = 0; i < files->told.table_count && near == 0; i++)
        if (files->told.tables[i].taken_by != TABLE_TIME_FILE)
            near = files->told.tables[i].taken;
    for (size_t i = 0; i < files->told.log_count; i++) {
        struct log_file *log = &files->told.logs[i];
        log_text_settle(log, near ? near : log->written, near == 0, &clock);
    }
}

void witness_files_done(struct witness_files *files)
{
    for (size_t i = 0; i < files->told.table_count; i++)
        socket_text_done(&files->told.tables[i]);
    for (size_t i = 0; i < files->told.log_count; i++)
        log_text_done(&files->told.logs[i]);
    for (size_t i = 0; i < files->text_count; i++)
        text_file_done(&files->texts[i]);
    free(files->told.tables);
    free(files->told.logs);
    free(files->texts);
    *files = (struct witness_files){0};
}
