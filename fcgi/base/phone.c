/* phone.c - what people type to E.164, E.164 to what people read, and the addresses of channels. */
#include "base/base.h"
#include "base/phone.h"
#include "base/country.h"
#include "base/str.h"
#include "base/utf8.h"

#include <strings.h>

enum { DIGITS_MAX = 32, TYPED_MAX = 256 };

/* What was typed, without its decoration. */
struct dialled {
    bool plus;
    char digits[DIGITS_MAX + 1];
    size_t n;
};

/* Value of a digit in the scripts telephones show: ASCII, full width, Arabic and Persian; -1 for anything else. */
static int digit_value(uint32_t c)
{
    static const uint32_t zeros[] = { '0', 0xFF10, 0x0660, 0x06F0 };
    for (size_t i = 0; i < ARRAY_LEN(zeros); i++)
        if (c >= zeros[i] && c <= zeros[i] + 9)
            return (int)(c - zeros[i]);
    return -1;
}

/* Invisible marks that come along when a number is copied from an address book. */
static bool is_invisible(uint32_t c)
{
    return c == 0xAD || (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x2069) || c == 0xFEFF;
}

static bool is_decoration(uint32_t c)
{
    if (c < 0x80)
        return c && strchr(" -./()[]~", (int)c);
    return c == 0xA0 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F || c == 0x205F || c == 0x3000 || (c >= 0x2010 && c <= 0x2015) ||
           c == 0x2212 || c == 0x30FC || c == 0xFF08 || c == 0xFF09 || c == 0xFF0D || c == 0xFF0E || c == 0xFF0F || is_invisible(c);
}

static bool is_blank(uint32_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xA0 || c == 0x202F || c == 0x3000 || is_invisible(c);
}

static bool is_letter(char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* "… ext. 12", "… x12", "…;ext=12", "… wew. 12", "…#12": the length without it. */
static size_t without_extension(const char *s, size_t n)
{
    static const char *const words[] = { ";ext", "extension", "extn", "ext", "x", "wewn", "wew", "int", "#" };
    size_t at = n;
    while (at > 0 && s[at - 1] >= '0' && s[at - 1] <= '9')
        at--;
    if (at == n || n - at > 7)
        return n;
    while (at > 0 && strchr(" .:=", s[at - 1]))
        at--;
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        size_t len = strlen(words[i]);
        if (at > len && strncasecmp(s + at - len, words[i], len) == 0 && !is_letter(s[at - len - 1]))
            return at - len;
    }
    return n;
}

/* Takes the blanks and invisible marks off both ends. */
static void trim(const char **s, size_t *n)
{
    uint32_t c;
    for (size_t k; (k = utf8_decode(*s, *n, &c)) > 0 && is_blank(c);) {
        *s += k;
        *n -= k;
    }
    while (*n > 0) {
        size_t at = *n - 1;
        while (at > 0 && ((unsigned char)(*s)[at] & 0xC0) == 0x80)
            at--;
        if (utf8_decode(*s + at, *n - at, &c) != *n - at || !is_blank(c))
            return;
        *n = at;
    }
}

/* Digits, a plus in front, and decoration; letters as on a telephone's keys ("1-800-FLOWERS") when there are at least
 * three of them behind at least three digits. */
static bool undecorate(const char *s, size_t n, struct dialled *out)
{
    static const char keys[] = "22233344455566677778889999";
    size_t letters = 0;
    trim(&s, &n);
    n = without_extension(s, n);
    *out = (struct dialled){ .plus = false };
    for (size_t i = 0, k; i < n; i += k) {
        uint32_t c;
        k = utf8_decode(s + i, n - i, &c);
        if (k == 0)
            return false;
        int digit = digit_value(c);
        if (digit < 0 && c < 0x80 && is_letter((char)c) && out->n >= 3) {
            digit = keys[(c | 0x20) - 'a'] - '0';
            letters++;
        }
        if (digit >= 0 && out->n < DIGITS_MAX)
            out->digits[out->n++] = (char)('0' + digit);
        else if ((c == '+' || c == 0xFF0B) && out->n == 0)
            out->plus = true;
        else if (digit >= 0 || !is_decoration(c))
            return false;
    }
    return out->n >= 2 && (letters == 0 || letters >= 3);
}

/* Digits behind one of the prefixes in a list separated by blanks: calls `use` with the rest until one succeeds. */
typedef bool (*use_rest)(const struct plan *plan, const char *rest, char out[PHONE_MAX + 1]);

