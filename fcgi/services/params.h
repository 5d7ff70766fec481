/* params.h - reading the open-ended parameters of a webhook: new ones may appear at any time, so they are kept, not listed. */
#ifndef CENTRALA_SERVICES_PARAMS_H
#define CENTRALA_SERVICES_PARAMS_H
#include "base/base.h"
#include "base/arena.h"
#include "base/mime.h"
#include "base/signature.h" /* struct pair */

/* The first value of that name, NULL when absent. Values are NUL-ended. */
const char *param_text(const struct pair *params, size_t count, const char *name);
const struct pair *param_pair(const struct pair *params, size_t count, const char *name);
/* Valid UTF-8 without NUL and control characters but newline and tab, at most `most` bytes, cut between characters. */
const char *param_clean(struct arena *a, const char *s, size_t n, size_t most);
/* Printable ASCII only, the rest as '?': for SIDs and state words, whose columns take nothing
 * else. */
const char *param_ascii(struct arena *a, const char *s);
/* One line of at most 120 bytes for lists. */
const char *text_preview(struct arena *a, const char *s);
/* The same for a message that has attachments and no text: a sign that is no language's, marked so that lists can put a word in
 * its place. `type` is the first attachment's. */
const char *media_preview(const char *type);
/* Is the preview such a sign? Then what kind of attachment it stands for. */
bool preview_is_media(const char *preview, enum mime_kind *kind);
/* The members of a JSON object as parameters: texts as they are, numbers and booleans as their text, the rest left out.
 * None (count 0) when it is no object. */
struct pair *params_from_json(struct arena *a, const char *s, size_t n, size_t *count);
/* Those that are not empty and not in `skip` (NULL-ended; what has a column of its own), as a JSON object. Everything
 * else is kept, whatever Twilio may add. */
const char *params_json(struct arena *a, const struct pair *params, size_t count, const char *const *skip);

#endif
