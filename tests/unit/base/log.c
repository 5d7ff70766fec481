/* log.c - what reaches standard error: one line an event, whatever is in the values. */
#include "base/base.h"
#include "base/arena.h"
#include "base/ctx.h"
#include "base/log.h"
#include "base/utf8.h"
#include <fcntl.h>
#include <setjmp.h>
#include <unistd.h>
#include <cmocka.h>

struct capture { int saved, ends[2]; };

static void capture_begin(struct capture *c)
{
    assert_int_equal(pipe(c->ends), 0);
    assert_int_equal(fcntl(c->ends[0], F_SETFL, O_NONBLOCK), 0);
    c->saved = dup(STDERR_FILENO);
    assert_true(c->saved >= 0);
    assert_true(dup2(c->ends[1], STDERR_FILENO) >= 0);
}

static void capture_end(struct capture *c, char *out, size_t room)
{
    dup2(c->saved, STDERR_FILENO);
    ssize_t n = read(c->ends[0], out, room - 1);
    out[n > 0 ? n : 0] = 0;
    close(c->saved);
    close(c->ends[0]);
    close(c->ends[1]);
}

static void a_line_has_level_event_id_tenant(void **state)
{
    (void)state;
    struct capture c;
    char out[4096];
    struct ctx ctx = { .tenant = 3, .id = "5f0c5f0c5f0c5f0c" };
    capture_begin(&c);
    log_event(&ctx, LOG_INFO, "message.stored", "sid=%s segments=%d", "SM1", 2);
    log_event(NULL, LOG_WARNING, "started", "%s", "");
    log_event(NULL, LOG_ERROR, "x", "n=%d", 1);
    capture_end(&c, out, sizeof out);
    assert_string_equal(out, "<6>level=info event=message.stored id=5f0c5f0c5f0c5f0c tenant=3 sid=SM1 segments=2\n"
                             "<4>level=warning event=started \n"
                             "<3>level=error event=x n=1\n");
}

static void the_threshold(void **state)
{
    (void)state;
    struct capture c;
    char out[4096];
    capture_begin(&c);
    log_event(NULL, LOG_DEBUG, "hidden", "a=%d", 1);
    log_threshold(LOG_DEBUG);
    log_event(NULL, LOG_DEBUG, "shown", "a=%d", 1);
    log_threshold(LOG_WARNING);
    log_event(NULL, LOG_NOTICE, "hidden", "a=%d", 1);
    log_threshold(LOG_INFO);
    capture_end(&c, out, sizeof out);
    assert_string_equal(out, "<7>level=debug event=shown a=1\n");
}

static void a_value_cannot_begin_a_line(void **state)
{
    (void)state;
    struct capture c;
    char out[4096];
    capture_begin(&c);
    log_event(NULL, LOG_INFO, "x", "v=%s", "a\nlevel=info event=forged\r\x1b[31m\x7f");
    capture_end(&c, out, sizeof out);
    assert_string_equal(out, "<6>level=info event=x v=a level=info event=forged  [31m \n");
}

static void a_long_line_is_cut_between_characters(void **state)
{
    (void)state;
    for (size_t lead = 0; lead < 4; lead++) {
        char value[6000], out[8192];
        memset(value, 'x', lead);
        size_t n = lead;
        while (n + 4 < sizeof value) {
            memcpy(value + n, "🎉", 4);
            n += 4;
        }
        value[n] = 0;
        struct capture c;
        capture_begin(&c);
        log_event(NULL, LOG_INFO, "x", "%s", value);
        capture_end(&c, out, sizeof out);
        size_t len = strlen(out);
        assert_in_range(len, 2000, 2048);
        assert_int_equal(out[len - 1], '\n');
        assert_ptr_equal(strchr(out, '\n'), out + len - 1);
        assert_true(utf8_valid(out, len));
    }
}

static void quoting(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    assert_string_equal(log_quote(a, "a b"), "\"a b\"");
    assert_string_equal(log_quote(a, "a\"b\\c\nd\x7f"), "\"a\\\"b\\\\c d \"");
    assert_string_equal(log_quote(a, ""), "\"\"");
    assert_string_equal(log_quote(a, NULL), "\"\"");
    arena_free(a);
}

static void level_names(void **state)
{
    (void)state;
    static const struct { const char *name; enum log_level level; } names[] = {
        { "error", LOG_ERROR }, { "warning", LOG_WARNING }, { "notice", LOG_NOTICE }, { "info", LOG_INFO }, { "debug", LOG_DEBUG },
    };
    enum log_level level;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        assert_true(log_level_parse(names[i].name, &level));
        assert_int_equal(level, names[i].level);
    }
    assert_false(log_level_parse("fatal", &level));
    assert_false(log_level_parse("INFO", &level));
    assert_false(log_level_parse("", &level));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_level_event_id_tenant),
        cmocka_unit_test(the_threshold),
        cmocka_unit_test(a_value_cannot_begin_a_line),
        cmocka_unit_test(a_long_line_is_cut_between_characters),
        cmocka_unit_test(quoting),
        cmocka_unit_test(level_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
