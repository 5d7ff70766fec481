/* error_codes.c - reads etc/error-codes into a sorted table. */
#include "base/base.h"
#include "services/error_codes.h"
#include "base/str.h"
#include "base/utf8.h"
#include <errno.h>

enum { COLUMNS = 6, FILE_MOST = 256 * 1024, PROBLEMS_MOST = 16 * 1024 };

struct error_codes {
    size_t count;
    struct error_code *rows; /* by code */
};

static const struct error_codes *table; /* set once before the fork, read-only behind it */

#define FEEDBACK_WORD(name, word) word,
static const char *const feedback_words[] = { FEEDBACK_LIST(FEEDBACK_WORD) };
#undef FEEDBACK_WORD

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Cuts `line` at its bars; the pieces lose their blanks. Returns how many there are, at most COLUMNS + 1. */
static size_t cut(char *line, char *out[COLUMNS + 1])
{
    size_t n = 0;
    for (char *s = line; s && n <= COLUMNS; n++) {
        char *end = strchr(s, '|'), *stop = end ? end : s + strlen(s);
        while (is_blank(*s))
            s++;
        while (stop > s && is_blank(stop[-1]))
            stop--;
        *stop = 0;
        out[n] = s;
        s = end ? end + 1 : NULL;
    }
    return n;
}

static bool read_feedback(const char *word, enum feedback *out)
{
    for (size_t i = 0; i < FEEDBACK_COUNT; i++)
        if (strcmp(feedback_words[i], word) == 0) {
            *out = (enum feedback)i;
            return true;
        }
    return false;
}

/* NULL when the line is good, else what is wrong with it. */
static const char *read_line(char *line, struct error_code *out)
{
    char *part[COLUMNS + 1], *end;
    if (cut(line, part) != COLUMNS)
        return "expected: code | verdict | feedback | en | pl | es";
    errno = 0;
    long code = strtol(part[0], &end, 10);
    if (errno || *end || part[0][0] < '1' || part[0][0] > '9' || code > 999999)
        return "the code is not a number from 1 to 999999";
    if (strlen(part[1]) != 1 || !strchr("NL1UC-", part[1][0]))
        return "the verdict is not one of N L 1 U C -";
    *out = (struct error_code){ .code = (int)code, .verdict = (enum code_verdict)part[1][0], .en = part[3], .pl = part[4], .es = part[5] };
    if (!read_feedback(part[2], &out->feedback))
        return "the feedback is not a known word";
    if (!*out->en || !*out->pl || !*out->es)
        return "words are missing";
    return NULL;
}

static int by_code(const void *a, const void *b)
{
    const struct error_code *x = a, *y = b;
    return (x->code > y->code) - (x->code < y->code);
}

static size_t count_lines(const char *s)
{
    size_t n = 1;
    for (; *s; s++)
        n += *s == '\n';
    return n;
}

const struct error_codes *error_codes_parse(struct arena *a, const char *text, const char **problems)
{
    struct str wrong;
    str_init(&wrong, a, 256, PROBLEMS_MOST);
    struct error_codes *t = ARENA_NEW(a, struct error_codes);
    t->rows = ARENA_ARRAY(a, struct error_code, count_lines(text));
    char *line = arena_strdup(a, text), *next;
    for (int number = 1; line; number++, line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = 0;
        while (is_blank(*line))
            line++;
        if (!*line || *line == '#')
            continue;
        const char *why = utf8_valid(line, strlen(line)) ? read_line(line, &t->rows[t->count]) : "not UTF-8";
        if (why)
            str_printf(&wrong, "line %d: %s\n", number, why);
        else
            t->count++;
    }
    qsort(t->rows, t->count, sizeof *t->rows, by_code);
    for (size_t i = 1; i < t->count; i++)
        if (t->rows[i].code == t->rows[i - 1].code)
            str_printf(&wrong, "code %d is there twice\n", t->rows[i].code);
    *problems = wrong.s;
    return wrong.len || wrong.full ? NULL : t;
}

const struct error_codes *error_codes_load(struct arena *a, const char *path, const char **problems)
{
    FILE *f = fopen(path, "re");
    if (!f) {
        *problems = arena_printf(a, "%s: %s\n", path, strerror(errno));
        return NULL;
    }
    char *text = arena_alloc(a, FILE_MOST + 1);
    size_t n = fread(text, 1, FILE_MOST + 1, f);
    bool bad = ferror(f) || n > FILE_MOST;
    fclose(f);
    text[bad ? 0 : n] = 0;
    if (bad || strlen(text) != n) {
        *problems = arena_printf(a, "%s: not readable as a text of at most %d bytes\n", path, FILE_MOST);
        return NULL;
    }
    return error_codes_parse(a, text, problems);
}

void error_codes_use(const struct error_codes *t)
{
    table = t;
}

struct error_code error_code(struct arena *a, int code)
{
    struct error_code key = { .code = code };
    const struct error_code *row = table ? bsearch(&key, table->rows, table->count, sizeof key, by_code) : NULL;
    if (row)
        return *row;
    return (struct error_code){
        .code = code,
        .verdict = VERDICT_NEVER,
        .feedback = FEEDBACK_NONE,
        .en = arena_printf(a, "failed, code %d", code),
        .pl = arena_printf(a, "niepowodzenie, kod %d", code),
        .es = arena_printf(a, "ha fallado, código %d", code),
    };
}

const char *error_code_words(const struct error_code *e, const char *language)
{
    if (language && strcmp(language, "pl") == 0)
        return e->pl;
    return language && strcmp(language, "es") == 0 ? e->es : e->en;
}

const char *error_code_link(struct arena *a, int code)
{
    return arena_printf(a, "https://www.twilio.com/docs/api/errors/%d", code);
}

const char *feedback_name(enum feedback f)
{
    return feedback_words[f];
}

size_t error_codes_count(const struct error_codes *t)
{
    return t->count;
}
