/* ctx.h - what every service takes: whose work this is, when, with which memory and database.
 *
 * A web request contains one, a cron job makes one per item, a command line makes one. Nothing in it outlives the
 * arena. `tenant` is 0 until the guards (or the job) know it; statements take it as their first parameter. */
#ifndef CENTRALA_CTX_H
#define CENTRALA_CTX_H
#include "base/base.h"
#include "base/arena.h"
#include "base/err.h"

struct db;
struct conf;
struct keyring;
struct client;
struct burst;

enum actor_kind { ACTOR_NONE, ACTOR_USER, ACTOR_TOKEN, ACTOR_TWILIO, ACTOR_JOB, ACTOR_CTL };

struct actor {
    enum actor_kind kind;
    uint64_t user_id;   /* 0 when no user stands behind it */
    uint64_t perms;     /* bit (1 << enum perm) of each permission held */
    const char *name;   /* shown as the author; arena or static */
};

struct ctx {
    struct arena *arena;
    struct db *db;               /* store/db.h; NULL where there is none */
    const struct conf *conf;
    const struct keyring *keys;  /* base/crypto.h: the sealing key of this installation */
    struct client *client;       /* providers/client.h; NULL where nothing may be called */
    struct burst *burst;         /* services/burst.h; NULL outside web workers */
    int transactions;            /* open read-write transactions: no outside call while it is not 0 */
    int64_t now_ms;              /* UTC, milliseconds since 1970, at the start of the request or item */
    uint64_t tenant;
    struct actor actor;
    bool removed_lately;         /* webhooks: the tenant deleted messages within the hour; what arrives may be one of them */
    struct err err;
    char id[17];                 /* request id: 16 hex digits, in each log line and on error pages */
};

/* Everything zero, arena and configuration set, a fresh id, the present time. */
void ctx_init(struct ctx *ctx, struct arena *a, const struct conf *conf);

#endif
