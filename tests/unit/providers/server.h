/* server.h - a scripted HTTP server in a thread: says what it is told to, counts what reaches it. */
#ifndef CENTRALA_TEST_SERVER_H
#define CENTRALA_TEST_SERVER_H
#include "base/base.h"
#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#define CUT ((const char *)1)   /* close without an answer */
#define STALL ((const char *)2) /* never answer */

enum { PEERS = 32 };

struct server {
    int fd, port;
    pthread_t thread, peers[PEERS];
    int sockets[PEERS];
    pthread_mutex_t lock;
    const char *const *script;  /* one entry a request; the last one repeats */
    bool close_after;           /* end the connection after each answer */
    int requests, connections;
    char last[16384];           /* the latest request, whole */
};

struct server_peer { struct server *server; int socket; };

/* One request into s->last; false at the end of the connection. */
static bool server_read(struct server *s, int socket)
{
    char b[sizeof s->last];
    size_t n = 0, need = 0;
    while (need == 0 || n < need) {
        ssize_t k = recv(socket, b + n, sizeof b - 1 - n, 0);
        if (k <= 0)
            return false;
        n += (size_t)k;
        b[n] = 0;
        char *end = strstr(b, "\r\n\r\n"), *length = strcasestr(b, "\r\ncontent-length:");
        if (end)
            need = (size_t)(end - b) + 4 + (length && length < end ? strtoul(length + 17, NULL, 10) : 0);
    }
    pthread_mutex_lock(&s->lock);
    memcpy(s->last, b, n + 1);
    s->requests++;
    pthread_mutex_unlock(&s->lock);
    return true;
}

static const char *server_next(struct server *s)
{
    pthread_mutex_lock(&s->lock);
    const char *say = *s->script;
    if (s->script[1])
        s->script++;
    pthread_mutex_unlock(&s->lock);
    return say;
}

static void *server_peer(void *arg)
{
    struct server_peer peer = *(struct server_peer *)arg;
    free(arg);
    while (server_read(peer.server, peer.socket)) {
        const char *say = server_next(peer.server);
        if (say == STALL)
            continue; /* waits in recv until the test ends */
        if (say == CUT)
            break;
        send(peer.socket, say, strlen(say), MSG_NOSIGNAL);
        if (peer.server->close_after)
            break;
    }
    shutdown(peer.socket, SHUT_RDWR);
    return NULL;
}

static void *server_accept(void *arg)
{
    struct server *s = arg;
    for (int fd; (fd = accept(s->fd, NULL, NULL)) >= 0;) {
        struct server_peer *p = malloc(sizeof *p);
        *p = (struct server_peer){ s, fd };
        s->sockets[s->connections] = fd;
        pthread_create(&s->peers[s->connections++], NULL, server_peer, p);
    }
    return NULL;
}

static int server_listen(int backlog, int *port)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&a, n) || listen(fd, backlog) || getsockname(fd, (struct sockaddr *)&a, &n))
        abort();
    *port = ntohs(a.sin_port);
    return fd;
}

static UNUSED void server_start(struct server *s, const char *const *script)
{
    *s = (struct server){ .script = script, .lock = PTHREAD_MUTEX_INITIALIZER };
    s->fd = server_listen(PEERS, &s->port);
    pthread_create(&s->thread, NULL, server_accept, s);
}

static UNUSED void server_stop(struct server *s)
{
    shutdown(s->fd, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->fd);
    for (int i = 0; i < s->connections; i++) {
        shutdown(s->sockets[i], SHUT_RDWR);
        pthread_join(s->peers[i], NULL);
        close(s->sockets[i]);
    }
}

#endif
