/* test_pack.c: what was packed comes back, and never takes more room than was said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../dissect/pack.h"

enum { WORDS_MAX = 200, ROUNDS = 2000 };

static uint64_t random_word(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    return *seed ^= *seed << 17;
}

/* There and back, in blocks of just the size that is promised, so that a sanitizer sees more. */
static size_t round_trip(const uint64_t *words, size_t count)
{
    uint8_t *room = xmalloc(PACK_ROOM(count));
    uint64_t *back = xmalloc((count + 1) * sizeof *back);
    memset(room, 0xa5, PACK_ROOM(count));
    size_t n = pack_words(room, words, count);
    assert_in_range(n, 0, PACK_ROOM(count));
    uint8_t *packed = xmalloc(n + 7);
    memcpy(packed, room, n);
    memset(packed + n, 0x5a, 7);
    memset(back, 0xcc, (count + 1) * sizeof *back);
    back[count] = 42;
    assert_int_equal(unpack_words(back, count, packed), n);
    if (count > 0)
        assert_memory_equal(back, words, count * sizeof *back);
    assert_int_equal(back[count], 42);
    free(room);
    free(back);
    free(packed);
    return n;
}

static void extreme_words(void **state)
{
    (void)state;
    static const uint64_t values[] = {0,
                                      1,
                                      0xff,
                                      0x100,
                                      0xffff,
                                      UINT32_MAX,
                                      UINT64_C(1) << 32,
                                      UINT64_C(0xff) << 48,
                                      UINT64_C(1) << 56,
                                      UINT64_C(0xff) << 56,
                                      UINT64_C(1) << 63,
                                      UINT64_MAX};
    uint64_t words[WORDS_MAX];
    for (size_t v = 0; v < COUNT_OF(values); v++)
        for (size_t count = 0; count <= WORDS_MAX; count++) {
            for (size_t i = 0; i < count; i++)
                words[i] = values[v];
            size_t n = round_trip(words, count);
            if (values[v] == 0)
                assert_int_equal(n, (count + 7) / 8);
        }
    for (size_t at = 0; at < WORDS_MAX; at++) { /* one alone */
        memset(words, 0, sizeof words);
        words[at] = UINT64_MAX;
        round_trip(words, WORDS_MAX);
    }
}

static void each_byte_alone(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 8; byte++)
        for (unsigned bit = 0; bit < 8; bit++) {
            const uint64_t words[3] = {0, UINT64_C(1) << (8 * byte + bit), 7};
            assert_int_equal(round_trip(words, 3), 1 + 1 + byte + 1 + 1);
        }
}

static void random_words(void **state)
{
    (void)state;
    uint64_t words[WORDS_MAX], seed = 88172645463325252u;
    for (unsigned round = 0; round < ROUNDS; round++) {
        size_t count = random_word(&seed) % (WORDS_MAX + 1);
        for (size_t i = 0; i < count; i++) {
            uint64_t kind = random_word(&seed);
            words[i] = kind & 1 ? random_word(&seed) >> (kind >> 8) % 64 : 0;
        }
        round_trip(words, count);
    }
}

static void expect_near(uint64_t value, uint64_t base, uint64_t most)
{
    uint64_t packed = pack_near(value, base);
    assert_int_equal(unpack_near(packed, base), value);
    assert_true(packed <= most);
    assert_int_equal(packed == 0, value == 0);
}

static void differences(void **state)
{
    (void)state;
    uint64_t seed = 1;
    assert_int_equal(pack_difference(7, 7), 0);
    assert_int_equal(pack_difference(6, 7), 1);
    assert_int_equal(pack_difference(8, 7), 2);
    assert_int_equal(pack_difference(0, UINT64_MAX), 2);
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t value = random_word(&seed), base = random_word(&seed);
        assert_int_equal(unpack_difference(pack_difference(value, base), base), value);
    }
}

static void near_numbers(void **state)
{
    (void)state;
    static const uint64_t bases[] = {0, 1, 1000, UINT64_C(1) << 32, UINT64_C(1) << 62, UINT64_MAX};
    uint64_t seed = 1;
    for (size_t b = 0; b < COUNT_OF(bases); b++) {
        expect_near(0, bases[b], 0);
        expect_near(bases[b], bases[b], 1);
        for (uint64_t difference = 1; difference < 1000; difference++) {
            expect_near(bases[b] + difference, bases[b], 2 * difference + 1);
            expect_near(bases[b] - difference, bases[b], 2 * difference);
        }
        for (unsigned round = 0; round < ROUNDS; round++) {
            uint64_t difference = random_word(&seed) >> 2;
            expect_near(bases[b] + difference, bases[b], UINT64_MAX);
            expect_near(bases[b] - difference, bases[b], UINT64_MAX);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(extreme_words), cmocka_unit_test(each_byte_alone),
        cmocka_unit_test(random_words),  cmocka_unit_test(differences),
        cmocka_unit_test(near_numbers),
    };
    return cmocka_run_group_tests_name("pack", tests, NULL, NULL);
}
