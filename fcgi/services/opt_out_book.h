/* opt_out_book.h - the ledger as people work with it: lists, review, own words, import and export. */
#ifndef CENTRALA_SERVICES_OPT_OUT_BOOK_H
#define CENTRALA_SERVICES_OPT_OUT_BOOK_H
#include "base/str.h"
#include "services/opt_out.h"

enum { OPT_OUT_LINES_MOST = 2000, OPT_OUT_PROBLEMS_MOST = 100, OPT_OUT_WORDS_MOST = 100, OPT_OUT_WORD_MOST = 60, OPT_OUT_REASON_MOST = 190 };

/* struct opt_out_row, newest first: who is out now. `q`: part of a number, or a whole one as people of `country` write it
 * (then an erased person is found too); NULL or "": everybody, from behind (before_ms, before_id). */
struct rows opt_out_list(struct ctx *ctx, const char *q, const char *country, int64_t before_ms, uint64_t before_id, int limit);
struct rows opt_out_review_list(struct ctx *ctx);  /* struct opt_out_row: what the provider said and nobody has looked at */
struct rows opt_out_doubt_list(struct ctx *ctx);   /* struct opt_out_doubt_row */
struct opt_out_row *opt_out_get(struct ctx *ctx, uint64_t id);
struct rows opt_out_history(struct ctx *ctx, uint64_t id); /* struct opt_out_event_row: everything about that person */
/* What the provider said stands; no START lifts it any more. */
bool opt_out_confirm(struct ctx *ctx, uint64_t id);
/* The number of an erased person must be given (as `number`): it is not known here any more. */
bool opt_out_lift_id(struct ctx *ctx, uint64_t id, const char *number, const char *reason);
/* One that is typed: channel "all" or one; false with the field "number" or "channel". */
bool opt_out_add(struct ctx *ctx, const char *number, const char *channel, const char *source, const char *reason);
bool opt_out_channel_known(const char *channel);

struct rows opt_out_own_words(struct ctx *ctx);    /* struct opt_out_word_row */
bool opt_out_word_add(struct ctx *ctx, const char *spelled, const char *meaning);
bool opt_out_word_remove(struct ctx *ctx, const char *word);

/* A text: a number a line; or number, channel, reason (comma, semicolon or tab). What is wrong is named, the rest taken. */
struct opt_out_problem { int64_t line; const char *text, *why; }; /* why: a message id */
struct opt_out_import {
    int64_t lines, taken, invalid, twice, known; /* known: out already */
    struct opt_out_problem problems[OPT_OUT_PROBLEMS_MOST];
    size_t problem_count;
};
/* `write` false: a rehearsal. */
bool opt_out_import(struct ctx *ctx, const char *text, const char *country, bool write, struct opt_out_import *out);
/* CSV that a spreadsheet does not calculate with, and that opt_out_import() reads. */
bool opt_out_export(struct ctx *ctx, struct str *out);

#endif
