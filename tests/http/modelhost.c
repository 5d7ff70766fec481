/* modelhost.c - a test host for providers/model.h: modelhost build|ask, requests as lines of JSON on standard input.
 *
 * build prints URL, headers and body of each; ask sends them all at once, repeats as model_backoff_ms() says, and prints
 * each result as it is settled. Settings come from the environment as in the programs. */
#include "base/base.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/str.h"
#include "providers/model.h"

extern char **environ;

struct asked {
    struct client *client;
    struct arena *arena;
    struct model_request rq;
    struct call call;
    int line, tries;
    int64_t due_ms, start_ms; /* due: of the next try, 0 while one is under way */
    bool settled;
};

static void read_request(struct arena *a, const struct json *j, struct model_request *rq)
{
    const struct json *turns = json_get(j, "turns"), *temperature = json_get(j, "temperature");
    struct model_turn *v = ARENA_ARRAY(a, struct model_turn, json_len(turns) + 1);
    size_t n = 0;
    for (const struct json *t = json_first(turns); t; t = json_next(t))
        v[n++] = (struct model_turn){ .ours = json_bool(json_first(t), false), .text = json_text(json_next(json_first(t)), NULL) };
    *rq = (struct model_request){
        .provider = strcmp(json_get_text(j, "provider", "openai"), "anthropic") == 0 ? MODEL_ANTHROPIC : MODEL_OPENAI,
        .api_base = json_get_text(j, "api_base", NULL),
        .key = json_get_text(j, "key", "sk-test-key"),
        .api_version = json_get_text(j, "api_version", NULL),
        .model = json_get_text(j, "model", "test-model"),
        .has_temperature = temperature != NULL,
        .temperature = json_number(temperature, 0),
        .tokens_param = json_get_text(j, "tokens_param", NULL),
        .max_tokens = (int)json_get_int(j, "max_tokens", 0),
        .system = json_get_text(j, "system", NULL),
        .turns = v,
        .turn_count = n,
        .may_hand_off = json_bool(json_get(j, "may_hand_off"), false),
        .structure = json_get_text(j, "structure", NULL),
        .user_hash = json_get_text(j, "user_hash", NULL),
        .limit_ms = (int)json_get_int(j, "limit_ms", 0),
    };
}

static void put(struct str *t, const char *name, const char *text)
{
    str_printf(t, "%s\"%s\":", t->len ? "," : "{", name);
    if (text)
        str_json(t, text, strlen(text));
    else
        STR_LIT(t, "null");
}

static void put_int(struct str *t, const char *name, int64_t value)
{
    str_printf(t, "%s\"%s\":%" PRId64, t->len ? "," : "{", name, value);
}

static void end_line(struct str *t)
{
    STR_LIT(t, "}");
    BUG_IF(t->full);
    puts(t->s);
    fflush(stdout);
}

static void print_call(struct arena *a, const struct asked *q)
{
    struct str t;
    str_init(&t, a, 1024, 32 * 1024 * 1024);
    put(&t, "url", q->call.url);
    put_int(&t, "public_only", q->call.public_only);
    put_int(&t, "https_only", q->call.https_only);
    STR_LIT(&t, ",\"headers\":[");
    for (const char *const *h = q->call.headers; *h; h++) {
        str_puts(&t, h == q->call.headers ? "" : ",");
        str_json(&t, *h, strlen(*h));
    }
    STR_LIT(&t, "],\"body\":");
    str_add(&t, q->call.body, q->call.body_len);
    end_line(&t);
}

static void arrived(const struct answer *answer, void *arg)
{
    struct asked *q = arg;
    struct model_result r;
    model_result(q->arena, &q->rq, answer, &r);
    int64_t now = clock_mono_ms(), wait = model_backoff_ms(q->tries, &r);
    if (wait >= 0) {
        q->due_ms = now + wait;
        return;
    }
    struct str t;
    str_init(&t, q->arena, 1024, 8 * 1024 * 1024);
    put_int(&t, "line", q->line);
    put(&t, "outcome", model_outcome_name(r.outcome));
    put(&t, "text", r.text);
    put(&t, "reason", r.reason);
    put(&t, "error", r.error);
    put(&t, "code", r.code);
    put(&t, "model", r.model);
    put(&t, "request_id", r.request_id);
    put_int(&t, "status", r.status);
    put_int(&t, "tokens_in", r.tokens_in);
    put_int(&t, "tokens_out", r.tokens_out);
    put_int(&t, "took_ms", r.took_ms);
    put_int(&t, "tries", q->tries);
    put_int(&t, "ms", now - q->start_ms);
    end_line(&t);
    q->settled = true;
}

/* Starts what is due; the milliseconds until the next is, or -1 when all are settled. */
static int start_due(struct asked *all, size_t n)
{
    int64_t now = clock_mono_ms(), next = now + 1000;
    bool open = false;
    for (size_t i = 0; i < n; i++) {
        struct asked *q = &all[i];
        open |= !q->settled;
        if (q->settled || !q->due_ms)
            continue;
        if (q->due_ms > now) {
            next = q->due_ms < next ? q->due_ms : next;
            continue;
        }
        q->due_ms = 0;
        q->tries++;
        client_start(q->client, q->arena, &q->call, arrived, q);
    }
    return open ? (int)(next - now) : -1;
}

int main(int argc, char **argv)
{
    enum { MOST = 2000 };
    struct arena *life = arena_new(256 << 20);
    const char *problems = "";
    const struct conf *conf = conf_load(life, NULL, false, environ, &problems);
    char *line = NULL;
    size_t room = 0, n = 0;
    if (argc != 2 || !conf) {
        fprintf(stderr, "usage: modelhost build|ask\n%s", problems);
        return 2;
    }
    crypto_init();
    struct asked *all = ARENA_ARRAY(life, struct asked, MOST);
    struct client *client = client_new();
    for (ssize_t got; n < MOST && (got = getline(&line, &room, stdin)) > 0; n++) {
        struct asked *q = &all[n];
        const struct json *j = json_parse(life, line, (size_t)got);
        BUG_IF(!j);
        *q = (struct asked){ .client = client, .arena = arena_new(MODEL_MEMORY), .line = (int)n, .due_ms = 1, .start_ms = clock_mono_ms() };
        read_request(life, j, &q->rq);
        model_call(q->arena, conf, &q->rq, &q->call);
        if (strcmp(argv[1], "build") == 0)
            print_call(life, q);
    }
    if (strcmp(argv[1], "ask") == 0)
        for (int wait; (wait = start_due(all, n)) >= 0;)
            client_run(client, -1, wait);
    client_free(client);
    for (size_t i = 0; i < n; i++)
        arena_free(all[i].arena);
    free(line);
    arena_free(life);
    return 0;
}
