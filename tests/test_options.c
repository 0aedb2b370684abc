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
    assert_in_range(o.jobs, 1, JOBS_MAX);
    assert_int_equal(o.max_flows, 0);
    assert_int_equal(o.max_memory, 0);
    assert_false(o.order_end);
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

static void limits(void **state)
{
    (void)state;
    struct options o = good("a.pcap -j 64 --order end --max-flows 1 --max-memory 2G");
    assert_int_equal(o.jobs, 64);
    assert_true(o.order_end);
    assert_int_equal(o.max_flows, 1);
    assert_int_equal(o.max_memory, UINT64_C(2) << 30);
    assert_int_equal(o.checksums, CHECKSUMS_AUTO);
    assert_int_equal(good("a.pcap --checksum strict").checksums, CHECKSUMS_STRICT);
    assert_int_equal(good("a.pcap --checksum ignore").checksums, CHECKSUMS_IGNORE);
    o = good("a.pcap --jobs 1 --order end --order first --max-memory 16777216K");
    assert_int_equal(o.jobs, 1);
    assert_false(o.order_end);
    assert_int_equal(o.max_memory, UINT64_C(16) << 30);
    assert_int_equal(good("a --max-memory 64M -j 64").jobs, 2);
    assert_int_equal(good("a -j 3 --max-memory 96M").jobs, 3);
    assert_int_equal(good("a --max-memory 3G").max_memory, UINT64_C(3) << 30);
    assert_int_equal(good("a --max-memory 67108865").max_memory, (64 << 20) + 1);
    assert_int_equal(good("a --max-memory 8589934591G").max_memory, UINT64_C(8589934591) << 30);
}

static void limits_wrong(void **state)
{
    (void)state;
    bad("-j 0 a", "--jobs: '0' is not a number of threads from 1 to 64");
    bad("-j 65 a", "'65' is not");
    bad("--jobs 2x a", "--jobs");
    bad("-j", "option -j needs a value");
    bad("--checksum loose a", "--checksum: 'loose' is none of auto, strict, ignore");
    bad("--order last a", "'last' is not an order (first, end)");
    bad("--max-flows 0 a", "--max-flows: '0' is not a number of connections");
    bad("--max-flows many a", "--max-flows");
    bad("--max-memory 63M a", "'63M' is too little");
    bad("--max-memory 67108863 a", "too little");
    bad("--max-memory 0 a", "too little");
    bad("--max-memory M a", "'M' is not a size");
    bad("--max-memory 256MB a", "'256MB' is not a size");
    bad("--max-memory 256T a", "is not a size");
    bad("--max-memory 1.5G a", "is not a size");
    bad("--max-memory -1G a", "is not a size");
    bad("--max-memory 8589934592G a", "is not a size");
    bad("--max-memory 1000000000000000000000000000 a", "is not a size");
}

static void help_is_narrow(void **state)
{
    (void)state;
    for (const char *line = options_help; *line; line += strcspn(line, "\n") + 1)
        assert_in_range(strcspn(line, "\n"), 0, 80);
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

static void certificates(void **state)
{
    (void)state;
    struct options o = good("a");
    assert_int_equal(o.trust_count, 1);
    assert_string_equal(o.trust[0], "system");
    assert_int_equal(o.at, 0);
    assert_false(o.at_now || o.pem);
    o = good("a --trust system --trust b.pem --at 2014-05-25 --pem");
    assert_int_equal(o.trust_count, 2);
    assert_string_equal(o.trust[1], "b.pem");
    assert_int_equal(o.at, INT64_C(1400976000) * NS_PER_SECOND);
    assert_true(o.pem);
    assert_true(good("a --at now").at_now);
    o = good("a --at now --at capture"); /* the last counts */
    assert_true(!o.at_now && o.at == 0);
    assert_string_equal(good("a --policy p.ini").policy, "p.ini");
    assert_null(good("a").policy);
    assert_int_equal(good("--print-policy").command, COMMAND_PRINT_POLICY);
    bad("a --at yesterday", "'yesterday' is not a time");
    bad("a --at 2014-02-30", "is not a time");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),       cmocka_unit_test(everything),
        cmocka_unit_test(limits),         cmocka_unit_test(limits_wrong),
        cmocka_unit_test(help_is_narrow), cmocka_unit_test(mistakes),
        cmocka_unit_test(certificates),   cmocka_unit_test(too_many),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
