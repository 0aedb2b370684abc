/* weak_suites.c: their names say it. What was found of one is kept by its code point. */
#include "weak_suites.h"

#include "../names.h"

#include <stdatomic.h>
#include <stdlib.h>

static const char short_blocks[] = "its blocks of 64 bits leak what is sent once many gigabytes "
                                   "have gone over one connection";

/* By a part of their names. */
static const struct {
    const char *part;
    struct weakness weakness;
} weak[] = {
    {"_anon_", {"it authenticates nobody, so that anybody can stand in between", SEVERITY_WARNING}},
    {"_NULL_", {"it encrypts nothing", SEVERITY_WARNING}},
    {"TLS_SHA", {"it encrypts nothing (RFC 9150)", SEVERITY_WARNING}},
    {"EXPORT", {"its keys are short by intent", SEVERITY_WARNING}},
    {"_DES", {"its keys of 56 bits are too short", SEVERITY_WARNING}},
    {"_RC4_", {"RC4 must not be used any more (RFC 7465)", SEVERITY_NOTICE}},
    {"_3DES_", {short_blocks, SEVERITY_NOTICE}},
    {"_IDEA_", {short_blocks, SEVERITY_NOTICE}},
};

enum { NOT_ASKED, FINE, WEAK }; /* WEAK and above: an index of `weak` */

struct weak_suites {
    _Atomic uint8_t found[UINT16_MAX + 1];
};

struct weak_suites *weak_suites_new(void)
{
    return xcalloc(1, sizeof(struct weak_suites));
}

void weak_suites_free(struct weak_suites *suites)
{
    free(suites);
}

static uint8_t look_at_name(uint16_t code)
{
    struct name_room room;
    const char *suite = names_cipher(&room, code);
    for (size_t i = 0; i < COUNT_OF(weak); i++)
        if (strstr(suite, weak[i].part))
            return (uint8_t)(WEAK + i);
    return FINE;
}

/* Whoever asks at the same time finds the same. */
const struct weakness *weak_suites_find(struct weak_suites *suites, uint16_t code)
{
    uint8_t found = atomic_load_explicit(&suites->found[code], memory_order_relaxed);
    if (found == NOT_ASKED) {
        found = look_at_name(code);
        atomic_store_explicit(&suites->found[code], found, memory_order_relaxed);
    }
    return found >= WEAK ? &weak[found - WEAK].weakness : NULL;
}
