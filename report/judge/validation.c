/* validation.c: names of what validation finds. */
#include "validation.h"

const char *validation_status_name(enum validation_status status)
{
    static const char *const names[] = {
        [VALIDATION_NONE] = "none",
        [VALIDATION_VALID] = "valid",
        [VALIDATION_INVALID] = "invalid",
        [VALIDATION_UNVERIFIABLE] = "unverifiable",
    };
    return names[status];
}

const char *fault_name(enum fault fault)
{
    static const char *const names[FAULTS + 1] = {
        [FAULT_MALFORMED] = "malformed",
        [FAULT_BAD_SIGNATURE] = "bad-signature",
        [FAULT_REVOKED] = "revoked",
        [FAULT_NOT_A_CA] = "not-a-ca",
        [FAULT_PATH_LENGTH] = "path-too-long",
        [FAULT_PURPOSE] = "wrong-purpose",
        [FAULT_NAME_CONSTRAINTS] = "outside-name-constraints",
        [FAULT_OTHER] = "other",
        [FAULT_EXPIRED] = "expired",
        [FAULT_NOT_YET_VALID] = "not-yet-valid",
        [FAULT_NAME_MISMATCH] = "name-mismatch",
        [FAULT_TOO_LARGE] = "too-large",
        [FAULT_UNSUPPORTED] = "unsupported-algorithm",
        [FAULT_CUT] = "cut",
        [FAULT_SELF_SIGNED] = "self-signed",
        [FAULT_MISSING_INTERMEDIATE] = "missing-intermediate",
        [FAULT_UNKNOWN_ANCHOR] = "unknown-anchor",
        [FAULT_UNKNOWN_TIME] = "unknown-time",
        [FAULT_NONE] = "none",
    };
    return names[fault];
}

const char *staple_check_name(enum staple_check check)
{
    static const char *const names[] = {
        [STAPLE_NOT_CHECKED] = "not-checked",
        [STAPLE_NO_ISSUER] = "issuer-missing",
        [STAPLE_BAD_SIGNATURE] = "bad-signature",
        [STAPLE_OUTDATED] = "outdated",
        [STAPLE_CHECKED] = "checked",
    };
    return names[check];
}
