/* form.c - each kind of input from each source: what is taken, what is refused and with which words. */
#include "base/base.h"
#include "base/utf8.h"
#include "web/app.h"
#include "fake.h"

struct in {
    const char *text, *note, *password, *phone, *to, *extra;
    int64_t number, page;
    bool flag, on;
    int power;
    uint64_t id;
    struct texts urls;
};
static const struct form_field fields[] = {
    FORM_TEXT(struct in, text, 2, 5, 0),
    FORM_TEXT(struct in, note, 0, 100, MULTILINE),
    FORM_TEXT(struct in, password, 1, 100, RAW),
    FORM_PHONE(struct in, phone, 0),
    FORM_PHONE(struct in, to, ADDRESS),
    FORM_JSON(struct in, extra, 40, 0),
    FORM_INT(struct in, number, -5, 50, 7, 0),
    FORM_INT(struct in, page, 1, 200, 30, CLAMP),
    FORM_BOOL(struct in, flag, 0),
    FORM_BOOL(struct in, on, 1),
    FORM_SWITCH(struct in, power),
    FORM_ID(struct in, id, 0),
    FORM_TEXTS(struct in, urls, 3, 0),
};
static const struct form form = FORM(struct in, fields);

static const struct form_field required_fields[] = {
    FORM_TEXT(struct in, text, 1, 5, REQUIRED), FORM_PHONE(struct in, phone, REQUIRED), FORM_INT(struct in, number, 0, 9, 0, REQUIRED),
    FORM_ID(struct in, id, REQUIRED),           FORM_TEXTS(struct in, urls, 3, REQUIRED), FORM_JSON(struct in, extra, 10, REQUIRED),
};
static const struct form required_form = FORM(struct in, required_fields);

static int start(void **state)
{
    static struct fake fake;
    fake_start(&fake, NULL, 0, NULL);
    *state = &fake;
    return 0;
}

static int end(void **state)
{
    fake_end(*state);
    return 0;
}

static const char *error_at(const struct fake *f, const char *field)
{
    const char *text = NULL;
    for (const struct field_error *e = f->rq.form_errors; e; e = e->next)
        if (strcmp(e->field, field) == 0) {
            assert_null(text); /* one mistake a field */
            text = e->text;
        }
    return text;
}

static struct in *fill_as(struct fake *f, const char *type, const char *body, const struct form *with)
{
    fake_request(f, "POST", "/x");
    fake_body(f, type, body);
    f->rq.country = "PL";
    assert_true(request_parse(&f->rq));
    assert_true(form_fill(&f->rq, with));
    return f->rq.in;
}

static struct in *fill(struct fake *f, const char *body)
{
    return fill_as(f, TYPE_FORM, body, &form);
}

static struct in *fill_json(struct fake *f, const char *body)
{
    return fill_as(f, TYPE_JSON, body, &form);
}

static void texts(void **state)
{
    struct fake *f = *state;
    assert_string_equal(fill(f, "text=++abc%09&text=second")->text, "abc");
    assert_null(f->rq.form_errors);
    fill(f, "text=a");
    assert_string_equal(error_at(f, "text"), "This is too short.");
    assert_string_equal(fill(f, "text=abcdef")->text, "abcdef"); /* kept to be shown again */
    assert_string_equal(error_at(f, "text"), "This is too long.");
    fill(f, "text=%C5%82%C5%82%C5%82%C5%82%C5%82");
    assert_null(f->rq.form_errors); /* characters, not bytes */
    fill(f, "text=%F0%9F%98%80%F0%9F%98%80%F0%9F%98%80");
    assert_string_equal(error_at(f, "text"), "This is too long."); /* UTF-16 units */
    assert_string_equal(fill(f, "text=")->text, "");
    assert_null(f->rq.form_errors);
    assert_null(fill(f, "other=1")->text);
    static const char *const bad[] = { "text=a%00b", "text=a%0Ab", "text=a%07b", "text=ab%FF", "text=ab%C0%AF", "text=a%7Fb" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct in *in = fill(f, bad[i]);
        assert_string_equal(error_at(f, "text"), "This text has characters that are not allowed.");
        assert_true(utf8_valid(in->text, strlen(in->text)));
    }
    assert_string_equal(fill(f, "text=ab%00c%FF")->text, "ab?c?");
}

static void multiline_and_raw(void **state)
{
    struct fake *f = *state;
    assert_string_equal(fill(f, "note=%0D%0Aa%0D%0Ab%0Dc%09d%0A%0A")->note, "a\nb\nc\td");
    assert_null(f->rq.form_errors);
    fill(f, "note=a%00%0D%0A");
    assert_non_null(error_at(f, "note"));
    assert_string_equal(fill(f, "password=++x+")->password, "  x ");
}

