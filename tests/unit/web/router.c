/* router.c - which row a request means, what is said when none does, and the way back to a URL. */
#include "base/base.h"
#include "web/app.h"
#include "fake.h"

static int nothing(struct request *rq, struct response *rs)
{
    (void)rq, (void)rs;
    return 200;
}

static const struct route routes[] = {
    { METHOD_GET, "/", PAGE, PERM_PUBLIC, nothing, NULL, "home_page" },
    { METHOD_GET, "/items", PAGE, PERM_PUBLIC, nothing, NULL, "items_page" },
    { METHOD_POST, "/items", PAGE, PERM_PUBLIC, nothing, NULL, "item_add_page" },
    { METHOD_GET, "/items/new", PAGE, PERM_PUBLIC, nothing, NULL, "item_new_page" },
    { METHOD_GET, "/items/:id", PAGE, PERM_PUBLIC, nothing, NULL, "item_page" },
    { METHOD_DELETE, "/items/:id", PAGE, PERM_PUBLIC, nothing, NULL, "item_delete_page" },
    { METHOD_GET, "/items/:id/parts/:part", PAGE, PERM_PUBLIC, nothing, NULL, "part_page" },
    { METHOD_POST, "/strange/hook", TWILIO, PERM_PUBLIC, nothing, NULL, "strange_hook" },
};

static int start(void **state)
{
    static struct fake fake;
    fake_start(&fake, routes, ARRAY_LEN(routes), NULL);
    *state = &fake;
    return 0;
}

static int end(void **state)
{
    fake_end(*state);
    return 0;
}

static bool match(struct fake *f, const char *method, const char *target)
{
    fake_request(f, method, target);
    assert_true(request_parse_target(&f->rq));
    return route_match(&f->rq, &f->rs);
}

static void expect(struct fake *f, const char *method, const char *target, const char *name, const char *a0, const char *a1)
{
    assert_true(match(f, method, target));
    assert_string_equal(f->rq.route->name, name);
    const char *args[] = { a0, a1 };
    for (size_t i = 0; i < 2; i++) {
        if (args[i])
            assert_string_equal(f->rq.args[i], args[i]);
        else
            assert_null(f->rq.args[i]);
    }
}

static void rows_are_found(void **state)
{
    struct fake *f = *state;
    expect(f, "GET", "/", "home_page", NULL, NULL);
    expect(f, "GET", "/?a/b", "home_page", NULL, NULL);
    expect(f, "GET", "/items", "items_page", NULL, NULL);
    expect(f, "HEAD", "/items", "items_page", NULL, NULL);
    expect(f, "POST", "/items?x", "item_add_page", NULL, NULL);
    expect(f, "GET", "/items/new", "item_new_page", NULL, NULL); /* the earlier row wins */
    expect(f, "GET", "/items/17", "item_page", "17", NULL);
    expect(f, "DELETE", "/items/new", "item_delete_page", "new", NULL);
    expect(f, "GET", "/items/1/parts/2", "part_page", "1", "2");
    expect(f, "GET", "/%69tems/whatsapp%3A%2B48500+1", "item_page", "whatsapp:+48500+1", NULL);
    expect(f, "GET", "/items/a%2Fb", "item_page", "a/b", NULL); /* an escaped slash does not cut */
    expect(f, "GET", "/items/%C5%82", "item_page", "ł", NULL);
}

static void absent(struct fake *f, const char *target)
{
    assert_false(match(f, "GET", target));
    assert_int_equal(f->rq.ctx.err.code, ERR_ABSENT);
    assert_null(f->rq.route);
}

static void what_is_not_there(void **state)
{
    struct fake *f = *state;
    static const char *const targets[] = { "/item", "/itemsx", "/items/", "/items/1/", "/items/1/parts", "/items/1/parts/", "/items//parts/2",
                                           "//", "/Items", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18" };
    for (size_t i = 0; i < ARRAY_LEN(targets); i++)
        absent(f, targets[i]);
    absent(f, "/api/x");
    assert_int_equal(f->rq.kind, API);
    absent(f, "/twilio/x");
    assert_int_equal(f->rq.kind, TWILIO);
    absent(f, "/hook/x");
    assert_int_equal(f->rq.kind, TWILIO);
    absent(f, "/x/api/");
    assert_int_equal(f->rq.kind, PAGE);
}

static void other_methods_are_named(void **state)
{
    struct fake *f = *state;
    assert_false(match(f, "PUT", "/items"));
    assert_int_equal(f->rq.ctx.err.code, ERR_METHOD);
    assert_string_equal(fake_sent(f, "Allow"), "GET, HEAD, POST");
    assert_false(match(f, "POST", "/items/1"));
    assert_string_equal(fake_sent(f, "Allow"), "GET, HEAD, DELETE");
    assert_false(match(f, "OPTIONS", "/"));
    assert_string_equal(fake_sent(f, "Allow"), "GET, HEAD");
    assert_false(match(f, "GET", "/strange/hook"));
    assert_string_equal(fake_sent(f, "Allow"), "POST");
    assert_int_equal(f->rq.kind, TWILIO); /* the error looks as that route's kind wants it */
}

static void urls_are_made_from_the_table(void **state)
{
    struct fake *f = *state;
    assert_string_equal(url_for(&f->rq, "home_page", NULL, NULL), "/");
    assert_string_equal(url_for(&f->rq, "item_page", "17", NULL), "/items/17");
    assert_string_equal(url_for(&f->rq, "item_page", "18", NULL), "/items/18");
    assert_string_equal(url_for(&f->rq, "part_page", "a/b", "whatsapp:+48 ł"), "/items/a%2Fb/parts/whatsapp%3A%2B48%20%C5%82");
    expect(f, "GET", url_for(&f->rq, "part_page", "a/b", "?#&"), "part_page", "a/b", "?#&");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_are_found, start, end),
        cmocka_unit_test_setup_teardown(what_is_not_there, start, end),
        cmocka_unit_test_setup_teardown(other_methods_are_named, start, end),
        cmocka_unit_test_setup_teardown(urls_are_made_from_the_table, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
