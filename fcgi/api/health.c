/* health.c - the two public health addresses of the predecessors; 503 when the database is down. */
#include "base/base.h"
#include "base/clock.h"
#include "base/conf.h"
#include "services/health.h"
#include "web/handlers.h"

static void member(struct str *out, const char *name, const char *text)
{
    str_printf(out, "%s\"%s\":", out->len > 1 ? "," : "", name);
    str_json(out, text, strlen(text));
}

int health_api(struct request *rq, struct response *rs) /* GET /api/health (000) */
{
    bool up = rq->app->hooks->begin(rq, true) && health_database(&rq->ctx);
    str_putc(&rs->body, '{');
    member(&rs->body, "status", up ? "ok" : "error");
    member(&rs->body, "message", up ? "Centrala is running" : "The database does not answer");
    member(&rs->body, "env", rq->ctx.conf->main_env);
    str_printf(&rs->body, ",\"openai_enabled\":%s,\"debug\":false,\"test_mode\":%s}", up && health_model_configured(&rq->ctx) ? "true" : "false",
               rq->ctx.conf->main_test_mode ? "true" : "false");
    return json_done(rs, up ? 200 : 503);
}

int healthy_api(struct request *rq, struct response *rs) /* GET /health (002) */
{
    char now[CLOCK_ISO_MAX];
    bool up = rq->app->hooks->begin(rq, true) && health_database(&rq->ctx);
    clock_iso(rq->ctx.now_ms, false, now);
    str_putc(&rs->body, '{');
    member(&rs->body, "status", up ? "healthy" : "unhealthy");
    member(&rs->body, "service", "centrala");
    member(&rs->body, "timestamp", now);
    str_printf(&rs->body, ",\"twilio_configured\":%s}", up && health_twilio_configured(&rq->ctx) ? "true" : "false");
    return json_done(rs, up ? 200 : 503);
}
