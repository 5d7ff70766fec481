/* arena.h - memory of one request or job item: allocate freely, free everything at once.
 *
 * Invariants: an allocation never fails (out of memory and a passed ceiling abort the process, rule 14); memory is
 * aligned for any type; cleanups run last-in first-out, before any memory goes away. A bottom-level type: it knows
 * nothing of requests. Under AddressSanitizer the unused part is poisoned. */
#ifndef CENTRALA_ARENA_H
#define CENTRALA_ARENA_H
#include "base/base.h"

struct arena;

/* A new arena that may hold at most `ceiling` bytes. The caller ends it with arena_free(). */
struct arena *arena_new(size_t ceiling);
/* Runs the cleanups, gives all memory back. NULL is allowed. */
void arena_free(struct arena *a);
/* Runs the cleanups and forgets all allocations; keeps the first block for the next request. */
void arena_reset(struct arena *a);

/* `n` bytes, not initialised. */
void *arena_alloc(struct arena *a, size_t n) __attribute__((malloc, returns_nonnull, alloc_size(2)));
/* `n` bytes of zero. */
void *arena_zalloc(struct arena *a, size_t n) __attribute__((malloc, returns_nonnull, alloc_size(2)));
/* Copies; the result belongs to the arena. NULL in, NULL out. */
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3) __attribute__((returns_nonnull));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap) PRINTF_LIKE(2, 0) __attribute__((returns_nonnull));
/* `n` elements of `size` bytes, zero; a product that overflows aborts. Used through ARENA_ARRAY. */
void *arena_zarray(struct arena *a, size_t n, size_t size) __attribute__((malloc, returns_nonnull, alloc_size(2, 3)));
#define ARENA_NEW(a, type) ((type *)arena_zalloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_zarray((a), (size_t)(n), sizeof(type)))

/* Calls fn(arg) when the arena is reset or freed. */
void arena_defer(struct arena *a, void (*fn)(void *), void *arg);
/* Bytes handed out since the last reset. */
size_t arena_used(const struct arena *a);

#endif
