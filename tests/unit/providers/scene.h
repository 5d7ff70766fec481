/* scene.h - a server with a script, a client that calls it, and the answer. */
#ifndef TESTS_PROVIDERS_SCENE_H
#define TESTS_PROVIDERS_SCENE_H
#include "providers/client.h"
#include "server.h"

#define SAY(status, headers, length, body) "HTTP/1.1 " status "\r\n" headers "Content-Length: " length "\r\n\r\n" body
#define OK SAY("200 OK", "", "2", "ok")

struct scene {
    struct server server;
    struct client *client;
    struct ctx ctx;
    struct answer answer;
};

static inline void scene_open(struct scene *s, const char *const *script)
{
    server_start(&s->server, script);
    s->client = client_new();
    s->ctx = (struct ctx){ .arena = arena_new(16 << 20), .id = "0123456789abcdef" };
}

static inline void scene_close(struct scene *s)
{
    client_free(s->client);
    server_stop(&s->server);
    arena_free(s->ctx.arena);
}

static inline struct call call_to(struct scene *s, const char *method, const char *scheme)
{
    return (struct call){ .method = method, .connect_limit_ms = 300, .limit_ms = 600,
                          .url = arena_printf(s->ctx.arena, "%s://127.0.0.1:%d/a?b=c", scheme, s->server.port) };
}

static inline struct answer *ask(struct scene *s, const char *method)
{
    struct call call = call_to(s, method, "http");
    if (strcmp(method, "GET") != 0) {
        call.body = "To=1";
        call.body_len = 4;
        call.content_type = "application/x-www-form-urlencoded";
    }
    client_call(s->client, &s->ctx, &call, &s->answer);
    return &s->answer;
}

#endif
