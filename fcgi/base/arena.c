/* arena.c - blocks of 64 KiB with a bump pointer; larger pieces get a block of their own. */
#include "base/base.h"
#include "base/arena.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#endif
#endif
#ifdef ASAN_POISON_MEMORY_REGION
enum { REDZONE = 16 }; /* poisoned bytes between two pieces, so that running over the end of one is seen */
#else
enum { REDZONE = 0 };
#define ASAN_POISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

enum { BLOCK = 64 * 1024, ALIGN = 16 };

struct block {
    struct block *next;
    size_t size, used; /* of data[] */
    _Alignas(ALIGN) char data[];
};

struct cleanup {
    struct cleanup *next;
    void (*fn)(void *);
    void *arg;
};

struct arena {
    struct block *first, *current;
    struct cleanup *cleanups;
    size_t ceiling, used;
};

static struct block *block_new(size_t size)
{
    struct block *b = malloc(sizeof *b + size);
    BUG_IF(!b);
    b->next = NULL;
    b->size = size;
    b->used = 0;
    ASAN_POISON_MEMORY_REGION(b->data, size);
    return b;
}

static void block_free(struct block *b)
{
    ASAN_UNPOISON_MEMORY_REGION(b->data, b->size);
    free(b);
}

struct arena *arena_new(size_t ceiling)
{
    struct arena *a = calloc(1, sizeof *a);
    BUG_IF(!a);
    a->ceiling = ceiling;
    a->first = a->current = block_new(BLOCK);
    return a;
}

static void run_cleanups(struct arena *a)
{
    while (a->cleanups) {
        struct cleanup *c = a->cleanups;
        a->cleanups = c->next;
        c->fn(c->arg);
    }
}

void arena_reset(struct arena *a)
{
    run_cleanups(a);
    for (struct block *b = a->first->next, *next; b; b = next) {
        next = b->next;
        block_free(b);
    }
    a->first->next = NULL;
    a->first->used = 0;
    a->current = a->first;
    a->used = 0;
    ASAN_POISON_MEMORY_REGION(a->first->data, a->first->size);
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    arena_reset(a);
    block_free(a->first);
    free(a);
}

/* Large pieces are linked behind the current block, so that the rest of the current one stays in use. */
static void *alloc_slow(struct arena *a, size_t n)
{
    bool own = n > BLOCK / 4;
    struct block *b = block_new(own ? n : BLOCK);
    b->next = a->current->next;
    a->current->next = b;
    b->used = n;
    if (!own)
        a->current = b;
    return b->data;
}

void *arena_alloc(struct arena *a, size_t n)
{
    size_t left = a->ceiling - a->used;
    size_t pad = n ? (0 - n) % ALIGN : ALIGN;
    BUG_IF(n > left || pad > left - n); /* the ceiling is passed; written so that no sum can overflow */
    a->used += n + pad;
    size_t want = n + pad + REDZONE;
    struct block *b = a->current;
    void *p;
    if (want <= b->size - b->used) {
        p = b->data + b->used;
        b->used += want;
    } else {
        p = alloc_slow(a, want);
    }
    ASAN_UNPOISON_MEMORY_REGION(p, n);
    return p;
}

void *arena_zalloc(struct arena *a, size_t n)
{
    return memset(arena_alloc(a, n), 0, n);
}

void *arena_zarray(struct arena *a, size_t n, size_t size)
{
    size_t bytes;
    BUG_IF(__builtin_mul_overflow(n, size, &bytes));
    return arena_zalloc(a, bytes);
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
    if (!s)
        return NULL;
    BUG_IF(n == SIZE_MAX);
    char *p = arena_alloc(a, n + 1);
    memcpy(p, s, n);
    p[n] = 0;
    return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
    char small[256];
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(small, sizeof small, fmt, ap);
    BUG_IF(n < 0);
    char *p = arena_alloc(a, (size_t)n + 1);
    if ((size_t)n < sizeof small)
        memcpy(p, small, (size_t)n + 1);
    else
        vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *p = arena_vprintf(a, fmt, ap);
    va_end(ap);
    return p;
}

void arena_defer(struct arena *a, void (*fn)(void *), void *arg)
{
    struct cleanup *c = arena_alloc(a, sizeof *c);
    *c = (struct cleanup){ .next = a->cleanups, .fn = fn, .arg = arg };
    a->cleanups = c;
}

size_t arena_used(const struct arena *a)
{
    return a->used;
}
