/* ingest.c - the procedure message_ingest: stored, replayed, unrouted, media, many at once, order within a conversation. */
#include "support.h"
#include <sys/wait.h>
#include <unistd.h>

struct ingested { const char *outcome; uint64_t conversation_id, message_id, line_id; int64_t answer_after_s; };
#define INGESTED(F) F(TEXT, outcome, 0) F(U64, conversation_id, 0) F(U64, message_id, 0) F(U64, line_id, 0) F(I64, answer_after_s, 0)
#define INGESTED_FIELD(kind, member, flags) FIELD_ENTRY(ingested, kind, member, flags)
extern const struct row_type ingested_type;
ROW_TYPE(ingested, INGESTED(INGESTED_FIELD));
struct number { int64_t v; };
#define NUMBER(F) F(I64, v, 0)
#define NUMBER_FIELD(kind, member, flags) FIELD_ENTRY(number, kind, member, flags)
extern const struct row_type number_type;
ROW_TYPE(number, NUMBER(NUMBER_FIELD));
struct text { const char *s; };
#define TEXTS(F) F(TEXT, s, 0)
#define TEXTS_FIELD(kind, member, flags) FIELD_ENTRY(text, kind, member, flags)
extern const struct row_type text_type;
ROW_TYPE(text, TEXTS(TEXTS_FIELD));

static const struct sql ingest = SQL_REPEATABLE("CALL message_ingest(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", &ingested_type);
static const struct sql counts = SQL("SELECT CONCAT_WS(' ',(SELECT COUNT(*) FROM contact),(SELECT COUNT(*) FROM conversation),"
    "(SELECT COUNT(*) FROM message),(SELECT COUNT(*) FROM message_event),(SELECT COUNT(*) FROM message_media),(SELECT COUNT(*) FROM unrouted))", &text_type);
static const struct sql conversation_line = SQL("SELECT CONCAT_WS('|',peer,channel,name,last_direction,last_status,preview,message_count,"
    "inbound_count,last_at=last_inbound_at,changed_at<=last_at,last_message_id=(SELECT MAX(id) FROM message WHERE conversation_id=c.id)) "
    "FROM conversation c WHERE id=?", &text_type);
static const struct sql message_line = SQL("SELECT CONCAT_WS('|',direction,status,rank,sid,segments,num_media,extra,body,"
    "ABS(TIMESTAMPDIFF(SECOND,created_at,UTC_TIMESTAMP(3)))<5) FROM message WHERE id=?", &text_type);
static const struct sql media_line = SQL("SELECT GROUP_CONCAT(CONCAT_WS('|',position,content_type,url) ORDER BY position) FROM message_media WHERE message_id=?", &text_type);
static const struct sql out_of_order = SQL("SELECT COUNT(*) FROM conversation c WHERE c.last_message_id<>(SELECT MAX(id) FROM message m WHERE m.conversation_id=c.id) "
    "OR c.message_count<>(SELECT COUNT(*) FROM message m WHERE m.conversation_id=c.id)", &number_type);
static const struct sql job_line = SQL("SELECT GROUP_CONCAT(TIMESTAMPDIFF(MICROSECOND,created_at,next_at) DIV 1000000) FROM reply_job WHERE conversation_id>=?", &text_type);
static const struct sql contact_line = SQL("SELECT GROUP_CONCAT(CONCAT_WS('|',address_key,name)) FROM contact WHERE id>=?", &text_type);
static const struct sql newest = SQL("SELECT MAX(id) FROM conversation", &number_type);
static const struct sql id_ahead = SQL("UPDATE conversation SET last_message_id=last_message_id+1000000000000 WHERE id=?", NULL);

static struct fixture f;
static struct ctx *const ctx = &f.ctx;

struct inbound { uint64_t line; int64_t answer_after_s; const char *to, *from, *name, *sid, *body, *media, *extra; int num_media; };

static struct ingested *receive(struct ctx *c, uint64_t tenant, const struct inbound *m)
{
    return stmt_one(c, &ingest, ARGS(U64(tenant), ID_OR_NULL(m->line), ID_OR_NULL(m->answer_after_s), TEXT(m->to), TEXT(m->from), TEXT(m->from), TEXT(""), TEXT(m->name), TEXT("sms"),
                                     TEXT(m->sid), TEXT(m->body), TEXT(m->body), I64(1), I64(m->num_media), TEXT(m->media), TEXT(m->extra), TEXT("{}")));
}

static void expect_counts(const char *want)
{
    struct text *t = stmt_one(ctx, &counts, NO_ARGS);
    assert_non_null(t);
    assert_string_equal(t->s, want);
}

static void expect_line(const struct sql *q, uint64_t id, const char *want)
{
    struct text *t = stmt_one(ctx, q, ARGS(U64(id)));
    assert_non_null(t);
    assert_string_equal(t->s, want);
}

