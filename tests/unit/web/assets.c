/* assets.c - the version changes with a name or a byte below the folder, and with nothing else. */
#include "base/base.h"
#include "base/crypto.h"
#include "web/assets.h"
#include <setjmp.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

struct folder { struct arena *arena; char path[32]; };

static void write_file(struct folder *f, const char *name, const char *text)
{
    FILE *file = fopen(arena_printf(f->arena, "%s/%s", f->path, name), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int start(void **state)
{
    static struct folder f;
    snprintf(f.path, sizeof f.path, "%s", "/tmp/assets-XXXXXX");
    f.arena = arena_new(1 << 20);
    *state = &f;
    return mkdtemp(f.path) ? 0 : -1;
}

static int end(void **state)
{
    struct folder *f = *state;
    static const char *const names[] = { "js/a.js", "js", "b.css", "c.css", "" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        remove(arena_printf(f->arena, "%s/%s", f->path, names[i]));
    arena_free(f->arena);
    return 0;
}

static void it_follows_the_files(void **state)
{
    struct folder *f = *state;
    assert_string_equal(assets_version(f->arena, f->path), "0"); /* nothing there */
    assert_string_equal(assets_version(f->arena, "/there/is/no/such/folder"), "0");
    assert_int_equal(mkdir(arena_printf(f->arena, "%s/js", f->path), 0700), 0);
    write_file(f, "js/a.js", "1");
    write_file(f, "b.css", "2");
    const char *first = assets_version(f->arena, f->path);
    assert_int_equal(strlen(first), 12);
    write_file(f, "js/a.js", "1"); /* a new time alone is no change */
    assert_string_equal(assets_version(f->arena, f->path), first);
    write_file(f, "js/a.js", "3");
    const char *second = assets_version(f->arena, f->path);
    assert_string_not_equal(second, first);
    assert_int_equal(rename(arena_printf(f->arena, "%s/b.css", f->path), arena_printf(f->arena, "%s/c.css", f->path)), 0);
    assert_string_not_equal(assets_version(f->arena, f->path), second);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(it_follows_the_files, start, end) };
    crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
