/* hook_keys.c - kept for two seconds, by name, never a neighbour's. */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include "base/clock.h"
#include "services/hook_keys.h"
#include <time.h>

static void found_by_its_own_name_only(void **state)
{
    struct arena *a = arena_new(1 << 20);
    struct hook_keys *k = hook_keys_new(a);
    (void)state;
    for (int i = 0; i < 200; i++) { /* more than there are places: neighbours push each other out */
        char name[16];
        struct hook_key key = { .tenant = (uint64_t)i + 1 };
        snprintf(name, sizeof name, "AC%d", i);
        hook_keys_keep(k, name, &key);
        const struct hook_key *found = hook_keys_find(k, name);
        assert_non_null(found);
        assert_int_equal(found->tenant, i + 1);
        assert_null(hook_keys_find(k, "AC"));
    }
    arena_free(a);
}

static void nothing_is_kept_without_a_table_or_under_a_long_name(void **state)
{
    struct arena *a = arena_new(1 << 20);
    struct hook_keys *k = hook_keys_new(a);
    struct hook_key key = { .tenant = 1 };
    char longer[80];
    (void)state;
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    hook_keys_keep(NULL, "a", &key);
    assert_null(hook_keys_find(NULL, "a"));
    hook_keys_keep(k, longer, &key);
    assert_null(hook_keys_find(k, longer));
    assert_null(hook_keys_find(k, ""));
    arena_free(a);
}

static void forgotten_after_its_time(void **state)
{
    struct arena *a = arena_new(1 << 20);
    struct hook_keys *k = hook_keys_new(a);
    struct hook_key key = { .tenant = 1 };
    (void)state;
    hook_keys_keep(k, "a", &key);
    int64_t from = clock_mono_ms();
    while (hook_keys_find(k, "a") && clock_mono_ms() < from + 2 * HOOK_KEYS_MS)
        nanosleep(&(struct timespec){ .tv_nsec = 20 * 1000 * 1000 }, NULL);
    assert_true(clock_mono_ms() - from >= HOOK_KEYS_MS - 50);
    assert_null(hook_keys_find(k, "a"));
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_by_its_own_name_only),
        cmocka_unit_test(nothing_is_kept_without_a_table_or_under_a_long_name),
        cmocka_unit_test(forgotten_after_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
