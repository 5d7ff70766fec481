/* base.h - included first by every source file: the C library we use, the compiler's help, and what may not be used. */
#ifndef CENTRALA_BASE_H
#define CENTRALA_BASE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof *(a))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define UNUSED __attribute__((unused))
#define MUST_USE __attribute__((warn_unused_result))

/* Marks a message id (English text shown to people) for the catalogues. */
#define N_(s) s

/* A broken invariant ends the process, in production too: the master starts a new worker. */
#define BUG_IF(cond)                                                                                   \
    do {                                                                                               \
        if (__builtin_expect(!!(cond), 0)) {                                                           \
            fprintf(stderr, "level=fatal event=bug at=%s:%d cond=\"%s\"\n", __FILE__, __LINE__, #cond); \
            abort();                                                                                   \
        }                                                                                              \
    } while (0)

/* Functions that overflow, keep hidden state or follow the process's locale and zone do not compile. */
#undef strcpy
#undef strncpy
#undef strcat
#undef strncat
#undef sprintf
#undef vsprintf
#undef strtok
#undef gets
#undef localtime
#undef gmtime
#undef ctime
#undef asctime
#undef setlocale
#define strcpy(...) banned_use_str_h
#define strncpy(...) banned_use_str_h
#define strcat(...) banned_use_str_h
#define strncat(...) banned_use_str_h
#define sprintf(...) banned_use_str_h
#define vsprintf(...) banned_use_str_h
#define strtok(...) banned_use_str_h
#define gets(...) banned_use_str_h
#define localtime(...) banned_use_clock_h
#define gmtime(...) banned_use_clock_h
#define ctime(...) banned_use_clock_h
#define asctime(...) banned_use_clock_h
#define setlocale(...) banned_locale_is_per_request

#endif
