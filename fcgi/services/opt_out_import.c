/* opt_out_import.c - lists of numbers in and out. */
#include "base/base.h"
#include "base/clock.h"
#include "base/phone.h"
#include "base/str.h"
#include "base/utf8.h"
#include "services/audit.h"
#include "services/opt_out_book.h"
#include "store/db.h"

enum { CELLS = 3, CHUNK = 50, EXPORT_ROWS = 500, TEXT_SHOWN = 60 };

struct entry { const char *number, *channel, *reason; int64_t line; };
struct list {
    struct ctx *ctx;
    const char *country;
    struct opt_out_import *report;
    struct entry *entries;
    uint32_t *hashes;
    size_t count;
};

/* One cell of a line, quoted or not; `at` moves behind its separator, or becomes NULL at the end. */
static const char *cell(struct arena *a, const char **at)
{
    struct str t;
    const char *s = *at ? *at : "";
    str_init(&t, a, 32, 4096);
    s += strspn(s, " ");
    if (*s == '"') {
        for (s++; *s && (*s != '"' || s[1] == '"'); s++) {
            s += *s == '"';
            str_putc(&t, *s);
        }
        s += *s == '"';
        s += strcspn(s, ",;\t");
    } else {
        size_t n = strcspn(s, ",;\t");
        str_add(&t, s, n);
        s += n;
    }
    while (t.len && t.s[t.len - 1] == ' ')
        t.s[--t.len] = 0;
    *at = *s ? s + 1 : NULL;
    return t.full ? "" : *t.s == '\'' ? t.s + 1 : t.s; /* an apostrophe keeps spreadsheets from calculating */
}

static void problem(struct list *l, int64_t line, const char *text, const char *why)
{
    struct opt_out_import *r = l->report;
    if (r->problem_count < OPT_OUT_PROBLEMS_MOST)
        r->problems[r->problem_count++] = (struct opt_out_problem){ line, arena_strndup(l->ctx->arena, text, utf8_cut(text, strlen(text), TEXT_SHOWN)), why };
}

static bool seen(struct list *l, const char *key, uint32_t hash)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->hashes[i] == hash && strcmp(arena_printf(l->ctx->arena, "%s %s", address_key(l->ctx->arena, l->entries[i].number), l->entries[i].channel), key) == 0)
            return true;
    l->hashes[l->count] = hash;
    return false;
}

static bool has_digit(const char *s)
{
    return strpbrk(s, "0123456789") != NULL;
}

/* False when there are too many. */
static bool take_line(struct list *l, const char *line, int64_t number)
{
    struct arena *a = l->ctx->arena;
    const char *at = line, *cells[CELLS] = { "", "", "" };
    char e164[PHONE_MAX + 1];
    for (size_t i = 0; i < CELLS && at; i++)
        cells[i] = cell(a, &at);
    if (!*cells[0] || (number == 1 && !has_digit(cells[0]))) /* empty, or a heading */
        return true;
    if (++l->report->lines > OPT_OUT_LINES_MOST)
        return err_field(l->ctx, "text", N_("At most 2000 lines at once."));
    const char *channel = *cells[1] ? cells[1] : "all";
    if (!phone_parse(cells[0], l->country, e164)) {
        l->report->invalid++;
        problem(l, number, line, N_("This is no telephone number."));
        return true;
    }
    if (!opt_out_channel_known(channel)) {
        l->report->invalid++;
        problem(l, number, line, N_("This channel is not known."));
        return true;
    }
    const char *kept = arena_strdup(a, e164), *key = arena_printf(a, "%s %s", address_key(a, kept), channel);
    if (seen(l, key, str_hash(key))) {
        l->report->twice++;
        problem(l, number, line, N_("This number stands in the list already."));
        return true;
    }
    l->entries[l->count++] = (struct entry){ kept, channel, cells[2], number };
    return true;
}

static bool read_lines(struct list *l, const char *text)
{
    int64_t number = 0;
    if (strncmp(text, "\xEF\xBB\xBF", 3) == 0)
        text += 3;
    while (*text) {
        size_t n = strcspn(text, "\r\n");
        if (!take_line(l, arena_strndup(l->ctx->arena, text, n), ++number))
            return false;
        text += n;
        text += *text == '\r';
        text += *text == '\n';
    }
    return true;
}

struct chunk { struct list *list; size_t from, upto; int64_t known; };

