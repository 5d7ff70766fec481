/* What a chat page of fifty messages costs to render: the text is checked, the time is printed and asserts nothing.
 * MUSTACHE_ROUNDS=1 for a count of instructions (callgrind --toggle-collect=template_render). */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include <time.h>
#include "web/mustache.h"

enum { MESSAGES = 50, ROUNDS = 2000, PAGE_MAX = 256 * 1024 };

struct message {
    uint64_t id, conversation_id;
    bool inbound;
    int segments, media_count;
    const char *body, *author, *status, *status_tone, *channel, *error_text;
    int64_t created_ms;
};
#define MESSAGE_FIELD(kind, member, flags) FIELD_ENTRY(message, kind, member, flags)
#define MESSAGE(F)                                                                                            \
    F(U64, id, 0) F(U64, conversation_id, 0) F(BOOL, inbound, 0) F(INT, segments, 0) F(INT, media_count, 0)   \
    F(TEXT, body, 0) F(TEXT, author, 0) F(TEXT, status, 0) F(TEXT, status_tone, 0) F(TEXT, channel, 0)        \
    F(TEXT, error_text, 0) F(TIME, created_ms, 0)
ROW_TYPE(message, MESSAGE(MESSAGE_FIELD));

static const struct {
    const char *name, *text;
} sources[] = {
    { "layout",
      "<!doctype html>\n<html lang=\"{{lang}}\">\n<head>\n<meta charset=\"utf-8\">\n<title>{{$title}}{{\"Panel\"}}{{/title}} · "
      "Centrala</title>\n<link rel=\"stylesheet\" href=\"/static/css/app.css?v={{version}}\">\n"
      "<script type=\"module\" src=\"/static/js/app.js?v={{version}}\"></script>\n</head>\n<body>\n{{>nav}}\n"
      "<main id=\"main\" tabindex=\"-1\">\n{{$content}}{{/content}}\n</main>\n</body>\n</html>\n" },
    { "nav",
      "<nav aria-label=\"{{\"Main\"}}\">\n<ul>\n{{#can.message_read}}\n<li><a href=\"/conversations\"{{#here.conversations}} "
      "aria-current=\"page\"{{/here.conversations}}>{{\"Conversations\"}}</a></li>\n{{/can.message_read}}\n{{#can.settings}}\n"
      "<li><a href=\"/settings\">{{\"Settings\"}}</a></li>\n{{/can.settings}}\n</ul>\n{{#user}}<p>{{name}} ({{role}}, "
      "{{tenant}})</p>{{/user}}\n</nav>\n" },
    { "chat",
      "{{<layout}}\n{{$title}}{{conversation.title}}{{/title}}\n{{$content}}\n<h1>{{conversation.title}}</h1>\n<ol "
      "class=\"bubbles\">\n{{#messages}}\n{{>message}}\n{{/messages}}\n</ol>\n{{^messages}}<p>{{\"No messages yet.\"}}</p>"
      "{{/messages}}\n<form method=\"post\"><input type=\"hidden\" name=\"_csrf\" value=\"{{csrf}}\"><textarea name=\"body\">"
      "</textarea><button>{{\"Send\"}}</button></form>\n{{/content}}\n{{/layout}}\n" },
    { "message",
      "{{! one bubble }}\n<li class=\"bubble {{#inbound}}in{{/inbound}}{{^inbound}}out{{/inbound}} {{status_tone}}\" "
      "id=\"m{{id}}\" data-key=\"m{{id}}\" tabindex=\"-1\"{{#error_text}} data-failed=\"{{error_text}}\"{{/error_text}}>\n"
      "<p class=\"bubble-author{{#inbound}} sr{{/inbound}}\">{{author}}</p>\n{{#body}}<p class=\"bubble-text\">{{body}}</p>"
      "{{/body}}\n{{^body}}<p class=\"none\">{{\"(no text)\"}}</p>{{/body}}\n<p class=\"bubble-foot\">{{#at}}<time "
      "datetime=\"{{iso}}\" title=\"{{date}} {{clock}}\">{{clock}}</time>{{/at}}{{#segments_text}} <span>{{segments_text}}"
      "</span>{{/segments_text}}{{^inbound}} {{>status}}{{/inbound}}</p>\n{{#error_text}}<p class=\"bubble-failure\">"
      "{{error_text}}</p>{{/error_text}}\n</li>\n" },
    { "status",
      "<span class=\"badge {{status_tone}}\"><svg class=\"icon\" aria-hidden=\"true\"><use "
      "href=\"/static/img/icons.svg?v={{version}}#state-{{status}}\"/></svg>{{status}}</span>\n" },
};

