/* form.c - from what arrived (pairs or JSON) to the form's struct: read, checked, with a message at each mistake. */
#include "base/base.h"
#include "base/json.h"
#include "base/phone.h"
#include "base/segment.h"
#include "base/utf8.h"
#include "web/app.h"
#include "web/form.h"
#include <strings.h>

const struct form no_form = { .size = 0 };

/* What arrived under one name: a text of some length (NUL bytes possible), or a JSON node that is none. */
struct arrived {
    const char *s;
    size_t n;
    const struct json *json; /* of a JSON body: the node itself */
};

struct fill {
    struct request *rq;
    const struct form_field *field;
    void *member;
};

static void mistake(struct fill *f, const char *text)
{
    request_field_error(f->rq, f->field->name, text);
}

/* --- sources --- */

static struct arrived from_json(struct arena *a, const struct json *j)
{
    const char *s = NULL;
    switch (json_kind(j)) {
    case JSON_TEXT: s = json_text(j, NULL); break;
    case JSON_NUMBER:
    case JSON_BOOL: s = json_print(a, j); break; /* {"to": 48500100100}: numbers and booleans read as their text */
    default: break;
    }
    return (struct arrived){ .s = s, .n = s ? strlen(s) : 0, .json = j };
}

/* False when absent (or JSON null). */
static bool find(const struct fill *f, struct arrived *out)
{
    const struct request *rq = f->rq;
    const char *name = f->field->name;
    if (rq->json) {
        const struct json *j = json_get(rq->json, name);
        if (!j || json_kind(j) == JSON_NULL)
            return false;
        *out = from_json(rq->ctx.arena, j);
        return true;
    }
    size_t n = strlen(name);
    for (size_t i = 0; i < rq->param_count; i++) {
        const struct pair *p = &rq->params[i];
        if (p->name_len == n && memcmp(p->name, name, n) == 0) {
            *out = (struct arrived){ .s = p->value, .n = p->value_len };
            return true;
        }
    }
    return false;
}

/* --- texts --- */

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool clean(const char *s, size_t n, bool multiline)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if ((c < 0x20 || c == 0x7f) && !(multiline && (c == '\n' || c == '\t')))
            return false;
    }
    return utf8_valid(s, n);
}

/* The text with NULs and broken characters replaced by '?', so that a page can show what was typed. */
static const char *shown(struct arena *a, const char *s, size_t n)
{
    char *out = arena_alloc(a, n + 1);
    for (size_t i = 0, k; i < n; i += k) {
        k = s[i] ? utf8_step(s + i, n - i) : 0;
        memcpy(out + i, k ? s + i : "?", k ? k : 1);
        k = k ? k : 1;
    }
    out[n] = 0;
    return out;
}

/* Trimmed and normalised; NULL (and a mistake) when it holds what a text may not hold. */
static const char *tidy(struct fill *f, const struct arrived *in)
{
    struct arena *a = f->rq->ctx.arena;
    const char *s = in->s, *end = s + in->n;
    while (!(f->field->flags & RAW) && s < end && blank(*s))
        s++;
    while (!(f->field->flags & RAW) && end > s && blank(end[-1]))
        end--;
    size_t n = (size_t)(end - s);
    const char *text = end == in->s + in->n ? s : arena_strndup(a, s, n);
    if (f->field->flags & MULTILINE && memchr(text, '\r', n) && !memchr(text, 0, n)) {
        text = text_normalise_newlines(a, text);
        n = strlen(text);
    }
    if (clean(text, n, f->field->flags & MULTILINE))
        return text;
    *(const char **)f->member = shown(a, text, n);
    mistake(f, N_("This text has characters that are not allowed."));
    return NULL;
}

static void required(struct fill *f)
{
    if (f->field->flags & REQUIRED)
        mistake(f, N_("Please fill this in."));
}

static void fill_text(struct fill *f, const struct arrived *in)
{
    if (!in->s) {
        mistake(f, N_("This is not a text."));
        return;
    }
    const char *text = tidy(f, in);
    if (!text)
        return;
    *(const char **)f->member = text;
    for (const char *s = text; f->field->flags & ASCII && *s; s++)
        if (*s < 0x21 || *s > 0x7e) {
            mistake(f, N_("This text has characters that are not allowed."));
            return;
        }
    int64_t units = (int64_t)utf16_units(text, strlen(text));
    if (units == 0)
        required(f);
    else if (units < f->field->min)
        mistake(f, N_("This is too short."));
    else if (units > f->field->max)
        mistake(f, N_("This is too long."));
}

/* --- phones --- */

