/* notes.c - the words of a chat's system lines (services/note.h), and of the mark of those that ask for a person. To add a kind: a row here. */
#include "base/base.h"
#include "pages/parts.h"

struct note_words { const char *kind, *text, *tone, *icon; };

void put_note(struct request *rq, struct value *o, const struct message_row *m)
{
    static const struct note_words words[] = {
        { "opted-out", N_("Opted out: nothing is sent to this customer any more."), "bad", "lock" },
        { "opted-in", N_("Opted in again: this customer may be written to."), "good", "unlock" },
        { "opt-in-kept", N_("The customer asks for messages again, but this opt-out is not lifted by a word. Please decide."), "wait", "lock" },
        { "opt-out-yes", N_("This was a request to stop."), "bad", "lock" },
        { "opt-out-no", N_("This was no request to stop."), "quiet", "unlock" },
        { "opt-out-doubt", N_("This may be a request to stop. Please decide."), "wait", "state-undelivered" },
        { "handed-off", N_("The AI handed over to a person."), "wait", "state-undelivered" },
        { "answer-dropped", N_("An automatic answer was dropped: somebody was quicker."), "quiet", "state-canceled" },
        { "answers-stopped", N_("Automatic answers stopped at the limit; a person's message starts them again."), "wait", "state-undelivered" },
        { "message-removed", N_("A message was removed."), "quiet", "state-canceled" },
    };
    struct value *note = object_object(o, "note");
    size_t i = 0;
    while (i < ARRAY_LEN(words) && strcmp(words[i].kind, m->status) != 0)
        i++;
    bool known = i < ARRAY_LEN(words);
    object_text(note, "text", known ? say(rq, words[i].text) : m->status);
    object_text(note, "tone", known ? words[i].tone : "quiet");
    object_text(note, "icon", known ? words[i].icon : "state-canceled");
    if (strcmp(m->status, "opt-out-doubt") == 0)
        object_bool(note, "asks", true);
    bool quoted = strncmp(m->status, "opted-", 6) == 0; /* the customer's own word, or what a colleague wrote */
    if (*m->body) /* our own reasons are message ids; other words stay as they are */
        object_text(note, "detail", quoted ? m->body : say(rq, m->body));
    if (m->author)
        object_text(note, "by", m->author);
}

void put_attention(struct request *rq, struct value *o, const struct conversation_row *c)
{
    static const struct { const char *why, *label, *icon; } marks[] = {
        { "handed-off", N_("Needs a person"), "account" },
        { "opt-out-doubt", N_("Asks to stop?"), "state-unknown" },
        { "answers-stopped", N_("Answers stopped"), "paused" },
    };
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        if (strcmp(c->attention, marks[i].why) != 0)
            continue;
        struct value *mark = object_object(o, "attention");
        object_text(mark, "label", say(rq, marks[i].label));
        object_text(mark, "icon", marks[i].icon);
        object_int(mark, "since", c->attention_ms);
    }
}
