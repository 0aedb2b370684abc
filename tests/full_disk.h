/* full_disk.h: a disk that is full, for tests: no file grows beyond a size. */
#ifndef PUSHWATCH_TESTS_FULL_DISK_H
#define PUSHWATCH_TESTS_FULL_DISK_H

#include <signal.h>
#include <sys/resource.h>

/* limit_files has what this process writes beyond so many bytes of a file fail; RLIM_INFINITY ends
 * that. */
static inline void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

#endif
