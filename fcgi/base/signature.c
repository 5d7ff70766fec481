/* signature.c - X-Twilio-Signature: the sorted parameters once, then each spelling of the URL until one matches. */
#include "base/base.h"
#include "base/signature.h"
#include "base/crypto.h"
#include "base/str.h"

enum {
    SIGNATURE_LEN = 28, /* base64 of 20 bytes */
    URL_MAX = 64 * 1024,
    LEGACY_MAX = 64, /* query parameters: beyond that the legacy spelling is not tried */
    SPELLINGS = 7
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes s[0..n) to `out`, puts a NUL behind it, gives the length, which is never above n. */
static size_t decode(const char *s, size_t n, char *out)
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        char c = s[i];
        if (c == '+') {
            c = ' ';
        } else if (c == '%' && n - i > 2) {
            int high = hex_digit(s[i + 1]), low = hex_digit(s[i + 2]);
            if (high >= 0 && low >= 0) {
                c = (char)(high << 4 | low);
                i += 2;
            }
        }
        out[len++] = c;
    }
    out[len] = 0;
    return len;
}

struct pair *pairs_parse(struct arena *a, const char *s, size_t n, size_t max, size_t *count)
{
    size_t most = n ? 1 : 0;
    for (size_t i = 0; i < n; i++)
        most += s[i] == '&';
    if (most > max)
        most = max;
    /* Names and values end in NUL where "=" and "&" stood, therefore the text's own size is enough. */
    char *out = arena_alloc(a, n + 1);
    struct pair *pairs = arena_alloc(a, sizeof *pairs * (most + 1));
    *count = 0;
    for (const char *end = s + n, *next; s < end; s = next + 1) {
        next = memchr(s, '&', (size_t)(end - s));
        if (!next)
            next = end;
        if (next == s)
            continue;
        if (*count == most)
            return NULL;
        const char *eq = memchr(s, '=', (size_t)(next - s));
        struct pair *p = &pairs[(*count)++];
        p->name = out;
        p->name_len = decode(s, (size_t)((eq ? eq : next) - s), out);
        out += p->name_len + 1;
        p->value = "";
        p->value_len = 0;
        if (eq) {
            p->value = out;
            p->value_len = decode(eq + 1, (size_t)(next - eq - 1), out);
            out += p->value_len + 1;
        }
    }
    return pairs;
}

/* Order of UTF-16 code units, as the official library sorts: characters above U+FFFF (first byte F0 and up) come before
 * U+E000 to U+FFFF (first byte EE and EF). Everything else is in byte order. */
static unsigned weight(char c)
{
    unsigned b = (unsigned char)c;
    return b < 0xEE ? b : b < 0xF0 ? b + 0x10 : b - 2;
}

static int compare_text(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t n = a_len < b_len ? a_len : b_len;
    for (size_t i = 0; i < n; i++)
        if (a[i] != b[i])
            return weight(a[i]) < weight(b[i]) ? -1 : 1;
    return (a_len > b_len) - (a_len < b_len);
}

static int compare_pairs(const void *left, const void *right)
{
    const struct pair *a = left, *b = right;
    int order = compare_text(a->name, a->name_len, b->name, b->name_len);
    return order ? order : compare_text(a->value, a->value_len, b->value, b->value_len);
}

/* Names and values in order, without repetitions: what follows the URL in the signed text. */
static struct span signed_params(struct arena *a, struct pair *pairs, size_t count)
{
    if (count == 0)
        return (struct span){ "", 0 };
    qsort(pairs, count, sizeof *pairs, compare_pairs);
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += pairs[i].name_len + pairs[i].value_len;
    char *text = arena_alloc(a, n + 1), *p = text;
    for (size_t i = 0; i < count; i++) {
        if (i && compare_pairs(&pairs[i - 1], &pairs[i]) == 0)
            continue;
        memcpy(p, pairs[i].name, pairs[i].name_len);
        p += pairs[i].name_len;
        memcpy(p, pairs[i].value, pairs[i].value_len);
        p += pairs[i].value_len;
    }
    return (struct span){ text, (size_t)(p - text) };
}

