/* test_appid_kinds.c: a kind is found again, at the times that what is known of it is for, and none
 * that differs from it in anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../dissect/appid_kinds.h"

static const uint8_t payload[] = {22, 3, 1, 0, 1, 1};

static const struct appid_kind kind = {.payload = {payload, sizeof payload},
                                       .ends = {3, 4},
                                       .length = 500,
                                       .headers = 40,
                                       .port = 5223,
                                       .flags = 0x18,
                                       .ipv6 = false,
                                       .upwards = true};

enum { NOW = 1000 };
static const struct appid_stretch always = {0, UINT32_MAX};

static const struct app_label *find(struct appid_kinds *kinds, const struct appid_kind *of)
{
    struct intern_key key = appid_kinds_key(kinds, of);
    const struct appid_step *step = appid_kinds_find(kinds, &key, NOW);
    return step ? step->label : NULL;
}

static void add(struct appid_kinds *kinds, const struct appid_kind *of,
                const struct app_label *label)
{
    struct intern_key key = appid_kinds_key(kinds, of);
    const struct appid_step made = {.label = label, .times = always};
    assert_true(appid_kinds_add(kinds, &key, &made) > 0);
}

static void found_again(void **state)
{
    (void)state;
    struct app_label label;
    struct appid_kinds kinds;
    appid_kinds_init(&kinds);
    assert_null(find(&kinds, &kind));
    add(&kinds, &kind, &label);
    uint8_t bytes[sizeof payload];
    struct appid_kind copy = kind;
    memcpy(bytes, payload, sizeof bytes);
    copy.payload.p = bytes;
    for (unsigned i = 0; i < 3; i++)
        assert_ptr_equal(find(&kinds, &copy), &label);
    appid_kinds_done(&kinds);
}

enum { OTHERS = 14 };

/* Kinds that differ from the first one in one thing each. */
static void make_others(struct appid_kind others[OTHERS])
{
    static const uint8_t other_payload[] = {22, 3, 1, 0, 1, 2};
    for (size_t i = 0; i < OTHERS; i++)
        others[i] = kind;
    others[0].payload.p = other_payload;
    others[1].payload.n--;
    others[2].ends[0]++;
    others[3].ends[1]++;
    others[4].length++;
    others[5].headers++;
    others[6].port++;
    others[7].flags++;
    others[8].ipv6 = true;
    others[9].upwards = false;
    others[10].after = 1;
    others[11].passed = KIND_PASSED_SERVER;
    others[12].distance = 1;
    others[13].hello = 1;
}

static void not_another(void **state)
{
    (void)state;
    struct app_label label;
    struct appid_kinds kinds;
    struct appid_kind others[OTHERS];
    appid_kinds_init(&kinds);
    add(&kinds, &kind, &label);
    make_others(others);
    for (size_t i = 0; i < OTHERS; i++)
        assert_null(find(&kinds, &others[i]));
    appid_kinds_done(&kinds);
}

static void hellos_at_hand(void **state)
{
    (void)state;
    struct app_label label, later;
    struct appid_kinds kinds;
    struct appid_kind others[OTHERS];
    appid_kinds_init(&kinds);
    make_others(others);
    assert_null(appid_kinds_find_hello(&kinds, &kind, NOW));
    appid_kinds_keep_hello(&kinds, &kind, &(struct appid_step){.times = always}); /* undecided */
    assert_null(appid_kinds_find_hello(&kinds, &kind, NOW));
    appid_kinds_keep_hello(&kinds, &kind, &(struct appid_step){.label = &label, .times = {10, 20}});
    assert_ptr_equal(appid_kinds_find_hello(&kinds, &kind, 10), &label);
    assert_null(appid_kinds_find_hello(&kinds, &kind, 21));
    appid_kinds_keep_hello(&kinds, &kind, &(struct appid_step){.label = &later, .times = {21, 30}});
    assert_ptr_equal(appid_kinds_find_hello(&kinds, &kind, 21), &later);
    for (size_t i = 0; i < OTHERS; i++)
        assert_null(appid_kinds_find_hello(&kinds, &others[i], 21));
    appid_kinds_done(&kinds);
}

