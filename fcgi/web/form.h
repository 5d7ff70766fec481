/* form.h - a form table names each input, its type, its limits and the struct member it fills. The core fills rq->in
 * before the handler; handlers never look up strings. Sources: urlencoded or multipart body, JSON object body, or the
 * query of a GET. Mistakes become rq->form_errors (text = message id): a PAGE handler is called to show the form
 * again, an API answers with the fields.
 *
 *   struct send_in { const char *to, *body; };
 *   static const struct form_field send_fields[] = {
 *       FORM_PHONE(struct send_in, to, REQUIRED),
 *       FORM_TEXT(struct send_in, body, 1, 1600, REQUIRED | MULTILINE),
 *   };
 *   const struct form send_form = FORM(struct send_in, send_fields);
 */
#ifndef CENTRALA_FORM_H
#define CENTRALA_FORM_H
#include "base/base.h"
#include "web/request.h"

enum form_kind { FORM_KIND_TEXT, FORM_KIND_PHONE, FORM_KIND_INT, FORM_KIND_BOOL, FORM_KIND_SWITCH, FORM_KIND_ID, FORM_KIND_TEXTS, FORM_KIND_JSON };
enum form_flags {
    REQUIRED = 1,
    MULTILINE = 2,  /* newlines allowed and normalised to LF; else control characters are a mistake */
    RAW = 4,        /* not trimmed (passwords) */
    ADDRESS = 8,    /* a PHONE that may carry a channel prefix ("whatsapp:+48…"), kept with it */
    CLAMP = 16,     /* an INT out of range is moved to the nearest limit, an unreadable one to its default */
    ASCII = 32      /* visible ASCII only: names that programs give */
};

enum { SWITCH_UNSAID = -1, SWITCH_OFF, SWITCH_ON };
struct texts { const char **v; size_t n; }; /* FORM_TEXTS: repeated names, a JSON list, or one text */

struct form_field {
    const char *name;
    enum form_kind kind;
    unsigned flags;
    size_t offset;
    int64_t min, max;  /* TEXT: characters (UTF-16 units, as Twilio counts); INT: values; TEXTS: at most max elements */
    int64_t def;       /* INT, BOOL when absent */
};
/* How errors of a route are told, beside what its kind says. */
enum envelope {
    ENVELOPE_OF_KIND,
    ENVELOPE_SUCCESS, /* API: "success": false beside "error", as some predecessors did */
    ENVELOPE_STATUS   /* TWILIO: {"status": "error" or "forbidden", "message": text}, as predecessor 000 did for states */
};
struct form {
    size_t size;
    const struct form_field *fields;
    size_t count;
    size_t body_limit; /* bytes; 0: web.body_limit_kb of the settings */
    enum envelope envelope;
};

#define FORM_TEXT(s, m, lo, hi, fl) { #m, FORM_KIND_TEXT, fl, offsetof(s, m), lo, hi, 0 }
#define FORM_PHONE(s, m, fl) { #m, FORM_KIND_PHONE, fl, offsetof(s, m), 0, 255, 0 }
#define FORM_INT(s, m, lo, hi, def, fl) { #m, FORM_KIND_INT, fl, offsetof(s, m), lo, hi, def }
#define FORM_BOOL(s, m, def) { #m, FORM_KIND_BOOL, 0, offsetof(s, m), 0, 0, def }
/* On, off, or not said: absent, null and empty leave what is. */
#define FORM_SWITCH(s, m) { #m, FORM_KIND_SWITCH, 0, offsetof(s, m), 0, 0, SWITCH_UNSAID }
#define FORM_ID(s, m, fl) { #m, FORM_KIND_ID, fl, offsetof(s, m), 1, INT64_MAX, 0 }
#define FORM_TEXTS(s, m, most, fl) { #m, FORM_KIND_TEXTS, fl, offsetof(s, m), 0, most, 0 }
/* A JSON value (object or list) or a text holding JSON, kept as compact JSON text in a const char *. */
#define FORM_JSON(s, m, most, fl) { #m, FORM_KIND_JSON, fl, offsetof(s, m), 0, most, 0 }
#define FORM(s, fields) { sizeof(s), fields, ARRAY_LEN(fields), 0, ENVELOPE_OF_KIND }
#define FORM_SUCCESS(s, fields) { sizeof(s), fields, ARRAY_LEN(fields), 0, ENVELOPE_SUCCESS }
extern const struct form no_form; /* for rows of a table that must name one */
/* The same for a route that takes files: `limit` bytes of body. */
#define FORM_LARGE(s, fields, limit) { sizeof(s), fields, ARRAY_LEN(fields), limit, ENVELOPE_OF_KIND }
/* Member types: TEXT, PHONE, JSON const char *; INT int64_t; BOOL bool; SWITCH int; ID uint64_t; TEXTS struct texts. */

/* Fills rq->in from the request; true also when there are field errors, false (ctx.err) when the body is unreadable.
 * A text or phone with a mistake still stands in its member as it was typed, so that the page can show it again.
 * A PHONE is parsed as people of rq->country write it. */
bool form_fill(struct request *rq, const struct form *form);

#endif
