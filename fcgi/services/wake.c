/* wake.c - one empty datagram on a unix socket. */
#include "base/base.h"
#include "base/conf.h"
#include "services/wake.h"
#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static bool address_of(const char *path, struct sockaddr_un *a)
{
    *a = (struct sockaddr_un){ .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof a->sun_path)
        return false;
    memcpy(a->sun_path, path, strlen(path) + 1);
    return true;
}

void wake_cron(struct ctx *ctx)
{
    struct sockaddr_un a;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    if (address_of(ctx->conf->cron_socket, &a))
        (void)!sendto(fd, "w", 1, MSG_DONTWAIT, (struct sockaddr *)&a, sizeof a);
    close(fd);
}

static int bind_at(const struct sockaddr_un *a)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (const struct sockaddr *)a, sizeof *a) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

int wake_socket(const char *path)
{
    struct sockaddr_un a;
    if (!address_of(path, &a))
        return -1;
    int fd = bind_at(&a);
    if (fd >= 0 || errno != EADDRINUSE)
        return fd;
    /* Left behind, or does somebody listen? */
    int probe = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool stale = probe >= 0 && connect(probe, (struct sockaddr *)&a, sizeof a) != 0 && errno == ECONNREFUSED;
    if (probe >= 0)
        close(probe);
    if (!stale)
        return -1;
    unlink(path);
    return bind_at(&a);
}

void wake_drain(int fd)
{
    char b[64];
    while (recv(fd, b, sizeof b, MSG_DONTWAIT) >= 0)
        ;
}
