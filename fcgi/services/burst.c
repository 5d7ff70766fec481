/* burst.c - a small table with an age and an epoch; four names may share a place. */
#include "base/base.h"
#include "base/clock.h"
#include "base/str.h"
#include "services/burst.h"
#include <sys/mman.h>

enum { PLACES = 16, WAYS = 4, SEEN = 4096 };

struct slot {
    char name[BURST_NAME + 1];
    int64_t until_ms; /* clock_mono_ms() */
    uint64_t epoch, order;
    size_t size;
    _Alignas(16) char data[BURST_DATA];
};

struct burst_host {
    uint64_t epoch;
    uint32_t seen[SEEN]; /* hashes; 0 is a free place */
};

struct burst {
    struct burst_host *host;
    uint64_t asked_in; /* the epoch at the last find() */
    uint64_t kept;     /* how often something was kept */
    struct slot slot[PLACES][WAYS];
};

struct burst_host *burst_host_new(void)
{
    void *p = mmap(NULL, sizeof(struct burst_host), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    BUG_IF(p == MAP_FAILED);
    return p;
}

struct burst *burst_new(struct arena *life, struct burst_host *host)
{
    struct burst *b = ARENA_NEW(life, struct burst);
    b->host = host;
    return b;
}

/* The name's own slot, else the one that has been kept longest. */
static struct slot *slot_of(struct burst *b, const char *name)
{
    struct slot *ways = b->slot[(str_hash(name) >> 16) % PLACES], *oldest = ways;
    for (size_t i = 0; i < WAYS; i++) {
        if (strcmp(ways[i].name, name) == 0)
            return &ways[i];
        if (ways[i].order < oldest->order)
            oldest = &ways[i];
    }
    return oldest;
}

static const struct slot *find(struct burst *b, const char *name)
{
    if (!b)
        return NULL;
    b->asked_in = __atomic_load_n(&b->host->epoch, __ATOMIC_ACQUIRE);
    const struct slot *s = slot_of(b, name);
    bool good = *s->name && strcmp(s->name, name) == 0 && s->epoch == b->asked_in && clock_mono_ms() < s->until_ms;
    return good ? s : NULL;
}

const void *burst_find(struct burst *b, const char *name)
{
    const struct slot *s = find(b, name);
    return s ? s->data : NULL;
}

void burst_keep(struct burst *b, const char *name, const void *data, size_t size)
{
    size_t n = strlen(name);
    if (!b || n > BURST_NAME || size > BURST_DATA)
        return;
    struct slot *s = slot_of(b, name);
    memcpy(s->name, name, n + 1);
    memcpy(s->data, data, size);
    s->size = size;
    s->epoch = b->asked_in;
    s->order = ++b->kept;
    s->until_ms = clock_mono_ms() + BURST_MS;
}

/* A kept text is its place behind the struct instead of its address; no text is at 0. */
static uintptr_t *text_of(void *row, const struct field *f)
{
    return f->kind == FIELD_TEXT ? (uintptr_t *)(void *)((char *)row + f->offset) : NULL;
}

void *burst_find_row(struct burst *b, struct arena *a, const char *name, const struct row_type *type)
{
    const struct slot *s = find(b, name);
    if (!s)
        return NULL;
    char *row = memcpy(arena_alloc(a, s->size), s->data, s->size);
    for (size_t i = 0; i < type->count; i++) {
        uintptr_t *text = text_of(row, &type->fields[i]);
        if (text && *text)
            *text += (uintptr_t)row;
    }
    return row;
}

void burst_keep_row(struct burst *b, const char *name, const struct row_type *type, const void *row)
{
    _Alignas(16) char data[BURST_DATA];
    size_t used = type->size;
    BUG_IF(used > sizeof data);
    memcpy(data, row, used);
    for (size_t i = 0; i < type->count; i++) {
        uintptr_t *text = text_of(data, &type->fields[i]);
        if (!text || !*text)
            continue;
        const char *s = (const char *)*text;
        size_t n = strlen(s) + 1;
        if (n > sizeof data - used)
            return;
        memcpy(data + used, s, n);
        *text = used;
        used += n;
    }
    burst_keep(b, name, data, used);
}

void burst_forget_all(struct burst *b)
{
    if (b)
        __atomic_add_fetch(&b->host->epoch, 1, __ATOMIC_SEQ_CST);
}

bool burst_seen(struct burst *b, const char *name)
{
    uint32_t h = str_hash(name);
    return b && __atomic_exchange_n(&b->host->seen[h % SEEN], h | 1, __ATOMIC_RELAXED) == (h | 1);
}
