/* assets.c - one hash over the folder of static files. */
#include "base/base.h"
#include "base/crypto.h"
#include "web/assets.h"
#include "web/textfile.h"
#include <fts.h>

enum { FILE_MOST = 16 << 20, HASH = 32 };

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* hash = SHA-256(hash, name, SHA-256(content)) */
static void mix(uint8_t hash[HASH], const char *name, const void *content, size_t n)
{
    uint8_t in[3 * HASH];
    memcpy(in, hash, HASH);
    crypto_sha256(name, strlen(name), in + HASH);
    crypto_sha256(content, n, in + 2 * HASH);
    crypto_sha256(in, sizeof in, hash);
}

const char *assets_version(struct arena *a, const char *dir)
{
    char *const paths[] = { (char *)(uintptr_t)dir, NULL };
    FTS *tree = fts_open(paths, FTS_LOGICAL | FTS_NOCHDIR, by_name);
    uint8_t hash[HASH] = { 0 };
    size_t files = 0, prefix = strlen(dir);
    for (FTSENT *e; tree && (e = fts_read(tree));) {
        if (e->fts_info != FTS_F)
            continue;
        struct arena *item = arena_new(FILE_MOST + 4096);
        const char *problem;
        size_t n;
        const char *content = textfile_read(item, e->fts_path, FILE_MOST, &n, &problem);
        if (content) {
            mix(hash, e->fts_path + prefix, content, n);
            files++;
        }
        arena_free(item);
    }
    if (tree)
        fts_close(tree);
    char *out = arena_alloc(a, 2 * HASH + 1);
    crypto_hex(hash, HASH, out);
    out[files ? 12 : 1] = 0;
    return out;
}
