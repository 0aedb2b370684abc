/* gate.c: see gate.h. */
#include "gate.h"

static bool is_word(struct span word, const char *name)
{
    return span_equal(word, span_of(name, strlen(name)));
}

static bool parse_word(struct gate *gate, struct span word)
{
    bool known = false;
    for (unsigned severity = 0; severity < SEVERITIES; severity++) {
        known = known || is_word(word, severity_name((enum severity)severity));
        if (known)
            gate->severities[severity] = true;
    }
    enum finding_id id;
    if (!known && finding_by_name(&id, word))
        known = gate->ids[id] = true;
    return known;
}

bool gate_parse(struct gate *gate, struct span *wrong, const char *list)
{
    for (;; list++) {
        struct span word = span_of(list, strcspn(list, ","));
        if (!parse_word(gate, word)) {
            *wrong = word;
            return false;
        }
        gate->set = true;
        list += word.n;
        if (!*list)
            return true;
    }
}

bool gate_stops(const struct gate *gate, const struct finding *finding)
{
    return !finding->known && (gate->severities[finding->severity] || gate->ids[finding->id]);
}
