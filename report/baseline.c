/* baseline.c: reads the findings of a former report, line by line. */
#include "baseline.h"

#include "identity.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

struct baseline {
    char **items; /* sorted, none twice, once all are read */
    size_t count, cap;
};

static void add(struct baseline *baseline, struct buf *identity)
{
    if (baseline->count == BASELINE_FINDINGS_MAX)
        return;
    if (baseline->count == baseline->cap) {
        baseline->cap = baseline->cap ? 2 * baseline->cap : 64;
        baseline->items = xrealloc(baseline->items, baseline->cap * sizeof(baseline->items[0]));
    }
    baseline->items[baseline->count++] = xmemdup(buf_text(identity), identity->n);
}

static struct span text_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return span_of(json_string_value(value), json_string_length(value));
}

/* Of a finding that belongs to no single flow; evidence comes in the order of the report. */
static void add_finding(struct baseline *baseline, json_t *line)
{
    struct buf identity = {0};
    struct span id = text_of(line, "id");
    const char *key;
    json_t *value;
    buf_append(&identity, id.p, id.n);
    json_object_foreach(json_object_get(line, "evidence"), key, value)
    {
        if (json_is_string(value) && identity_names_somebody(key))
            identity_part(&identity, span_of(json_string_value(value), json_string_length(value)));
    }
    add(baseline, &identity);
    buf_done(&identity);
}

static void add_flow(struct baseline *baseline, const json_t *line)
{
    const json_t *server = json_object_get(line, "server");
    struct span name = text_of(json_object_get(line, "tls"), "sni");
    struct buf identity = {0};
    size_t i;
    json_t *finding;
    json_array_foreach(json_object_get(line, "findings"), i, finding)
    {
        struct span id = text_of(finding, "id");
        buf_append(&identity, id.p, id.n);
        identity_part(&identity, text_of(json_object_get(line, "client"), "ip"));
        identity_part(&identity, name.n > 0 ? name : text_of(server, "ip"));
        buf_printf(&identity, " %" JSON_INTEGER_FORMAT,
                   json_integer_value(json_object_get(server, "port")));
        add(baseline, &identity);
        identity.n = 0;
    }
    buf_done(&identity);
}

static int by_text(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static void sort(struct baseline *baseline)
{
    size_t kept = 0;
    if (baseline->count == 0)
        return;
    qsort(baseline->items, baseline->count, sizeof(baseline->items[0]), by_text);
    for (size_t i = 1; i < baseline->count; i++) {
        if (strcmp(baseline->items[kept], baseline->items[i]) == 0)
            free(baseline->items[i]);
        else
            baseline->items[++kept] = baseline->items[i];
    }
    baseline->count = kept + 1;
}

/* Returns false with what is wrong with a line. */
static bool read_line(struct baseline *baseline, const char **wrong, struct span text, bool first)
{
    json_error_t error;
    json_t *line = json_loadb((const char *)text.p, text.n, 0, &error);
    const char *type = json_string_value(json_object_get(line, "type"));
    *wrong = !line                                ? "not JSON"
             : !type                              ? "not a line of a report"
             : first && strcmp(type, "meta") != 0 ? "does not begin with a report's `meta`"
                                                  : NULL;
    if (!*wrong && strcmp(type, "flow") == 0)
        add_flow(baseline, line);
    else if (!*wrong && strcmp(type, "finding") == 0)
        add_finding(baseline, line);
    json_decref(line);
    return !*wrong;
}

struct baseline *baseline_read(FILE *in, char *error, size_t size)
{
    struct baseline *baseline = xcalloc(1, sizeof(*baseline));
    const char *wrong = NULL;
    char *line = NULL;
    size_t room = 0, number = 0;
    ssize_t n;
    while (!wrong && (n = getline(&line, &room, in)) > 0) {
        number++;
        if (n > BASELINE_LINE_MAX)
            wrong = "longer than a report's lines are";
        else
            (void)!read_line(baseline, &wrong, span_of(line, (size_t)n), number == 1);
    }
    free(line);
    if (!wrong && number > 0 && !ferror(in)) {
        sort(baseline);
        return baseline;
    }
    if (wrong)
        snprintf(error, size, "line %zu: %s", number, wrong);
    else
        snprintf(error, size, "%s", ferror(in) ? strerror(errno) : "empty");
    baseline_free(baseline);
    return NULL;
}

bool baseline_knows(const struct baseline *baseline, struct span identity)
{
    struct buf text = {0};
    buf_append(&text, identity.p, identity.n);
    const char *key = buf_text(&text);
    bool known = baseline->count > 0 && bsearch(&key, baseline->items, baseline->count,
                                                sizeof(baseline->items[0]), by_text);
    buf_done(&text);
    return known;
}

size_t baseline_count(const struct baseline *baseline)
{
    return baseline->count;
}

void baseline_free(struct baseline *baseline)
{
    for (size_t i = 0; baseline && i < baseline->count; i++)
        free(baseline->items[i]);
    if (baseline)
        free(baseline->items);
    free(baseline);
}
