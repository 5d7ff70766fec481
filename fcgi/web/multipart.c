/* multipart.c - one walk over the body from boundary to boundary. */
#include "base/base.h"
#include "web/multipart.h"
#include <strings.h>

enum { BOUNDARY_MAX = 70 };

struct part {
    const char *name, *filename, *type; /* in the arena */
};

/* One value, quoted or not, from *s on: copied to `out` unless that is NULL (never longer than its source). Only \" and
 * \\ are escapes: browsers send Windows paths unescaped. Leaves *s at the next ';' or at the end. */
static void param_value(const char **s, const char *end, char *out)
{
    const char *p = *s;
    bool quoted = p < end && *p == '"';
    for (p += quoted; p < end && (quoted ? *p != '"' : *p != ';' && *p != ' ' && *p != '\t'); p++) {
        if (quoted && *p == '\\' && p + 1 < end && (p[1] == '"' || p[1] == '\\'))
            p++;
        if (out)
            *out++ = *p;
    }
    if (out)
        *out = 0;
    while (p < end && *p != ';')
        p++;
    *s = p;
}

/* The value of `; key=value` or `; key="value"` in a header's text, in the arena; NULL when absent. */
static const char *header_param(struct arena *a, const char *s, const char *end, const char *key)
{
    size_t key_len = strlen(key);
    while (s < end && *s != ';')
        s++;
    while (s < end) {
        s++;
        while (s < end && (*s == ' ' || *s == '\t'))
            s++;
        bool hit = (size_t)(end - s) > key_len && strncasecmp(s, key, key_len) == 0 && s[key_len] == '=';
        while (s < end && *s != '=' && *s != ';')
            s++;
        if (s == end || *s == ';')
            continue;
        s++;
        char *out = hit ? arena_alloc(a, (size_t)(end - s) + 1) : NULL;
        param_value(&s, end, out);
        if (hit)
            return out;
    }
    return NULL;
}

static bool boundary_ok(const char *b)
{
    size_t n = b ? strlen(b) : 0;
    if (n == 0 || n > BOUNDARY_MAX)
        return false;
    for (; *b; b++)
        if ((unsigned char)*b < 0x20 || (unsigned char)*b >= 0x7f)
            return false;
    return true;
}

/* Browsers send the name alone, some clients a path: the last piece is the name. */
static const char *base_name(const char *filename)
{
    const char *from = filename;
    for (const char *s = filename; *s; s++)
        if (*s == '/' || *s == '\\')
            from = s + 1;
    return from;
}

static void read_header(struct arena *a, const char *s, const char *end, struct part *p)
{
    static const char disposition[] = "content-disposition:", type[] = "content-type:";
    size_t n = (size_t)(end - s);
    if (n >= sizeof disposition - 1 && strncasecmp(s, disposition, sizeof disposition - 1) == 0) {
        const char *filename = header_param(a, s, end, "filename");
        p->name = header_param(a, s, end, "name");
        p->filename = filename ? base_name(filename) : NULL;
    } else if (n >= sizeof type - 1 && strncasecmp(s, type, sizeof type - 1) == 0) {
        s += sizeof type - 1;
        while (s < end && (*s == ' ' || *s == '\t'))
            s++;
        p->type = arena_strndup(a, s, (size_t)(end - s));
    }
}

/* The headers from `s`; gives the first byte behind the empty line, NULL when they are broken or too long. */
static const char *read_headers(struct arena *a, const char *s, const char *end, struct part *p)
{
    const char *most = (size_t)(end - s) > MULTIPART_HEAD_MAX ? s + MULTIPART_HEAD_MAX : end;
    for (;;) {
        const char *eol = memmem(s, (size_t)(most - s), "\r\n", 2);
        if (!eol)
            return NULL;
        if (eol == s)
            return eol + 2;
        if (memchr(s, 0, (size_t)(eol - s)))
            return NULL;
        read_header(a, s, eol, p);
        s = eol + 2;
    }
}

struct walk {
    struct arena *arena;
    struct multipart *out;
    size_t room, parts;
    struct upload **last;
};

static bool keep(struct walk *w, const struct part *p, const char *data, size_t n)
{
    if (++w->parts > MULTIPART_PARTS_MAX)
        return false;
    struct multipart *out = w->out;
    if (p->filename) {
        if (!*p->filename && n == 0)
            return true;
        struct upload *u = ARENA_NEW(w->arena, struct upload);
        *u = (struct upload){ p->name, p->filename, p->type ? p->type : "application/octet-stream", data, n, NULL };
        *w->last = u;
        w->last = &u->next;
        return true;
    }
    if (out->param_count == w->room) {
        size_t room = w->room ? w->room * 2 : 16;
        struct pair *more = ARENA_ARRAY(w->arena, struct pair, room);
        if (out->param_count)
            memcpy(more, out->params, out->param_count * sizeof *more);
        out->params = more;
        w->room = room;
    }
    out->params[out->param_count++] = (struct pair){ p->name, strlen(p->name), arena_strndup(w->arena, data, n), n };
    return true;
}

/* The part whose headers begin at `s`; gives its closing boundary. */
static const char *read_part(struct walk *w, const char *s, const char *end, const char *mark, const char **problem)
{
    struct part p = { .name = NULL };
    const char *data = read_headers(w->arena, s, end, &p);
    if (!data || !p.name) {
        *problem = data ? "part without a name" : "part headers broken or too long";
        return NULL;
    }
    /* An empty part may share the line end of its headers with the boundary. */
    const char *next = memmem(data - 2, (size_t)(end - data) + 2, mark, strlen(mark));
    if (!next) {
        *problem = "cut short";
        return NULL;
    }
    if (!keep(w, &p, data, next < data ? 0 : (size_t)(next - data))) {
        *problem = "too many parts";
        return NULL;
    }
    return next;
}

bool multipart_parse(struct arena *a, const char *type, const char *body, size_t n, struct multipart *out,
                     const char **problem)
{
    *out = (struct multipart){ .params = NULL };
    const char *boundary = header_param(a, type, type + strlen(type), "boundary");
    if (!boundary_ok(boundary)) {
        *problem = "boundary missing or not valid";
        return false;
    }
    const char *mark = arena_printf(a, "\r\n--%s", boundary), *end = body + n;
    size_t mark_len = strlen(mark);
    struct walk w = { .arena = a, .out = out, .last = &out->uploads };

    /* The first boundary may stand at the very start, without a line end before it; a preamble is skipped. */
    bool at_start = n >= mark_len - 2 && memcmp(body, mark + 2, mark_len - 2) == 0;
    const char *s = at_start ? body : memmem(body, n, mark, mark_len);
    if (!s) {
        *problem = "no boundary in the body";
        return false;
    }
    for (s += at_start ? mark_len - 2 : mark_len;; s += mark_len) {
        if (end - s >= 2 && s[0] == '-' && s[1] == '-')
            return true;
        while (s < end && (*s == ' ' || *s == '\t'))
            s++;
        if (end - s < 2 || s[0] != '\r' || s[1] != '\n') {
            *problem = "cut short or broken boundary";
            return false;
        }
        const char *next = read_part(&w, s + 2, end, mark, problem);
        if (!next)
            return false;
        s = next;
    }
}
