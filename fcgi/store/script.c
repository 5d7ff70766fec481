/* script.c - cuts SQL files into statements and runs them one after the other on the owner's connection. */
#include "base/base.h"
#include "store/script.h"
#include "store/db_internal.h"
#include "store/stmt.h"

void script_init(struct script *s, const char *text)
{
    *s = (struct script){ .start = text, .at = text, .delimiter = ";" };
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static const char *line_end(const char *p)
{
    const char *e = strchr(p, '\n');
    return e ? e : p + strlen(p);
}

/* Behind the comment that starts at `p`; `p` itself when there is none. */
static const char *skip_comment(const char *p)
{
    if (*p == '#' || (p[0] == '-' && p[1] == '-' && (!p[2] || is_space(p[2]))))
        return line_end(p);
    if (p[0] == '/' && p[1] == '*') {
        const char *e = strstr(p + 2, "*/");
        return e ? e + 2 : p + strlen(p);
    }
    return p;
}

static const char *skip_quoted(const char *p)
{
    char quote = *p++;
    while (*p && *p != quote) {
        if (*p == '\\' && quote != '`' && p[1])
            p++;
        p++;
    }
    return *p ? p + 1 : p;
}

/* "DELIMITER //" is for us, not for the server. */
static bool delimiter_line(struct script *s)
{
    static const char word[] = "delimiter";
    if (strncasecmp(s->at, word, sizeof word - 1) != 0 || (s->at[sizeof word - 1] != ' ' && s->at[sizeof word - 1] != '\t'))
        return false;
    const char *p = s->at + sizeof word - 1, *end = line_end(p);
    while (p < end && is_space(*p))
        p++;
    size_t n = 0;
    while (p < end && !is_space(*p) && n < sizeof s->delimiter - 1)
        s->delimiter[n++] = *p++;
    s->delimiter[n] = 0;
    BUG_IF(n == 0);
    s->at = end;
    return true;
}

/* To the first word of a statement. */
static void skip_between(struct script *s)
{
    for (;;) {
        while (is_space(*s->at))
            s->at++;
        if (delimiter_line(s))
            continue;
        const char *p = strncmp(s->at, "/*!", 3) == 0 || strncmp(s->at, "/*M!", 4) == 0 ? s->at : skip_comment(s->at);
        if (p == s->at)
            return;
        s->at = p;
    }
}

static const char *statement_end(const char *p, const char *delimiter, size_t n)
{
    while (*p && strncmp(p, delimiter, n) != 0) {
        const char *after = *p == '\'' || *p == '"' || *p == '`' ? skip_quoted(p) : skip_comment(p);
        p = after == p ? p + 1 : after;
    }
    return p;
}

bool script_next(struct script *s, const char **text, size_t *n)
{
    for (;;) {
        skip_between(s);
        if (!*s->at)
            return false;
        const char *from = s->at;
        size_t mark = strlen(s->delimiter);
        const char *end = statement_end(from, s->delimiter, mark);
        s->at = *end ? end + mark : end;
        while (end > from && is_space(end[-1]))
            end--;
        if (end == from)
            continue; /* a lonely delimiter */
        s->line = 1;
        for (const char *p = s->start; p < from; p++)
            s->line += *p == '\n';
        *text = from;
        *n = (size_t)(end - from);
        return true;
    }
}

bool stmt_script(struct ctx *ctx, const char *text, const char *name)
{
    BUG_IF(ctx->db->role != DB_OWNER);
    struct script s;
    script_init(&s, text);
    const char *sql, *words = "";
    size_t n;
    while (script_next(&s, &sql, &n)) {
        unsigned number = 0;
        struct connection *c = db_connection(ctx);
        if (!c)
            return false;
        enum db_failure f = db_text(ctx, c, sql, n, &number, &words);
        if (f == DB_FINE)
            continue;
        if (f == DB_LOST || f == DB_UNSENT)
            db_lose(ctx, c, words);
        return err_set(ctx, f == DB_REFUSED || f == DB_DUPLICATE ? ERR_BUG : ERR_DATABASE, "%s:%u: %u %s", name, s.line, number, words);
    }
    return true;
}
