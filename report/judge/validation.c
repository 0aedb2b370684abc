/* validation.c: words for what validation finds. */
#include "validation.h"

const struct word *validation_status_word(enum validation_status status)
{
    static const struct word words[] = {
        [VALIDATION_NONE] = WORD("none"),
        [VALIDATION_VALID] = WORD("valid"),
        [VALIDATION_INVALID] = WORD("invalid"),
        [VALIDATION_UNVERIFIABLE] = WORD("unverifiable"),
    };
    return &words[status];
}

const struct word *fault_word(enum fault fault)
{
    static const struct word words[FAULTS + 1] = {
        [FAULT_MALFORMED] = WORD("malformed"),
        [FAULT_BAD_SIGNATURE] = WORD("bad-signature"),
        [FAULT_REVOKED] = WORD("revoked"),
        [FAULT_NOT_A_CA] = WORD("not-a-ca"),
        [FAULT_PATH_LENGTH] = WORD("path-too-long"),
        [FAULT_PURPOSE] = WORD("wrong-purpose"),
        [FAULT_NAME_CONSTRAINTS] = WORD("outside-name-constraints"),
        [FAULT_OTHER] = WORD("other"),
        [FAULT_EXPIRED] = WORD("expired"),
        [FAULT_NOT_YET_VALID] = WORD("not-yet-valid"),
        [FAULT_NAME_MISMATCH] = WORD("name-mismatch"),
        [FAULT_TOO_LARGE] = WORD("too-large"),
        [FAULT_UNSUPPORTED] = WORD("unsupported-algorithm"),
        [FAULT_CUT] = WORD("cut"),
        [FAULT_SELF_SIGNED] = WORD("self-signed"),
        [FAULT_MISSING_INTERMEDIATE] = WORD("missing-intermediate"),
        [FAULT_UNKNOWN_ANCHOR] = WORD("unknown-anchor"),
        [FAULT_UNKNOWN_TIME] = WORD("unknown-time"),
        [FAULT_NONE] = WORD("none"),
    };
    return &words[fault];
}

const struct word *staple_check_word(enum staple_check check)
{
    static const struct word words[] = {
        [STAPLE_NOT_CHECKED] = WORD("not-checked"),
        [STAPLE_NO_ISSUER] = WORD("issuer-missing"),
        [STAPLE_BAD_SIGNATURE] = WORD("bad-signature"),
        [STAPLE_OUTDATED] = WORD("outdated"),
        [STAPLE_CHECKED] = WORD("checked"),
    };
    return &words[check];
}
