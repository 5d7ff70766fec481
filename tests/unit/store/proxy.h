/* proxy.h - a small TCP proxy before the server's socket that cuts connections at a chosen moment, for the store tests.
 *
 * It watches what the client sends for a word. CUT_BEFORE: the packet with the word never reaches the server.
 * CUT_AFTER: the server has done it and answered, but the client never hears. Both happen once. REFUSE: new connections
 * are closed at once, until told otherwise. It is a child process, told what to do through shared memory. */
#ifndef TESTS_STORE_PROXY_H
#define TESTS_STORE_PROXY_H
#include "base/base.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum proxy_mode { PROXY_PASS, PROXY_CUT_BEFORE, PROXY_CUT_AFTER, PROXY_REFUSE };

struct proxy {
    pid_t pid;
    unsigned port;
    struct proxy_shared { volatile int mode; volatile int connections; volatile int cuts; char word[64]; } *shared;
};

struct proxy_pair { int client, server; bool mute; };

static inline int proxy_upstream(const char *path)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    memcpy(to.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static inline void proxy_drop(struct proxy_pair *p)
{
    close(p->client);
    close(p->server);
    p->client = p->server = -1;
}

/* One read from one side; true when the pair lives on. */
static inline bool proxy_move(struct proxy_shared *s, struct proxy_pair *p, bool from_client)
{
    char buffer[65536];
    ssize_t n = read(from_client ? p->client : p->server, buffer, sizeof buffer);
    if (n <= 0)
        return false;
    int mode = s->mode;
    if (from_client && (mode == PROXY_CUT_BEFORE || mode == PROXY_CUT_AFTER) && memmem(buffer, (size_t)n, s->word, strlen(s->word))) {
        s->mode = PROXY_PASS;
        s->cuts++;
        if (mode == PROXY_CUT_BEFORE)
            return false;
        p->mute = true;
    }
    if (!from_client && p->mute)
        return false; /* the server has answered: now nobody hears it */
    return write(from_client ? p->server : p->client, buffer, (size_t)n) == n;
}

static inline void proxy_accept(struct proxy_shared *s, int listener, const char *path, struct proxy_pair *pairs, size_t count)
{
    int client = accept(listener, NULL, NULL), server = s->mode == PROXY_REFUSE ? -1 : proxy_upstream(path);
    s->connections++;
    for (size_t i = 0; server >= 0 && i < count; i++)
        if (pairs[i].client < 0) {
            pairs[i] = (struct proxy_pair){ .client = client, .server = server };
            return;
        }
    close(client);
}

static inline void proxy_loop(struct proxy_shared *s, int listener, const char *path)
{
    enum { MOST = 16 };
    struct proxy_pair pairs[MOST];
    for (size_t i = 0; i < MOST; i++)
        pairs[i] = (struct proxy_pair){ -1, -1, false };
    for (;;) {
        struct pollfd fds[1 + 2 * MOST] = { { .fd = listener, .events = POLLIN } };
        for (size_t i = 0; i < MOST; i++) {
            fds[1 + 2 * i] = (struct pollfd){ .fd = pairs[i].client, .events = POLLIN };
            fds[2 + 2 * i] = (struct pollfd){ .fd = pairs[i].server, .events = POLLIN };
        }
        poll(fds, 1 + 2 * MOST, -1);
        for (size_t i = 0; i < MOST; i++) {
            bool ok = pairs[i].client < 0 || ((!fds[1 + 2 * i].revents || proxy_move(s, &pairs[i], true)) &&
                                              (!fds[2 + 2 * i].revents || proxy_move(s, &pairs[i], false)));
            if (!ok)
                proxy_drop(&pairs[i]);
        }
        if (fds[0].revents)
            proxy_accept(s, listener, path, pairs, MOST);
    }
}

static inline void proxy_start(struct proxy *p, const char *path)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t len = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    BUG_IF(bind(listener, (struct sockaddr *)&at, sizeof at) < 0 || listen(listener, 16) < 0);
    getsockname(listener, (struct sockaddr *)&at, &len);
    p->port = ntohs(at.sin_port);
    p->shared = mmap(NULL, sizeof *p->shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    BUG_IF(p->shared == MAP_FAILED);
    fflush(NULL);
    p->pid = fork();
    if (p->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGPIPE, SIG_IGN);
        proxy_loop(p->shared, listener, path);
    }
    close(listener);
}

static inline void proxy_stop(struct proxy *p)
{
    kill(p->pid, SIGKILL);
    waitpid(p->pid, NULL, 0);
    munmap(p->shared, sizeof *p->shared);
}

static inline void proxy_arm(struct proxy *p, enum proxy_mode mode, const char *word)
{
    snprintf(p->shared->word, sizeof p->shared->word, "%s", word);
    p->shared->cuts = 0;
    p->shared->mode = (int)mode;
}

#endif