static int setup(void **state)
{
    (void)state;
    fixture_open(&f);
    with_schema(&f);
    script(&f, "INSERT INTO tenant (id,name,hook_secret) VALUES (1,'one','a'),(2,'two','b');"
               "INSERT INTO line (tenant_id,id,address,channel) VALUES (1,11,'+48221000001','sms'),(1,12,'+48221000002','sms'),(2,21,'+48221000001','sms')");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

static int before(void **state)
{
    (void)state;
    err_clear(ctx);
    script(&f, "DELETE FROM reply_job; DELETE FROM message_media; DELETE FROM message_event; DELETE FROM message; DELETE FROM conversation; DELETE FROM contact; DELETE FROM unrouted");
    return 0;
}

static void test_stored_and_replayed(void **state)
{
    (void)state;
    struct inbound m = { .to = "+48221000001", .from = "+48500100100", .name = "Ann", .sid = "SM1", .body = "Cześć \xf0\x9f\x98\x80", .extra = "{\"a\":1}" };
    struct ingested *first = receive(ctx, 1, &m), *again, *next;
    assert_non_null(first);
    assert_string_equal(first->outcome, "stored");
    expect_counts("1 1 1 1 0 0");
    expect_line(&message_line, first->message_id, "0|received|60|SM1|1|0|{\"a\":1}|Cześć \xf0\x9f\x98\x80|1");
    expect_line(&conversation_line, first->conversation_id, "+48500100100|sms|Ann|0|received|Cześć \xf0\x9f\x98\x80|1|1|1|1|1");
    again = receive(ctx, 1, &m);
    assert_non_null(again);
    assert_string_equal(again->outcome, "duplicate");
    assert_true(again->conversation_id == first->conversation_id && again->message_id == first->message_id);
    expect_counts("1 1 1 1 0 0");
    /* The same person again: same conversation, later id. */
    m.sid = "SM2";
    m.body = "second";
    next = receive(ctx, 1, &m);
    assert_non_null(next);
    assert_string_equal(next->outcome, "stored");
    assert_true(next->conversation_id == first->conversation_id && next->message_id > first->message_id);
    expect_line(&conversation_line, first->conversation_id, "+48500100100|sms|Ann|0|received|second|2|2|1|1|1");
    /* On another line of ours: another conversation of the same contact. */
    m.sid = "SM3";
    m.to = "+48221000002";
    next = receive(ctx, 1, &m);
    assert_true(next && next->conversation_id != first->conversation_id);
    expect_counts("1 2 3 3 0 0");
    /* The same SID and numbers at another tenant are another message. */
    m.sid = "SM1";
    m.to = "+48221000001";
    next = receive(ctx, 2, &m);
    assert_non_null(next);
    assert_string_equal(next->outcome, "stored");
    expect_counts("2 3 4 4 0 0");
}

/* Whoever knows the line is told nothing of what is stored, and all of what is not. */
static void test_on_a_line_that_the_caller_knows(void **state)
{
    (void)state;
    struct inbound m = { .line = 11, .to = "+48221000001", .from = "+48500100100", .sid = "SM1", .body = "first" };
    for (int i = 0; i < 3; i++) { /* the first makes the conversation, the others find it */
        char sid[24];
        snprintf(sid, sizeof sid, "SM%d", i);
        m.sid = sid;
        m.answer_after_s = i == 2 ? 4 : 0;
        assert_null(receive(ctx, 1, &m));
        assert_int_equal(ctx->err.code, 0);
    }
    expect_counts("1 1 3 3 0 0");
    expect_line(&job_line, 0, "4");
    m.sid = "SM1";
    struct ingested *r = receive(ctx, 1, &m);
    assert_non_null(r);
    assert_string_equal(r->outcome, "duplicate");
    expect_counts("1 1 3 3 0 0");
    struct number *conversation = stmt_one(ctx, &newest, NO_ARGS);
    assert_non_null(conversation);
    assert_int_equal(r->conversation_id, conversation->v);
    expect_line(&conversation_line, r->conversation_id, "+48500100100|sms||0|received|first|3|3|1|1|1");
    /* Told about the line by who does not know it. */
    m.line = 0;
    m.sid = "SM9";
    r = receive(ctx, 1, &m);
    assert_true(r && r->line_id == 11 && r->answer_after_s == -1);
}

/* A name that comes later goes to contact and conversation, however the line was found; a second name changes nothing. */
static void test_a_name_comes_later(void **state)
{
    (void)state;
    struct inbound m = { .line = 11, .to = "+48221000001", .from = "+48500100100", .sid = "SM1", .body = "hi" };
    static const char *const names[] = { NULL, "Ann", "Bob" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char sid[24];
        snprintf(sid, sizeof sid, "SM%zu", i);
        m.sid = sid;
        m.name = names[i];
        assert_null(receive(ctx, 1, &m));
        assert_int_equal(ctx->err.code, 0);
    }
    struct number *conversation = stmt_one(ctx, &newest, NO_ARGS);
    expect_line(&conversation_line, (uint64_t)conversation->v, "+48500100100|sms|Ann|0|received|hi|3|3|1|1|1");
    expect_line(&contact_line, 0, "+48500100100|Ann");
    expect_counts("1 1 3 3 0 0");
}

static void test_unrouted(void **state)
{
    (void)state;
    struct inbound m = { .to = "+48999999999", .from = "+48500100100", .sid = "SM1", .body = "hello" };
    for (int i = 0; i < 2; i++) {
        struct ingested *r = receive(ctx, 1, &m);
        assert_non_null(r);
        assert_string_equal(r->outcome, "unrouted");
        expect_counts("0 0 0 0 0 1");
    }
}

static void test_media(void **state)
{
    (void)state;
    struct inbound m = { .to = "+48221000001", .from = "+48500100100", .sid = "MM1", .body = "", .num_media = 2,
                         .media = "[{\"position\":0,\"type\":\"image/jpeg\",\"url\":\"https://x/1\"},{\"position\":1,\"url\":\"https://x/2?a=\\\"b\\\"\"}]" };
    struct ingested *r = receive(ctx, 1, &m);
    assert_non_null(r);
    assert_string_equal(r->outcome, "stored");
    expect_line(&media_line, r->message_id, "0|image/jpeg|https://x/1,1||https://x/2?a=\"b\"");
    /* What cannot be read is refused as a whole: nothing half stored. */
    m.sid = "MM2";
    m.media = "no json";
    assert_null(receive(ctx, 1, &m));
    assert_int_equal(ctx->err.code, ERR_BUG);
    err_clear(ctx);
    expect_counts("1 1 1 1 2 0");
}

/* `n` processes, each runs fn(process number). */
static void in_parallel(int n, void (*fn)(struct ctx *c, int number))
{
    fflush(NULL);
    for (int i = 0; i < n; i++) {
        if (fork() == 0) {
            struct fixture g;
            fixture_open(&g);
            fn(&g.ctx, i);
            _exit(0);
        }
    }
    for (int i = 0; i < n; i++) {
        int status;
        wait(&status);
        assert_int_equal(status, 0);
    }
}

static void replay(struct ctx *c, int number)
{
    for (int i = 0; i < 30; i++) {
        char sid[20], from[20];
        snprintf(sid, sizeof sid, "SM%d", i);
        snprintf(from, sizeof from, "+4850010%04d", i / 3);
        struct inbound m = { .line = number % 2 ? 11 : 0, .to = "+48221000001", .from = from, .sid = sid, .body = "at once" };
        struct ingested *r = receive(c, 1, &m);
        if (!r && m.line && !c->err.code)
            continue;
        if (!r || (strcmp(r->outcome, "stored") != 0 && strcmp(r->outcome, "duplicate") != 0) || !r->message_id)
            _exit(1);
    }
}

static void test_five_replays_at_once(void **state)
{
    (void)state;
    in_parallel(5, replay);
    expect_counts("10 10 30 30 0 0");
    struct number *n = stmt_one(ctx, &out_of_order, NO_ARGS);
    assert_true(n && n->v == 0);
}

static void burst(struct ctx *c, int number)
{
    uint64_t last = 0;
    for (int i = 0; i < 60; i++) {
        char sid[20];
        snprintf(sid, sizeof sid, "SM%d-%d", number, i);
        struct inbound m = { .to = "+48221000001", .from = "+48500100100", .sid = sid, .body = "burst" };
        struct ingested *r = receive(c, 1, &m);
        if (!r || strcmp(r->outcome, "stored") != 0 || r->message_id <= last)
            _exit(1);
        last = r->message_id;
    }
}

/* Many messages of one customer at once: each is stored, none deadlocks away, and the newest is the newest. */
static void test_one_conversation_at_once(void **state)
{
    (void)state;
    in_parallel(5, burst);
    expect_counts("1 1 300 300 0 0");
    struct number *n = stmt_one(ctx, &out_of_order, NO_ARGS);
    assert_true(n && n->v == 0);
}

/* A clock that went back does not put a message before those that were there. */
static void test_clock_goes_back(void **state)
{
    (void)state;
    struct inbound m = { .to = "+48221000001", .from = "+48500100100", .sid = "SM1", .body = "one" };
    struct ingested *a = receive(ctx, 1, &m), *b;
    assert_non_null(a);
    must_do(ctx, &id_ahead, ARGS(U64(a->conversation_id)));
    m.sid = "SM2";
    b = receive(ctx, 1, &m);
    assert_true(b && b->message_id == a->message_id + 1000000000001);
}

#define TEST(name) cmocka_unit_test_setup(name, before)

int main(void)
{
    log_threshold(LOG_ERROR);
    const struct CMUnitTest tests[] = {
        TEST(test_stored_and_replayed), TEST(test_on_a_line_that_the_caller_knows), TEST(test_a_name_comes_later), TEST(test_unrouted), TEST(test_media), TEST(test_five_replays_at_once),
        TEST(test_one_conversation_at_once), TEST(test_clock_goes_back),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