static void phones(void **state)
{
    struct fake *f = *state;
    assert_string_equal(fill(f, "phone=500+100+100&to=WhatsApp%3A%2B48500100100")->phone, "+48500100100");
    assert_string_equal(((struct in *)f->rq.in)->to, "whatsapp:+48500100100");
    assert_null(f->rq.form_errors);
    assert_string_equal(fill(f, "to=whatsapp:500100100")->to, "whatsapp:+48500100100");
    assert_string_equal(fill(f, "to=%2B48+500-100-100")->to, "+48500100100");
    assert_string_equal(fill(f, "phone=abc")->phone, "abc");
    assert_string_equal(error_at(f, "phone"), "This is not a telephone number.");
    fill(f, "phone=&to=");
    assert_null(f->rq.form_errors);
    assert_string_equal(fill_json(f, "{\"phone\": 48500100100}")->phone, "+48500100100");
}

static void numbers(void **state)
{
    struct fake *f = *state;
    struct in *in = fill(f, "number=+-5+&page=500&id=18&flag=on&on=0");
    assert_null(f->rq.form_errors);
    assert_int_equal(in->number, -5);
    assert_int_equal(in->page, 200);
    assert_int_equal(in->id, 18);
    assert_true(in->flag);
    assert_false(in->on);
    in = fill(f, "number=&page=abc");
    assert_null(f->rq.form_errors);
    assert_int_equal(in->number, 7);
    assert_int_equal(in->page, 30);
    assert_true(in->on);
    assert_false(in->flag);
    assert_int_equal(fill(f, "page=-9")->page, 1);
    fill(f, "number=51&id=-1&flag=maybe");
    assert_string_equal(error_at(f, "number"), "This number is out of range.");
    assert_string_equal(error_at(f, "id"), "This is not a number.");
    assert_string_equal(error_at(f, "flag"), "Please choose yes or no.");
    static const char *const bad[] = { "number=1.5", "number=1e1", "number=0x1", "number=-", "number=1+1", "number=99999999999999999999",
                                       "number=-9223372036854775809", "number=9223372036854775808", "number=1%00" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(fill(f, bad[i])->number, 7);
        assert_string_equal(error_at(f, "number"), "This is not a number.");
    }
    fill(f, "number=-9223372036854775808");
    assert_string_equal(error_at(f, "number"), "This number is out of range.");
}

static void lists(void **state)
{
    struct fake *f = *state;
    struct in *in = fill(f, "urls=a&x=1&urls=+b+&urls=");
    assert_int_equal(in->urls.n, 2);
    assert_string_equal(in->urls.v[1], "b");
    in = fill_json(f, "{\"urls\":[\"a\",\"b\",\"c\"]}");
    assert_int_equal(in->urls.n, 3);
    assert_string_equal(fill_json(f, "{\"urls\":\"a\"}")->urls.v[0], "a");
    assert_int_equal(fill_json(f, "{\"urls\":null}")->urls.n, 0);
    assert_null(f->rq.form_errors);
    fill_json(f, "{\"urls\":[\"a\",\"b\",\"c\",\"d\"]}");
    assert_string_equal(error_at(f, "urls"), "There are too many of these.");
    fill_json(f, "{\"urls\":[{}]}");
    assert_string_equal(error_at(f, "urls"), "This is not a text.");
    fill_json(f, "{\"urls\":{}}");
    assert_string_equal(error_at(f, "urls"), "This is not a text.");
    fill(f, "urls=a%0Ab");
    assert_non_null(error_at(f, "urls"));
}

static void json_members(void **state)
{
    struct fake *f = *state;
    struct in *in = fill_json(f, "{\"text\":\" abc \",\"number\":3,\"flag\":true,\"id\":\"17\",\"extra\":{\"1\": \"ż\"},\"unknown\":[]}");
    assert_null(f->rq.form_errors);
    assert_string_equal(in->text, "abc");
    assert_int_equal(in->number, 3);
    assert_true(in->flag);
    assert_int_equal(in->id, 17);
    assert_string_equal(in->extra, "{\"1\":\"ż\"}");
    assert_string_equal(fill_json(f, "{\"extra\":\"{ \\\"1\\\" : 2 }\"}")->extra, "{\"1\":2}"); /* a text that holds JSON */
    assert_string_equal(fill(f, "extra=%5B1,+2%5D")->extra, "[1,2]");
    static const char *const bad[] = { "{\"extra\":3}", "{\"extra\":\"x\"}", "{\"extra\":\"3\"}", "{\"extra\":true}" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        fill_json(f, bad[i]);
        assert_string_equal(error_at(f, "extra"), "This is not valid JSON.");
    }
    fill_json(f, "{\"extra\":[\"01234567890123456789012345678901234567890\"]}");
    assert_string_equal(error_at(f, "extra"), "This is too long.");
    fill_json(f, "{\"text\":{},\"phone\":[],\"number\":\"x\",\"flag\":3}");
    assert_string_equal(error_at(f, "text"), "This is not a text.");
    assert_string_equal(error_at(f, "phone"), "This is not a telephone number.");
    assert_string_equal(error_at(f, "number"), "This is not a number.");
    assert_string_equal(error_at(f, "flag"), "Please choose yes or no.");
    fill_json(f, "{\"text\":null,\"number\":null}");
    assert_null(f->rq.form_errors);
}

