/* test_options.c: command lines, right and wrong. */
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../options.h"

enum { WORDS_MAX = 16 };

/* Parses words separated by blanks. */
static bool parse(struct options *options, char *error, size_t size, const char *line)
{
    static char words[256]; /* options point into it */
    char *argv[WORDS_MAX + 1];
    int argc = 0;
    snprintf(words, sizeof words, "pushwatch %s", line);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
        assert_true(argc < WORDS_MAX);
        argv[argc++] = word;
    }
    argv[argc] = NULL;
    static char *kept[WORDS_MAX + 1];
    memcpy(kept, argv, sizeof argv);
    optind = 0; /* getopt begins anew */
    return options_parse(options, error, size, argc, kept);
}

static struct options good(const char *line)
{
    struct options options;
    char error[256] = "";
    if (!parse(&options, error, sizeof error, line))
        fail_msg("%s: %s", line, error);
    return options;
}

static void bad(const char *line, const char *says)
{
    struct options options;
    char error[256] = "";
    if (parse(&options, error, sizeof error, line))
        fail_msg("'%s' was taken", line);
    if (!strstr(error, says))
        fail_msg("'%s': '%s' does not say '%s'", line, error, says);
}

static void defaults(void **state)
{
    (void)state;
    struct options o = good("a.pcap b.pcap");
    assert_int_equal(o.command, COMMAND_ANALYSE);
    assert_int_equal(o.file_count, 2);
    assert_string_equal(o.files[1], "b.pcap");
    assert_int_equal(o.port_count, 1);
    assert_int_equal(o.ports[0], 5223);
    assert_int_equal(o.output_count, 1);
    assert_int_equal(o.outputs[0].format, REPORT_TEXT);
    assert_null(o.outputs[0].path);
}

static void everything(void **state)
{
    (void)state;
    struct options o = good("a.pcap -p 443,5223 -o json:x.json -o text -v -q --count 7 "
                            "--duration 1.5");
    assert_int_equal(o.port_count, 2);
    assert_int_equal(o.ports[0], 443);
    assert_int_equal(o.output_count, 2);
    assert_int_equal(o.outputs[0].format, REPORT_JSON);
    assert_string_equal(o.outputs[0].path, "x.json");
    assert_true(o.verbose && o.quiet);
    assert_int_equal(o.count, 7);
    assert_true(o.duration == NS_PER_SECOND * 3 / 2);
    o = good("-i eth0 --interval 60 -Z nobody --no-ndpi --snaplen 128 -p any -f tcp");
    assert_string_equal(o.interface, "eth0");
    assert_true(o.interval == 60 * NS_PER_SECOND);
    assert_string_equal(o.user, "nobody");
    assert_true(o.no_ndpi);
    assert_int_equal(o.snaplen, 128);
    assert_int_equal(o.port_count, 0);
    assert_string_equal(o.filter, "tcp");
    assert_int_equal(good("--list-interfaces").command, COMMAND_LIST_INTERFACES);
    assert_int_equal(good("--version").command, COMMAND_VERSION);
    assert_int_equal(good("-h").command, COMMAND_HELP);
    assert_null(good("-o json:- a.pcap").outputs[0].path);
}

static void mistakes(void **state)
{
    (void)state;
    bad("", "no capture file");
    bad("-i lo a.pcap", "not both");
    bad("-p 0 a.pcap", "'0' is not a port");
    bad("-p 65536 a.pcap", "'65536' is not a port");
    bad("-p 5223,,443 a.pcap", "'' is not a port");
    bad("-p +5223 a.pcap", "is not a port");
    bad("-p 5223x a.pcap", "is not a port");
    bad("-p 123456789 a.pcap", "'123456789' is not a port");
    bad("-o xml a.pcap", "'xml' is not a format");
    bad("-o jsonx:a a.pcap", "'jsonx' is not a format");
    bad("-o json -o text a.pcap", "standard output");
    bad("- -", "standard input");
    bad("--count -1 a.pcap", "--count");
    bad("--duration nan a.pcap", "--duration");
    bad("--duration 0 a.pcap", "--duration");
    bad("-i lo --interval 1x", "--interval");
    bad("--interval 5 a.pcap", "--interval is for live");
    bad("--snaplen 10 -i lo", "--snaplen");
    bad("--nonsense a.pcap", "no such option: --nonsense");
    bad("-y a.pcap", "no such option: -y");
    bad("-p", "option -p needs a value");
    bad("--output", "option --output needs a value");
}

static void too_many(void **state)
{
    (void)state;
    bad("-o json:1 -o json:2 -o json:3 -o json:4 -o json:5 -o json:6", "no capture file");
    char line[400] = "-p 1";
    for (unsigned i = 0; i < PORTS_MAX; i++)
        strncat(line, ",2", sizeof line - strlen(line) - 1);
    bad(strncat(line, " a", sizeof line - strlen(line) - 1), "more than");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(everything),
        cmocka_unit_test(mistakes),
        cmocka_unit_test(too_many),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