static void fill_phone(struct fill *f, const struct arrived *in)
{
    if (!in->s) {
        mistake(f, N_("This is not a telephone number."));
        return;
    }
    const char *text = tidy(f, in);
    if (!text)
        return;
    *(const char **)f->member = text;
    if (!*text) {
        required(f);
        return;
    }
    char e164[PHONE_MAX + 1];
    const char *number = f->field->flags & ADDRESS ? address_number(text) : text;
    if (strlen(text) > ADDRESS_MAX || !phone_parse(number, f->rq->country, e164)) {
        mistake(f, N_("This is not a telephone number."));
        return;
    }
    char *address = arena_printf(f->rq->ctx.arena, "%.*s%s", (int)(number - text), text, e164);
    for (char *s = address; s < address + (number - text); s++)
        *s = (char)(*s >= 'A' && *s <= 'Z' ? *s + 32 : *s);
    *(const char **)f->member = address;
}

/* --- numbers --- */

/* A whole number, blanks around it allowed; 0 = read, 1 = empty, -1 = something else. */
static int read_int(const struct arrived *in, int64_t *out)
{
    const char *s = in->s, *end = s ? s + in->n : NULL;
    while (s < end && blank(*s))
        s++;
    while (s < end && blank(end[-1]))
        end--;
    if (s == end)
        return in->s ? 1 : -1;
    bool minus = *s == '-';
    if (minus || *s == '+')
        s++;
    if (s == end)
        return -1;
    int64_t v = 0;
    for (; s < end; s++) {
        if (*s < '0' || *s > '9' || __builtin_mul_overflow(v, 10, &v) ||
            __builtin_sub_overflow(v, (int64_t)(*s - '0'), &v)) /* downwards: INT64_MIN is readable */
            return -1;
    }
    if (!minus && v == INT64_MIN)
        return -1;
    *out = minus ? v : -v;
    return 0;
}

static void fill_int(struct fill *f, const struct arrived *in)
{
    const struct form_field *field = f->field;
    int64_t v;
    int how = read_int(in, &v);
    if (how == 1) {
        required(f);
        return;
    }
    bool clamp = field->flags & CLAMP;
    if (how < 0) {
        if (!clamp)
            mistake(f, N_("This is not a number."));
        return;
    }
    if (v < field->min || v > field->max) {
        if (!clamp) {
            mistake(f, N_("This number is out of range."));
            return;
        }
        v = v < field->min ? field->min : field->max;
    }
    *(int64_t *)f->member = v;
}

static void fill_id(struct fill *f, const struct arrived *in)
{
    int64_t v;
    int how = read_int(in, &v);
    if (how == 1)
        required(f);
    else if (how < 0 || v < 1)
        mistake(f, N_("This is not a number."));
    else
        *(uint64_t *)f->member = (uint64_t)v;
}

static bool read_bool(struct fill *f, const struct arrived *in, bool *out)
{
    static const struct { const char *text; bool value; } words[] = {
        { "1", true }, { "true", true }, { "on", true }, { "yes", true }, { "t", true }, { "y", true },
        { "0", false }, { "false", false }, { "off", false }, { "no", false }, { "f", false }, { "n", false }, { "", false },
    };
    for (size_t i = 0; in->s && i < ARRAY_LEN(words); i++)
        if (strcasecmp(in->s, words[i].text) == 0) {
            *out = words[i].value;
            return true;
        }
    mistake(f, N_("Please choose yes or no."));
    return false;
}

static void fill_switch(struct fill *f, const struct arrived *in)
{
    bool on;
    if ((!in->s || *in->s) && read_bool(f, in, &on))
        *(int *)f->member = on ? SWITCH_ON : SWITCH_OFF;
}

/* --- lists and JSON --- */

static bool add_text(struct fill *f, struct texts *t, const char *s, size_t n)
{
    while (n > 0 && blank(*s))
        s++, n--;
    while (n > 0 && blank(s[n - 1]))
        n--;
    if (n == 0)
        return true;
    if (f->field->flags & MULTILINE && memchr(s, '\r', n) && !memchr(s, 0, n)) {
        s = text_normalise_newlines(f->rq->ctx.arena, arena_strndup(f->rq->ctx.arena, s, n));
        n = strlen(s);
    }
    if (!clean(s, n, f->field->flags & MULTILINE)) {
        mistake(f, N_("This text has characters that are not allowed."));
        return false;
    }
    if ((int64_t)t->n >= f->field->max) {
        mistake(f, N_("There are too many of these."));
        return false;
    }
    t->v[t->n++] = arena_strndup(f->rq->ctx.arena, s, n);
    return true;
}

