/* support.h - what these tests share: the store tests' database (with-mariadb), two tenants with credentials and lines. */
#ifndef TESTS_SERVICES_SUPPORT_H
#define TESTS_SERVICES_SUPPORT_H
#include "../store/support.h"
#include "base/clock.h"
#include "providers/client.h"
#include "services/credentials.h"
#include "services/sending.h"
#include "services/tenants.h"
#include <unistd.h>

struct scalar { const char *s; };
#define SCALAR(F) F(TEXT, s, 0)
#define SCALAR_FIELD(kind, member, flags) FIELD_ENTRY(scalar, kind, member, flags)
extern const struct row_type scalar_type;
ROW_TYPE(scalar, SCALAR(SCALAR_FIELD));

#define ACCOUNT_ONE "AC11111111111111111111111111111111"
#define ACCOUNT_TWO "AC22222222222222222222222222222222"
#define LINE_ONE "+447700900001"
#define CUSTOMER "+447700900123"

/* Where nobody listens: what is sent was not processed. */
#define NOBODY "http://127.0.0.1:9"

static struct fixture f;
static struct ctx *const ctx = &f.ctx;

/* The statement's one value, "" for none; the text is a literal, so that its address may name it. */
static inline const char *ask(const struct sql *q, const struct arg *args, size_t n)
{
    struct scalar *row = stmt_one(ctx, q, args, n);
    if (ctx->err.code)
        fail_msg("%s", ctx->err.detail);
    return row && row->s ? row->s : "";
}

static inline void must(bool ok)
{
    if (!ok)
        fail_msg("%s: %s", err_name(ctx->err.code), ctx->err.detail ? ctx->err.detail : "");
}

/* A context as a new request has it. */
static inline void begin(uint64_t tenant)
{
    err_clear(ctx);
    db_rest(ctx->db);
    ctx->now_ms = clock_now_ms();
    crypto_random_hex(ctx->id, 8);
    ctx->tenant = tenant;
    ctx->actor = (struct actor){ .kind = ACTOR_JOB, .name = "test" };
}

static inline int open_services(void **state)
{
    (void)state;
    const char *problem = NULL;
    fixture_open(&f);
    with_schema(&f);
    f.conf.twilio_api_base = NOBODY;
    f.conf.twilio_connect_limit_ms = f.conf.twilio_inline_limit_ms = f.conf.twilio_limit_ms = 2000;
    f.conf.twilio_reconcile_wait_s = 30;
    f.conf.twilio_concurrency = 10;
    f.conf.main_public_url = "http://panel.example";
    f.conf.main_language = "en";
    f.conf.auth_tries = 10;
    f.conf.auth_window_s = 300;
    f.conf.auth_session_days = 14;
    f.conf.main_setup_code_file = arena_printf(f.arena, "%s/setup.code", test_env("TEST_DB_DIR"));
    const char *key = arena_printf(f.arena, "%s/test.key", test_env("TEST_DB_DIR"));
    unlink(key);
    if (!keyring_create(key, &problem) || !(ctx->keys = keyring_load(f.arena, key, &problem)))
        fail_msg("%s", problem);
    ctx->client = client_new();
    uint64_t one = tenant_add(ctx, "one", "GB", "Europe/Warsaw", "en", NULL), two = tenant_add(ctx, "two", "GB", "Europe/Warsaw", "en", NULL);
    assert_true(one == 1 && two == 2);
    struct credentials_in a = { .account_sid = ACCOUNT_ONE, .token = "11111111111111111111111111111111" };
    struct credentials_in b = { .account_sid = ACCOUNT_TWO, .token = "22222222222222222222222222222222" };
    must(credentials_put(ctx, 1, &a) && credentials_put(ctx, 2, &b));
    must(line_add(ctx, 1, LINE_ONE, "sms", "", 1000) && line_add(ctx, 1, "+447700900002", "whatsapp", "", 0) &&
         line_add(ctx, 2, LINE_ONE, "sms", "", 1000));
    return 0;
}

static inline int close_services(void **state)
{
    (void)state;
    client_free(ctx->client);
    fixture_close(&f);
    return 0;
}

static inline int before_each(void **state)
{
    (void)state;
    script(&f, "SET FOREIGN_KEY_CHECKS=0; DELETE FROM outbox; DELETE FROM message_media; DELETE FROM message; DELETE FROM message_event; DELETE FROM conversation;"
               "DELETE FROM contact; DELETE FROM unrouted; SET FOREIGN_KEY_CHECKS=1;");
    f.conf.main_test_mode = false;
    begin(1);
    return 0;
}

/* A message that Twilio could not be told yet: queued, one attempt. */
static inline struct send_result queued(const char *to, const char *body)
{
    struct send_result r;
    begin(ctx->tenant);
    must(message_send(ctx, &(struct send_request){ .to = to, .body = body, .author = AUTHOR_API }, &r));
    return r;
}

#endif
