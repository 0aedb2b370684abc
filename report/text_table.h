/* text_table.h: the table of connections, a line for each. */
#ifndef PUSHWATCH_REPORT_TEXT_TABLE_H
#define PUSHWATCH_REPORT_TEXT_TABLE_H

#include "terminal_text.h"

#include "../dissect/flow_record.h"

/* What neighbouring lines share is printed once above them: addresses, server name, version, and
 * the day. Zero-initialise it; free with text_table_done. */
struct text_table {
    struct buf shared; /* as last printed */
    nanotime day;
    bool begun;
};

/* text_table_row appends a connection's line, with what has to stand above it. */
void text_table_row(struct buf *out, struct text_table *table, const struct text_style *style,
                    const struct flow_record *record);

void text_table_done(struct text_table *table);

/* text_flow_ends appends `CLIENT -> SERVER`, with ports if asked for. */
void text_flow_ends(struct buf *out, const struct flow_record *record, bool client_port);

/* text_flow_ended says in a few words how a connection ended, or how it stands. */
const char *text_flow_ended(const struct flow_record *record);

#endif