static bool texts_from_list(struct fill *f, struct texts *t, const struct json *list)
{
    for (const struct json *j = json_first(list); j; j = json_next(j)) {
        struct arrived in = from_json(f->rq->ctx.arena, j);
        if (!in.s) {
            mistake(f, N_("This is not a text."));
            return false;
        }
        if (!add_text(f, t, in.s, in.n))
            return false;
    }
    return true;
}

static bool texts_from_pairs(struct fill *f, struct texts *t)
{
    const struct request *rq = f->rq;
    size_t n = strlen(f->field->name);
    for (size_t i = 0; i < rq->param_count; i++) {
        const struct pair *p = &rq->params[i];
        if (p->name_len == n && memcmp(p->name, f->field->name, n) == 0 && !add_text(f, t, p->value, p->value_len))
            return false;
    }
    return true;
}

static void fill_texts(struct fill *f, const struct arrived *in)
{
    struct texts *t = f->member;
    t->v = ARENA_ARRAY(f->rq->ctx.arena, const char *, f->field->max + 1);
    bool ok = true;
    if (!in->json)
        ok = texts_from_pairs(f, t);
    else if (json_kind(in->json) == JSON_LIST)
        ok = texts_from_list(f, t, in->json);
    else if (in->s)
        ok = add_text(f, t, in->s, in->n);
    else {
        mistake(f, N_("This is not a text."));
        ok = false;
    }
    if (ok && t->n == 0)
        required(f);
}

static void fill_json(struct fill *f, const struct arrived *in)
{
    struct arena *a = f->rq->ctx.arena;
    const struct json *j = in->json;
    if (in->s) { /* a text that holds JSON */
        if (strspn(in->s, " \t\r\n") == in->n) {
            required(f);
            return;
        }
        *(const char **)f->member = shown(a, in->s, in->n);
        j = (int64_t)in->n <= f->field->max ? json_parse(a, in->s, in->n) : NULL;
    }
    enum json_kind kind = json_kind(j);
    if (kind != JSON_OBJECT && kind != JSON_LIST) {
        mistake(f, N_("This is not valid JSON."));
        return;
    }
    const char *text = json_print(a, j);
    if (!utf8_valid(text, strlen(text))) {
        mistake(f, N_("This text has characters that are not allowed."));
        return;
    }
    if ((int64_t)strlen(text) > f->field->max)
        mistake(f, N_("This is too long."));
    *(const char **)f->member = text;
}

/* --- the form --- */

static void fill_default(struct fill *f)
{
    if (f->field->kind == FORM_KIND_INT)
        *(int64_t *)f->member = f->field->def;
    else if (f->field->kind == FORM_KIND_BOOL)
        *(bool *)f->member = f->field->def != 0;
    else if (f->field->kind == FORM_KIND_SWITCH)
        *(int *)f->member = (int)f->field->def;
}

static void fill_one(struct fill *f)
{
    struct arrived in;
    fill_default(f);
    if (!find(f, &in)) {
        required(f);
        return;
    }
    switch (f->field->kind) {
    case FORM_KIND_TEXT: fill_text(f, &in); break;
    case FORM_KIND_PHONE: fill_phone(f, &in); break;
    case FORM_KIND_INT: fill_int(f, &in); break;
    case FORM_KIND_BOOL: read_bool(f, &in, f->member); break;
    case FORM_KIND_SWITCH: fill_switch(f, &in); break;
    case FORM_KIND_ID: fill_id(f, &in); break;
    case FORM_KIND_TEXTS: fill_texts(f, &in); break;
    case FORM_KIND_JSON: fill_json(f, &in); break;
    }
}

/* A body that is neither a form nor JSON is not guessed at. */
static bool read_json(struct request *rq)
{
    if (request_safe(rq) || rq->body_len == 0 || rq->param_count || rq->uploads)
        return true;
    if (!request_type_is(rq, TYPE_JSON)) {
        bool form = request_type_is(rq, TYPE_FORM) || request_type_is(rq, TYPE_MULTIPART);
        return form || err_set(&rq->ctx, ERR_MALFORMED, "content type not understood");
    }
    rq->json = json_parse(rq->ctx.arena, rq->body, rq->body_len);
    if (json_kind(rq->json) != JSON_OBJECT)
        return err_set(&rq->ctx, ERR_MALFORMED, "body is not a JSON object");
    return true;
}

bool form_fill(struct request *rq, const struct form *form)
{
    if (!read_json(rq))
        return false;
    rq->in = arena_zalloc(rq->ctx.arena, form->size);
    for (size_t i = 0; i < form->count; i++) {
        struct fill f = { rq, &form->fields[i], (char *)rq->in + form->fields[i].offset };
        fill_one(&f);
    }
    return true;
}
