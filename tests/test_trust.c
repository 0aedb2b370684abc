/* test_trust.c: stores of anchors: files, folders, what is wrong with them; what is remembered. */
#include "../report/judge/anchors.h"
#include "../report/judge/memo.h"
#include "../report/judge/trust.h"
#include "pki.h"
#include "records.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* A folder with two authorities in a file, one of them in DER in another, and what is no
 * certificate. */
struct room {
    char folder[32], path[96];
    struct pki one, other;
};

static const char *in(struct room *room, const char *name)
{
    snprintf(room->path, sizeof room->path, "%s/%s", room->folder, name);
    return room->path;
}

static void put(const char *path, const void *bytes, size_t n)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
    struct room *room = calloc(1, sizeof *room);
    assert_non_null(room);
    snprintf(room->folder, sizeof room->folder, "/tmp/pushwatch-XXXXXX");
    assert_non_null(mkdtemp(room->folder));
    room->one = pki_make(&(struct pki_recipe){.subject = "One", .ca = true});
    room->other = pki_make(&(struct pki_recipe){.subject = "Other", .ca = true});
    pki_write(in(room, "both.pem"), &room->one);
    pki_write(in(room, "both.pem"), &room->other);
    put(in(room, "one.der"), room->one.cert->der.p, room->one.cert->der.n);
    put(in(room, "README"), "none here\n", 10);
    *state = room;
    return 0;
}

static int tear_down(void **state)
{
    struct room *room = *state;
    static const char *const names[] = {"both.pem", "one.der",  "README",
                                        "bad.pem",  "link.pem", "empty"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        unlink(in(room, names[i]));
    rmdir(in(room, "void"));
    rmdir(room->folder);
    pki_done(&room->one);
    pki_done(&room->other);
    free(room);
    return 0;
}

/* The first store of a trust that is made of it. */
static struct trust_store added(const char *name)
{
    char error[256] = "";
    struct trust *trust = trust_new();
    if (!trust_add(trust, error, sizeof error, name))
        fail_msg("%s", error);
    assert_int_equal(trust_count(trust), 1);
    struct trust_store store = *trust_at(trust, 0);
    store.name = store.path = NULL; /* they go with the trust */
    trust_free(trust);
    return store;
}

static void refused(const char *name, const char *says)
{
    char error[256] = "";
    struct trust *trust = trust_new();
    assert_false(trust_add(trust, error, sizeof error, name));
    if (!strstr(error, says) || !strstr(error, name))
        fail_msg("'%s' is not in: %s", says, error);
    trust_free(trust);
}

static void files(void **state)
{
    struct room *room = *state;
    assert_int_equal(added(in(room, "both.pem")).anchors, 2);
    struct trust_store der = added(in(room, "one.der"));
    assert_int_equal(der.anchors, 1);
    assert_memory_equal(der.sha256, room->one.cert->sha256, 32);
    refused(in(room, "README"), "no certificate in it");
    refused(in(room, "nowhere"), "No such file");
    refused("/dev/null", "neither a file nor a folder");
    put(in(room, "empty"), "", 0);
    refused(in(room, "empty"), "no certificate in it");
}

static void what_is_damaged_is_named(void **state)
{
    struct room *room = *state;
    char text[8192];
    FILE *file = fopen(in(room, "both.pem"), "r");
    assert_non_null(file);
    size_t n = fread(text, 1, sizeof text, file);
    fclose(file);
    put(in(room, "bad.pem"), text, n - 100); /* the last one's end is missing */
    refused(in(room, "bad.pem"), "certificate 2 in it is damaged");
    memset(text + 40, 'A', 60);
    put(in(room, "bad.pem"), text, n);
    refused(in(room, "bad.pem"), "certificate 1 in it is damaged");
    unlink(in(room, "bad.pem"));
}

static void folders(void **state)
{
    struct room *room = *state;
    char target[96];
    snprintf(target, sizeof target, "%s", in(room, "both.pem"));
    assert_int_equal(symlink(target, in(room, "link.pem")), 0); /* the same file again */
    struct trust_store store = added(room->folder);
    assert_int_equal(store.anchors, 3);
    struct trust_store again = added(room->folder);
    assert_memory_equal(store.sha256, again.sha256, 32);
    assert_int_equal(mkdir(in(room, "void"), 0700), 0);
    refused(in(room, "void"), "no certificate in this folder");
}

static void several_and_whose(void **state)
{
    struct room *room = *state;
    char error[256];
    struct trust *trust = trust_new();
    assert_true(trust_add(trust, error, sizeof error, "system"));
    assert_false(trust_is_own(trust));
    assert_true(trust_add(trust, error, sizeof error, in(room, "both.pem")));
    assert_true(trust_is_own(trust));
    assert_int_equal(trust_count(trust), 2);
    assert_string_equal(trust_at(trust, 0)->name, "system");
    assert_string_equal(trust_at(trust, 1)->path, in(room, "both.pem"));
    trust_free(trust);
}

/* What is found of a chain must not depend on which others came before. */
static void anchors_come_when_they_are_named(void **state)
{
    struct room *room = *state;
    char error[256];
    struct trust *trust = trust_new();
    assert_true(trust_add(trust, error, sizeof error, in(room, "both.pem")));
    struct anchors *anchors = trust_anchors(trust);
    STACK_OF(X509) *chain = sk_X509_new_null();
    sk_X509_push(chain, room->one.x);
    X509_STORE *store = anchors_for(anchors, chain);
    assert_int_equal(sk_X509_OBJECT_num(X509_STORE_get0_objects(store)), 1);
    anchors_for(anchors, chain);
    assert_int_equal(sk_X509_OBJECT_num(X509_STORE_get0_objects(store)), 1);
    struct stretch stretch = stretch_around(made_epoch);
    anchors_narrow(anchors, &stretch);
    assert_int_equal(stretch.from, room->one.cert->not_before);
    assert_int_equal(stretch.until, room->one.cert->not_after);
    sk_X509_free(chain);
    trust_free(trust);
}

static void a_memo_gives_back_what_was_put(void **state)
{
    (void)state;
    struct memo *memo = memo_new(sizeof(unsigned));
    unsigned value = 7, got = 0, kept = 0;
    uint8_t large[MEMO_KEY_MAX + 1] = {0};
    assert_false(memo_find(memo, &got, span_of("a", 1)));
    memo_put(memo, span_of("a", 1), &value);
    assert_true(memo_find(memo, &got, span_of("a", 1)));
    assert_int_equal(got, 7);
    assert_false(memo_find(memo, &got, span_of("b", 1)));
    memo_put(memo, span_of(large, sizeof large), &value);
    assert_false(memo_find(memo, &got, span_of(large, sizeof large)));
    for (unsigned i = 0; i < 8 * MEMO_PLACES; i++) /* it forgets, and never mixes up */
        memo_put(memo, span_of(&i, sizeof i), &i);
    for (unsigned i = 0; i < 8 * MEMO_PLACES; i++) {
        if (!memo_find(memo, &got, span_of(&i, sizeof i)))
            continue;
        assert_int_equal(got, i);
        kept++;
    }
    assert_in_range(kept, MEMO_PLACES / 2, MEMO_PLACES);
    memo_free(memo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files),
        cmocka_unit_test(what_is_damaged_is_named),
        cmocka_unit_test(folders),
        cmocka_unit_test(several_and_whose),
        cmocka_unit_test(anchors_come_when_they_are_named),
        cmocka_unit_test(a_memo_gives_back_what_was_put),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