/* Those that share a place push each other out, and none is mistaken for another. */
static void hellos_in_one_place(void **state)
{
    (void)state;
    enum { MANY = 5 };
    struct app_label labels[MANY];
    struct appid_kinds kinds;
    struct appid_kind one = kind;
    appid_kinds_init(&kinds);
    for (size_t i = 0; i < MANY; i++) {
        one.ends[0] = i;
        appid_kinds_keep_hello(&kinds, &one,
                               &(struct appid_step){.label = &labels[i], .times = always});
        assert_ptr_equal(appid_kinds_find_hello(&kinds, &one, NOW), &labels[i]);
    }
    for (size_t i = 0; i < MANY; i++) {
        one.ends[0] = i;
        const struct app_label *found = appid_kinds_find_hello(&kinds, &one, NOW);
        assert_ptr_equal(found, i + KIND_HELLO_WAYS >= MANY ? &labels[i] : NULL);
    }
    appid_kinds_done(&kinds);
}

/* Names of any length: the longest ones are not kept. */
static void hellos_with_names(void **state)
{
    (void)state;
    static const uint8_t name[KIND_NAME_MOST + 1];
    struct app_label label;
    struct appid_kinds kinds;
    struct appid_kind one = kind;
    appid_kinds_init(&kinds);
    for (size_t n = 0; n <= sizeof name; n++) {
        one.payload = span_of(n > 0 ? name : NULL, n);
        assert_null(appid_kinds_find_hello(&kinds, &one, NOW));
        appid_kinds_keep_hello(&kinds, &one,
                               &(struct appid_step){.label = &label, .times = always});
        assert_ptr_equal(appid_kinds_find_hello(&kinds, &one, NOW),
                         n <= KIND_NAME_MOST ? &label : NULL);
    }
    appid_kinds_done(&kinds);
}

/* So many names of one length that some share the place of the one that is kept. */
static void hellos_for_other_names(void **state)
{
    (void)state;
    struct app_label label;
    struct appid_kinds kinds;
    struct appid_kind one = kind;
    uint16_t name = 0;
    appid_kinds_init(&kinds);
    one.payload = span_of(&name, sizeof name);
    appid_kinds_keep_hello(&kinds, &one, &(struct appid_step){.label = &label, .times = always});
    for (name = 1; name < 16 * KIND_HELLO_SETS; name++)
        assert_null(appid_kinds_find_hello(&kinds, &one, NOW));
    appid_kinds_done(&kinds);
}

/* What holds for a while only is not said of other times, and is made up for then. */
static void for_a_while(void **state)
{
    (void)state;
    struct app_label label;
    struct appid_kinds kinds;
    appid_kinds_init(&kinds);
    struct intern_key key = appid_kinds_key(&kinds, &kind);
    uint64_t first = appid_kinds_add(&kinds, &key, &(struct appid_step){.times = {10, 20}});
    assert_int_equal(appid_kinds_find(&kinds, &key, 10)->number, first);
    assert_null(appid_kinds_find(&kinds, &key, 20)->label);
    assert_null(appid_kinds_find(&kinds, &key, 9));
    assert_null(appid_kinds_find(&kinds, &key, 21));
    const struct appid_step later = {.label = &label, .times = {21, 30}};
    assert_int_not_equal(appid_kinds_add(&kinds, &key, &later), first);
    assert_ptr_equal(appid_kinds_find(&kinds, &key, 21)->label, &label);
    appid_kinds_done(&kinds);
}

/* What is known of one key can be found by another one, and is the same step. */
static void known_by_another(void **state)
{
    (void)state;
    struct app_label label;
    struct appid_kinds kinds;
    struct appid_kind other = kind;
    other.hello = 7;
    appid_kinds_init(&kinds);
    add(&kinds, &kind, &label);
    struct intern_key key = appid_kinds_key(&kinds, &kind);
    const struct appid_step *step = appid_kinds_find(&kinds, &key, NOW);
    const uint64_t number = step->number;
    key = appid_kinds_key(&kinds, &other);
    assert_null(appid_kinds_find(&kinds, &key, NOW));
    appid_kinds_add_known(&kinds, &key, step);
    assert_ptr_equal(appid_kinds_find(&kinds, &key, NOW)->label, &label);
    assert_int_equal(appid_kinds_find(&kinds, &key, NOW)->number, number);
    assert_ptr_equal(find(&kinds, &kind), &label);
    appid_kinds_done(&kinds);
}

