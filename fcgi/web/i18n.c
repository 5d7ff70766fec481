/* i18n.c - reads .mo catalogues, looks messages up by hash, chooses plural forms and the visitor's language. */
#include "base/base.h"
#include "web/i18n.h"
#include "base/str.h"
#include "base/utf8.h"
#include "web/textfile.h"

#include <strings.h>

enum { MO_MAX = 8 * 1024 * 1024, MO_HEADER = 28, ACCEPT_MAX = 64 };

struct message {
    const char *id;
    const char *text; /* plural forms follow each other, each ended by NUL */
    uint32_t len;     /* of all forms, without the last NUL */
};

struct catalog {
    enum language lang;
    uint32_t count;
    const struct message *messages;
    uint32_t mask;
    const uint32_t *table; /* place of the message + 1, by the hash of its id; 0 = free. At least half of it is. */
};

static const char codes[LANG_COUNT][3] = { [LANG_EN] = "en", [LANG_PL] = "pl", [LANG_ES] = "es" };
static const char plural_counts[LANG_COUNT][12] = {
    [LANG_EN] = "nplurals=2;", [LANG_PL] = "nplurals=3;", [LANG_ES] = "nplurals=2;",
};

const char *language_code(enum language l)
{
    BUG_IF((unsigned)l >= LANG_COUNT);
    return codes[l];
}

static bool language_of(const char *s, size_t n, enum language *out)
{
    if (n < 2 || (n > 2 && s[2] != '-' && s[2] != '_'))
        return false;
    for (unsigned l = 0; l < LANG_COUNT; l++) {
        if (strncasecmp(s, codes[l], 2) == 0) {
            *out = (enum language)l;
            return true;
        }
    }
    return false;
}

bool language_parse(const char *code, enum language *out)
{
    return code && language_of(code, strlen(code), out);
}

/* The thousandths of ";q=0.8" in what follows a language range; 1000 when there is none, 0 when it makes no sense. */
static int quality(const char *s, size_t n)
{
    const char *q = memchr(s, ';', n), *end = s + n;
    if (!q)
        return 1000;
    for (q++; q < end && (*q == ' ' || *q == '\t'); q++)
        ;
    if (end - q < 3 || (*q != 'q' && *q != 'Q') || q[1] != '=' || (q[2] != '0' && q[2] != '1'))
        return 0;
    int value = q[2] == '1' ? 1000 : 0;
    q += 3;
    if (q < end && *q == '.') {
        q++;
        for (int unit = 100; unit && q < end && *q >= '0' && *q <= '9'; unit /= 10)
            value += (*q++ - '0') * unit;
    }
    return value > 1000 ? 1000 : value;
}

enum language language_accept(const char *header, enum language def)
{
    enum language best = def;
    int most = 0;
    for (int ranges = 0; header && *header && ranges < ACCEPT_MAX; ranges++) {
        while (*header == ' ' || *header == '\t' || *header == ',')
            header++;
        size_t n = strcspn(header, ","), name = strcspn(header, ",; \t");
        enum language lang = def;
        int q = quality(header, n);
        if (q > most && (language_of(header, name, &lang) || (name == 1 && *header == '*'))) {
            best = lang;
            most = q;
        }
        header += n;
    }
    return best;
}

static uint32_t word(const char *file, size_t at, bool swapped)
{
    uint32_t v;
    memcpy(&v, file + at, sizeof v);
    return swapped ? __builtin_bswap32(v) : v;
}

/* The text that the descriptor at `at` points to: inside the file, ended by NUL, valid UTF-8. */
static const char *mo_text(const char *file, size_t size, size_t at, bool swapped, uint32_t *len)
{
    uint32_t n = word(file, at, swapped), from = word(file, at + 4, swapped);
    if (from >= size || n >= size - from || file[from + n] != 0 || !utf8_valid(file + from, n))
        return NULL;
    *len = n;
    return file + from;
}

static const char *mo_messages(struct catalog *c, struct message *m, const char *file, size_t size, bool swapped)
{
    size_t ids = word(file, 12, swapped), texts = word(file, 16, swapped);
    if (ids > size || texts > size || c->count > (size - ids) / 8 || c->count > (size - texts) / 8)
        return "its tables leave the file";
    for (uint32_t i = 0; i < c->count; i++) {
        uint32_t id_len;
        m[i].id = mo_text(file, size, ids + 8 * (size_t)i, swapped, &id_len);
        m[i].text = mo_text(file, size, texts + 8 * (size_t)i, swapped, &m[i].len);
        if (!m[i].id || !m[i].text)
            return "a message leaves the file or is not UTF-8";
        if (i && strcmp(m[i - 1].id, m[i].id) >= 0)
            return "its message ids are not in order";
    }
    return NULL;
}

