/* prompt.c - what a model is asked: order, bounds, the newest text once, nothing of a customer's in the system text. */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include "base/str.h"
#include "services/prompt.h"

static struct arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = arena_new(32 << 20);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* "c:hello|o:hi": customer and ours, oldest first. */
static const char *turns(const struct said_row *rows, size_t n, int history, const char *latest)
{
    struct prompt p;
    struct str t;
    prompt_turns(arena, rows, n, history, latest, &p);
    str_init(&t, arena, 256, 1 << 20);
    for (size_t i = 0; i < p.turn_count; i++)
        str_printf(&t, "%s%c:%s", i ? "|" : "", p.turns[i].ours ? 'o' : 'c', p.turns[i].text);
    return t.s;
}
#define TURNS(rows, history, latest) turns(rows, ARRAY_LEN(rows), history, latest)

static void test_oldest_first_and_the_newest_once(void **state)
{
    (void)state;
    const struct said_row rows[] = { { .id = 3, .body = "And tomorrow?" }, { .id = 2, .direction = 1, .body = "At nine." }, { .id = 1, .body = "When do you open?" } };
    assert_string_equal(TURNS(rows, 20, NULL), "c:When do you open?|o:At nine.|c:And tomorrow?");
    assert_string_equal(TURNS(rows, 20, "And tomorrow?"), "c:When do you open?|o:At nine.|c:And tomorrow?");
    assert_string_equal(TURNS(rows, 20, " And tomorrow?\n"), "c:When do you open?|o:At nine.|c: And tomorrow?\n");
    assert_string_equal(TURNS(rows, 20, "And on Sunday?"), "c:When do you open?|o:At nine.|c:And tomorrow?|c:And on Sunday?");
    assert_string_equal(TURNS(rows, 20, "   "), "c:When do you open?|o:At nine.|c:And tomorrow?");
    /* The same words earlier are another message. */
    const struct said_row twice[] = { { .id = 2, .direction = 1, .body = "yes" }, { .id = 1, .body = "yes" } };
    assert_string_equal(TURNS(twice, 20, "yes"), "c:yes|o:yes|c:yes");
    assert_string_equal(turns(NULL, 0, 20, "Hello"), "c:Hello");
    assert_string_equal(turns(NULL, 0, 20, NULL), "");
}

static void test_bounded_by_number(void **state)
{
    (void)state;
    struct said_row rows[250];
    for (int i = 0; i < 250; i++)
        rows[i] = (struct said_row){ .id = (uint64_t)(250 - i), .direction = i % 2, .body = arena_printf(arena, "%d", 250 - i) };
    assert_string_equal(turns(rows, 250, 3, NULL), "c:248|o:249|c:250");
    assert_string_equal(turns(rows, 250, 1, NULL), "c:250");
    assert_string_equal(turns(rows, 250, 3, "new"), "o:249|c:250|c:new");
    struct prompt p;
    prompt_turns(arena, rows, 250, 1000, NULL, &p);
    assert_int_equal(p.turn_count, 200);
    assert_string_equal(p.turns[199].text, "250");
}

static void test_bounded_by_characters(void **state)
{
    (void)state;
    char *long_text = arena_alloc(arena, 10001);
    memset(long_text, 'x', 10000);
    long_text[10000] = 0;
    const struct said_row rows[] = { { .id = 4, .body = "newest" }, { .id = 3, .body = long_text }, { .id = 2, .body = long_text }, { .id = 1, .body = long_text } };
    struct prompt p;
    prompt_turns(arena, rows, 4, 20, NULL, &p);
    assert_int_equal(p.turn_count, 3);
    assert_string_equal(p.turns[2].text, "newest");
}

static void test_what_came_besides_text(void **state)
{
    (void)state;
    const struct said_row rows[] = {
        { .id = 4, .body = "", .media = "image/jpeg,audio/ogg,application/pdf" }, { .id = 3, .body = "here", .media = "video/mp4" }, { .id = 2, .direction = 1, .body = "" },
        { .id = 1, .body = "", .extra = "{\"Latitude\":\"52.1\",\"Longitude\":\"21.0\"}" } };
    assert_string_equal(TURNS(rows, 20, NULL), "c:[location]|c:here\n[video]|c:[image]\n[voice message]\n[document]");
}

static void test_control_characters_are_gone(void **state)
{
    (void)state;
    const struct said_row rows[] = { { .id = 1, .body = "a\x1b[31mb\x07" "c\nd" } };
    assert_string_equal(TURNS(rows, 20, NULL), "c:a[31mbc\nd");
    assert_string_equal(TURNS(rows, 20, "x\x02y"), "c:a[31mbc\nd|c:xy");
}

static struct ai_profile_row profile(const char *prompt, const char *tone, int limit)
{
    return (struct ai_profile_row){ .provider = "openai", .model = "m", .system_prompt = prompt, .tone = tone, .history = 20, .answer_limit = limit };
}

static void test_the_system_text_is_the_tenants(void **state)
{
    (void)state;
    struct ai_profile_row p = profile("We sell bread.", "friendly, no emoji", 160);
    const char *s = prompt_system(arena, &p);
    assert_true(strncmp(s, "We sell bread.\n\n", 16) == 0);
    assert_non_null(strstr(s, "Tone of your answers: friendly, no emoji\n"));
    assert_non_null(strstr(s, "at most 160 characters"));
    p = profile("", "", 480);
    s = prompt_system(arena, &p);
    assert_null(strstr(s, "Tone"));
    assert_non_null(strstr(s, "at most 480 characters"));
}

static void test_shortening_asks_with_the_text_as_a_turn(void **state)
{
    (void)state;
    struct prompt p;
    prompt_shorten(arena, "A long answer.", 160, &p);
    assert_int_equal(p.turn_count, 1);
    assert_false(p.turns[0].ours);
    assert_string_equal(p.turns[0].text, "A long answer.");
    assert_non_null(strstr(p.system, "at most 160 characters"));
    assert_null(strstr(p.system, "A long answer."));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oldest_first_and_the_newest_once),
        cmocka_unit_test(test_bounded_by_number),
        cmocka_unit_test(test_bounded_by_characters),
        cmocka_unit_test(test_what_came_besides_text),
        cmocka_unit_test(test_control_characters_are_gone),
        cmocka_unit_test(test_the_system_text_is_the_tenants),
        cmocka_unit_test(test_shortening_asks_with_the_text_as_a_turn),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
