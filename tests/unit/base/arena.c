/* arena.c - alignment, ceilings, order of cleanups, reuse, and what a passed ceiling does to the process. */
#include "base/base.h"
#include "base/arena.h"
#include <setjmp.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static void pieces_are_aligned_and_apart(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    unsigned char *before = NULL;
    for (size_t n = 0; n < 300; n++) {
        unsigned char *p = arena_alloc(a, n);
        assert_int_equal((uintptr_t)p % 16, 0);
        memset(p, 0xA5, n);
        if (before && n > 1)
            assert_int_equal(before[n - 2], 0xA5); /* the piece before is whole */
        before = p;
    }
    arena_free(a);
}

static void large_pieces_leave_the_block_in_use(void **state)
{
    (void)state;
    struct arena *a = arena_new(8 << 20);
    char *small = arena_alloc(a, 16);
    char *large = arena_zalloc(a, 1 << 20);
    char *next = arena_alloc(a, 16);
    assert_true(next > small && next - small < 1024);
    for (size_t i = 0; i < 1 << 20; i += 4096)
        assert_int_equal(large[i], 0);
    memset(large, 1, 1 << 20);
    arena_free(a);
}

static void zero_means_zero_after_a_reset(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    memset(arena_alloc(a, 5000), 0xFF, 5000);
    arena_reset(a);
    const char *p = arena_zalloc(a, 5000);
    for (size_t i = 0; i < 5000; i++)
        assert_int_equal(p[i], 0);
    const int *array = ARENA_ARRAY(a, int, 100);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(array[i], 0);
    arena_free(a);
}

static void texts_are_copied(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    char source[] = "zażółć";
    char *copy = arena_strdup(a, source), *part = arena_strndup(a, source, 2);
    source[0] = 'X';
    assert_string_equal(copy, "zażółć");
    assert_string_equal(part, "za");
    assert_null(arena_strdup(a, NULL));
    assert_null(arena_strndup(a, NULL, 5));
    assert_string_equal(arena_strndup(a, "", 0), "");
    arena_free(a);
}

static void printf_of_any_length(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    char big[1000];
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = 0;
    static const size_t lengths[] = { 0, 1, 254, 255, 256, 257, 999 };
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        const char *s = arena_printf(a, "%.*s", (int)lengths[i], big);
        assert_int_equal(strlen(s), lengths[i]);
        assert_int_equal(strspn(s, "x"), lengths[i]);
    }
    assert_string_equal(arena_printf(a, "%s=%d", "a", 5), "a=5");
    arena_free(a);
}

struct note { char *out, mark; };

static void append(void *arg)
{
    struct note *n = arg;
    char *end = n->out + strlen(n->out);
    end[0] = n->mark;
    end[1] = 0;
}

static void cleanups_run_once_last_first(void **state)
{
    (void)state;
    char order[16] = "";
    struct note one = { order, '1' }, two = { order, '2' }, three = { order, '3' };
    struct arena *a = arena_new(1 << 20);
    arena_defer(a, append, &one);
    arena_defer(a, append, &two);
    arena_reset(a);
    assert_string_equal(order, "21");
    arena_defer(a, append, &three);
    arena_free(a);
    assert_string_equal(order, "213");
    arena_free(NULL);
}

struct chain { struct arena *a; struct note *note; char *text; };

static void defer_again(void *arg)
{
    struct chain *c = arg;
    assert_string_equal(c->text, "still here"); /* no memory is gone while cleanups run */
    arena_defer(c->a, append, c->note);
}

static void a_cleanup_may_add_a_cleanup(void **state)
{
    (void)state;
    char order[16] = "";
    struct note note = { order, 'x' };
    struct arena *a = arena_new(1 << 20);
    struct chain chain = { a, &note, arena_strdup(a, "still here") };
    arena_defer(a, defer_again, &chain);
    arena_reset(a);
    assert_string_equal(order, "x");
    arena_free(a);
}

static void use_is_counted_and_forgotten(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    assert_int_equal(arena_used(a), 0);
    arena_alloc(a, 100);
    size_t used = arena_used(a);
    assert_in_range(used, 100, 128);
    arena_alloc(a, 300000);
    assert_in_range(arena_used(a), used + 300000, used + 300064);
    arena_reset(a);
    assert_int_equal(arena_used(a), 0);
    arena_free(a);
}

static void the_first_block_is_kept(void **state)
{
    (void)state;
    struct arena *a = arena_new(64 << 20);
    char *first = arena_alloc(a, 1);
    for (int round = 0; round < 100; round++) {
        for (int i = 0; i < 100; i++)
            arena_alloc(a, 10000);
        arena_reset(a);
        assert_ptr_equal(arena_alloc(a, 1), first);
        arena_reset(a);
    }
    arena_free(a);
}

static void a_ceiling_can_be_used_up_exactly(void **state)
{
    (void)state;
    struct arena *a = arena_new(4096);
    arena_alloc(a, 4000);
    arena_alloc(a, 96);
    arena_reset(a);
    arena_alloc(a, 4096);
    arena_free(a);
}

/* Runs `fn` in a child; true when it aborted. */
static bool aborts(void (*fn)(void))
{
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        signal(SIGABRT, SIG_DFL);
        if (!freopen("/dev/null", "w", stderr))
            _exit(9);
        fn();
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static volatile size_t huge = SIZE_MAX; /* the compiler must not see it and refuse */

static void pass_in_one(void) { arena_alloc(arena_new(4096), 4097); }
static void pass_in_sum(void)
{
    struct arena *a = arena_new(4096);
    arena_alloc(a, 4081);
    arena_alloc(a, 1);
}
static void pass_all(void) { arena_alloc(arena_new(SIZE_MAX), huge - 3); }
static void pass_strndup(void) { arena_strndup(arena_new(SIZE_MAX), "x", huge); }
static void pass_product(void)
{
    size_t n = huge / sizeof(int) + 2; /* the product is 4 bytes modulo 2^64 */
    (void)ARENA_ARRAY(arena_new(4096), int, n);
}

static void a_passed_ceiling_aborts(void **state)
{
    (void)state;
    assert_true(aborts(pass_in_one));
    assert_true(aborts(pass_in_sum));
    assert_true(aborts(pass_all));
    assert_true(aborts(pass_strndup));
    assert_true(aborts(pass_product));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_and_apart),
        cmocka_unit_test(large_pieces_leave_the_block_in_use),
        cmocka_unit_test(zero_means_zero_after_a_reset),
        cmocka_unit_test(texts_are_copied),
        cmocka_unit_test(printf_of_any_length),
        cmocka_unit_test(cleanups_run_once_last_first),
        cmocka_unit_test(a_cleanup_may_add_a_cleanup),
        cmocka_unit_test(use_is_counted_and_forgotten),
        cmocka_unit_test(the_first_block_is_kept),
        cmocka_unit_test(a_ceiling_can_be_used_up_exactly),
        cmocka_unit_test(a_passed_ceiling_aborts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
