/* log_messages.h: what is known of what apsd writes into the log. Private to report/judge/. */
#ifndef PUSHWATCH_REPORT_JUDGE_LOG_MESSAGES_H
#define PUSHWATCH_REPORT_JUDGE_LOG_MESSAGES_H

#include "../testimony.h"

/* log_messages_find returns the entry for a message; NULL if it is none that is known. */
const struct log_message *log_messages_find(struct span message);

/* log_messages_place gives an entry's place in the table, below TOLD_MESSAGES_MAX. */
size_t log_messages_place(const struct log_message *message);

#endif
