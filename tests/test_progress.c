/* test_progress.c: the line on a terminal, and where there is none. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../progress.h"

#define WIPE "\r\033[K"

/* Both ends of a pseudo-terminal. */
struct terminal {
    int master;
    FILE *out;
    struct progress progress;
};

static void open_terminal(struct terminal *terminal)
{
    terminal->master = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(terminal->master >= 0);
    assert_return_code(grantpt(terminal->master), 0);
    assert_return_code(unlockpt(terminal->master), 0);
    terminal->out = fopen(ptsname(terminal->master), "w");
    assert_non_null(terminal->out);
    fcntl(terminal->master, F_SETFL, O_NONBLOCK);
    progress_begin(&terminal->progress, terminal->out);
}

static void close_terminal(struct terminal *terminal)
{
    fclose(terminal->out);
    close(terminal->master);
}

/* What has been written since the last call. */
static const char *written(struct terminal *terminal)
{
    static char text[4096];
    ssize_t n = read(terminal->master, text, sizeof text - 1);
    text[n > 0 ? n : 0] = 0;
    return text;
}

static void wait_ms(long ms)
{
    const struct timespec wait = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&wait, NULL);
}

static void shown(void **state)
{
    (void)state;
    struct terminal terminal;
    open_terminal(&terminal);
    progress_update(&terminal.progress, 1, 100, 1, 1);
    assert_string_equal(written(&terminal), "");
    wait_ms(1010);
    progress_update(&terminal.progress, 25000000, 100000000, 50000, 321);
    const char *line = written(&terminal);
    assert_ptr_equal(strstr(line, WIPE " 25 %, 50000 packets, 321 flows, 4"), line);
    assert_non_null(strstr(line, " packets/s, 25 MB/s, 3 s left"));
    progress_update(&terminal.progress, 26000000, 100000000, 50001, 321); /* too soon */
    assert_string_equal(written(&terminal), "");
    progress_end(&terminal.progress);
    assert_string_equal(written(&terminal), WIPE);
    close_terminal(&terminal);
}

/* The largest numbers, and a total that is unknown or has been outgrown. */
static void narrow(void **state)
{
    (void)state;
    struct terminal terminal;
    open_terminal(&terminal);
    wait_ms(1010);
    progress_update(&terminal.progress, UINT64_MAX / 2, UINT64_MAX, UINT64_MAX, UINT64_MAX);
    const char *line = written(&terminal);
    assert_in_range(strlen(line), 60, strlen(WIPE) + 79);
    wait_ms(260);
    progress_update(&terminal.progress, UINT64_MAX, 0, UINT64_MAX, 0);
    line = written(&terminal);
    assert_null(strstr(line, " %,"));
    assert_null(strstr(line, "left"));
    close_terminal(&terminal);
}

static void no_terminal(void **state)
{
    (void)state;
    struct progress progress;
    FILE *file = tmpfile();
    assert_non_null(file);
    progress_begin(&progress, file);
    wait_ms(1010);
    progress_update(&progress, 1, 2, 3, 4);
    progress_end(&progress);
    assert_int_equal(ftell(file), 0);
    fclose(file);
    progress_begin(&progress, NULL);
    progress_update(&progress, 1, 2, 3, 4);
    progress_end(&progress);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shown),
        cmocka_unit_test(narrow),
        cmocka_unit_test(no_terminal),
    };
    return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
