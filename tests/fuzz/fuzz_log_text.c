/* fuzz_log_text.c: any text as a log: messages lie inside of it or were copied, and each line gets
 * a time in its year. */
#include "../../dissect/limits.h"
#include "../../dissect/log_text.h"

#include <stdlib.h>

static void need(bool good)
{
    if (!good)
        abort();
}

static int64_t one_hour_east(void *context, int64_t wall)
{
    (void)context;
    return wall - 3600;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct wall_clock clock = {one_hour_east, NULL};
    const nanotime near = INT64_C(1401100000) * NS_PER_SECOND, day = 86400 * NS_PER_SECOND;
    struct log_file log = {.name = "fuzz"};
    log_text_read(&log, span_of(data, size), "apsd");
    need(log.count + log.bad + log.other <= size);
    for (unsigned not_after = 0; not_after < 2; not_after++) {
        log_text_settle(&log, near, not_after, &clock);
        for (size_t i = 0; i < log.count; i++) {
            const struct log_line *line = &log.lines[i];
            need(line->message.n <= LIMIT_LOG_MESSAGE);
            need(line->owned || line->message.n == 0 ||
                 (line->message.p >= data && line->message.p + line->message.n <= data + size));
            if (line->printed.year == 0 && not_after)
                need(line->time <= near + day);
        }
    }
    log_text_done(&log);
    return 0;
}
