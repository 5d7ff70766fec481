/* view.c - the root object, the day words, notices shown once, fragments, forms shown again. */
#include "base/base.h"
#include "base/clock.h"
#include "web/app.h"
#include "web/view.h"
#include "fake.h"

struct in { const char *text, *password; int64_t number; bool flag; struct texts list; };
static const struct form_field fields[] = {
    FORM_TEXT(struct in, text, 1, 3, 0), FORM_TEXT(struct in, password, 1, 9, RAW), FORM_INT(struct in, number, 1, 9, 1, 0),
    FORM_BOOL(struct in, flag, 0),       FORM_TEXTS(struct in, list, 3, 0),
};
static const struct form form = FORM(struct in, fields);

static int nothing(struct request *rq, struct response *rs)
{
    return view_page(rq, rs, "pages/root");
}

static const struct route routes[] = {
    { METHOD_GET, "/", PAGE, PERM_PUBLIC, nothing, NULL, "front_page" },
    { METHOD_POST, "/", PAGE, PERM_PUBLIC, nothing, &form, "front_add_page" },
};

static void add(struct template_set *set, const char *name, const char *text)
{
    const char *problem;
    assert_true(templates_add(set, name, text, strlen(text), &problem));
}

static int start(void **state)
{
    static struct fake fake;
    fake_start(&fake, routes, ARRAY_LEN(routes), NULL);
    struct template_set *set = templates_new(NULL);
    templates_constant(set, "lang", "en");
    templates_constant(set, "version", "7");
    const char *problem;
    add(set, "pages/root", "{{lang}}|{{csrf}}|{{version}}|{{#user}}{{name}}{{/user}}|{{#can.note_write}}W{{/can.note_write}}|"
                           "{{#can.note_read}}R{{/can.note_read}}|{{#here.front}}H{{/here.front}}|{{notice}}");
    add(set, "parts/root", "part {{version}}");
    add(set, "pages/only", "page");
    add(set, "pages/unknown", "{{there_is_no_such_name}}");
    add(set, "pages/time", "{{#t}}{{iso}}|{{date}}|{{clock}}|{{day}}|{{ago}}{{/t}}");
    add(set, "pages/form", "{{#form}}{{#value}}{{text}}|{{password}}|{{number}}|{{#flag}}F{{/flag}}|{{#list}}<{{.}}>{{/list}}{{/value}}|"
                           "{{error.text}}|{{error.number}}|{{#failed}}X{{/failed}}{{/form}}");
    assert_true(templates_link(set, true, &problem));
    for (size_t i = 0; i < LANG_COUNT; i++)
        fake.app.templates[i] = set;
    *state = &fake;
    return 0;
}

static int end(void **state)
{
    struct fake *f = *state;
    templates_free((struct template_set *)(uintptr_t)f->app.templates[0]);
    fake_end(f);
    return 0;
}

static const char *page(struct fake *f, const char *target)
{
    f->rq.target = target;
    assert_int_equal(app_answer(&f->rq, &f->rs, NULL), 200);
    return f->rs.body.s;
}

static void the_root_says_who_and_where(void **state)
{
    struct fake *f = *state;
    assert_string_equal(page(f, "/"), "en||7||||H|");
    fake_request(f, "GET", "/");
    f->rq.ctx.actor = (struct actor){ .kind = ACTOR_USER, .perms = 1 << 1 };
    f->rq.user_name = "Alice";
    f->rq.csrf = "token";
    assert_string_equal(page(f, "/"), "en|token|7|Alice|W||H|");
}

static void a_notice_is_shown_and_taken_away(void **state)
{
    struct fake *f = *state;
    fake_header(f, "Cookie", "centrala_notice=Sent%20%3Cb%3E");
    assert_string_equal(page(f, "/"), "en||7||||H|Sent &lt;b&gt;");
    assert_int_equal(strncmp(fake_sent(f, "Set-Cookie"), "centrala_notice=; ", 18), 0);
    assert_non_null(strstr(fake_sent(f, "Set-Cookie"), "Max-Age=0"));
    fake_request(f, "GET", "/");
    fake_header(f, "Cookie", "centrala_notice=%FF");
    assert_string_equal(page(f, "/"), "en||7||||H|");
    assert_null(fake_sent(f, "Set-Cookie"));
}

static void fragments(void **state)
{
    struct fake *f = *state;
    assert_string_equal(page(f, "/?fragment=1"), "part 7");
    fake_request(f, "GET", "/");
    fake_header(f, "X-Fragment", "1");
    assert_string_equal(page(f, "/"), "part 7");
    fake_request(f, "GET", "/?fragment=1");
    assert_int_equal(view_page(&f->rq, &f->rs, "pages/only"), 200); /* there is no such part: the page */
    assert_string_equal(f->rs.body.s, "page");
}