/* The parts of an absolute URL, each a piece of it. */
struct url {
    struct span scheme, user, host, port; /* user ends with "@"; port has no ":" and may be empty */
    struct span path, query, fragment;    /* query begins with "?", fragment with "#", where there are any */
};

static struct span between(const char *from, const char *to)
{
    return (struct span){ from, (size_t)(to - from) };
}

static bool url_split(const char *s, struct url *u)
{
    const char *colon = strstr(s, "://");
    if (!colon || colon == s)
        return false;
    const char *authority = colon + 3;
    const char *path = authority + strcspn(authority, "/?#");
    const char *host = authority;
    for (const char *p = authority; p < path; p++)
        if (*p == '@')
            host = p + 1;
    const char *port = path;
    for (const char *p = path; p > host && p[-1] != ']'; p--)
        if (p[-1] == ':') {
            port = p;
            break;
        }
    const char *query = path + strcspn(path, "?#");
    const char *fragment = query + strcspn(query, "#");
    u->scheme = between(s, colon);
    u->user = between(authority, host);
    u->host = between(host, port == path ? (path > host && path[-1] == ':' ? path - 1 : path) : port - 1);
    u->port = between(port, path);
    u->path = between(path, query);
    u->query = between(query, fragment);
    u->fragment = between(fragment, fragment + strlen(fragment));
    return true;
}

/* Percent-encodes what the URL standard's parser would: controls, non-ASCII, and the characters in `also`. */
static void add_encoded(struct str *out, struct span part, const char *also)
{
    for (size_t i = 0; i < part.n; i++) {
        unsigned char c = (unsigned char)part.s[i];
        if (c <= ' ' || c >= 0x7F || strchr(also, c))
            str_url(out, part.s + i, 1);
        else
            str_putc(out, (char)c);
    }
}

static void add_span(struct str *out, struct span part)
{
    str_add(out, part.s, part.n);
}

static void add_lower(struct str *out, struct span part)
{
    for (size_t i = 0; i < part.n; i++)
        str_putc(out, (char)(part.s[i] >= 'A' && part.s[i] <= 'Z' ? part.s[i] | 0x20 : part.s[i]));
}

/* One parameter as old versions of the service wrote it: blanks are %20, and ! ' ( ) * are not encoded. */
static void add_legacy_pair(struct str *out, const struct pair *p)
{
    const struct span parts[2] = { { p->name, p->name_len }, { p->value, p->value_len } };
    for (size_t k = 0; k < 2; k++) {
        if (k)
            str_putc(out, '=');
        for (size_t i = 0; i < parts[k].n; i++)
            if (parts[k].s[i] && strchr("!'()*", parts[k].s[i]))
                str_putc(out, parts[k].s[i]);
            else
                str_url(out, parts[k].s + i, 1);
    }
}

/* The query taken apart and written again; the values of a repeated name then stand together. */
static bool add_legacy_query(struct str *out, struct arena *a, struct span query)
{
    size_t count;
    const struct pair *p = pairs_parse(a, query.s + 1, query.n - 1, LEGACY_MAX, &count);
    bool written[LEGACY_MAX] = { false };
    char before = '?';
    for (size_t i = 0; p && i < count; i++) {
        if (written[i])
            continue;
        for (size_t j = i; j < count; j++) {
            if (written[j] || compare_text(p[i].name, p[i].name_len, p[j].name, p[j].name_len) != 0)
                continue;
            str_putc(out, before);
            add_legacy_pair(out, &p[j]);
            written[j] = true;
            before = '&';
        }
    }
    return p != NULL;
}

enum spelling { AS_IS, STANDARD, LEGACY };

/* The part behind the host. False when this spelling does not exist. */
static bool add_rest(struct str *out, struct arena *a, const struct url *u, enum spelling how)
{
    if (how == AS_IS) {
        add_span(out, u->path);
        add_span(out, u->query);
        add_span(out, u->fragment);
        return true;
    }
    if (u->path.n == 0)
        str_putc(out, '/');
    add_encoded(out, u->path, "\"<>`{}");
    if (how == LEGACY)
        return add_legacy_query(out, a, u->query);
    add_encoded(out, u->query, "\"<>'");
    add_encoded(out, u->fragment, "\"<>`");
    return true;
}

