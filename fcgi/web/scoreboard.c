/* scoreboard.c - the page of memory that master and workers share. */
#include "base/base.h"
#include "base/clock.h"
#include "web/prefork.h"
#include <sys/mman.h>

struct scoreboard *scoreboard_new(void)
{
    struct scoreboard *b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    BUG_IF(b == MAP_FAILED);
    b->started_ms = clock_now_ms();
    return b;
}
