/* model_parts.h - what openai.c, anthropic.c and model.c share; others include model.h. */
#ifndef CENTRALA_PROVIDERS_MODEL_PARTS_H
#define CENTRALA_PROVIDERS_MODEL_PARTS_H
#include "base/base.h"
#include "base/json.h"
#include "base/str.h"
#include "providers/model.h"

/* What the model is told about handing off, in either dialect. */
#define MODEL_SAY_REPLY "Answer the customer."
#define MODEL_SAY_HAND_OFF "Leave the conversation to a person: the customer asks for one or is upset, asks for what you were not told or may not " \
                           "decide, or you are not sure of the answer."
#define MODEL_SAY_TEXT "The message as the customer will read it, plain text without formatting."
#define MODEL_SAY_REASON "For the person who takes over: why, in a few words."

/* An empty body with about the room that the request needs. */
void model_body(struct arena *a, struct str *body, const struct model_request *rq);
/* ,"messages":[…] with `system` as the first message when it is not NULL. */
void model_messages(struct arena *a, struct str *body, const struct model_request *rq, const char *system);
/* ,"name":"text" */
void model_member(struct str *body, const char *name, const char *text);
/* ,"temperature":0.70 unless it is not set. */
void model_temperature(struct str *body, const struct model_request *rq, double most);
/* The system text, cleaned and bounded; NULL when there is none. */
const char *model_system(struct arena *a, const struct model_request *rq);
/* Text of many lines without control characters, trimmed, at most `most` bytes. */
const char *model_clean(struct arena *a, const char *s, size_t most);
/* The same on one line, at most 500 bytes: for `reason`, `error` and names. */
const char *model_words(struct arena *a, const char *s);
/* Settles a text for the customer: MODEL_ANSWERED, or MODEL_EMPTY. NULL is "". */
void model_answered(struct arena *a, const char *text, struct model_result *out);

/* URL, headers and body of the request. */
void openai_call(struct arena *a, const struct conf *conf, const struct model_request *rq, const char *base, struct call *call);
void anthropic_call(struct arena *a, const struct conf *conf, const struct model_request *rq, const char *base, struct call *call);
/* Reads the body of a 2xx (NULL: no JSON) over a result of MODEL_NONSENSE with `model` set: outcome, text, reason, tokens, model. */
void openai_read(struct arena *a, const struct model_request *rq, const struct json *j, struct model_result *out);
void anthropic_read(struct arena *a, const struct model_request *rq, const struct json *j, struct model_result *out);

#endif
