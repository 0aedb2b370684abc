/* confine.c: gives up root. POSIX but for the supplementary groups, which POSIX forgot and every
 * system has; what only Linux offers stands in one function. */
#include "confine.h"

#include "source_ops.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

/* Who to become. */
struct identity {
    uid_t user;
    gid_t group;
    char *name; /* for the supplementary groups; NULL if the number has no name */
};

static void identity_of(struct identity *identity, const struct passwd *entry)
{
    *identity = (struct identity){entry->pw_uid, entry->pw_gid, xstrdup(entry->pw_name)};
}

static bool find_by_name(struct source_error *error, struct identity *identity, const char *name)
{
    errno = 0;
    const struct passwd *entry = getpwnam(name);
    if (!entry) {
        source_error_set(error, "user %s: %s", name, errno ? strerror(errno) : "no such user");
        return false;
    }
    identity_of(identity, entry);
    return true;
}

/* Reads a user or group number from the environment; 0, which is root's, counts as none. */
static bool number_from(const char *variable, unsigned long *number)
{
    const char *text = getenv(variable);
    if (!text || *text < '0' || *text > '9')
        return false;
    char *end;
    errno = 0;
    *number = strtoul(text, &end, 10);
    return *end == '\0' && errno == 0 && *number != 0 && *number < UINT_MAX;
}

static bool find_caller_of_sudo(struct identity *identity)
{
    unsigned long user, group;
    if (!number_from("SUDO_UID", &user) || !number_from("SUDO_GID", &group))
        return false;
    *identity = (struct identity){.user = (uid_t)user, .group = (gid_t)group};
    const struct passwd *entry = getpwuid(identity->user);
    if (entry)
        identity->name = xstrdup(entry->pw_name);
    return true;
}

/* The user who ran a program that is root only by its set-user-ID bit. His environment, and what he
 * names, are not to be trusted: he may become himself alone. */
static bool find_real_user(struct source_error *error, struct identity *identity, const char *name)
{
    if (name && (!find_by_name(error, identity, name) || identity->user != getuid())) {
        source_error_set(error, "user %s: only root can become another user", name);
        return false;
    }
    if (!name)
        *identity = (struct identity){.user = getuid(), .group = getgid()};
    return true;
}

static bool find_identity(struct source_error *error, struct identity *identity, const char *name)
{
    *identity = (struct identity){0};
    if (getuid() != 0)
        return find_real_user(error, identity, name);
    if (name)
        return find_by_name(error, identity, name);
    return find_caller_of_sudo(identity) || find_by_name(error, identity, "nobody");
}

static bool failed(struct source_error *error, const char *what)
{
    source_error_set(error, "root can't be given up: %s: %s", what, strerror(errno));
    return false;
}

/* Groups before user: once the user is not root, groups can't be changed. */
static bool become(struct source_error *error, const struct identity *identity)
{
    if (identity->name ? initgroups(identity->name, identity->group)
                       : setgroups(1, &identity->group))
        return failed(error, "supplementary groups");
    if (setgid(identity->group) != 0)
        return failed(error, "group");
    if (setuid(identity->user) != 0)
        return failed(error, "user");
    return true;
}

/* Proves that there is no way back. */
static bool verify(struct source_error *error, const struct identity *identity)
{
    const char *wrong = NULL;
    if (getuid() != identity->user || geteuid() != identity->user)
        wrong = "the user is still another one";
    else if (getgid() != identity->group || getegid() != identity->group)
        wrong = "the group is still another one";
    else if (setuid(0) == 0 || seteuid(0) == 0)
        wrong = "it can be had back";
    if (wrong)
        source_error_set(error, "root can't be given up: %s", wrong);
    return !wrong;
}

/* Takes what Linux has beyond users: capabilities, such as those that `setcap` gave the program,
 * and gains by running another program. */
static bool give_up_extras(struct source_error *error)
{
#ifdef __linux__
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct nothing[_LINUX_CAPABILITY_U32S_3] = {{0}};
    if (syscall(SYS_capset, &header, nothing) != 0)
        return failed(error, "capabilities");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return failed(error, "no_new_privs");
#endif
    (void)error;
    return true;
}

/* Shuts this process's memory, which holds what root could read, off from other processes of the
 * user that it has become. */
static bool hide_memory(struct source_error *error)
{
#ifdef __linux__
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return failed(error, "dumpable");
#endif
    (void)error;
    return true;
}

/* A process that is not root can become nobody else; being asked to be who it is, it is fine. */
static bool stay(struct source_error *error, const char *name)
{
    struct identity identity;
    if (!name)
        return true;
    if (!find_by_name(error, &identity, name))
        return false;
    free(identity.name);
    if (identity.user == geteuid())
        return true;
    source_error_set(error, "user %s: only root can become another user", name);
    return false;
}

bool confine_drop_user(struct source_error *error, const char *name)
{
    if (geteuid() != 0 && getuid() != 0)
        return stay(error, name) && give_up_extras(error);
    struct identity identity;
    bool dropped = find_identity(error, &identity, name);
    if (dropped && identity.user == 0) {
        source_error_set(error, "user %s: is root: choose one that is not", name);
        dropped = false;
    }
    dropped = dropped && become(error, &identity) && give_up_extras(error) && hide_memory(error) &&
              verify(error, &identity);
    free(identity.name);
    return dropped;
}
