/* hook_keys.c - a small direct-mapped table with an age. */
#include "base/base.h"
#include "base/clock.h"
#include "services/hook_keys.h"

enum { SLOTS = 32, NAME_MAX_LEN = 63 };

struct slot {
    char name[NAME_MAX_LEN + 1];
    int64_t until_ms; /* clock_mono_ms() */
    struct hook_key key;
};

struct hook_keys {
    struct slot slot[SLOTS];
};

struct hook_keys *hook_keys_new(struct arena *life)
{
    return ARENA_NEW(life, struct hook_keys);
}

static size_t place(const char *name)
{
    uint32_t h = 2166136261u;
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 16777619u;
    return h % SLOTS;
}

const struct hook_key *hook_keys_find(const struct hook_keys *keys, const char *name)
{
    const struct slot *s = keys ? &keys->slot[place(name)] : NULL;
    return s && *s->name && strcmp(s->name, name) == 0 && clock_mono_ms() < s->until_ms ? &s->key : NULL;
}

void hook_keys_keep(struct hook_keys *keys, const char *name, const struct hook_key *key)
{
    size_t n = strlen(name);
    if (!keys || n > NAME_MAX_LEN)
        return;
    struct slot *s = &keys->slot[place(name)];
    memcpy(s->name, name, n + 1);
    s->key = *key;
    s->until_ms = clock_mono_ms() + HOOK_KEYS_MS;
}
