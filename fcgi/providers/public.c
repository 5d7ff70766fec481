/* public.c - the address blocks that are not the public internet (IANA's special-purpose registries). */
#include "base/base.h"
#include "providers/public.h"
#include <arpa/inet.h>
#include <netinet/in.h>

static bool public_v4(uint32_t a)
{
    static const struct { uint32_t net; int bits; } closed[] = {
        { 0x00000000, 8 }, { 0x0a000000, 8 }, { 0x64400000, 10 }, { 0x7f000000, 8 }, { 0xa9fe0000, 16 }, { 0xac100000, 12 },
        { 0xc0000000, 24 }, { 0xc0000200, 24 }, { 0xc0586300, 24 }, { 0xc0a80000, 16 }, { 0xc6120000, 15 }, { 0xc6336400, 24 },
        { 0xcb007100, 24 }, { 0xe0000000, 3 },
    };
    for (size_t i = 0; i < ARRAY_LEN(closed); i++)
        if ((a ^ closed[i].net) >> (32 - closed[i].bits) == 0)
            return false;
    return true;
}

static uint32_t v4_at(const uint8_t *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static bool public_v6(const uint8_t b[16])
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff }, nat64[12] = { 0, 0x64, 0xff, 0x9b };
    if (memcmp(b, mapped, 12) == 0 || memcmp(b, nat64, 12) == 0)
        return public_v4(v4_at(b + 12));
    if (b[0] == 0x20 && b[1] == 0x02) /* 6to4 */
        return public_v4(v4_at(b + 2));
    bool special = b[0] == 0x20 && b[1] == 0x01 && (b[2] < 2 || (b[2] == 0x0d && b[3] == 0xb8));
    return b[0] >> 5 == 1 && !special && !(b[0] == 0x3f && b[1] == 0xff && b[2] < 0x10);
}

bool address_is_public(const struct sockaddr *a)
{
    if (a->sa_family == AF_INET)
        return public_v4(ntohl(((const struct sockaddr_in *)(const void *)a)->sin_addr.s_addr));
    return a->sa_family == AF_INET6 && public_v6(((const struct sockaddr_in6 *)(const void *)a)->sin6_addr.s6_addr);
}

bool address_text_is_public(const char *text)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, text, &v4) == 1)
        return public_v4(ntohl(v4.s_addr));
    return inet_pton(AF_INET6, text, &v6) == 1 && public_v6(v6.s6_addr);
}

bool address_text_valid(const char *text)
{
    struct in6_addr either;
    return inet_pton(AF_INET, text, &either) == 1 || inet_pton(AF_INET6, text, &either) == 1;
}
