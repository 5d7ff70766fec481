/* client_internal.h - what client.c leaves to client_answer.c, which knows nothing of curl. */
#ifndef CENTRALA_CLIENT_INTERNAL_H
#define CENTRALA_CLIENT_INTERNAL_H
#include "base/base.h"
#include "providers/client.h"

/* `begun`: the request was or may have been written. `whole`: all of the answer came. `status` 0: no answer. */
enum call_class answer_class(bool begun, bool whole, int status);
/* retry-after-ms (NULL: none) before retry-after (when `said`, in `s` seconds), a day at most; -1 when neither says anything. */
int64_t answer_wait_ms(const char *ms, bool said, int64_t s);
/* x-should-retry (NULL: none) as 1, -1 or 0. */
int answer_should_retry(const char *said);
/* All of it; false when the disk does not take it. */
bool answer_to_file(int file, const char *data, size_t n);
/* The host of a URL for the log: the path and the query may name customers. */
const char *url_host(struct arena *a, const char *url);

#endif
