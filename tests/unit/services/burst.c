/* burst.c - kept for two seconds, by name, never a neighbour's, and gone at once when the epoch moves. */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include "base/clock.h"
#include "services/burst.h"
#include <sys/wait.h>
#include <unistd.h>

static struct burst *table(struct arena *a)
{
    return burst_new(a, burst_host_new());
}

static void found_by_its_own_name_only(void **state)
{
    struct arena *a = arena_new(1 << 20);
    struct burst *b = table(a);
    (void)state;
    for (int i = 0; i < 300; i++) { /* more than there are places: neighbours push each other out */
        char name[16];
        snprintf(name, sizeof name, "AC%d", i);
        burst_keep(b, name, &i, sizeof i);
        const int *found = burst_find(b, name);
        assert_non_null(found);
        assert_int_equal(*found, i);
        assert_null(burst_find(b, "AC"));
    }
    arena_free(a);
}

/* What one request asks for is never in its own way. */
static void any_four_live_together(void **state)
{
    struct arena *a = arena_new(1 << 20);
    struct burst *b = table(a);
    (void)state;
    for (int round = 0; round < 500; round++) {
        char name[4][24];
        for (int i = 0; i < 4; i++) {
            snprintf(name[i], sizeof name[i], "%d:%d", i, round);
            burst_keep(b, name[i], &i, sizeof i);
        }
        for (int i = 0; i < 4; i++) {
            const int *found = burst_find(b, name[i]);
            assert_non_null(found);
            assert_int_equal(*found, i);
        }
    }
    arena_free(a);
}

static void seen_is_what_came_before(void **state)
{
    struct arena *a = arena_new(1 << 20);
    struct burst *b = table(a);
    (void)state;
    assert_false(burst_seen(b, "SM1"));
    assert_true(burst_seen(b, "SM1"));
    assert_false(burst_seen(b, "SM2"));
    assert_false(burst_seen(NULL, "SM1"));
    pid_t other = fork();
    if (other == 0)
        _exit(burst_seen(b, "SM1") && !burst_seen(b, "SM3"));
    int status;
    assert_int_equal(waitpid(other, &status, 0), other);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    assert_true(burst_seen(b, "SM3")); /* by the other process */
    int again = 0;
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 500; i++) {
            char name[16];
            snprintf(name, sizeof name, "SM-%d", i);
            again += burst_seen(b, name);
        }
    assert_in_range(again, 350, 500); /* a hint: some push each other out */
    arena_free(a);
}

static void what_does_not_fit_is_not_kept(void **state)
{
    struct arena *a = arena_new(1 << 20);
    struct burst *b = table(a);
    char large[BURST_DATA + 1] = "", name[BURST_NAME + 2];
    (void)state;
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = 0;
    burst_keep(NULL, "a", "b", 2);
    assert_null(burst_find(NULL, "a"));
    burst_keep(b, name, "b", 2);
    assert_null(burst_find(b, name));
    burst_keep(b, "a", large, sizeof large);
    assert_null(burst_find(b, "a"));
    assert_null(burst_find(b, ""));
    arena_free(a);
}

struct card { uint64_t id; const char *name, *note, *last; int64_t at_ms; };
#define CARD(F) F(U64, id, 0) F(TEXT, name, 0) F(TEXT, note, 0) F(TEXT, last, 0) F(TIME, at_ms, 0)
#define CARD_FIELD(kind, member, flags) FIELD_ENTRY(card, kind, member, flags)
extern const struct row_type card_type;
ROW_TYPE(card, CARD(CARD_FIELD));

static void a_row_is_kept_with_its_texts(void **state)
{
    struct arena *a = arena_new(1 << 20);
    struct burst *b = table(a);
    char name[] = "Łucja", large[BURST_DATA];
    struct card card = { .id = 7, .name = name, .note = NULL, .last = "", .at_ms = CLOCK_NONE };
    (void)state;
    assert_null(burst_find_row(b, a, "card", &card_type));
    burst_keep_row(b, "card", &card_type, &card);
    memset(name, 'x', sizeof name - 1); /* a copy was kept */
    for (int i = 0; i < 2; i++) {
        struct card *found = burst_find_row(b, a, "card", &card_type);
        assert_non_null(found);
        assert_true(found->id == 7 && found->at_ms == CLOCK_NONE && !found->note);
        assert_string_equal(found->name, "Łucja");
        assert_string_equal(found->last, "");
        found->id = 8; /* and a copy is given */
    }
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = 0;
    card.note = large;
    burst_keep_row(b, "large", &card_type, &card);
    assert_null(burst_find_row(b, a, "large", &card_type));
    large[sizeof large - 1 - sizeof card - sizeof name - 1] = 0; /* as much as fits */
    burst_keep_row(b, "large", &card_type, &card);
    assert_string_equal(((struct card *)burst_find_row(b, a, "large", &card_type))->note, large);
    burst_keep_row(NULL, "card", &card_type, &card);
    assert_null(burst_find_row(NULL, a, "card", &card_type));
    arena_free(a);
}

static void forgotten_everywhere_when_one_process_says_so(void **state)
{
    struct arena *a = arena_new(1 << 20);
    struct burst *b = table(a);
    (void)state;
    assert_null(burst_find(b, "session"));
    burst_keep(b, "session", "7", 2);
    assert_non_null(burst_find(b, "session"));
    pid_t other = fork();
    if (other == 0) {
        burst_forget_all(b);
        _exit(0);
    }
    assert_int_equal(waitpid(other, NULL, 0), other);
    assert_null(burst_find(b, "session"));
    burst_keep(b, "session", "8", 2);
    assert_non_null(burst_find(b, "session"));
    arena_free(a);
}

static void an_answer_from_before_is_void(void **state)
{
    struct arena *a = arena_new(1 << 20);
    struct burst *b = table(a);
    (void)state;
    assert_null(burst_find(b, "session"));
    burst_forget_all(b); /* while the database is being asked, somebody signs out */
    burst_keep(b, "session", "7", 2);
    assert_null(burst_find(b, "session"));
    arena_free(a);
}

static void forgotten_after_its_time(void **state)
{
    struct arena *a = arena_new(1 << 20);
    struct burst *b = table(a);
    (void)state;
    int64_t from = clock_mono_ms();
    burst_keep(b, "a", "b", 2);
    while (burst_find(b, "a") && clock_mono_ms() < from + 2 * BURST_MS)
        nanosleep(&(struct timespec){ .tv_nsec = 20 * 1000 * 1000 }, NULL);
    assert_true(clock_mono_ms() - from >= BURST_MS);
    assert_null(burst_find(b, "a"));
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_by_its_own_name_only),
        cmocka_unit_test(any_four_live_together),
        cmocka_unit_test(seen_is_what_came_before),
        cmocka_unit_test(what_does_not_fit_is_not_kept),
        cmocka_unit_test(a_row_is_kept_with_its_texts),
        cmocka_unit_test(forgotten_everywhere_when_one_process_says_so),
        cmocka_unit_test(an_answer_from_before_is_void),
        cmocka_unit_test(forgotten_after_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