static bool write_chunk(struct ctx *ctx, void *arg)
{
    struct chunk *c = arg;
    c->known = 0;
    for (size_t i = c->from; i < c->upto; i++) {
        const struct entry *e = &c->list->entries[i];
        struct opt_out_state state;
        /* A list says more than a word or a refusal; what a person has decided stands. */
        if (opt_out_is(ctx, e->number, e->channel, &state) && strcmp(state.source, "keyword") != 0 && strcmp(state.source, "provider") != 0)
            c->known++;
        else if (ctx->err.code || !opt_out_set(ctx, e->number, e->channel, "import", e->reason))
            return false;
    }
    return true;
}

static bool rehearse(struct ctx *ctx, struct chunk *c)
{
    c->known = 0;
    for (size_t i = c->from; i < c->upto; i++) {
        struct opt_out_state state;
        c->known += opt_out_is(ctx, c->list->entries[i].number, c->list->entries[i].channel, &state) && strcmp(state.source, "keyword") != 0 && strcmp(state.source, "provider") != 0;
    }
    return !ctx->err.code;
}

/* What was written stays when a later part fails: the same list again does no harm. */
static bool write_all(struct list *l, bool write)
{
    struct ctx *ctx = l->ctx;
    for (size_t i = 0; i < l->count; i += CHUNK) {
        struct chunk c = { .list = l, .from = i, .upto = i + CHUNK < l->count ? i + CHUNK : l->count };
        if (write ? db_transaction(ctx, write_chunk, &c) != DB_OK : !rehearse(ctx, &c))
            return false;
        l->report->known += c.known;
        l->report->taken += (int64_t)(c.upto - c.from) - c.known;
    }
    return true;
}

bool opt_out_import(struct ctx *ctx, const char *text, const char *country, bool write, struct opt_out_import *out)
{
    struct list l = { .ctx = ctx, .country = country, .report = out, .entries = ARENA_ARRAY(ctx->arena, struct entry, OPT_OUT_LINES_MOST),
                      .hashes = ARENA_ARRAY(ctx->arena, uint32_t, OPT_OUT_LINES_MOST) };
    *out = (struct opt_out_import){ .lines = 0 };
    if (!read_lines(&l, text))
        return false;
    if (!out->lines)
        return err_field(ctx, "text", N_("There is no number in it."));
    if (!write_all(&l, write))
        return false;
    return !write || audit(ctx, "opt_out.import", "", arena_printf(ctx->arena, "lines %" PRId64 ", taken %" PRId64 ", known %" PRId64 ", invalid %" PRId64 ", twice %" PRId64,
                                                                     out->lines, out->taken, out->known, out->invalid, out->twice));
}

/* A spreadsheet takes what begins so for a formula. */
static void put_cell(struct str *out, const char *s, char end)
{
    str_putc(out, '"');
    if (*s && strchr("=+-@\t\r", *s))
        str_putc(out, '\'');
    for (; *s; s++) {
        if (*s == '"')
            str_putc(out, '"');
        str_putc(out, *s);
    }
    str_putc(out, '"');
    if (end == '\n')
        str_putc(out, '\r');
    str_putc(out, end);
}

static void put_row(struct str *out, const struct opt_out_row *r)
{
    char iso[CLOCK_ISO_MAX];
    clock_iso(r->changed_ms, false, iso);
    put_cell(out, r->address_key, ',');
    put_cell(out, r->channel, ',');
    put_cell(out, r->reason, ',');
    put_cell(out, r->source, ',');
    put_cell(out, iso, ',');
    put_cell(out, r->actor, '\n');
}

bool opt_out_export(struct ctx *ctx, struct str *out)
{
    int64_t before_ms = CLOCK_NONE;
    uint64_t before_id = 0;
    STR_LIT(out, "number,channel,reason,source,since,by\r\n");
    for (;;) {
        struct rows rows = db_opt_outs(ctx, ctx->tenant, before_ms, before_id, EXPORT_ROWS);
        const struct opt_out_row *r = rows.row;
        for (size_t i = 0; rows.ok && i < rows.n; i++)
            if (r[i].address_key) /* of an erased person there is nothing to write */
                put_row(out, &r[i]);
        if (!rows.ok || rows.n < EXPORT_ROWS || out->full)
            return rows.ok && (!out->full || err_set(ctx, ERR_TOO_LARGE, "the list of opt-outs"));
        before_ms = r[rows.n - 1].changed_ms;
        before_id = r[rows.n - 1].id;
    }
}