/* The URL with or without a port; empty when this spelling does not exist. */
static struct span spell(struct arena *a, const struct url *u, bool with_port, enum spelling how)
{
    struct str out;
    str_init(&out, a, 256, 4 * URL_MAX);
    void (*add_name)(struct str *, struct span) = how == AS_IS ? add_span : add_lower;
    add_name(&out, u->scheme);
    STR_LIT(&out, "://");
    add_span(&out, u->user);
    add_name(&out, u->host);
    if (with_port) {
        bool https = u->scheme.n == 5 && (u->scheme.s[4] | 0x20) == 's';
        str_putc(&out, ':');
        add_span(&out, u->port.n ? u->port : https ? (struct span){ "443", 3 } : (struct span){ "80", 2 });
    }
    bool exists = add_rest(&out, a, u, how) && !out.full;
    return exists ? (struct span){ out.s, out.len } : (struct span){ "", 0 };
}

static bool matches(const char *token, struct span url, struct span params, const char *header)
{
    const struct span parts[2] = { url, params };
    char expected[32];
    crypto_hmac_sha1_base64(token, strlen(token), parts, 2, expected);
    return crypto_equal(expected, header, SIGNATURE_LEN);
}

/* The other spellings, each once. The legacy one exists only where there is a query, and has no fragment. */
static bool other_spelling_matches(struct arena *a, const char *token, struct span first, struct span params, const char *header)
{
    struct url u;
    struct span tried[SPELLINGS] = { first };
    size_t count = 1;
    if (!url_split(first.s, &u))
        return false;
    for (enum spelling how = AS_IS; how <= LEGACY; how++) {
        if (how == LEGACY && (u.query.n < 2 || u.fragment.n > 0))
            continue;
        for (int with_port = 0; with_port < 2; with_port++) {
            struct span url = spell(a, &u, with_port, how);
            bool fresh = url.n > 0;
            for (size_t i = 0; i < count && fresh; i++)
                fresh = tried[i].n != url.n || memcmp(tried[i].s, url.s, url.n) != 0;
            if (fresh && matches(token, url, params, header))
                return true;
            if (fresh)
                tried[count++] = url;
        }
    }
    return false;
}

/* The value of bodySHA256 in the query; NULL when there is none. The first one counts. */
static const struct pair *body_hash(struct arena *a, const char *url)
{
    const char *query = strstr(url, "bodySHA256") ? strchr(url, '?') : NULL;
    if (!query)
        return NULL;
    size_t count, n = strcspn(query + 1, "#");
    const struct pair *p = pairs_parse(a, query + 1, n, n, &count);
    for (size_t i = 0; p && i < count; i++)
        if (p[i].name_len == 10 && memcmp(p[i].name, "bodySHA256", 10) == 0)
            return &p[i];
    return NULL;
}

bool signature_valid(struct arena *a, const char *token, const char *url, struct pair *pairs, size_t count,
                     const char *body, size_t body_len, const char *header)
{
    if (!token || !*token || !url || !header || strlen(header) != SIGNATURE_LEN)
        return false;
    struct span first = { url, strlen(url) }, params = { "", 0 };
    if (first.n > URL_MAX)
        return false;
    const struct pair *hash = body_hash(a, url);
    if (hash) {
        uint8_t digest[32];
        char expected[65];
        crypto_sha256(body ? body : "", body ? body_len : 0, digest);
        crypto_hex(digest, sizeof digest, expected);
        if (hash->value_len != 64 || !crypto_equal(hash->value, expected, 64))
            return false;
    } else {
        params = signed_params(a, pairs, count);
    }
    return matches(token, first, params, header) || other_spelling_matches(a, token, first, params, header);
}

const char *signature_make(struct arena *a, const char *token, const char *url, struct pair *pairs, size_t count)
{
    const struct span parts[2] = { { url, strlen(url) }, signed_params(a, pairs, count) };
    char *out = arena_alloc(a, 32);
    crypto_hmac_sha1_base64(token, strlen(token), parts, 2, out);
    return out;
}
