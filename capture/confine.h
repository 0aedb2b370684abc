/* confine.h: gives up privileges once everything is open, before the first packet is read. */
#ifndef PUSHWATCH_CAPTURE_CONFINE_H
#define PUSHWATCH_CAPTURE_CONFINE_H

#include "source.h"

/* confine_drop_user gives up root for good: supplementary groups, group, user, in that order, and
 * then proves that root can't be had back. `name` is the user to become; NULL chooses the user who
 * called sudo (SUDO_UID), else "nobody". Does nothing for a process that is not root, unless a
 * name was given that is another user's: that fails. Returns false with the reason in *error: the
 * caller must end, not go on. */
MUST_CHECK bool confine_drop_user(struct source_error *error, const char *name);

#endif