static void what_is_required(void **state)
{
    static const char *const empty[] = { "", "text=&phone=&number=&id=&urls=&extra=", "text=+&phone=+&number=+&id=+&urls=+&extra=+" };
    struct fake *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(empty); i++) {
        fill_as(f, TYPE_FORM, empty[i], &required_form);
        for (size_t k = 0; k < ARRAY_LEN(required_fields); k++)
            assert_string_equal(error_at(f, required_fields[k].name), "Please fill this in.");
    }
    fill_as(f, TYPE_FORM, "text=a&phone=500100100&number=0&id=1&urls=x&extra=[]", &required_form);
    assert_null(f->rq.form_errors);
}

static void bodies_that_cannot_be_read(void **state)
{
    static const struct { const char *type, *body; } bad[] = {
        { TYPE_JSON, "{" }, { TYPE_JSON, "[]" }, { TYPE_JSON, "\"x\"" }, { TYPE_JSON, "{} x" },
        { "text/plain", "{\"text\":\"abc\"}" }, { NULL, "text=abc" }, { "application/jsonx", "{}" },
    };
    struct fake *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        fake_request(f, "POST", "/x");
        fake_body(f, bad[i].type, bad[i].body);
        assert_true(request_parse(&f->rq));
        assert_false(form_fill(&f->rq, &form));
        assert_int_equal(f->rq.ctx.err.code, ERR_MALFORMED);
    }
    assert_string_equal(fill_as(f, "application/json; charset=utf-8", "{\"text\":\"abc\"}", &form)->text, "abc");
    assert_string_equal(fill_as(f, "Application/JSON", "{\"text\":\"abc\"}", &form)->text, "abc");
}

static void a_get_fills_from_its_query(void **state)
{
    struct fake *f = *state;
    fake_request(f, "GET", "/x?text=abc&page=3");
    assert_true(request_parse(&f->rq));
    assert_true(form_fill(&f->rq, &form));
    assert_string_equal(((struct in *)f->rq.in)->text, "abc");
    assert_int_equal(((struct in *)f->rq.in)->page, 3);
}

static void switches(void **state)
{
    struct fake *f = *state;
    static const struct { const char *body; int is; } said[] = {
        { "power=on", SWITCH_ON }, { "power=TRUE", SWITCH_ON }, { "power=y", SWITCH_ON }, { "power=0", SWITCH_OFF }, { "power=False", SWITCH_OFF },
        { "power=", SWITCH_UNSAID }, { "text=abc", SWITCH_UNSAID },
    };
    for (size_t i = 0; i < ARRAY_LEN(said); i++)
        assert_int_equal(fill(f, said[i].body)->power, said[i].is);
    assert_int_equal(fill_json(f, "{\"power\":true}")->power, SWITCH_ON);
    assert_int_equal(fill_json(f, "{\"power\":null}")->power, SWITCH_UNSAID);
    fill(f, "power=maybe");
    assert_string_equal(error_at(f, "power"), "Please choose yes or no.");
    assert_int_equal(fill_json(f, "{\"power\":[]}")->power, SWITCH_UNSAID);
    assert_string_equal(error_at(f, "power"), "Please choose yes or no.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(texts, start, end),
        cmocka_unit_test_setup_teardown(multiline_and_raw, start, end),
        cmocka_unit_test_setup_teardown(phones, start, end),
        cmocka_unit_test_setup_teardown(numbers, start, end),
        cmocka_unit_test_setup_teardown(switches, start, end),
        cmocka_unit_test_setup_teardown(lists, start, end),
        cmocka_unit_test_setup_teardown(json_members, start, end),
        cmocka_unit_test_setup_teardown(what_is_required, start, end),
        cmocka_unit_test_setup_teardown(bodies_that_cannot_be_read, start, end),
        cmocka_unit_test_setup_teardown(a_get_fills_from_its_query, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