static bool behind_prefix(const char *list, const struct plan *plan, const char *digits, use_rest use, char out[PHONE_MAX + 1])
{
    while (*list) {
        size_t n = strcspn(list, " ");
        if (strncmp(list, digits, n) == 0 && use(plan, digits + n, out))
            return true;
        list += n + (list[n] == ' ');
    }
    return false;
}

static bool use_exact(const struct plan *plan, const char *national, char out[PHONE_MAX + 1])
{
    if (!plan_match(plan, national))
        return false;
    snprintf(out, PHONE_MAX + 1, "+%s%s", plan->code, national);
    return true;
}

/* Two habits outlive their abolition: Mexico's 1 before a mobile number, and Argentina's 15 behind the area code where
 * the international form has a 9 in front of it. */
static bool use_today_or_habit(const struct plan *plan, const char *national, char out[PHONE_MAX + 1])
{
    size_t n = strlen(national);
    if (use_exact(plan, national, out))
        return true;
    if (strcmp(plan->code, "52") == 0 && n == 11 && national[0] == '1')
        return use_exact(plan, national + 1, out);
    if (strcmp(plan->code, "54") != 0 || n != 12)
        return false;
    for (size_t area = strncmp(national, "11", 2) == 0 ? 2 : 3; area <= 4; area++) {
        char mobile[12];
        if (strncmp(national + area, "15", 2) != 0)
            continue;
        snprintf(mobile, sizeof mobile, "9%.*s%s", (int)area, national, national + area + 2);
        return use_exact(plan, mobile, out);
    }
    return false;
}

/* The trunk prefix wins where both readings are possible: nobody dials it by chance. */
static bool use_national(const struct plan *plan, const char *digits, char out[PHONE_MAX + 1])
{
    return behind_prefix(plan->trunk, plan, digits, use_today_or_habit, out) || use_today_or_habit(plan, digits, out);
}

/* Behind a plus nothing is missing, so the digits as they are come first; "+44 (0)20 …" is common all the same. */
static bool use_international(const struct plan *home, const char *digits, char out[PHONE_MAX + 1])
{
    (void)home;
    const struct plan *plan = plan_of_number(digits);
    if (!plan)
        return false;
    digits += strlen(plan->code);
    return use_exact(plan, digits, out) || use_national(plan, digits, out);
}

bool phone_parse(const char *typed, const char *country, char out[PHONE_MAX + 1])
{
    struct dialled d;
    const char *number = typed ? address_number(typed) : "";
    size_t n = strnlen(number, TYPED_MAX);
    out[0] = 0;
    if (n == TYPED_MAX || !undecorate(number, n, &d))
        return false;
    if (d.plus)
        return use_international(NULL, d.digits, out);
    const struct plan *home = plan_of_country(country);
    if (!home)
        return false;
    /* Last, the country's own calling code without a plus ("48500100100"). */
    return behind_prefix(home->intl, home, d.digits, use_international, out) || use_national(home, d.digits, out) ||
           behind_prefix(home->code, home, d.digits, use_national, out);
}

bool phone_country_known(const char *country)
{
    return plan_of_country(country) != NULL;
}

bool phone_is_e164(const char *s)
{
    if (!s || s[0] != '+' || s[1] < '1' || s[1] > '9')
        return false;
    size_t n = strspn(s + 1, "0123456789");
    return n >= 2 && n <= 15 && s[n + 1] == 0;
}

/* A blank and the next group; the last group takes what is left when that is a single digit. */
static void add_groups(struct str *out, const char *national, const char *groups)
{
    for (size_t left = strlen(national); left > 0;) {
        size_t n = *groups >= '1' && *groups <= '9' ? (size_t)(*groups - '0') : left == 4 ? 4 : 3;
        groups += *groups ? 1 + (groups[1] == '-') : 0;
        if (*groups == ' ')
            groups = "";
        if (n > left)
            n = left;
        str_putc(out, ' ');
        str_add(out, national, n);
        national += n;
        left -= n;
    }
}

const char *phone_display(struct arena *a, const char *e164)
{
    struct str out;
    if (!phone_is_e164(e164))
        return e164 ? arena_strdup(a, e164) : "";
    const struct plan *plan = plan_of_number(e164 + 1);
    const char *national = e164 + 1 + (plan ? strlen(plan->code) : 0);
    const char *groups = plan ? plan_match(plan, national) : NULL;
    str_init(&out, a, 2 * PHONE_MAX, 4 * PHONE_MAX);
    str_add(&out, e164, (size_t)(national - e164));
    add_groups(&out, national, groups ? groups : "");
    return plan ? out.s : arena_printf(a, "+%s", out.s + 2); /* no blank between the plus and an unknown code */
}
