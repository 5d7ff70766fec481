/* phone.c - fuzz target. Two letters of a country, then what was typed: a number that is accepted is E.164, is read
 * again as itself, and can be shown and matched. */
#include "base/base.h"
#include "base/phone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The digits of a text, for comparing what is shown with what it stands for. */
static void digits(const char *s, char out[64])
{
    size_t n = 0;
    for (; *s && n < 63; s++)
        if (*s >= '0' && *s <= '9')
            out[n++] = *s;
    out[n] = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(16 << 20);
    const char *text = arena_strndup(a, (const char *)data, size);
    char country[3] = "", number[PHONE_MAX + 1], again[PHONE_MAX + 1], one[64], two[64];
    if (strlen(text) >= 2) {
        memcpy(country, text, 2);
        text += 2;
    }
    (void)address_key(a, text);
    (void)phone_display(a, text);
    (void)address_channel(text);
    if (phone_parse(text, *country ? country : NULL, number)) {
        BUG_IF(!phone_is_e164(number));
        BUG_IF(!phone_parse(number, NULL, again) || strcmp(number, again) != 0);
        BUG_IF(!phone_parse(phone_display(a, number), NULL, again) || strcmp(number, again) != 0);
        digits(number, one);
        digits(phone_display(a, number), two);
        BUG_IF(strcmp(one, two) != 0);
        BUG_IF(!phone_is_e164(address_key(a, number)));
        BUG_IF(strcmp(address_key(a, number), address_key(a, address_key(a, number))) != 0);
    } else {
        BUG_IF(*number);
    }
    arena_free(a);
    return 0;
}
