/* media_files.c - attachments on disk. */
#include "base/base.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/crypto.h"
#include "base/log.h"
#include "services/media_files.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_MODE = 0750, FILE_MODE = 0640, TEMP_AGE_S = 24 * 3600 };

static bool disk_failed(struct ctx *ctx, const char *what)
{
    return err_set(ctx, ERR_BUG, "media: %s: %s", what, strerror(errno));
}

/* The folders of a path below `from` characters, where they are missing. */
static bool make_folders(struct ctx *ctx, const char *path)
{
    char *part = arena_strdup(ctx->arena, path);
    for (char *s = part + 1; (s = strchr(s, '/')); s++) {
        *s = 0;
        if (mkdir(part, FOLDER_MODE) != 0 && errno != EEXIST)
            return disk_failed(ctx, "mkdir");
        *s = '/';
    }
    return true;
}

static char *file_path(struct ctx *ctx, uint64_t tenant, const char *sha256)
{
    BUG_IF(strlen(sha256) != 64 || strspn(sha256, "0123456789abcdef") != 64);
    return arena_printf(ctx->arena, "%s/%" PRIu64 "/%.2s/%s", ctx->conf->media_folder, tenant, sha256, sha256);
}

static void forget_temp(void *arg)
{
    struct media_temp *t = arg;
    close(t->fd);
    if (t->path)
        unlink(t->path);
}

bool media_temp(struct ctx *ctx, struct media_temp *out)
{
    char name[33];
    crypto_random_hex(name, 16);
    struct media_temp *t = ARENA_NEW(ctx->arena, struct media_temp);
    t->path = arena_printf(ctx->arena, "%s/tmp/%s", ctx->conf->media_folder, name);
    t->fd = make_folders(ctx, t->path) ? open(t->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, FILE_MODE) : -1;
    if (t->fd < 0)
        return disk_failed(ctx, "create");
    arena_defer(ctx->arena, forget_temp, t);
    *out = *t;
    return true;
}

/* Its name and what it is. */
static bool look(struct ctx *ctx, int fd, const char *declared, struct media_kept *out)
{
    struct stat st;
    uint8_t hash[32];
    if (fstat(fd, &st) != 0 || st.st_size <= 0)
        return disk_failed(ctx, "empty file");
    size_t n = (size_t)st.st_size;
    void *content = mmap(NULL, n, PROT_READ, MAP_SHARED, fd, 0);
    if (content == MAP_FAILED)
        return disk_failed(ctx, "mmap");
    crypto_sha256(content, n, hash);
    crypto_hex(hash, sizeof hash, out->sha256);
    out->mime = mime_decide(declared, content, n < MIME_HEAD ? n : MIME_HEAD);
    out->size = st.st_size;
    munmap(content, n);
    return true;
}

static void sync_folder(const char *path)
{
    char *folder = strdup(path), *slash = folder ? strrchr(folder, '/') : NULL;
    if (slash)
        *slash = 0;
    int fd = slash ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(folder);
}

bool media_keep(struct ctx *ctx, struct media_temp *temp, const char *declared, struct media_kept *out)
{
    if (!look(ctx, temp->fd, declared, out))
        return false;
    const char *path = file_path(ctx, ctx->tenant, out->sha256);
    if (fsync(temp->fd) != 0)
        return disk_failed(ctx, "fsync");
    if (!make_folders(ctx, path))
        return false;
    if (rename(temp->path, path) != 0)
        return disk_failed(ctx, "rename");
    sync_folder(path);
    return true;
}

int media_file_open(struct ctx *ctx, const char *sha256, int64_t *size)
{
    struct stat st;
    int fd = open(file_path(ctx, ctx->tenant, sha256), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
        close(fd);
        return -1;
    }
    *size = fd >= 0 ? st.st_size : 0;
    return fd;
}

void media_file_remove(struct ctx *ctx, uint64_t tenant, const char *sha256)
{
    if (unlink(file_path(ctx, tenant, sha256)) != 0 && errno != ENOENT)
        log_event(ctx, LOG_WARNING, "media.remove", "error=%s", log_quote(ctx->arena, strerror(errno)));
}

void media_temp_sweep(struct ctx *ctx)
{
    DIR *d = opendir(arena_printf(ctx->arena, "%s/tmp", ctx->conf->media_folder));
    struct stat st;
    for (struct dirent *e; d && (e = readdir(d));)
        if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) && st.st_mtime < clock_now_ms() / 1000 - TEMP_AGE_S)
            unlinkat(dirfd(d), e->d_name, 0);
    if (d)
        closedir(d);
}