/* More than there are places for: each is found when it was the last, and none is mistaken. */
static void many(void **state)
{
    (void)state;
    enum { MANY = 3 * INTERN_MAX };
    static struct app_label labels[MANY];
    struct appid_kinds kinds;
    appid_kinds_init(&kinds);
    struct appid_kind one = kind;
    for (size_t i = 0; i < MANY; i++) {
        one.ends[i % 2] = 3 + i;
        add(&kinds, &one, &labels[i]);
        assert_ptr_equal(find(&kinds, &one), &labels[i]);
    }
    one = kind;
    for (size_t i = 0; i < MANY; i++) {
        one.ends[i % 2] = 3 + i;
        const struct app_label *found = find(&kinds, &one);
        assert_true(!found || found == &labels[i]);
    }
    appid_kinds_done(&kinds);
}

/* Kinds with one payload take different places: hundreds of them are remembered, whichever part
 * they differ in. */
static void one_payload_from_many_ends(void **state)
{
    (void)state;
    enum { ENDS = 300 };
    struct app_label label;
    for (unsigned part = 0; part < 4; part++) {
        struct appid_kinds kinds;
        struct appid_kind one[ENDS];
        unsigned found = 0;
        appid_kinds_init(&kinds);
        for (unsigned i = 0; i < ENDS; i++) {
            one[i] = kind;
            one[i].ends[0] += part == 0 ? i : 0;
            one[i].ends[1] += part == 1 ? (uint64_t)i << 16 : 0;
            one[i].port = (uint16_t)(kind.port + (part == 2 ? i : 0));
            one[i].length += part == 3 ? i : 0;
            add(&kinds, &one[i], &label);
        }
        for (unsigned i = 0; i < ENDS; i++)
            found += find(&kinds, &one[i]) != NULL;
        assert_true(found > ENDS * 9 / 10);
        appid_kinds_done(&kinds);
    }
}

/* So do those that differ in two bytes of their payload, wherever these are. */
static void alike_but_for_two_bytes(void **state)
{
    (void)state;
    enum { SIZES = 60, LARGE = 500, EACH = 50 };
    static uint8_t bytes[LARGE];
    struct app_label label;
    for (size_t size = 2; size <= LARGE; size += size < SIZES ? 1 : LARGE - SIZES) {
        for (size_t at = 0; at + 2 <= size; at++) {
            struct appid_kinds kinds;
            struct appid_kind one = kind;
            unsigned found = 0;
            appid_kinds_init(&kinds);
            one.payload = span_of(bytes, size);
            for (unsigned i = 0; i < 2 * EACH; i++) {
                bytes[at] = (uint8_t)('0' + i % EACH / 10);
                bytes[at + 1] = (uint8_t)('0' + i % 10);
                if (i < EACH)
                    add(&kinds, &one, &label);
                else
                    found += find(&kinds, &one) != NULL;
            }
            assert_true(found > EACH * 9 / 10);
            memset(bytes, 0, sizeof bytes);
            appid_kinds_done(&kinds);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_again),
        cmocka_unit_test(not_another),
        cmocka_unit_test(hellos_at_hand),
        cmocka_unit_test(hellos_in_one_place),
        cmocka_unit_test(hellos_with_names),
        cmocka_unit_test(hellos_for_other_names),
        cmocka_unit_test(for_a_while),
        cmocka_unit_test(known_by_another),
        cmocka_unit_test(many),
        cmocka_unit_test(one_payload_from_many_ends),
        cmocka_unit_test(alike_but_for_two_bytes),
    };
    return cmocka_run_group_tests_name("appid_kinds", tests, NULL, NULL);
}