static struct value *view_of(struct arena *a, const struct message *rows)
{
    struct value *root = object_new(a);
    object_text(root, "lang", "en");
    object_text(root, "csrf", "0123456789abcdef0123456789abcdef");
    object_text(root, "version", "20261120");
    object_bool(root, "test_mode", false);
    object_bool(object_object(root, "here"), "conversations", true);
    struct value *user = object_object(root, "user");
    object_text(user, "name", "Operator");
    object_text(user, "role", "agent");
    object_text(user, "tenant", "Demo");
    object_bool(object_object(root, "can"), "message_read", true);
    struct value *conversation = object_object(root, "conversation");
    object_text(conversation, "title", "Smith & Sons");
    struct value *messages = object_list(root, "messages");
    for (int i = 0; i < MESSAGES; i++) {
        struct value *m = list_row(messages, &message_type, &rows[i]), *at = object_object(m, "at");
        object_text(at, "iso", "2026-11-20T13:37:00Z");
        object_text(at, "clock", "13:37");
        object_text(at, "date", "2026-11-20");
        object_text(at, "day", "Today");
        object_text(at, "ago", "3 min");
        object_text(m, "segments_text", rows[i].segments > 1 ? "2 segments" : NULL);
    }
    return root;
}

static void fill(struct message *rows)
{
    for (int i = 0; i < MESSAGES; i++) {
        rows[i] = (struct message){
            .id = (uint64_t)(1000000 + i), .conversation_id = 77, .inbound = i % 2, .segments = 1 + i % 3 / 2,
            .body = i % 2 ? "Good morning, is the <blue> one still there? I'd like to see it today at 5."
                          : "Yes, it is \"reserved\" for you until noon. Please come by & ask for us at the desk.",
            .author = i % 2 ? "Smith & Sons" : "Operator", .status = i % 2 ? "received" : "delivered", .status_tone = "good",
            .channel = "sms", .error_text = i % 20 == 0 ? "The number does not exist." : NULL,
        };
    }
}

static void chat_page_of_fifty_messages(void **state)
{
    (void)state;
    struct template_set *set = templates_new(NULL);
    const char *problem = NULL;
    for (size_t i = 0; i < ARRAY_LEN(sources); i++)
        assert_true(templates_add(set, sources[i].name, sources[i].text, strlen(sources[i].text), &problem));
    assert_true(templates_link(set, true, &problem));
    const struct template *page = templates_get(set, "chat");
    struct arena *a = arena_new((size_t)16 * 1024 * 1024);
    struct message rows[MESSAGES];
    fill(rows);
    const char *wanted = getenv("MUSTACHE_ROUNDS");
    int rounds = wanted ? atoi(wanted) : ROUNDS;
    size_t len = 0;
    struct timespec from, to;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    for (int i = 0; i < rounds; i++) {
        struct str out;
        arena_reset(a);
        str_init(&out, a, template_size_hint(page), PAGE_MAX);
        assert_true(template_render(page, view_of(a, rows), &out, true, &problem));
        len = out.len;
        assert_true(i || (strstr(out.s, "id=\"m1000049\"") && strstr(out.s, "I&#x27;d like") && strstr(out.s, "</html>\n")));
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    double ns = (double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec);
    print_message("%d messages, %zu bytes: %.1f us of CPU a page, view included (hint %zu)\n", MESSAGES, len,
                  ns / rounds / 1000, template_size_hint(page));
    assert_in_range(len, 20000, 40000);
    arena_free(a);
    templates_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(chat_page_of_fifty_messages) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