static void a_page_that_does_not_render_is_an_error(void **state)
{
    struct fake *f = *state;
    assert_int_equal(view_page(&f->rq, &f->rs, "pages/absent"), 500);
    assert_non_null(strstr(f->rs.body.s, "Something went wrong"));
    fake_request(f, "GET", "/");
    assert_int_equal(view_page(&f->rq, &f->rs, "pages/unknown"), 200);
    f->app.strict = true;
    assert_int_equal(view_page(&f->rq, &f->rs, "pages/unknown"), 500);
}

static const char *at(struct fake *f, const char *zone, const char *now, const char *time)
{
    int64_t ms;
    fake_request(f, "GET", "/");
    f->rq.zone = zone;
    assert_true(clock_parse_iso(now, &f->rq.ctx.now_ms));
    assert_true(clock_parse_iso(time, &ms));
    view_time(&f->rq, view(&f->rq), "t", ms);
    assert_int_equal(view_page(&f->rq, &f->rs, "pages/time"), 200);
    return f->rs.body.s;
}

static void times_are_told_in_the_zone(void **state)
{
    struct fake *f = *state;
    static const char now[] = "2026-11-20T23:30:00Z"; /* the 21st in Warsaw */
    assert_string_equal(at(f, NULL, now, "2026-11-20T23:29:30Z"), "2026-11-20T23:29:30Z|20 Nov 2026|23:29|Today|just now");
    assert_string_equal(at(f, "Europe/Warsaw", now, "2026-11-20T23:29:00Z"), "2026-11-20T23:29:00Z|21 Nov 2026|00:29|Today|1 minute ago");
    assert_string_equal(at(f, "Europe/Warsaw", now, "2026-11-20T22:59:59Z"), "2026-11-20T22:59:59Z|20 Nov 2026|23:59|Yesterday|30 minutes ago");
    assert_string_equal(at(f, "Europe/Warsaw", now, "2026-11-20T09:00:00Z"), "2026-11-20T09:00:00Z|20 Nov 2026|10:00|Yesterday|14 hours ago");
    assert_string_equal(at(f, "Europe/Warsaw", now, "2026-11-18T09:05:00Z"), "2026-11-18T09:05:00Z|18 Nov 2026|10:05|18 Nov 2026|2 days ago");
    assert_string_equal(at(f, "No/Such", now, "2026-01-01T00:00:00Z"), "2026-01-01T00:00:00Z|1 Jan 2026|00:00|1 Jan 2026|1 Jan 2026");
    assert_string_equal(at(f, "UTC", now, "2026-12-24T18:00:00Z"), "2026-12-24T18:00:00Z|24 Dec 2026|18:00|24 Dec 2026|24 Dec 2026");
    fake_request(f, "GET", "/");
    view_time(&f->rq, view(&f->rq), "t", CLOCK_NONE);
    assert_int_equal(view_page(&f->rq, &f->rs, "pages/time"), 200);
    assert_string_equal(f->rs.body.s, "");
}

/* One request after the other's order, and against it, over days on which the clocks change. */
static void clocks_of_many_moments(void **state)
{
    struct fake *f = *state;
    static const char *const told[][4] = {
        { "2026-03-28T22:59:00Z", "23:59", "28 Mar 2026", "28 Mar 2026" }, { "2026-03-28T23:00:00Z", "00:00", "29 Mar 2026", "29 Mar 2026" },
        { "2026-03-29T00:59:59Z", "01:59", "29 Mar 2026", "29 Mar 2026" }, { "2026-03-29T01:00:00Z", "03:00", "29 Mar 2026", "29 Mar 2026" },
        { "2026-03-29T21:59:00Z", "23:59", "29 Mar 2026", "29 Mar 2026" }, { "2026-03-29T22:00:00Z", "00:00", "30 Mar 2026", "30 Mar 2026" },
        { "2026-10-25T00:30:00Z", "02:30", "25 Oct 2026", "25 Oct 2026" }, { "2026-10-25T01:30:00Z", "02:30", "25 Oct 2026", "25 Oct 2026" },
        { "2026-11-19T22:59:59Z", "23:59", "19 Nov 2026", "Yesterday" },   { "2026-11-20T22:59:59Z", "23:59", "20 Nov 2026", "Today" },
        { "1969-12-31T22:59:59Z", "23:59", "31 Dec 1969", "31 Dec 1969" },
    };
    for (int backwards = 0; backwards < 2; backwards++) {
        fake_request(f, "GET", "/");
        f->rq.zone = "Europe/Warsaw";
        assert_true(clock_parse_iso("2026-11-20T12:00:00Z", &f->rq.ctx.now_ms));
        for (size_t i = 0; i < ARRAY_LEN(told); i++) {
            const char *const *t = told[backwards ? ARRAY_LEN(told) - 1 - i : i];
            int64_t ms;
            assert_true(clock_parse_iso(t[0], &ms));
            struct view_clock c = view_clock(&f->rq, ms);
            assert_string_equal(c.clock, t[1]);
            assert_string_equal(c.date, t[2]);
            assert_string_equal(c.day, t[3]);
        }
        assert_null(view_clock(&f->rq, CLOCK_NONE).day);
    }
}

