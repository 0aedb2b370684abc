/* test_confine.c: gives up root in a child process and looks at what is left. Without root, only
 * the refusals can be tested. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../capture/confine.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs a check in a child, which may lose its rights, and expects it to be true. _exit, because a
 * leak checker could not attach to a process that has been confined. */
static void in_a_child(bool (*check)(void))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(check() ? 0 : 1);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static bool powerless(uid_t user, gid_t group)
{
    gid_t groups[64];
    int count = getgroups(64, groups);
    for (int i = 0; i < count; i++)
        if (groups[i] == 0 && group != 0)
            return false;
    return getuid() == user && geteuid() == user && getgid() == group && getegid() == group &&
           setuid(0) != 0 && seteuid(0) != 0 && setgid(0) != 0 && chown("/", 0, 0) != 0 &&
           errno == EPERM;
}

static bool becomes_nobody(void)
{
    struct source_error error;
    const struct passwd *nobody = getpwnam("nobody");
    unsetenv("SUDO_UID");
    unsetenv("SUDO_GID");
    return confine_drop_user(&error, NULL) && powerless(nobody->pw_uid, nobody->pw_gid);
}

static bool becomes_a_name(void)
{
    struct source_error error;
    const struct passwd *daemon = getpwnam("daemon");
    setenv("SUDO_UID", "12345", 1); /* a name goes before the caller of sudo */
    setenv("SUDO_GID", "12346", 1);
    return confine_drop_user(&error, "daemon") && powerless(daemon->pw_uid, daemon->pw_gid);
}

static bool becomes_the_caller_of_sudo(void)
{
    struct source_error error;
    setenv("SUDO_UID", "12345", 1);
    setenv("SUDO_GID", "12346", 1);
    gid_t group;
    return confine_drop_user(&error, NULL) && powerless(12345, 12346) &&
           getgroups(1, &group) == 1 && group == 12346;
}

static bool ignores_nonsense_from_sudo(void)
{
    static const char *const nonsense[] = {"",           "0",   "-1",
                                           "4294967295", "12x", "99999999999999999999"};
    struct source_error error;
    const struct passwd *nobody = getpwnam("nobody");
    for (size_t i = 0; i < COUNT_OF(nonsense); i++) {
        pid_t child = fork();
        if (child == 0) {
            setenv("SUDO_UID", nonsense[i], 1);
            setenv("SUDO_GID", "12346", 1);
            _exit(confine_drop_user(&error, NULL) && powerless(nobody->pw_uid, nobody->pw_gid) ? 0
                                                                                               : 1);
        }
        int status;
        if (waitpid(child, &status, 0) != child || status != 0)
            return false;
    }
    return true;
}

static bool user_can_not_become_another(void)
{
    struct source_error error;
    if (getuid() == 0 && !confine_drop_user(&error, "daemon"))
        return false;
    const struct passwd *self = getpwuid(getuid());
    const bool is_daemon = self && strcmp(self->pw_name, "daemon") == 0;
    const char *const other = is_daemon ? "nobody" : "daemon";
    char expected[100];
    snprintf(expected, sizeof expected, "user %s: only root can become another user", other);
    if (confine_drop_user(&error, other) || strcmp(error.text, expected) != 0)
        return false;
    self = getpwuid(getuid());
    return (!self || confine_drop_user(&error, self->pw_name)) && confine_drop_user(&error, NULL);
}

static void root_is_given_up(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        print_message("only root has something to give up\n");
        skip();
    }
    in_a_child(becomes_nobody);
    in_a_child(becomes_a_name);
    in_a_child(becomes_the_caller_of_sudo);
    in_a_child(ignores_nonsense_from_sudo);
}

static void refusals(void **state)
{
    (void)state;
    struct source_error error;
    assert_false(confine_drop_user(&error, "no-such-user"));
    assert_string_equal(error.text, "user no-such-user: no such user");
    assert_false(confine_drop_user(&error, "root"));
    assert_non_null(strstr(error.text, "user root: "));
    in_a_child(user_can_not_become_another);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(root_is_given_up),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests_name("confine", tests, NULL, NULL);
}
