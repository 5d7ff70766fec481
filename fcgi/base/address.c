/* address.c - the addresses of channels: which channel, which number, which key they are matched by (phone.h). */
#include "base/base.h"
#include "base/phone.h"

#include <strings.h>

static const struct {
    const char *prefix;
    enum channel channel;
} prefixes[] = {
    { "whatsapp:", CHANNEL_WHATSAPP },
    { "rcs:", CHANNEL_RCS },
    { "messenger:", CHANNEL_MESSENGER },
};

enum channel address_channel(const char *address)
{
    if (!address || !*address)
        return CHANNEL_OTHER;
    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
        if (strncasecmp(address, prefixes[i].prefix, strlen(prefixes[i].prefix)) == 0)
            return prefixes[i].channel;
    return strpbrk(address, ":@") ? CHANNEL_OTHER : CHANNEL_SMS;
}

const char *channel_name(enum channel c)
{
    static const char *const names[] = {
        [CHANNEL_SMS] = "sms", [CHANNEL_WHATSAPP] = "whatsapp", [CHANNEL_RCS] = "rcs", [CHANNEL_MESSENGER] = "messenger", [CHANNEL_OTHER] = "other",
    };
    BUG_IF((size_t)c >= ARRAY_LEN(names));
    return names[c];
}

const char *address_number(const char *address)
{
    for (size_t i = 0; i < ARRAY_LEN(prefixes);) {
        size_t n = strlen(prefixes[i].prefix);
        if (strncasecmp(address, prefixes[i].prefix, n) == 0) {
            address += n;
            i = 0; /* people paste a prefix twice */
        } else {
            i++;
        }
    }
    return address;
}

bool address_is_short_code(const char *address)
{
    size_t n = strspn(address, "0123456789");
    return address[n] == 0 && (n == 5 || n == 6);
}

const char *address_key(struct arena *a, const char *address)
{
    const char *number = address_number(address);
    size_t n = strlen(number);
    if (!phone_is_e164(number)) {
        char *key = arena_strdup(a, address_channel(address) == CHANNEL_SMS ? number : address);
        for (char *p = key; *p; p++)
            if (*p >= 'A' && *p <= 'Z')
                *p = (char)(*p | 0x20);
        return key;
    }
    /* One subscriber, two spellings: WhatsApp and the telephone network disagree about these digits. */
    if (n == 14 && strncmp(number, "+55", 3) == 0 && number[5] == '9') /* Brazil: +55 11 9 1234 5678 */
        return arena_printf(a, "%.5s%s", number, number + 6);
    if (n == 14 && strncmp(number, "+521", 4) == 0) /* Mexico: +52 1 55 1234 5678 */
        return arena_printf(a, "+52%s", number + 4);
    if (n == 14 && strncmp(number, "+549", 4) == 0) /* Argentina: +54 9 11 1234 5678 */
        return arena_printf(a, "+54%s", number + 4);
    return arena_strdup(a, number);
}