static void many_zones(void **state)
{
    struct fake *f = *state;
    assert_ptr_equal(zones_get(f->app.zones, "Europe/Warsaw"), zones_get(f->app.zones, "Europe/Warsaw"));
    assert_null(zones_get(f->app.zones, "../../etc/passwd"));
    /* More names than there is room for still tell the time. */
    static const char *const cities[] = {
        "Africa/Cairo", "Africa/Lagos", "Africa/Nairobi", "America/Bogota", "America/Chicago", "America/Denver", "America/Lima",
        "America/New_York", "America/Phoenix", "America/Sao_Paulo", "Asia/Bangkok", "Asia/Dhaka", "Asia/Dubai", "Asia/Jakarta",
        "Asia/Karachi", "Asia/Kolkata", "Asia/Manila", "Asia/Seoul", "Asia/Shanghai", "Asia/Singapore", "Asia/Tehran",
        "Australia/Perth", "Australia/Sydney", "Europe/Athens", "Europe/Berlin", "Europe/Dublin", "Europe/Helsinki",
        "Europe/Istanbul", "Europe/Kyiv", "Europe/Lisbon", "Europe/London", "Europe/Madrid", "Europe/Moscow", "Europe/Oslo",
        "Europe/Paris", "Europe/Rome", "Europe/Sofia", "Europe/Vienna", "Pacific/Auckland", "Pacific/Honolulu",
    };
    for (int i = -14; i <= 12; i++)
        zones_get(f->app.zones, arena_printf(f->arena, "Etc/GMT%+d", i));
    for (size_t i = 0; i < ARRAY_LEN(cities); i++)
        zones_get(f->app.zones, cities[i]);
    assert_null(zones_get(f->app.zones, "Asia/Tokyo"));
    assert_string_equal(at(f, "Asia/Tokyo", "2026-11-20T00:00:00Z", "2026-11-20T00:00:00Z"), "2026-11-20T00:00:00Z|20 Nov 2026|09:00|Today|just now");
}

static const char *form_page(struct fake *f, const char *body)
{
    fake_request(f, "POST", "/");
    fake_body(f, TYPE_FORM, body);
    assert_true(request_parse(&f->rq));
    assert_true(form_fill(&f->rq, &form));
    view_form(&f->rq, &form, f->rq.in);
    assert_int_equal(view_page(&f->rq, &f->rs, "pages/form"), 200);
    return f->rs.body.s;
}

static void forms_are_shown_again(void **state)
{
    struct fake *f = *state;
    assert_string_equal(form_page(f, "text=a%3C&password=x&number=3&flag=1&list=p&list=q"), "a&lt;||3|F|<p><q>|||");
    assert_string_equal(form_page(f, "text=abcd&number=x1"), "abcd||x1|||This is too long.|This is not a number.|X");
}

static void words(void **state)
{
    struct fake *f = *state;
    assert_string_equal(say(&f->rq, "Hello"), "Hello");
    assert_string_equal(sayf(&f->rq, "%d of %s", 3, "x"), "3 of x");
    assert_string_equal(say_n(&f->rq, "%lld message", "%lld messages", 1), "1 message");
    assert_string_equal(say_n(&f->rq, "%lld message", "%lld messages", -12), "-12 messages");
    assert_string_equal(say_n(&f->rq, "one", "many", 2), "many");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_root_says_who_and_where, start, end),
        cmocka_unit_test_setup_teardown(a_notice_is_shown_and_taken_away, start, end),
        cmocka_unit_test_setup_teardown(fragments, start, end),
        cmocka_unit_test_setup_teardown(a_page_that_does_not_render_is_an_error, start, end),
        cmocka_unit_test_setup_teardown(times_are_told_in_the_zone, start, end),
        cmocka_unit_test_setup_teardown(clocks_of_many_moments, start, end),
        cmocka_unit_test_setup_teardown(many_zones, start, end),
        cmocka_unit_test_setup_teardown(forms_are_shown_again, start, end),
        cmocka_unit_test_setup_teardown(words, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
