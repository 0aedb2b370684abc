/* log_json.c: see log_json.h. Each line is an object with some twenty members, of which four tell
 * what syslog's would; the last one says only that the log is complete. */
#include "log_json.h"

#include "limits.h"

#include <jansson.h>

static struct span text_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return span_of(json_string_value(value), json_string_length(value));
}

/* The program's name is the last part of its path. */
static bool is_process(struct span path, const char *process)
{
    size_t begin = path.n;
    while (begin > 0 && path.p[begin - 1] != '/')
        begin--;
    return span_equal(span_of(path.p + begin, path.n - begin), span_of(process, strlen(process)));
}

static enum log_json read_event(struct log_line *out, const json_t *object, const char *process)
{
    struct span path = text_of(object, "processImagePath"), stamp = text_of(object, "timestamp");
    struct span message = text_of(object, "eventMessage");
    json_int_t pid = json_integer_value(json_object_get(object, "processID"));
    if (stamp.n == 0)
        return json_object_get(object, "finished") ? LOG_JSON_OTHER : LOG_JSON_BAD;
    if (path.n == 0 || !is_process(path, process))
        return LOG_JSON_OTHER;
    struct cursor in = cursor_of(stamp);
    if (!text_time_stamp(&in, &out->printed) || !cursor_done(&in))
        return LOG_JSON_BAD;
    size_t n = message.n < LIMIT_LOG_MESSAGE ? message.n : LIMIT_LOG_MESSAGE;
    out->owned = xmemdup(n ? message.p : (const void *)"", n);
    out->message = span_of(out->owned, n);
    out->pid = pid > 0 && pid <= INT32_MAX ? (uint32_t)pid : 0;
    return LOG_JSON_LINE;
}

enum log_json log_json_read(struct log_line *out, struct span line, const char *process)
{
    json_error_t error;
    json_t *object = json_loadb((const char *)line.p, line.n, 0, &error);
    enum log_json answer = json_is_object(object) ? read_event(out, object, process) : LOG_JSON_BAD;
    json_decref(object);
    return answer;
}
