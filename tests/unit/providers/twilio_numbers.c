/* twilio_numbers.c - what is asked for numbers and services, and answers read without trust. */
#include "base/base.h"
#include "providers/twilio_numbers.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#define AC "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define PN "PNbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define MG "MG11111111111111111111111111111111"
#define BASE "https://api.twilio.com/2010-04-01/Accounts/" AC

static const struct conf conf = { .twilio_connect_limit_ms = 5000, .twilio_inline_limit_ms = 10000, .twilio_messaging_base = "https://messaging.twilio.com/" };
static const struct twilio_account account = { .sid = AC, .user = "SK1", .password = "secret", .api_base = "https://api.twilio.com" };

static int open_arena(void **state)
{
    *state = arena_new(32 << 20);
    return 0;
}

static int close_arena(void **state)
{
    arena_free(*state);
    return 0;
}

static struct answer answered(enum call_class class, int status, const char *body)
{
    return (struct answer){ .class = class, .status = status, .body = body, .body_len = strlen(body), .content_type = "", .retry_after_ms = -1, .request_id = "", .problem = "" };
}

static void test_calls(void **state)
{
    struct call call;
    assert_true(twilio_numbers_call(*state, &conf, &account, NULL, 50, NULL, &call));
    assert_string_equal(call.url, BASE "/IncomingPhoneNumbers.json?PageSize=50");
    assert_string_equal(call.method, "GET");
    assert_string_equal(call.user, "SK1");
    assert_int_equal(call.limit_ms, 10000);
    assert_true(twilio_numbers_call(*state, &conf, &account, "+48500100100", 1, NULL, &call));
    assert_string_equal(call.url, BASE "/IncomingPhoneNumbers.json?PhoneNumber=%2B48500100100&PageSize=1");
    assert_true(twilio_numbers_call(*state, &conf, &account, NULL, 50, "/2010-04-01/Accounts/" AC "/IncomingPhoneNumbers.json?Page=1&PageToken=PA1", &call));
    assert_string_equal(call.url, BASE "/IncomingPhoneNumbers.json?Page=1&PageToken=PA1");
    static const char *const strange[] = { "https://evil.example/", "/2010-04-01/Accounts/ACother/IncomingPhoneNumbers.json", "/2010-04-01/Accounts/" AC "/../x", "//evil.example/" };
    for (size_t i = 0; i < ARRAY_LEN(strange); i++)
        assert_false(twilio_numbers_call(*state, &conf, &account, NULL, 50, strange[i], &call));
    twilio_number_call(*state, &conf, &account, PN, "https://h.example/hook/s/message#rc=3&rp=ct,rt,5xx", &call);
    assert_string_equal(call.method, "POST");
    assert_string_equal(call.url, BASE "/IncomingPhoneNumbers/" PN ".json");
    /* SmsUrl alone: StatusCallback of a number is about calls. */
    assert_string_equal(call.body, "SmsUrl=https%3A%2F%2Fh.example%2Fhook%2Fs%2Fmessage%23rc%3D3%26rp%3Dct%2Crt%2C5xx&SmsMethod=POST");
    assert_string_equal(call.content_type, "application/x-www-form-urlencoded");
    twilio_services_call(*state, &conf, &account, NULL, &call);
    assert_string_equal(call.url, "https://messaging.twilio.com/v1/Services?PageSize=50");
    twilio_services_call(*state, &conf, &account, MG, &call);
    assert_string_equal(call.url, "https://messaging.twilio.com/v1/Services/" MG);
    twilio_service_numbers_call(*state, &conf, &account, MG, &call);
    assert_string_equal(call.url, "https://messaging.twilio.com/v1/Services/" MG "/PhoneNumbers?PageSize=1000");
}

#define ROW "{\"sid\":\"" PN "\",\"phone_number\":\"+48500100100\",\"friendly_name\":\"Front\\u0007desk\",\"sms_url\":\"https://x\",\"sms_method\":\"POST\"," \
    "\"sms_application_sid\":\"AP1\",\"capabilities\":{\"sms\":true,\"mms\":false}}"

static void test_pages(void **state)
{
    struct twilio_numbers page;
    struct answer a = answered(CALL_OK, 200, "{\"incoming_phone_numbers\":[" ROW "],\"next_page_uri\":\"/2010-04-01/Accounts/" AC "/IncomingPhoneNumbers.json?Page=1\"}");
    twilio_numbers_result(*state, &account, &a, &page);
    assert_true(page.ok);
    assert_int_equal(page.n, 1);
    assert_string_equal(page.v[0].sid, PN);
    assert_string_equal(page.v[0].number, "+48500100100");
    assert_string_equal(page.v[0].name, "Front desk");
    assert_string_equal(page.v[0].sms_url, "https://x");
    assert_string_equal(page.v[0].sms_application_sid, "AP1");
    assert_true(page.v[0].sms);
    assert_false(page.v[0].mms);
    assert_non_null(page.next);
    static const char *const bad[] = { "", "<html>", "[]", "{}", "{\"incoming_phone_numbers\":3}", "{\"incoming_phone_numbers\":[{}],\"next_page_uri\":null}",
        "{\"incoming_phone_numbers\":[],\"next_page_uri\":\"https://evil.example/2010-04-01/\"}", "{\"incoming_phone_numbers\":[" ROW ",null],\"next_page_uri\":null}" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        a = answered(CALL_OK, 200, bad[i]);
        twilio_numbers_result(*state, &account, &a, &page);
        assert_false(page.ok);
        assert_non_null(page.message);
    }
    a = answered(CALL_REFUSED, 401, "{\"code\":20003,\"message\":\"Authenticate\"}");
    twilio_numbers_result(*state, &account, &a, &page);
    assert_false(page.ok);
    assert_int_equal(page.code, 20003);
    assert_string_equal(page.message, "Authenticate");
}

static void test_one_and_services(void **state)
{
    struct twilio_numbers one;
    struct answer a = answered(CALL_OK, 200, ROW);
    twilio_number_result(*state, &a, &one);
    assert_true(one.ok);
    assert_string_equal(one.v[0].sms_url, "https://x");
    a = answered(CALL_REFUSED, 400, "{\"code\":21503,\"message\":\"SmsUrl is not valid\"}");
    twilio_number_result(*state, &a, &one);
    assert_false(one.ok);
    assert_int_equal(one.code, 21503);
    struct twilio_services services;
    a = answered(CALL_OK, 200, "{\"services\":[{\"sid\":\"" MG "\",\"friendly_name\":\"Shop\",\"inbound_request_url\":null,\"use_inbound_webhook_on_number\":true}]}");
    twilio_services_result(*state, &a, &services);
    assert_true(services.ok && services.n == 1 && services.v[0].defers);
    assert_string_equal(services.v[0].name, "Shop");
    a = answered(CALL_OK, 200, "{\"sid\":\"" MG "\"}");
    twilio_services_result(*state, &a, &services);
    assert_true(services.ok && services.n == 1 && !services.v[0].defers);
    a = answered(CALL_OK, 200, "{\"phone_numbers\":[{\"sid\":\"" PN "\",\"phone_number\":\"+48500100100\"}]}");
    twilio_service_numbers_result(*state, &a, &one);
    assert_true(one.ok && one.n == 1);
    a = answered(CALL_UNSENT, 0, "");
    a.problem = "could not connect";
    twilio_services_result(*state, &a, &services);
    assert_false(services.ok);
    assert_string_equal(services.message, "could not connect");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_calls, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_pages, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_one_and_services, open_arena, close_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
