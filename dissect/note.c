/* note.c: the names of notes. */
#include "note.h"

const char *note_name(enum note note)
{
    static const char *const names[NOTES] = {
        [NOTE_NONE] = "used",
        [NOTE_NOT_WATCHED] = "not-watched",
        [NOTE_FILTERED] = "filtered",
        [NOTE_NOT_IP] = "not-ip",
        [NOTE_NOT_TCP] = "not-tcp",
        [NOTE_FRAGMENT] = "fragment",
        [NOTE_CUT] = "cut-by-snaplen",
        [NOTE_MALFORMED] = "malformed",
        [NOTE_UNSUPPORTED_LINK] = "unsupported-link-type",
        [NOTE_ENCRYPTED] = "encrypted-link",
        [NOTE_TOO_DEEP] = "nested-too-deep",
        [NOTE_DUPLICATE] = "duplicate",
        [NOTE_CHECKSUM] = "bad-checksum",
    };
    return names[note];
}
