/* textfile.c - reads a small file whole. */
#include "base/base.h"
#include "web/textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char *failed(struct arena *a, int fd, const char *path, const char *why, const char **problem)
{
    if (fd >= 0)
        close(fd);
    *problem = arena_printf(a, "%s: %s", path, why);
    return NULL;
}

char *textfile_read(struct arena *a, const char *path, size_t most, size_t *len, const char **problem)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0)
        return failed(a, fd, path, strerror(errno), problem);
    if (!S_ISREG(st.st_mode))
        return failed(a, fd, path, "not a file", problem);
    if (st.st_size < 0 || (uintmax_t)st.st_size > most)
        return failed(a, fd, path, "too large", problem);
    size_t size = (size_t)st.st_size, have = 0;
    char *text = arena_alloc(a, size + 1);
    while (have < size) {
        ssize_t n = read(fd, text + have, size - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return failed(a, fd, path, strerror(errno), problem);
        if (n == 0)
            break;
        have += (size_t)n;
    }
    close(fd);
    text[have] = 0;
    *len = have;
    return text;
}
