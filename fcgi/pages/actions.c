/* actions.c - the audit trail's actions as people read them. To add one: a row here; what has none is shown as it is written down. */
#include "base/base.h"
#include "pages/settings.h"

static const struct { const char *word, *text; } actions[] = {
    { "credentials.put", N_("Twilio credentials stored") },
    { "line.add", N_("Line added") },
    { "line.change", N_("Line changed") },
    { "line.default", N_("Default sender chosen") },
    { "webhook.set", N_("Webhook set at Twilio") },
    { "tenant.change", N_("Organisation changed") },
    { "user.add", N_("Person added") },
    { "user.change", N_("Person changed") },
    { "user.password", N_("Password reset") },
    { "ai_profile.put", N_("AI profile saved") },
    { "ai_profile.delete", N_("AI profile removed") },
    { "ai_limit.put", N_("Daily AI limit changed") },
    { "ai_price.put", N_("AI price saved") },
    { "ai_price.delete", N_("AI price removed") },
    { "model_key.put", N_("AI key stored") },
    { "model_key.delete", N_("AI key removed") },
    { "model_key.server", N_("AI server changed") },
    { "reply.rule", N_("Auto-reply changed") },
    { "reply.keyword", N_("Keyword answer changed") },
    { "reply.closed_day", N_("Closed days changed") },
    { "opt_out.decide", N_("Opt-out decided") },
    { "opt_out.import", N_("Opt-outs imported") },
    { "opt_out.word", N_("Opt-out word added") },
    { "opt_out.word_removed", N_("Opt-out word removed") },
    { "reminder.add", N_("Reminder added") },
    { "reminder.change", N_("Reminder changed") },
    { "reminder.pause", N_("Reminder paused") },
    { "reminder.resume", N_("Reminder resumed") },
    { "reminder.delete", N_("Reminder deleted") },
    { "bulk.create", N_("Bulk batch created") },
    { "bulk.state", N_("Bulk batch paused or resumed") },
    { "message.redact", N_("Message redacted") },
    { "message.delete", N_("Message deleted") },
    { "conversation.delete", N_("Conversation deleted") },
    { "removal.retry", N_("Removal tried again") },
    { "person.erase", N_("Person erased") },
    { "retention.set", N_("Retention changed") },
    { "sync.start", N_("History fetched from Twilio") },
};

const char *action_words(struct request *rq, const char *action)
{
    for (size_t i = 0; i < ARRAY_LEN(actions); i++)
        if (strcmp(actions[i].word, action) == 0)
            return say(rq, actions[i].text);
    return action;
}