/* The entry of the empty id describes the file. */
static const char *mo_header(const struct catalog *c)
{
    if (c->count == 0 || c->messages[0].id[0] != 0)
        return "it has no header";
    const char *header = c->messages[0].text;
    if (!strcasestr(header, "charset=UTF-8"))
        return "its charset is not UTF-8";
    const char *language = strcasestr(header, "\nLanguage: ");
    enum language lang;
    if (language) {
        language += strlen("\nLanguage: ");
        if (!language_of(language, strcspn(language, "\n"), &lang) || lang != c->lang)
            return "it is of another language";
    }
    if (strcasestr(header, "nplurals") && !strcasestr(header, plural_counts[c->lang]))
        return "its plural rule is not the language's";
    return NULL;
}

static const char *mo_read(struct catalog *c, struct arena *a, const char *file, size_t size)
{
    if (size < MO_HEADER)
        return "not a catalogue";
    uint32_t magic = word(file, 0, false);
    bool swapped = magic == 0xde120495u;
    if (!swapped && magic != 0x950412deu)
        return "not a catalogue";
    if (word(file, 4, swapped) >> 16 > 1)
        return "a catalogue of an unknown revision";
    c->count = word(file, 8, swapped);
    if (c->count > size / 8)
        return "its tables leave the file";
    struct message *m = ARENA_ARRAY(a, struct message, c->count);
    c->messages = m;
    const char *why = mo_messages(c, m, file, size, swapped);
    return why ? why : mo_header(c);
}

static uint32_t hash_of(const char *id)
{
    uint32_t hash = str_hash(id);
    return hash ^ hash >> 15;
}

static void table_make(struct catalog *c, struct arena *a)
{
    uint32_t cap = 16;
    while (cap < 2 * c->count)
        cap *= 2;
    uint32_t *table = ARENA_ARRAY(a, uint32_t, cap);
    memset(table, 0, sizeof *table * cap);
    c->mask = cap - 1;
    for (uint32_t i = 0; i < c->count; i++) {
        uint32_t at = hash_of(c->messages[i].id) & c->mask;
        while (table[at])
            at = (at + 1) & c->mask;
        table[at] = i + 1;
    }
    c->table = table;
}

const struct catalog *catalog_load(struct arena *a, const char *path, enum language lang, const char **problem)
{
    size_t size;
    const char *file = textfile_read(a, path, MO_MAX, &size, problem);
    if (!file)
        return NULL;
    struct catalog *c = ARENA_NEW(a, struct catalog);
    c->lang = lang;
    const char *why = mo_read(c, a, file, size);
    if (!why) {
        table_make(c, a);
        return c;
    }
    *problem = arena_printf(a, "%s: %s", path, why);
    return NULL;
}

const struct catalog *catalog_identity(struct arena *a, enum language lang)
{
    struct catalog *c = ARENA_NEW(a, struct catalog);
    c->lang = lang;
    return c;
}

enum language catalog_language(const struct catalog *c)
{
    return c ? c->lang : LANG_EN;
}

/* NULL when there is none or it has no text. The empty id is the header, no message. */
static const struct message *find(const struct catalog *c, const char *id)
{
    if (!c || !c->table || !*id)
        return NULL;
    for (uint32_t at = hash_of(id) & c->mask; c->table[at]; at = (at + 1) & c->mask) {
        const struct message *m = &c->messages[c->table[at] - 1];
        if (strcmp(id, m->id) == 0)
            return m->len ? m : NULL;
    }
    return NULL;
}

size_t catalog_len(const struct catalog *c)
{
    size_t n = 0;
    for (uint32_t i = 0; c && i < c->count; i++)
        n += c->messages[i].id[0] && c->messages[i].len;
    return n;
}

bool catalog_has(const struct catalog *c, const char *msgid)
{
    return find(c, msgid) != NULL;
}

const char *tr(const struct catalog *c, const char *msgid)
{
    if (!msgid)
        return NULL;
    const struct message *m = find(c, msgid);
    return m ? m->text : msgid;
}

unsigned plural_form(enum language lang, int64_t n)
{
    uint64_t u = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    if (u == 1)
        return 0;
    if (lang != LANG_PL)
        return 1;
    uint64_t unit = u % 10, ten = u % 100;
    return unit >= 2 && unit <= 4 && (ten < 12 || ten > 14) ? 1 : 2;
}

const char *tr_n(const struct catalog *c, const char *one, const char *many, int64_t n)
{
    const struct message *m = find(c, one);
    if (m) {
        const char *form = m->text, *end = m->text + m->len;
        for (unsigned i = plural_form(c->lang, n); i && form < end; i--)
            form += strlen(form) + 1;
        if (form < end && *form)
            return form;
    }
    return plural_form(LANG_EN, n) == 0 ? one : many;
}
