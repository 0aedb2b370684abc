/* testimony.c: see testimony.h. */
#include "testimony.h"

const char *testimony_jitter(struct time_room *room, nanotime jitter)
{
    return jitter < NS_PER_SECOND ? "less than a second" : timetext_span(room, jitter);
}

const char *testimony_verdict(enum socket_verdict verdict)
{
    static const char *const names[SOCKET_VERDICTS] = {
        [SOCKET_NO_CAPTURE] = "no-capture",   [SOCKET_UNSEEN] = "unseen",
        [SOCKET_AGREES] = "agrees",           [SOCKET_CHANGED] = "changed-since",
        [SOCKET_FIN_HELD] = "fin-held",       [SOCKET_OVER] = "over-on-wire",
        [SOCKET_STATE_OTHER] = "other-state", [SOCKET_QUEUE_OTHER] = "other-queue",
    };
    return names[verdict];
}
