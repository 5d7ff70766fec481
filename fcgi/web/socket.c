/* socket.c - where requests come from: a listening socket handed over on descriptor 0, or one of our own. */
#include "base/base.h"
#include "web/prefork.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

static bool is_listening(int fd)
{
    int on = 0;
    socklen_t n = sizeof on;
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &n) == 0 && on;
}

static void set_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    BUG_IF(flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0);
}

/* A record lock goes with the process and is not passed to children: workers of a killed master do not hold it. */
static bool only_master(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    if (fcntl(fd, F_SETLK, &lock) == 0)
        return true; /* the descriptor stays open: closing it would give the lock away */
    close(fd);
    return false;
}

/* Bound under a name of its own, then renamed: at no moment is there no socket, or one that nobody listens on. */
static int bind_at(const char *path, const char **problem)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int n = snprintf(address.sun_path, sizeof address.sun_path, "%s.%d", path, (int)getpid());
    if (n < 0 || (size_t)n >= sizeof address.sun_path) {
        *problem = "path too long for a socket";
        return -1;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        *problem = "socket() failed";
        return -1;
    }
    unlink(address.sun_path);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0)
        *problem = strerror(errno);
    else if (chmod(address.sun_path, 0660) != 0 || listen(fd, BACKLOG) != 0 || rename(address.sun_path, path) != 0) {
        *problem = strerror(errno);
        unlink(address.sun_path);
    } else {
        return fd;
    }
    close(fd);
    return -1;
}

int listen_socket(const char *path, const char **problem)
{
    int fd = STDIN_FILENO;
    if (!is_listening(fd)) {
        char lock[4096];
        int n = snprintf(lock, sizeof lock, "%s.lock", path);
        if (n < 0 || (size_t)n >= sizeof lock || !only_master(lock)) {
            *problem = "its lock file cannot be taken: another master is running, or the folder is not writable";
            return -1;
        }
        fd = bind_at(path, problem);
        if (fd < 0)
            return -1;
    }
    set_nonblocking(fd);
    return fd;
}
