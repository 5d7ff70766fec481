/* hook_keys.h - the opened tokens of accounts whose webhooks are coming in, kept by a worker for two seconds: a burst of
 * webhooks asks the database once. A changed or removed token is in force after that time at the latest. */
#ifndef CENTRALA_SERVICES_HOOK_KEYS_H
#define CENTRALA_SERVICES_HOOK_KEYS_H
#include "base/base.h"
#include "base/arena.h"

enum { HOOK_KEYS_MS = 2000 };

struct hook_key {
    uint64_t tenant;
    char account_sid[35];
    char token[2][72];   /* primary and secondary; empty when there is none */
};

struct hook_keys;
/* In memory as long as the worker; `life` owns it. */
struct hook_keys *hook_keys_new(struct arena *life);
/* By the path's secret or the Account SID; NULL when not kept (any more), or when `keys` is NULL. */
const struct hook_key *hook_keys_find(const struct hook_keys *keys, const char *name);
/* Does nothing when `keys` is NULL or something does not fit. */
void hook_keys_keep(struct hook_keys *keys, const char *name, const struct hook_key *key);

#endif
