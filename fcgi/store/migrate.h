/* migrate.h - brings the schema up to the numbered files of a folder: schema/0001_name.sql, 0002_name.sql, …
 *
 * Runs as the owner. Files are applied in order and recorded in schema_version with their SHA-256; a recorded file that
 * has changed since is refused, a gap in the numbers and a database newer than the files as well. Two migrators, on
 * whatever hosts, are kept apart by a lease row. A schema change is not transactional: progress is recorded statement by
 * statement, so that a run that was cut short (even by kill -9, of us or of the server) is resumed where it stopped. */
#ifndef CENTRALA_MIGRATE_H
#define CENTRALA_MIGRATE_H
#include "base/base.h"
#include "base/ctx.h"

/* `applied`: how many files were applied now. Waits up to a minute for another migrator. On failure ctx->err.detail names
 * file and line. The connection in use afterwards is the app's. */
bool migrate_run(struct ctx *ctx, const char *schema_dir, int *applied);
/* How many files are not applied yet; changes nothing. For doctor. */
bool migrate_pending(struct ctx *ctx, const char *schema_dir, int *pending);

#endif
